"""The walks of all panels but *Segment* and *Compare*; ``shown``: with the widgets of the panel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from napari.components import ViewerModel

from napari_shaspec.cohort.controller import CohortController
from napari_shaspec.cohort.panel import CohortPanel
from napari_shaspec.features.controller import FeaturesController
from napari_shaspec.features.panel import FeaturesPanel
from napari_shaspec.robustness.controller import RobustnessController
from napari_shaspec.robustness.panel import RobustnessPanel
from napari_shaspec.train.controller import TrainController
from napari_shaspec.train.panel import TrainPanel
from shaspec.task import Task
from tests.napari_shaspec.train.fake_process import FakeProcess
from tests.napari_shaspec.walk.cohort import CohortWalk
from tests.napari_shaspec.walk.engine import Jobs, MarkingEngine
from tests.napari_shaspec.walk.features import FeatureEngine, FeaturesWalk
from tests.napari_shaspec.walk.panel_walk import PanelWalk
from tests.napari_shaspec.walk.robustness import RobustnessWalk
from tests.napari_shaspec.walk.train import TrainWalk


def opened(make: Callable[[], Any], panel: type[Any] | None, viewer: Any) -> Callable[[], Any]:
    """Opens a panel with a new controller; the panel before goes. None: the controller alone."""
    if panel is None:
        return make
    shown: list[Any] = []

    def open_panel() -> Any:
        while shown:
            before = shown.pop()
            before.hide()
            before.deleteLater()
        control = make()
        shown.append(panel(viewer, controller=control))
        shown[0].resize(340, 620)
        shown[0].show()
        return control

    return open_panel


def robustness(task: Task, folder: Path, *, shown: bool = False) -> PanelWalk:
    """The panel *Robustness*. ``folder`` has the cases in `NAMES`."""
    viewer, jobs = ViewerModel(), Jobs()

    def make() -> Any:
        return RobustnessController(viewer, engine=MarkingEngine(task), run=jobs)

    return RobustnessWalk(
        viewer, jobs, opened(make, RobustnessPanel if shown else None, viewer), folder
    )


def features(task: Task, folder: Path, *, shown: bool = False) -> PanelWalk:
    """The panel *Features*. ``folder`` has the cases in `NAMES`."""
    viewer, jobs = ViewerModel(), Jobs()

    def make() -> Any:
        return FeaturesController(viewer, engine=FeatureEngine(task), run=jobs)

    return FeaturesWalk(
        viewer, jobs, opened(make, FeaturesPanel if shown else None, viewer), folder
    )


def cohort(task: Task, folder: Path, *, shown: bool = False) -> PanelWalk:
    """The panel *Many cases*. ``folder`` has ``cases`` and two models, see `CohortWalk`."""
    viewer, jobs = ViewerModel(), Jobs()

    def make() -> Any:
        control = CohortController(viewer, engine=MarkingEngine(task), run=jobs)
        control.choose_model(str(folder / "model_0"))
        return control

    return CohortWalk(viewer, jobs, opened(make, CohortPanel if shown else None, viewer), folder)


def train(task: Task, folder: Path, *, shown: bool = False) -> PanelWalk:
    """The panel *Train*. ``folder`` has ``cases``."""
    del task
    viewer, jobs, launched = ViewerModel(), Jobs(), list[FakeProcess]()

    def launch(path: Path) -> FakeProcess:
        launched.append(FakeProcess(path))
        return launched[-1]

    def make() -> Any:
        return TrainController(run=jobs, launch=launch, runs=folder / "runs")

    return TrainWalk(
        viewer, jobs, opened(make, TrainPanel if shown else None, viewer), folder, launched
    )


WALKS: dict[str, Callable[..., PanelWalk]] = {
    "robustness": robustness,
    "features": features,
    "cohort": cohort,
    "train": train,
}
