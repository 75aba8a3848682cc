"""Opens a case folder or loose files with the reader of this plugin."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from napari_shaspec.settings import PLUGIN
from shaspec.errors import InputError

if TYPE_CHECKING:
    from napari.components import ViewerModel


def open_paths(viewer: ViewerModel, paths: Sequence[str | Path]) -> None:
    """Opens a case folder, or files that make up one, with this plugin's own reader.

    Raises `InputError` for what cannot be read.
    """
    names = [str(path) for path in paths]
    first = not viewer.layers
    try:
        if len({Path(name).suffix.lower() for name in names}) > 1:
            _open_together(viewer, names)
        else:
            viewer.open(names, stack=len(names) > 1, plugin=PLUGIN)
    except (ValueError, OSError) as error:
        raise InputError(str(error)) from error
    if first:
        viewer.reset_view()  # napari looks at the first layer, and others may lie beside it


def _open_together(viewer: ViewerModel, names: list[str]) -> None:
    """Opens files of different endings (a picture and a sound), which napari opens one by one."""
    from napari.layers import Layer

    from napari_shaspec.reader import get_reader

    reader = get_reader(names)
    if reader is None:
        raise InputError(f"these are not the files of one case: {', '.join(names)}")
    viewer.layers.extend([Layer.create(*data) for data in reader(names)])
