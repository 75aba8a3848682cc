"""The files of the extension name each other, so that what is built is complete."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from PIL import Image

import shaspec

EXTENSION = Path(__file__).resolve().parents[2] / "slicer"
MODULE = EXTENSION / "ShaSpec"


def test_the_build_lists_every_file_of_the_module() -> None:
    text = (MODULE / "CMakeLists.txt").read_text("utf-8").replace("${MODULE_NAME}", "ShaSpec")
    listed = set(re.findall(r"^\s+(\S+\.(?:py|png|txt))$", text, re.M))
    there = {
        str(path.relative_to(MODULE).as_posix())
        for part in ("*.py", "ShaSpecLib/*.py", "Resources/**/*.*")
        for path in MODULE.glob(part)
    }
    assert listed == there


def test_the_catalog_entry_has_the_fields_of_the_extensions_index() -> None:
    entry = json.loads((EXTENSION / "ShaSpec.json").read_text("utf-8"))
    assert {"$schema", "category", "scm_url"} <= set(entry)
    assert (EXTENSION.parent / entry["build_subdirectory"] / "CMakeLists.txt").is_file()
    text = (EXTENSION / "CMakeLists.txt").read_text("utf-8")
    assert f'EXTENSION_CATEGORY "{entry["category"]}"' in text


def test_the_requirements_are_this_version_of_the_engine_and_what_it_needs_of_torch() -> None:
    lines = (MODULE / "Resources" / "requirements.txt").read_text("utf-8").split()
    engine, torch = map(Requirement, lines)
    assert engine.name == "shaspec"
    assert engine.specifier.contains(shaspec.__version__)
    project = tomllib.loads((EXTENSION.parent / "src" / "pyproject.toml").read_text("utf-8"))
    assert str(torch) in project["project"]["dependencies"]


def test_the_icon_is_a_square() -> None:
    with Image.open(MODULE / "Resources" / "Icons" / "ShaSpec.png") as icon:
        assert icon.size == (128, 128)
