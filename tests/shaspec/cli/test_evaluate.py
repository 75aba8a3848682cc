"""`shaspec evaluate`: tables, figures and rules."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from shaspec.case import Case
from shaspec.cli import app
from shaspec.errors import ShaspecError
from shaspec.inference.session import InferenceSession
from shaspec.task import Subset

pytestmark = pytest.mark.slow  # every subset of every case

Run = Callable[..., Result]
Rows = Callable[[Path], list[dict[str, str]]]


@pytest.fixture(scope="module")
def evaluated(
    folder: Path,
    shaspec_folder: Path,
    zero_fill_folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, str]:
    """Two models evaluated on one case over two subsets: the folder, and what was printed."""
    out = tmp_path_factory.mktemp("evaluated")
    words = [
        "evaluate", shaspec_folder, folder, "--out", out, "--against", zero_fill_folder,
        "--subsets", "all,T1ce", "--beside", "shaspec-brats2018",
    ]  # fmt: skip
    result = CliRunner().invoke(app, [str(w) for w in words], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return out, result.output


def test_evaluate_writes_a_row_per_case_subset_and_region(
    evaluated: tuple[Path, str], rows_of: Rows
) -> None:
    out, printed = evaluated
    assert "ET tiny-zero-fill" in printed
    assert "both empty = 1, one empty = 0, no post-processing" in printed
    assert "tiny-zero-fill: zero-fill, light" in printed
    for table in (out / "metrics.csv", out / "against" / "metrics.csv"):
        rows = rows_of(table)
        assert list(rows[0])[:4] == ["case", "subset", "region", "dice"]
        assert {r["subset"] for r in rows} == {"FLAIR+T1+T1ce+T2", "T1ce"}
        assert len(rows) == 6
        assert all(0 <= float(r["dice"]) <= 1 for r in rows)


def test_evaluate_leaves_tables_figures_and_the_protocol(evaluated: tuple[Path, str]) -> None:
    out, _ = evaluated
    names = {path.name for path in out.iterdir()}
    assert names >= {
        "summary.csv", "protocol.json", "table.md", "table.tex", "heatmap.png", "heatmap.svg",
        "comparison.csv", "comparison.md", "comparison.png",
    }  # fmt: skip
    protocol = json.loads((out / "protocol.json").read_text("utf-8"))
    assert protocol["model"] == "tiny-shaspec"
    assert protocol["cases"] == ["anna"]
    assert protocol["network"] == "shaspec"
    assert protocol["rules"].endswith("no post-processing")


def test_evaluate_compares_two_models_and_shows_published_tables_apart(
    evaluated: tuple[Path, str], rows_of: Rows
) -> None:
    out, printed = evaluated
    assert "tiny-shaspec minus tiny-zero-fill" in printed
    assert "only 1 cases" not in printed
    assert "only 1 case" in printed
    assert "published: ShaSpec" in printed
    assert "61.58" not in (out / "table.md").read_text("utf-8")
    lines = rows_of(out / "comparison.csv")
    assert {line["subset"] for line in lines} == {"T1ce", "FLAIR+T1+T1ce+T2", "mean of 2"}


def test_compare_repeats_the_numbers_of_evaluate(
    run: Run, evaluated: tuple[Path, str], tmp_path: Path, rows_of: Rows
) -> None:
    out, _ = evaluated
    result = run(
        "compare", out / "metrics.csv", out / "against", "--names", "one,other", "--out", tmp_path
    )
    assert "one minus other" in result.output
    for mine, earlier in zip(
        rows_of(tmp_path / "comparison.csv"), rows_of(out / "comparison.csv"), strict=True
    ):
        assert mine["won"] == earlier["won"]
        assert float(mine["difference"] or 0) == pytest.approx(
            float(earlier["difference"] or 0), abs=2e-6
        )


def test_bad_cases_and_cases_without_a_truth_are_listed_and_the_others_evaluated(
    folder: Path, shaspec_folder: Path, tmp_path: Path, rows_of: Rows
) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    for name in ("bad", "bare", "good"):
        shutil.copytree(folder / "anna", data / name)
    next(data.glob("bad/*_t2.nii.gz")).write_bytes(b"cut off")
    next(data.glob("bare/*_seg.nii.gz")).unlink()
    options = ["--out", out, "--subsets", "all", "--metrics", "dice"]
    words = ["evaluate", shaspec_folder, data, *options]
    result = CliRunner().invoke(app, [str(w) for w in words], env={"COLUMNS": "400"})
    assert result.exit_code == 1
    assert "no label file, so not evaluated: bare" in result.output
    assert "left out, cannot be used: bad: " in result.output
    assert {row["case"] for row in rows_of(out / "metrics.csv")} == {"good"}
    protocol = json.loads((out / "protocol.json").read_text("utf-8"))
    assert protocol["cases"] == ["good"]
    assert list(protocol["left_out"]) == ["bad"]
    with pytest.raises(ShaspecError, match=r"metrics\.csv: exists already.*--overwrite"):
        raise CliRunner().invoke(app, [str(w) for w in words]).exception  # type: ignore[misc]


def test_a_model_is_not_evaluated_against_itself(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(shaspec_folder)
    for same in (shaspec_folder, link):
        with pytest.raises(ShaspecError, match=r"--against .* is the model itself"):
            run("evaluate", shaspec_folder, folder, "--against", same, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_two_models_of_one_name_are_compared_by_their_folders(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    other = shutil.copytree(shaspec_folder, tmp_path / "other")
    words = ["evaluate", shaspec_folder, folder, "--subsets", "T2", "--metrics", "dice"]
    said = run(*words, "--against", other, "--out", tmp_path / "out").output
    # Long paths are broken over lines, wherever it may be.
    assert f"{shaspec_folder}minus{other}" in "".join(said.split())


def test_evaluate_drops_small_regions_only_when_asked(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path, rows_of: Rows
) -> None:
    words = ["evaluate", shaspec_folder, folder, "--subsets", "T2", "--metrics", "dice"]
    result = run(*words, "--out", tmp_path, "--et-rule", "drop-small", "--drop-small", "WT=9999999")
    assert "ET under 500 voxels removed, WT under 9999999 voxels removed" in result.output
    rows = rows_of(tmp_path / "metrics.csv")
    assert list(rows[0]) == ["case", "subset", "region", "dice"]
    assert {r["region"]: float(r["dice"]) for r in rows}["WT"] == 0
    with pytest.raises(ShaspecError, match="neither raw nor drop-small"):
        run(*words, "--out", tmp_path, "--et-rule", "small")
    with pytest.raises(ShaspecError, match="not a list such as ET=500"):
        run(*words, "--out", tmp_path, "--drop-small", "ET")


def test_evaluate_says_where_memory_did_not_suffice_and_the_protocol_too(
    run: Run,
    folder: Path,
    shaspec_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    predict, failures = InferenceSession._attempt, iter([True])

    def failing(self: InferenceSession, subset: Subset, *words: Any, **options: Any) -> Any:
        if next(failures, False):
            raise MemoryError
        return predict(self, subset, *words, **options)

    monkeypatch.setattr(InferenceSession, "_attempt", failing)
    words = ["evaluate", shaspec_folder, folder, "--subsets", "T1,T2", "--metrics", "dice"]
    words += ["--device", "cpu", "--window", "48,48,48"]
    said = run(*words, "--out", tmp_path).output
    assert "anna, T1: Not enough memory: trying again with windows of" in said
    protocol = json.loads((tmp_path / "protocol.json").read_text("utf-8"))
    assert (protocol["window"], protocol["device"]) == ([48, 48, 48], "cpu")
    (way,) = protocol["gave_way"]
    assert (way["case"], way["subset"], way["device"]) == ("anna", "T1", "cpu")
    assert way["window"] == [24, 48, 48]


def test_evaluate_without_labelled_cases_says_so(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    case = Path(shutil.copytree(folder / "anna", tmp_path / "data" / "anna"))
    next(case.glob("*seg*")).unlink()
    with pytest.raises(ShaspecError, match="no labelled case"):
        run("evaluate", shaspec_folder, tmp_path / "data", "--out", tmp_path / "out")


def test_a_folder_that_cannot_be_written_to_is_refused_before_the_work(
    run: Run,
    evaluated: tuple[Path, str],
    folder: Path,
    shaspec_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(InferenceSession, "_attempt", pytest.fail)
    file = tmp_path / "file"
    file.touch()
    for words in (
        ["evaluate", shaspec_folder, folder],
        ["compare", evaluated[0], evaluated[0] / "against"],
        ["sweep", folder / "anna", "--model", shaspec_folder],
        ["features", folder / "anna", "--model", shaspec_folder],
        ["report", folder / "anna", "--model", shaspec_folder],
    ):
        out = file / "page.html" if words[0] == "report" else file
        with pytest.raises(ShaspecError, match=r"file: cannot be written to as a folder"):
            run(*words, "--out", out)


def test_a_subset_that_is_named_twice_is_evaluated_once(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path, rows_of: Rows
) -> None:
    words = ["evaluate", shaspec_folder, folder, "--metrics", "dice", "--out", tmp_path]
    run(*words, "--subsets", "T2,all,T2,FLAIR+T1+T1ce+T2")
    rows = rows_of(tmp_path / "metrics.csv")
    assert [r["subset"] for r in rows] == ["T2"] * 3 + ["FLAIR+T1+T1ce+T2"] * 3


def test_evaluate_refuses_a_split_that_names_a_case_which_is_not_there(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "val.txt").write_text("anna\nzoe\n")
    with pytest.raises(ShaspecError, match=r"--splits names zoe, but .* has no such labelled case"):
        run("evaluate", shaspec_folder, folder, "--splits", tmp_path / "val.txt",
            "--out", tmp_path / "out")  # fmt: skip


def test_pictures_are_evaluated_from_folders_per_modality(
    run: Run,
    write_pictures: Callable[..., Path],
    picture_case: Case,
    picture_model_folder: Path,
    tmp_path: Path,
    rows_of: Rows,
) -> None:
    data = tmp_path / "data"
    for name in ("39", "40"):
        files = (f"rgb/{name}.png", f"depth/{name}.png", f"labels/{name}_label.png")
        write_pictures(data, picture_case, *files)
    (data / "val.txt").write_text("40.png\n")
    run("evaluate", picture_model_folder, data / "val.txt", "--out", tmp_path / "out")
    rows = rows_of(tmp_path / "out" / "metrics.csv")
    assert {(r["case"], r["subset"]) for r in rows} == {
        ("40", "RGB"), ("40", "depth"), ("40", "RGB+depth")
    }  # fmt: skip
    assert {r["region"] for r in rows} == {"spot", "scratch"}
    assert {"hd95_px", "truth_px", "area_error_px"} <= set(rows[0])
    assert float(rows[0]["truth_px"]) == (picture_case.labels == 1).sum()
