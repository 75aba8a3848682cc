"""What is found in the content of a case, and what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.io.cases import case_from_arrays, read_case
from shaspec.io.findings import Scan, findings
from shaspec.phantom import make_case
from shaspec.task import Modality, load_task

T1, T2 = load_task("brats").modalities[1], load_task("brats").modalities[3]
CT, VENOUS = load_task("liver-ct").modalities
DEPTH = load_task("rgbd").modalities[1]


def noise(low: float, high: float, seed: int = 0) -> Any:
    return np.random.default_rng(seed).uniform(low, high, (9, 8, 7))


def mask(seed: int = 0) -> Any:
    return (noise(0, 1, seed) > 0.5).astype(np.float32)


def shifted(array: Any) -> Any:
    """Interpolated between the voxels of a large mask."""
    return scipy.ndimage.shift(np.kron(array, np.ones((6, 6, 6))), 0.3, order=1)


@pytest.mark.parametrize(
    ("scans", "level", "text"),
    [
        ([Scan(T1, noise(0, 1) > 0.5)], "refuse", "only the values 0, 1, so it is a mask"),
        ([Scan(T1, noise(0, 4).astype(int))], "warning", "like a label map"),
        ([Scan(T1, noise(0, 9)), Scan(T2, noise(0, 9))], "warning", "have the same voxels"),
        ([Scan(T1, mask() + noise(-1e-4, 1e-4))], "refuse", "only the values 0, 1, so"),
        ([Scan(T1, 255 * mask() + noise(0, 0.01))], "refuse", "only the values 0, 255, so"),
        ([Scan(T1, 2 * mask() + 2 * mask(1) + noise(0, 1e-4))], "warning", "values 0, 2, 4, like"),
        ([Scan(T1, shifted(mask()))], "refuse", "a mask or a probability map"),
        ([Scan(T1, noise(1, 9)), Scan(T2, 7 * noise(1, 9) + 3)], "warning", "from their scale"),
        ([Scan(T1, noise(0, 90)), Scan(T2, noise(0, 90).round(1))], "warning", "from their scale"),
        ([Scan(CT, noise(0, 2000))], "refuse", "not Hounsfield units"),
        ([Scan(CT, noise(0, 255))], "warning", "may not be Hounsfield units"),
        ([Scan(T1, noise(0, 9), Grid((9, 8, 7), (1, 1, 200)))], "warning", "9 x 8 x 1400 mm"),
    ],
)
def test_faults_are_found(scans: list[Scan], level: str, text: str) -> None:
    (found,) = findings(scans)
    assert found.level == level
    assert text in found.sentence


@pytest.mark.parametrize(
    "scans",
    [
        [Scan(T1, noise(0, 900)), Scan(T2, noise(0, 900, 1))],
        [Scan(T1, np.where(mask() > 0, noise(100, 900), -32768.0))],
        [Scan(T1, np.where(noise(0, 1) > 0.999, 1e6, noise(0, 900)))],
        [Scan(T1, noise(0, 900).clip(0, 700))],
        [Scan(T1, mask() * noise(100, 900)), Scan(T2, mask() * noise(100, 900, 1))],
        [Scan(T1, noise(0, 900)), Scan(T2, 900 - noise(0, 900))],
        [Scan(CT, noise(-1000, 900))],
        [Scan(CT, noise(-1000, 900)), Scan(VENOUS, 1.1 * noise(-1000, 900) + 20)],
        [Scan(Modality(name="ADC", normalisation="window", window=(0, 3000)), noise(0, 3000))],
        [Scan(DEPTH, noise(0, 1) > 0.5)],
        [Scan(T1, noise(0, 9), Grid((9, 8, 7), (5, 0.5, 0.5)))],
    ],
)
def test_sound_scans_have_no_findings(scans: list[Scan]) -> None:
    assert findings(scans) == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "shape", "spacing"),
    [("brats", (40, 48, 44), (1.0, 1.0, 1.0)), ("liver-ct", (60, 68, 96), (4.0, 4.0, 4.0))],
)
def test_phantoms_have_no_findings(
    task: str, shape: tuple[int, int, int], spacing: tuple[float, float, float]
) -> None:
    case = make_case(9_000_001, shape, spacing, task)
    names = case.volumes.items()
    assert findings([Scan(case.task.modality(n), a, case.grid) for n, a in names]) == ()


def test_a_mask_beside_scans_is_refused_by_name_unless_it_is_left_out(
    write_file: Any, tmp_path: Path
) -> None:
    task = load_task("brats")
    write_file(tmp_path / "p" / "flair.nii", noise(0, 900).astype(np.int16))
    write_file(tmp_path / "p" / "t1.nii", (noise(0, 1) > 0.5).astype(np.uint8))
    with pytest.raises(InputError, match=r"t1\.nii: T1 has only the values 0, 1.*--present"):
        read_case(tmp_path / "p", task)
    assert read_case(tmp_path / "p", task, present=("FLAIR",)).present == ("FLAIR",)


@pytest.mark.slow
def test_findings_are_notices_of_the_case(small_case: Case) -> None:
    scan = small_case.volumes["T1"]
    case = case_from_arrays({"T1": scan, "T2": scan}, small_case.task)
    assert any("have the same voxels" in notice for notice in case.notices)


@pytest.mark.parametrize(("slices", "found"), [(1, True), (3, True), (12, False)])
def test_a_scan_of_few_slices_is_told(slices: int, found: bool) -> None:
    shape = (slices, 30, 30)
    volume = noise(0, 900)[:1, :1, :1] * np.ones(shape) + np.arange(30)
    scan = Scan(load_task("brats").modality("T1"), volume, Grid(shape, (3.0, 1.0, 1.0)))
    assert any("slice" in finding.text for finding in findings([scan])) == found
