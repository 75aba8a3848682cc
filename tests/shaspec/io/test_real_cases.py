"""The real cases: every naming and label scheme that real users have."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from shaspec.io import find_cases, read_case, write_labels
from shaspec.models.fingerprint import fingerprint
from shaspec.task import Task

pytestmark = pytest.mark.slow

LABELLED = [
    "BraTS2021_00006", "BraTS2021_01476", "BraTS2021_01477", "BraTS2021_01479", "BraTS2021_01480",
    "BraTS2021_01481", "BraTS2021_01482", "BraTS2021_01484", "BraTS2021_01485",
    "Brats17_CBICA_AXN_1", "Brats17_TCIA_639_1", "brats_tcia_pat222_2",
]  # fmt: skip
UNLABELLED = [
    "BraTS-GLI-00027-000", "Brats17_2013_31_1", "Brats17_CBICA_ABH_1", "Brats17_UAB_3451_1"
]  # fmt: skip
NO_ET = {"BraTS2021_01477", "BraTS2021_01480", "BraTS2021_01484"}
CASES = [f"labelled/{name}" for name in LABELLED] + [f"unlabelled/{name}" for name in UNLABELLED]


def without(folder: Path, name: str, target: Path) -> Path:
    """A copy of a case folder, by links, without one file."""
    copy = target / f"without-{name}" / folder.name
    copy.mkdir(parents=True)
    for file in folder.iterdir():
        if file.name != name:
            (copy / file.name).symlink_to(file)
    return copy


def test_all_cases_are_found_with_all_modalities(real_data: Path, brats: Task) -> None:
    for folder, names in (("labelled", LABELLED), ("unlabelled", UNLABELLED)):
        cases = find_cases(real_data / "brats" / folder, brats)
        assert sorted(case.name for case in cases) == sorted(names)
        assert all(tuple(case.volumes) == brats.names for case in cases)
        assert all((case.labels is not None) == (folder == "labelled") for case in cases)
        assert not any(case.problems or case.notices for case in cases)


@pytest.mark.parametrize("name", CASES)
def test_a_case_loads_whole_and_without_any_one_file(
    name: str, real_data: Path, brats: Task, tmp_path: Path
) -> None:
    folder = real_data / "brats" / name
    whole = read_case(folder, brats)
    assert whole.present == brats.names
    assert whole.grid.shape == (155, 240, 240)
    assert whole.grid.spacing == (1, 1, 1)
    assert not any("grid" in notice for notice in whole.notices)
    for role, file in whole.files.items():
        case = read_case(without(folder, file.name, tmp_path), brats)
        assert case.missing == (() if role == "labels" else (role,))
        assert (case.labels is None) == (role == "labels" or whole.labels is None)


@pytest.mark.parametrize("name", LABELLED)
def test_the_label_scheme_is_right(name: str, real_data: Path, brats: Task) -> None:
    folder = real_data / "brats" / "labelled" / name
    case = read_case(folder, brats)
    assert case.labels is not None
    present = set(np.unique(case.labels).tolist())
    assert present == ({0, 1, 2} if name in NO_ET else {0, 1, 2, 4})
    old = name == "brats_tcia_pat222_2"
    assert ("BraTS 2012-2015" if old else "BraTS 2017-2021") in case.notices[-1]
    stored = np.asarray(nib.load(case.files["labels"]).dataobj)
    core = np.isin(stored, (1, 3, 4))
    np.testing.assert_array_equal(case.grid.to_file(np.isin(case.labels, (1, 4))), core)


@pytest.mark.parametrize("name", ["BraTS2021_00006", "BraTS2021_01476", "brats_tcia_pat222_2"])
def test_a_saved_label_map_lies_where_the_volumes_lie(
    name: str, real_data: Path, brats: Task, tmp_path: Path
) -> None:
    case = read_case(real_data / "brats" / "labelled" / name, brats)
    assert case.labels is not None
    saved = nib.load(write_labels(tmp_path / "seg.nii.gz", case.labels, case.grid))
    source = nib.load(case.files["FLAIR"])
    np.testing.assert_array_equal(saved.affine, source.affine)
    for key in ("qform_code", "sform_code", "pixdim"):
        np.testing.assert_array_equal(saved.header[key], source.header[key])
    stored = np.asarray(nib.load(case.files["labels"]).dataobj)
    written = np.asarray(saved.dataobj)
    np.testing.assert_array_equal(written == 2, stored == 2)
    np.testing.assert_array_equal(written == 4, stored == 4)


def test_no_two_cases_share_a_volume(real_data: Path, brats: Task) -> None:
    found = [
        value
        for name in CASES
        for value in fingerprint(
            read_case(real_data / "brats" / name, brats, with_labels=False)
        ).values()
    ]
    assert len(set(found)) == len(found) == 4 * len(CASES)


def test_all_pictures_of_pipes_are_read(real_data: Path, rgbd: Task) -> None:
    found = find_cases(real_data / "rgbd", rgbd)
    parts = [find_cases(real_data / "rgbd" / name, rgbd) for name in ("train.txt", "val.txt")]
    assert [len(found), *map(len, parts)] == [77, 50, 27]
    assert not {c.name for c in parts[0]} & {c.name for c in parts[1]}
    values: set[int] = set()
    for files in found:
        case = read_case(files, rgbd)
        assert case.present == ("RGB", "depth")
        assert case.grid.shape == (102, 180)
        values |= set(np.unique(case.labels).tolist())
    assert values == {0, 1, 2}
