"""Recognise out-of-memory errors of all libraries, and measure free memory."""

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
"""Out-of-memory errors of Python, numpy (a subclass) and torch."""
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
"""Messages of errors without a specific class: ``RuntimeError``, ``AcceleratorError``, ..."""


def is_out_of_memory(error: BaseException | None) -> bool:
    """Return whether an error is a failed allocation, or was caused by one.

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
    """Convert out-of-memory errors in the block into `OutOfMemoryError`.

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
    # Outside the except block: the traceback would keep allocated memory alive.
    raise OutOfMemoryError(f"out of memory while {doing}: close other programs, or use a computer "
                           "with more memory")  # fmt: skip


def free_memory() -> int | None:
    """Bytes that this process can still allocate; None if unknown."""
    bounds = [n for n in (_available(), _address_space()) if n is not None]
    return min(bounds, default=None)


def _available() -> int | None:
    """Free memory, including memory that the system can reclaim, e.g. the file cache."""
    try:
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError, IndexError):
        return None


def _address_space() -> int | None:
    """Bytes left within the address space limit (``ulimit -v``); None without a limit."""
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
