"""`shaspec case`: a made-up DICOM examination becomes a case without names of the patient."""

from __future__ import annotations

import gzip
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from typer.testing import Result

from shaspec.dicom import case_from_dicom
from shaspec.errors import ShaspecError
from shaspec.io import read_case
from shaspec.task import Task
from tests.made_up_dicom import (
    FLAIR,
    NAME,
    PATIENT_ID,
    T1,
    T2,
    voxels,
    write_examination,
    write_series,
)

Run = Callable[..., Result]
OBLIQUE = (0.9396926, 0.3420201, 0.0, -0.2961981, 0.8137977, 0.5)
"""Turned by 20 degrees about z, then by 30 about the rows."""


@pytest.fixture(scope="module")
def examination(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_examination(tmp_path_factory.mktemp("exam"))


def test_an_examination_becomes_a_case_without_the_patient(
    run: Run, examination: Path, brats: Task, tmp_path: Path
) -> None:
    done = run("case", examination, "--out", tmp_path / "scans")
    assert "FLAIR is series 4" in done.output
    written = sorted((tmp_path / "scans").iterdir())
    assert [p.name for p in written] == [f"scans_{n}.nii.gz" for n in ("flair", "t1", "t1ce", "t2")]
    assert set(read_case(tmp_path / "scans", brats).present) == set(brats.names)
    for number, path in zip((4, 5, 7, 2), written, strict=True):
        image = nibabel.load(path)
        assert sorted(np.ravel(image.dataobj)) == sorted(voxels(number).ravel()), path.name
    shown = done.output + " ".join(p.name for p in written)
    shown += "".join(gzip.decompress(p.read_bytes())[:400].decode("latin1") for p in written)
    for word in (*NAME.split("^"), PATIENT_ID):
        assert word.lower() not in shown.lower()
    with pytest.raises(ShaspecError, match="exists already"):
        run("case", examination, "--out", tmp_path / "scans")


def test_cancelling_in_any_stage_leaves_nothing(
    examination: Path, brats: Task, tmp_path: Path
) -> None:
    stages: list[str] = []
    case_from_dicom(
        examination, brats, tmp_path / "whole", progress=lambda *now: stages.append(now[2])
    )
    assert "converting T2" in stages
    for last in range(len(stages)):
        left = iter(range(last + 1))

        def stop(*_: object, left: Iterator[int] = left, last: int = last) -> None:
            if next(left) == last:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            case_from_dicom(examination, brats, tmp_path / "scans", progress=stop)
        assert not (tmp_path / "scans").exists(), stages[last]


@pytest.mark.parametrize("axes", [(1, 0, 0, 0, 1, 0), (0, 1, 0, 0, 0, -1), OBLIQUE])
def test_every_voxel_lies_where_the_headers_place_it(
    axes: tuple[float, ...], run: Run, tmp_path: Path
) -> None:
    write_series(tmp_path / "in", 2, "t2_tse", axes=axes, **T2)
    run("case", tmp_path / "in", "--out", tmp_path / "out")
    image = nibabel.load(tmp_path / "out" / "out_t2.nii.gz")
    right, down = np.array(axes[:3]), np.array(axes[3:])
    for place in ((3, 5, 7), (19, 31, 0), (0, 8, 30)):  # slice, row, column
        offset = np.cross(right, down) * 4.0 * place[0] + down * 2.0 * place[1]
        lps = np.array([-20.0, -30.0, 5.0]) + offset + right * 1.5 * place[2]
        index = np.linalg.inv(image.affine) @ [-lps[0], -lps[1], lps[2], 1]
        found = tuple(np.rint(index[:3]).astype(int))
        assert np.abs(index[:3] - found).max() < 1e-2
        assert image.dataobj[found] == voxels(2)[place]


def test_a_zip_is_read_and_the_list_writes_nothing(
    run: Run, examination: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in examination.iterdir():
            archive.write(path, f"../../{path.name}")
    before = sorted(tmp_path.parent.rglob("*"))
    done = run("case", tmp_path / "a.zip", "--list")
    assert "localiser" in done.output
    assert "[patient]" in done.output
    assert "T1ce" in done.output
    assert sorted(tmp_path.parent.rglob("*")) == before


BAD: list[tuple[dict[str, Any], str]] = [
    ({"skip": (7, 8)}, r"series 2 \(t2_tse\), T2: 2 slices are missing"),
    ({"slices": 2}, "2 slices; a volume needs"),
    ({"PixelSpacing": [50.0, 50.0]}, "50 mm is not plausible"),
    ({"ImagePositionPatient": [0.0, 0.0, 0.0]}, "several images at one position"),
    ({"ImagePositionPatient": None}, "no position"),
]


@pytest.mark.parametrize(("faults", "message"), BAD, ids=[text for _, text in BAD])
def test_a_series_that_is_no_volume_is_refused_by_name(
    faults: dict[str, Any], message: str, run: Run, tmp_path: Path
) -> None:
    write_series(tmp_path / "in", 2, "t2_tse", **{**T2, **faults})
    with pytest.raises(ShaspecError, match=message):
        run("case", tmp_path / "in", "--out", tmp_path / "out")


def test_mixed_orientations_and_tilt_are_refused(run: Run, tmp_path: Path) -> None:
    same = {**T2, "SeriesInstanceUID": "1.2.3"}
    write_series(tmp_path / "mixed", 2, "t2", **same)
    write_series(tmp_path / "mixed", 3, "t2", axes=OBLIQUE, **same)
    with pytest.raises(ShaspecError, match="different orientations"):
        run("case", tmp_path / "mixed", "--out", tmp_path / "out")
    for index in range(20):
        place = {"ImagePositionPatient": [0.0, 0.4 * index, 4.0 * index]}
        write_series(tmp_path / "tilt", 2, "t2", skip=tuple({*range(20)} - {index}), **T2, **place)
    with pytest.raises(ShaspecError, match="gantry tilt"):
        run("case", tmp_path / "tilt", "--out", tmp_path / "out")


@pytest.mark.parametrize("size", [300, 700, 1800, -100, -1])
def test_a_file_that_is_cut_off_is_refused(size: int, run: Run, tmp_path: Path) -> None:
    path = write_series(tmp_path / "in", 2, "t2_tse", **T2)[-1]
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(ShaspecError, match="cut off") as caught:
        run("case", tmp_path / "in", "--out", tmp_path / "out")
    assert "Quibblethorpe" not in str(caught.value)


@pytest.mark.parametrize(
    "other", [{"PatientID": "PX-2"}, {"PatientName": "Other^One"}, {"PatientBirthDate": "19990101"}]
)
def test_mixed_patients_are_refused(other: dict[str, str], run: Run, tmp_path: Path) -> None:
    write_series(tmp_path, 2, "t2_tse", **{**T2, "PatientBirthDate": "19700101"})
    write_series(tmp_path, 3, "t2_flair", **{**FLAIR, "PatientBirthDate": "19700101", **other})
    with pytest.raises(ShaspecError, match="of 2 patients"):
        run("case", tmp_path, "--list")


def test_a_doubtful_choice_names_the_option_that_decides(run: Run, tmp_path: Path) -> None:
    write_series(tmp_path / "in", 5, "t1_mprage", **T1)
    write_series(tmp_path / "in", 8, "t1_mprage", **T1)
    with pytest.raises(ShaspecError, match=r"2 series fit T1.*T1=5 or T1=8"):
        run("case", tmp_path / "in", "--out", tmp_path / "out")
    run("case", tmp_path / "in", "T1=5", "T1ce=8", "--out", tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "out_t1.nii.gz",
        "out_t1ce.nii.gz",
    ]
    for words in (["T1=77"], ["T9=5"], ["T1"], ["T1=5", "T1ce=5"]):
        with pytest.raises(ShaspecError, match=words[0]):
            run("case", tmp_path / "in", *words, "--out", tmp_path / "other")


def test_t1_after_the_injection_is_doubtful(run: Run, tmp_path: Path) -> None:
    write_series(tmp_path / "in", 5, "t1 sag", ContrastBolusAgent="Gadovist", **T1)
    write_series(tmp_path / "in", 8, "t1 tra", **T1)
    with pytest.raises(ShaspecError, match=r"acquired after T1ce.*T1=8 or T1=none"):
        run("case", tmp_path / "in", "--out", tmp_path / "out")


@pytest.mark.parametrize("library", ["pydicom", "dcm2niix"])
def test_a_missing_library_is_named(
    library: str, run: Run, examination: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ShaspecError, match=r"pip install shaspec\[dicom\]"):
        run("case", examination, "--out", tmp_path / "out")
