"""Cases from folders, lists of files and mappings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shaspec.errors import InputError
from shaspec.io import find_case, read_case
from shaspec.task import Task

NAMES = ["p_flair.nii.gz", "p_t1.nii.gz", "p_t1ce.nii.gz", "p_t2.nii.gz"]


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


def test_nan_is_background_with_a_notice(
    brats: Task, head: Any, write_file: Any, tmp_path: Path
) -> None:
    plain = head()
    holes = np.where(plain == 0, np.nan, plain)
    holes[5, 5, 4] = np.nan
    write_file(tmp_path / "t1.nii", holes)
    case = read_case(tmp_path / "t1.nii", brats)
    plain[5, 5, 4] = 0
    np.testing.assert_array_equal(case.grid.to_file(case.volumes["T1"]), plain)
    assert "1 of these voxels are enclosed by measured ones" in case.notices[0]
