"""`shaspec dicom-seg`: labels lie in a DICOM SEG where they lie in the series."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pydicom
import pytest
from typer.testing import Result

from shaspec.dicom import case_from_dicom, dicom_files, read_studies
from shaspec.dicom.case import choose_study
from shaspec.errors import ShaspecError
from shaspec.io import read_volume, write_labels
from shaspec.io.export import write_volume
from shaspec.io.origin import Origin
from shaspec.task import Task
from tests.made_up_dicom import FLAIR, NAME, PATIENT_ID, SHAPE, T1, T2, write_series

pytestmark = pytest.mark.slow

Run = Callable[..., Result]
OBLIQUE = (0.9396926, 0.3420201, 0.0, -0.2961981, 0.8137977, 0.5)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)


def write_mixed(folder: Path, axes: tuple[float, ...]) -> Path:
    """T1 and T1ce on one grid, FLAIR and T2 on thicker ones."""
    write_series(folder, 2, "t1_se_tra", axes=axes, **T1)
    write_series(folder, 3, "t1_se_tra", axes=axes, ContrastBolusAgent="Gadovist", **T1)
    write_series(folder, 4, "t2 FLAIR", axes=axes, step=5.0, slices=16, **FLAIR)
    write_series(folder, 5, "t2_tse_tra", axes=axes, step=6.0, slices=13, **T2)
    return folder


@pytest.fixture(
    scope="module", params=[None, SAGITTAL, OBLIQUE], ids=["axial", "sagittal", "oblique"]
)
def examination(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    axes = request.param or (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    return write_mixed(tmp_path_factory.mktemp("exam"), axes)


@pytest.fixture(scope="module")
def scans(
    examination: Path, brats: Task, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    out = tmp_path_factory.mktemp("case") / "scans"
    return dict(case_from_dicom(examination, brats, out).paths)


def labels_on(scan: Path, path: Path) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A label map with three labels, none of them symmetric; returns its array."""
    volume = read_volume(scan)
    array = np.zeros(volume.array.shape, np.uint8)
    place = [n // 4 for n in array.shape]
    size = [n // 2 for n in array.shape]
    for value, part in ((2, 1.0), (1, 0.7), (4, 0.4)):
        array[tuple(slice(s, s + round(n * part)) for s, n in zip(place, size, strict=True))] = (
            value
        )
    write_labels(path, array, volume.grid, origin=Origin.RESULT)
    return array


def points_of(path: Path) -> dict[str, set[tuple[float, ...]]]:
    """Label name -> positions (L, P, S) of its voxels, from the tags of every frame alone."""
    seg = pydicom.dcmread(path)
    shared = seg.SharedFunctionalGroupsSequence[0]
    axes = [float(a) for a in shared.PlaneOrientationSequence[0].ImageOrientationPatient]
    rows, columns = (float(v) for v in shared.PixelMeasuresSequence[0].PixelSpacing)
    names = {s.SegmentNumber: s.SegmentLabel for s in seg.SegmentSequence}
    found: dict[str, set[tuple[float, ...]]] = {name: set() for name in names.values()}
    frames = zip(seg.pixel_array, seg.PerFrameFunctionalGroupsSequence, strict=True)
    for pixels, group in frames:
        where = group if "SegmentIdentificationSequence" in group else shared
        number = where.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        first = np.array(group.PlanePositionSequence[0].ImagePositionPatient, float)
        for row, column in np.argwhere(pixels):
            place = first + np.array(axes[:3]) * columns * column + np.array(axes[3:]) * rows * row
            found[names[number]].add(tuple(np.round(place, 1) + 0.0))
    return found


def expected_points(labels: Path, value: int) -> set[tuple[float, ...]]:
    volume = read_volume(labels)
    places = volume.grid.world(np.argwhere(volume.array == value).T).T
    return {tuple(np.round(place, 1) + 0.0) for place in places}


def near(one: set[tuple[float, ...]], other: set[tuple[float, ...]]) -> bool:
    """Equal but for the rounding of positions in files."""
    ones, others = (np.array(sorted(points)) for points in (one, other))
    return ones.shape == others.shape and bool(
        (np.linalg.norm(ones[:, None] - others[None], axis=2).min(axis=1) < 0.3).all()
    )


def test_every_voxel_lies_where_it_does_in_the_label_map(
    run: Run, examination: Path, scans: dict[str, Path], tmp_path: Path
) -> None:
    labels_on(scans["FLAIR"], tmp_path / "labels.nii.gz")
    out = tmp_path / "seg.dcm"
    done = run("dicom-seg", tmp_path / "labels.nii.gz", examination, "--out", out)
    assert "on series 4" in done.output
    found = points_of(out)
    assert set(found) == {"NCR", "ED", "ET"}
    for name, value in (("NCR", 1), ("ED", 2), ("ET", 4)):
        assert near(found[name], expected_points(tmp_path / "labels.nii.gz", value)), name


def test_it_refers_to_the_series_and_names_what_the_segments_are(
    run: Run, examination: Path, scans: dict[str, Path], tmp_path: Path
) -> None:
    labels_on(scans["FLAIR"], tmp_path / "labels.nii.gz")
    out = tmp_path / "seg.dcm"
    words = ("--model", "shaspec", "--edited")
    run("dicom-seg", tmp_path / "labels.nii.gz", examination, "--out", out, *words)
    seg = highdicom.seg.segread(out)
    images = {
        header.SOPInstanceUID
        for path in examination.iterdir()
        if (header := pydicom.dcmread(path)).SeriesNumber == 4
    }
    referenced = seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    assert {item.ReferencedSOPInstanceUID for item in referenced} == images
    assert (str(seg.PatientName), seg.PatientID) == (NAME, PATIENT_ID)
    assert seg.FrameOfReferenceUID == header_of(examination).FrameOfReferenceUID
    enhancing = next(s for s in seg.SegmentSequence if s.SegmentLabel == "ET")
    code = enhancing.SegmentedPropertyTypeCodeSequence[0]
    assert (code.CodeValue, code.CodingSchemeDesignator) == ("108369006", "SCT")
    assert enhancing.SegmentAlgorithmType == "SEMIAUTOMATIC"
    assert enhancing.SegmentationAlgorithmIdentificationSequence[0].AlgorithmName == "shaspec"


def header_of(examination: Path) -> pydicom.Dataset:
    return pydicom.dcmread(next(examination.iterdir()), stop_before_pixels=True)


def test_two_series_with_the_grid_are_a_question(
    run: Run, examination: Path, scans: dict[str, Path], tmp_path: Path
) -> None:
    labels, out = tmp_path / "labels.nii.gz", tmp_path / "seg.dcm"
    labels_on(scans["T1"], labels)
    with pytest.raises(
        ShaspecError, match=r"several series have the grid.*--series: series 2 .*, s"
    ):
        run("dicom-seg", labels, examination, "--out", out)
    assert (
        "on series 3" in run("dicom-seg", labels, examination, "--out", out, "--series", "3").output
    )
    with pytest.raises(ShaspecError, match="exists already"):
        run("dicom-seg", labels, examination, "--out", out, "--series", "3")


def test_labels_of_another_grid_need_a_series_and_say_that_they_are_resampled(
    run: Run, examination: Path, scans: dict[str, Path], tmp_path: Path
) -> None:
    volume = read_volume(scans["T1"])
    fine = volume.grid.blocks(np.zeros(3), np.full(3, 0.5), tuple(2 * n for n in volume.grid.shape))
    array = np.zeros(fine.shape, np.uint8)
    array[tuple(slice(n // 4, n // 2) for n in fine.shape)] = 2
    labels, out = tmp_path / "labels.nii.gz", tmp_path / "seg.dcm"
    write_labels(labels, array, fine, origin=Origin.RESULT)
    with pytest.raises(ShaspecError, match="no series has the grid"):
        run("dicom-seg", labels, examination, "--out", out)
    done = run("dicom-seg", labels, examination, "--out", out, "--series", "5")
    assert "resampled to the grid of series 5" in done.output
    points = np.array(sorted(points_of(out)["ED"]))
    middle = fine.world(np.argwhere(array).T).mean(axis=1)
    assert np.linalg.norm(points.mean(axis=0) - middle) < 3


@pytest.mark.parametrize("kind", ["none", "lost", "elsewhere"])
def test_labels_that_would_be_lost_are_refused(
    run: Run, examination: Path, scans: dict[str, Path], tmp_path: Path, kind: str
) -> None:
    labels = tmp_path / "labels.nii.gz"
    array = labels_on(scans["T1"], labels)
    grid, message = read_volume(labels).grid, "has no labels"
    if kind == "none":
        array[:] = 0
    elif kind == "lost":  # one voxel between two slices of the thick series
        array[array == 4] = 0
        inside = np.argwhere(array == 2)
        array[tuple(inside[len(inside) // 2])] = 4
        grid = grid.blocks(np.array([0.3, 0.3, 0.3]), np.full(3, 0.1), grid.shape)
        message = "is lost on the grid of series 5"
    else:
        grid = grid.blocks(np.full(3, 500.0), np.ones(3), grid.shape)
        message = "is lost on the grid of series 5"
    write_labels(labels, array, grid, origin=Origin.RESULT)
    with pytest.raises(ShaspecError, match=message):
        run("dicom-seg", labels, examination, "--out", tmp_path / "x.dcm", "--series", "5")
    assert not (tmp_path / "x.dcm").exists()


def test_labels_cut_off_by_the_series_are_told(
    run: Run, examination: Path, scans: dict[str, Path], tmp_path: Path
) -> None:
    labels = tmp_path / "labels.nii.gz"
    array = labels_on(scans["T1"], labels)
    grid = read_volume(labels).grid
    moved = grid.blocks(np.array([n * 0.4 for n in grid.shape]), np.ones(3), grid.shape)
    array = np.where(array > 0, 2, 0).astype(np.uint8)
    write_labels(labels, array, moved, origin=Origin.RESULT)
    done = run("dicom-seg", labels, examination, "--out", tmp_path / "x.dcm", "--series", "2")
    assert "of the labels lie outside of series 2" in done.output


def test_an_unknown_series_a_wrong_ending_and_an_input_as_output_are_refused(
    run: Run, examination: Path, scans: dict[str, Path], tmp_path: Path
) -> None:
    labels = tmp_path / "labels.nii.gz"
    labels_on(scans["FLAIR"], labels)
    with pytest.raises(ShaspecError, match="--series 77: the study has the series 2, 3, 4, 5"):
        run("dicom-seg", labels, examination, "--out", tmp_path / "x.dcm", "--series", "77")
    with pytest.raises(ShaspecError, match=r"x\.nii"):
        run("dicom-seg", labels, examination, "--out", tmp_path / "x.nii")
    image = next(examination.iterdir())
    before = image.read_bytes()
    with pytest.raises(ShaspecError):
        run("dicom-seg", labels, examination, "--out", image, "--overwrite")
    assert image.read_bytes() == before


def test_foreign_labels_are_refused(
    run: Run, examination: Path, scans: dict[str, Path], tmp_path: Path
) -> None:
    volume = read_volume(scans["FLAIR"])
    array = np.zeros(volume.array.shape, np.uint8)
    array[2:6, 2:6, 2:6] = 77
    write_volume(tmp_path / "labels.nii.gz", array, volume.grid)
    with pytest.raises(ShaspecError, match="77"):
        run("dicom-seg", tmp_path / "labels.nii.gz", examination, "--out", tmp_path / "x.dcm")


def test_a_multi_frame_series_has_its_frames_in_place(brats: Task, tmp_path: Path) -> None:
    """Slices in any order of files: the reverse of their places."""
    folder = tmp_path / "exam"
    paths = write_series(folder, 4, "t2 FLAIR", **FLAIR)
    for number, path in enumerate(reversed(paths)):
        path.rename(folder / f"image_{number:03d}")
    with dicom_files(folder) as files:
        study = choose_study(read_studies(files), "")
    out = tmp_path / "scans"
    scan = case_from_dicom(folder, brats, out).paths["FLAIR"]
    labels_on(scan, tmp_path / "labels.nii.gz")
    from shaspec.dicom.segmentation import write_segmentation

    write_segmentation(tmp_path / "labels.nii.gz", study, brats, tmp_path / "seg.dcm")
    found = points_of(tmp_path / "seg.dcm")
    assert near(found["ET"], expected_points(tmp_path / "labels.nii.gz", 4))
    assert SHAPE[0] == len(paths)


def test_a_missing_library_is_named(
    run: Run, examination: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "highdicom":
            raise ImportError(name=name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ShaspecError, match=r"needs highdicom: pip install shaspec\[dicom\]"):
        run("dicom-seg", tmp_path / "x.nii.gz", examination, "--out", tmp_path / "x.dcm")
