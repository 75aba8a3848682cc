"""Which volumes of a scene the panel uses: found, chosen, kept with the scene."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.made_up_dicom import T1, write_series
from tests.slicer_module.panel_parts import shown


def test_volumes_are_found_by_their_names(parts: Any) -> None:
    panel, *_ = parts
    assert shown(panel) == {
        "FLAIR": (True, "anna_flair"),
        "T1": (True, "anna_t1"),
        "T1ce": (True, "anna_t1ce"),
        "T2": (False, "(none)"),
    }
    assert panel.apply_button.enabled
    assert not panel.cancel_button.visible


def test_volumes_from_dicom_are_found_by_their_tags(parts: Any, tmp_path: Path) -> None:
    panel, controller, world, _ = parts
    world.names = {"v5": "5: t1_se_tra", "v7": "7: t1_se_tra"}
    agent = {"v5": {}, "v7": {"ContrastBolusAgent": "Gadovist"}}
    world.headers = {
        node: write_series(tmp_path / node, int(node[1]), "t1_se_tra", slices=1, **T1, **tags)[0]
        for node, tags in agent.items()
    }
    controller.find_volumes()
    assert shown(panel)["T1"] == (True, "5: t1_se_tra")
    assert shown(panel)["T1ce"] == (True, "7: t1_se_tra")


def test_a_probable_volume_is_said_until_the_user_chooses(parts: Any) -> None:
    panel, controller, world, _ = parts
    world.names["v5"] = "flair frame 0"
    del world.names["v1"]
    controller.find_volumes()
    controller.find_volumes()
    assert panel.notices.text_ == "flair frame 0 is used as FLAIR: 'frame' is unknown"
    panel._rows["FLAIR"][1].choose("flair frame 0")
    assert panel.notices.text_ == ""


def test_what_the_user_chose_stays(parts: Any) -> None:
    panel, controller, world, _ = parts
    panel._rows["T1"][1].choose("(none)")
    panel._rows["T2"][1].choose("notes")
    controller.find_volumes()
    assert shown(panel)["T1"] == (False, "(none)")
    assert shown(panel)["T2"] == (True, "notes")
    del world.names["v4"]
    world.names["v5"] = "anna_t2"
    controller.find_volumes()
    assert shown(panel)["T2"] == (True, "anna_t2")


def test_two_volumes_of_one_name_are_left_to_the_user(parts: Any) -> None:
    panel, controller, world, _ = parts
    world.names = {"v5": "a_t2", "v6": "b_t2"}
    controller.find_volumes()
    assert shown(panel)["T2"] == (False, "(none)")
    assert panel.notices.text_ == "T2: a_t2, b_t2 fit; choose one of them"
    assert not panel.apply_button.enabled
    panel._rows["T2"][1].choose("b_t2")
    assert shown(panel)["T2"] == (True, "b_t2")
    panel._rows["T1"][1].choose("b_t2")
    assert shown(panel)["T2"] == (False, "(none)")


def test_a_volume_that_is_removed_is_forgotten(parts: Any) -> None:
    panel, controller, world, _ = parts
    del world.names["v1"]
    controller.find_volumes()
    assert shown(panel)["FLAIR"] == (False, "(none)")


class Node:
    """A node with the choices that a scene keeps."""

    def __init__(self, model: str, volumes: Mapping[str, str]) -> None:
        self._model, self._volumes = model, volumes

    def GetParameter(self, name: str) -> str:
        return {"model": self._model, "none T1ce": "1"}.get(name, "")

    def GetNodeReferenceID(self, role: str) -> str | None:
        return self._volumes.get(role)


class Scene:
    """A scene with such a node."""

    def __init__(self, model: str, volumes: Mapping[str, str]) -> None:
        self._node = Node(model, volumes)

    def GetSingletonNode(self, *_: str) -> Node:
        return self._node


@pytest.mark.parametrize("error", [ValueError("model 'mine' not found"), ImportError("no engine")])
def test_a_scene_with_a_model_that_is_not_here_leaves_the_panel_usable(
    parts: Any, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    world = world_module(monkeypatch)
    panel, controller, *_ = parts

    def missing(_: str) -> Sequence[str]:
        raise error

    controller.modalities = missing
    world.restore(Scene("mine", {"T1": "v2"}), controller)
    assert controller.state.model == "shaspec"
    assert panel.apply_button.enabled
    told = "The model of this scene cannot be used: model 'mine' not found"
    assert panel.text.text_ == ("" if isinstance(error, ImportError) else told)


def test_volumes_that_a_scene_names_and_does_not_have_are_not_used(
    parts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = world_module(monkeypatch)
    panel, controller, *_ = parts
    world.restore(Scene("shaspec", {"T1": "gone", "T2": "v4"}), controller)
    assert shown(panel)["T1"] == (True, "anna_t1")
    assert shown(panel)["T2"] == (True, "notes")
    assert shown(panel)["T1ce"] == (False, "(none)")


def world_module(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of the scene; without slicer-core there are no nodes."""
    import sys
    from importlib import import_module
    from types import ModuleType

    monkeypatch.setitem(sys.modules, "ShaSpecLib.nodes", ModuleType("ShaSpecLib.nodes"))
    return import_module("ShaSpecLib.world")
