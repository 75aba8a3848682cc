"""Pictures of two cameras are paired by the nearest time where that is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shaspec.errors import InputError
from shaspec.io.folders import find_cases
from shaspec.io.moments import moment
from shaspec.task import Task


def touch(folder: Path, *names: str) -> Path:
    """Empty files: pairing must not need their content."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


@pytest.mark.parametrize(
    ("early", "late", "nanoseconds"),
    [
        ("1305031102.160407.png", "1305031102.175304.png", 14_897_000),
        ("1305031102160.png", "1305031102175.png", 15_000_000),
        ("1305031102160407.png", "1305031102175304.png", 14_897_000),
        ("1305031102160407000.png", "1305031102175304000.png", 14_897_000),
        ("rgb_20190301_121530_100.png", "depth_20190301_121530_150.png", 50_000_000),
        ("2019-03-01T12-15-59.png", "2019-03-01T12-16-01.png", 2_000_000_000),
        ("2019-02-28_23-59-59.9.png", "2019-03-01_00-00-00.1.png", 200_000_000),
        ("20190301121530.png", "20190301121531.png", 1_000_000_000),
        ("0.033.png", "0.066.png", 33_000_000),
        ("rgb_20190301_121530_1.png", "depth_20190301_121530_2.png", 0),  # numbers, not decimals
    ],
)
def test_times_in_names_are_read_exactly(early: str, late: str, nanoseconds: int) -> None:
    first, second = moment(early), moment(late)
    assert first is not None
    assert second is not None
    assert first.clock == second.clock
    assert second.nanoseconds - first.nanoseconds == nanoseconds


@pytest.mark.parametrize("name", ["39.png", "frame_0001.png", "2019-13-41_12-00-00.png", "rgb.png"])
def test_names_without_a_time_have_none(name: str) -> None:
    assert moment(name) is None


def test_the_nearest_pictures_are_a_case_and_a_lonely_one_lacks_a_modality(
    rgbd: Task, tmp_path: Path
) -> None:
    touch(tmp_path, "rgb/100.00.png", "rgb/100.10.png", "rgb/100.20.png", "depth/100.01.png",
          "depth/100.12.png", "label/100.00.png")  # fmt: skip
    found = find_cases(tmp_path, rgbd, within=0.05)
    files = [sorted(path.name for path in case.volumes.values()) for case in found]
    assert files == [["100.00.png", "100.01.png"], ["100.10.png", "100.12.png"], ["100.20.png"]]
    assert found[0].labels == tmp_path / "label" / "100.00.png"
    assert "0.01 s apart" in found[0].notices[0]
    assert "no depth within 0.05 s of 100.20.png" in found[2].notices
    assert [case.name for case in find_cases(tmp_path, rgbd)] != [case.name for case in found]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["rgb/1.10.png", "depth/1.08.png", "depth/1.12.png"], "RGB 1.10.png: depth 1.08.png or"),
        (["rgb/1.10.png", "rgb/1.12.png", "depth/1.11.png"], "depth 1.11.png: RGB 1.10.png or"),
        (["rgb/1.10.png", "depth/39.png"], "no time in its name"),
        (["rgb/1.10.png", "depth/1305031102.16.png"], "different starts"),
        (["notes/a.txt"], "no pictures to pair"),
    ],
)
def test_doubtful_pairs_are_listed_and_refused(
    names: list[str], told: str, rgbd: Task, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=told):
        find_cases(touch(tmp_path, *names), rgbd, within=0.05)


def test_volumes_are_not_paired_by_time(brats: Task, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--pair-within is for pictures"):
        find_cases(tmp_path, brats, within=1)


@settings(max_examples=20)
@given(
    starts=st.lists(st.integers(0, 50), min_size=1, max_size=8, unique=True),
    shift=st.integers(-30, 30),
)
def test_a_shift_below_the_limit_pairs_every_picture_with_its_own(
    starts: list[int], shift: int, tmp_path_factory: pytest.TempPathFactory, rgbd: Task
) -> None:
    """Pictures every 0.1 s at least, and a second camera at most 0.03 s before or behind."""
    folder = tmp_path_factory.mktemp("pairs")
    for k in starts:
        early = 10_000 + 100 * k
        touch(folder, *(f"{name}/{n // 1000}.{n % 1000:03}.png" for name, n in
                        (("rgb", early), ("depth", early + shift))))  # fmt: skip
    found = find_cases(folder, rgbd, within=0.035)
    assert len(found) == len(starts)
    assert all(len(case.volumes) == 2 for case in found)
