"""The panel *Train* with a fake training process in napari workers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from npe2 import PluginManifest
from PIL import Image
from qtpy.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QTableWidget,
    QToolButton,
)

from napari_shaspec.jobs.state import Status
from napari_shaspec.train import worker
from napari_shaspec.train.controller import TrainController
from napari_shaspec.train.panel import TrainPanel
from shaspec.training.events import Finished, Prepared, Step, TrainingEvent, Validation


@dataclass
class SlowProcess:
    """Takes a step whenever the test lets it; each leaves a checkpoint."""

    path: Path
    turn: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    stopped: bool = False
    closed: bool = False

    def events(self) -> Iterator[TrainingEvent]:
        try:
            yield Prepared(0, 4, 0, (), 0)
            for step in range(1, 11):
                self.turn.acquire(timeout=30)
                (self.path.parent / "checkpoint.pt").write_text(str(step))
                yield Step(step, step / 10, step / 10, {"dice": 1 / step, "bce": 0.3})
            yield Finished(10, 1.0, str(self.path.parent))
        finally:
            self.closed = True

    def stop(self) -> None:
        self.stopped = True
        self.turn.release()


@pytest.fixture(autouse=True)
def _quiet(monkeypatch, plugin_settings):
    for name in ("info", "error", "bug"):
        monkeypatch.setattr(f"napari_shaspec.jobs.notifications.{name}", lambda _: None)


@pytest.fixture
def made() -> list[SlowProcess]:
    return []


@pytest.fixture
def panel(tmp_path, made, open_panel):
    def launch(path: Path) -> SlowProcess:
        made.append(SlowProcess(path))
        return made[-1]

    panel = TrainPanel(controller=TrainController(launch=launch, runs=tmp_path / "runs"))
    return open_panel(panel, (380, 700))


def wait_for_step(qtbot, panel, number):
    state = panel.controller.state
    qtbot.waitUntil(lambda: state.step is not None and state.step.step == number, timeout=30_000)


def test_start_stop_and_resume_are_one_button(qtbot, panel, made, find, click):
    button = find(panel, "run", QPushButton)
    assert button.text() == "Start"
    click(button)
    assert button.text() == "Stop"
    assert not find(panel, "method").isEnabled()
    qtbot.waitUntil(lambda: bool(made and panel.controller.state.lines), timeout=30_000)
    made[0].turn.release()
    wait_for_step(qtbot, panel, 1)
    click(button)
    assert button.text() == "Stopping…"
    qtbot.waitUntil(lambda: not panel.controller.state.status.busy, timeout=30_000)
    assert made[0].closed
    assert button.text() == "Resume"
    assert "Press Resume" in find(panel.run.parent(), "message", QLabel).text()
    assert find(panel, "method").isEnabled()


def test_losses_are_drawn_while_they_come(qtbot, panel, made, find, click):
    assert not panel.losses.isVisible()
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: bool(made), timeout=30_000)
    for _ in range(3):
        made[0].turn.release()
    wait_for_step(qtbot, panel, 3)

    def drawn():
        axes = panel.losses.view.figure.axes
        return axes and [len(line.get_xdata()) for line in axes[0].lines] == [3, 3]

    qtbot.waitUntil(drawn, timeout=30_000)
    axes = panel.losses.view.figure.axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["dice", "bce"]
    assert "0 cases, 4 phantoms" in find(panel, "lines", QPlainTextEdit).toPlainText()
    for _ in range(7):
        made[0].turn.release()
    qtbot.waitUntil(lambda: panel.controller.state.status is Status.DONE, timeout=30_000)
    assert "listed in the other panels" in panel.message.text()


def validation(step: int, flair: float, picture: Path) -> Validation:
    dice = {"FLAIR": {"ET": 0.0, "WT": flair}, "T1": {"ET": 0.1, "WT": 0.1}}
    return Validation(step, step / 10, ("anna", "berta"), dice, str(picture))


def test_validations_are_shown_with_their_trend_and_a_picture(qtbot, panel, tmp_path, find):
    assert not panel.validation.isVisible()
    picture = tmp_path / "step_000200.png"
    Image.new("RGB", (800, 200)).save(picture)
    state = panel.controller.state
    state.validations = (validation(100, 0.3, tmp_path / "gone.png"),)
    assert panel.validation.isVisible()
    assert not find(panel, "sample").isVisible()
    table = find(panel, "dice", QTableWidget)
    assert table.item(0, 2).text() == "0.30"
    state.validations = (*state.validations, validation(200, 0.45, picture))
    assert "step 200, on anna, berta" in find(panel, "validation_title", QLabel).text()
    shown = [[table.item(row, k).text() for k in range(3)] for row in range(2)]
    assert shown == [["FLAIR", "0.00 =", "0.45 ▲"], ["T1", "0.10 =", "0.10 ="]]
    assert "0.30 at step 100, 0.45 at step 200" in table.item(0, 2).toolTip()
    light, dark = table.item(0, 2).background().color(), table.item(0, 1).background().color()
    assert light.lightness() > dark.lightness()
    sample = find(panel, "sample", QLabel)
    assert sample.isVisible()
    qtbot.waitUntil(lambda: 0 < sample.pixmap().width() <= panel.width(), timeout=30_000)
    state.validations = ()
    assert not panel.validation.isVisible()


def test_cases_are_listed_and_never_searched_in_the_thread_of_the_window(
    qtbot,
    panel,
    cases,
    monkeypatch,
    find,
    click,
):
    threads, scan = [], worker.scan_data

    def recorded(form):
        threads.append(threading.get_ident())
        yield from scan(form)

    monkeypatch.setattr(worker, "scan_data", recorded)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(cases))
    button = find(panel, "data_choose", QToolButton)
    button.menu().actions()[0].trigger()
    assert not find(panel, "run").isEnabled()
    qtbot.waitUntil(lambda: not panel.controller.state.scanning, timeout=60_000)
    assert threads
    assert threading.get_ident() not in threads
    table = find(panel, "training_cases", QTableWidget)
    heads = [table.horizontalHeaderItem(k).text() for k in range(table.columnCount())]
    assert heads == ["case", "FLAIR", "T1", "T1ce", "T2", "use"]
    lines = {
        table.item(row, 0).text(): [table.item(row, k).text() for k in range(1, 6)]
        for row in range(table.rowCount())
    }
    assert lines["anna"] == ["✓", "✓", "✓", "✓", "train"]
    assert lines["berta"] == ["✓", "–", "✓", "✓", "train"]
    assert lines["carl"][-1] == "not used"
    assert table.item(0, 0).text() == "carl"  # problems first
    assert "no labels" in table.item(0, 0).toolTip()
    click(find(panel, "check"))
    qtbot.waitUntil(lambda: panel.controller.state.status is Status.DONE, timeout=60_000)
    assert "2 cases read, no problems" in panel.message.text()


def test_training_uses_the_settings_of_the_form(qtbot, panel, find):
    find(panel, "method", QComboBox).setCurrentText("maml")
    find(panel, "preset", QComboBox).setCurrentText("paper")
    find(panel, "phantoms", QSpinBox).setValue(7)
    find(panel, "steps", QSpinBox).setValue(50)
    find(panel, "validate", QDoubleSpinBox).setValue(2.5)
    more = find(panel, "more", QLineEdit)
    more.setText("batch = 1")
    more.editingFinished.emit()
    form = panel.controller.state.form
    assert (form.method, form.preset, form.phantoms, form.steps) == ("maml", "paper", 7, 50)
    assert (form.validate, form.more) == (2.5, "batch = 1")
    line = find(panel, "out", QLineEdit)
    line.setText("/elsewhere/run")
    line.editingFinished.emit()
    assert panel.controller.state.form.out == "/elsewhere/run"


def test_a_panel_that_is_closed_ends_its_run(qtbot, panel, made, find, click):
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: bool(panel.controller.state.lines), timeout=30_000)
    panel.controller.close()
    qtbot.waitUntil(lambda: made[0].closed, timeout=30_000)
    assert made[0].stopped


@pytest.mark.parametrize("how", ["window", "dock", "window without panel"])
def test_napari_asks_before_it_closes_and_a_closed_panel_finds_its_run_again(
    make_napari_viewer,
    npe2pm,
    qtbot,
    monkeypatch,
    made,
    tmp_path,
    how,
    find,
    click,
):
    npe2pm.register(PluginManifest.from_distribution("napari-shaspec"))

    def launch(path: Path) -> SlowProcess:
        made.append(SlowProcess(path))
        return made[-1]

    control = TrainController(launch=launch, runs=tmp_path / "runs")
    monkeypatch.setattr("napari_shaspec.train.panel.TrainController", lambda: control)
    viewer = make_napari_viewer(show=True)
    _, panel = viewer.window.add_plugin_dock_widget("napari-shaspec", "Train")
    click(find(panel, "run"))
    qtbot.waitUntil(lambda: bool(control.state.lines), timeout=30_000)
    assert viewer.window._task_status_manager.is_busy()  # what napari asks for
    if how == "window":
        viewer.close()
    else:
        viewer.window.remove_dock_widget(panel)
        made[0].turn.release()  # the run goes on without its panel
        qtbot.waitUntil(lambda: control.state.step is not None, timeout=30_000)
        assert not made[0].stopped
    if how == "window without panel":
        viewer.close()
    elif how == "dock":
        _, panel = viewer.window.add_plugin_dock_widget("napari-shaspec", "Train")
        assert panel.controller is control
        assert find(panel, "run").text() == "Stop"
        click(find(panel, "run"))
    qtbot.waitUntil(lambda: made[0].closed, timeout=30_000)
    assert made[0].stopped or how == "window without panel"  # a process ends with its events


def test_every_button_has_a_tooltip(panel):
    for kind in (QPushButton, QToolButton, QComboBox, QSpinBox):
        for widget in panel.findChildren(kind):
            if widget.objectName().startswith("shaspec_"):
                assert widget.toolTip(), (kind, widget.objectName())


def test_nothing_is_cut_off_at_the_side(panel):
    inner = panel.form.parentWidget()
    assert inner.minimumSizeHint().width() < panel.minimumSizeHint().width() <= 400
    assert panel.minimumSizeHint().height() <= 400
