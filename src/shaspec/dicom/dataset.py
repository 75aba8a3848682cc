"""One DICOM file in the words of pydicom: bounded, and every error is an `InputError`."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import SEEK_END, SEEK_SET, BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING

from shaspec.dicom.source import MOST_BYTES, is_marked
from shaspec.errors import InputError
from shaspec.files.reading import open_regular

if TYPE_CHECKING:
    from pydicom import Dataset

MISSING = "reading DICOM needs pydicom and dcm2niix: pip install shaspec[dicom]"
DAMAGED = "the header is cut off or damaged; copy the file again"
DEFLATED = b"1.2.840.10008.1.2.1.99"
"""A transfer syntax whose header is compressed; dcm2niix does not read it either."""
FAULTS = (
    AttributeError, EOFError, IndexError, KeyError, LookupError, NotImplementedError, OSError,
    OverflowError, RecursionError, TypeError, ValueError, struct.error,
)  # fmt: skip
"""What pydicom raises for a damaged file."""
MOST_READS = 2_000_000
"""Reads of a header: one or two per element, of which 10,000 frames have hundreds of thousands."""
MOST_UNMARKED = 50_000
"""The same for a file that does not say that it is DICOM."""
SMALL = 2**16
ELEMENT = 12
"""Bytes of tag, type and length of an element, at most."""


@dataclass(frozen=True)
class Opened:
    """A file that was read."""

    dataset: Dataset
    left: int
    """Bytes of the file behind what was read."""
    head: bytes
    """The first of these bytes: tag, type and length of the next element."""
    marked: bool
    """Whether the file says that it is DICOM."""


class _Bounded:
    """A file that is asked for no more than it has, and not without end.

    A damaged length announces 4 GiB, which Python allocates before it reads. A file of zeros has
    an empty element in every eight bytes.
    """

    def __init__(self, file: BufferedReader, size: int, reads: int) -> None:
        self._file, self._size, self._left = file, size, reads
        self.seek, self.tell = file.seek, file.tell

    def read(self, count: int = -1) -> bytes:
        """At most ``count`` bytes; all of them if it is negative."""
        self._left -= 1
        if self._left < 0:
            raise InputError("has too many elements to be an image; leave the file out")
        if not 0 <= count <= SMALL:
            left = max(0, self._size - self._file.tell())
            count = left if count < 0 else min(count, left)
        return self._file.read(count)


def _opened(path: Path) -> BufferedReader:
    try:
        return open_regular(path)
    except InputError as error:
        raise InputError("cannot be opened; check that it is there and can be read") from error


@contextmanager
def faults(text: str = DAMAGED) -> Iterator[None]:
    """Turn the errors of pydicom within the block into an `InputError` with ``text``.

    pydicom converts an element when it is asked for, so that is done within the block too.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # pydicom warns about every odd value
            yield
    except Exception as error:
        if isinstance(error, FAULTS) or type(error).__module__.startswith("pydicom."):
            raise InputError(text) from error
        raise


def read_dataset(
    path: Path, tags: Sequence[str] = (), *, pixels: bool = False, most: int = MOST_BYTES
) -> Opened:
    """Read one file.

    Args:
        path: the file.
        tags: keywords of the attributes to read; empty: all.
        pixels: whether the pixels are read, too.
        most: bytes of the file.

    Returns:
        What is in the file.

    Raises:
        InputError: if pydicom is not installed, or the file is too large, has a deflated header or
            is damaged. Its message has no path, as that may contain the name of a patient.
    """
    try:
        from pydicom import dcmread
    except ImportError:
        raise InputError(MISSING) from None
    with _opened(path) as file:
        size = file.seek(0, SEEK_END)
        file.seek(0, SEEK_SET)
        if size == 0:
            raise InputError("is empty; copy the file again")
        if size > most or DEFLATED in file.read(1024):
            raise InputError("is too large or has a deflated header; export it uncompressed")
        reads = MOST_READS if is_marked(file) else MOST_UNMARKED
        file.seek(0, SEEK_SET)
        with faults():
            dataset = dcmread(
                _Bounded(file, size, reads),
                stop_before_pixels=not pixels,
                force=True,
                specific_tags=list(tags) or None,
            )
        left, head = size - file.tell(), file.read(ELEMENT)
        return Opened(dataset, left, head, is_marked(file))
