"""MONAI accepts the bundle, and its run gives the labels of this program."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest

import shaspec
from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.exporting import export_model
from shaspec.io import write_case
from shaspec.models.weights import load_model
from shaspec.task import load_task
from tests.tiny_models import save_tiny

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::UserWarning:monai"),  # parsing a configuration runs it
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

# The fields that MONAI's schema of 2024-07-25 requires; verify_metadata would download it.
TENSOR = ("type", "format", "num_channels", "spatial_shape", "dtype", "value_range")
REQUIRED = (
    "schema",
    "version",
    "monai_version",
    "pytorch_version",
    "numpy_version",
    "required_packages_version",
    "task",
    "description",
    "authors",
    "copyright",
    "network_data_format",
)
TEXTS = set(REQUIRED) - {"required_packages_version", "network_data_format"}
TENSOR_SCHEMA = {
    "required": TENSOR,
    "properties": {
        "num_channels": {"type": "integer"},
        "value_range": {"type": "array", "items": {"type": "number"}},
        "is_patch_data": {"type": "boolean"},
        "channel_def": {"type": "object"},
    },
}
TENSORS = {"type": "object", "additionalProperties": TENSOR_SCHEMA}
KINDS = ("inputs", "outputs", "post_processed_outputs")
SCHEMA = {
    "type": "object",
    "required": REQUIRED,
    "properties": {
        **{name: {"type": "string"} for name in TEXTS},
        "required_packages_version": {"type": "object"},
        "network_data_format": {
            "required": ["inputs", "outputs"],
            "properties": dict.fromkeys(KINDS, TENSORS),
        },
    },
}


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """A small head on disk, with background around it, at another voxel size than the task's."""
    case = shaspec.make_case(2001, shape=(60, 70, 64), spacing=(2.0, 1.2, 1.4))
    write_case(tmp_path / "data" / "one", case)
    return shaspec.read_case(tmp_path / "data" / "one")


def bundle(folder: Path, method: str, window: int) -> Path:
    model = save_tiny(folder / "model", load_task("brats"), method, window=window)
    export_model(load_model(model), "monai-bundle", folder / "bundle")
    return folder / "bundle"


@pytest.mark.parametrize("method", ["shaspec", "maml"])
def test_the_metadata_is_verified_by_monai(method: str, tmp_path: Path) -> None:
    from monai.bundle import verify_metadata  # MONAI takes seconds

    folder, schema = bundle(tmp_path, method, 32), tmp_path / "schema.json"
    schema.write_text(json.dumps(SCHEMA), "utf-8")
    meta = folder / "configs" / "metadata.json"
    verify_metadata(meta_file=str(meta), filepath=str(schema))
    content = json.loads(meta.read_text("utf-8"))
    del content["network_data_format"]["outputs"]["pred"]["dtype"]
    meta.write_text(json.dumps(content), "utf-8")
    with pytest.raises(ValueError, match="'dtype' is a required property"):
        verify_metadata(meta_file=str(meta), filepath=str(schema))


def test_the_bundle_has_the_properties_that_monai_asks_for(tmp_path: Path, case: Case) -> None:
    from monai.bundle import ConfigWorkflow

    folder = bundle(tmp_path, "shaspec", 32)
    workflow = ConfigWorkflow(
        str(folder / "configs" / "inference.json"),
        str(folder / "configs" / "metadata.json"),
        workflow_type="inference",
        bundle_root=str(folder),
        dataset_dir=str(tmp_path / "data"),
    )
    workflow.initialize()
    assert workflow.check_properties() == []


@pytest.mark.parametrize(
    ("method", "window", "present"),
    [
        ("shaspec", 96, "all"),  # one window, smaller than that of the card
        ("shaspec", 32, "FLAIR+T2"),
        ("maml", 32, "T1+T1ce+T2"),  # labels that exclude each other
    ],
)
def test_monais_run_gives_the_labels_of_this_program(
    method: str, window: int, present: str, tmp_path: Path, case: Case
) -> None:
    from monai.bundle import run as run_bundle

    folder = bundle(tmp_path, method, window)
    run_bundle(
        config_file=str(folder / "configs" / "inference.json"),
        bundle_root=str(folder),
        dataset_dir=str(tmp_path / "data"),
        output_dir=str(tmp_path / "eval"),
        present=present,
    )
    (written,) = (tmp_path / "eval").glob("*_pred.nii.gz")
    found = nibabel.load(written)
    assert found.get_data_dtype() == np.uint8
    model = shaspec.load_model(tmp_path / "model", precision="float32")
    expected = model.predict(case, model.task.parse_subset(present))
    assert len(np.unique(expected.labels)) > 1
    np.testing.assert_allclose(found.affine, case.grid.affine, atol=1e-5)
    labels = case.grid.from_file(np.asarray(found.dataobj))
    assert np.count_nonzero(labels != expected.labels) == 0


def test_a_case_without_a_modality_is_refused_by_name(tmp_path: Path, case: Case) -> None:
    from shaspec.exporting.bundle_parts import case_files

    folder = bundle(tmp_path, "shaspec", 32)
    case.files["T2"].unlink()
    with pytest.raises(InputError, match="has no T2; set `present` to the modalities"):
        case_files(tmp_path / "data", folder / "models", "all")
    (item,) = case_files(tmp_path / "data", folder / "models", "T1+FLAIR")
    assert item["image"] == [str(case.files[name]) for name in ("FLAIR", "T1")]


@pytest.mark.parametrize("task", ["avmnist", "rgbd"])
def test_a_model_that_is_not_for_volumes_is_refused(task: str, tmp_path: Path) -> None:
    method = "shaspec-classifier" if task == "avmnist" else "maml"
    model = load_model(save_tiny(tmp_path / "model", load_task(task), method))
    with pytest.raises(InputError, match="written for models that segment volumes"):
        export_model(model, "monai-bundle", tmp_path / "out")
