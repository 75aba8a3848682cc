"""One DICOM file: a damaged one is refused, without the name of the patient, and costs nothing."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shaspec.dicom import dataset
from shaspec.dicom.convert import convert
from shaspec.dicom.dataset import read_dataset
from shaspec.dicom.header import read_header
from shaspec.dicom.series import read_studies
from shaspec.errors import InputError
from tests.made_up_dicom import NAME, write_series

LONG = struct.pack("<HHI", 8, 0x16, 0xFFFFFFF0) + b"1.2.840"
"""A SOP class of 4 GiB, of which there are 7 bytes."""


def test_a_length_that_lies_takes_no_memory(tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(LONG)
    with pytest.raises(InputError):  # loads pydicom
        read_header(tmp_path / "a.dcm")
    tracemalloc.start()
    with pytest.raises(InputError, match="not a DICOM file"):
        read_header(tmp_path / "a.dcm")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2**20


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize("tag", [0, 8])
def test_endless_empty_elements_are_refused(
    tag: int, marked: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A zip file of 1 MB unpacks to a file of zeros, which pydicom would read for minutes."""
    empty = struct.pack("<HHI", tag, 0, 0) * 2**17
    monkeypatch.setattr(dataset, "MOST_READS", 100_000)  # the real bound takes seconds
    with (tmp_path / "a.dcm").open("wb") as file:
        file.write((bytes(128) + b"DICM") * marked)
        for _ in range(3):
            file.write(empty)
    with pytest.raises(InputError, match="too many elements"):
        read_header(tmp_path / "a.dcm")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_series(tmp_path_factory.mktemp(NAME), 3, "t2", slices=1)[0]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_header_is_read_or_refused_without_its_path(
    image: Path, tmp_path: Path, data: st.DataObject
) -> None:
    content = bytearray(image.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(132, 900))
        content[at : at + 2] = data.draw(st.binary(min_size=1, max_size=4))
    path = tmp_path / f"{NAME}.dcm"
    path.write_bytes(content)
    try:
        read_header(path)
        read_dataset(path, pixels=True)
    except InputError as error:
        said = str(error)
    else:
        said = ""
    assert str(tmp_path) not in said
    assert NAME.split("^")[0] not in said


def test_a_file_that_vanishes_is_not_named(tmp_path: Path) -> None:
    paths = write_series(tmp_path / NAME, 3, "t2", slices=4)
    (study,) = read_studies(paths)
    for path in paths:
        path.unlink()
    for read in (
        lambda: read_header(paths[0]),
        lambda: convert(study.series[0], study, tmp_path / "out.nii.gz"),
    ):
        with pytest.raises(InputError) as error:
            read()
        assert NAME.split("^")[0] not in str(error.value)
