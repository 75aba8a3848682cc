"""Written probabilities: by the rule of the task they are the labels, voxel by voxel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.inference.session import InferenceSession
from shaspec.io import case_from_arrays, find_cases, write_case
from shaspec.io.naming import is_result
from shaspec.io.probability_maps import probability_files, write_probabilities
from shaspec.models.weights import Model
from shaspec.prediction import Prediction
from shaspec.task import Subset, Task

pytestmark = pytest.mark.slow  # runs networks on whole cases

ModelOf = Callable[[Task, str], Model]


def read(path: Path, grid: Grid) -> np.ndarray:
    image = nibabel.load(path)
    assert image.get_data_dtype() == np.float32
    np.testing.assert_allclose(image.affine, grid.affine, atol=1e-4)
    values: np.ndarray = np.asanyarray(image.dataobj)
    return grid.from_file(values)


def by_the_rule(folder: Path, prediction: Prediction) -> np.ndarray:
    """The label map from the files alone."""
    task, grid = prediction.task, prediction.grid
    if prediction.label_probabilities:
        names = ("background", *(label.name for label in task.labels))
        maps = [read(folder / f"x_prob_label_{name}.nii.gz", grid) for name in names]
        values = np.array([0, *(label.value for label in task.labels)], np.uint8)
        return values[np.argmax(maps, axis=0)]
    masks = [read(folder / f"x_prob_{name}.nii.gz", grid) > 0.5 for name in task.region_names]
    return task.paint(np.stack(masks))


@pytest.mark.parametrize("method", ["shaspec", "maml"])
@settings(max_examples=4, deadline=None)
@given(data=st.data())
def test_the_rule_of_the_task_gives_the_labels_again(
    method: str, data: st.DataObject, model_of: ModelOf, brats: Task, small_case: Case,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    subset: Subset = data.draw(st.sampled_from(brats.subsets()))
    spacing = data.draw(st.sampled_from(((1.0, 1.0, 1.0), (1.3, 0.9, 1.1))))
    case = case_from_arrays(dict(small_case.volumes), brats, spacing=spacing, name="anna")
    session = InferenceSession(model_of(brats, method), case, device="cpu", window=(32, 32, 32))
    *_, last = session.predict(subset, probabilities=True)
    prediction = last.prediction
    folder = tmp_path_factory.mktemp("maps")
    written = write_probabilities(folder / "x_pred.nii.gz", prediction)
    assert sorted(written) == sorted(folder.iterdir())
    differing = by_the_rule(folder, prediction) != prediction.labels
    if prediction.label_probabilities:  # but where two labels are equally probable
        first, second = np.sort([*prediction.label_probabilities.values()], axis=0)[[-1, -2]]
        differing &= first - second > 1e-6
    for values in prediction.probabilities.values():  # or a region as probable as not
        differing &= abs(values - 0.5) > 1e-6
    assert not differing.any()
    *_, last = session.predict(subset)
    np.testing.assert_array_equal(last.prediction.labels, prediction.labels)
    if prediction.label_probabilities:
        total = sum(prediction.label_probabilities.values())
        np.testing.assert_allclose(total, 1, atol=1e-5)


@pytest.mark.parametrize("calibrated", [True, False])
def test_the_header_says_whether_they_are_calibrated(
    calibrated: bool, brats: Task, tmp_path: Path
) -> None:
    grid = Grid((3, 4, 5), (1.0, 1.0, 1.0))
    maps = {name: np.full(grid.shape, 0.25, np.float32) for name in brats.region_names}
    labels = np.zeros(grid.shape, np.uint8)
    prediction = Prediction("anna", brats, grid, ("T1",), labels, {}, maps)
    for path in write_probabilities(tmp_path / "x.nii.gz", prediction, calibrated=calibrated):
        said = bytes(nibabel.load(path).header["descrip"].item())
        assert (b"not calibrated" in said) is not calibrated
        assert b"probability of" in said


@pytest.mark.parametrize("name", ["seg.nii.gz", "seg.nii", "seg.seg.nrrd", "seg_pred.nii.gz"])
def test_maps_are_named_after_the_label_map_and_are_no_inputs(
    name: str, brats: Task, small_case: Case, tmp_path: Path
) -> None:
    files = probability_files(tmp_path / name, brats, exclusive=True)
    assert files["ET"] == tmp_path / "seg_prob_ET.nii.gz"
    assert files["label background"] == tmp_path / "seg_prob_label_background.nii.gz"
    assert len(files) == len(brats.regions) + 1 + len(brats.labels)
    assert all(is_result(path.name, brats) for path in files.values())
    write_case(tmp_path / "cases" / "anna", small_case)
    for path in files.values():
        (tmp_path / "cases" / "anna" / path.name).touch()
    (case,) = find_cases(tmp_path / "cases", brats)
    assert (len(case.volumes), case.notices, case.problems) == (4, (), ())


@pytest.mark.parametrize("name", ["prob_T1.nii.gz", "anna_prob_x.nii.gz", "anna_T1.nii.gz"])
def test_other_names_are_no_maps(name: str, brats: Task) -> None:
    assert not is_result(name, brats)


def test_pictures_and_predictions_without_probabilities_are_refused(
    rgbd: Task, brats: Task, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="--probabilities writes NIfTI"):
        probability_files(tmp_path / "x.png", rgbd, exclusive=False)
    labels = np.zeros((3, 4, 5), np.uint8)
    bare = Prediction("anna", brats, Grid((3, 4, 5), (1.0,) * 3), ("T1",), labels, {})
    with pytest.raises(InputError, match="probabilities=True"):
        write_probabilities(tmp_path / "x.nii.gz", bare)
