"""The guided tour: every step in the real panels, with a tiny network and worker threads."""

from __future__ import annotations

import pytest
from qtpy.QtWidgets import QLabel, QPushButton

from napari_shaspec.engine import LocalEngine
from napari_shaspec.features.controller import FeaturesController
from napari_shaspec.features.panel import FeaturesPanel
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.metadata import of_kind, origin
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.layers.views import View
from napari_shaspec.robustness.controller import RobustnessController
from napari_shaspec.robustness.panel import RobustnessPanel
from napari_shaspec.segment.controller import SegmentController
from napari_shaspec.segment.panel import SegmentPanel
from napari_shaspec.tour.controller import CLOSED, TourController
from napari_shaspec.tour.panel import TourPanel
from tests.tiny_models import save_tiny

pytestmark = pytest.mark.usefixtures("no_bugs")

PANELS = {
    "Segment": (SegmentPanel, SegmentController),
    "Robustness": (RobustnessPanel, RobustnessController),
    "Features": (FeaturesPanel, FeaturesController),
}
WAIT = 240_000


@pytest.fixture(scope="module")
def model(tmp_path_factory, task):
    """A model folder with random weights."""
    return str(save_tiny(tmp_path_factory.mktemp("models") / "untrained", task, window=48))


@pytest.fixture
def engine(monkeypatch, model):
    engine = LocalEngine()
    monkeypatch.setattr(engine, "models", lambda: [model])
    return engine


@pytest.fixture
def panels():
    """The panels that are open, by name."""
    return {}


@pytest.fixture
def tour(qtbot, viewer, engine, panels, monkeypatch, make_case):
    """The panel of the tour, on a bare viewer model that opens a small sample case."""

    def open_panel(name):
        if name not in panels:
            kind, controller = PANELS[name]
            panels[name] = kind(viewer, controller=controller(viewer, engine=engine))
            qtbot.addWidget(panels[name])
        return panels[name]

    monkeypatch.setattr("shaspec.phantom.make_case", lambda seed, task: make_case())
    tour = TourPanel(viewer, controller=TourController(viewer, open_panel))
    qtbot.addWidget(tour)
    yield tour
    tour.controller.close()
    for panel in panels.values():
        panel.controller.close()
    qtbot.waitUntil(
        lambda: not any(p.controller.state.status.busy for p in panels.values()), timeout=WAIT
    )


def do(qtbot, tour):
    tour.run.findChild(QPushButton, "shaspec_run").click()
    qtbot.waitUntil(lambda: not tour.controller.state.status.busy, timeout=WAIT)
    state = tour.controller.state
    assert state.status is Status.DONE, state.message


def go_to(tour, title):
    titles = [step.title for step in tour.controller.state.steps]
    tour.controller.go(titles.index(title) - tour.controller.state.at)


def visible(viewer, kind):
    return [origin(la).get("subset", la.name) for la in of_kind(viewer, kind) if la.visible]


@pytest.mark.slow
def test_every_step_is_done_in_the_real_panels(qtbot, tour, viewer, panels):
    everything, gap = "FLAIR+T1+T1ce+T2", "FLAIR+T1+T2"
    do(qtbot, tour)
    segment = panels["Segment"].controller
    assert segment.state.case == "anna"
    assert segment.state.view is View.GRID
    assert viewer.dims.current_step[0] == 12  # the slice with most of the truth
    tour.next.click()
    do(qtbot, tour)
    assert (segment.state.shown, segment.state.view) == (everything, View.STACK)
    assert "done" in tour.message.text()
    tour.next.click()
    do(qtbot, tour)
    assert segment.state.shown == gap
    assert "T1ce" not in segment.state.present
    tour.next.click()
    do(qtbot, tour)
    assert (segment.state.shown, segment.state.view) == (gap, View.GRID)
    do(qtbot, tour)
    assert segment.state.shown == everything
    tour.next.click()
    do(qtbot, tour)
    robustness = panels["Robustness"]
    assert segment.state.view is View.STACK
    assert len(robustness.controller.state.tables[0].rows) == 15
    assert robustness.tabs.currentWidget() is robustness.heat_map
    assert visible(viewer, "swept") == [everything]
    assert not visible(viewer, "result")
    missing = viewer.canvas.overlays.missing
    assert not missing.visible  # all took part in what is shown
    tour.next.click()
    do(qtbot, tour)
    assert robustness.tabs.currentWidget() is robustness.contributions
    tour.next.click()
    do(qtbot, tour)
    assert visible(viewer, "map") == ["disagreement · TC"]
    features = []
    for _ in range(3):
        tour.next.click()
        do(qtbot, tour)
        features.append(visible(viewer, "features"))
        assert not visible(viewer, "map")
    assert features[:2] == [
        [f"{kind} · {m}" for m in ("T2", "T1ce", "T1", "FLAIR")] for kind in ("shared", "specific")
    ]
    assert set(features[2]) == {"imputed · T1ce", "true shared · T1ce", "error · T1ce"}
    assert not tour.next.isEnabled()
    go_to(tour, "Compare")
    do(qtbot, tour)
    assert missing.visible == (segment.state.shown != everything.removeprefix("seg · "))
    go_to(tour, "Segment with all four modalities")
    do(qtbot, tour)
    assert not visible(viewer, "features")
    assert visible(viewer, "result") == [everything]


@pytest.mark.slow
def test_a_step_of_the_tour_prepares_its_requirements(qtbot, tour, viewer, panels):
    go_to(tour, "Compare")
    assert tour.findChild(QLabel, "shaspec_tour_title").text() == "4 of 10 · Compare"
    do(qtbot, tour)
    state = panels["Segment"].controller.state
    assert [len(p.subset) for p in state.results] == [4, 3]
    assert state.view is View.GRID
    viewer.layers.clear()  # the user tidies up, and goes on elsewhere
    go_to(tour, "Remove T1ce")
    do(qtbot, tour)
    assert state.shown == "FLAIR+T1+T2"


def test_the_patient_that_is_open_is_taken(qtbot, tour, viewer, panels, make_case):
    add_case(viewer, make_case("berta"))
    do(qtbot, tour)
    assert panels["Segment"].controller.state.case == "berta"


def test_a_panel_that_is_closed_meanwhile_ends_the_step(qtbot, tour, panels):
    go_to(tour, "All fifteen subsets")
    tour.controller.do()
    assert tour.controller.state.status.busy
    assert not tour.next.isEnabled()
    closed = panels.pop("Robustness")
    closed.controller.close()
    closed.closed.emit()
    assert tour.controller.state.message.text == CLOSED
    assert not tour.controller.state.status.busy
    qtbot.waitUntil(lambda: not closed.controller.state.status.busy, timeout=WAIT)
    go_to(tour, "A synthetic case")
    do(qtbot, tour)


def test_stop_ends_the_step_and_the_job_of_the_panel(qtbot, tour, panels):
    go_to(tour, "All fifteen subsets")
    tour.controller.do()
    tour.controller.cancel()
    state = panels["Robustness"].controller.state
    qtbot.waitUntil(lambda: not state.status.busy, timeout=WAIT)
    assert not any(table.complete for table in state.tables)
    assert tour.controller.state.status is Status.IDLE


def test_errors_of_a_panel_are_shown_in_the_tour(qtbot, tour, engine, monkeypatch):
    def no_session(*_):
        raise MemoryError

    monkeypatch.setattr(engine, "session", no_session)
    go_to(tour, "Shared features")
    tour.controller.do()
    qtbot.waitUntil(lambda: not tour.controller.state.status.busy, timeout=WAIT)
    assert tour.controller.state.status is Status.FAILED
    assert "out of memory" in tour.message.text()
