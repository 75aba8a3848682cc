"""Recognising lack of memory, whoever reports it, and how much memory there is."""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shaspec.errors import OutOfMemoryError, ShaspecError

CLASSES = {"MemoryError", "OutOfMemoryError"}
"""Of Python, numpy (a subclass) and torch."""
TEXTS = re.compile(
    "|".join(
        (
            "out of memory",  # CUDA, HIP, MPS, XPU
            "DefaultCPUAllocator",
            "not enough memory",
            "cannot allocate memory",  # the system: mmap, fork
            "(CUBLAS|CUDNN|CUSOLVER|CUSPARSE|CUFFT|HIPBLAS|MIOPEN)_(STATUS_)?\\w*ALLOC\\w*FAILED",
            "bad_alloc",
            "(unable|failed|fail) to (mmap|allocate)",
            "out_of_memory",
            "could not create a memory( object)?",  # oneDNN
            "hipErrorOutOfMemory",
            "can't start new thread",
            "failed to map segment",  # of the dynamic linker, while a library is imported
        )
    ),
    re.IGNORECASE,
)
"""In errors without a class of their own: ``RuntimeError``, ``AcceleratorError``, ..."""


def is_out_of_memory(error: BaseException | None) -> bool:
    """True for the error of a failed allocation, or one that was raised from it.

    Recognised are Python, numpy, torch on CPU, CUDA, HIP and MPS, their libraries (cuBLAS, cuDNN,
    cuSOLVER, oneDNN) and failed calls of the system (``ENOMEM``, mmap).
    """
    while error is not None:
        if any(cls.__name__ in CLASSES for cls in type(error).__mro__):
            return True
        if isinstance(error, OSError) and error.errno == errno.ENOMEM:
            return True
        plain = isinstance(error, Exception) and not isinstance(error, ShaspecError)
        if plain and TEXTS.search(str(error)):
            return True
        error = error.__cause__
    return False


@contextmanager
def enough_memory(doing: str) -> Iterator[None]:
    """Turn lack of memory in the block into a sentence.

    Args:
        doing: what the block does, e.g. ``reading case anna``.

    Raises:
        OutOfMemoryError: an allocation failed.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, ShaspecError) or not is_out_of_memory(error):
            raise
    else:
        return
    # Outside the except block: the traceback would keep what has been allocated alive.
    raise OutOfMemoryError(f"out of memory while {doing}: close other programs, or use a computer "
                           "with more memory")  # fmt: skip


def free_memory() -> int | None:
    """Bytes that this process can still allocate; None where the system does not say."""
    bounds = [n for n in (_available(), _address_space()) if n is not None]
    return min(bounds, default=None)


def _available() -> int | None:
    """Free memory with what the system would give back, e.g. its cache of files."""
    try:
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError, IndexError):
        return None


def _address_space() -> int | None:
    """What a limit of the address space (``ulimit -v``) leaves; None without one."""
    if sys.platform == "win32":
        return None
    import resource

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return None
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return max(0, limit - pages * os.sysconf("SC_PAGE_SIZE"))
