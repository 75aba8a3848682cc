"""What needs no network needs no torch: files, names, grids and phantoms, and their tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FREE = [
    "io",
    "phantom",
    "test_case.py",
    "test_geometry.py",
    "test_preprocessing.py",
    "test_task.py",
]
BLOCK = "import sys; sys.modules['torch'] = None; "


def run(code: str, *arguments: str) -> str:
    """The output of Python code in a process where importing torch fails."""
    command = [sys.executable, "-c", BLOCK + code, *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.mark.parametrize("name", ["case", "geometry", "io", "phantom", "preprocessing", "task"])
def test_a_module_of_cases_imports_without_torch(name: str) -> None:
    run(f"import shaspec.{name}")


def test_the_tests_of_files_names_and_grids_run_without_torch() -> None:
    """Collecting imports every module of theirs; the grid's tests are run."""
    code = "import pytest; sys.exit(pytest.main(sys.argv[1:]))"
    quiet = ["-q", "-p", "no:cacheprovider", "-p", "no:napari", "--no-xvfb"]
    run(code, "--collect-only", *quiet, *(str(TESTS / name) for name in FREE))
    assert " passed" in run(code, *quiet, str(TESTS / "test_geometry.py"))
