"""A DICOM examination is recognised, asked about, converted and opened as a case."""

from __future__ import annotations

import zipfile

import pytest

from napari_shaspec.dicom import examination
from napari_shaspec.drops import is_examination, is_ours
from napari_shaspec.layers.metadata import origin
from napari_shaspec.reader import get_reader
from napari_shaspec.recent_cases import recent_cases
from shaspec.errors import InputError
from tests.made_up_dicom import NAME, PATIENT_ID


def test_dicom_is_recognised_in_folders_discs_and_zip_files(disc, zipped, tmp_path):
    assert is_examination([disc])
    assert is_examination([disc / "DICOM" / "S1"])
    assert is_examination([zipped])
    assert not is_ours([disc])
    (tmp_path / "empty").mkdir()
    with zipfile.ZipFile(tmp_path / "texts.zip", "w") as archive:
        archive.writestr("a.txt", "text")
    (tmp_path / "broken.zip").write_bytes(b"PK no zip")
    for name in ("empty", "texts.zip", "broken.zip"):
        assert not is_examination([tmp_path / name])
    assert not is_examination([disc, zipped])


def test_a_folder_with_volumes_is_no_examination(disc, cases):
    (cases / "anna" / "IM0001.dcm").write_bytes(bytes(128) + b"DICM")
    assert not is_examination([cases / "anna"])
    assert is_ours([cases / "anna"])


@pytest.mark.parametrize("source", ["disc", "zipped"])
def test_an_examination_is_converted_and_opened(source, request, viewer, controller, user):
    path = request.getfixturevalue(source)
    controller.open([path])
    assert user.asked == [""]
    assert controller.state.case == "case-2024-01-05"
    assert controller.state.present == {"FLAIR", "T1", "T1ce", "T2"}
    folder = path.parent / "case-2024-01-05"
    assert len(list(folder.glob("*.nii.gz"))) == 4
    assert [case.paths for case in recent_cases()] == [(str(folder),)]


def test_it_can_be_dropped_on_napari(disc, viewer, user):
    layers = get_reader(str(disc))(str(disc))
    assert {data[1]["name"] for data in layers} == {"FLAIR", "T1", "T1ce", "T2"}


def test_the_patient_is_named_nowhere(disc, viewer, controller, user, notifications):
    controller.open([disc])
    said = [layer.name for layer in viewer.layers] + notifications + [controller.state.case]
    for layer in viewer.layers:
        what = origin(layer)
        said += [what["path"].name, what["path"].parent.name, str(what.get("notices"))]
    text = " ".join(said).lower()
    for word in (*NAME.split("^"), PATIENT_ID):
        assert word.lower() not in text


def test_a_doubt_is_asked_about(doubtful, controller, viewer, user):
    user.roles = {"5": "", "9": "T1ce"}
    controller.open([doubtful])
    assert user.asked == ["2 series fit T1: series 5 (t1_se), series 9 (t1_se)"]
    assert controller.state.present == {"T1ce"}


def test_cancelling_opens_and_writes_nothing(disc, controller, viewer, user):
    user.roles = None
    before = sorted(disc.parent.iterdir())
    controller.open([disc])
    assert len(viewer.layers) == 0
    assert sorted(disc.parent.iterdir()) == before
    assert controller.state.message.level != "error"


def test_a_folder_that_cannot_be_used_is_asked_for_again(disc, controller, viewer, user, tmp_path):
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "other_t1.nii.gz").write_bytes(b"of another case")
    user.folders = [taken, tmp_path / "free"]
    controller.open([disc])
    assert user.asked[0] == ""
    assert "taken" in user.asked[1]
    assert controller.state.case == "free"
    assert [p.name for p in taken.iterdir()] == ["other_t1.nii.gz"]


def test_the_proposed_folder_is_not_there_yet(disc, controller, viewer, user):
    (disc.parent / "case-2024-01-05").mkdir()
    controller.open([disc])
    assert controller.state.case == "case-2024-01-05-2"


def test_without_a_window_the_command_is_named(disc, viewer, controller, monkeypatch):
    monkeypatch.setattr(examination, "can_ask", lambda: False)
    controller.open([disc])
    assert "shaspec case" in controller.state.message.text
    with pytest.raises(InputError, match="is a DICOM examination; make a case"):
        get_reader(str(disc))(str(disc))
