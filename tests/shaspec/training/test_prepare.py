"""The cache of prepared cases: exact, independent of the number of processes, atomic."""

from __future__ import annotations

import errno
import json
import pickle
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from nibabel.nifti1 import Nifti1Image
from torch.utils.data import DataLoader

from shaspec.case import Case
from shaspec.errors import ShaspecError
from shaspec.io import write_case, write_labels
from shaspec.preprocessing import normalise
from shaspec.task import Task
from shaspec.training.config import TrainConfig, make_config
from shaspec.training.data import Crops
from shaspec.training.prepare import LARGEST, LeftOut, prepare, quantised
from shaspec.training.prepared import PreparedCase
from shaspec.training.selection import select_cases


def configuration(folder: Path, **changes: Any) -> TrainConfig:
    values = {"out": "o", "max_steps": 1, "data": folder / "data", "cache": folder / "cache"}
    return make_config(values | {"crop": (16, 16, 16)} | changes)


def prepared(config: TrainConfig, task: Task) -> list[PreparedCase]:
    selection = select_cases(config, task)
    selection.require()
    cases = list(prepare(config, task, selection))
    assert not [case for case in cases if isinstance(case, LeftOut)]
    return [case for case in cases if isinstance(case, PreparedCase)]


def left_out(config: TrainConfig, task: Task) -> list[str]:
    """What is said of the cases that cannot be used, where the others are prepared."""
    selection = select_cases(config, task)
    cases = list(prepare(config, task, selection))
    assert len(cases) == selection.number
    return [f"{c.name}: {c.reason}" for c in cases if isinstance(c, LeftOut)]


@pytest.fixture
def folder(tmp_path: Path, small_case: Case) -> Path:
    """Two cases, the second one without T1."""
    write_case(tmp_path / "data" / "one", small_case)
    write_case(tmp_path / "data" / "two", small_case.only(("FLAIR", "T1ce", "T2")))
    return tmp_path


@given(hnp.arrays(np.float32, (3, 4), elements=st.floats(-50, 50, width=32)))
def test_the_rounding_error_is_at_most_half_a_step(volume: np.ndarray[Any, Any]) -> None:
    kept, scale = quantised(volume)
    step = max(float(np.abs(volume).max()), 1e-6) / LARGEST
    assert np.abs(kept * scale - volume).max() <= 0.51 * step
    assert (kept[volume == 0] == 0).all()


def test_sixteen_bit_integers_are_truer_than_half_floats(small_case: Case, brats: Task) -> None:
    volume = normalise(small_case.volumes["FLAIR"], brats.modalities[0])
    kept, scale = quantised(volume)
    integers = np.abs(kept * scale - volume)
    halves = np.abs(volume.astype(np.float16).astype(np.float32) - volume)
    assert integers.max() < halves.max() / 4
    assert np.square(integers).mean() < np.square(halves).mean() / 4


def test_a_prepared_case_lists_its_missing_modalities(folder: Path, brats: Task) -> None:
    one, two = prepared(configuration(folder), brats)
    assert one.available.tolist() == [True] * 4
    assert two.available.tolist() == [True, False, True, True]
    assert not two.images[1].any()
    assert one.labels.shape == one.images.shape[1:]


def test_coarse_cases_are_brought_to_the_spacing_of_the_task(
    folder: Path, brats: Task, small_case: Case
) -> None:
    grid = replace(small_case.grid, spacing=(2.0, 1.0, 1.0))
    write_case(folder / "data" / "coarse", replace(small_case, grid=grid, name="coarse"))
    cases = {c.name: c for c in prepared(configuration(folder), brats)}
    fine, coarse = cases["one"].labels, cases["coarse"].labels
    assert coarse.shape == (2 * fine.shape[0], *fine.shape[1:])
    np.testing.assert_array_equal(coarse[::2], fine)
    assert set(np.unique(coarse)) == set(np.unique(fine))


def test_a_case_that_is_too_large_at_the_spacing_of_the_task_is_left_out_by_name(
    folder: Path, brats: Task, small_case: Case
) -> None:
    grid = replace(small_case.grid, spacing=(90.0, 90.0, 90.0))
    write_case(folder / "data" / "huge", replace(small_case, grid=grid, name="huge"))
    (told,) = left_out(configuration(folder), brats)
    assert re.match(r"huge: case huge: .*voxel size in the headers", told)


def test_a_case_travels_to_a_worker_without_its_voxels(folder: Path, brats: Task) -> None:
    case = prepared(configuration(folder), brats)[0]
    assert case.images.any()
    assert len(pickle.dumps(case)) < 1000
    assert pickle.loads(pickle.dumps(case)) == case


@pytest.mark.filterwarnings("ignore:This DataLoader will create")  # on a machine with one core
def test_samples_do_not_depend_on_the_number_of_workers(folder: Path, brats: Task) -> None:
    config = configuration(folder)
    samples = Crops(prepared(config, brats), config)
    indices = [[3, 4], [5, 6], [7, 8]]
    alone, shared = (
        list(DataLoader(samples, batch_sampler=indices, num_workers=n)) for n in (0, 2)
    )
    for mine, theirs in zip(alone, shared, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(mine, theirs, strict=True))


@pytest.mark.slow
def test_several_processes_make_the_same_cache(folder: Path, brats: Task) -> None:
    one = prepared(configuration(folder, cache=folder / "one"), brats)
    two = prepared(configuration(folder, cache=folder / "two", prepare_workers=2), brats)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a.images, b.images)
        assert a.facts == b.facts


def test_a_changed_file_is_prepared_again(folder: Path, brats: Task, small_case: Case) -> None:
    before = prepared(configuration(folder), brats)[0].folder
    write_case(folder / "data" / "one", make_brighter(small_case))
    assert prepared(configuration(folder), brats)[0].folder != before


def test_the_same_content_is_prepared_once_wherever_it_lies(
    folder: Path, brats: Task, tmp_path: Path
) -> None:
    before = prepared(configuration(folder), brats)
    (folder / "data").rename(folder / "moved")
    for path in (folder / "moved").rglob("*.nii.gz"):
        path.touch()
    moved = prepared(configuration(folder, data=folder / "moved"), brats)
    assert [c.folder for c in moved] == [c.folder for c in before]
    own = brats.model_copy(update={"name": "own", "schemes": ()})  # names say nothing of labels
    one = prepared(configuration(folder, data=folder / "moved"), own)[0]
    (folder / "moved" / "one").rename(folder / "moved" / "renamed")
    renamed = prepared(configuration(folder, data=folder / "moved"), own)[0]
    assert (renamed.name, renamed.folder) == ("renamed", one.folder)


def test_another_order_of_channels_is_prepared_again(tmp_path: Path, small_case: Case) -> None:
    """A file of several volumes stays as it is where its description changes."""
    data, grid = tmp_path / "data", small_case.grid
    (data / "imagesTr").mkdir(parents=True)
    four = np.stack([grid.to_file(small_case.volumes[n]) for n in ("T1", "T2")], axis=-1)
    Nifti1Image(four, grid.affine).to_filename(data / "imagesTr" / "x.nii.gz")
    write_labels(data / "labelsTr" / "x.nii.gz", small_case.labels, grid)
    found = []
    for names in (("T1", "T2"), ("T2", "T1")):
        text = json.dumps({"modality": dict(zip("01", names, strict=True))})
        (data / "dataset.json").write_text(text)
        (case,) = prepared(configuration(tmp_path), small_case.task)
        found.append(case)
    first, second = found
    np.testing.assert_array_equal(first.images[1], second.images[3])
    np.testing.assert_array_equal(first.images[3], second.images[1])
    assert not np.array_equal(first.images[1], first.images[3])


def make_brighter(case: Case) -> Case:
    volumes = dict(case.volumes) | {"T1": case.volumes["T1"] + 1}
    return replace(case, volumes=volumes)


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left on device"), OSError("9 requested and 1 written")],
    ids=["of the system", "of NumPy"],
)
def test_a_full_disk_is_reported_and_leaves_no_file(
    folder: Path, brats: Task, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    def full(*_: object) -> None:
        raise error

    monkeypatch.setattr("shaspec.training.prepare.np.save", full)
    with pytest.raises(ShaspecError, match=rf"{error.args[-1]}.*set cache"):
        prepared(configuration(folder), brats)
    assert not list((folder / "cache").iterdir())


def test_a_file_that_cannot_be_opened_is_named(
    folder: Path, brats: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Path.open

    def denied(path: Path, *args: Any, **kwargs: Any) -> Any:
        if path.parent.name == "two" and "_t2" in path.name:
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", denied)
    (said,) = left_out(configuration(folder), brats)
    assert re.search(r"^two: .*_t2\.nii\.gz: cannot be read \(Permission denied", said)


def test_labels_outside_the_task_are_refused_by_file(
    folder: Path, brats: Task, small_case: Case
) -> None:
    assert small_case.labels is not None
    labels = np.where(small_case.labels == 4, 9, small_case.labels).astype(np.uint8)
    write_case(folder / "data" / "one", replace(small_case, labels=labels))
    (said,) = left_out(configuration(folder), brats)
    assert re.search(r"^one: .*_seg\.nii\.gz.*9", said)
