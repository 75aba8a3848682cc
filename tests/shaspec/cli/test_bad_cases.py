"""Commands on a folder with many bad cases: the good ones are done, every bad one is named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from shaspec.case import Case
from shaspec.cli import app
from shaspec.inference.session import InferenceSession
from shaspec.io import write_case

pytestmark = pytest.mark.slow  # many cases

Array = np.ndarray[Any, Any]
Damage = Callable[[Path], object]
"""Damages the case in a folder."""


def file(folder: Path, word: str) -> Path:
    """The file of a modality or of the labels."""
    return next(folder.glob(f"*_{word}.nii.gz"))


def content(word: str, data: bytes) -> Damage:
    return lambda folder: file(folder, word).write_bytes(data)


def half(word: str) -> Damage:
    def cut(folder: Path) -> None:
        data = file(folder, word).read_bytes()
        file(folder, word).write_bytes(data[: len(data) // 2])

    return cut


def voxels(word: str, change: Callable[[Array], Array]) -> Damage:
    def write(folder: Path) -> None:
        stored = nib.load(file(folder, word))  # type: ignore[attr-defined]
        changed = change(np.asanyarray(stored.dataobj))
        nib.save(nib.Nifti1Image(changed, stored.affine), file(folder, word))  # type: ignore

    return write


def moved(folder: Path) -> None:
    stored = nib.load(file(folder, "seg"))  # type: ignore[attr-defined]
    affine = stored.affine.copy()
    affine[:3, 3] += 300
    nib.save(nib.Nifti1Image(np.asanyarray(stored.dataobj), affine), file(folder, "seg"))  # type: ignore


def linked(folder: Path) -> None:
    scan = file(folder, "t1")
    scan.unlink()
    scan.symlink_to(folder / "nowhere.nii.gz")


def without_scans(folder: Path) -> None:
    for word in ("flair", "t1", "t1ce", "t2"):
        file(folder, word).unlink()


def again(word: str, name: str) -> Damage:
    """A second file for a role, with other voxels."""

    def write(folder: Path) -> None:
        stored = nib.load(file(folder, word))  # type: ignore[attr-defined]
        other = np.roll(np.asanyarray(stored.dataobj), 3, axis=0)
        nib.save(nib.Nifti1Image(other, stored.affine), folder / f"{folder.name}_{name}.nii.gz")  # type: ignore

    return write


BAD_SCANS: dict[str, tuple[Damage, str]] = {
    "no-bytes": (content("flair", b""), "no content"),
    "no-gz": (content("t2", b"cut off"), "not a NIfTI file"),
    "cut-scan": (half("t2"), "truncated"),
    "web-page": (content("t1", b"<!doctype html><html>log in"), "text that a server sent"),
    "pointer": (content("t1", b"version https://git-lfs.github.com/spec/v1\n"), "git lfs pull"),
    "dangling": (linked, "link to a file that is not there"),
    "complex": (voxels("t1", lambda a: a.astype(np.complex64)), "complex64"),
    "four-d": (voxels("t1", lambda a: np.stack([a] * 3, -1)), "contains 3 volumes"),
    "no-scans": (without_scans, "only labels"),
    "rescanned": (again("t1", "T1w"), "both look like T1"),
}
"""Name of a case -> what was done to it, and what is said about it."""
BAD_TRUTHS: dict[str, tuple[Damage, str]] = {
    "cut-short": (half("seg"), "truncated"),
    "other-codes": (voxels("seg", lambda a: a * 7), "label values 0, 7, 14, 28"),
    "negative": (voxels("seg", lambda a: -a.astype(np.int16)), "values range from -4"),
    "halves": (voxels("seg", lambda a: a.astype(np.float32) / 3), "not whole numbers"),
    "elsewhere": (moved, "--labels-by-voxel"),
    "cropped": (voxels("seg", lambda a: a[:20]), "--labels-by-header"),
    "two-raters": (again("seg", "segmentation"), "both look like labels"),
}
DOUBTFUL: dict[str, tuple[Damage, str]] = {
    "painted": (lambda f: shutil.copy(file(f, "seg"), file(f, "t1ce")), "like a label map"),
    "twice": (lambda f: shutil.copy(file(f, "t1"), file(f, "t2")), "same voxels"),
    "blank": (voxels("seg", np.zeros_like), "no voxel is labelled"),
}
"""Cases that are scored, with a notice."""


def another(case: Case, name: str) -> Case:
    """A case with other voxels."""
    scale = 1 + sum(map(ord, name)) / 9000
    return replace(case, name=name, volumes={m: v * scale for m, v in case.volumes.items()})


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, small_case: Case) -> Path:
    """A folder with two good cases, all of the above, and folders without a case."""
    root = tmp_path_factory.mktemp("bad") / "data"
    for name in ("good", "good-too", "bare", "incomplete"):
        write_case(root / name, another(small_case, name))
    file(root / "bare", "seg").unlink()
    file(root / "incomplete", "t2").unlink()
    for name, (damage, _) in (BAD_SCANS | BAD_TRUTHS | DOUBTFUL).items():
        write_case(root / name, another(small_case, name))
        damage(root / name)
    (root / "not-copied").mkdir()
    (root / "notes").mkdir()
    (root / "notes" / "readme.txt").write_text("nothing")
    return root


def run(*words: object) -> Result:
    """Call ``shaspec``; a traceback fails the test."""
    result = CliRunner().invoke(app, [str(w) for w in words], env={"COLUMNS": "2000"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def named(printed: str, heading: str) -> dict[str, str]:
    """Case -> reason, of the lines that begin with a heading."""
    lines = [line for line in printed.splitlines() if line.startswith(f"{heading}: ")]
    pairs = [line.removeprefix(f"{heading}: ").split(": ", 1) for line in lines]
    return {pair[0]: pair[1] for pair in pairs}


def test_evaluate_scores_the_good_cases_and_names_every_bad_one(
    data: Path, shaspec_folder: Path, tmp_path: Path, rows_of: Callable[..., Any]
) -> None:
    words = ["evaluate", shaspec_folder, data, "--subsets", "all", "--metrics", "dice"]
    result = run(*words, "--out", tmp_path / "out")
    assert result.exit_code == 1
    scored = {row["case"] for row in rows_of(tmp_path / "out" / "metrics.csv")}
    assert scored == {"good", "good-too", *DOUBTFUL}
    bad = BAD_SCANS | BAD_TRUTHS
    failed = named(result.output, "left out, cannot be used")
    assert {name: bad[name][1] in why for name, why in failed.items()} == dict.fromkeys(bad, True)
    doubts = named(result.output, "scored with notices")
    assert set(doubts) == set(DOUBTFUL)
    assert all(DOUBTFUL[name][1] in why for name, why in doubts.items())
    passed = named(result.output, "not evaluated")
    assert passed == {"bare": "no label file", "incomplete": "has none of all: it lacks T2"}
    assert "no case in the folders not-copied, notes:" in result.output
    protocol = json.loads((tmp_path / "out" / "protocol.json").read_text("utf-8"))
    assert set(protocol["cases"]) == scored
    assert set(protocol["left_out"]) == set(bad)
    assert protocol["not_evaluated"] == passed
    assert set(protocol["notices"]) == set(DOUBTFUL)


@pytest.mark.parametrize("command", ["cohort", "predict"])
def test_all_cases_with_good_scans_are_segmented_and_the_others_named(
    command: str, data: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    result = run(command, data, "--model", shaspec_folder, "--out", tmp_path / "out")
    assert result.exit_code == 1
    failed = named(result.output, "left out, cannot be used")
    said = {name: BAD_SCANS[name][1] in why for name, why in failed.items()}
    assert said == dict.fromkeys(BAD_SCANS, True)
    written = {path.name.split("_")[0] for path in (tmp_path / "out").glob("*_pred.nii.gz")}
    assert written == {"good", "good-too", "bare", "incomplete", *BAD_TRUTHS, *DOUBTFUL}
    assert "no case in the folders not-copied, notes:" in result.output


def test_check_names_every_bad_case_before_a_training(data: Path, tmp_path: Path) -> None:
    words = ["train", "--out", tmp_path / "run", "--data", data, "--max-steps", 1, "--check"]
    result = CliRunner().invoke(app, [str(w) for w in words], env={"COLUMNS": "2000"})
    problems = str(result.exception)
    for name, (_, said) in (BAD_SCANS | BAD_TRUTHS).items():
        told = problems if name != "two-raters" else result.output
        assert said in told.split(f"case {name}: ")[1].split("; case ")[0], name
    for name, (_, said) in DOUBTFUL.items():
        assert any(
            line.startswith(f"case {name}: ") and said in line for line in result.output.split("\n")
        )
    assert "bare: no label file" in result.output
    assert "two-raters: no label file" not in result.output
    assert "no case in the folders not-copied, notes:" in result.output


@pytest.mark.parametrize("error", [MemoryError(), "voxels of 90 mm"])
def test_a_case_that_cannot_be_segmented_leaves_the_scores_of_the_others(
    error: MemoryError | str,
    data: Path,
    small_case: Case,
    shaspec_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rows_of: Callable[..., Any],
) -> None:
    for name in ("good", "good-too"):
        shutil.copytree(data / name, tmp_path / "data" / name)
    if isinstance(error, str):
        grid = replace(small_case.grid, spacing=(90.0, 90.0, 90.0))
        shutil.rmtree(tmp_path / "data" / "good")
        write_case(tmp_path / "data" / "good", replace(small_case, grid=grid, name="good"))
    else:
        attempt = InferenceSession._attempt

        def failing(self: InferenceSession, *words: Any, **options: Any) -> Any:
            if self.case.name == "good":
                raise MemoryError
            return attempt(self, *words, **options)

        monkeypatch.setattr(InferenceSession, "_attempt", failing)
    words = ["evaluate", shaspec_folder, tmp_path / "data", "--subsets", "all"]
    result = run(*words, "--metrics", "dice", "--device", "cpu", "--out", tmp_path / "out")
    assert result.exit_code == 1, result.output
    assert set(named(result.output, "left out, cannot be used")) == {"good"}
    assert {row["case"] for row in rows_of(tmp_path / "out" / "metrics.csv")} == {"good-too"}


def test_a_copied_case_is_told_since_one_patient_counts_twice(
    data: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    copied = tmp_path / "data"
    for name, origin in (("a", "good"), ("b", "good-too"), ("z", "good")):
        shutil.copytree(data / origin, copied / name)
    file(copied / "z", "flair").write_bytes(file(data / "good-too", "flair").read_bytes())
    told = ": the same voxels as in case b and a, so one patient counts twice; leave one out"
    words = ["evaluate", shaspec_folder, copied, "--subsets", "T2", "--metrics", "dice"]
    said = run(*words, "--out", tmp_path / "scores").output
    assert named(said, "scored with notices") == {"z": f"FLAIR, T1, T1ce, T2{told}"}
    said = run("cohort", copied, "--model", shaspec_folder, "--out", tmp_path / "maps").output
    assert f"\nz: FLAIR, T1, T1ce, T2{told}\n" in said
    words = ["train", "--data", copied, "--out", tmp_path / "run", "--max-steps", 1, "--check"]
    assert f"\ncase z: FLAIR, T1, T1ce, T2{told}\n" in run(*words).output
