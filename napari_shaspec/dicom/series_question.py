"""The question for the series of an examination, in the window of napari."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_shaspec.dicom.series_choices import SeriesChoices


def ask_series(
    studies: Sequence[SeriesChoices], folder: Path, why: str
) -> tuple[SeriesChoices, Path] | None:
    """Shows the series dialog, which changes the choices.

    Args:
        studies: the choices for each study.
        folder: proposed for the case.
        why: an error of the last attempt; empty: there was none.

    Returns:
        The choices of one study, and the folder; None: the user has cancelled.
    """
    from napari import current_viewer

    from napari_shaspec.dicom.dialog import SeriesDialog

    viewer = current_viewer()
    window = viewer.window._qt_window if viewer is not None else None  # no public way
    dialog = SeriesDialog(studies, folder, why, window)
    try:
        return (dialog.choices, dialog.folder) if dialog.exec() else None
    finally:
        dialog.end()
