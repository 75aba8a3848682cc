"""Zip files and NumPy archives: what was written comes back, all else is refused by name."""

from __future__ import annotations

import io
import os
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from shaspec.errors import InputError
from shaspec.files.archives import open_zip, read_arrays

ARRAYS = st.dictionaries(
    st.sampled_from("abc"),
    st.sampled_from([np.uint8, np.int16, np.float32, np.bool_]).flatmap(
        lambda dtype: arrays(dtype, array_shapes(min_dims=0, min_side=0, max_side=5))
    ),
    min_size=1,
)
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@SHARED
@given(stored=ARRAYS, by_column=st.booleans())
def test_what_numpy_wrote_comes_back(tmp_path: Path, stored: Any, by_column: bool) -> None:
    if by_column:
        stored = {name: np.asfortranarray(array) for name, array in stored.items()}
    np.savez_compressed(tmp_path / "a.npz", **stored)
    size = sum(array.nbytes for array in stored.values())
    found = read_arrays(tmp_path / "a.npz", size + 200 * len(stored))
    assert found.keys() == stored.keys()
    for name, array in stored.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype
        assert found[name].flags.writeable


@pytest.mark.parametrize("limit", [0, 1000, 999_999])
def test_no_more_is_unpacked_than_allowed(tmp_path: Path, limit: int) -> None:
    np.savez_compressed(tmp_path / "a.npz", a=np.zeros(1_000_000, np.uint8))
    with pytest.raises(InputError, match=r"a\.npz: its arrays take more than"):
        read_arrays(tmp_path / "a.npz", limit)


def member(header: str, values: bytes = b"") -> bytes:
    text = header.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + values


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000,), }",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-1, -4), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (4,), }",
        "{'descr': '|S4', 'fortran_order': False, 'shape': (1,), }",
        "[" * 100,
    ],
    ids=["larger than the memory", "negative", "objects", "text", "no header"],
)
def test_a_header_that_lies_is_refused_before_memory_is_taken(tmp_path: Path, header: str) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", member(header, b"1234"))
    with pytest.raises(InputError, match=r"a\.npz"):
        read_arrays(path, 2**40)


def packed(kind: int, name: str = "a") -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", kind) as archive:
        archive.writestr(name, bytes(range(256)) * 8)
    return data.getvalue()


@pytest.mark.parametrize("kind", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@SHARED
@given(data=st.data())
def test_a_damaged_zip_is_read_or_refused(tmp_path: Path, kind: int, data: st.DataObject) -> None:
    """Each way of packing has errors of its own, and so have names and flags."""
    content = bytearray(packed(kind))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    path = tmp_path / "a.zip"
    path.write_bytes(content[: data.draw(st.integers(len(content) - 30, len(content)))])
    with suppress(InputError), open_zip(path) as archive:
        for entry in archive.infolist():
            with archive.open(entry) as file:
                assert len(file.read(5000)) <= 2048


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [(6, 1, "encrypted"), (8, 99, "unpacked"), (-1, 0, "unpacked")],
    ids=["password", "unknown packing", "a name that is no UTF-8"],
)
def test_the_reason_is_said(tmp_path: Path, place: int, value: int, said: str) -> None:
    content = bytearray(packed(zipfile.ZIP_DEFLATED, "ä"))
    entry = content.index(b"PK\x01\x02")
    if place < 0:
        content[30] = content[entry + 46] = 0xFF  # the first byte of the name
    else:
        content[place], content[entry + place + 2] = value, value
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said), open_zip(path) as archive:
        archive.open(archive.infolist()[0]).read()


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.zip")
    with pytest.raises(InputError, match="not a regular file"), open_zip(tmp_path / "a.zip"):
        pass
