"""`shaspec predict` and `sweep` with a classifier."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from shaspec.errors import ShaspecError

Run = Callable[..., Result]
Rows = Callable[[Path], list[dict[str, str]]]


def test_a_class_is_predicted_from_any_subset_of_image_and_sound(
    run: Run,
    write_digit: Callable[..., Path],
    classifier_folder: Path,
    tmp_path: Path,
    rows_of: Rows,
) -> None:
    case, table = write_digit(tmp_path / "seven"), tmp_path / "p.csv"
    words = ("--model", classifier_folder, "--device", "cpu")
    files = (case / "7.png", case / "7.wav")
    result = run("predict", *files, *words, "--present", "image", "--out", table)
    rows = rows_of(table)
    assert {row["subset"] for row in rows} == {"image"}
    assert sum(float(row["probability"]) for row in rows) == pytest.approx(1, abs=1e-4)
    shown = [line for line in result.output.splitlines() if " %" in line]
    assert rows[0]["title"] in shown[0]
    assert f"{100 * float(rows[0]['probability']):.1f} %" in shown[0]
    assert "missing: image" in run("predict", case / "7.wav", *words).output
    run("sweep", case, *words, "--out", tmp_path / "sweep")
    swept = rows_of(tmp_path / "sweep" / "sweep.csv")
    assert len(swept) == 3 * 10
    alone = [row for row in swept if row["subset"] == "image"]
    assert [row["probability"] for row in alone] == [row["probability"] for row in rows]


def test_segmentation_commands_refuse_a_classifier(
    run: Run, write_digit: Callable[..., Path], classifier_folder: Path, tmp_path: Path
) -> None:
    case = write_digit(tmp_path / "seven")
    words = ("predict", case, "--model", classifier_folder)
    with pytest.raises(ShaspecError, match="leave out --volumes, --window"):
        run(*words, "--volumes", tmp_path / "v.csv", "--window", "8,8")
    with pytest.raises(ShaspecError, match=r"written as \.csv"):
        run(*words, "--out", tmp_path / "s.png")
    with pytest.raises(ShaspecError, match="leave out --maps"):
        run("sweep", *words[1:], "--out", tmp_path, "--maps")
    with pytest.raises(ShaspecError, match="predicts a class"):
        run("report", *words[1:])
