"""A truth in several files, one mask for each region or label."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.errors import InputError
from shaspec.io import find_case, find_cases, read_case
from shaspec.io.region_masks import are_sufficient, mask_files
from shaspec.io.roles import file_roles
from shaspec.task import Task, load_task

SHAPE = (12, 10, 8)
LABELS = np.zeros(SHAPE, np.uint8)
LABELS[3:9, 3:8, 2:7] = 2
LABELS[4:8, 4:7, 3:6] = 1
LABELS[5:7, 5:6, 4:5] = 4
WITHIN = {"WT": (1, 2, 4), "TC": (1, 4), "ET": (4,), "NCR": (1,), "ED": (2,)}
SPELLED = {
    "WT": ["WT", "wt", "whole_tumor", "WholeTumour", "whole-tumour"],
    "TC": ["TC", "core", "tumor_core", "TumorCore", "tumour-core"],
    "ET": ["ET", "enhancing", "enhancing_tumor", "EnhancingTumour", "at"],
    "NCR": ["NCR", "necrosis", "non_enhancing_tumor", "NET"],
    "ED": ["ED", "edema", "oedema", "Edema", "snfh"],
}
BRATS = load_task("brats")
Write = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def write(head: Any, write_file: Any, tmp_path: Path) -> Write:
    """``write({"ET": "p1_seg_ET.nii"})``: the folder of a case with these masks."""

    def folder(names: Mapping[str, str]) -> Path:
        write_file(tmp_path / "p1" / "p1_flair.nii", head())
        for part, name in names.items():
            mask = np.isin(LABELS, WITHIN[part]).astype(np.uint8)
            write_file(tmp_path / "p1" / name, mask)
        return tmp_path / "p1"

    return folder


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        ("p1_seg_{}.nii", ("WT", "TC", "ET")),
        ("p1_{}.nii", ("WT", "TC", "ET")),
        ("p1_label-{}_mask.nii", ("ET", "TC", "WT")),
        ("{}_seg.nii", ("NCR", "ED", "ET")),
        ("p1_mask_{}.nii", ("WT", "ET", "NCR")),
    ],
)
def test_masks_that_tell_all_labels_apart_are_combined(
    names: str, parts: tuple[str, ...], brats: Task, write: Write
) -> None:
    folder = write({part: names.format(part) for part in parts})
    listed = sorted(folder.iterdir())
    for case in (read_case(folder, brats), read_case(listed, brats)):
        np.testing.assert_array_equal(case.grid.to_file(case.labels), LABELS)
        assert any("labels combined from masks" in text for text in case.notices)
    roles = [file.role for file in file_roles(folder, brats) if "flair" not in file.name]
    assert roles.count("labels") == 1
    assert None not in roles
    assert not any(file.open for file in file_roles(folder, brats))


@pytest.mark.parametrize("parts", [("WT", "TC"), ("TC", "ET"), ("NCR", "ET")])
def test_masks_that_leave_labels_open_are_not_used_and_named(
    parts: tuple[str, ...], brats: Task, write: Write
) -> None:
    folder = write({part: f"p1_seg_{part}.nii" for part in parts})
    files = find_case(folder, brats)
    assert files.labels is None
    assert any(f"p1_seg_{parts[0]}.nii" in n and "labels=file" in n for n in files.notices)


def test_masks_named_after_another_patient_or_date_are_refused(brats: Task, write: Write) -> None:
    for front in ("anna", "p1_2021-05-06"):
        folder = write({part: f"{front}_seg_{part}.nii" for part in ("WT", "TC", "ET")})
        name = "benno" if front == "anna" else "p1_2020-01-03"
        (folder / "p1_flair.nii").rename(folder / f"{name}_flair.nii")
        for source in (folder, sorted(folder.iterdir())):
            with pytest.raises(InputError, match=rf"{front}_seg_\w+\.nii: its name says"):
                read_case(source, brats)
        for path in folder.iterdir():
            path.unlink()


def test_a_complete_label_map_takes_precedence(brats: Task, write: Write, write_file: Any) -> None:
    folder = write({part: f"p1_seg_{part}.nii" for part in ("WT", "TC", "ET")})
    write_file(folder / "p1_seg.nii", LABELS)
    files = find_case(folder, brats)
    assert files.labels == folder / "p1_seg.nii"
    assert not files.masks
    assert any("p1_seg_ET.nii" in notice for notice in files.notices)


def test_masks_of_the_cases_of_one_folder_are_those_of_their_patients(
    brats: Task, write: Write, head: Any, write_file: Any
) -> None:
    folder = write({part: f"p1_seg_{part}.nii" for part in ("WT", "TC", "ET")})
    write_file(folder / "p2_flair.nii", head())
    one, two = find_cases(folder, brats)
    assert set(one.masks) == {"WT", "TC", "ET"}
    assert two.labels is None
    assert set(one.label_files) == {folder / f"p1_seg_{p}.nii" for p in one.masks}


def test_masks_that_contradict_each_other_are_refused(
    brats: Task, write: Write, write_file: Any
) -> None:
    folder = write({part: f"p1_seg_{part}.nii" for part in ("WT", "TC", "ET")})
    outside = np.zeros(SHAPE, np.uint8)
    outside[0, 0, 0] = 1
    for wrong, said in ((outside, "are in p1_seg_ET.nii but not in"), (LABELS, "has the values")):
        write_file(folder / "p1_seg_ET.nii", wrong)
        with pytest.raises(InputError, match=rf"seg_\w+\.nii: .*{said}.*labels=file"):
            read_case(folder, brats)
    write_file(folder / "p1_seg_ET.nii", outside, np.diag([2.0, 2.0, 2.0, 1.0]))
    with pytest.raises(InputError, match=r"p1_seg_\w+\.nii: this mask has another grid"):
        read_case(folder, brats)


@given(
    parts=st.sampled_from([("WT", "TC", "ET"), ("NCR", "ED", "ET"), ("WT", "NCR", "ET")]),
    patient=st.sampled_from(["", "p1_", "ED_004_", "Meier_", "sub-01_ses-2_"]),
    word=st.sampled_from(["", "seg_", "mask_", "roi-"]),
    data=st.data(),
)
def test_no_spelling_and_no_patient_changes_the_parts(
    parts: tuple[str, ...], patient: str, word: str, data: st.DataObject
) -> None:
    spelled = {part: data.draw(st.sampled_from(SPELLED[part])) for part in parts}
    names = [f"{patient}{word}{text}.nii.gz" for text in spelled.values()]
    found = mask_files([(name, Path(name)) for name in names], BRATS)
    assert found == {part: Path(name) for part, name in zip(parts, names, strict=True)}
    assert are_sufficient(found, BRATS)
