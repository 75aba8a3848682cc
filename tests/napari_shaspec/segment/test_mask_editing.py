"""The brain mask of a prepared case is painted in the window, and the scans are stripped again."""

from __future__ import annotations

import numpy as np
import pytest

from napari_shaspec.jobs.runner import run_here
from napari_shaspec.layers import brain_mask
from napari_shaspec.segment.controller import SegmentController
from napari_shaspec.segment.prepare_dialog import PrepareDialog
from shaspec.io import find_cases, read_volume, write_case
from shaspec.io.export import write_labels, write_volume
from shaspec.preparation import read_transforms
from shaspec.stripping import engines, hd_bet, segment, weights


def bright(image):
    """A stand-in for the network."""
    return np.asarray(image > 0.35, np.float32)


@pytest.fixture
def prepared(controller, acquired, registered, monkeypatch):
    """A case with skulls, prepared; the brain is what is bright."""
    monkeypatch.setattr(weights, "load_stripper", lambda: None)
    monkeypatch.setattr(segment, "segment_with", lambda _network: bright)
    controller.open([acquired])
    controller.preparing.prepare(acquired.with_name("out"), strip="always")
    assert controller.state.case == "out"
    return controller


def paint(controller) -> tuple[int, ...]:
    """Adds a voxel far from the brain to the mask; returns its place."""
    layer = brain_mask.shown(controller.viewer, "out")
    assert layer.mode == "paint"
    assert controller.viewer.layers.selection.active is layer
    place = tuple(int(n) - 1 for n in layer.data.shape)
    assert not layer.data[place]
    layer.data[place] = 1
    return place


def test_the_edited_mask_strips_the_same_scans_in_another_folder(prepared, acquired, registered):
    state, out = prepared.state, acquired.with_name("out")
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    asked = len(registered)
    assert state.brain_mask == "offered"
    prepared.mask_editing.edit()
    assert state.brain_mask == "edited"
    place = paint(prepared)
    prepared.mask_editing.strip_again()
    assert state.case == "out_2"
    assert len(registered) == asked, "nothing is registered again"
    assert state.brain_mask == "offered"
    assert brain_mask.shown(prepared.viewer, "out") is None
    masks = [
        read_volume(acquired.with_name(n) / "brain/mask.nii.gz").array for n in ("out", "out_2")
    ]
    changed = np.argwhere(masks[0] != masks[1])
    assert changed.tolist() == [list(place)]
    assert {path: path.read_bytes() for path in before} == before
    old, new = (read_transforms(acquired.with_name(name)) for name in ("out", "out_2"))
    assert (old.brain_mask.engine, new.brain_mask.engine) == ("shaspec", "")
    assert np.array_equal(old.found["T2"].transform.matrix, new.found["T2"].transform.matrix)
    assert [case.name for case in find_cases(out, state.task)] == ["out"]


def test_the_scan_below_the_mask_has_its_skull(prepared, acquired):
    prepared.mask_editing.edit()
    names = {layer.name: layer for layer in prepared.viewer.layers}
    head = names[brain_mask.HEAD]
    assert np.array_equal(head.data, read_volume(next(acquired.glob("*flair*"))).array)
    assert np.allclose(head.translate, names[brain_mask.MASK].translate)
    prepared.viewer.layers.remove(names[brain_mask.MASK])
    assert prepared.state.brain_mask == "offered"
    prepared.mask_editing.strip_again()  # there is nothing to strip with
    assert prepared.state.case == "out"


def test_cases_that_were_not_prepared_here_have_no_mask_to_edit(controller, head, tmp_path):
    write_case(tmp_path / "p1", head)
    controller.open([tmp_path / "p1"])
    controller.mask_editing.edit()
    assert controller.state.brain_mask == "none"
    assert brain_mask.shown(controller.viewer, "p1") is None


@pytest.fixture
def later(prepared, engine):
    """A controller of another session."""
    prepared.viewer.layers.clear()
    control = SegmentController(prepared.viewer, engine=engine, run=run_here)
    yield control
    control.close()


@pytest.mark.parametrize("named", ["p1_prepared", "elsewhere"])
def test_a_prepared_case_that_is_opened_again_has_its_mask_to_edit(
    later, acquired, registered, named
):
    out = acquired.with_name("out").rename(acquired.with_name(named))
    later.open([out])
    assert later.state.brain_mask == "offered"
    known = later.mask_editing.edit()
    assert known == (named == "p1_prepared"), "found by the name of the folder"
    assert known or later.mask_editing.edit(acquired)
    layer = brain_mask.shown(later.viewer, named)
    place = tuple(int(n) - 1 for n in layer.data.shape)
    layer.data[place] = 1
    asked = len(registered)
    later.mask_editing.strip_again()
    assert later.state.case == f"{named}_2"
    assert len(registered) == asked, "nothing is registered again"
    masks = [read_volume(f / "brain/mask.nii.gz").array for f in (out, out.with_name(f"{named}_2"))]
    assert np.argwhere(masks[0] != masks[1]).tolist() == [list(place)]
    moved = [read_volume(next(f.glob("*t1.nii.gz"))).array[masks[0] > 0]
             for f in (out, out.with_name(f"{named}_2"))]  # fmt: skip
    assert np.array_equal(*moved), "a scan that was not moved is not resampled"


def test_the_scans_of_another_patient_are_refused(later, acquired, head, tmp_path):
    later.open([acquired.with_name("out")])
    other = tmp_path / "other"
    write_case(other, head)
    flair = next(path for path in other.iterdir() if "flair" in path.name)
    volume = read_volume(flair)
    write_volume(flair, volume.array * 1.01, volume.grid)
    assert not later.mask_editing.edit(other)
    assert "intensities differ" in later.state.message.text
    next(path for path in other.iterdir() if "t2" in path.name).unlink()
    assert not later.mask_editing.edit(other)
    assert "has no T2" in later.state.message.text
    assert later.state.brain_mask == "offered"


def test_the_bar_offers_what_comes_next(qtbot):
    from napari_shaspec.segment.prepare_bar import PrepareBar

    bar = PrepareBar()
    qtbot.addWidget(bar)
    buttons = {b.text(): b for b in bar.findChildren(type(bar._edit))}
    for state, shown in (("none", ""), ("offered", "Edit mask"), ("edited", "Strip again")):
        bar.show_case((), (), state)
        there = [text for text in ("Edit mask", "Strip again") if not buttons[text].isHidden()]
        assert there == ([shown] if shown else [])
        assert bar.isHidden() == (state == "none")


@pytest.mark.parametrize("there", [False, True])
def test_the_dialog_offers_another_engine_only_where_it_is_installed(
    qtbot, monkeypatch, tmp_path, head, there
):
    monkeypatch.setattr(hd_bet, "model_file", lambda: tmp_path if there else None)
    dialog = PrepareDialog(tmp_path / "out", ["T1"])
    qtbot.addWidget(dialog)
    assert dialog.skull_engine == "shaspec"
    assert dialog._engine.count() == len(engines.installed()) == 1 + there
    assert (dialog._engine.parent() is not None) == there
    assert dialog.brain_mask is None
    mask = write_labels(tmp_path / "mask.nii.gz", np.ones(head.grid.shape, np.uint8), head.grid)
    dialog._mask.show_path(str(mask))
    assert dialog.brain_mask == mask
