"""Opens a case with the reader of this plugin, and reassigns the files of a case."""

from __future__ import annotations

from collections.abc import Sequence
from os.path import commonpath
from pathlib import Path
from typing import TYPE_CHECKING

from napari_shaspec.jobs.waiting import repaint
from napari_shaspec.layers.batch import batch, remove_layers
from napari_shaspec.layers.metadata import origin
from shaspec.errors import InputError
from shaspec.io.naming import LABELS
from shaspec.task import Task

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_shaspec.assign.choices import Choices, Current


def without_dicom(paths: Sequence[str | Path]) -> Sequence[str | Path] | None:
    """The paths, or the case folder that a DICOM examination was converted to.

    None: the user has cancelled. Raises `InputError` if it cannot be converted.
    """
    from napari_shaspec.drops import is_examination

    if not is_examination([Path(path) for path in paths]):
        return paths
    from napari_shaspec.dicom.examination import converted

    folder = converted(Path(paths[0]))
    return None if folder is None else [folder]


def open_paths(viewer: ViewerModel, paths: Sequence[str | Path]) -> None:
    """Opens a case folder, or the files of a case, with this plugin's reader.

    Raises `InputError` if it cannot be read.
    """
    from napari.layers import Layer

    from napari_shaspec.reader import get_reader

    names = [str(path) for path in paths]
    first = not viewer.layers
    reader = get_reader(names)
    if reader is None:
        raise InputError(
            f"{', '.join(names)}: no case is there: choose a folder with volumes, volumes, or "
            "pictures of one case"
        )
    try:
        layers = reader(names)
    except (ValueError, OSError) as error:
        raise InputError(str(error)) from error
    for data in layers:
        if data[0] is not None:
            viewer.layers.append(Layer.create(*data))
            repaint()  # napari takes a tenth of a second for a layer
    if first:
        viewer.reset_view()  # napari looks at the first layer, and others may lie beside it


def assign_files(viewer: ViewerModel, case: str, task: Task) -> bool:
    """Lets the user reassign the files of an open case; returns False if the user cancelled.

    The new layers replace the images and the truth of the case. Its results are kept.
    Raises `InputError` for a case whose files cannot be assigned one by one.
    """
    from napari.layers import Layer

    from napari_shaspec.reader import read_checked

    inputs = [la for la in viewer.layers if _is_input(la, case)]
    case_read = read_checked(_choices(inputs, case, task))
    if not case_read:
        return False
    place = min(viewer.layers.index(layer) for layer in inputs)
    with batch(viewer):
        remove_layers(viewer, inputs)
    for number, data in enumerate(case_read):
        viewer.layers.insert(place + number, Layer.create(*data))
    return True


def _is_input(layer: Layer, case: str) -> bool:
    facts = origin(layer)
    return facts.get("case") == case and facts.get("kind") in ("modality", "truth")


def _choices(inputs: Sequence[Layer], case: str, task: Task) -> Choices:
    """All files in the folder of a case, or only those of its layers if the folder has others."""
    from napari_shaspec.assign.choices import Choices

    current = _current(inputs)
    if not current:
        raise InputError("the layers of this case were not read from files")
    files = {path for path, _ in current}
    folder = Path(commonpath([path.parent for path in files]))
    choices = Choices(folder, task, current, case)
    if not files <= {row.file.path.absolute() for row in choices.rows}:
        choices = Choices(list(files), task, current, case)
    if not choices.rows:
        raise InputError(f"{case}: its files cannot be listed; open them again one by one")
    return choices


def _current(inputs: Sequence[Layer]) -> Current:
    """The files, or channels of a file, of the layers, and their roles."""
    current = {}
    for layer in inputs:
        facts = origin(layer)
        path = facts.get("path")
        if path is not None:
            current[path.absolute(), facts.get("channel")] = facts.get("modality", LABELS)
    return current
