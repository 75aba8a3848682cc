"""How much memory there is, and whether an error says that there was not enough."""

from __future__ import annotations

import os

import torch

from shaspec.errors import InputError


def is_out_of_memory(error: BaseException) -> bool:
    """True for what torch and Python raise when an allocation fails, and for nothing else.

    A CPU allocation fails as a plain ``RuntimeError`` that names its allocator.
    """
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)


def feature_budget(device: torch.device) -> int:
    """Bytes that kept features may take: a quarter of what is free now."""
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
        divisor: what each size has to be a multiple of.

    Returns:
        The smaller window; None if the longest axis is at most 32 voxels or cannot be halved.
    """
    longest = max(range(len(window)), key=lambda axis: window[axis] / divisor[axis])
    size, step = window[longest], divisor[longest]
    if size <= 32 or size < 2 * step:
        return None
    half = max(step, size // 2 // step * step)
    return (*window[:longest], half, *window[longest + 1 :])


def _try(device: torch.device) -> None:
    """Raise `RuntimeError` if ``device`` lacks what networks need, as some back ends do."""
    image, kernel = (torch.zeros(1, 1, 2, 2, 2, device=device) for _ in range(2))
    torch.nn.functional.conv_transpose3d(image, kernel).sum().item()


def choose_device(name: str = "auto") -> torch.device:
    """``auto``: the first GPU that torch can use, else the CPU.

    Raises `InputError` for a device that is not there, that this torch was built without, or that
    lacks an operation.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
        if device.type not in ("cpu", "cuda"):
            _try(device)
    except (RuntimeError, AssertionError) as error:  # the latter of a torch without CUDA
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"device {name!r} cannot be had here ({reason}): choose cpu or auto"
        ) from error
    return device
