"""The DICOM files of a folder or a zip file.

Files of a zip are unpacked under neutral names into a temporary folder, so no path in the archive
is used. The number of files and their size are bounded.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, BinaryIO
from zipfile import is_zipfile

from shaspec.errors import InputError
from shaspec.files.archives import open_zip
from shaspec.files.reading import is_file, is_folder, open_regular, reason

MOST_FILES = 100_000
MOST_BYTES = 2 * 1024**3
"""Maximum bytes of one file."""
MOST_UNPACKED = 16 * 1024**3
"""Maximum bytes of a zip when unpacked."""
DEPTH = 12
"""Subfolder levels that are searched."""
MARK = b"DICM"
PREAMBLE = 128  # bytes before the mark (DICOM PS3.10, section 7.1)
ENDINGS = (".dcm", ".ima")
"""Files with these endings are read even without the mark."""
FIRST_TAGS = (bytes((2, 0, 0, 0)), *(bytes((8, 0, low, 0)) for low in (0, 1, 5, 8, 22)))
"""Begin of a file without preamble and mark, as old archives export it (little endian)."""
DIRECTORY = "DICOMDIR"
ZIP = ".zip"
BLOCK = 1024**2


@contextmanager
def dicom_files(source: Path) -> Iterator[Sequence[Path]]:
    """The DICOM files of a folder or zip, for use within the block.

    Args:
        source: a folder, which is searched with its subfolders, or a zip file.

    Yields:
        Paths of the files, sorted. Those of a zip are removed at the end of the block.

    Raises:
        InputError: if there is no DICOM file, too many files, or a zip that cannot be unpacked.
    """
    if is_file(source) and source.name.upper() == DIRECTORY:  # a disc, by its table of contents
        source = source.parent
    if is_folder(source):
        yield _require(list(_walk(source)), source)
    elif is_file(source) and is_zipfile(source):
        with TemporaryDirectory(prefix="shaspec-dicom-") as folder:
            _unpack(source, Path(folder))
            yield _require(list(_walk(Path(folder))), source)
    elif is_file(source) and source.suffix.lower() == ZIP:
        raise InputError(f"{source}: is cut off or no zip file; copy it again")
    elif is_file(source) and _is_dicom(source):
        raise InputError(f"{source}: is a single DICOM file; give the folder of the examination")
    else:
        raise InputError(f"{source}: is neither a folder nor a zip file with DICOM images")


def copy_file(path: Path, target: Path) -> None:
    """Copy a regular file of bounded size; raises `InputError`, without the path of either."""
    try:
        with open_regular(path) as file, target.open("xb") as copy:
            _copy(file, copy, MOST_BYTES, "a file")
    except OSError as error:
        text = f"a file cannot be copied to the folder for temporary files ({reason(error)})"
        raise InputError(text) from error
    except InputError as error:
        raise InputError("a file cannot be read; check that it is still there") from error


def _require(files: list[Path], source: Path) -> list[Path]:
    if files:
        return sorted(files)
    names = {name.rpartition("/")[2].upper() for name in _names(source)}
    if DIRECTORY in names:
        raise InputError(
            f"{source}: has a {DIRECTORY}, but not the images that it lists; copy the whole disc"
        )
    if any(name.endswith(ZIP.upper()) for name in names):
        raise InputError(f"{source}: has zip files, but no DICOM images; unpack the zip files")
    raise InputError(f"{source}: contains no DICOM images; give the folder of the examination")


def _names(source: Path) -> list[str]:
    """Names of the first files of a folder or a zip file."""
    if is_folder(source):
        files = (name for _, _, names in os.walk(source) for name in names)
        return list(islice(files, MOST_FILES))
    with open_zip(source) as archive:
        return archive.namelist()[:MOST_FILES]


def _walk(folder: Path) -> Iterator[Path]:
    """DICOM files below a folder. Links to folders are not followed."""
    seen = 0
    for place, folders, names in os.walk(folder):
        if len(Path(place).relative_to(folder).parts) >= DEPTH:
            folders.clear()
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            seen += 1
            if seen > MOST_FILES:
                raise InputError(
                    f"{folder}: has more than {MOST_FILES:,} files; give the folder of one "
                    "examination"
                )
            path = Path(place) / name
            if not name.startswith(".") and name.upper() != DIRECTORY and _is_dicom(path):
                yield path


def _is_dicom(path: Path) -> bool:
    try:
        with open_regular(path) as file:
            marked = is_marked(file)
    except (InputError, OSError):
        return False
    return marked or path.name.lower().endswith(ENDINGS)


def is_marked(file: BinaryIO) -> bool:
    """Whether a file begins as a DICOM file does, with its preamble or without."""
    file.seek(0)
    begin = file.read(PREAMBLE + len(MARK))
    if begin[PREAMBLE:] == MARK:
        return True
    if not begin.startswith(FIRST_TAGS):
        return False
    explicit = begin[4:6].isalpha() and begin[4:6].isupper()
    return explicit or int.from_bytes(begin[4:8], "little") <= PREAMBLE


def _unpack(source: Path, folder: Path) -> None:
    """Unpack the files of a zip as ``000001``, ``000002.dcm`` ..."""
    left = MOST_UNPACKED
    with open_zip(source) as archive:
        members = [m for m in archive.infolist() if not m.is_dir()]
        if len(members) > MOST_FILES:
            raise InputError(f"{source}: has more than {MOST_FILES:,} files")
        for index, member in enumerate(members):
            base = member.filename.replace("\\", "/").rpartition("/")[2].lower()
            if base == DIRECTORY.lower() or base.startswith("."):
                continue
            ending = next((e for e in ENDINGS if base.endswith(e)), "")
            target = folder / f"{index:06d}{ending}"
            with archive.open(member) as file, target.open("xb") as copy:
                left -= _copy(file, copy, min(left, MOST_BYTES), source)


def _copy(file: IO[bytes], copy: BinaryIO, most: int, name: object) -> int:
    """Copy at most ``most`` bytes; returns their number."""
    count = 0
    while block := file.read(BLOCK):
        count += len(block)
        if count > most:
            raise InputError(f"{name}: larger than {most / 1024**3:.1f} GiB")
        copy.write(block)
    return count
