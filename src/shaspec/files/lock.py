"""Locks on files that end with their process, also when it is killed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from shaspec.errors import InputError
from shaspec.files.reading import reason

if sys.platform != "win32":
    import fcntl

LOCK = ".lock"


def lock(descriptor: int) -> bool:
    """Lock an open file for this process; False if another one has it.

    True also where files cannot be locked: some network drives.
    """
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


@contextmanager
def locked_folder(folder: Path, doing: str, name: str = LOCK) -> Iterator[None]:
    """Keep other runs out of a folder during the block.

    Args:
        folder: made if it is missing; has the file ``name`` during the block.
        doing: what the block does, for the message, e.g. ``training``.
        name: of the file that is locked.

    Raises:
        InputError: another process has locked it, or it cannot be written to.
    """
    path = folder / name
    descriptor = _opened(path)
    locked = lock(descriptor)
    while locked and not _is_at(descriptor, path):  # removed at the end of the run that had it
        os.close(descriptor)
        descriptor = _opened(path)
        locked = lock(descriptor)
    try:
        if not locked:
            raise InputError(
                f"{folder}: another process is {doing} in this folder; wait for its end, or choose "
                "another folder"
            )
        yield
    finally:
        if locked and sys.platform != "win32":
            with suppress(OSError):  # a file that stays locks nothing once it is closed
                path.unlink()
        os.close(descriptor)


def _opened(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path.parent}: cannot be written to as a folder ({reason(error)})"
        ) from error


def _is_at(descriptor: int, path: Path) -> bool:
    """True if the open file still has its name."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False
