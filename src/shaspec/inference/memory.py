"""Free memory, and recognising errors of failed allocations."""

from __future__ import annotations

import os

import torch

from shaspec.errors import InputError


def is_out_of_memory(error: BaseException) -> bool:
    """True for the errors that torch and Python raise when an allocation fails.

    A CPU allocation fails as a plain ``RuntimeError`` that names its allocator.
    """
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)


def feature_budget(device: torch.device) -> int:
    """Bytes for kept features: a quarter of the free memory."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return int(free // 4)
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4
    except (ValueError, OSError, AttributeError):  # no such figure on this system
        return 2 * 1024**3


def smaller_window(window: tuple[int, ...], divisor: tuple[int, ...]) -> tuple[int, ...] | None:
    """A window with its longest axis halved.

    Args:
        window: size in voxels.
        divisor: each size has to be a multiple of it.

    Returns:
        The smaller window; None if the longest axis is at most 32 voxels or cannot be halved.
    """
    longest = max(range(len(window)), key=lambda axis: window[axis] / divisor[axis])
    size, step = window[longest], divisor[longest]
    if size <= 32 or size < 2 * step:
        return None
    half = max(step, size // 2 // step * step)
    return (*window[:longest], half, *window[longest + 1 :])


def choose_device(name: str = "auto") -> torch.device:
    """``auto``: the first GPU that torch can use, else the CPU.

    Raises:
        InputError: for a device that is not available, or that computes no numbers (``meta``).
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        if torch.ones(1, device=device).item() != 1:  # fails on devices without data
            raise RuntimeError("it computes wrong results")
    except (RuntimeError, AssertionError, NotImplementedError) as error:  # torch without CUDA
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"device {name!r} is not available ({reason}): choose cpu or auto"
        ) from error
    return device
