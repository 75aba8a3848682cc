"""The brain of a case from what is found in each of its scans; an analytic fake finds it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.io.resample import resample
from shaspec.registration import Rigid, Scan
from shaspec.stripping.brain import SURE, Field, find_brain, one_piece
from shaspec.stripping.dark import without_dark

GRID = Grid((40, 48, 40), (4.0, 4.0, 4.0))
RADIUS_MM = 50.0


def ball(grid: Grid, centre: tuple[float, float, float] = (78, 94, 78)) -> Field:
    """A bright ball of 50 mm in a less bright one, as brain and scalp."""
    places = grid.world(np.indices(grid.shape).reshape(3, -1))[::-1]
    away = np.linalg.norm(places - np.array(centre)[:, None], axis=0).reshape(grid.shape)
    return np.select([away < RADIUS_MM, away < 70], [1.0, 0.3], 0).astype(np.float32)


def bright(image: Field) -> Field:
    """A stand-in for the network: what is brighter than the scalp."""
    return np.asarray(image > 0.65, np.float32)


def scan(grid: Grid, centre: tuple[float, float, float] = (78, 94, 78)) -> Scan:
    return Scan(ball(grid, centre), grid, "t1.nii.gz")


def overlap(one: Field, other: Field) -> float:
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


@pytest.mark.parametrize("spacing", [(4.0, 4.0, 4.0), (2.0, 3.0, 6.0), (1.5, 5.0, 2.5)])
def test_the_brain_is_found_on_the_grid_of_any_scan(spacing: tuple[float, float, float]) -> None:
    shape = tuple(int(160 / mm) + 8 for mm in spacing)
    grid = Grid(shape, spacing)
    brain = find_brain({"T1": scan(grid)}, {"T1": Rigid()}, grid, bright)
    assert overlap(brain.on(grid), ball(grid) > 0.9) > 0.96
    assert brain.ml == pytest.approx(4 / 3 * np.pi * RADIUS_MM**3 / 1000, rel=0.06)


def test_scans_in_other_poses_are_brought_together() -> None:
    pose = Rigid.about((0, 0, 0), (0.1, 0, 0.05), (5, -6, 4))
    moved = resample(ball(GRID), GRID, GRID, order=1, fill=0, through=pose.inverse.matrix)
    scans = {"T1": scan(GRID), "T2": Scan(moved, GRID, "t2.nii.gz")}
    brain = find_brain(scans, {"T1": Rigid(), "T2": pose}, GRID, bright)
    assert overlap(brain.on(GRID), ball(GRID) > 0.9) > 0.95
    assert min(brain.overlaps.values()) > 0.9


def test_a_scan_with_another_brain_stands_out() -> None:
    scans = {name: scan(GRID) for name in ("T1", "T2")} | {"FLAIR": scan(GRID, (78, 94, 50))}
    brain = find_brain(scans, dict.fromkeys(scans, Rigid()), GRID, bright)
    assert brain.overlaps["FLAIR"] < 0.8 < brain.overlaps["T1"]
    assert overlap(brain.on(GRID), ball(GRID) > 0.9) > 0.95


def test_a_slab_counts_only_where_it_is() -> None:
    slab = Grid((15, 48, 40), (4.0, 4.0, 4.0))
    scans = {"T1": scan(GRID), "T2": scan(slab)}
    brain = find_brain(scans, dict.fromkeys(scans, Rigid()), GRID, bright)
    assert overlap(brain.on(GRID), ball(GRID) > 0.9) > 0.96
    assert brain.overlaps["T2"] > 0.95


@pytest.mark.parametrize("answer", [0.0, 1.0])
def test_nothing_and_everything_is_no_brain(answer: float) -> None:
    with pytest.raises(InputError, match=r"t1.nii.gz: no brain was found.*--brain-mask"):
        find_brain(
            {"T1": scan(GRID)}, {"T1": Rigid()}, GRID, lambda image: np.full_like(image, answer)
        )


def test_an_exception_in_progress_ends_the_work() -> None:
    def stop(done: int, total: int, stage: str) -> None:
        raise KeyboardInterrupt(stage)

    with pytest.raises(KeyboardInterrupt, match="T1: finding the brain"):
        find_brain({"T1": scan(GRID)}, {"T1": Rigid()}, GRID, bright, progress=stop)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.5, 0.7))
def test_one_piece_is_connected_without_holes_and_adds_nothing_but_holes(
    seed: int, level: float
) -> None:
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).random((12, 14, 13)), 1)
    part = np.clip((noise - noise.min()) / np.ptp(noise) + level - 0.5, 0, 1).astype(np.float32)
    out = one_piece(part)
    mask = out > SURE
    assert np.array_equal(ndimage.binary_fill_holes(mask), mask)
    assert not (mask & ~ndimage.binary_fill_holes(part > SURE)).any()
    assert ndimage.label(mask)[1] == 1


def test_specks_far_from_the_brain_are_no_part_of_it() -> None:
    part = np.zeros((20, 12, 12), np.float32)
    part[2:10, 2:10, 2:10] = part[15, 5, 5:7] = 1
    mask = one_piece(part) > SURE
    assert mask[2:10, 2:10, 2:10].all()
    assert not mask[11:].any()


def test_a_thin_bridge_does_not_join_the_neck_to_the_brain() -> None:
    part = np.zeros((30, 12, 12), np.float32)
    part[2:14, 2:10, 2:10] = part[20:28, 3:9, 3:9] = part[14:20, 6, 6] = 1
    mask = one_piece(part) > SURE
    assert mask[2:14, 2:10, 2:10].all()
    assert not mask[18:].any()


def test_a_hole_is_filled() -> None:
    part = np.ones((9, 9, 9), np.float32)
    part[4, 4, 4] = 0
    assert (one_piece(part) > SURE).all()


def shells(scale: float = 1.0, offset: float = 0.0) -> tuple[dict[str, Field], Field, Field]:
    """Two scans of a ball with bone and fluid around it, its probability, and which shell is what.

    1: brain, 2: doubtful, dark in both (bone); 3: doubtful, dark in T1 alone (fluid); 4: dark in
    both, but the network is sure (a tumour).
    """
    places = np.indices((40, 40, 40)) - 20
    away = np.linalg.norm(places, axis=0)
    what = np.select([away < 15, away < 17], [1, np.where(places[0] > 0, 2, 3)], 0)
    what[(what == 1) & (away > 13) & (places[1] > 10)] = 4
    noise = np.random.default_rng(1).normal(0, 0.05, what.shape)
    t1 = np.select([what == 1], [1.0], 0.1) + noise
    t2 = np.select([what == 1, what == 3], [1.0, 1.6], 0.1) + noise
    images = {"T1": t1 * scale + offset, "T2": t2 / scale - offset}
    part = np.select([what == 1, what == 4, what > 1], [1.0, 0.95, 0.7], 0.1)
    return images, part.astype(np.float32), what


@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (900.0, -1024.0), (0.001, 5.0)])
def test_what_is_dark_in_all_scans_is_no_brain_if_the_network_doubts_it(
    scale: float, offset: float
) -> None:
    images, part, what = shells(scale, offset)
    seen = {name: np.ones(part.shape, np.float32) for name in images}
    after = without_dark(part, part > SURE, images, seen, 2.5) > SURE
    assert not after[what == 2].any(), "bone"
    assert after[(what == 1) | (what == 3) | (what == 4)].all(), "brain, fluid, tumour"
    assert not after[what == 0].any()


def test_a_scan_that_shows_too_little_has_no_say_and_a_single_one_neither() -> None:
    images, part, _ = shells()
    seen = {name: np.ones(part.shape, np.float32) for name in images}
    for name in images:
        alone = without_dark(part, part > SURE, {name: images[name]}, seen, 2.5)
        assert np.array_equal(alone, part)
    seen = {name: np.zeros(part.shape, np.float32) for name in images}
    assert np.array_equal(without_dark(part, part > SURE, images, seen, 2.5), part)
    flat = {name: np.ones(part.shape, np.float32) for name in images}
    assert np.array_equal(without_dark(part, part > SURE, flat, flat, 2.5), part)
