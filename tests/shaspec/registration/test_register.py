"""A scan of a phantom that was moved is found, whatever its contrast and thickness."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.io.resample import resample
from shaspec.phantom import make_case
from shaspec.registration import Registration, Rigid, Scan, register
from shaspec.registration.level import Smooth, agreement

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


@pytest.mark.parametrize("skull_in", [(), (0,), (1,), (0, 1)], ids=str)
def test_the_surface_of_a_brain_counts_only_if_both_scans_show_the_same_of_the_head(
    head: Case, skull_in: tuple[int, ...]
) -> None:
    plain = [scan(head, "T1"), scan(head, "T2")]
    parts = [Smooth.of(in_skull(s) if n in skull_in else s, MM) for n, s in enumerate(plain)]
    measure = agreement(parts[0], parts[1], 5000, pose=Rigid())
    brain = Smooth.of(plain[0], MM)
    inverse = np.linalg.inv(brain.to_world)
    voxels = np.rint(inverse[:3, :3] @ measure.points + inverse[:3, 3:]).astype(int)
    top = np.array(brain.inside.shape)[:, None]
    covered = np.all((voxels >= 0) & (voxels < top), axis=0)
    within = np.zeros(len(covered), bool)
    within[covered] = brain.inside[tuple(voxels[:, covered])]
    assert within.all() == (len(skull_in) == 1)


def in_skull(plain: Scan) -> Scan:
    """The brain within fluid, bone, and a bright scalp that is thicker in front."""
    array = np.pad(plain.array, 10)
    away = ndimage.distance_transform_edt(array == 0) * MM
    front = np.linspace(2.0, 0.5, array.shape[1])[:, None]
    brain = np.median(plain.array[plain.array > 0])
    layer = np.select([away <= 6, away <= 12, away <= 12 + 9 * front], [0.6, 0.1, 1.4], 0)
    grid = Grid(array.shape, plain.grid.spacing, tuple(np.array(plain.grid.origin) - 10 * MM))
    return Scan(np.where(array > 0, array, layer * brain).astype(np.float32), grid, plain.name)


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
