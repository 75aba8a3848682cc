"""The row of reading a case with all checks, against how version 0.1 read its files.

Version 0.1 checked nearly nothing: it took 1.17 times as long as the reference here, and the aim is
a tenth more than that. All results are kept, as a program keeps what it has opened: pages of memory
that are used again cost nothing and would hide a third of the time.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from isal import igzip_lib

from benchmarks.performance.measure import Row, cpu_seconds
from shaspec.io import read_case
from shaspec.io.volumes import read_header
from shaspec.task import load_task

AIM = 1.29
ROUNDS = 12


def reading_row(folder: Path) -> Row:
    """Reading the case in ``folder`` with its labels; the median of some rounds, taken in turn."""
    task = load_task("brats")
    case = read_case(folder, task)  # and the modules are loaded
    paths = list(case.files.values())
    kept: list[object] = [case]

    def files_alone() -> list[npt.NDArray[np.generic]]:
        return [_decompressed(path) for path in paths]

    for name, array in zip(case.files, files_alone(), strict=True):
        inside = case.labels if name == "labels" else case.volumes[name]
        same = inside is not None and (inside != 0).sum() == (array != 0).sum()
        assert same, "the case is not what its files contain"
    pairs = []
    for _ in range(ROUNDS):
        seconds, again = cpu_seconds(lambda: read_case(folder, task))
        reference, arrays = cpu_seconds(files_alone)
        kept += [again, arrays]
        pairs.append((seconds, reference))
    seconds, reference = (float(np.median(times)) for times in zip(*pairs, strict=True))
    check = f"{len(case.volumes)} volumes and the labels have the voxels of their files"
    return Row("reading", "reading a case with its labels, with all checks",
               "decompressing its files with isal, as version 0.1 did", seconds, reference, check,
               AIM)  # fmt: skip


def _decompressed(path: Path) -> npt.NDArray[np.generic]:
    """The voxels of a compressed NIfTI file, and a look for values that are not finite."""
    header = read_header(path)
    stream = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    data = stream.decompress(path.read_bytes(), header.end)
    array = np.frombuffer(data, header.dtype, offset=header.offset)
    assert np.isfinite(float(array.min()) + float(array.max()))
    return array
