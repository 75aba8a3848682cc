"""The panel *Features*: a tiny real network, jobs in real workers, layers on a `ViewerModel`."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from qtpy.QtWidgets import QComboBox, QFileDialog, QLabel, QPushButton, QTableWidget, QWidget

from napari_shaspec.engine import LocalEngine
from napari_shaspec.features.controller import FeaturesController
from napari_shaspec.features.panel import FeaturesPanel
from napari_shaspec.features.state import CloudSettings, FeatureView
from napari_shaspec.jobs.runner import run_here
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers import features
from napari_shaspec.layers.viewer import add_case
from shaspec.analysis.features import cohort
from shaspec.analysis.features.views import How

pytestmark = pytest.mark.usefixtures("no_bugs")


@pytest.fixture(scope="module")
def model(make_untrained):
    return make_untrained((24, 24, 24))


@pytest.fixture
def control(viewer, model):
    """A controller whose jobs run at once, in this thread."""
    control = FeaturesController(viewer, engine=LocalEngine(), run=run_here)
    assert control.choose_model(model)
    yield control
    control.close()


@pytest.fixture
def scatter(monkeypatch):
    """A scatter plot that needs no screen: what it was given to draw."""
    drawn = {}

    def show_points(self, xy, colours):
        drawn["xy"], drawn["colours"] = xy, colours

    monkeypatch.setattr("napari_shaspec.features.scatter.Scatter.show_points", show_points)
    return drawn


def pictures(viewer):
    return [la.name for la in viewer.layers if la.metadata["shaspec"]["kind"] == "features"]


def test_features_lie_over_the_anatomy_without_being_copied_to_its_voxels(
    control, viewer, make_case
):
    add_case(viewer, make_case())
    control.compute()
    assert control.state.status is Status.DONE
    layer = viewer.layers["shared · T1"]
    assert layer.rgb
    assert layer.data.shape[0] < 12
    np.testing.assert_allclose(layer.scale, control.state.maps.grid.spacing)
    image = viewer.layers["T1"].extent.world
    middle = layer.extent.world.mean(axis=0)
    assert (np.abs(middle - image.mean(axis=0)) <= np.array(layer.scale)).all()


def test_every_modality_has_a_pane_with_its_image_below(control, viewer, make_case):
    add_case(viewer, make_case())
    control.compute()
    assert viewer.canvas.grid.enabled
    assert viewer.canvas.grid.stride == -2
    top = [la.name for la in viewer.layers][-8:]
    assert top[::-1][:4] == ["shared · FLAIR", "FLAIR", "shared · T1", "T1"]
    control.side_by_side(False)
    assert not viewer.canvas.grid.enabled
    assert viewer.layers["shared · FLAIR"].visible
    assert not viewer.layers["shared · T1"].visible


def test_another_look_takes_the_place_of_the_last_one(control, viewer, make_case):
    add_case(viewer, make_case())
    control.compute()
    control.show_features(FeatureView("specific", How.ENERGY))
    assert sorted(pictures(viewer)) == [f"specific · {m}" for m in ("FLAIR", "T1", "T1ce", "T2")]
    limits = {tuple(la.contrast_limits) for la in viewer.layers if "specific" in la.name}
    assert len(limits) == 1  # the same brightness is the same energy
    control.show_features(FeatureView("specific", How.CHANNEL, 3))
    expected = control.state.maps.maps["specific", "T1"][3] * control.state.maps.inside
    np.testing.assert_array_equal(viewer.layers["specific · T1"].data, expected)


def test_an_unticked_modality_is_imputed_beside_the_true_one(control, viewer, make_case):
    add_case(viewer, make_case())
    control.compute()
    control.tick("T1ce", False)
    control.show_features(FeatureView("imputed"))
    assert sorted(pictures(viewer)) == ["error · T1ce", "imputed · T1ce", "true shared · T1ce"]
    assert "Median relative imputation error" in control.state.message.text
    control.tick("T1ce", True)  # nothing is imputed any more
    assert control.state.feature_view.kind == "shared"


def test_marked_points_light_up_their_voxels_in_every_pane(control, viewer, make_case):
    add_case(viewer, make_case())
    control.compute()
    cloud = control.state.cloud
    points = np.zeros(len(cloud.xy), bool)
    points[[0, 5]] = True
    control.marks.mark(points)
    marks = [la for la in viewer.layers if la.metadata["shaspec"]["kind"] == "marked"]
    assert len(marks) == 4
    assert viewer.canvas.grid.stride == -3
    lit = {tuple(v) for v in np.argwhere(marks[0].data)}
    assert lit == {tuple(v) for v in cloud.voxel[[0, 5]]}
    control.marks.mark(np.zeros(len(cloud.xy), bool))
    assert not [la for la in viewer.layers if la.metadata["shaspec"]["kind"] == "marked"]


def test_the_selected_label_marks_its_points(control, viewer, make_case):
    add_case(viewer, make_case())
    control.compute()
    truth = viewer.layers["truth"]
    viewer.layers.selection.active = truth
    truth.selected_label = 2
    control.marks.mark_label()
    cloud, grid = control.state.cloud, control.state.maps.grid
    points = control.state.marked.points
    assert points.any()
    mm = np.array(grid.origin) + cloud.voxel[points] * np.array(grid.spacing)
    for position in mm:
        index = tuple(np.round(truth.world_to_data(position)).astype(int))
        assert truth.data[index] == 2


def test_labels_are_read_where_the_voxel_lies_and_nothing_outside(viewer, make_case):
    add_case(viewer, make_case())
    truth = viewer.layers["truth"]
    grid = truth.metadata["shaspec"]["grid"].blocks(np.zeros(3), np.full(3, 4.0), (12, 8, 10))
    values = features.labels_at(truth, grid, np.array([[3, 4, 7], [11, 0, 0]]))
    assert values[0] == truth.data[14, 18, 30] or values[0] == truth.data[13, 17, 29]
    assert values[1] == 0


def test_another_case_takes_the_features_of_the_last_one_away(control, viewer, make_case):
    add_case(viewer, make_case())
    control.compute()
    add_case(viewer, make_case("bert", seed=3))
    assert control.state.maps is None
    assert pictures(viewer) == []
    assert not viewer.canvas.grid.enabled


def test_without_a_case_the_button_says_what_is_missing(control):
    control.compute()
    assert "no layer is assigned" in control.state.message.text
    control.measure()
    assert "press Compute features first" in control.state.message.text


def test_only_features_of_files_have_a_command(control, viewer, make_case):
    assert control.command() is None
    assert "press Compute features" in control.state.message.text
    add_case(viewer, make_case())
    control.compute()
    assert control.command() is None
    assert "did not come from a file" in control.state.message.text


@pytest.fixture
def panel(qtbot, viewer, model, scatter):
    """A panel whose controller runs its jobs in napari workers."""
    panel = FeaturesPanel(viewer, controller=FeaturesController(viewer, engine=LocalEngine()))
    qtbot.addWidget(panel)
    assert panel.controller.choose_model(model)
    panel.resize(320, 620)
    panel.show()
    yield panel
    panel.controller.close()
    qtbot.waitUntil(lambda: not panel.controller.state.status.busy, timeout=60_000)


def find(panel, name, kind=QWidget):
    widget = panel.findChild(kind, f"shaspec_{name}")
    assert widget is not None, name
    return widget


def wait(qtbot, panel):
    qtbot.waitUntil(lambda: panel.controller.state.status is Status.DONE, timeout=120_000)


def test_nothing_of_the_engine_runs_in_the_thread_of_the_window(
    qtbot, panel, viewer, make_case, monkeypatch, scatter
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


def test_the_boxes_offer_what_the_model_has(qtbot, panel, viewer, make_case):
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


def test_colours_of_the_points_mean_what_the_user_chooses(qtbot, panel, viewer, make_case, scatter):
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


def test_many_cases_are_waited_for_whatever_is_wished_meanwhile(
    qtbot, panel, viewer, make_case, cases
):
    add_case(viewer, make_case())
    panel.controller.compute()
    wait(qtbot, panel)
    panel.controller.gather(cases)
    panel.controller.show_features(FeatureView("fused", How.CHANNEL, 2))
    assert "waiting for the running job" in panel.controller.state.message.text
    qtbot.waitUntil(lambda: "fused · T1" in viewer.layers, timeout=120_000)
    assert {point.case for point in panel.controller.state.cohort} == {"anna", "berta", "carl"}


def test_closing_while_a_job_runs_frees_the_session(qtbot, panel, viewer, make_case):
    add_case(viewer, make_case())
    panel.controller.compute()
    panel.controller.close()
    qtbot.waitUntil(lambda: not panel.controller.state.status.busy, timeout=60_000)
    assert pictures(viewer) == []
    assert not viewer.canvas.grid.enabled


def test_many_cases_are_a_figure_that_can_be_saved(
    qtbot, panel, cases, tmp_path, monkeypatch, told
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
    assert panel.cohort.canvas.isVisible()
    assert len(panel.cohort.figure.axes) == 1
    wanted = tmp_path / "many.svg"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(wanted), ""))
    find(panel, "save_many", QPushButton).click()
    assert wanted.is_file()
    assert len(wanted.with_suffix(".csv").read_text().splitlines()) == 1 + len(points)
    assert panel.controller.save_cohort(tmp_path / "many.txt") == []
    assert "written as .png, .pdf or .svg" in told[-1]
