"""Lists of cases, in the ways people keep them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shaspec.errors import InputError
from shaspec.io.splits import fold_cases, held_out, listed_cases


def text(folder: Path, name: str, content: Any) -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_the_last_part_of_a_path_is_the_name(tmp_path: Path) -> None:
    lines = "../data/HGG/Brats18_A_1\n# a comment\n\nC:\\data\\Brats18_B_1\\\nBrats18_C_1.nii.gz\n"
    path = text(tmp_path, "train.txt", lines)
    assert listed_cases(path) == ["Brats18_A_1", "Brats18_B_1", "Brats18_C_1"]
    assert fold_cases(path) == {"Brats18_A_1", "Brats18_B_1", "Brats18_C_1"}


def test_the_authors_lists_end_in_csv_and_have_no_columns(tmp_path: Path) -> None:
    path = text(tmp_path, "BraTS18_val.csv", "../data/HGG/Brats18_A_1\n../data/LGG/Brats18_B_1\n")
    assert listed_cases(path) == ["Brats18_A_1", "Brats18_B_1"]


def test_the_lists_of_rfnet_name_the_grade_too(tmp_path: Path) -> None:
    path = text(tmp_path, "test1.txt", "HGG_Brats18_2013_2_1\nLGG_Brats18_TCIA09_141_1\n")
    assert listed_cases(path) == ["Brats18_2013_2_1", "Brats18_TCIA09_141_1"]


def test_the_tables_of_brats_name_the_cases_of_their_year(tmp_path: Path) -> None:
    mapping = (
        "Grade,BraTS_2019_subject_ID,BraTS_2020_subject_ID\nHGG,BraTS19_A_1,BraTS20_Training_001\n"
    )
    assert listed_cases(text(tmp_path, "name_mapping.csv", mapping)) == ["BraTS20_Training_001"]
    survival = "Brats20ID,Age,Survival_days\nBraTS20_Training_002,60.4,289\n"
    assert listed_cases(text(tmp_path, "survival_info.csv", survival)) == ["BraTS20_Training_002"]


def test_a_list_without_folds_has_no_second_one(tmp_path: Path) -> None:
    path = text(tmp_path, "val.txt", "a\nb\n")
    assert fold_cases(path, 0) == {"a", "b"}
    with pytest.raises(InputError, match="without folds; omit fold"):
        fold_cases(path, 1)
    path = text(tmp_path, "val.csv", "case,age\na,70\n")
    assert fold_cases(path) == {"a"}
    for fold in (0, 3):
        with pytest.raises(InputError, match=r"without folds; .* the column 'fold'"):
            fold_cases(path, fold)


def test_a_table_holds_out_a_fold_or_a_split(tmp_path: Path) -> None:
    folds = text(tmp_path, "folds.csv", "case,fold\na,0\nb,1\nc,0\n")
    assert fold_cases(folds, 0) == {"a", "c"}
    splits = text(tmp_path, "splits.csv", "Subject,split\na,train\nb,Val\nc,test\n")
    assert held_out(splits).names == {"b", "c"}
    with pytest.raises(InputError, match=r"no case has fold 7 \(it has 0, 1\)"):
        fold_cases(folds, 7)


def test_folds_of_json_are_ours_or_those_of_nnunet(tmp_path: Path) -> None:
    ours = text(tmp_path, "a.json", {"folds": [["a"], ["b", "c"]]})
    theirs = text(tmp_path, "b.json", [{"train": ["a"], "val": ["b"]}])
    assert fold_cases(ours, 1) == {"b", "c"}
    assert fold_cases(theirs) == {"b"}
    with pytest.raises(InputError, match="choose one with fold"):
        fold_cases(ours)
    with pytest.raises(InputError, match="folds 0 to 1, not 2"):
        fold_cases(ours, 2)


@pytest.mark.parametrize("content", ["{", {"fold": []}, [1], {"folds": 3}])
def test_an_invalid_split_file_is_named(content: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"s\.json(: is not valid JSON| is not a split file)"):
        fold_cases(text(tmp_path, "s.json", content), 0)


def test_an_empty_list_and_a_file_that_is_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="lists no case"):
        listed_cases(text(tmp_path, "e.txt", "# nothing\n"))
    with pytest.raises(InputError, match="no such file"):
        listed_cases(tmp_path / "none.txt")


def test_test_cases_are_separate_from_validation_cases(tmp_path: Path) -> None:
    path = text(tmp_path, "l.csv", "case,split\na,train\nb,val\nc,test\n")
    held = held_out(path)
    assert (held.names, held.validation, held.evaluation) == ({"b", "c"}, {"b"}, {"c"})
    for only in ("val", "test"):
        held = held_out(text(tmp_path, "one.csv", f"case,split\na,train\nb,{only}\n"))
        assert held.names == held.validation == held.evaluation == {"b"}


def test_a_fold_does_not_bring_cases_for_testing_into_training(tmp_path: Path) -> None:
    table = text(tmp_path, "l.csv", "case,fold,split\na,0,\nb,1,train\nc,0,test\nd,,val\n")
    held = held_out(table, 0)
    assert (held.names, held.evaluation) == ({"a", "c", "d"}, {"a"})
    sections = {
        "training": [{"case": "a", "image": "a.nii", "fold": 0}, {"case": "b", "image": "b.nii"}],
        "validation": [{"case": "c", "image": "c.nii"}],
    }
    held = held_out(text(tmp_path, "l.json", sections), 0)
    assert (held.names, held.evaluation) == ({"a", "c"}, {"a"})


def test_a_word_that_says_neither_training_nor_testing_is_refused(tmp_path: Path) -> None:
    path = text(tmp_path, "l.csv", "case,split\na,train\nb,external\n")
    with pytest.raises(InputError, match=r"l\.csv: case b: split is 'external': write train, val"):
        held_out(path)


@pytest.mark.parametrize("digits", [10, 5000])
def test_a_number_that_no_fold_has_is_refused(digits: int, tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text(f"case,fold\na,0\nb,{'7' * digits}\n")
    with pytest.raises(
        InputError, match=r"l\.csv: case b: fold is '7+': write train, val"
    ) as error:
        held_out(tmp_path / "l.csv", 0)
    assert len(str(error.value)) < len(str(tmp_path)) + 150


def test_cells_that_are_missing_at_the_end_are_empty(tmp_path: Path) -> None:
    path = text(tmp_path, "l.csv", "case,fold\nA,0\nB\n , \n\n")
    assert listed_cases(path) == ["A", "B"]
    assert fold_cases(path, 0) == {"A"}


def test_a_quoted_header_is_a_header(tmp_path: Path) -> None:
    path = text(tmp_path, "l.csv", '"","case","fold"\n"1","A",0\n"2","B, the second",1\n')
    assert listed_cases(path) == ["A", "B, the second"]
    assert fold_cases(path, 1) == {"B, the second"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("l.txt", "A\n"),
        ("l.csv", "A\n"),
        ("l.csv", "case\nA\n"),
        ("l.json", '{"folds": [["A"]]}'),
        ("l.json", '{"validation": [{"case": "A", "image": "a.nii"}]}'),
    ],
)
def test_a_byte_order_mark_is_not_part_of_a_name(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content, "utf-8-sig")
    assert fold_cases(tmp_path / name) == {"A"}
