"""A made-up examination, and somebody who answers the question for its series."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from npe2 import PluginManifest

from napari_shaspec.dicom import examination, series_question
from napari_shaspec.dicom.series_choices import SeriesChoices
from tests.made_up_dicom import NAME, T1, write_examination, write_series


class User:
    """Gives the roles of ``roles`` by the number of a series; None: cancels."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.roles: dict[str, str] | None = {}
        self.folders: list[Path | None] = []
        """The folder for each question; None: the proposed one."""

    def ask_series(
        self, studies: Sequence[SeriesChoices], folder: Path, why: str
    ) -> tuple[SeriesChoices, Path] | None:
        choices = studies[-1]
        self.asked.append(why or choices.doubt)
        assert len(self.asked) < 5, self.asked
        if self.roles is None:
            return None
        for index, row in enumerate(choices.rows):
            if row.key in self.roles:
                choices.choose(index, self.roles[row.key])
        assert choices.problem == ""
        return choices, (self.folders.pop(0) if self.folders else None) or folder


@pytest.fixture
def user(monkeypatch) -> User:
    """There is a window, and somebody in front of it who accepts the proposal."""
    someone = User()
    monkeypatch.setattr(examination, "can_ask", lambda: True)
    monkeypatch.setattr(series_question, "ask_series", someone.ask_series)
    return someone


@pytest.fixture(autouse=True)
def _settings(plugin_settings, npe2pm):
    npe2pm.register(PluginManifest.from_distribution("napari-shaspec"))


@pytest.fixture
def disc(tmp_path) -> Path:
    """A folder with the name of the patient; the series lie two folders below."""
    folder = tmp_path / NAME
    write_examination(folder / "DICOM" / "S1")
    return folder


@pytest.fixture
def doubtful(tmp_path) -> Path:
    """An examination with two equal T1 series, 5 and 9."""
    folder = tmp_path / "doubtful"
    for number in (5, 9):
        write_series(folder, number, "t1_se", **T1)
    return folder


@pytest.fixture
def zipped(disc, tmp_path) -> Path:
    path = tmp_path / "exam.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number, file in enumerate(sorted(disc.rglob("*_*_*"))):
            archive.write(file, f"images/{number:06d}")
    return path
