"""Reads case folders, DICOM, volumes, 3D Slicer segmentations, pictures and sounds into layers.

Volumes are placed in millimetres. ``get_reader`` checks names only and is fast; the function it
returns reads the voxels. Pictures are accepted only if their names match at least two modalities
of one case, or with a sound, which is shown as its cepstrum. A file that cannot be read raises an
`InputError`, which napari shows.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_shaspec import recent_cases
from napari_shaspec.assign import question
from napari_shaspec.assign.choices import Choices
from napari_shaspec.assign.reading import ask_and_read, open_case
from napari_shaspec.drops import is_examination, is_ours, role_of, tasks
from napari_shaspec.jobs import notifications
from napari_shaspec.layers import layer_data
from napari_shaspec.layers.metadata import KEY, LayerMetadata, folders_of, own_name, placement
from napari_shaspec.layers.viewer import prepare_view
from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.files.reading import is_folder
from shaspec.io import find_case, read_volume
from shaspec.io.formats.table import SEGMENTATION, header_files
from shaspec.io.naming import LABELS, common_name, is_result, stem
from shaspec.io.schemes import is_whole, to_task_labels
from shaspec.io.segmentation_nrrd import is_segmentation
from shaspec.io.segmentation_reader import read_segmentation
from shaspec.io.sound import is_sound
from shaspec.io.volumes import is_4d
from shaspec.task import Task

if TYPE_CHECKING:
    from napari.types import LayerDataTuple

NOTHING: list[Any] = [(None,)]
"""Tells napari that there is no layer to add."""
Reader = Callable[[str | Sequence[str]], "list[LayerDataTuple]"]


def get_reader(path: str | Sequence[str]) -> Reader | None:
    """The function that reads ``path`` (a folder, a file or several); None: not for this plugin."""
    paths = _paths(path)
    if is_examination(paths):
        return read_examination
    if not is_ours(paths):
        return None
    return read_folder if len(paths) == 1 and is_folder(paths[0]) else read_files


def read_folder(path: str | Sequence[str]) -> list[LayerDataTuple]:
    """The layers of the case in a folder."""
    folder = _paths(path)[0]
    case = open_case(folder, _task_of_folder(folder))
    return NOTHING if case is None else _case_layers(case, [folder])


def read_examination(path: str | Sequence[str]) -> list[LayerDataTuple]:
    """The layers of a DICOM folder or zip file, after its series were converted to a case."""
    from napari_shaspec.dicom.examination import converted

    folder = converted(_paths(path)[0])
    return NOTHING if folder is None else read_folder(str(folder))


def read_files(path: str | Sequence[str]) -> list[LayerDataTuple]:
    """The layers of files: one case if the names match different modalities, else one by one."""
    paths = _paths(path)
    task = _task_of_names(paths)
    layers: list[LayerDataTuple] = []
    inputs = [p for p in paths if not (is_result(p.name, task) or is_segmentation(p))]
    distinct = len({role_of(p, task) for p in inputs} - {None}) == len(inputs)
    choices = None if distinct else _one_case(inputs, task)
    if choices is not None or (distinct and len(inputs) > 1):
        case = open_case(inputs, task) if choices is None else ask_and_read(choices, choices.doubt)
        if case is None:
            return NOTHING
        layers += _case_layers(case, inputs)
        paths = [p for p in paths if p not in inputs]
    for one in paths:
        if is_segmentation(one):
            layers.append(_segmentation(one))
        elif is_sound(one) or is_4d(one):
            case = open_case(one, task)
            layers += [] if case is None else _case_layers(case, [one])
        else:
            layers.append(_single(one, task))
    return layers


def read_checked(choices: Choices) -> list[LayerDataTuple]:
    """The layers of a case whose files the user checks first; none if the user cancels."""
    case = ask_and_read(choices, "")
    return [] if case is None else _case_layers(case)


def _one_case(paths: list[Path], task: Task) -> Choices | None:
    """The choices for files that are one case, in which something is open; None: no question."""
    if len(paths) < 2 or not question.can_ask():
        return None
    roles = [role for path in paths if (role := role_of(path, task))]
    if not set(roles) & set(task.names) or len(set(roles)) < len(roles):
        return None  # files that are checked one by one
    choices = Choices(paths, task)
    return choices if choices.doubtful else None


def _case_layers(case: Case, opened: Sequence[Path] = ()) -> list[LayerDataTuple]:
    """The layers of a case; ``opened``: its source, for the list of recent cases."""
    prepare_current_viewer()
    if opened:
        recent_cases.remember(opened)
    if case.notices:
        notifications.info(f"{case.name}: " + "; ".join(case.notices))
    return layer_data.case_layers(replace(case, name=_own_name(case.name, folders_of(case))))


def _single(path: Path, task: Task) -> LayerDataTuple:
    """One volume: labels if its name says so, else an image, named after its modality if known.

    Results of a model become labels; they are ground truth only if the user selects them.
    """
    prepare_current_viewer()
    volume = read_volume(path)
    role = role_of(path, task)
    metadata: LayerMetadata = {"grid": volume.grid, "path": path, "notices": volume.notices}
    if volume.notices:
        notifications.info(f"{path.name}: " + "; ".join(volume.notices))
    result = is_result(path.name, task)
    if role is None and not result:
        return layer_data.image_layer(volume.array, metadata, stem(path.name))
    if not result:
        metadata["case"] = _own_name(common_name([path], task), [path.parent])
    if role is not None and role != LABELS:
        metadata |= layer_data.modality_origin(task, role)
        return layer_data.image_layer(volume.array, metadata, role)
    name = stem(path.name)
    try:
        hints = [path.name, path.parent.name]
        labels, _ = to_task_labels(volume.array, task, str(path), hints, None)
    except InputError as error:  # not labels of the task: unchanged, in napari's colours
        if not is_whole(volume.array):
            notifications.info(f"{path.name} is shown as an image: {error}")
            return layer_data.image_layer(volume.array, metadata, name)
        options: dict[str, Any] = {
            "name": name,
            "metadata": {KEY: metadata},
            **placement(volume.grid),
        }
        return volume.array.round().astype("int32"), options, "labels"
    return layer_data.labels_layer(labels, metadata, task, name)


def _segmentation(path: Path) -> LayerDataTuple:
    """A segmentation of 3D Slicer, in the colours of the task that has all its segments."""
    prepare_current_viewer()
    segmentation = read_segmentation(path)
    metadata: LayerMetadata = {
        "grid": segmentation.grid,
        "path": path,
        "notices": segmentation.notices,
    }
    if segmentation.notices:
        notifications.info(f"{path.name}: " + "; ".join(segmentation.notices))
    name = path.name[: -len(SEGMENTATION)]
    for task in (task for task in tasks() if task.dims == 3):
        labels = segmentation.in_codes(task)
        if labels is not None:
            return layer_data.labels_layer(labels, metadata, task, name)
    options: dict[str, Any] = {
        "name": name,
        "metadata": {KEY: metadata},
        **placement(segmentation.grid),
    }
    numbers = range(len(segmentation.names) + 1)
    options["features"] = {"index": list(numbers), "segment": ["background", *segmentation.names]}
    return segmentation.array, options, "labels"


def _own_name(name: str, folders: list[Path]) -> str:
    """A case name that is unique in the viewer."""
    from napari import current_viewer

    viewer = current_viewer()
    return own_name(name, folders, viewer.layers) if viewer is not None else name


def prepare_current_viewer() -> None:
    """Sets the camera so that patients are not mirrored in 3D, even without an open panel."""
    from napari import current_viewer

    viewer = current_viewer()
    if viewer is not None:
        prepare_view(viewer)


def _paths(path: str | Sequence[str]) -> list[Path]:
    several = [path] if isinstance(path, str | os.PathLike) else path
    return header_files(map(Path, several))


def _task_of_names(paths: Sequence[Path]) -> Task:
    """The task that matches most names."""
    return max(tasks(), key=lambda task: sum(role_of(p, task) is not None for p in paths))


def _task_of_folder(folder: Path) -> Task:
    """The task that matches most modalities in a folder; the first task if none matches."""

    def count(task: Task) -> int:
        try:
            return len(find_case(folder, task).volumes)
        except InputError:
            return 0

    return max(tasks(), key=count)
