"""The command line: what it writes, what it says, and how it refuses."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from shaspec.case import Case
from shaspec.cli import app
from shaspec.errors import ShaspecError
from shaspec.io import write_case

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call ``shaspec`` with these words; errors for the user come out as they are."""
    monkeypatch.setenv("COLUMNS", "200")

    def call(*words: object) -> Result:
        result = CliRunner().invoke(app, [str(w) for w in words])
        if isinstance(result.exception, ShaspecError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result

    return call


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, small_case: Case) -> Path:
    """A data folder with one case."""
    data = tmp_path_factory.mktemp("data")
    write_case(data / "anna", small_case)
    return data


def test_predict_writes_labels_on_the_grid_of_the_input(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    out, table = tmp_path / "seg.nii.gz", tmp_path / "ml.csv"
    result = run(
        "predict", folder / "anna", "--present", "flair+t2", "--out", out, "--volumes", table,
        "--model", shaspec_folder, "--device", "cpu",
    )  # fmt: skip
    assert "WT" in result.output
    image = nibabel.load(out)
    reference = nibabel.load(next((folder / "anna").glob("*flair*")))
    np.testing.assert_array_equal(image.affine, reference.affine)
    assert set(np.unique(np.asanyarray(image.dataobj))) <= {0, 1, 2, 4}
    with table.open() as file:
        assert {line["subset"] for line in csv.DictReader(file)} == {"FLAIR+T2"}


def test_predict_takes_a_case_with_a_file_missing(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    case = Path(shutil.copytree(folder / "anna", tmp_path / "anna"))
    next(case.glob("*t1ce*")).unlink()
    words = ["predict", case, "--model", shaspec_folder, "--out", tmp_path / "s.nii.gz"]
    assert "not there: T1ce" in run(*words).output
    with pytest.raises(ShaspecError, match="has no T1ce"):
        run(*words, "--present", "T1ce")


def test_predict_takes_single_files(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    files = [next((folder / "anna").glob(f"*_{name}.*")) for name in ("flair", "t1")]
    out = tmp_path / "s.nii"
    run("predict", *files, "--model", shaspec_folder, "--out", out)
    assert out.is_file()


def test_evaluate_writes_a_row_per_case_subset_and_region(
    run: Run, folder: Path, shaspec_folder: Path, zero_fill_folder: Path, tmp_path: Path
) -> None:
    result = run(
        "evaluate", shaspec_folder, folder, "--out", tmp_path, "--against", zero_fill_folder,
        "--subsets", "all,T1ce",
    )  # fmt: skip
    assert "ET tiny-zero-fill" in result.output
    assert "both empty = 1, one empty = 0, no post-processing" in result.output
    with (tmp_path / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["case", "subset", "region", "dice"]
    assert {r["subset"] for r in rows} == {"FLAIR+T1+T1ce+T2", "T1ce"}
    assert len(rows) == 6
    assert (tmp_path / "summary.csv").is_file()
    assert (tmp_path / "against" / "metrics.csv").is_file()


def test_evaluate_without_labelled_cases_says_so(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    case = Path(shutil.copytree(folder / "anna", tmp_path / "data" / "anna"))
    next(case.glob("*seg*")).unlink()
    with pytest.raises(ShaspecError, match="no labelled case"):
        run("evaluate", shaspec_folder, tmp_path / "data", "--out", tmp_path / "out")


def test_train_leaves_a_model_that_predict_takes(run: Run, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    config = tmp_path / "run.toml"
    config.write_text(f'cache = "{tmp_path / "cache"}"\ncheckpoint_minutes = 60\n')
    result = run(
        "train", config, "--out", out, "--method", "zero-fill", "--data", folder,
        "--max-steps", 1, "--crop", "16,16,16", "--batch", 1, "--device", "cpu",
    )  # fmt: skip
    assert "training zero-fill" in result.output
    run("predict", folder / "anna", "--model", out, "--out", tmp_path / "s.nii.gz")


def test_features_leave_a_picture_numbers_and_maps(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    result = run(
        "features", folder / "anna", "--model", shaspec_folder, "--out", tmp_path / "f",
        "--present", "FLAIR+T2", "--nifti", "--device", "cpu",
    )  # fmt: skip
    assert "linear probe names the modality" in result.output
    with (tmp_path / "f" / "measures.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:5] == ["case", "model", "name", "meaning", "value"]
    assert (tmp_path / "f" / "anna_features.png").stat().st_size > 1000
    energy = nibabel.load(tmp_path / "f" / "anna_shared-energy_T1.nii.gz")
    np.testing.assert_allclose(energy.header.get_zooms(), 8)


def test_features_of_a_cohort_are_a_figure_and_a_table(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    run(
        "features", folder, "--cohort", "--model", shaspec_folder, "--out", tmp_path,
        "--device", "cpu",
    )  # fmt: skip
    with (tmp_path / "cohort_features.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {r["kind"] for r in rows} == {"shared", "specific"}
    assert len(rows) % 8 == 0
    assert (tmp_path / "cohort_features.png").is_file()


def test_a_phantom_is_read_back_as_a_case(run: Run, shaspec_folder: Path, tmp_path: Path) -> None:
    run("phantom", tmp_path / "p", "--seed", 9_000_002, "--size", "32,40,36")
    assert len(list((tmp_path / "p").glob("*.nii.gz"))) == 5
    run("predict", tmp_path / "p", "--model", shaspec_folder, "--out", tmp_path / "s.nii.gz")


def test_a_phantom_of_another_task_and_voxel_size_is_written(run: Run, tmp_path: Path) -> None:
    run("phantom", tmp_path / "p", "--task", "liver-ct", "--size", "20,24,32",
        "--spacing", "12,12,12.5")  # fmt: skip
    names = {path.name for path in (tmp_path / "p").iterdir()}
    assert names == {f"phantom-9000000_{n}.nii.gz" for n in ("arterial", "venous", "seg")}
    image = nibabel.load(tmp_path / "p" / "phantom-9000000_venous.nii.gz")
    assert image.header.get_zooms() == (12.5, 12, 12)


def test_a_voxel_size_that_is_no_list_of_lengths_is_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ShaspecError, match="not a list of lengths"):
        run("phantom", tmp_path / "p", "--spacing", "thin")


def test_a_window_that_is_no_list_of_numbers_is_refused(
    run: Run, folder: Path, shaspec_folder: Path
) -> None:
    with pytest.raises(ShaspecError, match="not a list of whole numbers"):
        run("predict", folder / "anna", "--model", shaspec_folder, "--window", "big")


def test_the_version_and_the_models_are_listed(run: Run) -> None:
    assert run("--version").output.startswith("shaspec ")
    assert "licence" in run("models").output


def test_sweep_prints_a_row_per_subset_and_writes_tables_and_figures(
    run: Run, folder: Path, shaspec_folder: Path, zero_fill_folder: Path, tmp_path: Path
) -> None:
    result = run(
        "sweep", folder / "anna", "--model", shaspec_folder, "--model", zero_fill_folder,
        "--out", tmp_path, "--device", "cpu", "--window", "48,48,48",
    )  # fmt: skip
    assert "compared with ground truth" in result.output
    assert len([line for line in result.output.splitlines() if line.startswith("FLAIR+T2 ")]) == 2
    assert "Shapley" in result.output
    with (tmp_path / "sweep.csv").open() as file:
        rows = list(csv.DictReader(file))
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
