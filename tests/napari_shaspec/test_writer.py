"""Saving a layer: called directly and through napari."""

from __future__ import annotations

import nibabel as nib
import nrrd
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels

from napari_shaspec.writer import save_layer, write_labels
from shaspec.errors import InputError
from tests.napari_shaspec.scans import SAGITTAL, read_layers


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_labels_go_back_onto_the_grid_of_their_file(sagittal_case, tmp_path, ending):
    data, options, _ = read_layers(str(sagittal_case))[-1]
    path = tmp_path / f"out{ending}"
    assert write_labels(str(path), data, options) == [str(path)]
    source, written = nib.load(sagittal_case / "anna_seg.nii.gz"), nib.load(path)
    np.testing.assert_array_equal(written.affine, source.affine)
    np.testing.assert_array_equal(np.asarray(written.dataobj), np.asarray(source.dataobj))
    for code in ("qform_code", "sform_code"):
        assert written.header[code] == source.header[code]


def test_napari_saves_labels_with_this_writer(sagittal_case, tmp_path):
    viewer = ViewerModel()
    viewer.open(sagittal_case, plugin="napari-shaspec")
    written = viewer.layers["truth"].save(str(tmp_path / "t.nii.gz"), plugin="napari-shaspec")
    assert written == [str(tmp_path / "t.nii.gz")]
    np.testing.assert_array_equal(nib.load(written[0]).affine, SAGITTAL)


def test_labels_painted_on_any_layer_are_saved_where_they_lie(tmp_path):
    layer = Labels(np.eye(6, dtype=int)[None].repeat(5, 0), scale=(2, 1, 1), translate=(9, 8, 7))
    image = nib.load(save_layer(tmp_path / "p.nii.gz", layer))
    np.testing.assert_allclose(image.affine[:3, 3], (-7, -8, 9))
    assert image.header.get_zooms() == (1, 1, 2)


def test_labels_that_were_moved_are_saved_where_they_are_now(sagittal_case, tmp_path):
    data, options, _ = read_layers(str(sagittal_case))[-1]
    layer = Labels(data, **options)
    layer.translate = np.add(layer.translate, (5, 0, 0))
    image = nib.load(save_layer(tmp_path / "m.nii.gz", layer))
    before = nib.load(sagittal_case / "anna_seg.nii.gz")
    assert image.affine[2, 3] == pytest.approx(before.affine[2, 3] + 5)


def test_labels_that_an_affine_moved_are_saved_where_they_are_seen(sagittal_case, tmp_path):
    data, options, _ = read_layers(str(sagittal_case))[-1]
    layer = Labels(data, **options)
    layer.affine = np.array([[1, 0, 0, 5], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    image = nib.load(save_layer(tmp_path / "m.nii.gz", layer))
    before = nib.load(sagittal_case / "anna_seg.nii.gz")
    assert image.affine[2, 3] == pytest.approx(before.affine[2, 3] + 5)
    backwards = Labels(data[::-1].copy(), scale=np.multiply(layer.scale, (-1, 1, 1)))
    read_back = nib.load(save_layer(tmp_path / "b.nii.gz", backwards))
    assert np.asarray(read_back.dataobj).transpose(2, 1, 0).tolist() == data.tolist()


def test_flat_and_rotated_labels_are_named_in_the_error(tmp_path):
    with pytest.raises(InputError, match=r"written as \.png"):
        save_layer(tmp_path / "f.nii", Labels(np.ones((4, 4), int), name="flat"))
    rotated = Labels(np.ones((4, 4, 4), int), name="tilted", rotate=(0, 0, 10))
    with pytest.raises(InputError, match="'tilted' is rotated"):
        save_layer(tmp_path / "r.nii", rotated)


def test_napari_saves_a_segmentation_for_slicer_with_the_names_of_the_task(sagittal_case, tmp_path):
    viewer = ViewerModel()
    viewer.open(sagittal_case, plugin="napari-shaspec")
    path = tmp_path / "t.seg.nrrd"
    assert viewer.layers["truth"].save(str(path)) == [str(path)]
    array, header = nrrd.read(str(path))
    np.testing.assert_array_equal(array, nib.load(sagittal_case / "anna_seg.nii.gz").dataobj)
    assert [header[f"Segment{k}_Name"] for k in range(3)] == ["NCR", "ED", "ET"]
