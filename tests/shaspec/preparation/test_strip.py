"""Skulls are stripped where there are any; everything else stays as it is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from shaspec.case import Case
from shaspec.errors import InputError, WeightsError
from shaspec.geometry import Array
from shaspec.io import find_cases, read_case, read_volume, write_case
from shaspec.io.export import write_labels
from shaspec.phantom import make_case
from shaspec.preparation import prepare, read_transforms, to_inputs
from shaspec.preparation.strip import MASK_FILE, as_mode
from shaspec.registration import Registration, Rigid
from shaspec.stripping import hd_bet, segment, weights

pytestmark = pytest.mark.slow

SHAPE, SPACING = (48, 60, 52), (4.0, 4.0, 4.0)
BRIGHT = 4000  # of the brain in these heads


@pytest.fixture(scope="module")
def stripped() -> Case:
    return make_case(9_000_004, SHAPE, SPACING).only(("T1", "T2"))


@pytest.fixture(scope="module")
def whole(stripped: Case) -> Case:
    """The same brain, bright, with a dark skull and a scalp around it."""
    brain = inside(stripped)
    away = ndimage.distance_transform_edt(~brain, sampling=SPACING)
    shell = np.select([away == 0, away < 5, away < 10, away < 20], [0, 300, 40, 900], 0)
    grain = np.random.default_rng(0).integers(0, 30, SHAPE)
    volumes = {
        name: np.where(brain, BRIGHT + volume % 100, shell + grain).astype(np.int16)
        for name, volume in stripped.volumes.items()
    }
    return Case("p1", stripped.task, stripped.grid, volumes, stripped.labels)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scans are registered: finding that out takes longer than all tests here."""
    same = Registration(Rigid(), 1.0, 1.0, 0.0, 0.0)
    monkeypatch.setattr("shaspec.preparation.prepared.register", lambda *_args, **_options: same)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in: the brain is what is bright."""
    monkeypatch.setattr(weights, "load_stripper", lambda: None)

    def bright(image: Array) -> Array:
        return np.asarray(image > 0.6, np.float32)

    monkeypatch.setattr(segment, "segment_with", lambda _network: bright)


def inside(case: Case) -> Array:
    brain = np.logical_or.reduce([volume > 0 for volume in case.volumes.values()])
    return np.asarray(ndimage.binary_fill_holes(brain))


def prepared(case: Case, folder: Path, **options: object) -> tuple[Case, tuple[str, ...]]:
    write_case(folder / "in", case)
    found = prepare(folder / "in", case.task, folder / "out", **options)  # type: ignore[arg-type]
    assert set(found.paths) == {path for path in (folder / "out").rglob("*") if path.is_file()}
    return read_case(folder / "out", case.task), found.notices


@pytest.mark.usefixtures("network")
def test_a_skull_is_stripped_and_said_so(whole: Case, stripped: Case, tmp_path: Path) -> None:
    after, notices = prepared(whole, tmp_path)
    assert any("skull stripped from T1, T2" in notice for notice in notices)
    mask = read_volume(tmp_path / "out" / MASK_FILE).array > 0
    brain = inside(stripped)
    both = 2 * np.count_nonzero(mask & brain) / (np.count_nonzero(mask) + np.count_nonzero(brain))
    assert both > 0.95
    for name, volume in after.volumes.items():
        assert np.array_equal(volume, np.where(mask, whole.volumes[name], 0))
    assert after.labels is not None
    assert np.array_equal(after.labels, whole.labels)


@pytest.mark.usefixtures("network")
def test_the_mask_is_in_the_transforms_and_does_not_disturb_the_case(
    whole: Case, tmp_path: Path
) -> None:
    prepared(whole, tmp_path)
    transforms = read_transforms(tmp_path / "out")
    assert transforms.brain_mask is not None
    assert transforms.brain_mask.file == MASK_FILE
    assert transforms.brain_mask.stripped == ("T1", "T2")
    mask = read_volume(tmp_path / "out" / MASK_FILE)
    ml = np.count_nonzero(mask.array) * mask.grid.voxel_ml
    assert transforms.brain_mask.ml == pytest.approx(ml, abs=0.1)
    assert np.array_equal(to_inputs(mask.array, mask.grid, transforms)["T1"], mask.array)
    assert [files.name for files in find_cases(tmp_path / "out", whole.task)] == ["out"]


def test_another_engine_is_used_and_recorded(
    whole: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []

    def bright(image: Array) -> Array:
        sizes.append(image.shape)
        return np.asarray(image > 0.6, np.float32)

    monkeypatch.setattr(hd_bet, "VOXEL_MM", 4.5)
    monkeypatch.setattr(hd_bet, "model_file", lambda: tmp_path)
    monkeypatch.setattr(hd_bet, "segment_with_hd_bet", lambda: bright)
    prepared(whole, tmp_path, skull_engine="hd-bet")
    voxels = tuple(
        math.ceil(n * mm / hd_bet.VOXEL_MM) for n, mm in zip(SHAPE, SPACING, strict=True)
    )
    assert sizes == [voxels, voxels]
    mask = read_transforms(tmp_path / "out").brain_mask
    assert mask is not None
    assert mask.engine == "hd-bet"


def test_an_engine_that_is_not_installed_is_refused_before_the_work(
    stripped: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hd_bet, "model_file", lambda: None)
    with pytest.raises(InputError, match="--skull-engine hd-bet: HD-BET is not installed"):
        prepared(stripped, tmp_path, skull_engine="hd-bet")
    assert not (tmp_path / "out").exists()


def test_a_stripped_case_is_untouched_and_needs_no_weights(stripped: Case, tmp_path: Path) -> None:
    after, notices = prepared(stripped, tmp_path)
    assert any("no skull was found" in notice for notice in notices)
    for name, volume in stripped.volumes.items():
        assert np.array_equal(after.volumes[name], volume)
    assert read_transforms(tmp_path / "out").brain_mask is None


@pytest.mark.usefixtures("network")
def test_a_scan_without_a_skull_is_untouched_beside_one_with_it(
    whole: Case, stripped: Case, tmp_path: Path
) -> None:
    volumes = {"T1": whole.volumes["T1"], "T2": stripped.volumes["T2"]}
    after, notices = prepared(Case("p1", whole.task, whole.grid, volumes), tmp_path)
    assert any(notice.startswith("T2: no skull was found") for notice in notices)
    assert np.array_equal(after.volumes["T2"], stripped.volumes["T2"])
    assert read_transforms(tmp_path / "out").brain_mask.stripped == ("T1",)  # type: ignore[union-attr]


def test_never_leaves_the_skull_and_says_so(whole: Case, tmp_path: Path) -> None:
    after, notices = prepared(whole, tmp_path, strip="never")
    assert "T1, T2: the skull was left in place (--strip never)" in notices
    assert np.array_equal(after.volumes["T1"], whole.volumes["T1"])


@pytest.mark.usefixtures("network")
def test_always_strips_where_no_skull_is_found(stripped: Case, tmp_path: Path) -> None:
    volumes = {n: np.where(v > 0, v + BRIGHT, 0) for n, v in stripped.volumes.items()}
    case = Case("p1", stripped.task, stripped.grid, volumes)
    _, notices = prepared(case, tmp_path, strip="always")
    assert any("skull stripped from T1, T2" in notice for notice in notices)


def test_an_edited_mask_is_used_for_all_scans_without_weights(whole: Case, tmp_path: Path) -> None:
    mask = np.zeros(SHAPE, np.uint8)
    mask[10:30, 20:40, 10:40] = 1
    path = write_labels(tmp_path / "edited.nii.gz", mask, whole.grid)
    after, notices = prepared(whole, tmp_path, brain_mask=path)
    for name, volume in after.volumes.items():
        assert np.array_equal(volume, np.where(mask, whole.volumes[name], 0))
    assert any("of the labels lie outside of the brain mask" in notice for notice in notices)


@pytest.mark.parametrize(
    ("box", "strip", "words"),
    [((0, 0), "auto", "the mask is empty"), ((10, 30), "never", "--brain-mask needs --strip")],
)
def test_masks_that_cannot_be_used_are_refused(
    whole: Case, tmp_path: Path, box: tuple[int, int], strip: str, words: str
) -> None:
    mask = np.zeros(SHAPE, np.uint8)
    mask[slice(*box)] = 1
    path = write_labels(tmp_path / "edited.nii.gz", mask, whole.grid)
    with pytest.raises(InputError, match=words):
        prepared(whole, tmp_path, brain_mask=path, strip=strip)


def test_without_weights_nothing_is_written_and_the_message_says_what_to_do(
    whole: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "bundled_stripper", lambda: tmp_path / "none")
    with pytest.raises(WeightsError, match=r"not installed.*--strip never"):
        prepared(whole, tmp_path)
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize("before", [None, b"kept"], ids=["a new folder", "a folder with a file"])
def test_cancelling_in_any_stage_leaves_the_folder_as_it_was(
    whole: Case, tmp_path: Path, before: bytes | None
) -> None:
    stages: list[str] = []
    prepared(whole, tmp_path / "first", progress=lambda *now: stages.append(now[2]))
    assert any("finding the brain" in stage for stage in stages)
    assert "saving T1" in stages
    out = tmp_path / "out"
    if before is not None:
        out.mkdir()
        (out / "notes.txt").write_bytes(before)
    for last in range(len(stages)):
        left = iter(range(last + 1))

        def stop(*_: object, left: Iterator[int] = left, last: int = last) -> None:
            if next(left) == last:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            prepared(whole, tmp_path, progress=stop)
        there = {path.name for path in out.iterdir()} if out.exists() else None
        assert there == (None if before is None else {"notes.txt"}), stages[last]


def test_an_unknown_mode_is_refused_with_the_choices() -> None:
    assert as_mode("never") == "never"
    with pytest.raises(InputError, match="--strip sometimes: choose auto, always or never"):
        as_mode("sometimes")
