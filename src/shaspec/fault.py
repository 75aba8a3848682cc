"""Turn an unexpected error into a message and a report file.

The report contains the command, versions, and the location in the code. Error messages are left
out, because they can quote file contents.
"""

from __future__ import annotations

import os
import platform
import re
import sys
import tempfile
import time
import traceback
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from shaspec import __version__
from shaspec.memory import is_out_of_memory

RAISE = "SHASPEC_RAISE"
"""Environment variable; if it is set, as in the tests, no error is caught here."""
LEFT_OUT = {"torch": "torch", "lightning_fabric": "lightning-fabric"}
"""Modules that a client of a server can do without (docs/serve.md) -> the package to install."""
PACKAGES = ("torch", "numpy", "scipy", "nibabel", "pydantic", "safetensors", "napari")


def is_off() -> bool:
    """Return whether unexpected errors are raised unchanged: in tests, and for developers."""
    return bool(os.environ.get(RAISE))


def fault_message(error: BaseException, command: str) -> str:
    """Write the report of an unexpected error and return a message for the user.

    Args:
        error: the error.
        command: the command line.

    Returns:
        One sentence that names the report file, or one about memory or a missing package.
    """
    if text := missing_package(error):
        return text
    if is_out_of_memory(error):
        return "out of memory: close other programs, or use smaller windows or a smaller case"
    words = getattr(error, "strerror", None)  # of the system, which quotes no file
    cause = f"{type(error).__name__}: {words}" if words else type(error).__name__
    report = write_report(error, command)
    where = f"; the details are in {report}" if report else ""
    return f"this is an error in the program ({cause}){where}; please report it"


def missing_package(error: BaseException) -> str:
    """What to do about a package that a light installation leaves out; empty: another error."""
    name = error.name or "" if isinstance(error, ModuleNotFoundError) else ""
    package = LEFT_OUT.get(name.partition(".")[0])
    if package is None:
        return ""
    return (
        f"this needs {package}, which is not installed on this computer: run pip install "
        f"{package}; predict, sweep and report also run on a server: --server or SHASPEC_SERVER"
    )


def write_report(error: BaseException, command: str) -> Path | None:
    """Write the report of an error; returns its path, or None if it cannot be written."""
    text = report_text(error, command)
    name = f"shaspec-fault-{time.strftime('%Y%m%d-%H%M%S')}-"
    try:
        descriptor, path = tempfile.mkstemp(".txt", name)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        return None
    return Path(path)


def report_text(error: BaseException, command: str) -> str:
    """The report: command, versions, and the traceback without error messages and tokens."""
    command = re.sub(r"//[^/@\s]+@", "//TOKEN@", command)
    versions = [f"{name} {version}" for name in PACKAGES if (version := _version(name))]
    head = [
        f"command: {command}",
        f"shaspec {__version__}, Python {platform.python_version()}, {platform.platform()}",
        ", ".join(versions),
    ]
    return "\n".join([*head, "", *_frames(error), ""])


def _frames(error: BaseException) -> list[str]:
    """Files, lines and functions of an error and of its causes."""
    lines: list[str] = []
    cause: BaseException | None = error
    while cause is not None:
        lines.append(f"{type(cause).__module__}.{type(cause).__qualname__}")
        for frame in traceback.extract_tb(cause.__traceback__):
            lines.append(f"  {frame.filename}:{frame.lineno} in {frame.name}: {frame.line}")
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return lines


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def command_line() -> str:
    """The command line of this process."""
    return " ".join(sys.argv)
