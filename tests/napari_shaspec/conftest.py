"""What the tests of the plugin share: a viewer, a fake engine, small cases, clicks."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QWidget

from napari_shaspec.jobs.runner import run_here
from napari_shaspec.segment.controller import SegmentController
from shaspec.case import Case
from shaspec.geometry import Grid
from shaspec.io import write_case
from shaspec.models.card import CARD_FILE, bundled_models, model_folder
from shaspec.task import Task, load_task
from tests.napari_shaspec.fakes import SHAPE, FakeEngine, ball, ball_labels, head
from tests.napari_shaspec.scans import SCAN_SHAPE, write_scan


@pytest.fixture(autouse=True)
def _layers_only_in_the_main_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAPARI_ENSURE_PLUGIN_MAIN_THREAD", "1")


@pytest.fixture(autouse=True)
def _only_garbage_of_this_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """napari collects garbage for every layer that it removes and for every window that it closes.

    That takes half a second among all that the libraries and earlier tests have made, so objects
    that were there before the test are left out.
    """
    windows = "make_napari_viewer" in request.fixturenames
    if windows:
        gc.freeze()
    yield
    if windows:
        gc.unfreeze()


@pytest.fixture(autouse=True, scope="session")
def _plugin_is_known() -> Iterator[None]:
    """A bare `ViewerModel` does not look for plugins by itself.

    Every window does, and reads all manifests again, a third of the time that it takes to open.
    """
    from npe2 import PluginManager, PluginManifest

    found = list(PluginManifest.discover())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PluginManifest, "discover", lambda paths=(): iter(found))
        PluginManager.instance().discover()
        yield


@pytest.fixture(autouse=True)
def _usual_settings() -> Iterator[None]:
    """Settings that a test changes, such as *Large type*, are the usual ones for the next test."""
    from napari import settings

    yield
    changed = Path(settings._CFG_PATH or "").with_name("napari-shaspec.yaml")
    if changed.is_file():  # written at the first change
        changed.unlink()
        settings._PLUGIN_SETTINGS.clear()


@pytest.fixture(autouse=True)
def notifications(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What napari was asked to notify; nothing pops up in a test."""
    said: list[str] = []
    monkeypatch.setattr("napari_shaspec.jobs.notifications.info", said.append)
    monkeypatch.setattr("napari_shaspec.jobs.notifications.error", said.append)
    monkeypatch.setattr(
        "napari_shaspec.jobs.notifications.bug", lambda error: said.append(repr(error))
    )
    monkeypatch.setattr("napari_shaspec.jobs.notifications.ask", lambda text: said.append(text))
    return said


@pytest.fixture
def no_bugs(notifications: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A test fails where the plugin would report a bug of its own."""
    monkeypatch.setattr(
        "napari_shaspec.jobs.notifications.bug", lambda error: pytest.fail(repr(error))
    )


@pytest.fixture(autouse=True)
def own_user_folder(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any) -> Path:
    """Tests write nothing into the data folder of the person who runs them."""
    folder = tmp_path_factory.mktemp("user")
    monkeypatch.setattr(
        "napari_shaspec.user_folder.user_folder", lambda *parts: folder.joinpath(*parts)
    )
    return Path(folder)


@pytest.fixture(scope="session")
def task() -> Task:
    return load_task("brats")


@pytest.fixture
def make_case(task: Task) -> Callable[..., Case]:
    def make(
        name: str = "anna",
        present: Iterable[str] = ("FLAIR", "T1", "T1ce", "T2"),
        spacing: tuple[float, float, float] = (2.0, 1.5, 1.0),
        origin: tuple[float, float, float] = (-30.0, -20.0, -10.0),
        seed: int = 0,
    ) -> Case:
        rng = np.random.default_rng(seed)
        grid = Grid(SHAPE, spacing, origin)
        volumes = {
            n: (rng.normal(100, 5, SHAPE) * head() + 120 * ball(6)).astype(np.float32)
            for n in present
        }
        return Case(name, task, grid, volumes, ball_labels())

    return make


@pytest.fixture
def cases(make_case: Callable[..., Case], tmp_path: Path) -> Path:
    """A folder: Anna has everything, Berta no T1, Carl no labels."""
    folder = tmp_path / "cases"
    patients = (("anna", "nothing"), ("berta", "t1"), ("carl", "seg"))
    for seed, (name, missing) in enumerate(patients):
        written = write_case(folder / name, make_case(name, seed=seed))
        for path in written:
            if path.name == f"{name}_{missing}.nii.gz":
                path.unlink()
    return folder


@pytest.fixture
def sagittal_case(tmp_path: Path) -> Path:
    """A folder with three of four modalities and labels of a sagittal acquisition."""
    folder = tmp_path / "anna"
    for name in ("flair", "t1", "t2"):
        write_scan(folder / f"anna_{name}.nii.gz")
    labels = np.zeros(SCAN_SHAPE, np.uint8)
    labels[4:9, 4:9, 4:9] = 2
    labels[5:7, 5:7, 5:7] = 4
    labels[6, 6, 6] = 1
    write_scan(folder / "anna_seg.nii.gz", labels)
    return folder


@pytest.fixture
def engine(task: Task) -> FakeEngine:
    return FakeEngine(task)


@pytest.fixture
def viewer() -> ViewerModel:
    return ViewerModel()


@pytest.fixture
def controller(viewer: ViewerModel, engine: FakeEngine) -> Iterator[SegmentController]:
    """A controller whose jobs run at once, in this thread."""
    control = SegmentController(viewer, engine=engine, run=run_here)
    yield control
    control.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the card of a bundled model: weights are not asked for."""
    folder = tmp_path / "mine"
    folder.mkdir()
    card = model_folder(bundled_models()[0]) / CARD_FILE
    (folder / CARD_FILE).write_bytes(card.read_bytes())
    return folder


@pytest.fixture
def find() -> Callable[..., Any]:
    """Finds a widget of a panel by name and class."""

    def find(panel: QWidget, name: str, kind: type[QWidget] = QWidget) -> QWidget:
        widget = panel.findChild(kind, f"shaspec_{name}")
        assert widget is not None, name
        return widget

    return find


@pytest.fixture
def click(qtbot: Any) -> Callable[[QWidget], None]:
    """Clicks a widget; a check box near its left edge, because it is wider than its text."""

    def click(widget: QWidget) -> None:
        place = widget.rect().center()
        if isinstance(widget, QCheckBox):
            place.setX(8)
        qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=place)

    return click


@pytest.fixture
def open_panel(qtbot: Any) -> Iterator[Callable[..., Any]]:
    """``open_panel(panel, size)``: shows a panel; it is closed, and its job awaited, at the end."""
    opened: list[Any] = []

    def show(panel: Any, size: tuple[int, int] = (320, 620)) -> Any:
        qtbot.addWidget(panel)
        panel.resize(*size)
        panel.show()
        opened.append(panel)
        return panel

    yield show
    for panel in opened:
        panel.controller.close()
        state = panel.controller.state
        qtbot.waitUntil(lambda state=state: not state.status.busy, timeout=60_000)
