"""Everything that docs/api.md lists says its arguments, what it returns and what it raises.

Errors are found in the code: in the body of a function and in the functions of the package that it
calls by name.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from shaspec import errors

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "api.md").read_text("utf-8")
LISTED = re.findall(r"^\.\. auto(function|class):: ([\w.]+)(?:\(\))?((?:\n {3}:.*)*)", PAGE, re.M)
Function = Callable[..., Any]


def resolve(path: str) -> Any:
    """The object behind a dotted path."""
    module, name = path.rsplit(".", 1)
    return getattr(importlib.import_module(module), name)


def shown_members(kind: type, options: str) -> Iterator[tuple[str, Any]]:
    """Public members of a class that the page shows."""
    only = re.search(r":members: (.+)", options)
    chosen = only[1].split(", ") if only else None
    inherits = ":inherited-members:" in options
    owners = [k for k in kind.__mro__ if k.__module__.startswith("shaspec")] if inherits else [kind]
    seen: set[str] = set()
    for owner in owners:
        for name, value in vars(owner).items():
            public = not name.startswith("_") and not name.startswith("model_")
            if public and name not in seen and (chosen is None or name in chosen):
                seen.add(name)
                yield name, value


def everything() -> Iterator[tuple[str, Any]]:
    """Functions, methods, properties and classes of the page, by name."""
    for what, path, options in LISTED:
        thing = resolve(path)
        yield path, thing
        if what == "class":
            for name, value in shown_members(thing, options):
                if isinstance(value, staticmethod | classmethod):
                    value = value.__func__
                if inspect.isfunction(value) or isinstance(value, property | cached_property):
                    yield f"{path}.{name}", value


THINGS = dict(everything())
FUNCTIONS = {name: thing for name, thing in THINGS.items() if inspect.isfunction(thing)}
CLASSES = {name: thing for name, thing in THINGS.items() if inspect.isclass(thing)}


def sections(thing: Any) -> dict[str, str]:
    """Heading -> text of a docstring in Google style; the first part has no heading."""
    parts = re.split(r"^(Args|Returns|Yields|Raises):\n", inspect.getdoc(thing) or "", flags=re.M)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def entries(text: str) -> set[str]:
    """Names that a section explains."""
    return set(re.findall(r"^ {4}(\w+): \S", text, re.M))


def parameters(function: Function) -> set[str]:
    return set(inspect.signature(function).parameters) - {"self", "cls"}


# -- errors ------------------------------------------------------------------------------------


def project_error(name: str) -> type[errors.ShaspecError] | None:
    kind = getattr(errors, name, None)
    found = isinstance(kind, type) and issubclass(kind, errors.ShaspecError)
    return kind if found else None


@cache
def raised(function: Function, owner: type | None) -> frozenset[type[errors.ShaspecError]]:
    """Errors of the project that a call may end with, as far as names tell."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    names = dict(inspect.unwrap(function).__globals__)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("shaspec"):
            module = importlib.import_module(node.module)
            names |= {
                alias.asname or alias.name: getattr(module, alias.name) for alias in node.names
            }
    return frozenset(in_node(tree, names, owner, (function,)))


def in_node(
    node: ast.AST, names: dict[str, Any], owner: type | None, stack: tuple[Function, ...]
) -> set[type[errors.ShaspecError]]:
    found: set[type[errors.ShaspecError]] = set()
    if isinstance(node, ast.Try):
        body = set().union(*(in_node(n, names, owner, stack) for n in node.body))
        caught = {
            kind
            for handler in node.handlers
            for name in ast.walk(handler.type or ast.Constant(None))
            if isinstance(name, ast.Name) and (kind := project_error(name.id))
        }
        found |= {kind for kind in body if not any(issubclass(kind, c) for c in caught)}
        children: list[ast.AST] = [*node.handlers, *node.orelse, *node.finalbody]
    else:
        children = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        called = node.exc.func
        if isinstance(called, ast.Name) and (kind := project_error(called.id)):
            found.add(kind)
    if isinstance(node, ast.Call):
        target: Any = None
        if isinstance(node.func, ast.Name):
            target = names.get(node.func.id)
        elif isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            if node.func.value.id == "self":
                target = getattr(owner, node.func.attr, None)
            elif inspect.ismodule(module := names.get(node.func.value.id)):
                target = getattr(module, node.func.attr, None)
        ours = inspect.isfunction(target) and target.__module__.startswith("shaspec")
        if ours and target not in stack and not hasattr(target, "__wrapped__"):
            inner = owner if isinstance(node.func, ast.Attribute) else None
            found |= raised(target, inner) if target is not stack[0] else set()
    for child in children:
        found |= in_node(child, names, owner, stack)
    return found


def owner_of(name: str) -> type | None:
    return CLASSES.get(name.rpartition(".")[0])


# -- the tests -----------------------------------------------------------------------------------


def test_the_page_lists_the_public_names_of_the_package() -> None:
    import shaspec

    listed = {id(thing) for thing in THINGS.values()}
    public = [name for name in shaspec.__all__ if not name.startswith("__")]
    module = PAGE.count(".. automodule:: shaspec.errors")
    missing = [
        name
        for name in public
        if id(getattr(shaspec, name)) not in listed and not (module and hasattr(errors, name))
    ]
    assert not missing


@pytest.mark.parametrize("name", THINGS)
def test_everything_listed_has_a_docstring(name: str) -> None:
    thing = THINGS[name]
    text = thing.__doc__ or ""
    assert len(text.split()) > 2
    assert not text.startswith(f"{name.rpartition('.')[2]}(")  # what dataclass makes up


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_argument_is_explained(name: str) -> None:
    function = FUNCTIONS[name]
    explained = entries(sections(function).get("Args", ""))
    assert explained == parameters(function)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_returned_values_are_documented(name: str) -> None:
    function = FUNCTIONS[name]
    returned = str(inspect.signature(function).return_annotation)
    there = {"Returns", "Yields"} & set(sections(function))
    assert bool(there) == (returned != "None")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_errors_of_the_project_are_named(name: str) -> None:
    function = FUNCTIONS[name]
    named = entries(sections(function).get("Raises", ""))
    documented = tuple(kind for n in named if (kind := project_error(n)))
    silent = [k.__name__ for k in raised(function, owner_of(name)) if not issubclass(k, documented)]
    assert not silent


@pytest.mark.parametrize("name", CLASSES)
def test_every_field_of_a_class_is_explained(name: str) -> None:
    kind = CLASSES[name]
    body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(body, ast.ClassDef)
    below = {
        first.target.id
        for first, second in zip(body.body, body.body[1:], strict=False)
        if isinstance(first, ast.AnnAssign)
        and isinstance(first.target, ast.Name)
        and isinstance(second, ast.Expr)
    }
    fields = set(inspect.get_annotations(kind)) if is_dataclass(kind) else set()
    if issubclass(kind, BaseModel):
        fields = {n for n in kind.model_fields if n in inspect.get_annotations(kind)}
    in_text = set(re.findall(r"``(\w+)``", kind.__doc__ or ""))
    assert not {field for field in fields if not field.startswith("_")} - below - in_text


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, kind in CLASSES.items()
        if "__init__" in vars(kind) and not is_dataclass(kind) and not issubclass(kind, BaseModel)
    ],
)
def test_every_argument_of_a_constructor_is_explained(name: str) -> None:
    kind = CLASSES[name]
    assert entries(sections(kind).get("Args", "")) == parameters(kind.__init__)


def test_the_page_is_read_and_the_code_is_searched() -> None:
    assert len(FUNCTIONS) > 60
    read = raised(FUNCTIONS["shaspec.io.read_case"], None)
    assert errors.InputError in read
    loaded = raised(FUNCTIONS["shaspec.models.weights.load_model"], None)
    assert loaded == {errors.InputError, errors.WeightsError}
