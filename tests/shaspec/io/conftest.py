"""Small NIfTI files, written by nibabel so that our reader is judged by another one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
WriteFile = Callable[..., Path]
Touch = Callable[..., Path]
# Where the fields of a NIfTI-1 header begin (nifti1.h).
FIELDS = {
    "dim": 40, "datatype": 70, "pixdim": 76, "vox_offset": 108, "scl_slope": 112, "sform": 280,
    "magic": 344,
}  # fmt: skip


@pytest.fixture(scope="session")
def write_file() -> WriteFile:
    """``write_file(path, array (i, j, k), affine, codes=(sform, qform), **header fields)``."""

    def write(
        path: Path,
        array: Any = None,
        affine: Any = LPS,
        codes: tuple[int, int] = (1, 1),
        version: int = 1,
        order: str = "<",
        **fields: Any,
    ) -> Path:
        if array is None:
            array = np.arange(6 * 5 * 4, dtype=np.int16).reshape(6, 5, 4)
        image_class = nib.Nifti1Image if version == 1 else nib.Nifti2Image
        header = image_class.header_class(endianness=order)
        header.set_data_dtype(array.dtype)
        header.set_xyzt_units("mm")
        image = image_class(array, affine, header)
        image.set_sform(affine, codes[0])
        image.set_qform(affine, codes[1])
        for key, value in fields.items():
            image.header[key] = value
        path.parent.mkdir(parents=True, exist_ok=True)
        nib.save(image, path)
        return path

    return write


@pytest.fixture(scope="session")
def patched() -> Callable[[Path, str, bytes], Path]:
    """``patched(path, field, data)``: an uncompressed file with other bytes in its header."""

    def patch(path: Path, field: str, data: bytes) -> Path:
        content = bytearray(path.read_bytes())
        content[FIELDS[field] : FIELDS[field] + len(data)] = data
        path.write_bytes(bytes(content))
        return path

    return patch


@pytest.fixture(scope="session")
def write_case(write_file: WriteFile) -> WriteFile:
    """``write_case(folder, names, labels=None)``: one small random volume per file name."""

    def write(folder: Path, names: list[str], labels: dict[str, Any] | None = None) -> Path:
        for seed, name in enumerate(names):
            volume = np.random.default_rng(seed).integers(0, 900, (6, 5, 4)).astype(np.int16)
            write_file(folder / name, volume)
        for name, values in (labels or {}).items():
            array = np.zeros((6, 5, 4), np.float32)
            array.flat[: len(values)] = values
            write_file(folder / name, array)
        return folder

    return write


@pytest.fixture(scope="session")
def head() -> Callable[..., Any]:
    """``head(shape, seed)``: a box of random tissue in an empty background."""

    def make(shape: tuple[int, int, int] = (12, 10, 8), seed: int = 0) -> Any:
        volume = np.zeros(shape, np.float32)
        inside = tuple(slice(2, n - 2) for n in shape)
        volume[inside] = np.random.default_rng(seed).uniform(100, 900, volume[inside].shape)
        return volume

    return make


@pytest.fixture(scope="session")
def touch() -> Touch:
    """``touch(folder, *names)``: empty files, since finding a case must not read them."""

    def make(folder: Path, *names: str) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
        return folder

    return make
