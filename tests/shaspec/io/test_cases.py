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
    assert case.notices == ("labels read as BraTS 2017-2021 (1 NCR, 2 ED, 4 ET)",)
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
    folder = write_case(tmp_path / "p", NAMES, {"p_seg.nii.gz": [1, 2, 3]})
    files = sorted(folder.iterdir())
    mapping = {"t1": files[0], "Flair": files[2], "LABELS": folder / "p_seg.nii.gz"}

    from_list = read_case(files, brats)
    from_mapping = read_case(mapping, brats)
    again = read_case(find_case(folder, brats), brats)

    for case in (from_list, from_mapping, again):
        assert case.name == "p"
        assert case.labels is not None
        assert sorted(np.unique(case.labels)) == [0, 1, 2, 4]  # 2023
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
    with pytest.raises(InputError, match=r"p_t1\.nii\.gz and q_t1\.nii both look like T1"):
        read_case(folder, brats)
    with pytest.raises(InputError, match="both look like T1"):
        read_case([folder / "p_t1.nii.gz", folder / "q_t1.nii"], brats)
    with pytest.raises(InputError, match=r"adc\.nii.*which modality"):
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
    [(None, [1, 2, 3], [0, 1, 2, 4]), ("2023", [1, 2, 3], [0, 1, 2, 4]),
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
    plain = write_case(tmp_path / "p", ["Flair.nii"], {"segmentation.nii": [1, 2, 3]})
    newer = write_case(tmp_path / "q", ["x-t2f.nii"], {"x-seg.nii": [1, 2, 3]})
    assert "2015" in read_case(plain, brats).notices[-1]
    assert "2023" in read_case(newer, brats).notices[-1]


def test_an_empty_volume_is_refused_and_an_empty_label_map_is_not(
    brats: Task, write_case: Any, write_file: Any, tmp_path: Path
) -> None:
    folder = write_case(tmp_path / "p", NAMES, {"p_seg.nii": []})
    labels = read_case(folder, brats).labels
    assert labels is not None
    assert not labels.any()
    for value in (0, 7):
        write_file(folder / NAMES[2], np.full((6, 5, 4), value, np.int16))
        with pytest.raises(InputError, match=r"p_t1ce\.nii\.gz: T1ce is empty.*leave the file out"):
            read_case(folder, brats)


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
    assert not case.notices
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
    write_file(tmp_path / "p" / "seg.nii", (fine > 110).astype(np.uint8), affine)

    case = read_case(tmp_path / "p", brats)

    assert case.grid.spacing == (1, 1, 1)
    assert "T2 (t2.nii) lies on another grid: resampled to that of t1.nii" in case.notices
    assert any("labels (seg.nii)" in notice for notice in case.notices)
    np.testing.assert_allclose(case.volumes["T2"], case.volumes["T1"], atol=0.76)
    assert case.labels is not None
    assert set(np.unique(case.labels)) <= {0, 1}


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
    with pytest.raises(InputError, match="holds 3 volumes, 4 were expected"):
        read_case(write_file(tmp_path / "x.nii.gz", voxels), brats)


def test_a_time_series_is_no_case(brats: Task, write_file: Any, tmp_path: Path) -> None:
    voxels = np.stack([head(seed=k) for k in range(6)], axis=-1)
    with pytest.raises(InputError, match=r"holds 6 volumes, but FLAIR.*are 4.*dataset\.json"):
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
        ({"T1": np.zeros((4, 4, 4))}, None, "constant"),
        ({"T1": np.full((4, 4, 4), np.nan)}, None, "NaN"),
        ({"T1": np.zeros((4, 4))}, None, "three axes"),
        ({"T1": np.array([[["a"]]])}, None, "real numbers"),
        ({"T1": head(), "T2": head((9, 9, 9))}, None, "shape"),
        ({"T1": head()}, np.full((12, 10, 8), 3), "does not know"),
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


def test_pictures_that_do_not_fit_together_are_refused_by_name(
    write_pictures: Callable[..., Path], picture_case: Case, rgbd: Task, tmp_path: Path
) -> None:
    folder = write_pictures(tmp_path / "a", picture_case, "rgb.png", "depth.png", "label.png")
    Image.new("L", (52, 40), 7).save(folder / "depth.png")
    with pytest.raises(InputError, match=r"depth\.png: depth is empty, every pixel is 7"):
        read_case(folder, rgbd)
    Image.linear_gradient("L").save(folder / "depth.png")
    with pytest.raises(InputError, match=r"depth has 256 x 256 pixels, rgb\.png has 52 x 40"):
        read_case(folder, rgbd)
    (folder / "depth.png").unlink()
    Image.new("L", (52, 40), 9).save(folder / "label.png")
    with pytest.raises(InputError, match=r"label\.png: holds the label values 9"):
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
