"""Imports go one way, panels do not import each other, modules and functions are short."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {"shaspec": ROOT / "src" / "shaspec", "napari_shaspec": ROOT / "napari_shaspec"}
PANELS = {"segment", "robustness", "compare", "dates", "features", "cohort", "train", "models"}
DRIVERS = {"tour"}
"""Panels that drive others."""
FLOORS = {
    "napari_shaspec": (
        "drops free_folder jobs settings user_folder",
        "layers model_folders recent_cases remote_engine run_times",
        "engine widgets writer",
        "assign chosen_engine menus",
        "dicom",
        "reader",
        "case sample_data",
        "segment robustness compare dates features cohort train models",
        "tour",
    ),
    "shaspec": (
        "errors lazy notebook notices progress ripples task_names tasks weights zstandard",
        "files geometry memory task_files task_parts",
        "fault task_checks",
        "task",
        "case conventions preprocessing",
        "io models phantom registration",
        "case_reading prediction stripping",
        "inference thresholds",
        "evaluation exporting preparation remote",
        "analysis dicom editing measuring server",
        "case_session report",
        "cohort predictor training",
        "cli",
        "__main__",
    ),
}
"""Folders and modules directly below a package, from the ground up; imports go down."""
AROUND = ("benchmarks", "docs", "examples", "scripts", "slicer", "tests")
"""Code that is not installed. ``golden`` in it is kept as the authors of the papers ran it."""
SCREEN = {"napari", "napari_shaspec", "qtpy", "magicgui", "superqt", "vispy", "psygnal"}
SCREEN |= {"slicer", "qt", "ctk", "vtk"}  # of 3D Slicer


class Imports(ast.NodeVisitor):
    """Dotted names that a module imports, in functions too; not those for type checkers alone."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_If(self, node: ast.If) -> None:
        if not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        self.names |= {alias.name for alias in node.names}

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        assert node.module, "relative import"
        self.names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}


@cache
def tree_of(path: Path) -> ast.Module:
    """Syntax of a module; it is parsed once for all tests."""
    return ast.parse(path.read_text("utf-8"))


def imports_of(path: Path) -> set[str]:
    visitor = Imports()
    visitor.visit(tree_of(path))
    return visitor.names


@cache
def module_graph(package: str) -> dict[str, set[str]]:
    """Module -> the modules of the same package that it imports. A package is its ``__init__``."""
    folder = FOLDERS[package]
    paths = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        paths[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    graph = {}
    for name, path in paths.items():
        used = imports_of(path) & paths.keys()
        # ``from a.b import c`` of a submodule c needs a.b.c, and a.b only where it gives a name.
        covered = {other.rpartition(".")[0] for other in used}
        plain = {
            other for other in used if other not in covered or _gives_a_name(path, other, paths)
        }
        graph[name] = plain - {name}
    return graph


def _gives_a_name(path: Path, module: str, paths: dict[str, Path]) -> bool:
    """True if ``path`` takes something from ``module`` that is not one of its submodules."""
    return any(
        f"{module}.{alias.name}" not in paths
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and node.module == module
        for alias in node.names
    )


def room_graph(package: str) -> dict[str, set[str]]:
    """The same for the folders (and single modules) directly below the package."""

    def room(name: str) -> str:
        return ".".join(name.split(".")[:2])

    rooms: dict[str, set[str]] = {}
    for name, used in module_graph(package).items():
        if name != package:
            others = {room(other) for other in used if other != package}
            rooms.setdefault(room(name), set()).update(others - {room(name)})
    return rooms


def circle(graph: dict[str, set[str]]) -> list[str]:
    """The names on a circle of imports; empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def cross_imports() -> Iterator[tuple[str, str]]:
    for name, used in module_graph("napari_shaspec").items():
        own = name.split(".")[1:2]
        for other in used:
            room = other.split(".")[1:2]
            if room and room != own and room[0] in PANELS | DRIVERS:
                yield name, other


def test_the_graph_knows_the_code() -> None:
    """Or the tests below would pass on nothing."""
    assert (
        "napari_shaspec.case.model_controller"
        in module_graph("napari_shaspec")["napari_shaspec.segment.showing"]
    )
    assert "shaspec.task" in module_graph("shaspec")["shaspec.case"]
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}})


@pytest.mark.parametrize("package", FOLDERS)
def test_no_modules_import_each_other_in_a_circle(package: str) -> None:
    assert circle(module_graph(package)) == []


@pytest.mark.parametrize("package", FOLDERS)
def test_no_folders_import_each_other_in_a_circle(package: str) -> None:
    assert circle(room_graph(package)) == []


@pytest.mark.parametrize("package", FOLDERS)
def test_folders_import_from_lower_floors_only(package: str) -> None:
    """Siblings on a floor do not import each other, as `io`, `models` and `phantom`."""
    floor = {
        f"{package}.{room}": number
        for number, rooms in enumerate(FLOORS[package])
        for room in rooms.split()
    }
    assert {path.stem for path in FOLDERS[package].iterdir() if is_room(path)} == {
        name.rpartition(".")[2] for name in floor
    }
    upward = [
        (room, other)
        for room, others in room_graph(package).items()
        for other in others
        if floor[other] >= floor[room]
    ]
    assert upward == []


def is_room(path: Path) -> bool:
    """True for a module or a folder with files, but not for what Python or the package adds."""
    plain = not path.name.startswith(("__pycache__", "__init__", "."))
    return plain and (path.suffix == ".py" or path.is_dir())


@pytest.mark.parametrize("package", FOLDERS)
def test_the_tree_in_contributing_lists_every_folder_and_module(package: str) -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    start = f"```\n{FOLDERS[package].relative_to(ROOT)}/\n"
    listed = re.findall(r"^  (\w+(?:/|\.py)) +(.+)$", page.split(start)[1].split("```")[0], re.M)
    there = {
        path.name + ("/" if path.is_dir() else "")
        for path in FOLDERS[package].iterdir()
        if is_room(path) and path.name != "__main__.py"
    }
    assert {name for name, _ in listed} == there
    assert not [name for name, sentence in listed if not re.fullmatch(r"[A-Z`].*\.", sentence)]


def test_panels_are_imported_by_no_one_but_the_tour() -> None:
    found = [(a, b) for a, b in cross_imports() if a.split(".")[1] not in DRIVERS]
    assert found == []


def test_the_engine_imports_no_screen() -> None:
    paths = sorted(FOLDERS["shaspec"].rglob("*.py"))
    assert paths
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in paths
        for name in imports_of(path)
        if name.partition(".")[0] in SCREEN or name.lower().startswith(("pyqt", "pyside"))
    }
    assert found == set()


@pytest.mark.parametrize("room", ["io", "models", "phantom"])
def test_io_models_and_phantom_do_not_import_inference(room: str) -> None:
    used = room_graph("shaspec")[f"shaspec.{room}"]
    assert (
        used & {"shaspec.inference", "shaspec.analysis", "shaspec.training", "shaspec.cli"} == set()
    )


def sources() -> Iterator[Path]:
    """The modules of both packages, and those around them."""
    for folder in (*FOLDERS.values(), *(ROOT / name for name in AROUND)):
        modules = sorted(folder.rglob("*.py"))
        assert modules, folder
        yield from (path for path in modules if "golden" not in path.parts)


def function_lengths(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Name and number of lines of every function, from ``def`` to its last line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno
            yield node.name, node.end_lineno - node.lineno + 1


def test_modules_have_at_most_300_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources()
        if (lines := len(path.read_text("utf-8").splitlines())) > 300
    }
    assert long == {}


def test_functions_have_at_most_80_lines() -> None:
    long = {
        f"{path.relative_to(ROOT)}: {name}": lines
        for path in sources()
        for name, lines in function_lengths(tree_of(path))
        if lines > 80
    }
    assert long == {}


def test_nested_functions_and_methods_are_counted() -> None:
    source = "class A:\n    def b(self):\n        def c():\n            pass\n        return c\n"
    assert dict(function_lengths(ast.parse(source))) == {"b": 4, "c": 2}


def test_layers_change_in_batches_that_collect_no_garbage() -> None:
    """napari collects all garbage at the end of its own batch: half a second in the window."""
    users = {
        path.name
        for path in FOLDERS["napari_shaspec"].rglob("*.py")
        if "batched_update" in path.read_text("utf-8")
    }
    assert users == {"batch.py"}


LOOKS = {"is_file", "is_dir", "exists", "resolve"}
OTHER_THINGS = {"dicom/source.py", "files/writing.py", "models/card.py", "drops.py"}
"""Modules that ask members of zip files, files of the package or own temporary files."""


def test_files_are_looked_at_by_functions_that_do_not_raise() -> None:
    """`Path.is_file`, `Path.resolve` raise for long names, loops of links, missing permissions."""
    found = set()
    for folder in FOLDERS.values():
        for path in sorted(folder.rglob("*.py")):
            calls = [n for n in ast.walk(tree_of(path)) if isinstance(n, ast.Call) and not n.args]
            if any(isinstance(c.func, ast.Attribute) and c.func.attr in LOOKS for c in calls):
                found.add(str(path.relative_to(folder)))
    assert found == OTHER_THINGS
