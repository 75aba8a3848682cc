"""The channels of a 4-D file are assigned one by one."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from npe2 import PluginManifest

from napari_shaspec.assign.choices import Choices


@pytest.fixture(autouse=True)
def _settings(plugin_settings, npe2pm):
    npe2pm.register(PluginManifest.from_distribution("napari-shaspec"))


@pytest.fixture
def stacked(tmp_path, make_case) -> Path:
    """A 4-D file of FLAIR, T1, T1ce and T2, and its labels."""
    case, path = make_case(), tmp_path / "meier" / "scans.nii.gz"
    path.parent.mkdir()
    arrays = [case.grid.to_file(case.volumes[name]) + k for k, name in enumerate(case.present)]
    nib.save(nib.Nifti1Image(np.stack(arrays, -1), np.diag([-1.0, -1, 1, 1])), path)
    labels = nib.Nifti1Image(case.grid.to_file(case.labels), np.diag([-1.0, -1, 1, 1]))
    nib.save(labels, path.with_name("scans_seg.nii.gz"))
    return path


def test_the_channels_of_a_4d_file_can_be_assigned(viewer, controller, stacked, user):
    controller.open([stacked.parent])
    assert user.asked == []
    before = {name: viewer.layers[name].data.copy() for name in ("FLAIR", "T1", "T1ce", "T2")}
    user.roles = {"channel 1": "T2", "channel 2": "", "channel 4": "FLAIR"}
    controller.assign_files()
    assert [row.file.name for row in user.seen[-1].rows] == [
        *(f"scans.nii.gz, channel {k}" for k in (1, 2, 3, 4)),
        "scans_seg.nii.gz",
    ]
    np.testing.assert_array_equal(viewer.layers["T2"].data, before["FLAIR"])
    np.testing.assert_array_equal(viewer.layers["FLAIR"].data, before["T2"])
    np.testing.assert_array_equal(viewer.layers["T1ce"].data, before["T1ce"])
    assert "T1" not in viewer.layers
    assert "truth" in viewer.layers
    assert controller.state.case == "scans"


def test_a_4d_file_with_other_channels_is_asked_about(viewer, controller, stacked, user):
    image = nib.load(stacked)
    nib.save(image.slicer[..., 1:], stacked)
    user.roles = {"channel 1": "T1", "channel 2": "T1ce", "channel 3": ""}
    controller.open([stacked])
    assert controller.state.case == "scans"
    assert {"T1", "T1ce"} <= {layer.name for layer in viewer.layers}
    assert "FLAIR" not in viewer.layers


def test_a_truth_is_no_channel(stacked, task, user):
    choices = Choices(stacked, task)
    choices.choose(0, "labels")
    assert "a truth has to be a file of its own" in choices.problem
