"""Everything a prepared case depends on: it is prepared again only if that changes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from shaspec.errors import InputError
from shaspec.io.cases import label_hints
from shaspec.io.folders import CaseFiles
from shaspec.io.label_names import described_scheme
from shaspec.io.schemes import named_schemes
from shaspec.task import Task
from shaspec.training.config import TrainConfig


def reading(config: TrainConfig) -> dict[str, Any]:
    """Options of `read_case` for every case of a run."""
    return {"scheme": config.scheme, "labels_by_voxel": config.labels_by_voxel}


def content(files: CaseFiles, task: Task, config: TrainConfig) -> dict[str, Any]:
    """The identity of a prepared case: the bytes of its files, regardless of their location.

    Reading packed files costs a hundredth of preparing them.
    """
    labels = files.label_files
    digests = {path: _digest(path) for path in {*files.volumes.values(), *labels}}
    key: dict[str, Any] = {
        "volumes": {
            name: [digests[path], (files.channel or {}).get(name)]
            for name, path in files.volumes.items()
        },
        "labels": [digests[path] for path in labels],
        "reading": reading(config),
    }
    if labels and config.scheme is None:  # names may determine the convention
        described = described_scheme(labels[0], task)
        named, _ = named_schemes(task.schemes, label_hints(files))
        key["names"] = [s.name for s in named]
        key["described"] = described and described.codes
    return key


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror or error}); see that it is a file and that "
            "you may read it, or remove the case from the training data"
        ) from error


def phantom_version() -> str:
    """Changes with the source of the phantom, so that a better one is not hidden by the cache."""
    import shaspec.phantom as package

    root = Path(str(package.__file__))
    files = sorted(root.parent.glob("*.py")) if root.name == "__init__.py" else [root]
    return hashlib.blake2b(b"".join(f.read_bytes() for f in files), digest_size=8).hexdigest()
