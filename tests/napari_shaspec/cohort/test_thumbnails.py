"""Small pictures of results: what they show, that they are kept, and who makes them."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtCore import QSize

from napari_shaspec.cohort import thumbnails
from napari_shaspec.cohort.controller import CohortController
from napari_shaspec.cohort.panel import CohortPanel
from napari_shaspec.cohort.thumbnails import SIDE, drawn, picture_of
from napari_shaspec.jobs.runner import run_here
from shaspec.geometry import Grid
from shaspec.task import load_task
from tests.napari_shaspec.fakes import SHAPE, ball_labels
from tests.tiny_models import save_tiny

pytestmark = pytest.mark.usefixtures("no_bugs")


@pytest.fixture
def control(viewer, task, tmp_path, cases):
    control = CohortController(viewer, run=run_here)
    control.choose_model(save_tiny(tmp_path / "model", task, window=24))
    control.open([cases])
    yield control
    control.close()


def near(picture, colour: str) -> np.ndarray:
    """Mask of the pixels in the hue of a label."""
    wanted = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)], float)
    page = picture.astype(float) - picture.min(axis=-1, keepdims=True)
    wanted -= wanted.min()
    length = np.linalg.norm(page, axis=-1) * np.linalg.norm(wanted)
    return (page @ wanted > 0.97 * length) & (length > 0.2 * np.linalg.norm(wanted) * 255)


def test_the_picture_is_the_fullest_slice_with_the_labels_where_they_are(task):
    labels = np.zeros(SHAPE, np.uint8)
    labels[3, 2:6, 2:6] = 2
    labels[15, 2:12, 20:38] = 2
    image = np.tile(np.linspace(0, 100, SHAPE[2], dtype=np.float32), (*SHAPE[:2], 1))
    picture = drawn(image, labels, task, Grid(SHAPE, (5.0, 1.0, 1.0)))
    green = np.argwhere(near(picture, task.labels[1].colour)).mean(axis=0) / picture.shape[:2]
    assert green == pytest.approx((0.27, 0.72), abs=0.05)  # above, and on the right


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (5.0, 2.0, 1.0), (1.0, 1.0, 3.0)])
def test_pixels_are_square_and_the_longer_side_fills_a_square(task, spacing):
    image = 1 + np.random.default_rng(0).random(SHAPE)
    picture = drawn(image, ball_labels(), task, Grid(SHAPE, spacing))
    rows, columns = SHAPE[1] * spacing[1], SHAPE[2] * spacing[2]
    assert picture.shape == (SIDE, SIDE, 3)
    found = [picture.any(axis=axes).sum() for axes in ((1, 2), (0, 2))]
    assert max(found) == SIDE
    assert found[0] / found[1] == pytest.approx(rows / columns, rel=0.06)


def test_a_case_without_anything_and_one_of_colours_have_pictures(task):
    empty = drawn(np.zeros(SHAPE), np.zeros(SHAPE, np.uint8), task, Grid(SHAPE, (1.0,) * 3))
    assert not empty.any()
    flat = Grid((20, 30), (1.0, 1.0))
    colours = np.zeros((3, 20, 30), np.uint8)
    colours[0] = 200
    picture = drawn(colours, np.zeros((20, 30), np.uint8), load_task("rgbd"), flat)
    assert picture[SIDE // 2, SIDE // 2].tolist() == [200, 0, 0]


def test_every_result_has_a_picture_as_soon_as_it_is_done(control):
    assert control.state.pictures == {}
    control.segment()
    done = {row.name for row in control.state.rows if row.status == "done"}
    assert len(done) > 1
    assert set(control.state.pictures) == done


def test_a_folder_that_is_opened_again_takes_them_from_the_disk(control, monkeypatch):
    control.segment()
    first = {case: new.picture for case, new in control.state.pictures.items()}
    monkeypatch.setattr(thumbnails, "_made", lambda *_: pytest.fail("made anew"))
    control.open([control.state.data])
    again = {case: new.picture for case, new in control.state.pictures.items()}
    assert set(again) == set(first)
    for case, picture in first.items():
        np.testing.assert_array_equal(again[case], picture)


def test_a_result_that_changed_gets_a_new_picture_and_a_broken_one_none(control, task):
    control.segment()
    row, out = control.state.rows[0], control.state.out
    kept = out / thumbnails.FOLDER / f"{row.record.outputs[0]}.png"
    before = kept.stat().st_mtime_ns
    result = out / row.record.outputs[0]
    result.touch()
    assert picture_of(row, out, task) is not None
    assert kept.stat().st_mtime_ns > before
    result.write_bytes(b"broken")
    assert picture_of(row, out, task) is None
    assert picture_of(replace(row, record=None), out, task) is None


def test_a_folder_that_cannot_be_written_has_pictures_all_the_same(control, task, monkeypatch):
    from shaspec.errors import InputError

    control.segment()
    row, out = control.state.rows[0], control.state.out
    (out / thumbnails.FOLDER / f"{row.record.outputs[0]}.png").unlink()

    def full(*_):
        raise InputError("disk full")

    monkeypatch.setattr("shaspec.files.writing.write_atomically", full)
    assert picture_of(row, out, task) is not None


def test_another_folder_ends_the_pictures_of_the_one_before(control, cases, tmp_path):
    control.segment()
    jobs = []
    control._run = lambda job, handlers, stop: jobs.append((job, handlers, stop))
    control._draw(control.state.rows)
    control._look()
    job, handlers, stop = jobs[0]
    assert isinstance(stop, threading.Event)
    assert stop.is_set()
    control.state.pictures = {}
    handlers.event(next(iter(job())))
    assert control.state.pictures == {}


def test_the_table_shows_them_in_the_rows_of_their_cases(qtbot, viewer, control):
    panel = CohortPanel(viewer, controller=control)
    qtbot.addWidget(panel)
    assert panel.table.item(0, 0).icon().isNull()
    control.segment()
    for number, row in enumerate(control.state.rows):
        icon = panel.table.item(number, 0).icon()
        assert icon.isNull() is (row.status != "done")
    size = panel.table.item(0, 0).icon().actualSize(QSize(SIDE, SIDE))
    assert max(size.width(), size.height()) == SIDE
    assert panel.table.rowHeight(0) >= panel.table.iconSize().height()
