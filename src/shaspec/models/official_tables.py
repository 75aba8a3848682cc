"""Tables of tensors in the object that a checkpoint of the authors' code holds."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from shaspec.models.safe_unpickle import Inert, StoredTensor

Stored = dict[str, StoredTensor]
DEEPEST = 200
"""Containers in containers."""


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    """Names and parts of a container."""
    if isinstance(value, Inert):
        yield "", value.state
        yield "args", value.args
        yield "items", value.items
    elif isinstance(value, dict):
        yield from ((str(key)[:200], part) for key, part in dict.items(value))
    elif isinstance(value, (list, tuple, set, frozenset)) and not isinstance(value, StoredTensor):
        yield from ((str(i), part) for i, part in enumerate(value))


def _walk(content: Any) -> Iterator[tuple[str, Any]]:
    """Every object once, outer ones first, with its path in the file."""
    seen: set[int] = set()
    waiting = deque([("", content)])
    while waiting:
        place, value = waiting.popleft()
        if id(value) in seen and not isinstance(value, StoredTensor):
            continue
        seen.add(id(value))
        yield place, value
        if place.count("/") > DEEPEST:
            raise ValueError(f"containers in containers, deeper than {DEEPEST}")
        waiting += [("/".join(filter(None, (place, k))), part) for k, part in _children(value)]


def all_tensors(content: Any) -> Iterator[StoredTensor]:
    return (value for _, value in _walk(content) if isinstance(value, StoredTensor))


def tables_of(content: Any) -> Iterator[tuple[str, Stored]]:
    """Tables of named tensors: state dicts, and modules that were pickled whole."""
    inside: set[int] = set()  # modules within a module that was listed
    for place, value in _walk(content):
        if isinstance(value, Inert) and _is_module(value):
            if id(value) not in inside:
                yield place or "the module", dict(_module_tensors(value, "", inside))
        elif isinstance(value, dict) and value:
            names = all(isinstance(k, str) for k in value)
            if names and all(isinstance(v, StoredTensor) for v in value.values()):
                yield place or "the state dict", dict(value)


def _is_module(value: Inert) -> bool:
    return isinstance(value.state, dict) and {"_parameters", "_modules"} <= value.state.keys()


def _module_tensors(
    module: Inert, prefix: str, inside: set[int]
) -> Iterator[tuple[str, StoredTensor]]:
    """The ``state_dict`` of a pickled module."""
    inside.add(id(module))
    state = module.state
    transient = state.get("_non_persistent_buffers_set", ())
    for group in ("_parameters", "_buffers"):
        for name, value in state.get(group, {}).items():
            if isinstance(value, StoredTensor) and name not in transient:
                yield f"{prefix}{name}", value
    for name, child in state["_modules"].items():
        if isinstance(child, Inert) and _is_module(child) and id(child) not in inside:
            yield from _module_tensors(child, f"{prefix}{name}.", inside)
