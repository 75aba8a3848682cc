"""Write files atomically, and check output paths before a run.

A file is written in its folder under a name that ends in ``.partial``, flushed to disk and renamed.
It is locked during writing, so that `sweep` can distinguish the leftovers of a killed run from the
files of a running one.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from shaspec.errors import InputError
from shaspec.files.lock import lock
from shaspec.files.reading import reason

LEFTOVER = re.compile(r"\..*\.[0-9a-f]{8}\.partial", re.DOTALL)
MOST_BYTES = 255
"""Length of a file name in bytes, on all common file systems."""
ROOM = 2**20
"""Bytes that are written before a run, to find a full disk or a quota. Labels take less."""


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file atomically; creates missing folders.

    Raises:
        InputError: if it cannot be written.
    """
    with replacing(path) as file:
        file.write(data)


def rename(path: Path, target: Path) -> None:
    """Give a finished file its final name, in place of an earlier file of that name.

    Raises:
        InputError: if it cannot be renamed.
    """
    try:
        os.replace(path, target)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be renamed to {target.name} ({reason(error)}); close programs that "
            "have it open, or choose another folder"
        ) from error


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that becomes ``path`` at the end of the block, unless the block raises.

    Makes missing folders. An ``OSError`` of the block counts as a failure to write.

    Raises:
        InputError: it cannot be written.
    """
    if "\0" in str(path):
        raise InputError(f"{str(path)!r}: has a null character; leave it out")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file, partial = _locked_partial(path)
        try:
            with file:
                yield file
                file.flush()
                os.fsync(file.fileno())
                if os.name != "nt":  # renamed while locked: no moment at which it can be swept
                    os.replace(partial, path)
            if os.name == "nt":
                os.replace(partial, path)
            _flush_folder(path.parent)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({reason(error)}); choose another folder or free space"
        ) from error


def _locked_partial(path: Path) -> tuple[BinaryIO, Path]:
    """A new file beside ``path``, locked, and its path."""
    short = path.name.encode("utf-8", "surrogateescape")[:100].decode("utf-8", "ignore")
    while True:
        partial = path.with_name(f".{short}.{uuid.uuid4().hex[:8]}.partial")
        file = partial.open("xb")
        if lock(file.fileno()) and partial.exists():
            return file, partial
        file.close()  # swept between open and lock


def _flush_folder(folder: Path) -> None:
    """Make a rename last through a power cut; not every system can."""
    if os.name == "nt":
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to fill that becomes ``path`` at the end of the block, unless the block raises.

    If another process has made ``path`` in the meantime, that one stays.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial, descriptor = _locked_partial_folder(path)
    try:
        yield partial
        try:
            partial.rename(path)
        except OSError:
            if not path.is_dir():  # else another process was faster
                raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        if descriptor is not None:
            os.close(descriptor)


@contextmanager
def all_or_nothing(folder: Path, *, new: bool) -> Iterator[Path]:
    """A folder to fill, whose files become those of ``folder`` at the end, unless the block raises.

    Files in ``folder`` with other names stay. If the block raises, ``folder`` is as it was before,
    and one that is ``new``, i.e. was made for this run, is removed if it is empty.

    Raises:
        InputError: if a finished file cannot be moved.
        OSError: ``folder`` cannot be written.
    """
    partial, descriptor = _locked_partial_folder(folder / "files")
    try:
        yield partial
        for path in sorted(path for path in partial.rglob("*") if path.is_file()):
            target = folder / path.relative_to(partial)
            target.parent.mkdir(parents=True, exist_ok=True)
            rename(path, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        if descriptor is not None:
            os.close(descriptor)
        if new:
            with suppress(OSError):  # it has files
                folder.rmdir()


def _locked_partial_folder(path: Path) -> tuple[Path, int | None]:
    """A new folder beside ``path``, and what holds its lock; Windows has no locks of folders."""
    while True:
        partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.partial")
        partial.mkdir()
        if os.name == "nt":
            return partial, None
        with suppress(FileNotFoundError):
            descriptor = os.open(partial, os.O_RDONLY)
            if lock(descriptor) and partial.exists():
                return partial, descriptor
            os.close(descriptor)  # swept between mkdir and lock


def sweep(folder: Path) -> int:
    """Remove partial files and folders of killed runs from ``folder``; returns their number.

    Those that a running process writes are locked, and stay.
    """
    count = 0
    with suppress(OSError):
        for entry in os.scandir(folder):
            if LEFTOVER.fullmatch(entry.name) and not entry.is_symlink():
                with suppress(OSError):
                    count += _removed(Path(entry.path), folder=entry.is_dir())
    return count


def _removed(partial: Path, *, folder: bool) -> bool:
    """Remove a leftover unless it is locked, or a folder on Windows; raises ``OSError``."""
    if folder and os.name == "nt":
        return False
    descriptor = os.open(partial, os.O_RDONLY if folder else os.O_RDWR)
    try:
        ours = lock(descriptor)
        if ours and folder:
            shutil.rmtree(partial)
        elif ours and os.name != "nt":
            partial.unlink()
    finally:
        os.close(descriptor)
    if ours and os.name == "nt":  # which removes no open file
        partial.unlink()
    return ours


def make_folder(path: Path) -> None:
    """Make a folder for results, see that files of `ROOM` fit into it, and `sweep` it.

    Raises:
        InputError: it cannot be made or written to, is on a full disk, or would be a new folder
            with control characters in its name.
    """
    if any(ord(letter) < 32 for letter in str(path)) and not os.path.isdir(path):
        raise InputError(f"{str(path)!r}: the name has control characters; leave them out")
    try:
        path.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=path) as probe:
            probe.write(bytes(ROOM))
            probe.flush()
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path}: cannot be written to as a folder ({reason(error)}); choose another or free "
            "space"
        ) from error
    sweep(path)


def check_folder(folder: Path, names: Iterable[str]) -> None:
    """`make_folder`, and `check_place` of the files that a run will write there.

    Args:
        folder: of the results.
        names: of the files; those in folders below it with ``/``.

    Raises:
        InputError: as there.
    """
    paths = [folder / name for name in names]
    for place in dict.fromkeys([folder, *(path.parent for path in paths)]):
        make_folder(place)
    for path in paths:
        check_place(path)


def check_file(path: Path | None, endings: Sequence[str] = ()) -> None:
    """`check_place`, and see that files can be written to the folder of ``path``.

    Args:
        path: the file; None: nothing is to be written.
        endings: what its name may end in, in lower case; empty: anything.

    Raises:
        InputError: as `check_place` and `make_folder`.
    """
    if path is not None:
        check_place(path, endings)
        make_folder(path.parent)


def check_place(path: Path, endings: Sequence[str] = ()) -> None:
    """See that a result may have the name ``path``, before work goes into it.

    Args:
        path: the file.
        endings: what its name may end in, in lower case; empty: anything.

    Raises:
        InputError: wrong ending, name too long, a folder, a link or a device.
    """
    name = path.name
    if os.path.isdir(path) or not name:
        raise InputError(f"{path} is a folder: name a file to write")
    if endings and not name.lower().endswith(tuple(endings)):
        raise InputError(f"{path}: is written as {' or '.join(endings)}; change the ending")
    if len(name.encode("utf-8", "surrogateescape")) > MOST_BYTES:
        raise InputError(f"{name[:40]}...: the name is longer than {MOST_BYTES} bytes; shorten it")
    if any(ord(letter) < 32 for letter in name):
        raise InputError(f"{str(path)!r}: the name has control characters; leave them out")
    try:
        mode = os.lstat(path).st_mode
    except (OSError, ValueError):
        return  # new, or in a folder that `make_folder` judges
    if stat.S_ISLNK(mode):
        target = os.path.realpath(path)
        if not os.path.exists(target):
            raise InputError(f"{path}: is a link that leads to no file; choose another path")
        raise InputError(f"{path}: is a link to {target}; name that file, or another one")
    if not stat.S_ISREG(mode):
        raise InputError(f"{path}: is not a regular file; choose another path")
