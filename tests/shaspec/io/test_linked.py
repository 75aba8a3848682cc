"""Links in a data folder: to cases, and to files that are not there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shaspec.errors import InputError
from shaspec.io import find_cases, read_case
from shaspec.io.folders import find_case
from shaspec.task import load_task

BRATS = load_task("brats")


def test_a_linked_case_counts_once_and_the_case_says_so(tmp_path: Path, write_case: Any) -> None:
    for name in ("anna", "ben"):
        write_case(tmp_path / name, ["flair.nii.gz", "t1.nii.gz"])
    (tmp_path / "aaa").symlink_to(tmp_path / "anna")
    (tmp_path / "ben" / "all").symlink_to(tmp_path)  # a loop
    anna, ben = find_cases(tmp_path, BRATS)
    assert (anna.name, ben.name) == ("anna", "ben")
    assert anna.notices == ("aaa was left out: it links to the files of this case",)
    assert not ben.notices


def test_two_truths_of_linked_scans_stay_two_cases(tmp_path: Path, write_case: Any) -> None:
    for name in ("rater1", "rater2"):
        write_case(tmp_path / name, [], {"seg.nii.gz": [1, 2, 4]})
    write_case(tmp_path / "rater1", ["flair.nii.gz"])
    (tmp_path / "rater2" / "flair.nii.gz").symlink_to(tmp_path / "rater1" / "flair.nii.gz")
    assert len(find_cases(tmp_path, BRATS)) == 2


@pytest.mark.parametrize(
    "layout",
    [
        "{case}/{m}.nii.gz",
        "{case}/{case}_{m}.nii.gz",
        "{case}_{m}.nii.gz",
        "{m}/{case}.nii.gz",
        "{case}/{m}/scan.nii.gz",
        "imagesTr/{case}_{channel:04d}.nii.gz",
    ],
)
def test_a_modality_whose_file_is_not_there_is_not_a_missing_modality(
    tmp_path: Path, write_case: Any, layout: str
) -> None:
    names = [
        layout.format(case=case, m=m, channel=channel)
        for case in ("anna", "ben")
        for channel, m in enumerate(("flair", "t1"))
    ]
    write_case(tmp_path, names)
    gone = tmp_path / names[1]
    gone.unlink()
    gone.symlink_to(tmp_path / ".git" / "annex" / "objects" / "x")
    anna, ben = find_cases(tmp_path, BRATS)
    assert list(anna.volumes) == list(ben.volumes) == ["FLAIR", "T1"]
    with pytest.raises(InputError, match="is a link to a file that is not there"):
        read_case(anna, BRATS)
    assert read_case(anna, BRATS, present=["FLAIR"]).present == ("FLAIR",)
    assert read_case(ben, BRATS).present == ("FLAIR", "T1")


def test_one_unreadable_folder_ends_no_other(
    tmp_path: Path, write_case: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_case(tmp_path / "anna", ["flair.nii.gz"])
    (tmp_path / "private").mkdir()
    listed = Path.iterdir

    def refuse(folder: Path) -> Any:
        if folder.name == "private":
            raise PermissionError(13, "Permission denied")
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", refuse)
    anna, private = find_cases(tmp_path, BRATS)
    assert anna.volumes
    assert not anna.problems
    assert "cannot be read (Permission denied)" in private.problems[0]


def test_one_empty_4d_file_changes_no_other_case(tmp_path: Path, write_file: Any) -> None:
    import numpy as np

    volume = np.random.default_rng(0).integers(1, 900, (6, 5, 4, 4)).astype(np.int16)
    for name in "abc":
        write_file(tmp_path / f"{name}.nii.gz", volume)
    (tmp_path / "b.nii.gz").write_bytes(b"")
    cases = find_cases(tmp_path, BRATS)
    assert [case.name for case in cases] == ["a", "b", "c"]
    assert read_case(cases[2], BRATS).present == BRATS.names
    with pytest.raises(InputError, match=r"b\.nii\.gz"):
        read_case(cases[1], BRATS)


@pytest.mark.parametrize("name", ["__MACOSX", "@eaDir", "$RECYCLE.BIN"])
def test_folders_of_the_system_hold_no_cases(tmp_path: Path, write_case: Any, name: str) -> None:
    write_case(tmp_path / "anna", ["flair.nii.gz", "t1.nii.gz"])
    write_case(tmp_path / name / "anna", ["flair.nii.gz"])
    assert list(find_case(tmp_path, BRATS).volumes) == ["FLAIR", "T1"]


def test_two_pictures_for_one_role_are_a_problem_of_their_case_only(tmp_path: Path) -> None:
    from PIL import Image

    task = load_task("rgbd")
    for name in ("rgb/1.png", "rgb/1.jpg", "rgb/2.png", "depth/1.png", "depth/2.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8), (9, 9, 9)).save(tmp_path / name)
    one, two = find_cases(tmp_path, task)
    assert one.problems
    assert not two.problems


def listed(folder: Path, rows: str) -> Path:
    path = folder / "list.csv"
    path.write_text(rows)
    return path


def test_a_missing_file_in_a_list_ends_its_own_case_only(tmp_path: Path, write_case: Any) -> None:
    write_case(tmp_path, ["a.nii", "b.nii"])
    path = listed(tmp_path, "case,FLAIR,T1\nanna,a.nii,none.nii\nben,b.nii,\n")
    anna, ben = find_cases(path, BRATS)
    with pytest.raises(InputError, match=r"none\.nii: no such file"):
        read_case(anna, BRATS)
    assert read_case(ben, BRATS).present == ("FLAIR",)
    entries = [{"FLAIR": "a.nii", "case": "anna"}, {"FLAIR": "none.nii", "case": "ben"}]
    (tmp_path / "list.json").write_text(json.dumps({"training": entries}))
    anna, ben = find_cases(tmp_path / "list.json", BRATS)
    assert read_case(anna, BRATS).present == ("FLAIR",)
    with pytest.raises(InputError, match=r"none\.nii: no such file"):
        read_case(ben, BRATS)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("case,FLAIR,flair\nanna,a.nii,b.nii\n", "two columns are called 'flair'"),
        ("case,FLAIR,T1\nanna,smith, john/a.nii,b.nii\n", "line 2 has 4 cells"),
    ],
)
def test_cells_without_a_column_of_their_own_are_refused(
    tmp_path: Path, write_case: Any, rows: str, told: str
) -> None:
    write_case(tmp_path, ["a.nii", "b.nii"])
    with pytest.raises(InputError, match=told):
        find_cases(listed(tmp_path, rows), BRATS)


def test_quotes_after_a_space_are_quotes(tmp_path: Path, write_case: Any) -> None:
    write_case(tmp_path, ["a, b.nii"])
    (case,) = find_cases(listed(tmp_path, 'case, FLAIR\nanna, "a, b.nii"\n'), BRATS)
    assert case.volumes == {"FLAIR": tmp_path / "a, b.nii"}


def test_a_list_with_a_patient_twice_says_so(tmp_path: Path, write_case: Any) -> None:
    write_case(tmp_path, ["a.nii", "b.nii"])
    path = listed(tmp_path, "case,FLAIR,T1\nanna,a.nii,b.nii\nben,a.nii,\nagain,a.nii,b.nii\n")
    anna, ben, again = find_cases(path, BRATS)
    assert anna.notices == ben.notices == ()
    assert again.notices == ("has the same scans as case anna, so this patient counts twice",)
    for name in ("anna", "ben"):
        write_case(tmp_path / name, ["flair.nii.gz"])
    (tmp_path / "cases.txt").write_text("anna\nben\nanna\n")
    with pytest.raises(InputError, match="lists anna 2 times"):
        find_cases(tmp_path / "cases.txt", BRATS)
