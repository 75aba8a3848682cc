"""What the distribution promises, and the direction of its arrows: plugin to engine, never back."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
ENGINE, PLUGIN = ROOT / "src" / "shaspec", ROOT / "napari_shaspec"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
SCREEN = {"napari", "napari_shaspec", "qtpy", "magicgui", "superqt", "vispy"}
QT = {"pyqt5", "pyqt6", "pyside2", "pyside6"}
SUFFIXES = {".py", ".toml", ".ini", ".yaml", ".yml", ".json", ".md", ".sh", ".txt", ".cfg", ""}


def imports(source: str) -> Iterator[str]:
    """Top-level packages that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def modules(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def project_files() -> Iterator[Path]:
    """Text files that git tracks or would track; all of the tree where there is no git."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    names = result.stdout.split("\0") if result.returncode == 0 else []
    for name in filter(None, names):
        path = ROOT / name
        if path.suffix in SUFFIXES and path.is_file():
            yield path


@pytest.mark.parametrize("path", modules(ENGINE), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_engine_knows_no_screen(path: Path) -> None:
    found = set(imports(path.read_text("utf-8"))) & (SCREEN | {"PyQt5", "PyQt6", "PySide6"})
    assert not found


def test_the_plugin_asks_for_no_qt_binding_of_its_own() -> None:
    for path in modules(PLUGIN):
        found = {name for name in imports(path.read_text("utf-8")) if name.lower() in QT}
        assert not found, path


def test_no_qt_binding_and_no_napari_extra_is_a_dependency() -> None:
    needed = [Requirement(text) for text in PROJECT["dependencies"]]
    assert not {canonicalize_name(r.name) for r in needed} & QT
    assert not [r for r in needed if r.name == "napari" and r.extras]


def test_the_dependencies_are_what_is_imported() -> None:
    inside = {"shaspec", "napari_shaspec"} | sys.stdlib_module_names
    used = {n for path in modules(ENGINE, PLUGIN) for n in imports(path.read_text("utf-8"))}
    # An extra need not be installed here, so the name it is imported by is told.
    distributions = {"umap": ["umap-learn"], **metadata.packages_distributions()}
    used_names = {canonicalize_name(d) for n in used - inside for d in distributions.get(n, [n])}
    declared = {canonicalize_name(Requirement(text).name) for text in PROJECT["dependencies"]}
    optional = {
        canonicalize_name(Requirement(text).name)
        for texts in PROJECT["optional-dependencies"].values()
        for text in texts
    }
    assert used_names - declared - optional == set(), "imported, not declared"
    assert declared - used_names == set(), "declared, not imported"


def test_the_plugin_loads_without_torch_and_without_the_networks() -> None:
    """Each module that the manifest names is imported as napari would, in a fresh process."""
    code = """
import importlib, sys
from npe2 import PluginManifest
import napari_shaspec
manifest = PluginManifest.from_distribution("napari-shaspec")
for command in manifest.contributions.commands or []:
    importlib.import_module(command.python_name.partition(":")[0])
heavy = ("torch", "monai", "lightning_fabric", "shaspec.models", "shaspec.training")
# What a training is told and what it tells: plain data, that the panel Train is made of.
light = ("shaspec.training", "shaspec.training.config", "shaspec.training.events")
loaded = (n for n in sys.modules if n.startswith(tuple(f"{h}." for h in heavy)) or n in heavy)
print(*sorted(name for name in loaded if name not in light))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == []


def test_every_command_of_the_manifest_points_at_something() -> None:
    from npe2 import PluginManifest

    manifest = PluginManifest.from_distribution("napari-shaspec")
    for command in manifest.contributions.commands or []:
        module, _, name = str(command.python_name).partition(":")
        assert hasattr(importlib.import_module(module), name), command.python_name


def test_the_manifest_reads_as_it_is_installed() -> None:
    spec = importlib.util.find_spec("napari_shaspec")
    assert spec is not None
    assert spec.origin is not None
    assert (Path(spec.origin).parent / "napari.yaml").is_file()


def test_the_version_is_the_one_of_the_changelog() -> None:
    import shaspec

    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    newest = re.search(r"^## \[(\d[^\]]*)\]", text, re.MULTILINE)
    assert newest is not None
    assert shaspec.__version__ == PROJECT["version"] == newest[1]


def test_the_command_line_is_installed() -> None:
    scripts = metadata.entry_points(group="console_scripts", name="shaspec")
    assert {script.value for script in scripts} == {"shaspec.cli:main"}


def test_no_file_names_a_folder_of_one_machine() -> None:
    # In pieces, or this file would be found.
    machine = re.compile("/" + r"(?:work|tmp|root|farm|home/\w+|opt/pypi|opt/wheels)" + "/")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in project_files()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if machine.search(line)
    ]
    assert not found, "\n".join(found)


def test_no_patient_data_is_in_the_repository() -> None:
    names = [path.name for path in project_files()]
    assert not [name for name in names if name.endswith((".nii", ".nii.gz", ".dcm", ".nrrd"))]
