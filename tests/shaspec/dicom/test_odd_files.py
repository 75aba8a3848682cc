"""What an examination has beside its scans is named, and pixels that cannot be used are refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.uid import ExplicitVRLittleEndian

from shaspec.dicom import dicom_files, read_studies
from shaspec.dicom.header import _text, _whole
from shaspec.dicom.series import Study
from shaspec.errors import InputError
from tests.made_up_dicom import NAME, T2, write_series

PDF = "1.2.840.10008.5.1.4.1.1.104.1"


def read(folder: Path) -> Study:
    with dicom_files(folder) as files:
        return read_studies(files)[0]


def write_pdf(template: Path, target: Path) -> None:
    """A report in DICOM, with the name of the patient in its description."""
    image = pydicom.dcmread(template)
    del image.PixelData, image.Rows, image.Columns
    image.SOPClassUID = image.file_meta.MediaStorageSOPClassUID = PDF
    image.SeriesInstanceUID, image.SeriesNumber = "1.2.77", 91
    image.SeriesDescription = f"Report of {NAME}"
    image.save_as(target, enforce_file_format=True)


def test_a_report_beside_the_scans_is_named_without_the_patient(tmp_path: Path) -> None:
    first = write_series(tmp_path, 2, "t2_tse", **T2)[0]
    write_pdf(first, tmp_path / "report.dcm")
    assert read(tmp_path).left_out == (
        "series 91 (Report of [patient]^[patient]): Encapsulated PDF, 1 file, no image of a scan",
    )
    (tmp_path / "only").mkdir()
    shutil.move(tmp_path / "report.dcm", tmp_path / "only")
    with pytest.raises(InputError, match=r"no MR, CT or PET images; series 91 .*Encapsulated PDF"):
        read(tmp_path / "only")


PIXELS: list[tuple[dict[str, Any], str]] = [
    ({"PhotometricInterpretation": "MONOCHROME1"}, "its grey values are inverted"),
    ({"PhotometricInterpretation": "PALETTE COLOR"}, "its images are in colour"),
    ({"RescaleSlope": "1e400"}, "rescale slope or intercept is not a number"),
    ({"Rows": 16}, "more pixels than their headers say"),
    ({"Rows": 33}, "cut off before the end of its pixels"),
]


@pytest.mark.parametrize(("tags", "problem"), PIXELS, ids=[text for _, text in PIXELS])
def test_pixels_that_cannot_be_used_are_a_problem_of_the_series(
    tags: dict[str, Any], problem: str, tmp_path: Path
) -> None:
    write_series(tmp_path, 2, "t2_tse", slices=4, **{**T2, **tags})
    assert problem in read(tmp_path).series[0].problem


def test_a_transfer_syntax_of_a_manufacturer_is_refused_by_name(tmp_path: Path) -> None:
    for path in write_series(tmp_path, 2, "t2_tse", slices=4, **T2):
        data = path.read_bytes()
        wanted = b"1.2.840.113619.5.2\0".ljust(len(ExplicitVRLittleEndian) + 1, b"\0")
        path.write_bytes(data.replace(ExplicitVRLittleEndian.encode() + b"\0", wanted, 1))
    assert "transfer syntax 1.2.840.113619.5.2" in read(tmp_path).series[0].problem


def test_images_that_share_one_identifier_are_no_copies(tmp_path: Path) -> None:
    """As some programs that remove names write them."""
    for path in write_series(tmp_path, 2, "t2_tse", **T2):
        image = pydicom.dcmread(path)
        image.SOPInstanceUID = "1.2.3"
        image.save_as(path)
        shutil.copy(path, path.with_name(f"{path.name}_copy"))
    series = read(tmp_path).series[0]
    assert (series.images, series.problem) == (20, "")
    assert series.notices == ("20 copies of images were left out",)


def test_files_without_a_preamble_are_read(tmp_path: Path) -> None:
    for path in write_series(tmp_path, 2, "t2_tse", slices=4, **T2):
        image = pydicom.dcmread(path)
        image.preamble, image.file_meta = None, pydicom.dataset.FileMetaDataset()
        image.save_as(path, implicit_vr=True, little_endian=True)
    assert read(tmp_path).series[0].problem == ""


def test_what_is_no_folder_of_an_examination_says_what_to_give(tmp_path: Path) -> None:
    image = write_series(tmp_path / "exam", 2, "t2_tse", slices=4, **T2)[0]
    (tmp_path / "exam" / "DICOMDIR").write_bytes(b"")
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04")
    (tmp_path / "disc").mkdir()
    (tmp_path / "disc" / "DICOMDIR").write_bytes(b"")
    with dicom_files(tmp_path / "exam" / "DICOMDIR") as files:
        assert len(files) == 4
    expected = {image: "single DICOM file; give the folder", tmp_path / "a.zip": "cut off or no",
                tmp_path / "disc": "not the images that it lists; copy the whole disc"}  # fmt: skip
    for source, text in expected.items():
        with pytest.raises(InputError, match=text), dicom_files(source):
            pass


@given(st.text(max_size=80))
def test_texts_of_headers_are_one_printable_line(text: str) -> None:
    shown = _text(text)
    assert shown.isprintable()
    assert shown == shown.strip()
    assert _text(shown) == shown


@given(st.one_of(st.integers(-(2**40), 2**40), st.floats(), st.text(max_size=8), st.none()))
def test_a_series_number_of_anything_is_a_number_or_none(value: object) -> None:
    found = _whole(value)
    assert found is None or isinstance(found, int)
    if isinstance(value, int):
        assert found == value or abs(value) > 2**53
