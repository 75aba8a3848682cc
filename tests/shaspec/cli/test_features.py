"""`shaspec features`: a picture, numbers and maps of a case, a figure of a cohort."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from typer.testing import Result

from shaspec.errors import ShaspecError
from shaspec.models.weights import Model
from shaspec.task import Task

Run = Callable[..., Result]
Rows = Callable[[Path], list[dict[str, str]]]


def test_features_leave_a_picture_numbers_and_maps(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path, rows_of: Rows
) -> None:
    result = run(
        "features", folder / "anna", "--model", shaspec_folder, "--out", tmp_path / "f",
        "--present", "FLAIR+T2", "--compare", "--nifti", "--device", "cpu",
    )  # fmt: skip
    assert "linear probe predicts the modality" in result.output
    rows = rows_of(tmp_path / "f" / "measures.csv")
    assert list(rows[0])[:5] == ["case", "model", "name", "meaning", "value"]
    assert (tmp_path / "f" / "anna_features.png").stat().st_size > 1000
    energy = nibabel.load(tmp_path / "f" / "anna_shared-energy_T1.nii.gz")
    np.testing.assert_allclose(energy.header.get_zooms(), 8)


def test_absent_modalities_are_not_read(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    case = Path(shutil.copytree(folder / "anna", tmp_path / "anna"))
    for path in case.glob("*t1*"):
        path.write_bytes(b"no image")
    result = run(
        "features", case, "--model", shaspec_folder, "--out", tmp_path / "f",
        "--present", "FLAIR+T2", "--no-measures", "--device", "cpu",
    )  # fmt: skip
    assert "case anna: FLAIR, T2; missing: T1, T1ce" in result.output


def test_pictures_and_maps_that_are_there_are_kept(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    map_file = tmp_path / "anna_shared-energy_T2.nii.gz"
    map_file.write_bytes(b"edited")
    command = [
        "features", folder / "anna", "--model", shaspec_folder, "--out", tmp_path,
        "--present", "T2", "--no-measures", "--nifti", "--device", "cpu",
    ]  # fmt: skip
    with pytest.raises(ShaspecError, match=r"anna_shared-energy_T2.*--overwrite"):
        run(*command)
    assert map_file.read_bytes() == b"edited"
    run(*command, "--overwrite")
    assert map_file.read_bytes() != b"edited"


def test_features_of_simmlm_are_its_logits_and_how_much_each_modality_counts(
    run: Run, folder: Path, model_of: Callable[[Task, str], Model], brats: Task, tmp_path: Path
) -> None:
    model = model_of(brats, "simmlm").source
    result = run(
        "features", folder / "anna", "--model", model, "--out", tmp_path / "f",
        "--present", "FLAIR+T2", "--nifti", "--device", "cpu",
    )  # fmt: skip
    assert "mean weight over the head" in result.output
    assert (tmp_path / "f" / "anna_features.png").stat().st_size > 1000
    assert (tmp_path / "f" / "anna_weight-energy_T2.nii.gz").is_file()
    assert not (tmp_path / "f" / "anna_weight-energy_T1.nii.gz").exists()


def test_features_of_a_cohort_are_a_figure_and_a_table(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path, rows_of: Rows
) -> None:
    run(
        "features", folder, "--cohort", "--model", shaspec_folder, "--out", tmp_path,
        "--device", "cpu",
    )  # fmt: skip
    rows = rows_of(tmp_path / "cohort_features.csv")
    assert {r["kind"] for r in rows} == {"shared", "specific"}
    assert len(rows) % 8 == 0
    assert (tmp_path / "cohort_features.png").is_file()
