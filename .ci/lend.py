"""Lend wheels what they require: links to the packages of the environment that runs this.

Usage: lend.py FOLDER WHEEL [WHEEL ...], where a wheel may name extras as for pip: x.whl[all].
FOLDER then holds what the wheels require, directly or indirectly, and nothing else: importing
anything more fails as it would for a user.
"""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path
from zipfile import Path as ZipPath

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def open_wheel(path: Path) -> metadata.Distribution:
    info = next(p for p in ZipPath(path).iterdir() if p.name.endswith(".dist-info"))
    return metadata.PathDistribution(info)


def link(distribution: metadata.Distribution, folder: Path) -> None:
    """Link what the distribution has at the top of site-packages."""
    for top in {file.parts[0] for file in distribution.files or []} - {"..", "__pycache__"}:
        if not (folder / top).exists():
            (folder / top).symlink_to(Path(str(distribution.locate_file(top))))


def lend(folder: Path, wheels: list[str]) -> None:
    """Link all that the wheels require, except for the wheels themselves."""
    own = {}
    waiting = []  # distributions, each with an extra or ""
    for wheel in wheels:
        path, _, extras = wheel.removesuffix("]").partition("[")
        distribution = open_wheel(Path(path))
        own[canonicalize_name(distribution.name)] = distribution
        waiting += [(distribution.name, extra) for extra in ["", *filter(None, extras.split(","))]]
    seen = set()
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        distribution = own.get(name) or metadata.distribution(name)
        if name not in own:
            link(distribution, folder)
        for requirement in map(Requirement, distribution.requires or []):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                name = canonicalize_name(requirement.name)
                waiting += [(name, wanted) for wanted in ("", *requirement.extras)]


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(exist_ok=True)
    lend(target, sys.argv[2:])
