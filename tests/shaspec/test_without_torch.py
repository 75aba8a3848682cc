"""Files, names, grids and phantoms need no network: their modules and tests do not import torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FREE = [
    "files",
    "io",
    "phantom",
    "test_case.py",
    "test_conventions.py",
    "test_geometry.py",
    "test_preprocessing.py",
    "test_preprocessing_background.py",
    "test_task.py",
    "test_task_names.py",
    "test_thresholds.py",
]


def run(code: str, *arguments: str) -> str:
    """The output of Python code in a process of its own, which must not import torch."""
    code = f"import sys; {code}; sys.exit('torch was imported' if 'torch' in sys.modules else 0)"
    command = [sys.executable, "-c", code, *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_modules_of_cases_do_not_import_torch() -> None:
    names = ["case", "conventions", "geometry", "io", "models.card", "phantom", "preprocessing"]
    names += ["cohort.stages", "remote.server", "task", "task_files"]
    run("import " + ", ".join(f"shaspec.{name}" for name in names))


@pytest.mark.slow
def test_tests_of_files_names_and_grids_run_without_torch() -> None:
    """All these test modules are imported; the tests of grids are run as an example."""
    code = "import pytest; status = pytest.main(sys.argv[1:]); status and sys.exit(int(status))"
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:napari", "--no-xvfb"]
    files = [str(TESTS / name) for name in FREE]
    assert " passed" in run(code, *options, "-k", "test_geometry", *files)
