"""`shaspec sweep`: every subset of a case, by one model or several."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import Result

from shaspec.case import Case
from shaspec.errors import ShaspecError

pytestmark = pytest.mark.slow  # every subset

Run = Callable[..., Result]
Rows = Callable[[Path], list[dict[str, str]]]


def test_sweep_prints_a_row_per_subset_and_writes_tables_and_figures(
    run: Run,
    folder: Path,
    shaspec_folder: Path,
    zero_fill_folder: Path,
    tmp_path: Path,
    rows_of: Rows,
) -> None:
    result = run(
        "sweep", folder / "anna", "--model", shaspec_folder, "--model", zero_fill_folder,
        "--out", tmp_path, "--device", "cpu", "--window", "48,48,48",
    )  # fmt: skip
    assert "compared with ground truth" in result.output
    assert len([line for line in result.output.splitlines() if line.startswith("FLAIR+T2 ")]) == 2
    assert "Shapley" in result.output
    rows = rows_of(tmp_path / "sweep.csv")
    assert len(rows) == 2 * 15 * 3
    assert {r["model"] for r in rows} == {"tiny-shaspec", "tiny-zero-fill"}
    assert (tmp_path / "shapley.csv").is_file()
    assert (tmp_path / "heat_map.png").is_file()
    assert not (tmp_path / "labels").exists()


def test_sweep_without_labels_compares_with_all_that_is_there(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    case = Path(shutil.copytree(folder / "anna", tmp_path / "anna"))
    for word in ("seg", "t1ce", "t1."):
        next(case.glob(f"*_{word}*")).unlink()
    words = ["sweep", case, "--model", shaspec_folder, "--out", tmp_path / "out"]
    result = run(*words, "--save-labels", "--maps")
    assert "compared with all modalities" in result.output
    assert len(list((tmp_path / "out" / "labels").iterdir())) == 3
    assert len(list((tmp_path / "out" / "maps").iterdir())) == 10
    with pytest.raises(ShaspecError, match="two models are called"):
        run(*words, "--model", shaspec_folder)
    for path in (tmp_path / "out").glob("*.*"):
        path.unlink()
    for option in ("--save-labels", "--maps"):
        with pytest.raises(ShaspecError, match=r"anna_tiny.*exists already.*--overwrite"):
            run(*words, option)
    run(*words, "--save-labels", "--maps", "--overwrite")


def test_a_sweep_of_pictures_counts_pixels(
    run: Run,
    write_pictures: Callable[..., Path],
    picture_case: Case,
    picture_model_folder: Path,
    tmp_path: Path,
    rows_of: Rows,
) -> None:
    case = write_pictures(tmp_path / "39", picture_case, "rgb.png", "depth.png", "label.png")
    out = tmp_path / "out"
    words = ["sweep", case, "--model", picture_model_folder, "--window", "32,32", "--out", out]
    result = run(*words, "--save-labels")
    assert "Area (px)" in result.output
    assert not {"mm", "mL"} & set(result.output.replace("(", " ").replace(")", " ").split())
    rows = rows_of(out / "sweep.csv")
    for row in rows:
        name = f"39_tiny-shaspec_{row['subset']}_pred.png"
        labels = np.asarray(Image.open(out / "labels" / name))
        value = {"spot": 1, "scratch": 2}[row["region"]]
        assert float(row["px"]) == (labels == value).sum()
        assert float(row["hd95_px"]) >= 0
    assert {line["measure"] for line in rows_of(out / "shapley.csv")} == {"dice", "px"}
    with pytest.raises(ShaspecError, match="omit it for pictures"):
        run(*words, "--maps")
