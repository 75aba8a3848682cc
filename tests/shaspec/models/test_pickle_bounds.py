"""A few bytes of a pickle take neither gigabytes nor hours."""

from __future__ import annotations

import io
import pickle
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import torch

from shaspec.errors import InputError
from shaspec.models import pickle_bounds
from shaspec.models.official_files import read_official
from shaspec.models.safe_unpickle import MOST_NAMES, SafeUnpickler

DOUBLED = b"".join(b"(g" + str(k).encode() + b"\ng" + str(k).encode() + b"\ntp"
                   + str(k + 1).encode() + b"\n0" for k in range(60))  # fmt: skip
TUPLES = b"(tp0\n0" + DOUBLED + b"g60\n"
"""A tuple of the same tuple twice, sixty levels deep: 2**60 leaves to hash."""


def load(data: bytes) -> Any:
    return SafeUnpickler(io.BytesIO(data)).load()


@pytest.mark.parametrize(
    "data",
    [
        b"}" + TUPLES + b"I1\ns.",
        b"}(" + TUPLES + b"I1\nu.",
        b"(" + TUPLES + b"I1\nd.",
        b"\x8f(" + TUPLES + b"\x90.",
        b"(" + TUPLES + b"\x91.",
        b"c__builtin__\nset\n((" + TUPLES + b"ltR.",
    ],
)
def test_keys_that_take_for_ever_to_hash_are_refused(data: bytes) -> None:
    with pytest.raises(pickle.UnpicklingError, match="tuple of tuples"):
        load(data)


def test_a_byte_array_takes_no_more_memory_than_there_are_bytes() -> None:
    tracemalloc.start()
    with pytest.raises((EOFError, pickle.UnpicklingError)):
        load(b"\x96" + struct.pack("<Q", 2**31))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000


def test_a_sound_byte_array_is_read() -> None:
    assert load(pickle.dumps(bytearray(b"abc"), protocol=5)) == bytearray(b"abc")


def test_a_long_pickle_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickle_bounds, "MOST_BYTES", 100)
    with pytest.raises(pickle.UnpicklingError, match="more than"):
        load(pickle.dumps(list(range(1000))))


def test_thousands_of_foreign_names_are_refused() -> None:
    names = b"".join(f"cm\nn{k}\n0".encode() for k in range(MOST_NAMES + 1))
    with pytest.raises(pickle.UnpicklingError, match="names of classes"):
        load(names + b"N.")


def test_lists_a_million_deep_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    deep: Any = torch.ones(2)
    for _ in range(300):
        deep = [deep]
    torch.save({"a": deep}, path)
    with pytest.raises(InputError, match="deeper than"):
        read_official(path)


def test_thousands_of_tensors_on_one_storage_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    whole = torch.ones(200_000)
    torch.save({f"t{k}": whole[:1] for k in range(50)}, path)
    with pytest.raises(InputError, match="its tensors take"):
        read_official(path)


def test_tied_weights_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    whole = torch.ones(1000)
    torch.save({"a": whole, "b": whole}, path)
    tensors, _ = read_official(path)
    assert set(tensors) == {"a", "b"}
