"""Ways to pack an examination: zip files, links, tables of contents."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

from pydicom.data import get_testdata_file

from benchmarks.dicom_faults import writers as w

Sample = Callable[[Path], Path]


def zipped(change: Callable[[zipfile.ZipFile, list[Path]], None]) -> Sample:
    """A zip file."""

    def make(folder: Path) -> Path:
        paths = w.series(folder / "in")
        with zipfile.ZipFile(folder / "exam.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            change(archive, paths)
        return folder / "exam.zip"

    return make


def with_paths_out(archive: zipfile.ZipFile, paths: list[Path]) -> None:
    """Members with paths that lead out of the folder."""
    for path in paths:
        archive.write(path, f"../../../{path.name}")


def in_a_zip(archive: zipfile.ZipFile, paths: list[Path]) -> None:
    """A zip file inside."""
    inner = paths[0].parent / "inner.zip"
    with zipfile.ZipFile(inner, "w") as second:
        for path in paths:
            second.write(path, path.name)
    archive.write(inner, "inner.zip")


def bomb(archive: zipfile.ZipFile, paths: list[Path]) -> None:
    """A member of two GiB that takes no room."""
    for path in paths:
        archive.write(path, path.name)
    with archive.open("zeros.dcm", "w", force_zip64=True) as file:
        for _ in range(2100):
            file.write(bytes(2**20))


def links(folder: Path) -> None:
    """A loop, a link to nothing and a pipe."""
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "nowhere.dcm").symlink_to(folder / "missing")
    os.mkfifo(folder / "pipe.dcm")


def dicomdir(folder: Path) -> None:
    """A table of contents of files that are not there."""
    shutil.copy(get_testdata_file("DICOMDIR"), folder / "DICOMDIR")


def cut(path: Path) -> Path:
    """Cut a file in two."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path
