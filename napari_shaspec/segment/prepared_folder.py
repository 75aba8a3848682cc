"""The folders of the open case that a preparation has written."""

from __future__ import annotations

from pathlib import Path

from napari_shaspec.layers.metadata import origin
from napari_shaspec.segment.state import SegmentState
from shaspec.files.reading import is_file

TRANSFORMS = "transforms.json"  # in the folder of a prepared case


def prepared_folders(state: SegmentState) -> list[Path]:
    """The folders with scans of the open case and with their transforms."""
    layers = [layer for layer in state.sources.values() if layer is not None]
    folders = {path.parent: None for la in layers if (path := origin(la).get("path"))}
    return [folder for folder in folders if is_file(folder / TRANSFORMS)]
