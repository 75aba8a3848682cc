"""The number format a network computes in: float32, or bfloat16 on CPUs that have it.

bfloat16 keeps 8 of the 24 significant bits of float32. On a CPU with bfloat16 instructions it
takes about a third of the time; without them it takes many times longer, so it is refused there.
`benchmarks/precision.py` prints what it changes: labels, and Dice on cases with ground truth.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

from shaspec.errors import InputError

PRECISIONS = ("auto", "float32", "bfloat16")


def has_bfloat16(device: torch.device) -> bool:
    """Whether ``device`` has instructions for bfloat16: AVX512-BF16 or AMX, or those of a GPU."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)  # torch has no public test
    return device.type == "cpu" and supported is not None and bool(supported())


def choose_precision(name: str, device: torch.device, dims: int) -> torch.dtype:
    """The number format of a run.

    Args:
        name: ``float32``, ``bfloat16``, or ``auto``: bfloat16 for volumes on a CPU that has it,
            otherwise float32.
        device: where the network runs.
        dims: 2 for pictures, 3 for volumes.

    Returns:
        `torch.float32` or `torch.bfloat16`.

    Raises:
        InputError: for another name, and for bfloat16 on a device without instructions for it.
    """
    if name not in PRECISIONS:
        raise InputError(f"precision {name!r} is unknown: choose {', '.join(PRECISIONS)}")
    if name == "auto":
        fast = device.type == "cpu" and dims == 3 and has_bfloat16(device)
        return torch.bfloat16 if fast else torch.float32
    if name == "bfloat16" and not has_bfloat16(device):
        raise InputError(
            f"precision 'bfloat16' is not available: {device} has no instructions for it; choose "
            "float32 or auto"
        )
    return torch.bfloat16 if name == "bfloat16" else torch.float32


def computing_in(precision: torch.dtype, device: torch.device) -> AbstractContextManager[object]:
    """A block in which convolutions and matrix products on ``device`` compute in ``precision``."""
    if precision == torch.float32:
        return nullcontext()
    return torch.autocast(device.type, precision)


def precision_name(precision: torch.dtype) -> str:
    """The name as in `PRECISIONS`, e.g. ``bfloat16``."""
    return str(precision).removeprefix("torch.")
