"""The panel *Features* with a tiny network, jobs in worker threads and a `ViewerModel`."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from qtpy.QtWidgets import QComboBox, QFileDialog, QLabel, QPushButton, QTableWidget

from napari_shaspec.engine import LocalEngine
from napari_shaspec.features.controller import FeaturesController
from napari_shaspec.features.panel import FeaturesPanel
from napari_shaspec.features.state import CloudSettings, FeatureView
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.viewer import add_case
from shaspec.analysis.features import cohort
from shaspec.analysis.features.views import How

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_bugs")]


@pytest.fixture
def panel(viewer, model, scatter, open_panel):
    """A panel whose controller runs its jobs in napari workers."""
    control = FeaturesController(viewer, engine=LocalEngine())
    assert control.choose_model(model)
    return open_panel(FeaturesPanel(viewer, controller=control))


def wait(qtbot, panel):
    qtbot.waitUntil(lambda: panel.controller.state.status is Status.DONE, timeout=120_000)


def test_nothing_of_the_engine_runs_in_the_thread_of_the_window(
    qtbot,
    panel,
    viewer,
    make_case,
    monkeypatch,
    scatter,
    find,
):
    from napari_shaspec.features import controller as features_controller
    from napari_shaspec.layers import features as feature_layers
    from shaspec.analysis.features import measure_job
    from shaspec.inference.session import InferenceSession

    threads = {}

    def spy(owner, name):
        function = getattr(owner, name)

        def spied(*args, **options):
            threads.setdefault(name, set()).add(threading.get_ident())
            return function(*args, **options)

        monkeypatch.setattr(owner, name, spied)

    spy(InferenceSession, "_encode")
    spy(feature_layers, "make_pictures")
    spy(features_controller, "make_cloud")
    spy(measure_job, "measure")
    add_case(viewer, make_case())
    find(panel, "run", QPushButton).click()
    wait(qtbot, panel)
    panel.controller.plot(CloudSettings(("shared",), "pca"))
    wait(qtbot, panel)
    find(panel, "measure", QPushButton).click()
    wait(qtbot, panel)
    assert set(threads) == {"_encode", "make_pictures", "make_cloud", "measure"}
    assert threading.get_ident() not in set.union(*threads.values())
    table = find(panel, "measures", QTableWidget)
    assert table.item(0, 0).text() == "probe shared"
    assert "linear probe" in find(panel, "sentence", QLabel).text()
    assert len(scatter["xy"]) == len(panel.controller.state.cloud.xy)


def test_the_boxes_list_the_features_of_the_model(qtbot, panel, viewer, make_case, find):
    add_case(viewer, make_case())
    kinds = find(panel, "kind", QComboBox)
    assert not kinds.isEnabled()
    find(panel, "run", QPushButton).click()
    wait(qtbot, panel)
    assert [kinds.itemText(k) for k in range(kinds.count())] == ["shared", "specific", "fused"]
    assert find(panel, "points", QComboBox).currentText() == "shared and specific"
    how = find(panel, "how", QComboBox)
    assert not find(panel, "channel").isVisible()
    how.setCurrentIndex(3)
    how.activated.emit(3)
    wait(qtbot, panel)
    assert find(panel, "channel").isVisible()
    assert panel.controller.state.feature_view.how is How.CHANNEL


def test_points_are_coloured_by_the_chosen_property(qtbot, panel, viewer, make_case, scatter, find):
    add_case(viewer, make_case())
    find(panel, "run", QPushButton).click()
    wait(qtbot, panel)
    assert len(np.unique(scatter["colours"], axis=0)) == 4
    panel.controller.colour_by("kind")
    assert len(np.unique(scatter["colours"], axis=0)) == 2
    assert "specific" in find(panel, "points_legend", QLabel).text()
    panel.controller.colour_by("region")
    labels = set(panel.controller.marks.labels())
    assert len(np.unique(scatter["colours"], axis=0)) == len(labels) > 1


def test_cancel_ends_the_job_and_the_next_one_begins(qtbot, panel, viewer, make_case):
    add_case(viewer, make_case())
    panel.controller.compute()
    panel.controller.cancel()
    qtbot.waitUntil(lambda: not panel.controller.state.status.busy, timeout=60_000)
    assert panel.controller.state.maps is None
    panel.controller.compute()
    wait(qtbot, panel)
    assert panel.controller.state.maps is not None


def test_a_look_that_is_chosen_during_a_job_is_shown_at_its_end(qtbot, panel, viewer, make_case):
    add_case(viewer, make_case())
    panel.controller.compute()
    wait(qtbot, panel)
    for channel in range(5):
        panel.controller.show_features(FeatureView("fused", How.CHANNEL, channel))
    qtbot.waitUntil(lambda: "fused · T1" in viewer.layers, timeout=60_000)
    wait(qtbot, panel)
    assert panel.controller.state.feature_view == FeatureView("fused", How.CHANNEL, 4)


def test_a_tick_during_the_first_job_counts(qtbot, panel, viewer, make_case):
    add_case(viewer, make_case())
    panel.controller.compute()
    panel.controller.tick("T1", False)
    qtbot.waitUntil(lambda: panel.controller.state.maps is not None, timeout=60_000)
    wait(qtbot, panel)
    assert panel.controller.state.maps.present == ("FLAIR", "T1ce", "T2")


def test_other_actions_do_not_interrupt_many_cases(qtbot, panel, viewer, make_case, cases):
    add_case(viewer, make_case())
    panel.controller.compute()
    wait(qtbot, panel)
    panel.controller.compute_cohort(cases)
    panel.controller.show_features(FeatureView("fused", How.CHANNEL, 2))
    assert "waiting for the running job" in panel.controller.state.message.text
    qtbot.waitUntil(lambda: "fused · T1" in viewer.layers, timeout=120_000)
    assert {point.case for point in panel.controller.state.cohort} == {"anna", "berta", "carl"}


def test_closing_while_a_job_runs_frees_the_session(qtbot, panel, viewer, make_case):
    add_case(viewer, make_case())
    panel.controller.compute()
    panel.controller.close()
    qtbot.waitUntil(lambda: not panel.controller.state.status.busy, timeout=60_000)
    assert all(layer.metadata["shaspec"]["kind"] != "features" for layer in viewer.layers)
    assert not viewer.canvas.grid.enabled


def test_many_cases_are_a_figure_that_can_be_saved(
    qtbot,
    panel,
    cases,
    tmp_path,
    monkeypatch,
    notifications,
    find,
):
    threads = set()
    job = cohort.cohort_job

    def spied(*args, **options):
        threads.add(threading.get_ident())
        yield from job(*args, **options)

    monkeypatch.setattr(cohort, "cohort_job", spied)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(cases))
    find(panel, "many", QPushButton).click()
    wait(qtbot, panel)
    assert threads
    assert threading.get_ident() not in threads
    points = panel.controller.state.cohort
    assert {point.case for point in points} == {"anna", "berta", "carl"}
    assert {point.kind for point in points} == {"shared", "specific"}
    assert panel.cohort.view.isVisible()
    assert len(panel.cohort.view.figure.axes) == 1
    wanted = tmp_path / "many.svg"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(wanted), ""))
    find(panel, "save_many", QPushButton).click()
    assert wanted.is_file()
    assert len(wanted.with_suffix(".csv").read_text().splitlines()) == 1 + len(points)
    assert panel.controller.save_cohort(tmp_path / "many.txt") == []
    assert "written as .png, .pdf or .svg" in notifications[-1]
