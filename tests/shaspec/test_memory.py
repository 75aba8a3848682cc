"""Lack of memory is recognised whoever reports it, and nothing else is taken for it."""

from __future__ import annotations

import errno

import numpy as np
import pytest
import torch

from shaspec.errors import InputError, OutOfMemoryError
from shaspec.memory import enough_memory, free_memory, is_out_of_memory

TEXTS = [
    "[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory",
    "CUDA out of memory. Tried to allocate 2.00 GiB",
    "CUDA error: out of memory",
    "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED",
    "cusolver error: CUSOLVER_STATUS_ALLOC_FAILED",
    "MPS backend out of memory (MPS allocated: 9 GB)",
    "HIP out of memory. Tried to allocate 1 GiB",
    "could not create a memory object",
    "unable to mmap 1000 bytes from file <x>: Cannot allocate memory (12)",
    "std::bad_alloc",
    "libtorch_cpu.so: failed to map segment from shared object",
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_texts_of_libraries_are_recognised(text: str) -> None:
    assert is_out_of_memory(RuntimeError(text))
    assert is_out_of_memory(type("AcceleratorError", (RuntimeError,), {})(text))


def real_errors() -> list[BaseException]:
    found: list[BaseException] = []
    for allocate in (
        lambda: torch.empty(2**62, dtype=torch.uint8),
        lambda: np.empty(2**62, np.uint8),
        lambda: bytearray(2**62),
    ):
        try:
            allocate()
        except (RuntimeError, MemoryError) as error:
            found.append(error)
    return found


def test_real_failures_of_torch_numpy_and_python_are_recognised() -> None:
    errors = real_errors()
    assert len(errors) == 3
    assert all(map(is_out_of_memory, errors))


def test_the_class_of_torch_and_the_number_of_the_system_are_recognised() -> None:
    assert is_out_of_memory(torch.OutOfMemoryError("x"))
    assert is_out_of_memory(OSError(errno.ENOMEM, "x"))


def test_an_error_that_was_raised_from_one_is_recognised() -> None:
    error = ValueError("cannot be read")
    error.__cause__ = MemoryError()
    assert is_out_of_memory(error)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("CUDA error: device-side assert triggered"),
        OSError(errno.ENOSPC, "No space left on device"),
        ValueError("bad magic"),
        KeyError("memory"),
        InputError("out of memory card: the file is missing"),
        None,
    ],
)
def test_other_errors_are_not(error: BaseException | None) -> None:
    assert not is_out_of_memory(error)


def test_lack_of_memory_becomes_a_sentence() -> None:
    with (
        pytest.raises(OutOfMemoryError, match="out of memory while reading a case: close other"),
        enough_memory("reading a case"),
    ):
        torch.empty(2**62, dtype=torch.uint8)


def test_other_errors_pass_through() -> None:
    with pytest.raises(KeyError, match="x"), enough_memory("reading"):
        raise KeyError("x")


def test_free_memory_is_less_than_a_limit_of_the_address_space(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resource = pytest.importorskip("resource")
    plain = free_memory()
    assert plain is None or plain > 0
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1, 1))
    assert free_memory() == 0
