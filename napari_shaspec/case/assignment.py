"""Assign layers to modalities.

Layers may come from this plugin, another plugin or a script. Layers of this plugin store their
modality in the metadata; others are recognised by name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from napari_shaspec.case.bare_layers import is_bare, placed
from napari_shaspec.case.open_cases import MIXED
from napari_shaspec.case.volume_sources import VolumeSource, VolumeSources
from napari_shaspec.layers.metadata import file_of, origin, place_of, transform_of
from napari_shaspec.layers.voxels import mark_of
from shaspec.case import Reduce
from shaspec.errors import InputError
from shaspec.io.naming import recognise
from shaspec.task import Modality, Task

if TYPE_CHECKING:
    from napari.layers import Image, Labels, Layer

UNNAMED = "case"
COMPUTED = ("map", "features", "probability")
"""Kinds of computed images, which are not inputs."""


def candidates(layers: Iterable[Layer], task: Task) -> list[Image]:
    """The layers that can be inputs of the task: images with its dimensions and channels."""
    from napari.layers import Image

    return [
        layer
        for layer in layers
        if isinstance(layer, Image)
        and origin(layer).get("kind") not in COMPUTED
        and layer.ndim == task.dims
        and channels_of(layer) in task.channels
        and not layer.multiscale
    ]


def unfit(layer: Layer | None, modality: str, task: Task | None) -> str:
    """Why a layer cannot be an input of the task, e.g. a label map; empty if it can."""
    if layer is None or task is None or candidates([layer], task):
        return ""
    return (
        f"layer {layer.name!r} cannot be {modality}: choose an image with {task.dims} dimensions, "
        "which is not a label map or a result"
    )


def channels_of(layer: Image) -> int:
    """Channels that a modality must have to use this layer."""
    return 3 if layer.rgb else 1


def case_of(layer: Layer) -> str:
    """The name of the case of a layer; empty for layers of other origin."""
    return origin(layer).get("case", "")


def cases_of(sources: Mapping[str, Image | None]) -> list[str]:
    """The cases of the assigned layers; layers of the user belong to none."""
    names = (case_of(layer) for layer in sources.values() if layer is not None)
    return list(dict.fromkeys(filter(None, names)))


def describe(layer: Layer) -> str:
    """The name of a layer, and of its file if it has one."""
    path = origin(layer).get("path")
    return layer.name if path is None else f"{layer.name} · {path.name}"


def newest_case(layers: Iterable[Layer]) -> str:
    """The case whose image was added last; empty if no layer belongs to a case."""
    ours = [case_of(la) for la in layers if origin(la).get("kind") == "modality"]
    return ours[-1] if ours else ""


def find_layers(layers: Iterable[Layer], task: Task, case: str) -> dict[str, Image | None]:
    """Modality -> its layer of ``case``, otherwise a layer with a matching name."""
    by_modality: dict[str, Image | None] = dict.fromkeys(task.names)
    for layer in reversed(candidates(layers, task)):  # the top of the list first
        facts = origin(layer)
        if facts.get("case", "") not in ("", case):
            continue
        name = facts.get("modality") or modality_of(layer.name, task)
        if name not in by_modality or by_modality[name] is not None:
            continue
        if channels_of(layer) == task.modality(name).channels:
            by_modality[name] = layer
    return by_modality


def spare_layers(
    layers: Iterable[Layer], sources: Mapping[str, Image | None], task: Task, case: str
) -> list[str]:
    """Notices about layers that look like a modality whose row has another layer."""
    used = [layer for layer in sources.values() if layer is not None]
    said = []
    for layer in candidates(layers, task):
        name = origin(layer).get("modality") or modality_of(layer.name, task) or ""
        row = sources.get(name)
        if row is None or layer in used or case_of(layer) not in ("", case):
            continue
        said.append(
            f"layer {layer.name!r} looks like {name} too and is not used, since {row.name!r} is; "
            "choose it in the table if it is meant"
        )
    return said


def truths(layers: Iterable[Layer], task: Task, case: str) -> list[Labels]:
    """The layers that can be the ground truth of ``case``, its own first.

    Layers of other cases and results of this plugin are excluded.
    """
    from napari.layers import Labels

    truth_layers = [
        layer
        for layer in layers
        if isinstance(layer, Labels)
        and layer.ndim == task.dims
        and origin(layer).get("kind", "truth") == "truth"
        and case_of(layer) in ("", case)
    ]
    return sorted(truth_layers, key=lambda layer: case_of(layer) != case)


def modality_of(name: str, task: Task) -> str | None:
    """The modality that a layer or file name matches, if any."""
    match = recognise(name, task)
    return match.role if match and match.role in task.names else None


def collect(
    sources: Mapping[str, Image | None],
    task: Task,
    present: Collection[str] | None = None,
    truth: Labels | None = None,
    notices: Iterable[str] = (),
) -> VolumeSources:
    """Collect the current voxels of the assigned layers.

    The first ticked layer defines the grid. An unticked layer is included only if it is on that
    grid: its features can then be cached for a toggle, without other effects.

    Args:
        sources: modality -> its layer.
        task: the task of the model.
        present: the ticked modalities; default: all.
        truth: the layer of the ground truth, or None.
        notices: about the choice of the layers.

    Raises:
        InputError: if nothing is assigned or ticked, or a layer cannot be used; names the layer.
    """
    used = {name: layer for name, layer in sources.items() if layer is not None}
    if not used:
        raise InputError(
            f"no layer is assigned: drop a folder with {task.title_names} on napari, or choose "
            "the layers in the table"
        )
    seen: dict[int, str] = {}
    for name, layer in used.items():
        if id(layer) in seen:
            raise InputError(
                f"layer {layer.name!r} is assigned to {seen[id(layer)]} and to {name}: "
                "choose another one, or none, in the table"
            )
        seen[id(layer)] = name
    present = used if present is None else present
    ticked = [_image(task.modality(name), layer) for name, layer in used.items() if name in present]
    others = [_unticked(task, name, layer) for name, layer in used.items() if name not in present]
    notices = list(notices)
    if task.kind == "segmentation" and task.dims == 3:
        ticked, said = placed(ticked)
        notices += said
    if ticked and task.kind == "segmentation":
        others = [part for part in others if part and part.grid.matches(ticked[0].grid)]
    parts = {part.modality: part for part in (*ticked, *others) if part}
    of_case = {p.modality: used[p.modality] for p in ticked or parts.values()}
    return VolumeSources(
        MIXED.join(cases_of(of_case)) or UNNAMED,
        task,
        tuple(parts[name] for name in used if name in parts),
        None if truth is None else _part("truth", truth),
        ticked[0].modality if ticked else "",
        notices=tuple(notices),
        reduce=_reduce({name: used[name] for name in parts}, parts),
    )


def _reduce(layers: Mapping[str, Image], parts: Mapping[str, VolumeSource]) -> Reduce | None:
    """`Case.reduce` of the case whose layers these are, if they are as they were read."""
    reductions = [origin(layer).get("reduce") for layer in layers.values()]
    as_read = all(
        origin(layer).get("modality") == name
        and parts[name].path is not None
        and parts[name].grid.matches(origin(layer)["grid"])
        for name, layer in layers.items()
    )
    one = reductions[0] if reductions else None
    return one if as_read and all(other is one for other in reductions) else None


def _unticked(task: Task, name: str, layer: Image) -> VolumeSource | None:
    """The volume of an unticked layer; None if it cannot be used."""
    try:
        return _image(task.modality(name), layer)
    except InputError:
        return None


def _image(modality: Modality, layer: Image) -> VolumeSource:
    if channels_of(layer) != modality.channels:
        kind = "a colour" if modality.channels > 1 else "a grey"
        raise InputError(
            f"{modality.name} is {kind} image, layer {layer.name!r} is not: choose another one, "
            "or none, in the table"
        )
    return _part(modality.name, layer)


def _part(name: str, layer: Image | Labels) -> VolumeSource:
    array = np.asarray(layer.data)
    place = place_of(array.shape[: layer.ndim], transform_of(layer))
    if place is None:
        raise InputError(
            f"layer {layer.name!r} is rotated or sheared, which is not supported: open its "
            "file with this plugin, which keeps the orientation"
        )
    channel = origin(layer).get("channel")
    mark = mark_of(array)
    return VolumeSource(
        name, layer.name, array, place, file_of(layer, mark), channel, is_bare(layer), mark
    )
