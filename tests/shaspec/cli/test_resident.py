"""`shaspec resident`: one process for many commands, with what the commands themselves write."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from shaspec.case import Case
from shaspec.cli import app, kept
from shaspec.cli.engines import Here
from shaspec.io import write_case

pytestmark = pytest.mark.slow

SUBSETS = ("FLAIR+T2", "T2", "FLAIR")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, ...]]]:
    """The modalities of the case of every session that is opened."""
    cases: list[tuple[str, ...]] = []

    class Counting(Here):
        def session(self, model: str, case: Case, run: Any) -> Any:
            cases.append(case.present)
            return super().session(model, case, run)

    monkeypatch.setattr(kept, "new_engine", lambda server: Counting())
    return cases


def talk(*commands: list[str] | str) -> list[list[dict[str, Any]]]:
    """What the program answers to each line."""
    text = "".join((c if isinstance(c, str) else json.dumps(c)) + "\n" for c in commands)
    result = CliRunner().invoke(app, ["resident"], input=text)
    assert result.exit_code == 0, (result.output, result.exception)
    answers: list[list[dict[str, Any]]] = [[]]
    for line in result.stdout.splitlines():
        answers[-1].append(json.loads(line))
        if answers[-1][-1]["event"] == "ended":
            answers.append([])
    assert answers.pop() == []
    return answers


def files_of(folder: Path) -> dict[str, Path]:
    names = ("FLAIR", "T1", "T1ce", "T2")
    return {n: next(folder.glob(f"*_{n.lower()}.nii.gz")) for n in names}


def words(files: dict[str, Path], subset: str, model: Path, out: Path) -> list[str]:
    named = [f"{name}={files[name]}" for name in subset.split("+")]
    return ["predict", *named, "--model", str(model), "--device", "cpu", "--out", str(out)]


def test_toggles_write_the_same_bytes_and_use_one_session(
    run: Callable[..., Result],
    folder: Path,
    shaspec_folder: Path,
    tmp_path: Path,
    opened: list[tuple[str, ...]],
) -> None:
    files = files_of(folder / "anna")
    outs = [tmp_path / f"{n}_pred.nii.gz" for n in range(len(SUBSETS))]
    pairs = list(zip(SUBSETS, outs, strict=True))
    answers = talk(*(words(files, subset, shaspec_folder, out) for subset, out in pairs))
    assert opened == [("FLAIR", "T2")]
    for subset, out, answer in zip(SUBSETS, outs, answers, strict=True):
        assert answer[-1] == {"event": "ended", "code": 0}
        assert answer[-2]["event"] == "finished"
        alone = tmp_path / "alone" / out.name
        run(*words(files, subset, shaspec_folder, alone))
        assert out.read_bytes() == alone.read_bytes(), subset
        assert answer[-2]["provenance"]["files"] == {
            name: str(files[name]) for name in subset.split("+")
        }
    stages = [[e["stage"] for e in a if e["event"] == "progress"] for a in answers]
    assert any("encode" in stage for stage in stages[0])
    assert not any("encode" in stage for later in stages[1:] for stage in later)


def test_modalities_that_come_later_join_the_session_and_another_case_replaces_it(
    folder: Path,
    shaspec_folder: Path,
    small_case: Case,
    tmp_path: Path,
    opened: list[tuple[str, ...]],
) -> None:
    files = files_of(folder / "anna")
    changed = Case("anna", small_case.task, small_case.grid,
                   {n: v + (n == "T2") for n, v in small_case.volumes.items()})  # fmt: skip
    write_case(tmp_path / "berta", changed)
    others = files_of(tmp_path / "berta")
    steps = [(files, "T1"), (files, "T2"), (files, "T1"), (others, "T2"), (files, "T2")]
    outs = [tmp_path / f"{n}_pred.nii.gz" for n in range(len(steps))]
    talk(
        *(words(of, subset, shaspec_folder, out)
          for (of, subset), out in zip(steps, outs, strict=True))
    )  # fmt: skip
    assert opened == [("T1",), ("T1", "T2"), ("T2",), ("T2",)]
    labels = [np.asarray(nibabel.load(out).dataobj) for out in outs]
    assert np.array_equal(labels[0], labels[2])
    assert np.array_equal(labels[1], labels[4])


def test_errors_are_answers_and_the_next_command_works(
    folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    good = words(files_of(folder / "anna"), "T1", shaspec_folder, tmp_path / "a_pred.nii.gz")
    answers = talk(
        "no JSON", "[]", '["train", "x"]', '[1, 2]', ["predict", "--nonsense"],
        [*good[:1], "T1=gone.nii", *good[2:]], good,
    )  # fmt: skip
    ends = [answer[-1] for answer in answers]
    assert [end["code"] for end in ends] == [2, 2, 2, 2, 2, 2, 0]
    for end, said in zip(ends, ["no JSON", "[]", "train", "[1, 2]", "--nonsense", "gone.nii"],
                         strict=False):  # fmt: skip
        assert said in end["message"]
    assert answers[-2][-2]["event"] == "failed"
