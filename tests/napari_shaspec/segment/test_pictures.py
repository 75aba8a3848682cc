"""Segmentation of pictures (colour and depth) in the panel *Segment*."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image, Labels
from PIL import Image as Picture
from qtpy.QtWidgets import QComboBox, QPushButton, QTableWidget

from napari_shaspec.case.assignment import collect
from napari_shaspec.engine import LocalEngine
from napari_shaspec.jobs.runner import run_here
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.layers.views import View
from napari_shaspec.reader import get_reader
from napari_shaspec.robustness.controller import RobustnessController
from napari_shaspec.robustness.panel import RobustnessPanel
from napari_shaspec.robustness.state import Shown
from napari_shaspec.segment.controller import SegmentController
from napari_shaspec.segment.panel import SegmentPanel
from shaspec.errors import InputError
from shaspec.io import read_case
from shaspec.task import load_task
from tests.tiny_models import save_tiny

COLOUR = np.random.default_rng(0).integers(0, 255, (24, 32, 3)).astype(np.uint8)
DEPTH = np.random.default_rng(1).integers(1, 255, (24, 32)).astype(np.uint8)


@pytest.fixture(scope="module")
def rgbd():
    return load_task("rgbd")


@pytest.fixture(scope="module")
def model(tmp_path_factory, rgbd):
    """A model folder with random weights."""
    return save_tiny(tmp_path_factory.mktemp("models") / "pipes", rgbd, name="pipes", window=16)


@pytest.fixture
def folder(tmp_path):
    """A case of a colour picture, a depth map and labels."""
    case = tmp_path / "frame-39"
    case.mkdir()
    Picture.fromarray(COLOUR).save(case / "rgb.png")
    Picture.fromarray(DEPTH).save(case / "depth.png")
    Picture.fromarray((DEPTH > 200).astype(np.uint8)).save(case / "label.png")
    return case


@pytest.fixture
def control(viewer, model):
    control = SegmentController(viewer, engine=LocalEngine(), run=run_here)
    assert control.choose_model(model)
    yield control
    control.close()


def test_a_folder_of_pictures_becomes_a_colour_a_depth_and_a_labels_layer(viewer, folder):
    for data in get_reader(str(folder))(str(folder)):
        viewer.add_layer(
            {"image": Image, "labels": Labels}[data[2]](data[0], **data[1])  # as napari does
        )
    assert [layer.name for layer in viewer.layers] == ["depth", "RGB", "truth"]
    assert viewer.layers["RGB"].rgb
    np.testing.assert_array_equal(viewer.layers["RGB"].data, COLOUR)
    np.testing.assert_array_equal(viewer.layers["depth"].data, DEPTH)
    for layer in viewer.layers:
        assert layer.ndim == 2
        assert layer.axis_labels == ("row", "column")
        assert {str(unit) for unit in layer.units} == {"pixel"}
    assert "area_px" in viewer.layers["truth"].features


def test_only_pictures_whose_names_make_a_case_are_ours(tmp_path, folder):
    assert get_reader([str(folder / "rgb.png"), str(folder / "depth.png")]) is not None
    assert get_reader(str(folder / "rgb.png")) is None
    (tmp_path / "holiday").mkdir()
    for name in ("image1.png", "image2.png"):
        Picture.fromarray(COLOUR).save(tmp_path / "holiday" / name)
    assert get_reader(str(tmp_path / "holiday")) is None
    assert get_reader([str(p) for p in (tmp_path / "holiday").iterdir()]) is None


def test_pictures_of_a_folder_per_modality_are_read_together(tmp_path):
    for name, array in (("rgb", COLOUR), ("depth", DEPTH)):
        (tmp_path / name).mkdir()
        Picture.fromarray(array).save(tmp_path / name / "7.png")
    files = [str(tmp_path / name / "7.png") for name in ("rgb", "depth")]
    layers = get_reader(files)(files)
    assert [options["name"] for _, options, _ in layers] == ["depth", "RGB"]
    assert layers[0][1]["metadata"]["shaspec"]["case"] == "7"


def test_segment_toggle_and_save_pictures(control, viewer, folder, rgbd, tmp_path, notifications):
    add_case(viewer, read_case(folder, rgbd))
    assert control.state.present == {"RGB", "depth"}
    control.segment()
    assert control.state.status is Status.DONE, notifications
    layer = viewer.layers["seg · RGB+depth"]
    assert layer.data.shape == (24, 32)
    assert str(layer.units[0]) == "pixel"
    control.tick("RGB", False)  # the features are kept, so it goes by itself
    assert [p.subset for p in control.state.results] == [("RGB", "depth"), ("depth",)]
    saved = control.save(tmp_path / "s.png")
    np.testing.assert_array_equal(
        np.asarray(Picture.open(saved)), viewer.layers["seg · depth"].data
    )
    assert control.save(tmp_path / "s.nii.gz") is None
    assert "written as .png" in control.state.message.text


def test_pictures_side_by_side_each_have_the_result_and_3d_is_refused(
    control, viewer, folder, rgbd
):
    add_case(viewer, read_case(folder, rgbd))
    control.segment()
    control.set_view(View.GRID)
    assert {"seg on RGB", "seg on depth"} <= {layer.name for layer in viewer.layers}
    control.set_view(View.THREE_D)
    assert control.state.view is View.GRID
    assert "cannot be shown in 3D" in control.state.message.text
    control.set_view(View.STACK)
    assert viewer.dims.ndisplay == 2


def test_the_panel_tells_areas_and_does_not_offer_3d(qtbot, viewer, control, folder, rgbd):
    panel = SegmentPanel(viewer, controller=control)
    qtbot.addWidget(panel)
    add_case(viewer, read_case(folder, rgbd))
    control.segment()
    button = panel.findChild(QPushButton, "shaspec_view_3d")
    assert not button.isEnabled()
    assert "2D" in button.toolTip()
    table = panel.findChild(QTableWidget, "shaspec_volumes")
    assert table.horizontalHeaderItem(0).text() == "areas in px"
    data = viewer.layers["seg · RGB+depth"].data
    for column, label in enumerate(rgbd.labels, 1):
        size = int((data == label.value).sum())
        assert table.item(0, column).text() == (str(size) if size else "not found")
    control.choose_model("shaspec")
    assert button.isEnabled()


def test_the_robustness_panel_measures_pictures_in_pixels(qtbot, viewer, model, folder, rgbd):
    control = RobustnessController(viewer, engine=LocalEngine(), run=run_here)
    panel = RobustnessPanel(viewer, controller=control)
    qtbot.addWidget(panel)
    control.add_model(model)  # known now, but of another task than the one that is ticked
    assert control.choose_models([str(model)])
    add_case(viewer, read_case(folder, rgbd))
    control.sweep()
    assert control.state.status is Status.DONE
    measures = panel.findChild(QComboBox, "shaspec_measure")
    assert [measures.itemText(k) for k in range(3)] == ["Dice", "HD95 (px)", "Area (px)"]
    for index in range(3):
        measures.setCurrentIndex(index)
    table = panel.findChild(QTableWidget, "shaspec_subsets")
    found = control.state.tables[0].rows[0].prediction.labels
    for column, label in enumerate(rgbd.labels, 1):
        size = int((found == label.value).sum())
        assert table.item(0, column).text() == (str(size) if size else "not found")
    control.show_difference("spot", Shown("pipes", ("depth",)))
    assert all(key.text.endswith(" px") for key in control.state.legend)
    layer = viewer.layers["RGB+depth or depth · spot"]
    assert "area_px" in layer.features
    control.close()


def test_layers_of_somebody_else_are_taken_by_name_and_channels(viewer, control, rgbd):
    opaque = np.dstack([COLOUR, np.full((24, 32), 255, np.uint8)]) / 255
    viewer.add_layer(Image(opaque.astype(np.float32), name="my rgb", rgb=True))
    viewer.add_layer(Image(COLOUR, name="depth in colours", rgb=True))
    viewer.add_layer(Image(DEPTH, name="depth"))
    sources = control.state.sources
    assert {name: layer.name for name, layer in sources.items()} == {
        "RGB": "my rgb",
        "depth": "depth",
    }
    case = collect(sources, rgbd).case()
    np.testing.assert_allclose(case.volumes["RGB"], np.moveaxis(COLOUR, -1, 0), atol=1e-3)
    assert collect(sources, rgbd).same_as(collect(sources, rgbd))
    with pytest.raises(InputError, match="depth is a grey image, layer 'depth in colours' is not"):
        collect({"depth": viewer.layers["depth in colours"]}, rgbd)


def test_pictures_of_different_sizes_are_refused_as_a_case(viewer, rgbd):
    layers = {"RGB": Image(COLOUR, rgb=True), "depth": Image(DEPTH[:20])}
    with pytest.raises(InputError, match="need the same view and number of pixels"):
        collect(layers, rgbd).case()


def test_volumes_and_pictures_live_in_one_viewer(viewer, control, folder, rgbd, make_case):
    add_case(viewer, make_case())
    add_case(viewer, read_case(folder, rgbd))
    assert control.state.case == "frame-39"
    control.segment()
    assert control.state.status is Status.DONE
    control.choose_model("shaspec")
    assert control.state.case == "anna"
    assert all(layer is not None for layer in control.state.sources.values())
    viewer.layers.clear()
    add_case(viewer, make_case())
    add_case(viewer, read_case(folder, rgbd))
    assert control.state.case == "frame-39"  # the last case, with a model of its task
    assert control.state.card.task == rgbd
