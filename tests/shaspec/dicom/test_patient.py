"""What identifies the patient is hidden, also if it is written otherwise; nothing else is."""

from __future__ import annotations

import shutil
import unicodedata
from pathlib import Path
from typing import Any

import pydicom
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from shaspec.dicom import case_from_dicom, dicom_files, read_studies
from shaspec.dicom.patient import HIDDEN, Words, hidden_of, words_of
from shaspec.dicom.series import Study
from shaspec.errors import InputError
from shaspec.task import Task
from tests.made_up_dicom import FLAIR, NAME, T1, T2, write_series

LETTERS = "abcdefghijklmnopqrstuvwxyzäöüøåéèñçšłßæ"
NAMES = st.text(LETTERS, min_size=5, max_size=20)
TWO = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "ß": "ss", "æ": "ae"}
WAYS = {
    "as it is": lambda word: word,
    "capitals": str.upper,
    "two letters": lambda word: "".join(TWO.get(c, c) for c in word),
    "decomposed": lambda word: unicodedata.normalize("NFD", word),
    "without marks": lambda word: "".join(
        c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c)
    ),
}
"""How a name is also written."""


@given(NAMES, st.sampled_from(sorted(WAYS)), st.sampled_from(sorted(WAYS)))
def test_a_name_is_hidden_however_it_is_written(name: str, own: str, other: str) -> None:
    """The header has the name in one way, the description in another."""
    assume(len(set(name)) > 3)
    hidden = hidden_of([Words((WAYS[own](name),))])
    assert hidden.hide(f"t2_{WAYS[other](name)}_tra") == f"t2_{HIDDEN}_tra"


@given(st.text("ABCDEF0123456789", min_size=4, max_size=12), st.data())
def test_an_id_is_hidden_with_any_separators(number: str, data: st.DataObject) -> None:
    """Each is written with separators of its own."""

    def written() -> str:
        marks = data.draw(st.lists(st.sampled_from(["", "", "-", " ", "_"]), min_size=12))
        return "".join(a + b for a, b in zip(number, marks, strict=False)).strip("-_ ")

    assert HIDDEN in hidden_of([Words((), (written(),))]).hide(f"t2 {written()} tra")


@given(st.dates(), st.sampled_from(["%Y%m%d", "%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d %m %Y"]))
def test_the_date_of_birth_is_hidden_in_any_order(date: Any, order: str) -> None:
    birth = f"{date.year:04d}{date.month:02d}{date.day:02d}"
    told = date.strftime(order.replace("%Y", f"{date.year:04d}"))
    assert hidden_of([Words(date=birth)]).hide(f"t2 {told} tra") == f"t2 {HIDDEN} tra"


@given(st.sampled_from(["t2_tse_tra", "t1 mprage km", "FLAIR 3D sag", "ep2d_diff_b1000"]))
def test_other_words_stay(text: str) -> None:
    words = Words(("Quibblethorpe", "Zebedee", "Li", "é"), ("PX-774411", "7"), "19700103")
    assert hidden_of([words]).hide(text) == text


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_long_and_many_words_are_bounded() -> None:
    found = Dataset()
    found.PatientName = "^".join(f"Quibblethorpe{n}" * 100 for n in range(500))
    words = words_of(found)
    assert sum(map(len, words.names)) <= 6400
    assert hidden_of([words]).hide("t2 " + words.names[3]) == f"t2 {HIDDEN}"


def read(folder: Path) -> Study:
    with dicom_files(folder) as files:
        return read_studies(files)[0]


def test_other_ids_and_the_name_at_birth_are_hidden(tmp_path: Path) -> None:
    other = Dataset()
    other.PatientID = "KEEP-77"
    write_series(
        tmp_path, 2, "t2 KEEP77 Maidenname", OtherPatientIDsSequence=Items([other]),
        PatientBirthName="Maidenname^A", **T2,
    )  # fmt: skip
    assert read(tmp_path).series[0].description == f"t2 {HIDDEN} {HIDDEN}"


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_name_at_the_end_of_a_long_description_is_hidden(tmp_path: Path) -> None:
    write_series(tmp_path, 2, "t2 " + "tse " * 14 + NAME, **T2)
    assert "uibb" not in read(tmp_path).series[0].description


def test_damaged_files_named_after_the_patient_are_counted(tmp_path: Path) -> None:
    for path in write_series(tmp_path, 2, "t2_tse", **T2):
        path.write_bytes(path.read_bytes()[:190])
    with pytest.raises(InputError, match="file 1 of 20 in the order of their names") as caught:
        read(tmp_path)
    assert "Quibble" not in str(caught.value)


def test_names_of_damaged_files_have_no_control_characters(tmp_path: Path) -> None:
    path = write_series(tmp_path, 2, "t2_tse", **T2)[3]
    path.rename(tmp_path / "a\x1b[31m\n.dcm").write_bytes(path.with_name("a").name.encode())
    assert read(tmp_path).problems[0].startswith("file a [31m .dcm: ")


def test_mixed_patients_are_refused_with_a_series_of_each(tmp_path: Path) -> None:
    write_series(tmp_path, 2, "t2_tse", **T2)
    write_series(tmp_path, 3, f"flair {NAME}", **{**FLAIR, "PatientName": "Other^One"})
    with pytest.raises(InputError, match=r"series 2 \(t2_tse\) and series 3 \(flair") as caught:
        read(tmp_path)
    assert "Quibble" not in str(caught.value)


@pytest.mark.parametrize("same", [True, False])
def test_two_images_of_one_identifier_are_copies_or_refused(same: bool, tmp_path: Path) -> None:
    path = write_series(tmp_path, 2, "t2_tse", **T2)[3]
    copy = shutil.copy(path, f"{path}_copy")
    image = pydicom.dcmread(copy)
    image.ImageComments = "another header"
    if not same:
        image.PixelData = bytes(len(image.PixelData))
    image.save_as(copy)
    series = read(tmp_path).series[0]
    assert (series.problem == "") == same
    assert series.notices == ("a copy of an image was left out",)
    assert same or "different images with one identifier" in series.problem


def test_all_volumes_are_written_or_none(tmp_path: Path, brats: Task) -> None:
    """The last of two series cannot be converted: its compressed pixels are cut off."""
    write_series(tmp_path / "in", 3, "t1_se", **T1)
    for path in write_series(tmp_path / "in", 4, "t2_tse", **T2):
        image = pydicom.dcmread(path)
        image.compress("1.2.840.10008.1.2.5")
        image.save_as(path)
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(InputError, match="series 4"):
        case_from_dicom(tmp_path / "in", brats, tmp_path / "out")
    assert not (tmp_path / "out").exists()
