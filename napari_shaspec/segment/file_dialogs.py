"""Asks for a file name, then lets the controller of the panel *Segment* write the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_shaspec.layers.metadata import origin
from napari_shaspec.segment.controller import SegmentController
from napari_shaspec.segment.prepared_folder import prepared_folders
from shaspec.io.naming import RESULT
from shaspec.prediction import Classification

SLICER = "3D Slicer, with names and colours (*.seg.nrrd)"
DICOM_SEG = "DICOM SEG, on the series of the scans (*.dcm)"
INPUTS = "NIfTI on the grid of every scan as it was acquired (*.nii.gz)"
SIZES = "Table of all sizes (*.csv)"
SAVE_FILTER = {
    ".csv": "Table (*.csv)",
    ".nii.gz": f"NIfTI (*.nii.gz *.nii);;{SLICER};;{DICOM_SEG};;{SIZES}",
    ".png": f"PNG (*.png);;{SIZES}",
}
MEASUREMENTS = "Table of lesions (*.csv)"
PICTURES = "Picture (*.png)"
REPORT_FILTER = "HTML (*.html);;PDF (*.pdf)"
REPORTS = (".html", ".htm", ".pdf")
KNOWN = (".nii", ".nii.gz", ".seg.nrrd", ".png", ".dcm")


class FileDialogs:
    """One method per file that the panel writes. A dialog suggests the folder of the case.

    Args:
        parent: the panel.
        controller: of the panel.
    """

    def __init__(self, parent: QWidget, controller: SegmentController) -> None:
        self._parent, self._controller = parent, controller

    def save_result(self) -> None:
        """Saves the shown result, or the table of all sizes."""
        from shaspec.io import label_ending

        state = self._controller.state
        # The suffix keeps the file from being read as ground truth if it is next to its input.
        parts = (state.case, state.shown, *self._controller.told_apart(), RESULT)
        name = "_".join(part for part in parts if part)
        first = next(iter(state.results), None)
        if isinstance(first, Classification):
            ending, name = ".csv", f"{state.case}_{state.shown}"
        else:
            ending = label_ending(first.grid) if first else ".nii.gz"
        kinds = SAVE_FILTER[ending]
        if prepared_folders(state):
            kinds = f"{kinds};;{INPUTS}"
        path, kind = self._ask("Save result", f"{name}{ending}", kinds)
        if not path:
            return
        path = with_ending(path, kind, ending)
        if kind == INPUTS and path.endswith(ending):
            self._controller.inputs_export.save(Path(path))
        elif path.endswith(".dcm"):
            self._save_dicom(path)
        else:
            self._controller.start_saving(path)

    def _save_dicom(self, path: str) -> None:
        """Asks for the examination, whose headers DICOM SEG refers to, and saves the result."""
        folder = QFileDialog.getExistingDirectory(
            self._parent, "Folder of the DICOM examination that the scans were converted from"
        )
        if folder:
            self._controller.dicom_export.save(Path(path), Path(folder))

    def save_measurements(self) -> None:
        """Saves the table of lesions."""
        state = self._controller.state
        name = f"{state.case}_{state.shown}_lesions.csv"
        path, _ = self._ask("Save measurements", name, MEASUREMENTS)
        if path:
            self._controller.measuring.save(path if path.endswith(".csv") else f"{path}.csv")

    def write_report(self) -> None:
        """Writes a report on the case."""
        name = f"{self._controller.state.case}_report.html"
        path, kind = self._ask("Write report", name, REPORT_FILTER)
        if path:
            ending = ".pdf" if kind.startswith("PDF") else ".html"
            given = Path(path).suffix.lower()
            self._controller.report(path if given in REPORTS else path + ending)

    def save_picture(self, take: Callable[[], npt.NDArray[np.uint8]]) -> None:
        """Saves what ``take`` returns, a picture (rows, columns, 4) of the canvas."""
        state = self._controller.state
        name = "_".join(part for part in (state.case, state.shown) if part) or "napari"
        path, _ = self._ask("Save picture", f"{name}.png", PICTURES)
        if path:
            self._controller.look.save_picture(with_ending(path, "", ".png"), take())

    def _ask(self, title: str, name: str, kinds: str) -> tuple[str, str]:
        """The path and the kind of file that the user chose; an empty path if cancelled."""
        layers = [la for la in self._controller.state.sources.values() if la is not None]
        paths = [path for la in layers if (path := origin(la).get("path"))]
        folder = paths[0].parent if paths else Path.cwd()
        chosen = QFileDialog.getSaveFileName(self._parent, title, str(folder / name), kinds)
        return str(chosen[0]), str(chosen[1])


def with_ending(path: str, kind: str, ending: str) -> str:
    """The path with the file extension that the user chose; dialogs only know the last one.

    ``kind`` is the selected filter, ``ending`` the extension for a name without one.
    """
    if kind == SLICER and not path.endswith(".seg.nrrd"):
        return f"{path.removesuffix('.gz').removesuffix('.nii').removesuffix('.nrrd')}.seg.nrrd"
    if kind == DICOM_SEG and not path.endswith(".dcm"):
        return f"{path.removesuffix('.gz').removesuffix('.nii')}.dcm"
    if kind == SIZES and not path.endswith(".csv"):
        return f"{path.removesuffix('.gz').removesuffix('.nii').removesuffix('.png')}.csv"
    return path if path.endswith((*KNOWN, ".csv", ending)) else f"{path}{ending}"
