"""Reader and writer, called directly and through napari."""

from __future__ import annotations

import time
from pathlib import Path

import nibabel as nib
import nrrd
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_shaspec.case.assignment import truths
from napari_shaspec.layers.metadata import origin
from napari_shaspec.reader import get_reader
from napari_shaspec.writer import save_layer, write_labels
from shaspec.errors import InputError

SHAPE = (20, 18, 16)  # i, j, k of the files
SAGITTAL = np.array(
    [[0.0, 0, -3, 40], [1.5, 0, 0, -20], [0, 1, 0, -10], [0, 0, 0, 1]]
)  # a sagittal acquisition: napari aborts if it is given this affine


def write(path: Path, affine=SAGITTAL, values=None, dtype=np.int16, shape=SHAPE) -> Path:
    data = np.random.default_rng(len(path.name)).integers(1, 500, shape).astype(dtype)
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(data if values is None else values, affine), path)
    return path


@pytest.fixture
def case(tmp_path):
    """A folder with three of four modalities and labels."""
    folder = tmp_path / "anna"
    for name in ("flair", "t1", "t2"):
        write(folder / f"anna_{name}.nii.gz")
    labels = np.zeros(SHAPE, np.uint8)
    labels[4:9, 4:9, 4:9] = 2
    labels[5:7, 5:7, 5:7] = 4
    labels[6, 6, 6] = 1
    write(folder / "anna_seg.nii.gz", values=labels)
    return folder


def read(path) -> list:
    reader = get_reader(path)
    assert reader is not None
    return reader(path)


def test_a_case_folder_becomes_named_layers_in_millimetres(case):
    layers = read(str(case))
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


def test_a_sagittal_voxel_lies_where_the_scanner_says(case):
    _, options, _ = read(str(case))[0]
    grid = options["metadata"]["shaspec"]["grid"]
    layer = Image(*read(str(case))[0][:1], **options)
    left, posterior, superior = (
        np.diag([-1, -1, 1]) @ (SAGITTAL @ [3.0, 4.0, 5.0, 1.0])[:3]
    ).tolist()
    voxel = np.round(layer.world_to_data((superior, posterior, left))).astype(int)
    original = np.asarray(nib.load(case / "anna_t2.nii.gz").dataobj)
    assert layer.data[tuple(voxel)] == original[3, 4, 5]
    assert grid.source_shape == SHAPE


def test_napari_opens_a_folder_with_this_reader(case):
    viewer = ViewerModel()
    viewer.open(case, plugin="napari-shaspec")
    assert [la.name for la in viewer.layers] == ["T2", "T1", "FLAIR", "truth"]
    assert all(str(unit) == "millimeter" for la in viewer.layers for unit in la.units)


def test_hovering_tells_region_and_volume(case):
    viewer = ViewerModel()
    viewer.open(case, plugin="napari-shaspec")
    truth = viewer.layers["truth"]
    place = np.argwhere(np.asarray(truth.data) == 4)[0]
    truth.visible = True
    position = truth.data_to_world(place)
    viewer.dims.set_point(0, position[0])  # napari reads the slice that is shown
    text = str(truth.get_status(position, world=True))
    assert "ET (enhancing tumour)" in text
    assert "volume_mL: 0.03" in text  # 7 voxels of 4.5 mm3


def test_one_file_is_named_after_its_modality(case):
    ((_, options, kind),) = read(str(case / "anna_t1.nii.gz"))
    assert (options["name"], kind) == ("T1", "image")
    assert options["metadata"]["shaspec"]["case"] == "anna"


def test_a_label_file_becomes_labels_in_the_colours_of_the_task(case):
    ((data, options, kind),) = read(str(case / "anna_seg.nii.gz"))
    assert kind == "labels"
    assert list(options["features"]["index"]) == [0, 1, 2, 4]
    assert set(np.unique(data)) == {0, 1, 2, 4}


def test_a_saved_result_is_opened_as_labels_and_not_taken_for_the_truth(case, task):
    saved = case / "anna_FLAIR+T2_pred.nii.gz"
    saved.write_bytes((case / "anna_seg.nii.gz").read_bytes())
    ((data, options, kind),) = read(str(saved))
    assert (kind, options["name"]) == ("labels", "anna_FLAIR+T2_pred")
    assert set(np.unique(data)) == {0, 1, 2, 4}
    layer = Labels(data, **options)
    assert truths([layer], task, "anna") == [layer]  # offered in Robustness,
    assert "kind" not in origin(layer)  # but not chosen by itself
    assert [o["name"] for _, o, _ in read(str(case))] == ["T2", "T1", "FLAIR", "truth"]
    together = read([str(case / "anna_flair.nii.gz"), str(case / "anna_t1.nii.gz"), str(saved)])
    assert [o["name"] for _, o, _ in together] == ["T1", "FLAIR", "anna_FLAIR+T2_pred"]


def test_a_segmentation_of_slicer_is_opened_where_it_was_saved(case, tmp_path):
    data, options, _ = read(str(case))[-1]
    path = save_layer(tmp_path / "corrected.seg.nrrd", Labels(data, **options))
    ((again, said, kind),) = read(str(path))
    assert (kind, said["name"]) == ("labels", "corrected")
    np.testing.assert_array_equal(again, data)
    assert (said["scale"], said["translate"]) == (options["scale"], options["translate"])
    np.testing.assert_array_equal(said["colormap"].map(4), options["colormap"].map(4))
    together = read([str(case / "anna_flair.nii.gz"), str(case / "anna_t1.nii.gz"), str(path)])
    assert [o["name"] for _, o, _ in together] == ["T1", "FLAIR", "corrected"]


def test_segments_that_no_task_has_keep_their_names(case, tmp_path):
    data, options, _ = read(str(case))[-1]
    options["metadata"]["shaspec"]["labels"] = ()
    path = save_layer(tmp_path / "x.seg.nrrd", Labels((data > 0) * 1, **options))
    path.write_bytes(path.read_bytes().replace(b"label 1", b"kidney!"))
    ((again, said, _),) = read(str(path))
    assert again.max() == 1
    assert said["features"]["segment"] == ["background", "kidney!"]
    assert Labels(again, **said).features["segment"].tolist() == ["background", "kidney!"]


def test_labels_of_another_kind_are_shown_as_they_are(tmp_path):
    values = np.arange(np.prod(SHAPE), dtype=np.int32).reshape(SHAPE) % 90
    path = write(tmp_path / "organs_seg.nii.gz", values=values.astype(np.int16))
    ((data, _, kind),) = read(str(path))
    assert kind == "labels"
    assert data.max() == 89


def test_a_file_with_another_name_becomes_an_image(tmp_path):
    ((_, options, kind),) = read(str(write(tmp_path / "something.nii.gz")))
    assert (options["name"], kind) == ("something", "image")
    assert "modality" not in options["metadata"]["shaspec"]


def test_files_that_belong_together_become_one_case(case):
    paths = [str(case / f"anna_{name}.nii.gz") for name in ("flair", "t1")]
    layers = read(paths)
    assert [options["name"] for _, options, _ in layers] == ["T1", "FLAIR"]
    assert {options["metadata"]["shaspec"]["case"] for _, options, _ in layers} == {"anna"}


def test_files_dropped_one_by_one_fill_the_rows_of_one_case(case, engine):
    from napari_shaspec.jobs.runner import run_here
    from napari_shaspec.segment.controller import SegmentController

    viewer = ViewerModel()
    control = SegmentController(viewer, engine=engine, run=run_here)
    for name in ("t1", "flair", "t2"):
        viewer.open(case / f"anna_{name}.nii.gz", plugin="napari-shaspec")
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


def test_a_cut_off_file_is_named_in_the_error(case):
    path = case / "anna_t1.nii.gz"
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(InputError, match=r"anna_t1\.nii\.gz"):
        read(str(case))


def test_open_layers_stay_when_a_file_is_refused(case):
    viewer = ViewerModel()
    viewer.open(case, plugin="napari-shaspec")
    (case / "x").mkdir()
    bad = case / "x" / "b_t1.nii"
    bad.write_bytes(b"this is no volume" * 50)
    with pytest.raises(InputError, match=r"b_t1\.nii"):
        viewer.open(bad, plugin="napari-shaspec")
    assert len(viewer.layers) == 4


def test_two_files_for_one_modality_are_refused_with_both_names(case):
    write(case / "second_t1.nii.gz")
    with pytest.raises(InputError, match=r"contains 2 cases \(anna, second\)"):
        read(str(case))


def test_a_folder_of_cases_asks_for_one_of_them(case):
    write(case.parent / "berta" / "berta_t1.nii.gz")
    with pytest.raises(InputError, match="2 cases"):
        read(str(case.parent))


# -- writing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_labels_go_back_onto_the_grid_of_their_file(case, tmp_path, ending):
    data, options, _ = read(str(case))[-1]
    path = tmp_path / f"out{ending}"
    assert write_labels(str(path), data, options) == [str(path)]
    source, written = nib.load(case / "anna_seg.nii.gz"), nib.load(path)
    np.testing.assert_array_equal(written.affine, source.affine)
    np.testing.assert_array_equal(np.asarray(written.dataobj), np.asarray(source.dataobj))
    for code in ("qform_code", "sform_code"):
        assert written.header[code] == source.header[code]


def test_napari_saves_labels_with_this_writer(case, tmp_path):
    viewer = ViewerModel()
    viewer.open(case, plugin="napari-shaspec")
    written = viewer.layers["truth"].save(str(tmp_path / "t.nii.gz"), plugin="napari-shaspec")
    assert written == [str(tmp_path / "t.nii.gz")]
    np.testing.assert_array_equal(nib.load(written[0]).affine, SAGITTAL)


def test_labels_painted_on_any_layer_are_saved_where_they_lie(tmp_path):
    layer = Labels(np.eye(6, dtype=int)[None].repeat(5, 0), scale=(2, 1, 1), translate=(9, 8, 7))
    image = nib.load(save_layer(tmp_path / "p.nii.gz", layer))
    np.testing.assert_allclose(image.affine[:3, 3], (-7, -8, 9))
    assert image.header.get_zooms() == (1, 1, 2)


def test_labels_that_were_moved_are_saved_where_they_are_now(case, tmp_path):
    data, options, _ = read(str(case))[-1]
    layer = Labels(data, **options)
    layer.translate = np.add(layer.translate, (5, 0, 0))
    image = nib.load(save_layer(tmp_path / "m.nii.gz", layer))
    before = nib.load(case / "anna_seg.nii.gz")
    assert image.affine[2, 3] == pytest.approx(before.affine[2, 3] + 5)


def test_labels_that_an_affine_moved_are_saved_where_they_are_seen(case, tmp_path):
    data, options, _ = read(str(case))[-1]
    layer = Labels(data, **options)
    layer.affine = np.array([[1, 0, 0, 5], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    image = nib.load(save_layer(tmp_path / "m.nii.gz", layer))
    before = nib.load(case / "anna_seg.nii.gz")
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


def test_every_layer_has_metadata(case):
    viewer = ViewerModel()
    viewer.open(case, plugin="napari-shaspec")
    assert [origin(la)["kind"] for la in viewer.layers] == ["modality"] * 3 + ["truth"]


def test_napari_saves_a_segmentation_for_slicer_with_the_names_of_the_task(case, tmp_path):
    viewer = ViewerModel()
    viewer.open(case, plugin="napari-shaspec")
    path = tmp_path / "t.seg.nrrd"
    assert viewer.layers["truth"].save(str(path)) == [str(path)]
    array, header = nrrd.read(str(path))
    np.testing.assert_array_equal(array, nib.load(case / "anna_seg.nii.gz").dataobj)
    assert [header[f"Segment{k}_Name"] for k in range(3)] == ["NCR", "ED", "ET"]
