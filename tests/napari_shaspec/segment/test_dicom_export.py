"""The shown result is written as DICOM SEG, and the series is asked for where it is not clear."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from npe2 import PluginManifest

from napari_shaspec.assign import question
from shaspec.dicom import case_from_dicom
from tests.made_up_dicom import write_examination, write_series


@pytest.fixture(autouse=True)
def _settings(plugin_settings, npe2pm):
    npe2pm.register(PluginManifest.from_distribution("napari-shaspec"))


@pytest.fixture
def examination(tmp_path) -> Path:
    return write_examination(tmp_path / "exam")


@pytest.fixture
def segmented(controller, viewer, examination, task, tmp_path):
    """The panel with a result of a case that was converted from the examination."""
    case_from_dicom(examination, task, tmp_path / "case")
    controller.open([tmp_path / "case"])
    controller.segment()
    assert controller.state.shown
    return controller


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """There is a window, and somebody who chooses the first answer."""
    questions: list[str] = []

    def ask(error, otherwise=""):
        questions.append(error.doubt)
        return next(iter(error.choices.values()))

    monkeypatch.setattr(question, "can_ask", lambda: True)
    monkeypatch.setattr(question, "ask_option", ask)
    return questions


def test_series_with_the_same_grid_are_asked_about(segmented, examination, asked, tmp_path):
    segmented.dicom_export.save(tmp_path / "seg.dcm", examination)
    assert asked == ["several series have the grid of these labels"]
    assert "on series 2" in segmented.state.message.text
    written = pydicom.dcmread(tmp_path / "seg.dcm")
    assert written.Modality == "SEG"
    frames = written.pixel_array
    result = segmented.state.shown_map
    assert np.count_nonzero(frames) == np.count_nonzero(result.labels)


def test_a_question_that_is_cancelled_writes_nothing(
    segmented, examination, asked, monkeypatch, tmp_path
):
    monkeypatch.setattr(question, "ask_option", lambda error, otherwise="": None)
    segmented.dicom_export.save(tmp_path / "seg.dcm", examination)
    assert segmented.state.message.text == "Cancelled. Nothing was written."
    assert not (tmp_path / "seg.dcm").exists()


def test_without_a_window_the_doubt_is_an_error(segmented, examination, tmp_path):
    segmented.dicom_export.save(tmp_path / "seg.dcm", examination)
    assert segmented.state.message.level == "error"
    assert "several series have the grid of these labels" in segmented.state.message.text
    assert str(tmp_path) not in segmented.state.message.text


def test_a_file_of_the_examination_is_never_written_over(segmented, tmp_path, asked):
    folder = tmp_path / "one"
    first = write_series(folder, 2, "t2_tse")[0]
    target = first.rename(first.with_suffix(".dcm"))
    before = target.read_bytes()
    segmented.dicom_export.save(target, folder)
    assert segmented.state.message.level == "error"
    assert target.read_bytes() == before


def test_without_a_result_there_is_nothing_to_write(controller, examination, tmp_path):
    controller.dicom_export.save(tmp_path / "seg.dcm", examination)
    assert "no result to save yet" in controller.state.message.text
