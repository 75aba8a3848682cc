"""A doubtful folder is asked about before it is opened, and choices are remembered."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from npe2 import PluginManifest

from napari_shaspec.assign import memory, question
from napari_shaspec.assign.choices import Choices
from napari_shaspec.layers.metadata import origin
from napari_shaspec.recent_cases import recent_cases
from napari_shaspec.settings import section
from shaspec.io import write_labels, write_volume

FLAIR, T1 = "AX T2 FLAIR.nii.gz", "mprage.nii.gz"
T1CE, T2, TRUTH = "t1_delayed.nii.gz", "series_401.nii.gz", "outcome.nii.gz"


@pytest.fixture(autouse=True)
def _settings(plugin_settings, npe2pm):
    npe2pm.register(PluginManifest.from_distribution("napari-shaspec"))


@pytest.fixture
def hospital(tmp_path, make_case) -> Callable[..., Path]:
    """Makes a folder whose names leave T1ce, T2 and the truth open."""

    def make(folder: str = "meier", *, prefix: str = "", leave: str = "") -> Path:
        case, place = make_case(), tmp_path / folder
        place.mkdir()
        names = {"FLAIR": FLAIR, "T1": T1, "T1ce": T1CE, "T2": T2}
        for number, (modality, name) in enumerate(names.items()):
            if name != leave:
                volume = case.volumes[modality] + number
                write_volume(place / f"{prefix}{name}", volume, case.grid)
        if leave != TRUTH:
            write_labels(place / f"{prefix}{TRUTH}", case.labels, case.grid, case.task.labels)
        return place

    return make


ROLES = {T1CE: "T1ce", T2: "T2", TRUTH: "labels"}


def files(viewer) -> dict[str, str]:
    """Modality (or ``labels``) -> name of the file of its layer."""
    found = [origin(layer) for layer in viewer.layers if "path" in origin(layer)]
    return {what.get("modality", "labels"): what["path"].name for what in found}


def test_a_doubtful_folder_is_opened_as_the_user_says(viewer, controller, hospital, user):
    user.roles = ROLES
    controller.open([hospital()])
    assert files(viewer) == {"FLAIR": FLAIR, "T1": T1, "T1ce": T1CE, "T2": T2, "labels": TRUTH}
    assert len(user.asked) == 1
    assert all(name in user.asked[0] for name in (T1CE, T2, TRUTH))
    assert controller.state.case == "meier"
    assert controller.state.present == {"FLAIR", "T1", "T1ce", "T2"}


def test_cancelling_opens_nothing_and_keeps_what_is_open(viewer, controller, cases, hospital, user):
    controller.open([cases / "anna"])
    before = list(viewer.layers)
    assert user.asked == []  # its names are certain
    controller.open([hospital()])
    assert len(user.asked) == 1
    assert list(viewer.layers) == before
    assert controller.state.case == "anna"
    assert controller.state.message.level != "error"
    assert [case.name for case in recent_cases()] == ["anna"]


def test_loose_files_are_asked_about_if_they_can_be_one_case(viewer, controller, hospital, user):
    folder = hospital()
    user.roles = ROLES
    controller.open([folder / FLAIR, folder / T2])
    assert files(viewer) == {"FLAIR": FLAIR, "T2": T2}
    viewer.layers.clear()
    user.asked.clear()
    controller.open([folder / T2, folder / TRUTH])  # no modality is known: files to look at
    assert user.asked == []
    assert len(viewer.layers) == 2


def test_without_a_window_nothing_is_asked(viewer, controller, hospital, monkeypatch):
    monkeypatch.setattr(question, "ask_roles", lambda *_: pytest.fail("asked"))
    assert not question.can_ask()
    controller.open([hospital(leave=T1CE)])
    assert set(files(viewer)) == {"FLAIR", "T1"}


def test_the_next_folder_with_such_names_is_opened_with_a_notice(
    viewer, controller, hospital, user, notifications
):
    user.roles = {T1CE: "T1ce", T2: "", TRUTH: ""}
    controller.open([hospital(leave=T2)])
    assert len(user.asked) == 1
    viewer.layers.clear()
    user.roles = None
    next_one = hospital("schulz", prefix="Schulz_1960_", leave=T2)
    (next_one / f"Schulz_1960_{TRUTH}").unlink()
    controller.open([next_one])
    assert len(user.asked) == 1
    assert files(viewer)["T1ce"] == f"Schulz_1960_{T1CE}"
    assert any("you chose this for a name like it" in text for text in notifications)


def test_what_a_choice_cannot_be_remembered_for_is_asked_again(viewer, controller, hospital, user):
    """``series_401`` and ``outcome`` have no word that describes an image."""
    user.roles = ROLES
    controller.open([hospital()])
    controller.open([hospital("schulz")])
    assert len(user.asked) == 2
    asked = {row.file.name: row.certainty for row in user.seen[1].rows}
    assert asked[T2] == "doubtful"
    assert asked[T1CE] == "remembered"


def test_only_patterns_are_stored(controller, hospital, user):
    user.roles = ROLES
    controller.open([hospital(prefix="Meier_Hans_1956_")])
    stored = section("cases").roles
    assert json.loads(stored)["brats: t1 delayed"] == "T1ce"
    assert not any(word in stored.lower() for word in ("meier", "hans", "1956", "401"))


def test_memory_is_bounded_and_forgets_contradictions(task):
    kinds = ("t1", "t2", "flair", "adc", "swi", "dwi", "pd", "gad", "post", "mask")
    names = [f"{a} {b} {c}" for a in kinds for b in kinds for c in kinds if len({a, b, c}) == 3]
    memory.remember({(f"{name}.nii", ""): "T1" for name in names}, task)
    assert len(json.loads(section("cases").roles)) == memory.MOST
    memory.remember({("a_t1_post.nii", ""): "T1ce", ("b_t2.nii", ""): "T2"}, task)
    assert memory.remembered("c_t1_post.nii", task).role == "T1ce"
    memory.remember({("a_t1_post.nii", ""): "T1ce", ("b_t1_post.nii", ""): ""}, task)
    assert memory.remembered("c_t1_post.nii", task) is None
    assert memory.remembered("b_t2.nii", task).exact
    section("cases").roles = "{"
    assert memory.remembered("b_t2.nii", task) is None


def test_a_memory_that_contradicts_a_certain_name_is_a_question(controller, hospital, user, task):
    memory.remember({(FLAIR, ""): "T2"}, task)
    folder = hospital(leave=TRUTH)
    controller.open([folder])
    assert FLAIR in user.asked[0]
    row = next(row for row in user.seen[0].rows if row.file.name == FLAIR)
    assert (row.chosen, row.certainty) == (None, "earlier: T2")
    user.roles = {FLAIR: "FLAIR", T1CE: "T1ce", T2: ""}
    controller.open([folder])
    assert memory.remembered(FLAIR, task).role == "FLAIR"  # the newest choice counts


def test_a_file_that_cannot_be_read_can_be_left_out(viewer, controller, cases, user):
    broken = cases / "anna" / "anna_t2.nii.gz"
    broken.write_bytes(broken.read_bytes()[:2000])
    user.roles = {"_t2.nii.gz": ""}
    controller.open([cases / "anna"])
    assert "anna_t2.nii.gz" in user.asked[0]
    assert set(files(viewer)) == {"FLAIR", "T1", "T1ce", "labels"}


def test_the_same_scan_under_two_roles_is_a_question(viewer, controller, cases, user):
    folder = cases / "anna"
    (folder / "anna_t1ce.nii.gz").write_bytes((folder / "anna_t1.nii.gz").read_bytes())
    controller.open([folder])
    assert "have the same voxels" in user.asked[0]
    assert files(viewer) == {}  # cancelled
    user.roles = {"_t1ce.nii.gz": ""}
    controller.open([folder])
    assert set(files(viewer)) == {"FLAIR", "T1", "T2", "labels"}
    assert len(user.asked) == 2


@pytest.mark.parametrize("answer", [True, None])
def test_labels_elsewhere_can_be_used_voxel_by_voxel(
    viewer, controller, cases, user, answer, notifications
):
    path = cases / "anna" / "anna_seg.nii.gz"
    image = nib.load(path)
    labels, affine = np.asarray(image.dataobj), image.affine.copy()
    affine[0, 3] += 500
    nib.save(nib.Nifti1Image(labels, affine), path)
    user.options = {"labels_by_voxel": answer}
    controller.open([cases / "anna"])
    assert user.asked == ["labels_by_voxel"]
    assert ("truth" in viewer.layers) == (answer is True)
    if answer:
        assert np.count_nonzero(viewer.layers["truth"].data) == np.count_nonzero(labels)
    else:
        assert any("labels are left out" in text for text in notifications)


def test_a_doubtful_label_convention_is_chosen(viewer, controller, cases, user):
    path = cases / "anna" / "anna_seg.nii.gz"
    image = nib.load(path)
    labels = np.asarray(image.dataobj).astype(np.uint8)
    nib.save(nib.Nifti1Image(np.where(labels == 4, 3, labels).astype(np.uint8), image.affine), path)
    user.options = {"scheme": "BraTS 2023 (1 NCR, 2 ED, 3 ET)"}
    controller.open([cases / "anna"])
    assert user.asked == ["scheme"]
    assert set(np.unique(viewer.layers["truth"].data)) == {0, 1, 2, 4}


def test_assign_files_replaces_the_images_and_keeps_results(viewer, controller, hospital, user):
    user.roles = {**ROLES, T1CE: "T1", T1: "T1ce"}  # the wrong way round
    controller.open([hospital()])
    controller.segment()
    result = viewer.layers["seg · FLAIR+T1+T1ce+T2"]
    below = list(viewer.layers).index(result)
    user.roles = None
    before = list(viewer.layers)
    controller.assign_files()
    assert list(viewer.layers) == before  # cancelled
    user.roles = {T1CE: "T1ce", T1: "T1", TRUTH: ""}
    controller.assign_files()
    assert files(viewer)["T1ce"] == T1CE
    assert "truth" not in viewer.layers
    assert result in viewer.layers
    assert list(viewer.layers).index(result) == below - 1  # on top of the images, as before
    assert controller.state.case == "meier"
    assert origin(controller.state.sources["T1"])["path"].name == T1


def test_a_case_without_files_cannot_be_assigned(
    viewer, controller, make_case, user, notifications
):
    from napari_shaspec.layers.viewer import add_case

    add_case(viewer, make_case())
    controller.assign_files()
    assert "not read from files" in notifications[-1]
    assert user.asked == []


def test_the_chosen_grid_is_that_of_the_case(viewer, controller, cases, user, monkeypatch):
    path = cases / "anna" / "anna_t1.nii.gz"
    image = nib.load(path)
    nib.save(image.slicer[::2, ::2, ::2], path)
    controller.open([cases / "anna"])
    assert viewer.layers["T1"].data.shape == viewer.layers["FLAIR"].data.shape == (24, 32, 40)

    def coarse(choices: Choices, why: str) -> bool:
        choices.grid = "T1"
        return not choices.problem

    monkeypatch.setattr(question, "ask_roles", coarse)
    controller.assign_files()
    assert viewer.layers["FLAIR"].data.shape == (12, 16, 20)
    assert controller.state.sources["FLAIR"] is viewer.layers["FLAIR"]
