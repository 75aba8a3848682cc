"""Memory for kept features and windows, and the device."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from shaspec.errors import InputError, OutOfMemoryError
from shaspec.memory import free_memory

UNKNOWN = 2 * 1024**3
"""Bytes for kept features if the free memory is unknown."""


def feature_budget(device: torch.device) -> int:
    """Bytes for kept features: a quarter of the free memory."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0] // 4)
    free = free_memory()
    return UNKNOWN if free is None else free // 4


def check_memory(shape: Sequence[int], volumes: int, device: torch.device, case: str) -> None:
    """Refuse a case whose volumes do not fit into memory, before anything is allocated.

    Systems that promise more memory than they have would end the process instead.

    Args:
        shape: of a volume, at the voxel size of the network.
        volumes: number of float32 volumes of that shape in memory: inputs and sums of outputs.
        device: where the sums are.
        case: name for the message.

    Raises:
        OutOfMemoryError: more than the free memory is needed.
    """
    needed, free = 4 * math.prod(shape) * volumes, free_memory()
    if device.type == "cpu" and free is not None and needed > free:
        raise OutOfMemoryError(
            f"case {case}: {volumes} volumes of {' x '.join(map(str, shape))} voxels need "
            f"{needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are free: close other programs, "
            "crop the files, use fewer modalities, or check the voxel size in the headers"
        )


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


def _try(device: torch.device) -> None:
    """Raise `RuntimeError` if ``device`` lacks what networks need, as some back ends do."""
    image, kernel = (torch.zeros(1, 1, 2, 2, 2, device=device) for _ in range(2))
    torch.nn.functional.conv_transpose3d(image, kernel).sum().item()


def choose_device(name: str = "auto") -> torch.device:
    """``auto``: the first GPU that torch can use, else the CPU.

    Raises:
        InputError: for a device that is not available, or that lacks an operation.
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
            f"device {name!r} is not available ({reason}): choose cpu or auto"
        ) from error
    return device
