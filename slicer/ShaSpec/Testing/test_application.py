"""The whole module on a scene, with stand-ins for Qt: what the application does at its start."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from slicer import util
from waiting_process import WaitingProcess

from shaspec.case import Case
from tests.slicer_module import stubs
from tests.tiny_models import save_tiny


@pytest.fixture(autouse=True)
def toolkit(monkeypatch: pytest.MonkeyPatch) -> None:
    """``import qt`` and ``import ctk`` give the stand-ins."""
    for name, content in (("qt", stubs.QT), ("ctk", {"ctkCollapsibleButton": stubs.Widget})):
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)


def test_the_panel_works_on_the_scene_and_its_choices_come_back(
    scene: Any,
    head: Case,
    head_in_scene: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ShaSpecLib import application

    model = str(save_tiny(tmp_path / "model", head.task))
    monkeypatch.setattr(application, "models", lambda: ["shaspec", model])
    controller, panel = application.make_panel(scene, WaitingProcess())
    controller.device = "cpu"
    panel.model_box.choose(model)
    ticks = {name: tick for name, (tick, _) in panel._rows.items()}
    assert all(tick.checked for tick in ticks.values())
    ticks["T1ce"].setChecked(False)
    panel.apply_button.click()
    assert panel.text.text_ == f"FLAIR+T1+T2: done ({model}, none)"
    (node,) = util.getNodesByClass("vtkMRMLSegmentationNode", scene)
    assert node.GetName() == "seg · FLAIR+T1+T2"

    _, again = application.make_panel(scene, WaitingProcess())
    assert again.model_box.currentText == model
    controller.close()
    used = {name for name, (tick, _) in again._rows.items() if tick.checked}
    assert used == {"FLAIR", "T1", "T2"}
