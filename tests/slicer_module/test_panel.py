"""The panel for 3D Slicer against stand-ins for Qt, with a scene and an engine of the test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.slicer_module.stubs import Clipboard

NAMES = {"v1": "anna_flair", "v2": "anna_t1", "v3": "anna_t1ce", "v4": "notes"}
MODALITIES = ("FLAIR", "T1", "T1ce", "T2")


class FakeWorld:
    def __init__(self) -> None:
        self.names = dict(NAMES)
        self.shown: list[Any] = []
        self.files: dict[str, Path] = {}
        self.broken = ""

    def volumes(self) -> Mapping[str, str]:
        return self.names

    def write(self, volume: str, path: Path) -> None:
        if volume == self.broken:
            raise ValueError("anna_t1 is under a transform that is not linear: harden it first")
        path.write_text(volume, "utf-8")

    def source(self, volume: str) -> Path | None:
        return self.files.get(volume)

    def show_result(self, path: Path, result: Mapping[str, Any], *, surfaces: bool) -> None:
        self.shown.append((path.name, result["subset"], surfaces))

    def show_subsets(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.shown.append([row["subset"] for row in rows])


class FakeEngine:
    request: Any = None

    def run(self, request: Any, listener: Any) -> None:
        self.request, self.listener = request, listener

    def cancel(self) -> None:
        self.listener.cancelled()

    def close(self) -> None:
        self.closed = True


class Ready:
    is_ready = True

    def install(self) -> bool:
        type(self).is_ready = True
        return True


@pytest.fixture
def parts() -> tuple[Any, Any, FakeWorld, FakeEngine]:
    """Panel, controller, scene and engine."""
    from ShaSpecLib.controller import Controller
    from ShaSpecLib.engine_names import recognise
    from ShaSpecLib.widget import Panel

    world, engine = FakeWorld(), FakeEngine()
    controller = Controller(engine, world, lambda _: MODALITIES, recognise)
    panel = Panel(
        controller, Ready(), lambda: ["shaspec", "maml"], lambda: "report.html", lambda: "mine"
    )
    return panel, controller, world, engine


def shown(panel: Any) -> dict[str, tuple[bool, str]]:
    """Modality -> tick and name of its volume."""
    return {name: (tick.checked, box.currentText) for name, (tick, box) in panel._rows.items()}


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


def test_two_volumes_of_one_name_are_left_to_the_user(parts: Any) -> None:
    panel, controller, world, _ = parts
    world.names = {"v5": "a_t2", "v6": "b_t2"}
    controller.find_volumes()
    assert shown(panel)["T2"] == (False, "(none)")
    assert panel.notices.text_ == "T2: a_t2, b_t2 have its name; choose one of them"
    assert not panel.apply_button.enabled
    panel._rows["T2"][1].choose("b_t2")
    assert shown(panel)["T2"] == (True, "b_t2")
    panel._rows["T1"][1].choose("b_t2")
    assert shown(panel)["T2"] == (False, "(none)")


def test_apply_runs_what_is_ticked_and_adds_the_result(parts: Any) -> None:
    panel, controller, world, engine = parts
    panel._rows["T1"][0].setChecked(False)
    panel.apply_button.click()
    request = engine.request
    assert (request.command, request.subset, request.model) == ("predict", "FLAIR+T1ce", "shaspec")
    assert [path.read_text("utf-8") for path in request.files.values()] == ["v1", "v3"]
    assert not panel.apply_button.enabled
    assert panel.cancel_button.visible
    engine.listener.progressed(1, 4, "encode T1ce")
    assert (panel.progress.value, panel.text.text_) == (25, "encode T1ce")
    engine.listener.noticed("skull not stripped")
    notes = ["ET was not found"]
    engine.listener.finished(
        {"subset": "FLAIR+T1ce", "notes": notes, "licence": "research use only"}
    )
    assert world.shown == [("result_pred.seg.nrrd", "FLAIR+T1ce", True)]
    assert panel.text.text_ == "FLAIR+T1ce: done (shaspec, research use only)"
    assert panel.notices.text_ == "skull not stripped\nET was not found"
    assert not request.out.parent.exists()
    controller.find_volumes()  # something was added to the scene
    assert panel.notices.text_.startswith("skull not stripped")
    assert panel.apply_button.enabled


def test_cancel_and_errors_leave_the_panel_ready(parts: Any) -> None:
    panel, _, world, engine = parts
    panel.apply_button.click()
    panel.cancel_button.click()
    assert panel.text.text_ == "cancelled"
    panel.apply_button.click()
    engine.listener.failed("out of memory")
    assert (panel.text.text_, panel.apply_button.enabled) == ("out of memory", True)
    assert world.shown == []
    world.broken = "v2"
    panel.apply_button.click()
    assert "harden it first" in panel.text.text_
    assert panel.apply_button.enabled


def test_all_subsets_and_the_report_run_too(parts: Any) -> None:
    panel, _, world, engine = parts
    panel.subsets_button.click()
    assert engine.request.command == "sweep"
    for subset in ("FLAIR+T1", "FLAIR", "T1"):
        engine.listener.row_added({"subset": subset})
    engine.listener.finished({"files": []})
    assert world.shown == [["FLAIR+T1", "FLAIR", "T1"]]
    panel.report_button.click()
    assert engine.request.command == "report"
    engine.listener.finished({"report": "report.html"})
    assert panel.text.text_ == "wrote report.html"


def test_a_command_needs_volumes_that_are_saved(parts: Any) -> None:
    panel, _, world, _ = parts
    panel.command_button.click()
    assert "anna_flair is not saved in a file" in panel.text.text_
    world.files = {name: Path(f"{name}.nii.gz") for name in NAMES}
    panel.command_button.click()
    assert panel.text.text_ == "Command copied"
    assert Clipboard.text_.startswith("shaspec predict FLAIR=v1.nii.gz T1=v2.nii.gz T1ce=")


def test_a_model_folder_can_be_chosen(parts: Any) -> None:
    panel, controller, *_ = parts
    controller.recognise = lambda name, model: ""
    panel.folder_button.click()
    assert controller.state.model == panel.model_box.currentText == "mine"

    def missing(model: str) -> Sequence[str]:
        raise ValueError(f"model {model!r} not found")

    controller.modalities = missing
    panel.folder_button.click()
    assert panel.text.text_ == "model 'mine' not found"
    assert controller.state.model == "mine"


def test_a_volume_that_is_removed_is_forgotten(parts: Any) -> None:
    panel, controller, world, _ = parts
    del world.names["v1"]
    controller.find_volumes()
    assert shown(panel)["FLAIR"] == (False, "(none)")


def test_without_the_engine_there_is_only_the_button_that_installs_it(
    parts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ShaSpecLib.widget import Panel

    _, controller, *_ = parts
    monkeypatch.setattr(Ready, "is_ready", False)
    panel = Panel(controller, Ready(), lambda: ["shaspec"], str, str)
    assert panel.install_button.visible
    assert not panel.apply_button.visible
    panel.install_button.click()
    assert panel.apply_button.visible
    assert not panel.install_button.visible


def test_the_module_file_is_thin_and_has_texts() -> None:
    from types import SimpleNamespace

    import ShaSpec

    module = ShaSpec.ShaSpec(SimpleNamespace())
    assert module.parent.title == "ShaSpec"
    assert len(Path(ShaSpec.__file__).read_text("utf-8").splitlines()) < 100


def test_models_are_those_that_segment_volumes() -> None:
    from ShaSpecLib.engine_names import modalities, models

    assert "shaspec" in models()
    assert modalities("shaspec") == MODALITIES


class Node:
    """A node with the choices that a scene keeps."""

    def __init__(self, model: str, volumes: Mapping[str, str]) -> None:
        self._model, self._volumes = model, volumes

    def GetParameter(self, name: str) -> str:
        return self._model if name == "model" else ""

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


def test_the_end_of_a_run_that_never_began_deletes_nothing(
    parts: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, controller, *_ = parts
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.txt").write_text("kept")
    controller.failed("late")
    assert (tmp_path / "mine.txt").is_file()


def world_module(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of the scene; without slicer-core there are no nodes."""
    import sys
    from importlib import import_module
    from types import ModuleType

    monkeypatch.setitem(sys.modules, "ShaSpecLib.nodes", ModuleType("ShaSpecLib.nodes"))
    return import_module("ShaSpecLib.world")
