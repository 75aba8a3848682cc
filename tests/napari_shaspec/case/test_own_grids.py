"""Unticking a modality, leaving it out and deleting its file give the same labels, on any grids."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from napari_shaspec.case.assignment import collect
from napari_shaspec.layers.viewer import add_case
from shaspec.inference.outcome import last_event
from shaspec.inference.session import InferenceSession
from shaspec.io import read_case
from shaspec.io.resample import resample
from shaspec.models.weights import load_model
from shaspec.phantom import make_case as make_phantom
from shaspec.task import Subset
from tests.tiny_models import save_tiny


@pytest.fixture(scope="module")
def model(tmp_path_factory, task):
    return load_model(save_tiny(tmp_path_factory.mktemp("m") / "tiny", task, window=32))


@pytest.fixture(params=[0, 1, 2])
def folder(request, tmp_path) -> Path:
    """An oblique case: one scan is cropped, one has thick slices, one is padded, one has NaN."""
    rng = np.random.default_rng(request.param)
    case = make_phantom(9_000_001, shape=(30, 36, 32))
    turned = case.grid.affine.copy()
    turned[:3, :3] = Rotation.random(random_state=request.param).as_matrix() @ turned[:3, :3]
    for name, kind in zip(case.present, rng.permutation(4), strict=True):
        array = np.asarray(case.grid.to_file(case.volumes[name])).astype(np.float32)
        affine = turned.copy()
        if kind == 0:
            array, affine[:3, 3] = array[2:, 1:-1], affine[:3, 3] + affine[:3, :3] @ [2, 1, 0]
        if kind == 1:
            array, affine[:3, 2] = array[:, :, ::2], affine[:3, 2] * 2
        if kind == 2:
            array, affine[:3, 3] = np.pad(array, 3), affine[:3, 3] - affine[:3, :3] @ [3, 3, 3]
        if kind == 3:
            array = np.where(array == 0, np.nan, array)
        nib.save(nib.Nifti1Image(array, affine), tmp_path / f"x_{name.lower()}.nii")
    return tmp_path


@pytest.mark.parametrize("subset", [("T1", "T2"), ("T1ce",), ("FLAIR", "T2")])
def test_labels_of_a_subset_depend_on_its_files_alone(viewer, model, task, folder, subset: Subset):
    everything = read_case(folder, task)
    add_case(viewer, everything)
    sources = {name: viewer.layers[name] for name in task.names}
    ticked = segmented(model, collect(sources, task, set(subset)).case(), subset)
    listed = segmented(model, everything, subset)
    left_out = segmented(model, read_case(folder, task, present=subset), subset)
    for name in set(task.names) - set(subset):
        (folder / f"x_{name.lower()}.nii").unlink()
    deleted = segmented(model, read_case(folder, task), subset)
    np.testing.assert_array_equal(left_out.labels, deleted.labels)
    on_case = resample(deleted.labels, deleted.grid, everything.grid, order=0, fill=0)
    np.testing.assert_array_equal(listed.labels, on_case)
    np.testing.assert_array_equal(ticked.labels, on_case)


def test_layers_that_were_changed_are_used_as_they_are(viewer, task, folder):
    add_case(viewer, read_case(folder, task))
    sources = {name: viewer.layers[name] for name in task.names}
    assert collect(sources, task).reduce is not None
    swapped = {**sources, "T1": sources["T1ce"], "T1ce": sources["T1"]}
    assert collect(swapped, task).reduce is None
    sources["T2"].data = sources["T2"].data * 2
    assert collect(sources, task).reduce is None
    assert collect({**sources, "T2": None}, task).reduce is not None
    sources["T1"].translate = sources["T1"].translate + 1
    assert collect({"T1": sources["T1"]}, task).reduce is None


def segmented(model, case, subset):
    session = InferenceSession(model, case, device="cpu")
    return last_event(session.predict(subset)).prediction
