"""The command line: what it writes, what it says, and how it refuses."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from shaspec.case import Case
from shaspec.cli import app
from shaspec.errors import ShaspecError
from shaspec.io import write_case
from shaspec.task import load_task

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


def lines_of(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_evaluate_writes_a_row_per_case_subset_and_region(evaluated: tuple[Path, str]) -> None:
    out, printed = evaluated
    assert "ET tiny-zero-fill" in printed
    assert "both empty = 1, one empty = 0, no post-processing" in printed
    for table in (out / "metrics.csv", out / "against" / "metrics.csv"):
        rows = lines_of(table)
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
    assert protocol["rules"].endswith("no post-processing")


def test_evaluate_compares_two_models_and_shows_published_tables_apart(
    evaluated: tuple[Path, str],
) -> None:
    out, printed = evaluated
    assert "tiny-shaspec minus tiny-zero-fill" in printed
    assert "1 case are few" not in printed
    assert "1 case is few" in printed
    assert "published: ShaSpec" in printed
    assert "61.58" not in (out / "table.md").read_text("utf-8")
    lines = lines_of(out / "comparison.csv")
    assert {line["subset"] for line in lines} == {"T1ce", "FLAIR+T1+T1ce+T2", "mean of 2"}


def test_compare_gives_what_evaluate_gave(
    run: Run, evaluated: tuple[Path, str], tmp_path: Path
) -> None:
    out, _ = evaluated
    result = run(
        "compare", out / "metrics.csv", out / "against", "--names", "one,other", "--out", tmp_path
    )
    assert "one minus other" in result.output
    for mine, earlier in zip(
        lines_of(tmp_path / "comparison.csv"), lines_of(out / "comparison.csv"), strict=True
    ):
        assert mine["won"] == earlier["won"]
        assert float(mine["difference"] or 0) == pytest.approx(
            float(earlier["difference"] or 0), abs=2e-6
        )


def test_compare_joins_folds_and_says_which_rules_they_had(run: Run, tmp_path: Path) -> None:
    for name, value in (("a0", 0.9), ("a1", 0.5), ("b0", 0.8), ("b1", 0.6)):
        (tmp_path / name).mkdir()
        text = f"case,subset,region,dice\n{name[1]},T2,ET,{value}\n"
        (tmp_path / name / "metrics.csv").write_text(text, "utf-8")
    (tmp_path / "a0" / "protocol.json").write_text('{"rules": "other rules"}', "utf-8")
    a0, a1, b0, b1 = (tmp_path / name for name in ("a0", "a1", "b0", "b1"))
    result = run("compare", a0, a1, "--against", b0, "--against", b1)
    assert "2 shared cases" in result.output
    assert "rules: other rules" in result.output
    assert "the rules differ" in result.output
    with pytest.raises(ShaspecError, match="got 3 tables"):
        run("compare", a0, a1, b0)


def test_evaluate_drops_small_regions_only_when_asked(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    words = ["evaluate", shaspec_folder, folder, "--subsets", "T2", "--metrics", "dice"]
    result = run(*words, "--out", tmp_path, "--et-rule", "drop-small", "--drop-small", "WT=9999999")
    assert "ET under 500 voxels removed, WT under 9999999 voxels removed" in result.output
    rows = lines_of(tmp_path / "metrics.csv")
    assert list(rows[0]) == ["case", "subset", "region", "dice"]
    assert {r["region"]: float(r["dice"]) for r in rows}["WT"] == 0
    with pytest.raises(ShaspecError, match="neither raw nor drop-small"):
        run(*words, "--out", tmp_path, "--et-rule", "small")
    with pytest.raises(ShaspecError, match="not a list such as ET=500"):
        run(*words, "--out", tmp_path, "--drop-small", "ET")


def test_published_tables_are_listed_and_shown(run: Run) -> None:
    listed = " ".join(run("published").output.split())
    assert "shaspec-brats2018: ShaSpec, Dice (%), mean of 15: ET 61.58" in listed
    assert "m3l-sid: Linear Fusion, M3L, mIoU (%), RGB+depth: 0.1 % 44.10" in listed
    assert "shaspec-avmnist: ShaSpec, accuracy (%), image: 5 % 93.33" in listed
    assert "66 cases" in run("published", "shaspec-brats2018").output


def test_evaluate_without_labelled_cases_says_so(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    case = Path(shutil.copytree(folder / "anna", tmp_path / "data" / "anna"))
    next(case.glob("*seg*")).unlink()
    with pytest.raises(ShaspecError, match="no labelled case"):
        run("evaluate", shaspec_folder, tmp_path / "data", "--out", tmp_path / "out")


def test_evaluate_refuses_a_split_that_names_a_case_which_is_not_there(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "val.txt").write_text("anna\nzoe\n")
    with pytest.raises(ShaspecError, match="no labelled case zoe, which the splits name"):
        run("evaluate", shaspec_folder, folder, "--splits", tmp_path / "val.txt",
            "--out", tmp_path / "out")  # fmt: skip


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


def test_train_lists_its_cases_and_what_is_wrong_before_anything_starts(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    data = Path(shutil.copytree(folder, tmp_path / "data"))
    shutil.copytree(data / "anna", data / "ben")
    next((data / "anna").glob("*_t1.*")).unlink()
    words = ["train", "--out", tmp_path / "run", "--data", data, "--max-steps", 1, "--check"]
    said = run(*words).output
    assert next(line for line in said.splitlines() if "anna" in line).count("yes") == 3
    assert "2 to train on" in said
    next((data / "ben").glob("*_t2.*")).write_bytes(b"no volume")
    with pytest.raises(ShaspecError, match=r"1 problems: case ben: .*t2"):
        run(*words)
    assert not (tmp_path / "run").exists()


def test_train_speaks_json_to_programs(run: Run, folder: Path, tmp_path: Path) -> None:
    words = [
        "train", "--json", "--out", tmp_path / "run", "--method", "zero-fill", "--data", folder,
        "--max-steps", 1, "--crop", "16,16,16", "--batch", 1, "--device", "cpu",
        "--set", f"cache={tmp_path / 'cache'}", "--set", "seed=3",
    ]  # fmt: skip
    events = [json.loads(line) for line in run(*words).output.splitlines()]
    assert [e["event"] for e in events[-3:]] == ["step", "checkpoint", "finished"]
    assert json.loads((tmp_path / "run" / "config.json").read_text())["seed"] == 3
    result = CliRunner().invoke(app, [str(w) for w in [*words, "--set", "ema=0.5"]])
    last = json.loads(result.output.splitlines()[-1])
    assert last["event"] == "failed"
    assert "another configuration (ema)" in last["message"]


def test_a_setting_without_a_value_is_refused(run: Run) -> None:
    with pytest.raises(ShaspecError, match="say KEY=VALUE"):
        run("train", "--set", "ema")


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
    card = run("models", "shaspec").output
    assert "research use only" in card
    assert [line for line in card.splitlines() if "FLAIR+T2 " in line and "0.86" in line]


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


def test_pictures_are_segmented_into_a_png(
    run: Run,
    write_pictures: Callable[..., Path],
    picture_case: Case,
    picture_model_folder: Path,
    tmp_path: Path,
) -> None:
    case = write_pictures(tmp_path / "39", picture_case, "rgb.png", "depth.png")
    out, table = tmp_path / "s.png", tmp_path / "s.csv"
    words = ["predict", case, "--model", picture_model_folder, "--window", "32,32"]
    result = run(*words, "--present", "depth", "--out", out, "--volumes", table)
    assert "px" in result.output
    labels = np.asarray(Image.open(out))
    assert labels.shape == (40, 52)
    with table.open() as file:
        sizes = {line["region"]: float(line["px"]) for line in csv.DictReader(file)}
    assert sizes["scratch"] == (labels == 2).sum()
    with pytest.raises(ShaspecError, match="give 2 numbers"):
        run(*words[:-1], "32,32,32")
    with pytest.raises(ShaspecError, match=r"written as \.png"):
        run(*words, "--out", tmp_path / "s.nii.gz")


def test_pictures_are_evaluated_from_folders_per_modality(
    run: Run,
    write_pictures: Callable[..., Path],
    picture_case: Case,
    picture_model_folder: Path,
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    for name in ("39", "40"):
        files = (f"rgb/{name}.png", f"depth/{name}.png", f"labels/{name}_label.png")
        write_pictures(data, picture_case, *files)
    (data / "val.txt").write_text("40.png\n")
    run("evaluate", picture_model_folder, data / "val.txt", "--out", tmp_path / "out")
    with (tmp_path / "out" / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {(r["case"], r["subset"]) for r in rows} == {
        ("40", "RGB"), ("40", "depth"), ("40", "RGB+depth")
    }  # fmt: skip
    assert {r["region"] for r in rows} == {"spot", "scratch"}
    assert {"hd95_px", "truth_px", "area_error_px"} <= set(rows[0])
    assert float(rows[0]["truth_px"]) == (picture_case.labels == 1).sum()


def test_a_sweep_of_pictures_counts_pixels(
    run: Run,
    write_pictures: Callable[..., Path],
    picture_case: Case,
    picture_model_folder: Path,
    tmp_path: Path,
) -> None:
    case = write_pictures(tmp_path / "39", picture_case, "rgb.png", "depth.png", "label.png")
    out = tmp_path / "out"
    words = ["sweep", case, "--model", picture_model_folder, "--window", "32,32", "--out", out]
    result = run(*words, "--save-labels")
    assert "Area (px)" in result.output
    assert not {"mm", "mL"} & set(result.output.replace("(", " ").replace(")", " ").split())
    with (out / "sweep.csv").open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        name = f"39_tiny-shaspec_{row['subset']}_seg.png"
        labels = np.asarray(Image.open(out / "labels" / name))
        value = {"spot": 1, "scratch": 2}[row["region"]]
        assert float(row["px"]) == (labels == value).sum()
        assert float(row["hd95_px"]) >= 0
    with (out / "shapley.csv").open() as file:
        assert {line["measure"] for line in csv.DictReader(file)} == {"dice", "px"}
    with pytest.raises(ShaspecError, match="leave it out for pictures"):
        run(*words, "--maps")


def test_a_task_file_to_start_from_is_printed(run: Run, tmp_path: Path) -> None:
    own = tmp_path / "my.toml"
    own.write_text(run("task").output)
    assert load_task(own).name == "my-task"
    own.write_text(run("task", "rgbd").output)
    assert load_task(own) == load_task("rgbd")


def test_files_are_named_by_their_modality_all_or_none(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    flair = next((folder / "anna").glob("*_flair.*"))
    shutil.copy(flair, tmp_path / "a=b.nii.gz")
    words = ("--model", shaspec_folder, "--device", "cpu", "--out", tmp_path / "s.nii.gz")
    assert "case" in run("predict", f"T1={tmp_path / 'a=b.nii.gz'}", *words).output
    with pytest.raises(ShaspecError, match="every file as MODALITY=file"):
        run("predict", f"T1={flair}", flair, *words)
    with pytest.raises(ShaspecError, match="every file as MODALITY=file"):
        run("predict", f"T1={flair}", f"T1={flair}", *words)
    with pytest.raises(ShaspecError, match="unknown modality heart"):
        run("predict", f"heart={flair}", *words)


def test_a_class_is_told_from_any_subset_of_image_and_sound(
    run: Run, write_digit: Callable[..., Path], classifier_folder: Path, tmp_path: Path
) -> None:
    case, table = write_digit(tmp_path / "seven"), tmp_path / "p.csv"
    words = ("--model", classifier_folder, "--device", "cpu")
    files = (case / "7.png", case / "7.wav")
    result = run("predict", *files, *words, "--present", "image", "--out", table)
    rows = lines_of(table)
    assert {row["subset"] for row in rows} == {"image"}
    assert sum(float(row["probability"]) for row in rows) == pytest.approx(1, abs=1e-4)
    shown = [line for line in result.output.splitlines() if " %" in line]
    assert rows[0]["title"] in shown[0]
    assert f"{100 * float(rows[0]['probability']):.1f} %" in shown[0]
    assert "not there: image" in run("predict", case / "7.wav", *words).output
    run("sweep", case, *words, "--out", tmp_path / "sweep")
    swept = lines_of(tmp_path / "sweep" / "sweep.csv")
    assert len(swept) == 3 * 10
    alone = [row for row in swept if row["subset"] == "image"]
    assert [row["probability"] for row in alone] == [row["probability"] for row in rows]


def test_what_speaks_of_segmentations_is_refused_for_a_model_that_names_a_class(
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
    with pytest.raises(ShaspecError, match="names a class and segments nothing"):
        run("report", *words[1:])
