"""A scan of a phantom that was moved is found, whatever its contrast and thickness."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.io.resample import resample
from shaspec.phantom import make_case
from shaspec.registration import Registration, Rigid, Scan, register

pytestmark = pytest.mark.slow

MM = 3.0
TARGET_MM = 1.0


@pytest.fixture(scope="module")
def head() -> Case:
    """A phantom with voxels of 3 mm."""
    return make_case(9_000_003, (52, 64, 54), (MM, MM, MM))


def scan(case: Case, name: str) -> Scan:
    return Scan(case.volumes[name], case.grid, name)


def moved(case: Case, name: str, transform: Rigid, spacing: tuple[float, ...]) -> Scan:
    """The scan as if the patient had lain at ``transform(...)`` in the scanner."""
    size = np.array(case.grid.shape) * case.grid.spacing
    shape = tuple(int(n) for n in size / spacing)
    grid = Grid(shape, spacing, case.grid.origin)
    volume = case.volumes[name]
    array = resample(volume, case.grid, grid, order=1, fill=0, through=transform.inverse.matrix)
    return Scan(array, grid, name)


def error(found: Registration, truth: Rigid, case: Case) -> float:
    """Largest distance in mm between found and true positions, over the voxels of the head."""
    voxels = np.argwhere(case.volumes["T1"] > 0)[::97].T
    return found.transform.apart(truth, case.grid.world(voxels))


@pytest.mark.parametrize(
    ("name", "angles", "shift", "spacing"),
    [
        ("T2", (0.2, -0.1, 0.15), (12, -9, 15), (MM, MM, MM)),
        ("FLAIR", (-0.1, 0.45, 0.05), (-20, 25, -14), (5.0, 2.0, 2.0)),
    ],
    ids=["turned by 15 degrees", "turned by 27 degrees, thick slices"],
)
def test_a_scan_of_another_contrast_is_found(
    head: Case,
    name: str,
    angles: tuple[float, ...],
    shift: tuple[float, ...],
    spacing: tuple[float, ...],
) -> None:
    centre = head.grid.world(np.array(head.grid.shape)[:, None] / 2)[:, 0]
    truth = Rigid.about(centre, angles, shift)
    found = register(scan(head, "T1"), moved(head, name, truth, spacing))
    assert error(found, truth, head) < TARGET_MM
    assert not found.already
    assert not found.doubtful
    assert found.after > found.before


def test_scans_that_are_registered_are_left_alone(head: Case) -> None:
    found = register(scan(head, "T1"), scan(head, "T2"))
    assert found.already
    assert not found.doubtful
    assert np.array_equal(found.transform.matrix, np.eye(4))
    assert str(found) == "already registered"


def test_noise_is_not_registered_without_a_word(head: Case) -> None:
    noise = np.random.default_rng(5).uniform(1, 2, head.grid.shape).astype(np.float32)
    assert register(scan(head, "T1"), Scan(noise, head.grid, "noise")).doubtful


def test_an_almost_empty_scan_is_refused_by_name(head: Case) -> None:
    empty = np.zeros(head.grid.shape, np.float32)
    with pytest.raises(InputError, match=r"t2\.nii: shows too little"):
        replace(scan(head, "T2"), array=empty, name="t2.nii")


def test_progress_ends_and_an_exception_in_it_cancels(head: Case) -> None:
    seen: list[tuple[int, int]] = []

    def stop(done: int, total: int, _: str) -> None:
        seen.append((done, total))
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        register(scan(head, "T1"), scan(head, "T2"), progress=stop)
    assert seen == [(1, 6), (2, 6)]
