"""Canvas, picture, table and names tell what the visible labels are, whoever made them visible."""

from __future__ import annotations

import numpy as np
import pytest

from napari_shaspec.layers.metadata import of_kind, origin
from napari_shaspec.layers.viewer import add_case
from napari_shaspec.layers.views import View
from napari_shaspec.segment.file_dialogs import FileDialogs
from shaspec.io.origin import says_edited

ALL, SOME = "FLAIR+T1+T1ce+T2", "FLAIR+T1+T2"


@pytest.fixture
def two(controller, viewer, make_case):
    """The layers of two results; that without T1ce is shown."""
    add_case(viewer, make_case())
    controller.segment()
    controller.tick("T1ce", False)
    controller.update_when_toggled(False)
    return viewer.layers[f"seg · {ALL}"], viewer.layers[f"seg · {SOME}"]


@pytest.fixture
def caption(viewer):
    """What the canvas says."""
    overlay = viewer.canvas.overlays
    return lambda: overlay["missing"].text if overlay["missing"].visible else ""


def test_the_eye_in_the_list_of_layers_chooses_the_result(
    controller, viewer, two, caption, qtbot, monkeypatch
):
    monkeypatch.setattr("napari_shaspec.case.controller.command_of", lambda result: result.name)
    everything, some = two
    assert caption() == "without T1ce"
    some.visible, everything.visible = False, True
    assert caption() == ""
    qtbot.waitUntil(lambda: controller.state.shown == ALL)
    assert controller.command() == f"seg · {ALL}"
    assert f"segmented from {ALL};" in controller.look.caption()
    some.visible = True
    assert caption() == f"labels of {ALL}\nand {SOME}"
    for title in (ALL, SOME):
        assert f"segmented from {title};" in controller.look.caption()
    some.visible = everything.visible = False
    assert caption() == "without T1ce"  # as ticked
    assert "segmented" not in controller.look.caption()


def test_the_table_hides_and_shows_without_a_flicker_of_the_choice(controller, two, qtbot):
    for subset in (ALL, SOME, ALL):
        controller.show_result(subset)
        qtbot.wait(20)
        assert controller.state.shown == subset


def test_results_of_another_model_stay_named_while_they_are_visible(
    controller, two, caption, engine
):
    controller.choose_model("slow")
    assert controller.state.shown == ""
    assert caption() == "without T1ce\nmodel fake"
    controller.tick("T1ce", True)  # the visible labels are still without it
    assert caption() == "without T1ce\nmodel fake"
    assert f"segmented from {SOME} (model fake)" in controller.look.caption()


def test_results_of_two_models_that_are_visible_name_both(controller, two, caption, viewer):
    everything, some = two
    everything.metadata["shaspec"]["provenance"] = {"model": "one", "sha256": "1"}
    some.visible = False
    controller.tick("T1ce", True)
    controller.segment()
    everything.visible = True
    assert caption() == f"labels of {ALL} (model one)\nand {ALL} (model fake)"


def test_edits_of_the_result_of_another_model_are_named(controller, two, caption, qtbot):
    controller.choose_model("slow")
    two[1].data = two[1].data * 0
    qtbot.waitUntil(lambda: "edited" in caption())
    assert caption() == "without T1ce\nedited, model fake"


def test_a_kept_edited_layer_says_that_it_is_edited(controller, viewer, two, caption):
    _, some = two
    some.data = np.roll(some.data, 2, axis=1)
    controller.segment()
    (kept,), (*_, new) = of_kind(viewer, "edited"), of_kind(viewer, "result")
    assert caption() == "without T1ce"
    new.visible, kept.visible = False, True
    assert caption() == "without T1ce\nedited"


def test_other_voxels_in_a_result_are_an_edit(controller, two, caption, qtbot, monkeypatch):
    """As by another plugin, without a stroke."""
    _, some = two
    some.data = some.data * 0
    qtbot.waitUntil(lambda: SOME in controller.state.edited)
    assert caption() == "without T1ce\nedited"
    assert controller.state.edited[SOME].region_sizes()["WT"] == 0


def test_voxels_that_a_script_changed_in_place_are_an_edit_of_the_command(
    controller, two, monkeypatch
):
    monkeypatch.setattr("napari_shaspec.case.controller.command_of", lambda result: result.name)
    two[1].data[:] = 0
    controller.command()
    assert "but not your edits" in controller.state.message.text


def test_the_caption_survives_names_and_removals(controller, viewer, two, caption):
    everything, some = two
    everything.name, some.name = "mine", "other"
    viewer.layers.remove(viewer.layers["T1"])
    assert caption() == "without T1ce"
    viewer.layers.remove(some)
    everything.visible = True
    assert caption() == ""


def test_another_case_has_its_own_caption(controller, viewer, two, caption, make_case, qtbot):
    add_case(viewer, make_case("berta", present=("FLAIR", "T2")))
    assert caption() == "without T1, T1ce"
    two[0].visible = True  # of Anna, by the eye in the list
    assert caption() == "of anna"
    controller.switch_case("anna")
    qtbot.wait(20)
    assert "without T1ce" in caption()


@pytest.mark.parametrize("view", [View.GRID, View.THREE_D])
def test_panes_and_surfaces_have_the_caption_of_the_panel(controller, two, caption, view):
    controller.set_view(view)
    assert caption() == "without T1ce"
    controller.show_result(ALL)
    assert caption() == ""


def test_the_proposed_name_tells_models_and_edits_apart(controller, viewer, two, monkeypatch):
    asked = []
    monkeypatch.setattr(FileDialogs, "_ask", lambda *words: asked.append(words[2]) or ("", ""))
    dialogs = FileDialogs(None, controller)  # type: ignore[arg-type]
    dialogs.save_result()
    origin(two[0])["provenance"] = {"model": "one", "sha256": "1"}
    two[1].data = two[1].data * 0
    controller.state.edited = controller._results.edited()
    dialogs.save_result()
    assert asked == [f"anna_{SOME}_pred.nii.gz", f"anna_{SOME}_fake_edited_pred.nii.gz"]


def test_an_edited_result_is_edited_when_it_is_opened_again(controller, cases, caption, tmp_path):
    controller.open([cases / "anna"])
    controller.segment()
    (layer,) = of_kind(controller.viewer, "result")
    layer.data = layer.data * 0
    path = controller.save(tmp_path / f"anna_{ALL}_edited_pred.nii.gz")
    assert says_edited(path)
    controller.viewer.layers.remove(layer)
    controller.open([path])
    assert controller.state.shown == ALL
    assert caption() == "edited"
    assert says_edited(controller.save(tmp_path / "again.nii.gz"))
