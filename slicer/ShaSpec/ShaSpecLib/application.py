"""Puts the parts together for the application: engine, scene, panel."""

from __future__ import annotations

from typing import Any

from ShaSpecLib.controller import Controller, State
from ShaSpecLib.engine_names import assign, modalities, models
from ShaSpecLib.install import Installer
from ShaSpecLib.runner import Process, ResidentEngine
from ShaSpecLib.widget import Panel
from ShaSpecLib.world import SceneWorld, remember, restore


def make_panel(scene: Any, process: Process) -> tuple[Controller, Panel]:
    """The controller and the panel of the application."""
    world = SceneWorld(scene, show_chart)
    controller = Controller(ResidentEngine(process), world, modalities, assign)
    panel = Panel(controller, Installer(), models, ask_report, ask_folder)
    restore(scene, controller)

    def changed(state: State) -> None:
        panel.show(state)
        if not state.busy:
            remember(scene, state)

    controller.changed = changed
    return controller, panel


def ask_report() -> str:
    """Ask for the file of a report; empty: declined."""
    import qt

    answer = qt.QFileDialog.getSaveFileName(None, "Report", "report.html", "Page (*.html *.pdf)")
    return str(answer or "")


def ask_folder() -> str:
    """Ask for the folder of a model; empty: declined."""
    import qt

    return str(qt.QFileDialog.getExistingDirectory(None, "Model folder") or "")


def show_chart(chart: Any, table: Any) -> None:
    """Show the chart of a sweep and its table in the layout of the application."""
    import slicer

    manager = slicer.app.layoutManager()
    manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpPlotTableView)
    selection = slicer.app.applicationLogic().GetSelectionNode()
    selection.SetActivePlotChartID(chart.GetID())
    selection.SetActiveTableID(table.GetID())
    slicer.app.applicationLogic().PropagatePlotChartSelection()
    slicer.app.applicationLogic().PropagateTableSelection()
