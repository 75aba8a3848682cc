"""One guarded way in: files from outside are opened here and nowhere else.

A FIFO would block, a device such as ``/dev/zero`` has no end, and a file can be larger than the
memory. So a file has to be a regular file, and is read up to a limit. All errors are `InputError`
with the path.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import math
import os
import stat
import tomllib
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Any

from shaspec.errors import InputError

TEXT = 32 * 1024**2
"""Maximum bytes of a JSON or TOML file; it takes up to thirty times as much memory."""
TABLE = 256 * 1024**2
"""Maximum bytes of a CSV file or a list of cases: half a million cases."""
DEPTH = 40
"""Maximum nesting of a JSON or TOML file."""


def is_file(path: str | Path) -> bool:
    """Return whether ``path`` is a regular file; False if the path is invalid, e.g. too long.

    `Path.is_file` raises for missing permissions and names that are too long (until Python 3.13).
    """
    return os.path.isfile(path)


def is_file_or_link(path: str | Path) -> bool:
    """Return whether ``path`` is a file, or a link to a file that is not there."""
    return os.path.lexists(path) and not os.path.isdir(path)


def is_folder(path: str | Path) -> bool:
    """Return whether ``path`` is a folder; False if the path is invalid."""
    return os.path.isdir(path)


def exists(path: str | Path) -> bool:
    """Return whether ``path`` is a file or folder; False if the path is invalid."""
    return os.path.exists(path)


def resolved(path: str | Path) -> Path:
    """Return the absolute path without links; it stays as it is if it cannot be followed.

    `Path.resolve` raises for loops of links (until Python 3.13) and for null characters.
    """
    try:
        return Path(os.path.realpath(path))
    except (OSError, ValueError):
        return Path(path)


def entries_of(folder: Path) -> list[Path]:
    """The files and folders in a folder, sorted; raises `InputError` if it cannot be read."""
    try:
        return sorted(folder.iterdir())
    except (OSError, ValueError) as error:
        raise InputError(f"{folder}: cannot be read as a folder ({reason(error)})") from error


def open_regular(path: str | Path) -> BufferedReader:
    """Open a regular file for reading; never blocks.

    Raises:
        InputError: the file is missing or cannot be read, or the path is a folder, FIFO, device or
            socket.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        if os.path.isdir(path):  # which Windows cannot open
            raise InputError(f"{path}: is a folder; name a file")
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        if os.path.islink(path):  # DataLad and git-annex leave such links in place of the data
            raise InputError(
                f"{path}: is a link to a file that is not there; download or copy that file, in a "
                "DataLad data set with datalad get"
            ) from None
        raise InputError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({reason(error)})") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InputError(f"{path}: is not a regular file; copy its content into one")
    return BufferedReader(_Reading(descriptor, str(path)))


class _Reading(FileIO):
    """An opened file whose errors, as of a broken disk, are `InputError` with its path."""

    def __init__(self, descriptor: int, path: str) -> None:
        super().__init__(descriptor, "rb")
        self._path = path

    def readinto(self, buffer: Any, /) -> int | None:
        try:
            return super().readinto(buffer)
        except OSError as error:
            raise self._refusal(error) from error

    def readall(self) -> bytes:
        try:
            return super().readall()
        except OSError as error:
            raise self._refusal(error) from error

    def _refusal(self, error: OSError) -> InputError:
        return InputError(f"{self._path}: cannot be read ({reason(error)})")


def read_bytes(path: str | Path, limit: int) -> bytes:
    """A whole file of at most ``limit`` bytes; raises `InputError`, also for a larger one."""
    with open_regular(path) as file:
        return _at_most(file, path, limit)


def _at_most(file: BufferedReader, path: str | Path, limit: int) -> bytes:
    size = os.fstat(file.fileno()).st_size
    if size > limit:
        raise InputError(
            f"{path}: has {size / 1024**2:,.0f} MiB; at most {limit / 1024**2:,.0f} MiB are read"
        )
    return file.read(size)


def read_text(path: str | Path, limit: int = TEXT) -> str:
    """A text file in UTF-8, with or without a byte order mark; line ends become ``\\n``.

    Raises `InputError` if it cannot be read, is not UTF-8, or is larger than ``limit`` bytes.
    """
    try:
        text = read_bytes(path, limit).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not text in UTF-8 ({error}); save it as UTF-8") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_any_text(path: str | Path) -> str:
    """The text of a table or list that a spreadsheet or an editor wrote.

    UTF-8 and UTF-16 with a byte order mark, UTF-8 without, else Windows-1252 (western Europe).
    Raises `InputError` if it cannot be read, is not text, or is larger than `TABLE`.
    """
    data = read_bytes(path, TABLE)
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text = data.decode("utf-16")
        else:
            try:
                text = data.decode("utf-8-sig")
            except UnicodeDecodeError:
                text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not text ({error}); save it as UTF-8") from error
    _check_nulls("\0" in text, path)
    return text


def read_json(path: str | Path) -> Any:
    """The content of a JSON file; raises `InputError`, also for one nested deeper than `DEPTH`."""
    text = read_text(path)
    try:
        content = json.loads(text, parse_float=_finite, parse_constant=_finite)
        if "\\ud" in text.lower():  # half a character: no file name, and cannot be printed
            json.dumps(content, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not valid JSON ({error}); correct the file") from error
    _check_depth(content, path)
    _check_nulls("\\u0000" in text, path)
    return content


def read_toml(path: str | Path) -> dict[str, Any]:
    """The content of a TOML file; raises `InputError`, also for one nested deeper than `DEPTH`."""
    return parse_toml(read_text(path), path)


def parse_toml(text: str, path: str | Path) -> dict[str, Any]:
    """The content of TOML ``text``; ``path`` is for messages. Raises `InputError`."""
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not valid TOML ({error}); correct the file") from error
    _check_depth(content, path)
    _check_nulls("\\u0000" in text or "\\U00000000" in text, path)
    return content


def sha256(path: str | Path) -> str:
    """The checksum of a file of any size; raises `InputError`."""
    with open_regular(path) as file:
        try:
            return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({reason(error)})") from error


def reason(error: Exception) -> str:
    """The cause of a failed access, for a message."""
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is not a finite number")
    return number


def _check_nulls(has: bool, path: str | Path) -> None:
    """Refuse null characters: no file name contains one, and many functions fail on them."""
    if has:
        raise InputError(f"{path}: has a null character; correct the file")


def _check_depth(content: Any, path: str | Path) -> None:
    level = [content]
    for _ in range(DEPTH):
        level = [
            part
            for whole in level
            for part in (whole.values() if isinstance(whole, dict) else whole)
            if isinstance(part, dict | list)
        ] if isinstance(content, dict | list) else []  # fmt: skip
        if not level:
            return
    raise InputError(f"{path}: lists within lists, deeper than {DEPTH}; correct the file")
