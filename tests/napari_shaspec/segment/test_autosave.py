"""Edits are kept on the disk until they are saved, and offered in a later session."""

from __future__ import annotations

import threading

import nibabel as nib
import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtWidgets import QPushButton

from napari_shaspec.jobs.runner import run_here
from napari_shaspec.layers.metadata import origin
from napari_shaspec.layers.results import find_result
from napari_shaspec.segment import autosave
from napari_shaspec.segment.controller import SegmentController
from napari_shaspec.segment.edit_file import read_head
from napari_shaspec.segment.panel import SegmentPanel
from shaspec.editing import Operation
from shaspec.errors import InputError

ALL = "FLAIR+T1+T1ce+T2"
GROW = Operation("grow", "WT", 2.0)


@pytest.fixture
def files(own_user_folder):
    """The files of edits at the moment."""
    return lambda: sorted((own_user_folder / "edits").glob("*"))


@pytest.fixture
def edited(controller, cases):
    """A session with an edited result of a case that has files."""
    controller.open([cases / "anna"])
    controller.segment()
    controller.editing.operate(GROW)
    return controller


@pytest.fixture
def later(engine, cases, edited):
    """Another session after the first one has ended without saving, with the same case."""
    edited.close()
    control = SegmentController(ViewerModel(), engine=engine, run=run_here)
    control.open([cases / "anna"])
    yield control
    control.close()


def test_an_edit_is_on_the_disk_at_once_and_each_result_has_one_file(edited, files):
    (file,) = files()
    assert read_head(file).edits == ["grow WT 2 mm"]
    edited.editing.operate(GROW)
    assert files() == [file]
    assert read_head(file).edits == ["grow WT 2 mm (x 2)"]


@pytest.mark.parametrize("end", ["save", "undo"])
def test_the_file_goes_when_the_edits_are_saved_or_undone(edited, files, tmp_path, end):
    if end == "save":
        edited.save(tmp_path / "anna_pred.nii.gz")
    else:
        edited.undo()
    assert files() == []


def test_a_table_of_sizes_is_no_save_of_the_labels(edited, files, tmp_path):
    edited.save(tmp_path / "sizes.csv")
    assert len(files()) == 1


def test_a_saved_result_is_not_written_again_when_another_one_is_edited(edited, files, tmp_path):
    edited.save(tmp_path / "anna_pred.nii.gz")
    edited.tick("T1", False)
    edited.editing.operate(GROW)
    assert [read_head(file).subset for file in files()] == ["FLAIR+T1ce+T2"]
    edited.show_result(ALL)
    edited.editing.operate(GROW)
    assert {read_head(file).subset for file in files()} == {"FLAIR+T1ce+T2", ALL}


def test_a_result_that_is_saved_while_its_edits_are_written_leaves_no_file(
    edited, files, tmp_path, monkeypatch
):
    write = autosave.write_edits

    def saved_meanwhile(*args):
        monkeypatch.setattr(autosave, "write_edits", write)
        edited.save(tmp_path / "anna_pred.nii.gz")
        write(*args)

    monkeypatch.setattr(autosave, "write_edits", saved_meanwhile)
    edited.editing.operate(GROW)
    assert (tmp_path / "anna_pred.nii.gz").is_file()
    assert files() == []


def test_an_edit_that_is_made_while_the_result_is_saved_stays_on_the_disk(
    edited, files, tmp_path, monkeypatch
):
    started = []
    monkeypatch.setattr(edited, "_runner", lambda *job: started.append(job))
    edited.start_saving(tmp_path / "anna_pred.nii.gz")
    edited.editing.operate(GROW)
    for job in started:
        run_here(*job)
    saved = nib.load(tmp_path / "anna_pred.nii.gz").get_fdata() > 0
    assert saved.sum() < (edited.state.edited[ALL].labels > 0).sum()
    assert [read_head(file).edits for file in files()] == [["grow WT 2 mm (x 2)"]]


def test_edits_survive_a_change_of_case(edited, files, cases):
    edited.open([cases / "berta"])
    assert len(files()) == 1
    edited.switch_case("anna")
    assert len(files()) == 1
    assert edited.state.recoverable == ()  # they are in this session


def test_a_later_session_offers_the_edits_and_restores_them_if_asked(later, edited):
    ((_, head),) = later.state.recoverable
    assert (head.subset, head.edits) == (ALL, ["grow WT 2 mm"])
    assert later.state.results == ()  # offered, not forced
    later.autosave.restore()
    assert later.state.shown == ALL
    before, after = edited.state.edited[ALL], later.state.edited[ALL]
    assert (before.labels == after.labels).all()
    assert after.provenance["edits"] == ["grow WT 2 mm"]
    assert "edited" in after.title
    assert later.state.recoverable == ()


def test_what_was_restored_can_be_edited_on_and_a_new_run_keeps_it(later):
    later.autosave.restore()
    later.editing.operate(Operation("shrink", "ET", 1.0))
    assert later.state.edited[ALL].provenance["edits"] == ["grow WT 2 mm", "shrink ET 1 mm"]
    later.undo()
    assert later.state.edited[ALL].provenance["edits"] == ["grow WT 2 mm"]
    later.segment()
    (kept,) = [la for la in later.viewer.layers if origin(la).get("kind") == "edited"]
    assert "(edited)" in kept.name


def test_what_was_restored_keeps_its_file_and_is_offered_once(later, files, cases):
    (file,) = files()
    later.autosave.restore()
    later.editing.operate(GROW)
    assert files() == [file]
    assert read_head(file).edits == ["grow WT 2 mm", "grow WT 2 mm"]
    later.open([cases / "berta"])
    later.switch_case("anna")
    assert later.state.recoverable == ()


def test_the_computed_result_is_restored_too(later, edited):
    later.autosave.restore()
    assert (later.state.results[0].labels == edited.state.results[0].labels).all()


def test_discarded_edits_are_gone(later, files):
    later.autosave.discard()
    assert (later.state.recoverable, files()) == ((), [])


def test_edits_of_another_case_or_model_are_not_offered(later, cases):
    later.open([cases / "berta"])
    assert later.state.recoverable == ()
    later.switch_case("anna")
    assert len(later.state.recoverable) == 1
    later.choose_model("slow")
    assert later.state.recoverable == ()


def test_a_damaged_file_is_not_offered(edited, engine, cases, files):
    edited.close()
    (file,) = files()
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(InputError, match="cannot be read as edits"):
        read_head(file)
    control = SegmentController(ViewerModel(), engine=engine, run=run_here)
    control.open([cases / "anna"])
    assert control.state.recoverable == ()
    control.close()


def test_the_oldest_files_are_removed(edited, files, monkeypatch):
    monkeypatch.setattr(autosave, "MOST", 1)
    edited.tick("T1", False)
    edited.editing.operate(GROW)
    (file,) = files()
    assert read_head(file).subset == "FLAIR+T1ce+T2"


def test_edits_that_cannot_be_written_are_reported(edited, own_user_folder, monkeypatch):
    monkeypatch.setattr(
        "napari_shaspec.user_folder.user_folder",
        lambda *parts: (own_user_folder / "file.txt").joinpath(*parts),
    )
    (own_user_folder / "file.txt").write_text("no folder")
    edited.tick("T1", False)
    layer = find_result(edited.viewer, "anna", "FLAIR+T1ce+T2")
    layer.data_setitem(tuple(np.array([v]) for v in (4, 5, 6)), 4)
    edited._on_edited()
    assert "could not be autosaved" in edited.state.message.text


def test_the_panel_writes_in_another_thread_and_offers(
    qtbot, viewer, engine, cases, monkeypatch, files, find
):
    threads, write = [], autosave.write_edits

    def noted(*args):
        threads.append(threading.get_ident())
        write(*args)

    monkeypatch.setattr(autosave, "write_edits", noted)
    panel = SegmentPanel(viewer, controller=SegmentController(viewer, engine=engine))
    qtbot.addWidget(panel)
    panel.show()
    control = panel.controller
    control.open([cases / "anna"])
    control.segment()
    qtbot.waitUntil(lambda: bool(control.state.results) and not control.state.status.busy)
    control.editing.operate(GROW)
    qtbot.waitUntil(lambda: len(files()) == 1)
    assert threading.get_ident() not in threads
    control.close()
    second = SegmentPanel(ViewerModel(), controller=SegmentController(ViewerModel(), engine=engine))
    qtbot.addWidget(second)
    second.show()
    bar = find(second, "recovery")
    assert not bar.isVisible()
    second.controller.open([cases / "anna"])
    qtbot.waitUntil(bar.isVisible)
    find(second, "restore", QPushButton).click()
    qtbot.waitUntil(lambda: ALL in second.controller.state.edited)
    assert not bar.isVisible()
    second.controller.close()
