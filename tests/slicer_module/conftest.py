"""The module for 3D Slicer with stand-ins for what the application brings: qt, ctk, slicer."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.slicer_module import stubs
from tests.slicer_module.panel_parts import MODALITIES, FakeEngine, FakeWorld, Ready

MODULE = Path(__file__).resolve().parents[2] / "slicer" / "ShaSpec"


def _module(name: str, **content: Any) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(content)
    return module


@pytest.fixture(autouse=True)
def application(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """``import qt`` gives the stand-ins; the module's own imports are forgotten afterwards."""
    monkeypatch.syspath_prepend(str(MODULE))
    slicer = _module("slicer", __path__=[])
    loadable = _module(
        "slicer.ScriptedLoadableModule",
        ScriptedLoadableModule=stubs.ScriptedLoadableModule,
        ScriptedLoadableModuleWidget=stubs.ScriptedLoadableModuleWidget,
        ScriptedLoadableModuleTest=stubs.ScriptedLoadableModuleTest,
    )
    util = _module("slicer.util", VTKObservationMixin=stubs.VTKObservationMixin)
    names = {
        "qt": _module("qt", **stubs.QT),
        "ctk": _module("ctk", ctkCollapsibleButton=stubs.Widget),
        "slicer": slicer,
        "slicer.ScriptedLoadableModule": loadable,
        "slicer.util": util,
    }
    slicer.util = util  # type: ignore[attr-defined]
    for name, module in names.items():
        monkeypatch.setitem(sys.modules, name, module)
    yield
    for name in [n for n in sys.modules if n.partition(".")[0] in ("ShaSpec", "ShaSpecLib")]:
        del sys.modules[name]


@pytest.fixture
def parts() -> tuple[Any, Any, FakeWorld, FakeEngine]:
    """Panel, controller, scene and engine."""
    from ShaSpecLib.controller import Controller
    from ShaSpecLib.engine_names import assign
    from ShaSpecLib.widget import Panel

    world, engine = FakeWorld(), FakeEngine()
    controller = Controller(engine, world, lambda _: MODALITIES, assign)
    panel = Panel(
        controller, Ready(), lambda: ["shaspec", "maml"], lambda: "report.html", lambda: "mine"
    )
    return panel, controller, world, engine
