"""A scan that is moved by hand over its reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shaspec.geometry import Grid
from shaspec.io.resample import resample
from shaspec.io.volumes import Volume
from shaspec.phantom import make_case
from shaspec.preparation.nudge import Nudge
from shaspec.registration import Registration, Rigid, Scan, register

START = Registration(Rigid(), 0.2, 0.2, 0.0, 0.0)
MM = st.tuples(*[st.floats(-50, 50)] * 3)
DEGREES = st.tuples(*[st.floats(-40, 40)] * 3)


@pytest.fixture(scope="module")
def scan() -> Volume:
    case = make_case(9_000_004, (40, 50, 42), (4.0, 4.0, 4.0))
    return Volume(case.volumes["T1"].astype(np.float32), case.grid, Path("t1.nii.gz"))


@pytest.mark.parametrize(("axis", "shift"), [(2, (-8, 0, 0)), (1, (0, -8, 0)), (0, (0, 0, -8))])
def test_a_scan_that_lies_two_voxels_off_is_put_back_by_as_many_millimetres(
    scan: Volume, axis: int, shift: tuple[float, float, float]
) -> None:
    moved = Volume(np.roll(scan.array, 2, axis), scan.grid, scan.path)
    nudge, same = Nudge(scan, moved, START), Nudge(scan, scan, START)
    before = nudge.pictures(START)
    expected = same.pictures(START)
    after = nudge.pictures(nudge.moved(shift, (0, 0, 0)))
    for off, back, true in zip(before, after, expected, strict=True):
        assert not np.array_equal(off, true)
        assert np.mean(back != true) < 0.2 * np.mean(off != true)  # the border was rolled


@settings(max_examples=20, deadline=None)
@given(MM, DEGREES)
def test_the_head_moves_as_the_numbers_say(
    scan: Volume, shift: tuple[float, float, float], degrees: tuple[float, float, float]
) -> None:
    placed = Nudge(scan, scan, START).moved(shift, degrees)
    assert placed.by_hand
    assert not placed.doubtful
    assert placed.transform.angle == pytest.approx(np.linalg.norm(degrees), abs=1e-6)
    assert placed.distance >= 0


def test_pictures_have_square_pixels_and_the_head_above() -> None:
    array = np.zeros((10, 20, 24), np.float32)
    array[2:9, 4:16, 4:20] = 1
    array[8, 4:16, 4:20] = 3  # on top
    volume = Volume(array, Grid(array.shape, (4.0, 2.0, 1.0)), Path("x.nii"))
    axial, coronal, sagittal = Nudge(volume, volume, START).pictures(START, fields=True)
    assert axial.shape == (40, 24, 3)
    assert coronal.shape == (40, 24, 3)
    assert sagittal.shape == (20, 20, 3)
    for picture in (coronal, sagittal):
        rows = picture.mean(axis=(1, 2))
        assert rows.argmax() < len(rows) / 2


def test_by_hand_and_by_itself_say_the_same_distance(scan: Volume) -> None:
    """The same pose, so the same points of the head are moved as far."""
    turned = Rigid.about(np.zeros(3), np.radians((4, -9, 14)), (9.0, -6.0, 5.0))
    array = resample(
        scan.array, scan.grid, scan.grid, order=1, fill=0, through=turned.inverse.matrix
    )
    found = register(Scan(scan.array, scan.grid, "T1"), Scan(array, scan.grid, "moved"))
    hand = Nudge(scan, Volume(array, scan.grid, scan.path), found).moved((0, 0, 0), (0, 0, 0))
    assert hand.distance == pytest.approx(found.distance, rel=0.05)
