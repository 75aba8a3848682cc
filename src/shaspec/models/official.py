"""Conversion of state dicts of the authors' code to networks of this package.

`from_official` converts name -> tensor to a network of the class that `shaspec train` builds.
`official_files` reads such tables from checkpoints without executing code in them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import torch
from torch import Tensor

from shaspec.errors import InputError, NamesError
from shaspec.models import official_names as names
from shaspec.models.base import Network
from shaspec.models.linear_fusion import LinearFusion, LinearFusionConfig
from shaspec.models.maml import Maml, MamlConfig
from shaspec.models.registry import PRESETS
from shaspec.models.shaspec import ShaSpec, ShaSpecConfig

Tensors = Mapping[str, Tensor]
Blank = tuple[Network, list[tuple[str, str]]]
"""A network on the meta device and the pairs (our name, the authors' name) of its tensors."""

LISTED = 8  # names listed in a message per kind of mismatch


def from_official(method: str, tensors: Tensors, **options: Any) -> Network:
    """The authors' network as one of ours, in eval mode.

    Args:
        method: ``"shaspec"``, ``"maml"`` or ``"m3l"``.
        tensors: the authors' state dict. The network takes the tensors over as they are, in their
            precision and without a copy.
        options: ``absent="mean" | "first"`` for ShaSpec: what fills the bottleneck slot of an
            absent modality, the mean shared feature (paper) or that of the first present (code).

    Raises:
        InputError: unknown method or option.
        NamesError: tensors are missing, unexpected or of another shape. It has three lists of
            their names; the message has the first `LISTED` of each.
    """
    if method not in _METHODS:
        raise InputError(f"unknown method {method!r}: there are {', '.join(_METHODS)}")
    unknown = options.keys() - _OPTIONS.get(method, frozenset())
    if unknown:
        raise InputError(f"{method} has no option {', '.join(sorted(unknown))}")
    tensors = _without_wrapper(tensors)
    with torch.device("meta"):  # no memory: the tensors given become the parameters
        network, table = _METHODS[method](tensors, **options)
    _check(method, network, table, tensors)
    network.load_state_dict({ours: tensors[theirs] for ours, theirs in table}, assign=True)
    return network.eval()


def _without_wrapper(tensors: Tensors) -> Tensors:
    """Drop the prefix that data-parallel training puts before every name."""
    prefix = "module."
    if tensors and all(name.startswith(prefix) for name in tensors):
        return {name.removeprefix(prefix): value for name, value in tensors.items()}
    return tensors


def _check(
    method: str, network: Network, table: Iterable[tuple[str, str]], tensors: Tensors
) -> None:
    """Raise unless ``tensors`` are just what ``network`` needs."""
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    needed = {theirs: shapes[ours] for ours, theirs in table}
    problems = {
        "missing": [name for name in needed if name not in tensors],
        "unexpected": [name for name in tensors if name not in needed],
        "of another shape": [
            name
            for name, shape in needed.items()
            if name in tensors and tuple(tensors[name].shape) != shape
        ],
    }
    details = {
        name: f"{name} {tuple(tensors[name].shape)} instead of {needed[name]}"
        for name in problems["of another shape"]
    }
    mismatches = [
        _listed(problem, [details.get(name, name) for name in names_])
        for problem, names_ in problems.items()
        if names_
    ]
    if mismatches:
        message = f"these are not the weights of {method}: {'; '.join(mismatches)}"
        raise NamesError(message, *problems.values())


def _listed(what: str, items: list[str]) -> str:
    more = f" and {len(items) - LISTED} more" if len(items) > LISTED else ""
    return f"{len(items)} {what}: {', '.join(items[:LISTED])}{more}"


def _shaspec(tensors: Tensors, *, absent: Literal["mean", "first"] = "mean") -> Blank:
    if absent not in ("mean", "first"):
        raise InputError(f"absent is 'mean' or 'first', not {absent!r}")
    del tensors  # one size only
    config = ShaSpecConfig(
        modalities=len(names.SHASPEC_ENCODERS),
        out_channels=3,
        fallback=absent,
        zero_images=True,
        **PRESETS["shaspec"]["paper"],
    )
    return ShaSpec(config), list(names.shaspec_names(config))


def _maml(tensors: Tensors) -> Blank:
    prefix = "modality_specific_models."
    models = {name.split(".")[1] for name in tensors if name.startswith(prefix)}
    heads = [
        len(value)
        for name, value in tensors.items()
        if name == "output.weight" or (name.startswith(prefix) and ".seg_outputs." in name)
    ]
    config = MamlConfig(
        modalities=max(len(models), 1), out_channels=_most_common(heads), **PRESETS["maml"]["paper"]
    )
    return Maml(config), list(names.maml_names(config))


def _most_common(sizes: list[int]) -> int:
    """How many classes, as most heads say; the odd one is then named as of another shape."""
    return Counter(sizes).most_common(1)[0][0] if sizes else 1


def _m3l(tensors: Tensors) -> Blank:
    heads = [len(v) for name, v in tensors.items() if name.startswith("decoder.linear_pred.")]
    config = LinearFusionConfig(
        modalities=2, out_channels=_most_common(heads), **PRESETS["linear-fusion"]["paper"]
    )
    return LinearFusion(config), list(names.m3l_names(config))


_OPTIONS = {"shaspec": frozenset({"absent"})}
_METHODS: dict[str, Callable[..., Blank]] = {"shaspec": _shaspec, "maml": _maml, "m3l": _m3l}
