"""Opens a case with the reader of this plugin, and reassigns the files of a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os.path import commonpath
from pathlib import Path
from typing import TYPE_CHECKING

from napari_shaspec.assign.choices import Choices
from napari_shaspec.layers.metadata import origin
from napari_shaspec.settings import PLUGIN
from shaspec.errors import InputError
from shaspec.io.naming import LABELS
from shaspec.task import Task

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer


def open_paths(viewer: ViewerModel, paths: Sequence[str | Path]) -> None:
    """Opens a case folder, or the files of a case, with this plugin's reader.

    Raises `InputError` if it cannot be read.
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
        viewer.reset_view()  # napari uses the first layer, others may be offset


def _open_together(viewer: ViewerModel, names: list[str]) -> None:
    """Opens files with different endings (a picture and a sound), which napari opens one by one."""
    from napari.layers import Layer

    from napari_shaspec.reader import get_reader

    reader = get_reader(names)
    if reader is None:
        raise InputError(f"these are not the files of one case: {', '.join(names)}")
    viewer.layers.extend([Layer.create(*data) for data in reader(names) if data[0] is not None])


def assign_files(viewer: ViewerModel, case: str, task: Task) -> bool:
    """Lets the user reassign the files of an open case; returns False if the user cancelled.

    The new layers replace the images and the truth of the case. Its results are kept.
    Raises `InputError` for a case whose files cannot be assigned one by one.
    """
    from napari.layers import Layer

    from napari_shaspec.reader import read_checked

    inputs = [la for la in viewer.layers if _is_input(la, case)]
    found = read_checked(_choices(inputs, case, task))
    if not found:
        return False
    place = min(viewer.layers.index(layer) for layer in inputs)
    with viewer.layers.batched_update():
        for layer in inputs:
            viewer.layers.remove(layer)
    for number, data in enumerate(found):
        viewer.layers.insert(place + number, Layer.create(*data))
    return True


def _is_input(layer: Layer, case: str) -> bool:
    what = origin(layer)
    return what.get("case") == case and what.get("kind") in ("modality", "truth")


def _choices(inputs: Sequence[Layer], case: str, task: Task) -> Choices:
    """All files in the folder of a case, or only those of its layers if the folder has others."""
    current = _current(inputs)
    if not current:
        raise InputError("the layers of this case were not read from files")
    folder = Path(commonpath([path.parent for path in current]))
    choices = Choices(folder, task, current, case)
    if not set(current) <= {row.file.path.absolute() for row in choices.rows}:
        choices = Choices(list(current), task, current, case)
    if len(set(current)) < len(inputs) or not choices.rows:
        raise InputError(f"{case}: one file contains all modalities, so there is nothing to assign")
    return choices


def _current(inputs: Sequence[Layer]) -> Mapping[Path, str]:
    """The files of the layers and their roles."""
    files = [(origin(layer).get("path"), origin(layer).get("modality", LABELS)) for layer in inputs]
    return {path.absolute(): role for path, role in files if path is not None}
