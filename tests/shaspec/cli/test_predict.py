"""`shaspec predict`: inputs, outputs and errors."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image
from typer.testing import Result

from shaspec.case import Case
from shaspec.errors import ShaspecError
from shaspec.inference.session import InferenceSession
from shaspec.models.weights import Model
from shaspec.task import Task

pytestmark = pytest.mark.slow  # runs networks on whole cases

Run = Callable[..., Result]
Rows = Callable[[Path], list[dict[str, str]]]


def test_predict_writes_labels_on_the_grid_of_the_input(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path, rows_of: Rows
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
    assert {line["subset"] for line in rows_of(table)} == {"FLAIR+T2"}


def test_predict_says_how_much_each_modality_counted_where_the_network_knows(
    run: Run, folder: Path, model_of: Callable[[Task, str], Model], brats: Task, tmp_path: Path
) -> None:
    words = ["predict", folder / "anna", "--device", "cpu", "--out", tmp_path / "a_pred.nii.gz"]
    told = [run(*words, "--model", model_of(brats, m).source).output for m in ("simmlm", "shaspec")]
    assert ["weight of each modality" in text for text in told] == [True, False]


def test_sizes_are_written_into_a_new_folder_with_names_in_quotes(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path, rows_of: Rows
) -> None:
    case = shutil.copytree(folder / "anna", tmp_path / "anna, again")
    table = tmp_path / "new" / "ml.csv"
    words = ["predict", case, "--model", shaspec_folder, "--present", "T2", "--device", "cpu"]
    run(*words, "--out", tmp_path / "s.nii.gz", "--volumes", table)
    rows = rows_of(table)
    assert list(rows[0]) == ["case", "subset", "region", "ml"]
    assert {row["subset"] for row in rows} == {"T2"}


def test_a_file_that_cannot_be_written_is_named_before_the_work(
    run: Run,
    folder: Path,
    shaspec_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(InferenceSession, "_attempt", pytest.fail)
    (tmp_path / "file").touch()
    words = ["predict", folder / "anna", "--model", shaspec_folder, "--out", tmp_path / "s.nii"]
    with pytest.raises(ShaspecError, match=r"file: cannot be written to as a folder"):
        run(*words, "--volumes", tmp_path / "file" / "ml.csv")
    with pytest.raises(ShaspecError, match=r"is a folder: name a file"):
        run(*words, "--volumes", tmp_path)


def test_predict_takes_a_case_with_a_file_missing(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    case = Path(shutil.copytree(folder / "anna", tmp_path / "anna"))
    next(case.glob("*t1ce*")).unlink()
    words = ["predict", case, "--model", shaspec_folder, "--out", tmp_path / "s.nii.gz"]
    assert "missing: T1ce" in run(*words).output
    with pytest.raises(ShaspecError, match="has no T1ce"):
        run(*words, "--present", "T1ce")


def test_predict_takes_single_files(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    files = [next((folder / "anna").glob(f"*_{name}.*")) for name in ("flair", "t1")]
    out = tmp_path / "s.nii"
    run("predict", *files, "--model", shaspec_folder, "--out", out)
    assert out.is_file()


def test_an_invalid_window_option_is_refused(run: Run, folder: Path, shaspec_folder: Path) -> None:
    with pytest.raises(ShaspecError, match="not a list of whole numbers"):
        run("predict", folder / "anna", "--model", shaspec_folder, "--window", "big")


def test_pictures_are_segmented_into_a_png(
    run: Run,
    write_pictures: Callable[..., Path],
    picture_case: Case,
    picture_model_folder: Path,
    tmp_path: Path,
    rows_of: Rows,
) -> None:
    case = write_pictures(tmp_path / "39", picture_case, "rgb.png", "depth.png")
    out, table = tmp_path / "s.png", tmp_path / "s.csv"
    words = ["predict", case, "--model", picture_model_folder, "--window", "32,32"]
    result = run(*words, "--present", "depth", "--out", out, "--volumes", table)
    assert "px" in result.output
    labels = np.asarray(Image.open(out))
    assert labels.shape == (40, 52)
    sizes = {line["region"]: float(line["px"]) for line in rows_of(table)}
    assert sizes["scratch"] == (labels == 2).sum()
    with pytest.raises(ShaspecError, match="give 2 numbers"):
        run(*words[:-1], "32,32,32")
    with pytest.raises(ShaspecError, match=r"written as \.png"):
        run(*words, "--out", tmp_path / "s.nii.gz")


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


def test_a_file_that_was_read_is_never_written_over(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    flair = next((folder / "anna").glob("*_flair.nii.gz"))
    (tmp_path / "link.nii.gz").symlink_to(flair)
    before = flair.read_bytes()
    for out in (flair, tmp_path / "link.nii.gz"):
        with pytest.raises(ShaspecError, match=r"the input file .*flair\.nii\.gz"):
            run("predict", folder / "anna", "--model", shaspec_folder, "--out", out, "--overwrite")
    assert flair.read_bytes() == before


def test_scans_and_truths_of_this_or_another_case_are_not_replaced(
    run: Run, folder: Path, shaspec_folder: Path
) -> None:
    words = ["predict", folder / "anna", "--model", shaspec_folder, "--present", "T1"]
    other = shutil.copytree(folder / "anna", folder.parent / "another")
    for place, role in [("anna", "flair"), ("anna", "seg"), (other, "flair"), (other, "seg")]:
        path = next((folder / place).glob(f"*_{role}.nii.gz"))
        before = path.read_bytes()
        with pytest.raises(ShaspecError, match=rf"_{role}\.nii\.gz: is a scan or a label file"):
            run(*words, "--out", path, "--overwrite")
        assert path.read_bytes() == before


def test_two_results_need_two_files(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    words = ["predict", folder / "anna", "--model", shaspec_folder]
    with pytest.raises(ShaspecError, match=r"a\.nii\.gz: is named for two results"):
        run(*words, "--out", tmp_path / "a.nii.gz", "--csv", tmp_path / "b" / ".." / "a.nii.gz")


def test_a_threshold_gives_the_labels_of_the_written_probabilities(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path, brats: Task
) -> None:
    words = ["predict", folder / "anna", "--model", shaspec_folder, "--device", "cpu"]
    out = tmp_path / "a_pred.nii.gz"
    said = run(*words, "--out", out, "--probabilities", "--threshold", "WT=0.3,ET=0.6").output
    assert "WT > 0.30" in said
    assert "ET > 0.60" in said
    labels = np.asanyarray(nibabel.load(out).dataobj)
    limits = {"WT": 0.3, "ET": 0.6}
    maps = [
        nibabel.load(tmp_path / f"a_prob_{name}.nii.gz").get_fdata(dtype=np.float32)
        > limits.get(name, 0.5)
        for name in brats.region_names
    ]
    np.testing.assert_array_equal(labels, brats.paint(np.stack(maps)))


def test_a_threshold_that_cannot_be_used_is_refused(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    words = ["--model", shaspec_folder, "--out", tmp_path / "out"]
    with pytest.raises(ShaspecError, match="threshold of 'XX'"):
        run("predict", folder / "anna", *words, "--threshold", "XX=0.3")
    with pytest.raises(ShaspecError, match="one case"):
        run("predict", folder, *words, "--threshold", "WT=0.3")


def test_a_threshold_of_exclusive_labels_is_refused_before_the_run(
    run: Run,
    folder: Path,
    model_of: Callable[[Task, str], Model],
    brats: Task,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(InferenceSession, "_attempt", pytest.fail)
    words = ["--model", model_of(brats, "maml").source, "--threshold", "WT=0.3"]
    with pytest.raises(ShaspecError, match="mutually exclusive"):
        run("predict", folder / "anna", *words)


def test_predict_prints_the_scores_of_the_card_where_it_has_some(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    model = shutil.copytree(shaspec_folder, tmp_path / "model")
    words = ["predict", folder / "anna", "--model", model, "--present", "T1+T2", "--device", "cpu"]
    assert "mean Dice" not in run(*words, "--out", tmp_path / "a.nii.gz").output
    card = json.loads((model / "card.json").read_text("utf-8"))
    full = "+".join(modality["name"] for modality in card["task"]["modalities"])
    card["scores"] = {"fold 7, T1+T2": {"ET": 0.11}, f"fold 7, {full}": {"ET": 0.77}}
    (model / "card.json").write_text(json.dumps(card), "utf-8")
    said = run(*words, "--out", tmp_path / "b.nii.gz").output
    line = "ET cannot be judged without FLAIR and T1ce: mean Dice of this model 0.11, with all"
    assert line in said
