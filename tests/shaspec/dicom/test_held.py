"""Volumes of another program get the modality that their tags and names say, or none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shaspec.dicom import Assigned, Held, assign_held, series_of
from shaspec.task import Task
from tests.made_up_dicom import FLAIR, T1, T2, write_examination, write_series

AGENT = {"ContrastBolusAgent": "Gadovist"}


def held(folder: Path, name: str, number: int = 1, **tags: Any) -> Held:
    """A volume of a series with these tags."""
    file = write_series(folder / name, number, "from the scanner", slices=1, **tags)[0]
    return Held(name, series_of(file))


def found(task: Task, *volumes: Held, **taken: str) -> Assigned:
    return assign_held({volume.name: volume for volume in volumes}, task, taken)


def test_an_examination_is_assigned_by_its_tags(brats: Task, tmp_path: Path) -> None:
    folder = write_examination(tmp_path)
    # As 3D Slicer names them: number and description. Nothing but the tags tells T1 from T1ce.
    names = {2: "2: t2_tse_tra", 3: "3: t2 FLAIR", 5: "5: t1_se_tra", 6: "6: ep2d_diff",
             7: "7: t1_se_tra"}  # fmt: skip
    files = {number: next(iter(sorted(folder.glob(f"*_{number}_*")))) for number in names}
    volumes = [Held(name, series_of(files[number])) for number, name in names.items()]
    assert found(brats, *volumes) == Assigned(
        {"FLAIR": names[3], "T1": names[5], "T1ce": names[7], "T2": names[2]}, {}, ()
    )


@pytest.mark.parametrize(
    ("name", "tags", "role", "said"),
    [
        ("vol", FLAIR, "FLAIR", ""),
        ("vol", T2, "T2", ""),
        ("vol", T1 | AGENT, "T1ce", ""),
        ("vol", T1, "T1", "vol is used as T1: no contrast agent is recorded; if there was one"),
        ("t1 native", T1, "T1", ""),
        ("t1 km", T1, "T1ce", ""),
        ("t1", T1 | AGENT, "T1ce", ""),
        ("t2", {}, "T2", ""),
        ("flair frame 0", {}, "FLAIR", "'frame' is unknown"),
    ],
)
def test_one_volume(
    name: str, tags: dict[str, Any], role: str, said: str, brats: Task, tmp_path: Path
) -> None:
    result = found(brats, held(tmp_path, name, **tags))
    assert (result.volumes, result.doubts) == ({role: name}, ())
    assert said in result.notices.get(role, "")
    assert bool(said) is bool(result.notices)


@pytest.mark.parametrize(
    ("name", "tags"),
    [
        ("t1", {"ImageType": ["DERIVED", "PRIMARY", "ADC"]}),
        ("t2", {"ScanningSequence": "EP"}),
        ("vol", {}),
    ],
)
def test_what_is_no_structural_scan_is_not_used(
    name: str, tags: dict[str, Any], brats: Task, tmp_path: Path
) -> None:
    assert found(brats, held(tmp_path, name, **tags)) == Assigned({}, {}, ())


def test_tags_and_name_that_disagree_are_left_to_the_user(brats: Task, tmp_path: Path) -> None:
    result = found(brats, held(tmp_path, "t1", **T2))
    assert result.volumes == {}
    assert "t1 may be T2 or T1 (tags (" in result.doubts[0]
    assert found(brats, held(tmp_path, "t1", **T2), T1="a", T2="b").doubts == ()


def test_a_scan_after_the_contrast_agent_is_left_to_the_user(brats: Task, tmp_path: Path) -> None:
    with_agent, later = held(tmp_path, "5", 5, **T1, **AGENT), held(tmp_path, "7", 7, **T1)
    doubt = ("7 fits T1, but was acquired after T1ce, 5, so it may show contrast agent; choose",)
    assert found(brats, with_agent, later) == Assigned({"T1ce": "5"}, {}, doubt)
    assert found(brats, with_agent, later, T1ce="5") == Assigned({}, {}, doubt)
    earlier = held(tmp_path, "3", 3, **T1)
    assert found(brats, with_agent, earlier).volumes == {"T1": "3", "T1ce": "5"}


def test_names_decide_where_there_is_no_header(brats: Task) -> None:
    volumes = [Held(f"anna_{name}") for name in ("t1", "t1ce", "notes", "flair frame")]
    result = found(brats, *volumes)
    assert result.volumes == {"T1": "anna_t1", "T1ce": "anna_t1ce", "FLAIR": "anna_flair frame"}
    assert result.notices == {"FLAIR": "anna_flair frame is used as FLAIR: 'frame' is unknown"}


def test_several_of_one_modality_are_left_to_the_user(brats: Task) -> None:
    result = found(brats, Held("a_t2"), Held("b_t2"))
    assert result == Assigned({}, {}, ("T2: a_t2, b_t2 fit; choose one of them",))
    assert found(brats, Held("a_t2"), Held("b_t2"), T2="a_t2") == Assigned({}, {}, ())


def test_what_cannot_be_read_has_no_series(tmp_path: Path) -> None:
    (tmp_path / "text.dcm").write_text("no image")
    assert series_of(tmp_path / "text.dcm") is None
    assert series_of(tmp_path / "missing.dcm") is None
