"""Files, names, grids and phantoms need no network: their modules and tests do not import torch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shaspec import make_case
from shaspec.fault import RAISE
from shaspec.io import write_case

pytestmark = pytest.mark.slow  # processes of their own

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


def test_the_python_client_of_a_server_does_not_import_torch(tmp_path: Path) -> None:
    write_case(tmp_path / "anna", make_case(9_000_001, shape=(24, 24, 24)))
    code = "import shaspec; from shaspec.remote.server import RemoteServer; "
    run(f"{code}shaspec.read_case(sys.argv[1])", str(tmp_path / "anna"))


def test_without_torch_the_command_line_says_what_to_do(tmp_path: Path) -> None:
    write_case(tmp_path / "anna", make_case(9_000_001, shape=(24, 24, 24)))
    code = (
        "import sys; sys.modules['torch'] = None; from shaspec.cli import main; "
        "sys.argv[1:] = ['predict', sys.argv[1], '--out', 'x_pred.nii.gz']; main()"
    )
    environment = {k: v for k, v in os.environ.items() if k not in (RAISE, "SHASPEC_SERVER")}
    result = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "anna")],
        capture_output=True, text=True, check=False, cwd=tmp_path, env=environment,
    )  # fmt: skip
    said = " ".join(result.stderr.split())
    assert result.returncode == 2, said
    assert "this needs torch, which is not installed on this computer" in said
    assert "--server" in said


@pytest.mark.slow
def test_tests_of_files_names_and_grids_run_without_torch() -> None:
    """All these test modules are imported; the tests of grids are run as an example."""
    code = "import pytest; status = pytest.main(sys.argv[1:]); status and sys.exit(int(status))"
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:napari", "--no-xvfb"]
    files = [str(TESTS / name) for name in FREE]
    assert " passed" in run(code, *options, "-k", "test_geometry", *files)
