"""The panel *Models*: the list of models, adding and removing, model cards."""

from __future__ import annotations

import json

import pytest
from npe2 import PluginManifest
from qtpy.QtWidgets import QMessageBox

from napari_shaspec import model_folders, run_times
from napari_shaspec.jobs.runner import run_here
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.models.controller import ModelsController
from napari_shaspec.models.import_dialog import ImportDialog
from napari_shaspec.models.panel import ModelsPanel
from napari_shaspec.models.worker import CheckpointImport, Imported
from napari_shaspec.segment.controller import SegmentController
from napari_shaspec.segment.panel import SegmentPanel
from napari_shaspec.settings import section
from shaspec.models.card import CARD_FILE, Training, load_card

pytestmark = pytest.mark.usefixtures("no_bugs")


@pytest.fixture(autouse=True)
def _registered(plugin_settings, npe2pm):
    npe2pm.register(PluginManifest.from_distribution("napari-shaspec"))


@pytest.fixture
def segment(qtbot, viewer):
    panel = SegmentPanel(viewer)
    qtbot.addWidget(panel)
    yield panel
    panel.controller.close()


@pytest.fixture
def panel(qtbot, viewer, segment):
    control = ModelsController({"Segment": segment}.__getitem__, run=run_here)
    panel = ModelsPanel(viewer, controller=control)
    qtbot.addWidget(panel)
    yield panel
    control.close()


def row(panel, name):
    """The texts of the row of a model, by their heads."""
    table = panel.table
    heads = [table.horizontalHeaderItem(k).text() for k in range(table.columnCount())]
    for line in range(table.rowCount()):
        if table.item(line, 0).text() == name:
            cells = [table.item(line, k) for k in range(len(heads))]
            return {h: cell.text() for h, cell in zip(heads, cells, strict=True) if cell}
    return None


def test_a_bundled_model_shows_its_terms_and_its_scores(panel):
    bundled = row(panel, "shaspec")
    assert bundled["from"] == "bundled"
    assert bundled["licence"] == "research use only"
    assert (bundled["toggles"], bundled["finds"]) == ("instant", "ET, TC, WT")
    assert float(bundled["MB"]) > 1
    card = panel.card.toPlainText()
    assert "research use only" in card
    assert all(case in card.replace("\u200b", "") for case in load_card("shaspec").training_cases)
    assert "FLAIR+T2" in card
    assert (
        f"{load_card('shaspec').scores['out of fold of version 0.1, FLAIR+T2']['WT']:.2f}" in card
    )
    assert not panel.remove.isEnabled()


def test_the_list_says_which_models_are_experimental(panel, folder):
    card = load_card(folder).model_copy(update={"title": "Mine (experimental)"})
    (folder / CARD_FILE).write_text(card.model_dump_json(), "utf-8")
    panel.controller.open([folder])
    assert row(panel, "mine")["from"] == "trained, experimental"
    assert row(panel, "zero-fill")["from"] == "bundled"


def test_a_way_to_train_that_is_not_the_network_s_own_is_named(panel, folder):
    panel.controller.open([folder])
    assert row(panel, "mine")["method"] == "shaspec"
    card = load_card(folder).model_copy(update={"training": Training(method="m3l")})
    (folder / CARD_FILE).write_text(card.model_dump_json(), "utf-8")
    panel.controller.open([folder])
    assert row(panel, "mine")["method"] == "shaspec by m3l"
    assert "shaspec by m3l, light" in panel.card.toPlainText()


def test_adding_and_removing_a_folder_keeps_its_files(panel, folder, monkeypatch):
    panel.controller.open([folder])
    assert panel.controller.state.chosen == str(folder)
    assert row(panel, "mine")["from"] == "trained"
    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answers.pop(0))
    panel.remove.click()
    assert row(panel, "mine") is not None
    panel.remove.click()
    assert row(panel, "mine") is None
    assert (folder / CARD_FILE).is_file()


def test_a_folder_of_model_folders_brings_them_all(panel, folder):
    other = folder.parent / "other"
    other.mkdir()
    (other / CARD_FILE).write_bytes((folder / CARD_FILE).read_bytes())
    panel.controller.open([folder.parent])
    assert model_folders.folders() == [str(folder), str(other)]


def test_a_folder_without_a_model_is_refused_and_a_broken_one_can_be_removed(
    panel, folder, notifications, tmp_path
):
    panel.controller.open([tmp_path / "nothing"])
    assert "give a folder with card.json" in notifications[-1]
    panel.controller.open([folder])
    (folder / CARD_FILE).write_text("{")
    panel.controller._refresh()
    assert row(panel, "mine")["from"] == "cannot be read"
    assert "not a card this version can read" in panel.card.toPlainText()
    assert panel.remove.isEnabled()
    assert not panel.use.isEnabled()


def test_a_bundled_model_stays_on_the_list(panel, notifications):
    panel.controller.remove("shaspec")
    assert row(panel, "shaspec") is not None
    assert "cannot be removed" in notifications[-1]


def test_a_model_is_handed_to_the_panel_segment(panel, segment, folder, notifications):
    panel.controller.open([folder])
    panel.use.click()
    assert segment.controller.state.model == str(folder)
    (folder / CARD_FILE).write_text("{")
    panel.use.click()
    assert "not a card" in notifications[-1]


def test_seconds_are_those_of_this_computer(panel, viewer, engine, make_case):
    control = SegmentController(viewer, engine=engine, run=run_here)
    add_case(viewer, make_case())
    control.segment()
    assert run_times.measured("instant").first == 1.2  # 1.25 of the pretended session, two digits
    control.close()
    section("models").seconds = json.dumps({"shaspec": {"first": 41, "toggle": 2, "device": "cpu"}})
    assert row(panel, "shaspec")["first run"] == "41 s (cpu)"
    assert row(panel, "shaspec")["toggle"] == "2 s (cpu)"
    section("models").seconds = "what the user wrote"
    assert row(panel, "shaspec")["first run"] == ""


def test_an_imported_checkpoint_is_listed_with_its_tensors(panel, folder, monkeypatch):
    asked = []

    def convert(what):
        asked.append(what)
        yield Imported(what.out, ("took 3 tensors", "wrote them"))

    monkeypatch.setattr("napari_shaspec.models.controller.import_checkpoint", convert)
    new = folder.rename(folder.parent / "new")
    dialog = ImportDialog(panel)
    dialog.form.file.value = folder.parent / "best.pth"
    assert dialog.form.out.value == folder.parent / "best_model"
    dialog.form.method.value = "maml"
    checkpoint = dialog.checkpoint
    panel.controller.import_checkpoint(CheckpointImport(checkpoint.file, new, checkpoint.method))
    assert "choose another folder" in panel.message.text()
    (new / CARD_FILE).rename(new / "kept")
    monkeypatch.setattr(
        model_folders, "remember", lambda path: (new / "kept").rename(new / CARD_FILE)
    )
    panel.controller.import_checkpoint(CheckpointImport(checkpoint.file, new, checkpoint.method))
    assert asked[0].method == "maml"
    assert panel.message.text() == "took 3 tensors\nwrote them"


def test_a_file_that_is_not_a_checkpoint_is_refused(panel, tmp_path, notifications):
    (tmp_path / "x.pth").write_bytes(b"nothing of the kind")
    panel.controller.import_checkpoint(CheckpointImport(tmp_path / "x.pth", tmp_path / "out"))
    assert panel.controller.state.status is Status.FAILED
    assert "x.pth" in notifications[-1]
    panel.controller.import_checkpoint(
        CheckpointImport(tmp_path / "x.pth", tmp_path / "out", labels="a,b")
    )
    assert "give whole numbers" in notifications[-1]
