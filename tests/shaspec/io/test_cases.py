"""Cases from folders, lists, mappings and arrays."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.io import case_from_arrays, find_case, read_case
from shaspec.task import Task

NAMES = ["p_flair.nii.gz", "p_t1.nii.gz", "p_t1ce.nii.gz", "p_t2.nii.gz"]


def head(shape: tuple[int, int, int] = (12, 10, 8), seed: int = 0) -> Any:
    """A box of random tissue in an empty background."""
    volume = np.zeros(shape, np.float32)
    inside = tuple(slice(2, n - 2) for n in shape)
    volume[inside] = np.random.default_rng(seed).uniform(100, 900, volume[inside].shape)
    return volume


def test_a_folder_is_read_whole(brats: Task, write_case: Any, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "p", NAMES, {"p_seg.nii.gz": [1, 2, 4]})
    case = read_case(folder, brats)
    assert case.name == "p"
    assert case.present == brats.names
    assert case.files["T1ce"] == folder / "p_t1ce.nii.gz"
    assert case.files["labels"] == folder / "p_seg.nii.gz"
    assert case.labels is not None
    assert sorted(np.unique(case.labels)) == [0, 1, 2, 4]
    assert case.notices == ("labels read as BraTS 2017-2021 (1 NCR, 2 ED, 4 ET), by their values",)
    assert case.grid.header is not None


@pytest.mark.parametrize("gone", range(4))
def test_any_file_may_be_missing(gone: int, brats: Task, write_case: Any, tmp_path: Path) -> None:
    names = [name for k, name in enumerate(NAMES) if k != gone]
    case = read_case(str(write_case(tmp_path / "p", names)), brats)
    assert case.missing == (brats.names[gone],)
    assert case.labels is None


def test_a_list_and_a_mapping_give_the_same_case_as_the_folder(
    brats: Task, write_case: Any, tmp_path: Path
) -> None:
    folder = write_case(tmp_path / "p", NAMES, {"p_seg.nii.gz": [1, 2, 4]})
    files = sorted(folder.iterdir())
    mapping = {"t1": files[0], "Flair": files[2], "LABELS": folder / "p_seg.nii.gz"}

    from_list = read_case(files, brats)
    from_mapping = read_case(mapping, brats)
    again = read_case(find_case(folder, brats), brats)

    for case in (from_list, from_mapping, again):
        assert case.name == "p"
        assert case.labels is not None
        assert sorted(np.unique(case.labels)) == [0, 1, 2, 4]
    assert from_mapping.present == ("FLAIR", "T1")
    assert from_mapping.files["T1"] == files[0]
    assert from_list.present == again.present == brats.names


def test_a_list_with_one_file_is_that_file(brats: Task, write_case: Any, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "p", NAMES)
    assert read_case([folder / NAMES[1]], brats).present == ("T1",)


def test_lists_and_mappings_that_cannot_be_used_are_refused(
    brats: Task, write_case: Any, tmp_path: Path
) -> None:
    folder = write_case(tmp_path / "p", [*NAMES, "q_t1.nii", "adc.nii"])
    with pytest.raises(InputError, match=r"contains 2 cases \(p, q\)"):
        read_case(folder, brats)
    twice = write_case(tmp_path / "twice", [*NAMES, "p_T1w.nii"])
    with pytest.raises(InputError, match=r"p_T1w\.nii and p_t1\.nii\.gz both look like T1"):
        read_case(twice, brats)
    with pytest.raises(InputError, match="both look like T1"):
        read_case([folder / "p_t1.nii.gz", folder / "q_t1.nii"], brats)
    with pytest.raises(InputError, match=r"adc\.nii.*the modality is unclear"):
        read_case([folder / "p_t1.nii.gz", folder / "adc.nii"], brats)
    with pytest.raises(InputError, match="unknown modality PET"):
        read_case({"PET": folder / "p_t1.nii.gz"}, brats)
    with pytest.raises(InputError, match="no modality was given"):
        read_case({"labels": folder / "p_t1.nii.gz"}, brats)
    with pytest.raises(InputError, match="no modality was given"):
        read_case([], brats)


def test_labels_are_read_only_if_wanted(brats: Task, write_case: Any, tmp_path: Path) -> None:
    folder = write_case(tmp_path / "p", NAMES, {"p_seg.nii": [77.5]})
    with pytest.raises(InputError, match=r"p_seg\.nii.*whole numbers"):
        read_case(folder, brats)
    assert read_case(folder, brats, with_labels=False).labels is None


@pytest.mark.parametrize(
    ("scheme", "codes", "expected"),
    [(None, [1, 2, 4], [0, 1, 2, 4]), ("2023", [1, 2, 3], [0, 1, 2, 4]),
     ("2015", [1, 2, 3], [0, 1, 2]), ("BraTS 2012", [1, 2, 3, 4], [0, 1, 2, 4])],
)  # fmt: skip
def test_the_label_scheme_can_be_named(
    scheme: Any, codes: Any, expected: Any, brats: Task, write_case: Any, tmp_path: Path
) -> None:
    folder = write_case(tmp_path / "p", NAMES, {"p_seg.nii": codes})
    case = read_case(folder, brats, scheme=scheme)
    assert case.labels is not None
    assert np.unique(case.labels).tolist() == expected


def test_the_other_names_of_a_case_speak_for_a_scheme(
    brats: Task, write_case: Any, tmp_path: Path
) -> None:
    old = write_case(tmp_path / "brats_tcia_pat1_1", ["Flair.nii"], {"segmentation.nii": [1, 3]})
    newer = write_case(tmp_path / "q", ["x-t2f.nii"], {"x-seg.nii": [1, 2, 3]})
    plain = write_case(tmp_path / "p", ["Flair.nii"], {"segmentation.nii": [1, 2, 3]})
    assert "2015" in read_case(old, brats).notices[-1]
    assert "2023" in read_case(newer, brats).notices[-1]
    with pytest.raises(InputError, match=r"segmentation\.nii.*--scheme"):
        read_case(plain, brats)


def test_an_empty_label_map_is_read(brats: Task, write_case: Any, tmp_path: Path) -> None:
    labels = read_case(write_case(tmp_path / "p", NAMES, {"p_seg.nii": []}), brats).labels
    assert labels is not None
    assert not labels.any()


@pytest.mark.parametrize("value", [0, 7, np.nan])
def test_an_empty_volume_counts_as_missing_unless_it_is_asked_for(
    value: float, brats: Task, write_case: Any, write_file: Any, tmp_path: Path
) -> None:
    folder = write_case(tmp_path / "p", NAMES)
    write_file(folder / NAMES[2], np.full((6, 5, 4), value, np.float32))
    case = read_case(folder, brats)
    assert case.missing == ("T1ce",)
    assert "T1ce" not in case.files
    assert any("T1ce (p_t1ce.nii.gz) is empty" in notice for notice in case.notices)
    assert not read_case(folder, brats, present=("T1", "T2")).notices
    with pytest.raises(InputError, match=r"has no T1ce, which --present requests.*is empty"):
        read_case(folder, brats, present=("T1ce", "T2"))
    for name in NAMES:
        write_file(folder / name, np.full((6, 5, 4), value, np.float32))
    with pytest.raises(InputError, match=r"p_flair\.nii\.gz: no modality of case p contains an"):
        read_case(folder, brats)


def test_a_channel_of_zeros_in_a_4d_file_counts_as_missing(
    brats: Task, write_file: Any, tmp_path: Path
) -> None:
    voxels = np.stack([head(seed=k) for k in range(4)], axis=-1)
    voxels[..., 2] = 0
    path = write_file(tmp_path / "x.nii.gz", voxels)
    assert read_case(path, brats).present == ("FLAIR", "T1", "T2")
    assert read_case(path, brats, present=("FLAIR", "T2")).present == ("FLAIR", "T2")


def test_nan_is_background_with_a_notice(brats: Task, write_file: Any, tmp_path: Path) -> None:
    plain = head()
    holes = np.where(plain == 0, np.nan, plain)
    holes[5, 5, 4] = np.nan
    write_file(tmp_path / "t1.nii", holes)
    case = read_case(tmp_path / "t1.nii", brats)
    plain[5, 5, 4] = 0
    np.testing.assert_array_equal(case.grid.to_file(case.volumes["T1"]), plain)
    assert "1 of these voxels are enclosed by measured ones" in case.notices[0]


# -- grids ---------------------------------------------------------------------------------------


def test_another_orientation_of_the_same_voxels_needs_no_resampling(
    brats: Task, write_file: Any, tmp_path: Path
) -> None:
    volume = head()
    write_file(tmp_path / "p" / "t1.nii", volume)
    mirrored = np.diag([1.0, -1.0, 1.0, 1.0])
    mirrored[0, 3] = -(volume.shape[0] - 1)
    write_file(tmp_path / "p" / "t2.nii", volume[::-1], mirrored)
    case = read_case(tmp_path / "p", brats)
    assert not any("grid" in notice for notice in case.notices)
    np.testing.assert_array_equal(case.volumes["T1"], case.volumes["T2"])


def test_a_volume_on_another_grid_is_resampled_to_the_first_with_a_notice(
    brats: Task, write_file: Any, tmp_path: Path
) -> None:
    smooth = np.add.outer(np.arange(12.0), np.add.outer(np.arange(10.0), np.arange(8.0)))
    smooth = (smooth + 100).astype(np.float32)
    write_file(tmp_path / "p" / "t1.nii", smooth)
    fine = np.repeat(np.repeat(np.repeat(smooth, 2, 0), 2, 1), 2, 2)
    affine = np.diag([-0.5, -0.5, 0.5, 1.0])
    affine[:3, 3] = (0.25, 0.25, -0.25)
    write_file(tmp_path / "p" / "t2.nii", fine, affine)
    write_file(tmp_path / "p" / "seg.nii", 4 * (fine > 110).astype(np.uint8), affine)

    case = read_case(tmp_path / "p", brats)

    assert case.grid.spacing == (1, 1, 1)
    assert "T2 (t2.nii) has another grid: resampled to the grid of t1.nii" in case.notices
    assert any("labels (seg.nii)" in notice for notice in case.notices)
    np.testing.assert_allclose(case.volumes["T2"], case.volumes["T1"], atol=0.76)
    assert case.labels is not None
    assert set(np.unique(case.labels)) <= {0, 4}


def test_outside_of_a_resampled_volume_is_its_background(
    brats: Task, write_file: Any, tmp_path: Path
) -> None:
    write_file(tmp_path / "p" / "t1.nii", head())
    ct = head() - 1000
    shifted = np.diag([-1.0, -1.0, 1.0, 1.0])
    shifted[2, 3] = 4
    write_file(tmp_path / "p" / "t2.nii", ct, shifted)
    case = read_case(tmp_path / "p", brats)
    assert "covers 50%" in case.notices[0]
    assert (case.volumes["T2"][:3] == -1000).all()


def test_volumes_that_do_not_overlap_are_refused(
    brats: Task, write_file: Any, tmp_path: Path
) -> None:
    write_file(tmp_path / "p" / "t1.nii", head())
    far = np.diag([-1.0, -1.0, 1.0, 1.0])
    far[0, 3] = 900
    write_file(tmp_path / "p" / "t2.nii", head(), far)
    with pytest.raises(InputError, match=r"t2\.nii: T2 does not overlap with t1\.nii"):
        read_case(tmp_path / "p", brats)


def test_a_volume_without_a_position_is_taken_voxel_by_voxel(
    brats: Task, write_file: Any, tmp_path: Path
) -> None:
    write_file(tmp_path / "p" / "flair.nii", head(), np.eye(4), codes=(0, 0))
    write_file(tmp_path / "p" / "t1.nii", head(), np.eye(4))
    case = read_case(tmp_path / "p", brats)
    np.testing.assert_array_equal(case.volumes["FLAIR"], case.volumes["T1"])
    assert any("FLAIR (flair.nii) has no position" in notice for notice in case.notices)

    write_file(tmp_path / "p" / "flair.nii", head((9, 9, 9)), np.eye(4), codes=(0, 0))
    with pytest.raises(InputError, match=r"flair\.nii.*its shape \(9, 9, 9\)"):
        read_case(tmp_path / "p", brats)


def test_an_oblique_case_says_so(brats: Task, write_file: Any, tmp_path: Path) -> None:
    angle = np.deg2rad(10)
    affine = np.eye(4)
    affine[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    write_file(tmp_path / "t1.nii", head(), affine)
    assert "obliquely" in read_case(tmp_path / "t1.nii", brats).notices[0]


def shift(mm: float) -> Any:
    """The affine of the test files, moved along the third axis."""
    affine = np.diag([-1.0, -1.0, 1.0, 1.0])
    affine[2, 3] = mm
    return affine


def with_labels(write_file: Any, folder: Path, affine: Any, shape: Any = (12, 10, 8)) -> Path:
    """A case with a FLAIR and labels on the grid of ``affine``."""
    write_file(folder / "flair.nii", head())
    labels = np.zeros(shape, np.uint8)
    labels[4:8, 4:6, 2:5] = 4
    write_file(folder / "seg.nii", labels, affine)
    return folder


@pytest.mark.parametrize("mm", [1, -3, 6, 900])
def test_labels_with_a_shifted_header_are_refused_with_the_options(
    mm: float, brats: Task, write_file: Any, tmp_path: Path
) -> None:
    folder = with_labels(write_file, tmp_path / "p", shift(mm))
    with pytest.raises(InputError, match=r"seg\.nii: the labels have the shape.*--labels-by-voxel"):
        read_case(folder, brats)
    by_voxel = read_case(folder, brats, labels_by_voxel=True)
    assert np.argwhere(by_voxel.grid.to_file(by_voxel.labels))[0].tolist() == [4, 4, 2]
    assert any("taken voxel by voxel" in notice for notice in by_voxel.notices)


@pytest.mark.parametrize("mm", [1, -2])
def test_labels_are_taken_by_their_header_where_that_is_asked_for(
    mm: float, brats: Task, write_file: Any, tmp_path: Path
) -> None:
    folder = with_labels(write_file, tmp_path / "p", shift(mm))
    case = read_case(folder, brats, labels_by_voxel=False)
    assert np.argwhere(case.grid.to_file(case.labels))[0].tolist() == [4, 4, 2 + mm]


@pytest.mark.parametrize("mm", [4, -3, 900])
def test_labels_that_would_lose_voxels_are_refused(
    mm: float, brats: Task, write_file: Any, tmp_path: Path
) -> None:
    folder = with_labels(write_file, tmp_path / "p", shift(mm), (12, 10, 9))
    with pytest.raises(InputError, match=r"seg\.nii: \d+ of 24 labelled voxels are outside flair"):
        read_case(folder, brats)
    with pytest.raises(
        InputError, match=r"seg\.nii: --labels-by-voxel requires labels with the shape"
    ):
        read_case(folder, brats, labels_by_voxel=True)


def test_a_label_that_vanishes_on_a_coarse_grid_is_refused(
    brats: Task, write_file: Any, tmp_path: Path
) -> None:
    write_file(tmp_path / "p" / "flair.nii", head(), np.diag([-4.0, -4.0, 4.0, 1.0]))
    labels = np.zeros((44, 36, 28), np.uint8)
    labels[6, 6, 6] = 4
    write_file(tmp_path / "p" / "seg.nii", labels)
    with pytest.raises(InputError, match=r"seg\.nii: no voxel of the labels 4 remains.*--grid"):
        read_case(tmp_path / "p", brats)


def test_labels_on_the_grid_of_another_volume_lie_where_that_lies(
    brats: Task, write_file: Any, tmp_path: Path
) -> None:
    folder = with_labels(write_file, tmp_path / "p", shift(2))
    write_file(folder / "t2.nii", head(seed=1), shift(2))
    case = read_case(folder, brats)
    assert np.argwhere(case.grid.to_file(case.labels))[0].tolist() == [4, 4, 4]


def write_on_grids(write_file: Any, folder: Path) -> Path:
    """Four modalities on three grids."""
    write_file(folder / "flair.nii", head(), np.diag([-2.0, -2.0, 2.0, 1.0]))
    write_file(folder / "t1.nii", head((20, 18, 14), 1))
    write_file(folder / "t1ce.nii", head((20, 18, 14), 2))
    write_file(folder / "t2.nii", head((14, 18, 8), 3), np.diag([-1.0, -1.0, 2.0, 1.0]))
    return folder


SUBSETS = [("FLAIR", "T2"), ("T1", "T1ce"), ("T1", "T2"), ("T1ce",), ("T2",)]


@pytest.mark.parametrize("subset", SUBSETS)
@pytest.mark.parametrize("grid", ["", "finest"])
def test_leaving_modalities_out_and_deleting_their_files_give_the_same_case(
    subset: Any, grid: str, brats: Task, write_file: Any, tmp_path: Path
) -> None:
    folder = write_on_grids(write_file, tmp_path / "p")
    left_out = read_case(folder, brats, present=subset, grid=grid)
    reduced = read_case(folder, brats, grid=grid).only(subset)
    for name in set(brats.names) - set(subset):
        (folder / f"{name.lower()}.nii").unlink()
    deleted = read_case(folder, brats, grid=grid)
    for case in (left_out, reduced):
        assert case.grid.matches(deleted.grid)
        assert case.present == deleted.present
        for name in subset:
            np.testing.assert_array_equal(case.volumes[name], deleted.volumes[name])
    assert left_out.notices == deleted.notices


@pytest.mark.parametrize(
    ("grid", "spacing"),
    [("", (2, 2, 2)), ("t1", (1, 1, 1)), ("T2", (2, 1, 1)), ("finest", (1,) * 3)],
)
def test_the_grid_can_be_chosen(
    grid: str, spacing: Any, brats: Task, write_file: Any, tmp_path: Path
) -> None:
    folder = write_on_grids(write_file, tmp_path / "p")
    assert read_case(folder, brats, grid=grid).grid.spacing == spacing
    with pytest.raises(InputError, match="--grid T1: this modality is missing"):
        read_case(folder, brats, grid="T1", present=("T2",))


# -- 4D ------------------------------------------------------------------------------------------


def test_a_decathlon_case_is_read_in_the_order_of_its_description(
    brats: Task, write_file: Any, tmp_path: Path
) -> None:
    names = {"0": "FLAIR", "1": "T1w", "2": "t1gd", "3": "T2w"}
    voxels = np.stack([head(seed=k) for k in range(4)], axis=-1)
    path = write_file(tmp_path / "imagesTr" / "BRATS_001.nii.gz", voxels)
    labels = np.zeros(voxels.shape[:3], np.uint8)
    labels.flat[:3] = [1, 2, 3]
    write_file(tmp_path / "labelsTr" / "BRATS_001.nii.gz", labels)
    (tmp_path / "dataset.json").write_text(json.dumps({"modality": names}))

    case = read_case(path, brats)

    assert case.name == "BRATS_001"
    assert case.present == brats.names
    for k, name in enumerate(brats.names):
        np.testing.assert_array_equal(case.grid.to_file(case.volumes[name]), voxels[..., k])
    assert case.labels is not None
    # There 1 is oedema and 2 the core, unlike everywhere else.
    assert case.grid.to_file(case.labels).ravel(order="C")[:3].tolist() == [2, 1, 4]
    assert any("Decathlon" in notice for notice in case.notices)


def test_too_few_channels_are_refused(brats: Task, write_file: Any, tmp_path: Path) -> None:
    voxels = np.stack([head(seed=k) for k in range(3)], axis=-1)
    with pytest.raises(InputError, match="contains 3 volumes, 4 were expected"):
        read_case(write_file(tmp_path / "x.nii.gz", voxels), brats)


def test_a_time_series_is_refused_as_a_case(brats: Task, write_file: Any, tmp_path: Path) -> None:
    voxels = np.stack([head(seed=k) for k in range(6)], axis=-1)
    with pytest.raises(InputError, match=r"contains 6 volumes, but FLAIR.*are 4.*dataset\.json"):
        read_case(write_file(tmp_path / "x.nii.gz", voxels), brats)


# -- arrays --------------------------------------------------------------------------------------


def test_arrays_make_a_case(brats: Task) -> None:
    labels = np.zeros((12, 10, 8), np.int64)
    labels[3, 3, 3] = 4
    case = case_from_arrays({"T2": head()}, brats, spacing=(3, 1, 1), labels=labels, name="a")
    assert case.present == ("T2",)
    assert case.grid.voxel_ml == pytest.approx(0.003)
    assert case.labels is not None
    assert case.labels.dtype == np.uint8


@pytest.mark.parametrize(
    ("volumes", "labels", "match"),
    [
        ({}, None, "no modality"),
        ({"PET": head()}, None, "unknown modality"),
        ({"T1": np.zeros((4, 4, 4))}, None, "T1: every value is 0"),
        ({"T1": np.full((4, 4, 4), np.nan)}, None, "none of its values"),
        ({"T1": np.full((4, 4, 4), np.inf)}, None, "infinite"),
        ({"T1": np.zeros((4, 4))}, None, "three axes"),
        ({"T1": np.array([[["a"]]])}, None, "real numbers"),
        ({"T1": head(), "T2": head((9, 9, 9))}, None, "shape"),
        ({"T1": head()}, np.full((12, 10, 8), 3), "does not define"),
        ({"T1": head()}, np.zeros((1, 1, 1), np.uint8), "shape"),
    ],
)
def test_arrays_that_make_no_case_are_refused(
    volumes: Any, labels: Any, match: str, brats: Task
) -> None:
    with pytest.raises(InputError, match=match):
        case_from_arrays(volumes, brats, labels=labels)


def test_arrays_may_come_with_a_grid(brats: Task) -> None:
    grid = Grid((12, 10, 8), (2.0, 1.0, 1.0), (5.0, 6.0, 7.0))
    assert case_from_arrays({"T1": head()}, brats, grid=grid).grid is grid


# -- pictures ----------------------------------------------------------------------------------


def test_a_case_of_pictures_is_read_from_a_folder_or_from_files(
    write_pictures: Callable[..., Path], picture_case: Case, rgbd: Task, tmp_path: Path
) -> None:
    folder = write_pictures(tmp_path / "39", picture_case, "rgb.png", "depth.png", "label.png")
    write_pictures(tmp_path, picture_case, "rgb/40.png", "depth/40.png")
    case = read_case(folder, rgbd)
    assert case.name == "39"
    assert case.grid.shape == (40, 52)
    for name, array in picture_case.volumes.items():
        np.testing.assert_array_equal(case.volumes[name], array)
    np.testing.assert_array_equal(case.labels, picture_case.labels)
    loose = read_case([tmp_path / "depth" / "40.png", tmp_path / "rgb" / "40.png"], rgbd)
    assert (loose.name, loose.present, loose.labels) == ("40", ("RGB", "depth"), None)
    named = read_case({"depth": tmp_path / "depth" / "40.png"}, rgbd)
    assert (named.name, named.present) == ("40", ("depth",))


def test_pictures_that_do_not_fit_together_are_named_in_the_error(
    write_pictures: Callable[..., Path], picture_case: Case, rgbd: Task, tmp_path: Path
) -> None:
    folder = write_pictures(tmp_path / "a", picture_case, "rgb.png", "depth.png", "label.png")
    Image.new("L", (52, 40), 7).save(folder / "depth.png")
    case = read_case(folder, rgbd)
    assert case.present == ("RGB",)
    assert any("depth (depth.png) is empty (every value is 7)" in n for n in case.notices)
    Image.linear_gradient("L").save(folder / "depth.png")
    with pytest.raises(InputError, match=r"depth has 256 x 256 pixels, rgb\.png has 52 x 40"):
        read_case(folder, rgbd)
    (folder / "depth.png").unlink()
    Image.new("L", (52, 40), 9).save(folder / "label.png")
    with pytest.raises(InputError, match=r"label\.png: contains the label values 9"):
        read_case(folder, rgbd)
    Image.new("L", (8, 8)).save(folder / "label.png")
    with pytest.raises(InputError, match="labels has 8 x 8 pixels"):
        read_case(folder, rgbd)


def test_arrays_of_pictures_need_their_channels_first(rgbd: Task) -> None:
    colour = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)
    assert case_from_arrays({"RGB": colour}, rgbd).grid.shape == (4, 5)
    with pytest.raises(InputError, match="3 channels and then two axes"):
        case_from_arrays({"RGB": colour[0]}, rgbd)
    with pytest.raises(InputError, match="depth of case: an array of two axes"):
        case_from_arrays({"depth": colour}, rgbd)
