"""Locks on files that end with their process, also when it is killed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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
def locked_folder(folder: Path, doing: str) -> Iterator[None]:
    """Keep other runs out of a folder during the block.

    Args:
        folder: made if it is missing; gets a file ``.lock`` that stays.
        doing: what the block does, for the message, e.g. ``training``.

    Raises:
        InputError: another process has locked it, or it cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    except (OSError, ValueError) as error:
        raise InputError(f"{folder}: cannot be written to as a folder ({reason(error)})") from error
    try:
        if not lock(descriptor):
            raise InputError(
                f"{folder}: another process is {doing} in this folder; wait for its end, or choose "
                "another folder"
            )
        yield
    finally:
        os.close(descriptor)
