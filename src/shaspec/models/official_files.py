"""Reading the weights from checkpoints of the authors' code.

ShaSpec pickles its whole network, nnU-Net v1 (MAML) writes ``.model`` with a ``.model.pkl`` beside
it, M3L a dictionary of state dicts. No code in a file is executed (`safe_unpickle`). Only the
weights are read; the optimiser, activations and other content are listed and left out.
"""

from __future__ import annotations

import os
import pickle
import struct
import sys
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor

from shaspec.errors import InputError
from shaspec.files.reading import is_file, open_regular
from shaspec.models.official_tables import Stored, all_tensors, tables_of
from shaspec.models.safe_unpickle import SafeUnpickler, StoredTensor

TIMES = 8
"""How often the bytes of a file may count: tensors can share a storage."""
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
MALFORMED = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    struct.error,
    EOFError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""Errors of zip reader and unpickler for damaged or manipulated files."""


@dataclass
class Report:
    """Content of a checkpoint: the imported tensors, and the names of those left out."""

    path: Path
    found: dict[str, int] = field(default_factory=dict)
    """Tables of tensors: path in the file -> number of tensors."""
    taken: str = ""
    """Path of the imported table."""
    other_tensors: int = 0
    other_bytes: int = 0
    inert: dict[str, int] = field(default_factory=dict)
    """Names of foreign classes and functions; none was imported or run."""
    extra: dict[str, Any] = field(default_factory=dict)
    """nnU-Net's ``.pkl``: name of the trainer, plans, ...; anything foreign in it is inert."""

    def lines(self) -> list[str]:
        """For a person."""
        others = [f"{n} at {place}" for place, n in self.found.items() if place != self.taken]
        text = [f"{self.path.name}: took {self.found[self.taken]} tensors at {self.taken}"]
        if others:
            text.append(f"left out these tables of tensors: {', '.join(others)}")
        if self.other_tensors:
            text.append(
                f"left out: {self.other_tensors} tensors in all, {self.other_bytes / 1e6:.0f} MB "
                "(optimiser, activations)"
            )
        if self.inert:
            names = ", ".join(sorted(self.inert))
            text.append(f"named in the file, not imported and not run: {names}")
        return text


def read_official(path: Path | str, part: str | None = None) -> tuple[dict[str, Tensor], Report]:
    """Read the weights from a checkpoint of the authors' code.

    Args:
        path: file of ``torch.save``, or nnU-Net's ``.model`` (its ``.model.pkl`` is read too).
        part: path of the table of tensors in the file; default: the largest table.

    Raises:
        InputError: the file is not a checkpoint, is damaged, or has no weights or no ``part``.
    """
    path = Path(path)
    try:
        with open_regular(path) as file:
            content, storage, inert = _open(path, file)
            tables = dict(tables_of(content))
            report = Report(path, {place: len(t) for place, t in tables.items()}, inert=inert)
            report.taken = _choose(path, report.found, part)
            taken = tables[report.taken]
            _check_sum(taken, os.fstat(file.fileno()).st_size)
            tensors = {name: _load(stored, storage) for name, stored in taken.items()}
            rest = set(all_tensors(content)) - set(taken.values())
    except MALFORMED as error:
        why = str(error) or type(error).__name__
        raise InputError(
            f"{path} cannot be read as a checkpoint of PyTorch: {why}; "
            "give the complete file that the authors' training wrote"
        ) from error
    report.other_tensors = len(rest)
    report.other_bytes = sum(prod(t.size) * t.dtype.itemsize for t in rest)
    report.extra = _read_plans(path, report)
    return tensors, report


def _check_sum(tensors: Stored, size: int) -> None:
    """Refuse thousands of tensors in one storage, which is read for each: a few bytes, hours."""
    needed = sum(t.numel * t.dtype.itemsize for t in tensors.values())
    if needed > TIMES * size + 2**20:
        raise ValueError(f"its tensors take {needed:,} bytes, the file has {size:,}")


def _choose(path: Path, tables: dict[str, int], part: str | None) -> str:
    if not tables:
        raise InputError(f"{path} contains no table of named tensors: it is not a model")
    if part is None:
        return max(tables, key=lambda place: tables[place])
    if part not in tables:
        raise InputError(f"{path} has no tensors at {part}: choose one of {', '.join(tables)}")
    return part


def _read_plans(path: Path, report: Report) -> dict[str, Any]:
    """nnU-Net's description beside ``.model``, plain values only."""
    beside = path.with_name(path.name + ".pkl")
    if path.suffix != ".model" or not is_file(beside):
        return {}
    try:
        with open_regular(beside) as file:
            unpickler = SafeUnpickler(file)
            content = unpickler.load()
    except MALFORMED as error:
        raise InputError(f"{beside} cannot be read as nnU-Net's description: {error}") from error
    report.inert = dict(Counter(report.inert) + unpickler.inert)
    return dict(content) if isinstance(content, dict) else {}


# -- the two formats of torch.save -----------------------------------------------------------

Storage = Callable[[StoredTensor], bytes]
"""The bytes of the storage of a tensor, little-endian."""


def _open(path: Path, file: IO[bytes]) -> tuple[Any, Storage, dict[str, int]]:
    """The pickled object, a way to its storages, and the names left inert."""
    start = file.read(4)
    file.seek(0)
    if start == b"PK\x03\x04":
        return _open_zip(path, zipfile.ZipFile(file))
    if start[:1] == b"\x80":
        return _open_legacy(path, file)
    raise InputError(
        f"{path} is not a checkpoint of PyTorch (neither the zip format nor the older one); "
        "save a checkpoint from before PyTorch 1.0 again with a later version"
    )


def _open_zip(path: Path, archive: zipfile.ZipFile) -> tuple[Any, Storage, dict[str, int]]:
    """Since PyTorch 1.6: ``NAME/data.pkl`` and one uncompressed ``NAME/data/KEY`` per storage."""
    pickles = [n for n in archive.namelist() if n.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise InputError(f"{path} is a zip file, but was not written by PyTorch")
    root = pickles[0].removesuffix("data.pkl")
    if any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist()):
        raise InputError(
            f"{path} is compressed, but PyTorch does not compress: give the original file"
        )
    order = f"{root}byteorder"
    if order in archive.namelist() and archive.read(order) != b"little":
        raise InputError(f"{path} was written on a big-endian machine, which is not supported")
    with archive.open(pickles[0]) as file:
        unpickler = SafeUnpickler(file)
        content = unpickler.load()

    def storage(stored: StoredTensor) -> bytes:
        return archive.read(f"{root}data/{stored.key}")  # checks the CRC

    return content, storage, dict(unpickler.inert)


def _open_legacy(path: Path, file: IO[bytes]) -> tuple[Any, Storage, dict[str, int]]:
    """Before: magic number, version, system, object, keys as pickles, then the storages."""
    if SafeUnpickler(file).load() != LEGACY_MAGIC:
        raise InputError(f"{path} is a pickle, but not a checkpoint of PyTorch")
    SafeUnpickler(file).load()
    system = SafeUnpickler(file).load()
    if not system.get("little_endian", True):
        raise InputError(f"{path} was written on a big-endian machine, which is not supported")
    unpickler = SafeUnpickler(file)
    content = unpickler.load()
    keys = [str(key) for key in SafeUnpickler(file).load()]
    sizes = {t.key: t.numel * t.dtype.itemsize for t in all_tensors(content)}
    at: dict[str, int] = {}
    for key in keys:
        file.seek(8, 1)  # number of elements, known from the tensors
        at[key] = file.tell()
        file.seek(sizes.get(key, 0), 1)

    def storage(stored: StoredTensor) -> bytes:
        file.seek(at[stored.key])
        return file.read(stored.numel * stored.dtype.itemsize)

    return content, storage, dict(unpickler.inert)


def _load(stored: StoredTensor, storage: Storage) -> Tensor:
    """The values of one tensor, after checking that it is within its storage."""
    if sys.byteorder != "little":
        raise InputError("checkpoints are read on little-endian machines only")
    size, stride = stored.size, stored.stride
    if len(size) != len(stride) or min((*size, *stride, stored.offset), default=0) < 0:
        raise ValueError(f"a tensor of size {size} and strides {stride}")
    last = stored.offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    if prod(size) == 0:
        return torch.empty(size, dtype=stored.dtype)
    raw = storage(stored)
    if len(raw) != stored.numel * stored.dtype.itemsize or last >= stored.numel:
        raise ValueError(f"storage {stored.key} is truncated")
    flat = torch.frombuffer(bytearray(raw), dtype=stored.dtype)
    # A stride of 0 lets a few bytes claim any size.
    if prod(size) > stored.numel:
        raise ValueError(f"a tensor of size {size} in a storage of {stored.numel}")
    view = torch.as_strided(flat, size, stride, stored.offset)
    return view.clone(memory_format=torch.contiguous_format)
