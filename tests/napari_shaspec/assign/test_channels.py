"""The channels of a 4-D file are assigned one by one."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from npe2 import PluginManifest

from napari_shaspec.assign.choices import Choices
from napari_shaspec.case.assignment import collect
from napari_shaspec.layers.metadata import origin


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


@pytest.mark.parametrize(("name", "asks"), [("t1 flair", False), ("schulz", True)])
def test_the_order_of_channels_is_remembered(
    viewer, controller, stacked, user, notifications, name, asks
):
    """Without a question only for names with words that describe images."""
    first = stacked.rename(stacked.with_name("meier t1 flair.nii.gz" if not asks else "m.nii.gz"))
    (stacked.parent / "scans_seg.nii.gz").unlink()
    user.roles = {"channel 1": "T2", "channel 2": "", "channel 4": "FLAIR", "channel 3": "T1ce"}
    controller.open([first])
    if not user.asked:
        controller.assign_files()
    chosen = {m: origin(viewer.layers[m])["channel"] for m in ("T2", "T1ce", "FLAIR")}
    assert chosen == {"T2": 0, "T1ce": 2, "FLAIR": 3}
    before = len(user.asked)
    other = first.parent.parent / "schulz" / f"{name}.nii.gz"
    other.parent.mkdir()
    other.write_bytes(first.read_bytes())
    viewer.layers.clear()
    user.roles = {}  # accepts what the dialog proposes
    controller.open([other])
    assert (len(user.asked) > before) == asks
    assert {m: origin(viewer.layers[m])["channel"] for m in chosen} == chosen
    assert "T1" not in viewer.layers
    if not asks:
        assert any("you chose this for a name like it" in text for text in notifications)


def test_the_dialog_begins_with_the_channels_in_use(viewer, controller, stacked, user):
    controller.open([stacked.parent])
    user.roles = {"channel 1": "T2", "channel 2": "", "channel 4": "FLAIR"}
    controller.assign_files()
    user.roles = {}
    controller.assign_files()
    assert origin(viewer.layers["T2"])["channel"] == 0
    assert "T1" not in viewer.layers


def test_a_case_from_layers_names_files_and_channels_unless_the_voxels_were_replaced(
    viewer, controller, stacked, user, task
):
    controller.open([stacked])
    user.roles = {"channel 1": "T2", "channel 4": "FLAIR"}
    controller.assign_files()
    case = collect(controller.state.sources, task).case()
    assert case.channels == {"FLAIR": 3, "T1": 1, "T1ce": 2, "T2": 0}
    assert set(case.files.values()) == {stacked}
    viewer.layers["T1"].data = viewer.layers["T1"].data * 2
    assert set(collect(controller.state.sources, task).case().files) == {"FLAIR", "T1ce", "T2"}
