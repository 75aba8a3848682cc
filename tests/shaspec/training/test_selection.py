"""Selection of cases; errors are reported before the run starts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shaspec.errors import InputError
from shaspec.models.card import load_card
from shaspec.task import Task
from shaspec.training.config import make_config
from shaspec.training.selection import Selection, select_cases


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three labelled cases, one of them with T1 alone, and one without labels."""
    files = {"a": ("t1", "t2", "seg"), "b": ("t1", "seg"), "c": ("t2", "seg"), "bare": ("t1",)}
    for case, words in files.items():
        (tmp_path / "data" / case).mkdir(parents=True)
        for word in words:
            (tmp_path / "data" / case / f"{case}_{word}.nii.gz").touch()
    return tmp_path / "data"


def select(folder: Path, task: Task, **settings: Any) -> Selection:
    return select_cases(make_config({"out": "o", "max_steps": 1, "data": folder} | settings), task)


def names(selection: Selection) -> list[str]:
    return [files.name for files in selection.training]


def test_a_case_that_lacks_modalities_takes_part(brats: Task, folder: Path) -> None:
    found = select(folder, brats)
    assert {f.name: list(f.volumes) for f in found.training} == {
        "a": ["T1", "T2"],
        "b": ["T1"],
        "c": ["T2"],
    }
    assert not found.problems
    assert "bare: no label file" in found.notices[0]


def test_listed_cases_train_and_held_out_ones_do_not(brats: Task, folder: Path) -> None:
    (folder / "train.txt").write_text("x/a\nx/b\n")
    (folder / "val.txt").write_text("b\n")
    found = select(folder, brats, cases=folder / "train.txt", splits=folder / "val.txt")
    assert names(found) == ["a"]
    assert [f.name for f in found.held_out] == ["b"]


@pytest.fixture
def table(folder: Path) -> Callable[..., Path]:
    """A CSV list of three labelled cases with a further column."""

    def write(title: str, *cells: object) -> Path:
        rows = [f"case,T1,T2,label,{title}"]
        for case, cell in zip("abc", cells, strict=True):
            files = [folder / case / f"{case}_{word}.nii.gz" for word in ("t1", "t2", "seg")]
            rows.append(",".join([case, *(f"{f}" if f.exists() else "" for f in files), f"{cell}"]))
        (folder / "list.csv").write_text("\n".join(rows))
        return folder / "list.csv"

    return write


def test_held_out_cases_of_a_data_list_are_not_trained_on(
    brats: Task, folder: Path, table: Callable[..., Path]
) -> None:
    path = table("split", "train", "val", "test")
    (folder / "names.csv").write_text("case,split\na,train\nb,val\nc,test\n")
    for found in (
        select(path, brats, validate_every_minutes=5),
        select(folder, brats, validate_every_minutes=5, cases=folder / "names.csv"),
    ):
        assert (names(found), [f.name for f in found.held_out]) == (["a"], ["b", "c"])
        assert [f.name for f in found.validation] == ["b"]  # and c stays unseen to the end
        assert "held out, as" in found.notices[0]
        assert "b, c" in found.notices[0]


def test_the_section_validation_of_a_list_is_never_trained_on(brats: Task, folder: Path) -> None:
    rows = [
        {"image": f"{c}/{c}_{w}.nii.gz", "label": f"{c}/{c}_seg.nii.gz", "case": c, "fold": k}
        for k, (c, w) in enumerate((("a", "t1"), ("b", "t1"), ("c", "t2")))
    ]
    rows[2].pop("fold")
    path = folder / "list.json"
    path.write_text(json.dumps({"training": rows[:2], "validation": rows[2:]}))
    assert names(select(path, brats)) == ["a", "b"]
    for splits in ({}, {"splits": path}):
        found = select(path, brats, fold=0, **splits)
        assert (names(found), [f.name for f in found.held_out]) == (["b"], ["a", "c"])


def test_a_list_with_folds_but_no_chosen_fold_gives_a_notice(
    brats: Task, table: Callable[..., Path]
) -> None:
    path = table("fold", 0, 1, 1)
    found = select(path, brats)
    assert names(found) == ["a", "b", "c"]
    assert "has the folds 0, 1, of which none is held out" in found.notices[0]
    found = select(path, brats, fold=1)
    assert (names(found), [f.name for f in found.held_out]) == (["a"], ["b", "c"])
    with pytest.raises(InputError, match=r"no case has fold 2 \(it has 0, 1\)"):
        select(path, brats, fold=2)


def test_splits_that_differ_from_the_list_are_noticed(
    brats: Task, folder: Path, table: Callable[..., Path]
) -> None:
    (folder / "val.txt").write_text("a\n")
    path = table("split", "", "", "test")
    found = select(path, brats, splits=folder / "val.txt")
    assert names(found) == ["b", "c"]
    assert "keeps c from training, which" in found.notices[0]


def test_a_start_model_trained_on_a_held_out_case_gives_a_notice(brats: Task, folder: Path) -> None:
    (folder / "a").rename(folder / load_card("shaspec").training_cases[0])
    first, second = sorted(path.name for path in folder.iterdir() if path.name not in "bare")[:2]
    (folder / "val.txt").write_text(f"{first}\n{second}\n")
    held_out = {"splits": folder / "val.txt"}
    (notice,) = select(folder, brats, start="shaspec", **held_out).notices[1:]
    assert notice.startswith(f"start 'shaspec' was trained on {first}: ")
    for start in ("", "nowhere"):
        assert len(select(folder, brats, start=start, **held_out).notices) == 1


def test_the_use_of_a_case_follows_from_its_name(brats: Task, folder: Path) -> None:
    (folder / "val.txt").write_text("b\n")
    settings = {"splits": folder / "val.txt", "phantoms": 1, "phantom_seed": 7}
    assert select(folder, brats, **settings).uses == {
        "a": "train", "c": "train", "b": "held out", "phantom-7": "phantom",
    }  # fmt: skip
    found = semi_supervised(folder, brats, **settings, labelled=("c",)).uses
    assert found == {
        "a": "unlabelled", "c": "train", "b": "held out", "bare": "unlabelled",
        "phantom-7": "phantom",
    }  # fmt: skip


def test_a_fold_with_a_missing_case_is_a_problem(brats: Task, folder: Path) -> None:
    (folder / "splits.json").write_text(json.dumps({"folds": [["a", "zoe"], ["tom"]]}))
    found = select(folder, brats, splits=folder / "splits.json", fold=0)
    with pytest.raises(InputError, match=r"splits\.json names zoe, which .* does not contain \("):
        found.require()


def test_a_listed_case_without_labels_is_a_problem(brats: Task, folder: Path) -> None:
    (folder / "train.txt").write_text("a\nbare\n")
    with pytest.raises(InputError, match=r"bare: no label file.*take them off the list"):
        select(folder, brats, cases=folder / "train.txt").require()


def test_two_files_for_one_modality_are_a_problem_of_the_case(brats: Task, folder: Path) -> None:
    (folder / "a" / "a_new_t1.nii.gz").touch()
    with pytest.raises(InputError, match=r"case a: .*both look like T1"):
        select(folder, brats).require()


def test_a_folder_without_labels_cannot_be_trained_on(brats: Task, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "t1.nii").touch()
    with pytest.raises(InputError, match="no labelled case"):
        select(tmp_path, brats).require()


def semi_supervised(folder: Path, task: Task, **settings: Any) -> Selection:
    return select(folder, task, method="mean-teacher", **settings)


def test_unlabelled_cases_that_a_method_cannot_use_are_noticed(brats: Task, folder: Path) -> None:
    notice, _ = select(folder, brats, unlabelled="nowhere", method="maml").notices
    assert notice.startswith("unlabelled = nowhere: not used, because method 'maml' needs")


def unlabelled(selection: Selection) -> list[str]:
    return [files.name for files in selection.unlabelled]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Another folder: a case of its own, and others called like ``a`` and ``c``."""
    for case in ("a", "c", "new"):
        (tmp_path / "elsewhere" / case).mkdir(parents=True)
        (tmp_path / "elsewhere" / case / f"{case}_t1.nii.gz").touch()
    return tmp_path / "elsewhere"


def test_a_teacher_learns_from_the_cases_of_data_that_have_no_labels(
    brats: Task, folder: Path
) -> None:
    for settings in ({}, {"unlabelled": folder}):
        found = semi_supervised(folder, brats, **settings)
        assert (names(found), unlabelled(found)) == (["a", "b", "c"], ["bare"])
        assert (found.problems, found.notices) == ((), ())
    (folder / "train.txt").write_text("a\nbare\n")
    found = semi_supervised(folder, brats, cases=folder / "train.txt")
    assert (names(found), unlabelled(found)) == (["a"], ["bare"])
    assert (found.problems, found.notices) == ((), ())


def test_excluded_and_held_out_cases_are_not_used_as_unlabelled(
    brats: Task, folder: Path, tmp_path: Path
) -> None:
    (folder / "train.txt").write_text("a\nb\n")
    (tmp_path / "link").symlink_to(folder)
    settings = {"cases": folder / "train.txt", "labelled": 1}
    for same in (folder, tmp_path / "link", tmp_path):
        found = semi_supervised(folder, brats, unlabelled=same, **settings)
        assert (names(found), unlabelled(found)) == (["a", "b"], [])
        assert (found.problems, found.notices) == ((), ())
    (folder / "val.txt").write_text("c\nbare\n")
    found = semi_supervised(folder, brats, unlabelled=folder, splits=folder / "val.txt", labelled=1)
    assert (names(found), unlabelled(found)) == (["a", "b"], [])


def test_a_case_elsewhere_that_is_called_like_one_of_data_is_left_out_and_named(
    brats: Task, folder: Path, elsewhere: Path
) -> None:
    (folder / "train.txt").write_text("a\nb\n")
    found = semi_supervised(folder, brats, cases=folder / "train.txt", unlabelled=elsewhere)
    assert unlabelled(found) == ["new"]
    (notice,) = found.notices
    assert notice.startswith(f"a, c of {elsewhere}: not used")
    assert "rename" in notice


def test_an_unusable_case_without_labels_matters_only_to_teacher_methods(
    brats: Task, folder: Path
) -> None:
    (folder / "bare" / "bare_new_t1.nii.gz").touch()
    (problem,) = semi_supervised(folder, brats).problems
    assert problem.startswith("case bare: ")
    assert "both look like T1" in problem
    assert not select(folder, brats).problems


def test_a_teacher_without_a_labelled_case_is_refused(brats: Task, folder: Path) -> None:
    (folder / "val.txt").write_text("a\nb\nc\n")
    with pytest.raises(InputError, match="no labelled case to train on"):
        semi_supervised(folder, brats, splits=folder / "val.txt").require()


def validated(folder: Path, task: Task, held_out: str, **settings: Any) -> Selection:
    (folder / "val.txt").write_text(held_out)
    splits = {"splits": folder / "val.txt"} if held_out else {}
    return select(folder, task, validate_every_minutes=5, **splits, **settings)


def test_held_out_cases_with_labels_are_validated_on_the_complete_ones_first(
    brats: Task, folder: Path
) -> None:
    found = validated(folder, brats, "bare\nb\na\n")
    assert [f.name for f in found.validation] == ["a", "b"]
    found = validated(folder, brats, "bare\nb\na\n", validate_cases=1)
    assert [f.name for f in found.validation] == ["a"]
    assert not found.problems


def test_without_held_out_cases_validation_uses_phantoms(brats: Task, folder: Path) -> None:
    found = validated(folder, brats, "")
    assert (found.validation, found.demo_phantoms) == ((), (9_000_000, 9_000_001))
    assert select(folder, brats).demo_phantoms == ()


def test_validation_without_a_labelled_case_is_a_problem(
    brats: Task, rgbd: Task, folder: Path
) -> None:
    with pytest.raises(InputError, match=r"validate_every_minutes = 5 .* have no labels"):
        validated(folder, brats, "bare\n").require()
    with pytest.raises(InputError, match=r"validate_every_minutes = 5 .* none is held out"):
        select_cases(
            make_config({"out": "o", "max_steps": 1, "phantoms": 1, "validate_every_minutes": 5}),
            rgbd,
        ).require()
