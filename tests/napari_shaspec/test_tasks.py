"""The tasks of ``python -m benchmarks.tasks`` with pretended models: done, and in few clicks."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from npe2 import PluginManifest

from napari_shaspec import chosen_engine
from napari_shaspec.engine import LocalEngine
from shaspec.inference.events import Finished
from shaspec.io import write_case
from tests.napari_shaspec.fakes import FakeEngine, FakeSession
from tests.tiny_models import save_tiny

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.gui


@pytest.fixture
def tasks(monkeypatch):
    """The module; an earlier test may have imported another folder of that name."""
    monkeypatch.syspath_prepend(str(ROOT))
    for name in [name for name in sys.modules if name.partition(".")[0] == "benchmarks"]:
        monkeypatch.delitem(sys.modules, name)
    import benchmarks.tasks

    return benchmarks.tasks


@pytest.fixture
def people(tasks):
    """What they do."""
    return sys.modules["benchmarks.people"]


class Named(FakeSession):
    """A session whose results name their model."""

    model = ""

    def predict(self, present, *, probabilities=False):
        for event in super().predict(present, probabilities=probabilities):
            if isinstance(event, Finished):
                facts = event.prediction.provenance | {"model": self.model, "sha256": self.model}
                yield Finished(replace(event.prediction, provenance=facts))
            else:
                yield event


class NamingEngine(FakeEngine):
    """Two models whose results are kept apart."""

    def session(self, model, case, settings):
        made = Named(case)
        made.model = model
        return made


@pytest.fixture
def engine(task):
    return NamingEngine(task)


@pytest.fixture
def desk(tasks, make_napari_viewer, npe2pm, plugin_settings, monkeypatch, engine):
    npe2pm.register(PluginManifest.from_distribution("napari-shaspec"))
    monkeypatch.setattr(chosen_engine, "LocalEngine", lambda: engine)
    viewer = make_napari_viewer(show=True)
    viewer.window._qt_window.setGeometry(0, 0, *tasks.SCREEN)
    return tasks.Desk(viewer)


def test_a_researcher_segments_corrects_measures_and_reports(
    tasks, people, desk, make_case, tmp_path
):
    write_case(tmp_path / "anna", make_case("anna"))
    (tmp_path / "two").mkdir()
    two = people.two_of(tmp_path / "anna", tmp_path / "two")
    report = tmp_path / "report.html"
    people.researcher(desk, two, report)
    assert "FLAIR+T2" in report.read_text("utf-8")
    assert desk.clicks <= tasks.MOST["researcher"], desk.said


def test_a_methods_person_compares_two_models(tasks, people, desk, make_case, tmp_path):
    write_case(tmp_path / "anna", make_case("anna"))
    table = tmp_path / "comparison.csv"
    people.methods_person(desk, tmp_path / "anna", ("instant", "slow"), table)
    assert "WT" in table.read_text("utf-8")
    assert desk.clicks <= tasks.MOST["methods"], desk.said


def test_a_folder_of_cases_is_segmented_and_reviewed(
    tasks, people, desk, task, make_case, tmp_path, monkeypatch
):
    for number in range(2):
        write_case(tmp_path / "cases" / f"patient_{number}", make_case(f"patient_{number}"))
    model = save_tiny(tmp_path / "model", task, window=24)
    monkeypatch.setattr(LocalEngine, "models", lambda _: [str(model)])
    people.cohort(desk, tmp_path / "cases")
    assert desk.clicks <= tasks.MOST["cohort"], desk.said
    assert len(list((tmp_path / "cases_segmented").glob("*.nii.gz"))) == 2


def test_a_control_that_is_covered_ends_the_task(tasks, people, desk, qtbot):
    from qtpy.QtWidgets import QWidget

    panel = people.open_panel(desk, "Compare")
    cover = QWidget(panel)
    cover.setGeometry(panel.rect())
    cover.show()
    qtbot.wait(50)
    panel.run.setEnabled(True)
    with pytest.raises(tasks.OutOfReachError, match="covered"):
        desk.click(panel, "run")
