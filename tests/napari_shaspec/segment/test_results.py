"""Results of the panel *Segment* as layers and files."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_shaspec.layers.metadata import of_kind
from napari_shaspec.layers.viewer import add_case


def test_a_removed_result_leaves_the_table(controller, viewer, segmented):
    viewer.layers.remove("seg · FLAIR+T1+T1ce+T2")
    assert controller.state.results == ()
    assert controller.state.shown == ""


def test_a_copy_of_a_result_may_go_without_it(controller, viewer, segmented):
    data, options, _ = viewer.layers[-1].as_layer_data_tuple()
    copy = viewer.add_labels(data, **options)
    viewer.layers.remove(copy)
    assert controller.state.shown == "FLAIR+T1+T1ce+T2"
    assert len(controller.state.results) == 1


def test_a_result_from_plain_layers_is_saved_and_leaves_with_its_layer(
    controller, viewer, tmp_path
):
    rng = np.random.default_rng(0)
    for name in ("T1", "FLAIR"):
        viewer.add_image(rng.random((24, 32, 40)), name=name)
    controller.segment()
    assert controller.save(tmp_path / "x.nii.gz").is_file()
    viewer.layers.remove("seg · FLAIR+T1")
    assert controller.state.results == ()


def test_a_saved_result_lies_on_the_grid_of_its_input(controller, viewer, segmented, tmp_path):
    path = controller.save(tmp_path / "seg.nii.gz")
    image = nib.load(path)
    assert image.shape == (40, 32, 24)
    np.testing.assert_allclose(image.affine, np.diag([-1.0, -1.5, 2.0, 1.0]) + _corner())
    assert set(np.unique(np.asarray(image.dataobj))) == {0, 1, 2, 4}
    assert str(path) in controller.state.message.text


def _corner():
    matrix = np.zeros((4, 4))
    matrix[:3, 3] = (10.0, 20.0, -30.0)
    return matrix


def test_a_result_that_cannot_be_saved_says_why(
    controller, viewer, make_case, tmp_path, notifications
):
    assert controller.save(tmp_path / "seg.nii.gz") is None
    add_case(viewer, make_case())
    controller.segment()
    (tmp_path / "file").write_text("in the way")
    assert controller.save(tmp_path / "file" / "seg.nii.gz") is None
    assert "file" in notifications[-1]


def test_saved_path_is_a_path(controller, viewer, segmented, tmp_path):
    assert controller.save(str(tmp_path / "x.nii")) == Path(tmp_path / "x.nii")


def test_voxels_of_another_shape_are_refused_by_name(segmented, viewer, tmp_path, qtbot):
    (layer,) = of_kind(viewer, "result")
    before = segmented.state.results[0].region_sizes()
    layer.data = np.array(layer.data)[:10]
    qtbot.waitUntil(lambda: "another shape" in segmented.state.message.text)
    assert segmented.save(tmp_path / "x.nii.gz") is None
    assert not (tmp_path / "x.nii.gz").exists()
    assert "another shape" in segmented.state.message.text
    assert segmented.state.results[0].region_sizes() == before


@pytest.mark.parametrize("value", [-252, 260])
def test_a_label_beyond_a_byte_counts_as_no_label_of_the_task(segmented, viewer, qtbot, value):
    (layer,) = of_kind(viewer, "result")
    data = np.array(layer.data, np.int32)
    et = np.count_nonzero(data == 4)
    data[2, 2, 2:6] = value  # 4 modulo 256
    layer.data = data
    qtbot.waitUntil(lambda: bool(segmented.state.edited))
    (edited,) = segmented.state.edited.values()
    assert np.count_nonzero(edited.labels == 4) == et
    assert f"the label {value}" in segmented.state.message.text
