"""Set the version of a release in every file that states it, and date its changelog.

python scripts/set_version.py 0.3.0
"""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VERSION = re.compile(r"\d+\.\d+\.\d+((a|b|rc)\d+)?")
PLACES = {
    "src/shaspec/__init__.py": r'(?m)^(__version__ = ")[^"]+(")',
    "pyproject.toml": r'("shaspec==)[^"]+(")',
    "slicer/ShaSpec/Resources/requirements.txt": r"(shaspec>=)\S+()",
    "CITATION.cff": r'(?m)^(version: "?)[^"\s]+("?)$',
}
"""File -> what stands before and after the version."""
UNRELEASED = "## [Unreleased]\n"


class ReleaseError(Exception):
    """A file that a release cannot be made from; the message names it."""


def set_version(root: Path, version: str, day: str) -> None:
    """Change the files below ``root``.

    Args:
        root: of the repository.
        version: such as ``0.3.0`` or ``0.3.0rc1``.
        day: of the release, ``YYYY-MM-DD``.

    Raises:
        ReleaseError: a version that is none, nothing under *Unreleased*, or a file without its
            place for the version. Then no file is changed.
    """
    if not VERSION.fullmatch(version):
        raise ReleaseError(f"{version!r} is no version such as 0.3.0")
    changed = {root / "CHANGELOG.md": dated(root / "CHANGELOG.md", version, day)}
    for name, place in PLACES.items():
        text, count = re.subn(place, rf"\g<1>{version}\g<2>", (root / name).read_text("utf-8"))
        if count != 1:
            raise ReleaseError(f"{name}: states the version {count} times, not once")
        changed[root / name] = text
    for path, text in changed.items():
        path.write_text(text, "utf-8")


def dated(changelog: Path, version: str, day: str) -> str:
    """The changelog with the version as heading of what was unreleased."""
    before, heading, after = changelog.read_text("utf-8").partition(UNRELEASED)
    changes = after.split("\n## [", 1)[0]
    if not heading or not changes.strip():
        raise ReleaseError(f"{changelog.name}: has nothing under {UNRELEASED.strip()}")
    if f"\n## [{version}]" in after:
        raise ReleaseError(f"{changelog.name}: has version {version} already")
    return f"{before}{heading}\n## [{version}] - {day}\n{after}"


def main() -> int:
    """Read the command line; returns the exit code."""
    try:
        set_version(ROOT, sys.argv[1], time.strftime("%Y-%m-%d"))
    except (IndexError, ReleaseError) as error:
        print(f"set_version: {error if str(error) else __doc__}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
