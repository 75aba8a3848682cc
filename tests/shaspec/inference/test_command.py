"""The command of a result reproduces it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
from typer.testing import CliRunner

from shaspec.case import Case
from shaspec.cli import app
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.inference.command import command_of
from shaspec.inference.events import Computed
from shaspec.inference.outcome import last_event
from shaspec.inference.session import InferenceSession
from shaspec.io import CaseFiles, find_case, read_case, read_volume, write_case
from shaspec.models.weights import Model, load_model
from shaspec.prediction import Prediction

pytestmark = pytest.mark.slow  # runs networks on whole cases


@pytest.fixture
def files(small_case: Case, tmp_path: Path) -> dict[str, Path]:
    """The case as files whose names do not say what they are, one of them awkward to quote."""
    write_case(tmp_path, small_case)
    found = {}
    for number, name in enumerate(small_case.present):
        path = tmp_path / f"{small_case.name}_{name.lower()}.nii.gz"
        found[name] = path.rename(tmp_path / f"it's scan {number}.nii.gz")
    return found


def segmented(
    model: Model, source: Mapping[str, Path] | Path | CaseFiles, *subset: str, **options: object
) -> Prediction:
    case = read_case(source, model.card.task, with_labels=False)
    session = InferenceSession(model, case, **options)  # type: ignore[arg-type]
    return last_event(session.predict(subset)).prediction


def repeated(prediction: Prediction, out: Path) -> np.ndarray:
    """The labels that its command writes."""
    words = shlex.split(command_of(prediction))
    assert words[:2] == ["shaspec", "predict"]
    result = CliRunner().invoke(app, [*words[1:], "--out", str(out)])
    assert result.exit_code == 0, (result.output, result.exception)
    return read_volume(out).array


def test_the_command_names_the_grid_of_the_result(
    shaspec_model: Model, files: dict[str, Path], tmp_path: Path
) -> None:
    image = nibabel.load(files["T2"])
    nibabel.save(image.slicer[:-2, 1:], files["T2"])
    task = shaspec_model.card.task
    shapes = {}
    for grid in ("", "T2"):
        case = read_case(files, task, with_labels=False, grid=grid)
        session = InferenceSession(shaspec_model, case, device="cpu")
        prediction = last_event(session.predict(("FLAIR", "T2"))).prediction
        assert ("--grid T2" in command_of(prediction)) == (grid == "T2")
        shapes[grid] = repeated(prediction, tmp_path / f"out{grid}.nii.gz").shape
        assert shapes[grid] == prediction.labels.shape
    assert shapes[""] != shapes["T2"]


def test_the_command_gives_the_same_labels_again(
    shaspec_model: Model, files: dict[str, Path], tmp_path: Path
) -> None:
    # Without the first modality, with windows that are no multiple of the network's strides.
    options = {"window": (20, 24, 30), "overlap": 0.4, "device": "cpu"}
    prediction = segmented(shaspec_model, files, "T1ce", "T2", **options)
    assert prediction.labels.any()
    again = repeated(prediction, tmp_path / "again.nii.gz")
    np.testing.assert_array_equal(again, prediction.labels)
    whole = segmented(shaspec_model, files, "T1ce", "T2", device="cpu").labels
    assert (whole != prediction.labels).any()  # the settings do matter


def test_a_case_in_one_file_is_named_once(
    shaspec_model: Model, small_case: Case, tmp_path: Path
) -> None:
    write_case(tmp_path / "single", small_case)
    paths = [next((tmp_path / "single").glob(f"*_{n.lower()}.*")) for n in small_case.present]
    image = nibabel.funcs.concat_images([str(p) for p in paths])
    nibabel.save(image, tmp_path / "case.nii.gz")
    prediction = segmented(shaspec_model, tmp_path / "case.nii.gz", "FLAIR", "T2", device="cpu")
    assert command_of(prediction).count("case.nii.gz") == 1
    np.testing.assert_array_equal(repeated(prediction, tmp_path / "s.nii"), prediction.labels)


def test_channels_that_were_assigned_by_hand_have_no_command(
    shaspec_model: Model, small_case: Case, tmp_path: Path
) -> None:
    path = tmp_path / "case.nii.gz"
    arrays = [small_case.grid.to_file(small_case.volumes[n]) for n in small_case.present]
    nibabel.save(nibabel.Nifti1Image(np.stack(arrays, -1), small_case.grid.affine), path)
    files = find_case(path, small_case.task)
    assert files.channel is not None
    names = list(files.channel)
    by_hand = replace(files, channel=dict(zip(names, [3, 1, 2, 0], strict=True)))
    command_of(segmented(shaspec_model, files, "T1", "T2", device="cpu"))
    with pytest.raises(InputError, match=r"case\.nii\.gz: its channels were assigned by hand"):
        command_of(segmented(shaspec_model, by_hand, "T1", "T2", device="cpu"))


def test_images_that_were_moved_have_no_command(
    shaspec_model: Model, files: dict[str, Path]
) -> None:
    prediction = segmented(shaspec_model, files, "T1", device="cpu")
    grid = prediction.grid
    moved = replace(prediction, grid=Grid(grid.shape, grid.spacing, (5.0, 6.0, 7.0)))
    with pytest.raises(InputError, match="were moved after they were read"):
        command_of(moved)


def test_the_command_of_features_gives_these_maps_again(
    shaspec_model: Model, files: dict[str, Path], tmp_path: Path
) -> None:
    case = read_case(files, shaspec_model.card.task, with_labels=False)
    *_, last = InferenceSession(shaspec_model, case, device="cpu").features(("T1", "T2"))
    assert isinstance(last, Computed)
    words = shlex.split(command_of(last.value))
    assert words[:2] == ["shaspec", "features"]
    assert words[-2:] == ["--out", "features"]
    words[-1] = str(tmp_path / "again")
    result = CliRunner().invoke(app, [*words[1:], "--no-measures", "--nifti"])
    assert result.exit_code == 0, (result.output, result.exception)
    again = {path.name for path in (tmp_path / "again").rglob("*.nii.gz")}
    assert any("imputed" in name and "FLAIR" in name for name in again), again


def test_a_bundled_model_is_called_by_its_name() -> None:
    assert load_model("zero-fill").source == "zero-fill"


def test_a_result_without_files_says_that_it_cannot_be_repeated(
    shaspec_model: Model, small_case: Case
) -> None:
    session = InferenceSession(shaspec_model, small_case, device="cpu")
    prediction = last_event(session.predict(("FLAIR",))).prediction
    with pytest.raises(InputError, match="FLAIR did not come from a file"):
        command_of(prediction)


def test_a_model_from_memory_is_refused_too(shaspec_model: Model, files: dict[str, Path]) -> None:
    model = Model(shaspec_model.network, shaspec_model.card)
    with pytest.raises(InputError, match="did not come from a folder"):
        command_of(segmented(model, files, "T1", device="cpu"))
