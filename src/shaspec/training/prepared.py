"""One prepared case in the cache of a training; `shaspec.training.prepare` makes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from shaspec.errors import InputError
from shaspec.files.archives import read_arrays
from shaspec.files.reading import TEXT, read_bytes
from shaspec.memory import is_out_of_memory

IMAGES, LABELS, CENTRES, FACTS = "images.npy", "labels.npy", "centres.npz", "facts.json"


LARGEST = 2**30
"""Bytes of all centres: those of 90 million voxels."""


class Facts(BaseModel):
    """What is known of a prepared case besides its voxels."""

    model_config = ConfigDict(frozen=True)

    available: tuple[bool, ...]
    """Which modalities the case has."""
    scales: tuple[float, ...]
    """Factors from the stored voxels to normalised intensities, one per channel."""
    fingerprints: dict[str, str]
    """Modality -> hash of its voxels as they were read."""


@dataclass(frozen=True)
class PreparedCase:
    """One case in the cache. Its arrays are memory-mapped by the process that asks for them.

    Every property raises `InputError` if its file is missing or damaged.
    """

    name: str
    phantom: bool
    folder: Path
    labelled: bool = True
    """False: its labels are not used, and read as background."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Worker processes map the files themselves instead of being sent the voxels.
        return PreparedCase, tuple(getattr(self, field.name) for field in fields(self))

    @cached_property
    def images(self) -> npt.NDArray[np.int16]:
        """(C, *spatial), the channels of all modalities in task order, an absent one all zero; to
        be multiplied by `scales`."""
        channels = len(self.facts.scales)
        with _reading(self.folder / IMAGES):
            images: npt.NDArray[np.int16] = np.load(self.folder / IMAGES, mmap_mode="r")
            _demand(images.dtype == np.int16 and images.ndim in (3, 4))
            _demand(len(images) == channels)
        return images

    @cached_property
    def labels(self) -> npt.NDArray[np.uint8]:
        """(*spatial) in the task's codes."""
        if not self.labelled:
            return np.broadcast_to(np.uint8(0), self.images.shape[1:])
        shape = self.images.shape[1:]
        with _reading(self.folder / LABELS):
            labels: npt.NDArray[np.uint8] = np.load(self.folder / LABELS, mmap_mode="r")
            _demand(labels.dtype == np.uint8)
            _demand(labels.shape == shape)
        return labels

    @cached_property
    def centres(self) -> list[npt.NDArray[np.int32]]:
        """Per region (n, dims) voxels to centre crops on; only regions that occur."""
        if not self.labelled:
            return []
        shape = self.images.shape[1:]
        path = self.folder / CENTRES
        with _reading(path):
            arrays = read_arrays(path, LARGEST)
            centres = [arrays[key] for key in sorted(arrays)]
            for voxels in centres:
                _demand(voxels.dtype == np.int32 and voxels.ndim == 2)
                _demand(0 not in voxels.shape and voxels.shape[1] == len(shape))
                _demand(bool(((voxels >= 0) & (voxels < shape)).all()))
        return centres

    @cached_property
    def facts(self) -> Facts:
        """What else is known, as it was written."""
        with _reading(self.folder / FACTS):
            return Facts.model_validate_json(read_bytes(self.folder / FACTS, TEXT))

    @cached_property
    def available(self) -> npt.NDArray[np.bool_]:
        """(M,) which modalities the case has."""
        return np.array(self.facts.available)

    @cached_property
    def scales(self) -> npt.NDArray[np.float32]:
        """(C,) factors from `images` to normalised intensities."""
        return np.array(self.facts.scales, np.float32)

    @property
    def fingerprints(self) -> dict[str, str]:
        """Modality -> hash of its voxels as they were read."""
        return self.facts.fingerprints


def write_prepared(
    folder: Path,
    images: npt.NDArray[np.int16],
    labels: npt.NDArray[np.uint8],
    centres: dict[str, npt.NDArray[np.int32]],
    facts: Facts,
) -> None:
    """Write the files of a prepared case into an empty folder; raises ``OSError``."""
    _save(folder / IMAGES, images)
    _save(folder / LABELS, labels)
    np.savez(folder / CENTRES, **centres)  # type: ignore[arg-type]
    (folder / FACTS).write_text(json.dumps(facts.model_dump()), "utf-8")


class _Plain:
    """Only the ``write`` of a file. With the file itself, numpy writes past Python, and a full disk
    leaves a file that is cut off without an error."""

    def __init__(self, file: BinaryIO) -> None:
        self.write = file.write


def _save(path: Path, array: npt.NDArray[Any]) -> None:
    with path.open("wb") as file:
        np.save(_Plain(file), array)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Name the file, and what to do, where a prepared case cannot be read."""
    try:
        yield
    except Exception as error:  # numpy and zipfile raise dozens of classes for damaged files
        if is_out_of_memory(error):
            raise
        cause = type(error).__name__
        raise InputError(
            f"{path}: this prepared case is damaged ({cause}); delete the folder {path.parent}, "
            "the next run prepares the case again"
        ) from error


def _demand(holds: bool) -> None:
    if not holds:
        raise ValueError
