"""Compressed bytes, decompressed piece by piece."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.errors import InputError
from shaspec.io.formats import packed
from shaspec.io.formats.packed import BZIP2, GZIP, XZ, ZLIB, Codec, unpack

FILE = Path("scan.nii.gz")
CODECS: list[tuple[Codec, Callable[[bytes], bytes]]] = [
    (GZIP, gzip.compress),
    (ZLIB, zlib.compress),
    (BZIP2, bz2.compress),
    (XZ, lzma.compress),
]


@pytest.fixture(autouse=True, scope="module")
def small_pieces() -> Iterator[None]:
    """Pieces, and a first buffer, that are smaller than the data of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed, "PIECE", 7)
        patch.setattr(packed, "START", 5)
        yield


@pytest.mark.parametrize(("codec", "compress"), CODECS)
@given(st.binary(max_size=300), st.integers(0, 400))
def test_as_many_bytes_are_decompressed_as_asked_for(
    codec: Codec, compress: Callable[[bytes], bytes], content: bytes, size: int
) -> None:
    assert bytes(unpack(compress(content), codec, size, FILE)) == content[:size]


@pytest.mark.parametrize(("codec", "compress"), [c for c in CODECS if c[0].magic])
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=5))
def test_a_file_may_consist_of_several_streams(
    codec: Codec, compress: Callable[[bytes], bytes], parts: list[bytes]
) -> None:
    whole = b"".join(parts)
    data = b"".join(compress(part) for part in parts)
    assert bytes(unpack(data, codec, max(1, len(whole)), FILE, whole=True)) == whole


@pytest.mark.parametrize(("codec", "compress"), CODECS)
@given(st.binary(min_size=1, max_size=300), st.data())
def test_a_truncated_stream_is_refused(
    codec: Codec, compress: Callable[[bytes], bytes], content: bytes, data: st.DataObject
) -> None:
    stored = compress(content)
    cut = stored[: data.draw(st.integers(max(1, len(codec.magic)), len(stored) - 1))]
    with pytest.raises(InputError, match=r"scan.nii.gz: (truncated|damaged)"):
        unpack(cut, codec, len(content), FILE, whole=True)


@given(st.binary(min_size=50, max_size=300))
def test_more_data_than_the_header_states_is_refused(content: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed, "SLACK", 2)
        with pytest.raises(InputError, match="more data than stated in its header"):
            unpack(gzip.compress(content), GZIP, 1, FILE, whole=True)


@pytest.mark.parametrize(("codec", "compress"), CODECS)
@given(
    st.lists(st.binary(max_size=60), min_size=1, max_size=3),
    st.integers(-2, 2),
    st.sampled_from([b"", b"\0", b"\0" * 600]),
    st.lists(st.tuples(st.integers(2, 200), st.integers(1, 255)), max_size=1),
)
def test_one_call_answers_as_pieces_do(
    codec: Codec,
    compress: Callable[[bytes], bytes],
    parts: list[bytes],
    more: int,
    behind: bytes,
    flips: list[tuple[int, int]],
) -> None:
    stored = bytearray(b"".join(compress(part) for part in parts) + behind)
    for place, bits in flips:
        stored[place % (len(stored) - 2) + 2] ^= bits
    size = max(1, len(b"".join(parts)) + more)

    def answer() -> bytes | None:
        try:
            return bytes(unpack(bytes(stored), codec, size, FILE, whole=True))
        except InputError:
            return None

    given = answer()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed, "_at_once", lambda *_: None)
        assert given == answer()
