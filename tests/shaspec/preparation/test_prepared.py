"""Scans that were acquired one by one become a case, and labels go back to where they came from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.io import read_case, write_case
from shaspec.io.export import write_volume
from shaspec.io.resample import resample
from shaspec.phantom import make_case
from shaspec.preparation import prepare, read_transforms, to_inputs
from shaspec.preparation.prepared import OVERLAYS
from shaspec.preparation.transforms import NAME
from shaspec.registration import Registration, Rigid, Scan
from shaspec.task import load_task

pytestmark = pytest.mark.slow

SHAPE, SPACING = (40, 50, 42), (4.0, 4.0, 4.0)
REGISTER = "shaspec.preparation.prepared.register"
TRUTH = Rigid.about((0, 0, 0), (0.1, -0.15, 0.1), (9, -12, 6))


@pytest.fixture(scope="module")
def head() -> Case:
    return make_case(9_000_004, SHAPE, SPACING)


@pytest.fixture(scope="module")
def acquired(head: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with T1 and labels as they are, and T2 of thick slices and another pose."""
    folder = tmp_path_factory.mktemp("acquired") / "p1"
    folder.mkdir()
    write_case(folder, head.only(("T1",)))
    (t1, seg) = sorted(folder.glob("*.nii.gz"), key=lambda p: "seg" in p.name)
    origin = tuple(np.array(head.grid.origin) - 6)
    grid = Grid((30, 62, 54), (6.0, 3.5, 3.5), origin)
    array = resample(
        head.volumes["T2"], head.grid, grid, order=1, fill=0, through=TRUTH.inverse.matrix
    )
    write_volume(folder / t1.name.replace("t1", "t2"), array, grid)
    assert seg.exists()
    return folder


@pytest.fixture(scope="module")
def prepared(acquired: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("prepared") / "p1"
    result = prepare(acquired, load_task("brats"), out, reference="T1")
    assert set(result.paths) == {path for path in out.rglob("*") if path.is_file()}
    return out


def test_a_moved_scan_lies_where_it_belongs(head: Case, prepared: Path) -> None:
    found = read_transforms(prepared).found["T2"].transform
    voxels = np.argwhere(head.volumes["T1"] > 0)[::97].T
    assert found.apart(TRUTH, head.grid.world(voxels)) < 1.5
    case = read_case(prepared, head.task)
    inside = head.volumes["T2"] > 0
    again = case.volumes["T2"][inside], head.volumes["T2"][inside]
    assert np.corrcoef(*again)[0, 1] > 0.8  # thick slices blur


def test_the_reference_and_its_labels_stay_voxel_by_voxel(
    head: Case, acquired: Path, prepared: Path
) -> None:
    before, after = (read_case(folder, head.task) for folder in (acquired, prepared))
    assert after.grid.matches(before.grid)
    assert np.array_equal(after.volumes["T1"], before.volumes["T1"])
    assert after.labels is not None
    assert before.labels is not None
    assert np.array_equal(after.labels, before.labels)


def test_a_moved_scan_has_a_picture_to_judge_it_by(prepared: Path) -> None:
    assert [path.name for path in (prepared / OVERLAYS).iterdir()] == ["t2_on_t1.png"]


def test_labels_go_back_to_the_grid_of_every_input(head: Case, prepared: Path) -> None:
    case = read_case(prepared, head.task)
    transforms = read_transforms(prepared)
    assert case.labels is not None
    back = to_inputs(case.labels, case.grid, transforms)
    assert np.array_equal(back["T1"], case.labels)
    grid = transforms.grids["T2"]
    assert back["T2"].shape == grid.shape
    truth = resample(case.labels, case.grid, grid, order=0, fill=0, through=TRUTH.inverse.matrix)
    both = np.count_nonzero((back["T2"] > 0) & (truth > 0))
    assert 2 * both / (np.count_nonzero(back["T2"]) + np.count_nonzero(truth)) > 0.85


def test_labels_of_another_case_are_not_restored(prepared: Path) -> None:
    other = make_case(9_000_006, (20, 24, 22), (8.0, 8.0, 8.0))
    assert other.labels is not None
    with pytest.raises(InputError, match="another grid than the prepared case"):
        to_inputs(other.labels, other.grid, read_transforms(prepared))


def test_a_prepared_case_is_passed_on_unchanged(head: Case, prepared: Path, tmp_path: Path) -> None:
    task = load_task("brats")
    prepare(prepared, task, tmp_path / "again")
    before, after = (read_case(folder, head.task) for folder in (prepared, tmp_path / "again"))
    for name, volume in before.volumes.items():
        assert np.array_equal(after.volumes[name], volume)
    assert not (tmp_path / "again" / OVERLAYS).exists()


def test_transforms_name_no_file(prepared: Path, acquired: Path) -> None:
    text = (prepared / NAME).read_text()
    assert not any(path.name.split(".")[0] in text for path in acquired.iterdir())


def test_a_doubtful_registration_is_refused_with_a_picture(
    head: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    write_case(folder, head.only(("T1", "T2")))
    next(folder.glob("*seg*")).unlink()
    doubtful = Registration(TRUTH, 0.1, 0.2, distance=12.0, spread=9.0)
    monkeypatch.setattr(REGISTER, lambda *_args, **_options: doubtful)
    with pytest.raises(
        InputError, match=r"t2.nii.gz: the registration of T2 is doubtful.*--accept"
    ):
        prepare(folder, head.task, out, reference="T1", strip="never")
    assert [path.name for path in out.rglob("*") if path.is_file()] == ["t2_on_t1.png"]


@pytest.fixture
def one_grid(head: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """FLAIR, T1, T2 and labels on one grid; FLAIR and T2 were moved, each by another distance."""

    def moved(_fixed: Scan, moving: Scan, **_options: object) -> Registration:
        shift = Rigid.about((0, 0, 0), (0, 0, 0), (0, 0, 4 if "t2" in moving.name else 8))
        return Registration(shift, 0.1, 0.2, 8.0, 0.0)

    monkeypatch.setattr(REGISTER, moved)
    write_case(tmp_path / "in", head.only(("FLAIR", "T1", "T2")))
    return tmp_path / "in"


def test_labels_on_the_grid_of_several_scans_stay_with_the_reference_and_a_notice_says_so(
    head: Case, one_grid: Path, tmp_path: Path
) -> None:
    result = prepare(one_grid, head.task, tmp_path / "out", reference="T1")
    assert any("taken as drawn on T1; if they were drawn on FLAIR, T2" in n for n in result.notices)
    assert np.array_equal(read_case(tmp_path / "out", head.task).labels, head.labels)


def test_labels_are_refused_if_their_grid_is_that_of_scans_that_moved_differently(
    head: Case, one_grid: Path, tmp_path: Path
) -> None:
    path = next(one_grid.glob("*t1.*"))
    shape = (36, 50, 42)
    write_volume(path, head.volumes["T1"][:36], Grid(shape, SPACING, head.grid.origin))
    with pytest.raises(InputError, match="grid of FLAIR, T2, which were moved differently"):
        prepare(one_grid, head.task, tmp_path / "out", reference="T1")


def test_a_prepared_case_is_not_mixed_with_its_inputs(acquired: Path, head: Case) -> None:
    with pytest.raises(InputError, match="this is the folder of the case"):
        prepare(acquired, head.task, acquired, overwrite=True)


@pytest.mark.parametrize(
    ("key", "value"),
    [("matrix", [[2, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]),
     ("affine", [[0] * 4] * 4), ("shape", [1, 2])],
)  # fmt: skip
def test_transforms_that_make_no_sense_are_refused(
    prepared: Path, tmp_path: Path, key: str, value: object
) -> None:
    content = json.loads((prepared / NAME).read_text())
    content["inputs"]["T2"][key] = value
    (tmp_path / NAME).write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"transforms.json: .*prepare the case again"):
        read_transforms(tmp_path)
