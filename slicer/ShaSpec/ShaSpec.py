"""The module *ShaSpec* of 3D Slicer; all of its work is in ShaSpecLib."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import slicer
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin


class ShaSpec(ScriptedLoadableModule):
    """Name, category and texts of the module."""

    def __init__(self, parent: object) -> None:
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = "ShaSpec"
        self.parent.categories = ["Segmentation"]
        self.parent.dependencies = []
        self.parent.contributors = ["the napari-shaspec contributors"]
        self.parent.helpText = (
            "Segments a multi-modal case, e.g. a glioma in FLAIR, T1, T1ce and T2, from the "
            "modalities that are there. For research and teaching; not a medical device."
        )
        self.parent.acknowledgementText = "ShaSpec: Wang et al., CVPR 2023 (arXiv:2307.14126)."


class ShaSpecWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """Puts the panel into Slicer."""

    def __init__(self, parent: object = None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)

    def setup(self) -> None:
        """Called when the module is opened for the first time."""
        ScriptedLoadableModuleWidget.setup(self)
        from ShaSpecLib.application import make_panel
        from ShaSpecLib.qt_process import QtProcess

        python = shutil.which("PythonSlicer") or sys.executable
        self.folder = tempfile.mkdtemp(prefix="shaspec-work-")
        self.controller, self.panel = make_panel(
            slicer.mrmlScene, QtProcess(python, Path(self.folder))
        )
        self.layout.addWidget(self.panel.widget)
        for event in (slicer.vtkMRMLScene.NodeAddedEvent, slicer.vtkMRMLScene.NodeRemovedEvent):
            self.addObserver(slicer.mrmlScene, event, self.scene_changed)
        closing = slicer.vtkMRMLScene.StartCloseEvent
        self.addObserver(slicer.mrmlScene, closing, self.scene_closing)
        imported = slicer.vtkMRMLScene.EndImportEvent
        self.addObserver(slicer.mrmlScene, imported, self.scene_loaded)

    def enter(self) -> None:
        """Called when the module is shown."""
        self.controller.find_volumes()

    def scene_changed(self, *_: object) -> None:
        """Volumes were added or removed."""
        if not (self.controller.state.busy or slicer.mrmlScene.IsBatchProcessing()):
            self.controller.find_volumes()

    def scene_closing(self, *_: object) -> None:
        """A result of this scene does not belong into the next one, and its volumes are freed."""
        self.controller.close()

    def scene_loaded(self, *_: object) -> None:
        """A scene was loaded, with the choices that were saved with it."""
        from ShaSpecLib.world import restore

        if not self.controller.state.busy:
            self.controller.find_volumes()
            restore(slicer.mrmlScene, self.controller)

    def cleanup(self) -> None:
        """Called when the application closes."""
        self.removeObservers()
        self.controller.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class ShaSpecTest(ScriptedLoadableModuleTest):
    """The self test of the module in the application."""

    def runTest(self) -> None:
        """The panel opens in an empty scene, with nothing to run."""
        slicer.mrmlScene.Clear()
        widget = slicer.util.getModuleWidget("ShaSpec")
        assert not widget.controller.state.can_run
        self.delayDisplay("Passed")
