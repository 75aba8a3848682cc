"""The reader, called directly and through napari."""

from __future__ import annotations

import time

import nibabel as nib
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_shaspec.case.assignment import truths
from napari_shaspec.layers.metadata import origin
from napari_shaspec.reader import get_reader
from napari_shaspec.writer import save_layer
from shaspec.errors import InputError
from tests.napari_shaspec.scans import SAGITTAL, SCAN_SHAPE, read_layers, write_scan


def test_a_case_folder_becomes_named_layers_in_millimetres(sagittal_case):
    layers = read_layers(str(sagittal_case))
    assert [options["name"] for _, options, _ in layers] == ["T2", "T1", "FLAIR", "truth"]
    for data, options, _ in layers:
        assert data.shape == (18, 20, 16)
        assert options["scale"] == (1.0, 1.5, 3.0)
        assert options["units"] == "mm"
        assert options["axis_labels"] == ("S", "P", "L")
        what = options["metadata"]["shaspec"]
        assert what["case"] == "anna"
        assert what["path"].exists()
    assert not layers[-1][1]["visible"]
    assert layers[0][1]["metadata"]["shaspec"]["modality"] == "T2"


def test_a_sagittal_voxel_lies_where_the_scanner_says(sagittal_case):
    _, options, _ = read_layers(str(sagittal_case))[0]
    grid = options["metadata"]["shaspec"]["grid"]
    layer = Image(*read_layers(str(sagittal_case))[0][:1], **options)
    left, posterior, superior = (
        np.diag([-1, -1, 1]) @ (SAGITTAL @ [3.0, 4.0, 5.0, 1.0])[:3]
    ).tolist()
    voxel = np.round(layer.world_to_data((superior, posterior, left))).astype(int)
    original = np.asarray(nib.load(sagittal_case / "anna_t2.nii.gz").dataobj)
    assert layer.data[tuple(voxel)] == original[3, 4, 5]
    assert grid.source_shape == SCAN_SHAPE


def test_napari_opens_a_folder_with_this_reader(sagittal_case):
    viewer = ViewerModel()
    viewer.open(sagittal_case, plugin="napari-shaspec")
    assert [la.name for la in viewer.layers] == ["T2", "T1", "FLAIR", "truth"]
    assert all(str(unit) == "millimeter" for la in viewer.layers for unit in la.units)


def test_hovering_tells_region_and_volume(sagittal_case):
    viewer = ViewerModel()
    viewer.open(sagittal_case, plugin="napari-shaspec")
    truth = viewer.layers["truth"]
    place = np.argwhere(np.asarray(truth.data) == 4)[0]
    truth.visible = True
    position = truth.data_to_world(place)
    viewer.dims.set_point(0, position[0])  # napari reads the slice that is shown
    text = str(truth.get_status(position, world=True))
    assert "ET (enhancing tumour)" in text
    assert "volume_mL: 0.03" in text  # 7 voxels of 4.5 mm3


def test_one_file_is_named_after_its_modality(sagittal_case):
    ((_, options, kind),) = read_layers(str(sagittal_case / "anna_t1.nii.gz"))
    assert (options["name"], kind) == ("T1", "image")
    assert options["metadata"]["shaspec"]["case"] == "anna"


def test_a_label_file_becomes_labels_in_the_colours_of_the_task(sagittal_case):
    ((data, options, kind),) = read_layers(str(sagittal_case / "anna_seg.nii.gz"))
    assert kind == "labels"
    assert list(options["features"]["index"]) == [0, 1, 2, 4]
    assert set(np.unique(data)) == {0, 1, 2, 4}


def test_a_saved_result_is_opened_as_labels_and_not_taken_for_the_truth(sagittal_case, task):
    saved = sagittal_case / "anna_FLAIR+T2_pred.nii.gz"
    saved.write_bytes((sagittal_case / "anna_seg.nii.gz").read_bytes())
    ((data, options, kind),) = read_layers(str(saved))
    assert (kind, options["name"]) == ("labels", "anna_FLAIR+T2_pred")
    assert set(np.unique(data)) == {0, 1, 2, 4}
    layer = Labels(data, **options)
    assert truths([layer], task, "anna") == [layer]  # offered in Robustness,
    assert "kind" not in origin(layer)  # but not chosen by itself
    assert [o["name"] for _, o, _ in read_layers(str(sagittal_case))] == [
        "T2",
        "T1",
        "FLAIR",
        "truth",
    ]
    together = read_layers(
        [
            str(sagittal_case / "anna_flair.nii.gz"),
            str(sagittal_case / "anna_t1.nii.gz"),
            str(saved),
        ]
    )
    assert [o["name"] for _, o, _ in together] == ["T1", "FLAIR", "anna_FLAIR+T2_pred"]


def test_a_segmentation_of_slicer_is_opened_where_it_was_saved(sagittal_case, tmp_path):
    data, options, _ = read_layers(str(sagittal_case))[-1]
    path = save_layer(tmp_path / "corrected.seg.nrrd", Labels(data, **options))
    ((again, said, kind),) = read_layers(str(path))
    assert (kind, said["name"]) == ("labels", "corrected")
    np.testing.assert_array_equal(again, data)
    assert (said["scale"], said["translate"]) == (options["scale"], options["translate"])
    np.testing.assert_array_equal(said["colormap"].map(4), options["colormap"].map(4))
    together = read_layers(
        [str(sagittal_case / "anna_flair.nii.gz"), str(sagittal_case / "anna_t1.nii.gz"), str(path)]
    )
    assert [o["name"] for _, o, _ in together] == ["T1", "FLAIR", "corrected"]


def test_segments_that_no_task_has_keep_their_names(sagittal_case, tmp_path):
    data, options, _ = read_layers(str(sagittal_case))[-1]
    options["metadata"]["shaspec"]["labels"] = ()
    path = save_layer(tmp_path / "x.seg.nrrd", Labels((data > 0) * 1, **options))
    path.write_bytes(path.read_bytes().replace(b"label 1", b"kidney!"))
    ((again, said, _),) = read_layers(str(path))
    assert again.max() == 1
    assert said["features"]["segment"] == ["background", "kidney!"]
    assert Labels(again, **said).features["segment"].tolist() == ["background", "kidney!"]


def test_labels_of_another_kind_are_shown_as_they_are(tmp_path):
    values = np.arange(np.prod(SCAN_SHAPE), dtype=np.int32).reshape(SCAN_SHAPE) % 90
    path = write_scan(tmp_path / "organs_seg.nii.gz", values.astype(np.int16))
    ((data, _, kind),) = read_layers(str(path))
    assert kind == "labels"
    assert data.max() == 89


def test_labels_that_were_interpolated_are_shown_as_an_image_and_not_rounded(tmp_path):
    array = np.linspace(0, 4, 60).reshape(3, 4, 5).astype(np.float32)
    nib.save(nib.Nifti1Image(array, np.eye(4)), tmp_path / "p1_seg.nii")
    ((data, options, kind),) = read_layers(str(tmp_path / "p1_seg.nii"))
    assert (kind, options["name"]) == ("image", "p1_seg")
    assert sorted(data.ravel().tolist()) == sorted(array.ravel().tolist())


def test_a_file_with_another_name_becomes_an_image(tmp_path):
    ((_, options, kind),) = read_layers(str(write_scan(tmp_path / "something.nii.gz")))
    assert (options["name"], kind) == ("something", "image")
    assert "modality" not in options["metadata"]["shaspec"]


def test_files_that_belong_together_become_one_case(sagittal_case):
    paths = [str(sagittal_case / f"anna_{name}.nii.gz") for name in ("flair", "t1")]
    layers = read_layers(paths)
    assert [options["name"] for _, options, _ in layers] == ["T1", "FLAIR"]
    assert {options["metadata"]["shaspec"]["case"] for _, options, _ in layers} == {"anna"}


def test_files_dropped_one_by_one_fill_the_rows_of_one_case(sagittal_case, engine):
    from napari_shaspec.jobs.runner import run_here
    from napari_shaspec.segment.controller import SegmentController

    viewer = ViewerModel()
    control = SegmentController(viewer, engine=engine, run=run_here)
    for name in ("t1", "flair", "t2"):
        viewer.open(sagittal_case / f"anna_{name}.nii.gz", plugin="napari-shaspec")
    assert control.state.case == "anna"
    assert control.state.present == {"FLAIR", "T1", "T2"}
    control.close()


def test_folders_without_nifti_are_refused_at_once(tmp_path):
    store = tmp_path / "image.zarr"
    for k in range(30):
        (store / str(k)).mkdir(parents=True)
        for j in range(30):
            (store / str(k) / str(j)).touch()
    begin = time.perf_counter()
    assert get_reader(str(store)) is None
    assert get_reader(str(tmp_path / "image.png")) is None
    assert get_reader([]) is None
    assert get_reader([str(tmp_path / "a.nii"), str(tmp_path / "b.png")]) is None
    assert time.perf_counter() - begin < 1


def test_a_cut_off_file_is_named_in_the_error(sagittal_case):
    path = sagittal_case / "anna_t1.nii.gz"
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(InputError, match=r"anna_t1\.nii\.gz"):
        read_layers(str(sagittal_case))


def test_open_layers_stay_when_a_file_is_refused(sagittal_case):
    viewer = ViewerModel()
    viewer.open(sagittal_case, plugin="napari-shaspec")
    (sagittal_case / "x").mkdir()
    bad = sagittal_case / "x" / "b_t1.nii"
    bad.write_bytes(b"this is no volume" * 50)
    with pytest.raises(InputError, match=r"b_t1\.nii"):
        viewer.open(bad, plugin="napari-shaspec")
    assert len(viewer.layers) == 4


def test_two_files_for_one_modality_are_refused_with_both_names(sagittal_case):
    write_scan(sagittal_case / "second_t1.nii.gz")
    with pytest.raises(InputError, match=r"contains 2 cases \(anna, second\)"):
        read_layers(str(sagittal_case))


def test_a_folder_of_cases_asks_for_one_of_them(sagittal_case):
    write_scan(sagittal_case.parent / "berta" / "berta_t1.nii.gz")
    with pytest.raises(InputError, match="2 cases"):
        read_layers(str(sagittal_case.parent))


def test_every_layer_has_metadata(sagittal_case):
    viewer = ViewerModel()
    viewer.open(sagittal_case, plugin="napari-shaspec")
    assert [origin(la)["kind"] for la in viewer.layers] == ["modality"] * 3 + ["truth"]
