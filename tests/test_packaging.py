"""The two distributions: metadata, dependencies, and imports that go from plugin to engine only."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import shaspec

ROOT = Path(__file__).resolve().parents[1]
ENGINE, PLUGIN = ROOT / "src" / "shaspec", ROOT / "napari_shaspec"
FOLDERS = {"shaspec": ROOT / "src", "napari-shaspec": ROOT}
PACKAGES = {"shaspec": ENGINE, "napari-shaspec": PLUGIN}
PROJECTS = {
    name: tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    for name, folder in FOLDERS.items()
}
SCREEN = {"napari", "napari_shaspec", "qtpy", "magicgui", "superqt", "vispy"}
SCREEN |= {"slicer", "qt", "ctk", "vtk"}  # of 3D Slicer
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


def requirements(texts: Iterable[str]) -> dict[str, Requirement]:
    """By canonical name."""
    parsed = [Requirement(text) for text in texts]
    return {canonicalize_name(requirement.name): requirement for requirement in parsed}


@cache
def distributions() -> Mapping[str, list[str]]:
    """What installs a package, by the name of the package; all installed files are read for it."""
    return metadata.packages_distributions()


def extras(name: str) -> dict[str, Requirement]:
    """What the extras of a distribution require."""
    groups = PROJECTS[name]["optional-dependencies"].values()
    return requirements(text for texts in groups for text in texts)


@pytest.mark.parametrize("path", modules(ENGINE), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_engine_imports_no_user_interface(path: Path) -> None:
    found = set(imports(path.read_text("utf-8"))) & (SCREEN | {"PyQt5", "PyQt6", "PySide6"})
    assert not found


@pytest.mark.slow
def test_all_that_the_engine_offers_loads_no_user_interface() -> None:
    code = """
import sys, shaspec
for name in shaspec.__all__:
    getattr(shaspec, name)
print(*{name.partition(".")[0] for name in sys.modules})
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert not {name for name in run.stdout.split() if name in SCREEN or name.lower() in QT}


def test_the_engine_requires_no_user_interface() -> None:
    required = set(requirements(PROJECTS["shaspec"]["dependencies"])) | set(extras("shaspec"))
    interface = {canonicalize_name(name) for name in SCREEN} | QT | {"npe2", "psygnal", "app-model"}
    assert not required & interface


def test_the_plugin_imports_no_qt_binding() -> None:
    for path in modules(PLUGIN):
        found = {name for name in imports(path.read_text("utf-8")) if name.lower() in QT}
        assert not found, path


def test_the_plugin_requires_no_qt_binding_and_no_extra_of_napari() -> None:
    required = requirements(PROJECTS["napari-shaspec"]["dependencies"])
    assert not set(required) & QT
    assert not required["napari"].extras


@pytest.mark.parametrize("name", PROJECTS)
def test_a_distribution_requires_all_packages_it_imports(name: str) -> None:
    used = {n for path in modules(PACKAGES[name]) for n in imports(path.read_text("utf-8"))}
    later = {"compression"}  # in the standard library since Python 3.14
    used -= {PACKAGES[name].name} | sys.stdlib_module_names | later
    # An extra may not be installed here, so the name of its package is given.
    sources = {"umap": ["umap-learn"], **distributions(), "shaspec": ["shaspec"]}
    used_names = {canonicalize_name(d) for n in used for d in sources.get(n, [n])}
    declared = set(requirements(PROJECTS[name]["dependencies"]))
    assert used_names - declared - set(extras(name)) == set(), "imported, not declared"
    assert declared - used_names == set(), "declared, not imported"


def test_the_plugin_requires_the_same_version_of_the_engine() -> None:
    required = requirements(PROJECTS["napari-shaspec"]["dependencies"])
    assert str(required["shaspec"].specifier) == f"=={shaspec.__version__}"


def test_both_distributions_agree_on_versions() -> None:
    engine, plugin = (requirements(PROJECTS[name]["dependencies"]) for name in PROJECTS)
    for name in set(engine) & set(plugin):
        assert engine[name].specifier == plugin[name].specifier, name
    for key in ("requires-python", "authors"):
        assert PROJECTS["shaspec"][key] == PROJECTS["napari-shaspec"][key], key
    pythons = [[c for c in PROJECTS[name]["classifiers"] if "Python ::" in c] for name in PROJECTS]
    assert pythons[0] == pythons[1]


@pytest.mark.parametrize("name", PROJECTS)
def test_a_distribution_holds_its_licences(name: str) -> None:
    """Real files: a source distribution keeps a link, which then leads nowhere."""
    licences = [FOLDERS[name] / file for file in PROJECTS[name]["license-files"]]
    assert not [path for path in licences if path.is_symlink()]
    assert licences[0].read_bytes() == (ROOT / "LICENSE").read_bytes()
    has_weights = any(PACKAGES[name].rglob("*.safetensors"))
    assert (FOLDERS[name] / "WEIGHTS_LICENSE.md" in licences) == has_weights


@pytest.mark.slow
def test_the_plugin_loads_without_torch_and_without_the_networks() -> None:
    """Each module that the manifest names is imported as napari would, in a fresh process."""
    code = """
import importlib, sys
from npe2 import PluginManifest
import napari_shaspec
manifest = PluginManifest.from_distribution("napari-shaspec")
for command in manifest.contributions.commands or []:
    importlib.import_module(command.python_name.partition(":")[0])
heavy = ("torch", "lightning_fabric", "shaspec.models", "shaspec.training")
# What a training is told and what it tells: plain data, that the panel Train is made of.
light = ("shaspec.training",) + tuple(
    f"shaspec.training.{name}" for name in ("config", "events", "runlog")
)
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


def test_the_version_is_that_of_the_changelog_and_the_citation() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    newest = re.search(r"^## \[(\d[^\]]*)\]", changelog, re.MULTILINE)
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert newest is not None
    assert shaspec.__version__ == newest[1] == citation["version"]


def test_the_citation_file_lists_the_papers_of_the_docs() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    listed = {
        identifier["value"].removeprefix("arXiv:")
        for reference in citation["references"]
        for identifier in reference["identifiers"]
    }
    methods, citing = (
        set(re.findall(r"arxiv\.org/abs/([\d.]+\d)", (ROOT / "docs" / page).read_text("utf-8")))
        for page in ("methods.md", "citing.md")
    )
    assert methods <= listed == citing


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "src/README.md"])
def test_a_link_of_a_front_page_leads_to_a_file(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    for target in re.findall(r"\]\((?!\w+:)([^)#]+)", text):
        assert ((ROOT / page).parent / target).exists(), target


def test_the_engine_installs_the_command_line() -> None:
    scripts = metadata.entry_points(group="console_scripts", name="shaspec")
    assert {script.value for script in scripts} == {"shaspec.__main__:main"}
    assert {script.dist.name for script in scripts if script.dist} == {"shaspec"}


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
