"""The script that sets the version of a release."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "scripts" / "set_version.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("set_version", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copy(script: ModuleType, tmp_path: Path) -> Path:
    """The files of this repository that state the version, with a change to release."""
    for name in (*script.PLACES, "CHANGELOG.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\n## [Unreleased]\n\n- New.\n\n## [0.1.0] - 2026-01-01\n\n- Old.\n", "utf-8"
    )
    return tmp_path


def contents(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.name: path.read_text("utf-8") for path in files}


def test_every_file_states_the_new_version_and_the_changelog_its_day(
    script: ModuleType, copy: Path
) -> None:
    script.set_version(copy, "9.8.7rc1", "2027-02-03")
    found = contents(copy)
    assert '__version__ = "9.8.7rc1"' in found["__init__.py"]
    assert '"shaspec==9.8.7rc1"' in found["pyproject.toml"]
    assert "\nversion: 9.8.7rc1\n" in found["CITATION.cff"]
    assert "## [Unreleased]\n\n## [9.8.7rc1] - 2027-02-03\n\n- New.\n" in found["CHANGELOG.md"]


@pytest.mark.parametrize(
    ("version", "changelog", "message"),
    [
        ("1.0", None, "no version"),
        ("1.0.0; rm -rf", None, "no version"),
        ("0.1.0", None, r"has version 0\.1\.0 already"),
        ("1.0.0", "# Changelog\n\n## [Unreleased]\n\n## [0.1.0]\n", "nothing under"),
        ("1.0.0", "# Changelog\n", "nothing under"),
    ],
)
def test_a_release_that_cannot_be_made_changes_no_file(
    script: ModuleType, copy: Path, version: str, changelog: str | None, message: str
) -> None:
    if changelog is not None:
        (copy / "CHANGELOG.md").write_text(changelog, "utf-8")
    before = contents(copy)
    with pytest.raises(script.ReleaseError, match=message):
        script.set_version(copy, version, "2027-02-03")
    assert contents(copy) == before


def test_a_file_without_its_place_for_the_version_is_named(script: ModuleType, copy: Path) -> None:
    (copy / "CITATION.cff").write_text("cff-version: 1.2.0\n", "utf-8")
    with pytest.raises(script.ReleaseError, match=r"CITATION\.cff: states the version 0 times"):
        script.set_version(copy, "1.0.0", "2027-02-03")
