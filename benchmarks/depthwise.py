"""CPU time of the gradient of a depthwise convolution: PyTorch and this package.

    OMP_NUM_THREADS=1 python benchmarks/depthwise.py

Maps of the feed-forward parts of Linear Fusion ``light``, four streams, a crop of 80x96x80 voxels.
Both alternate, forward and backward. Prints CPU milliseconds (median of seven) and their ratio, in
bfloat16 if the CPU supports it, and in single precision.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from shaspec.models.depthwise import depthwise_conv

MAPS = ((128, (20, 24, 20)), (256, (10, 12, 10)), (640, (5, 6, 5)), (1024, (3, 3, 3)))
STREAMS, ROUNDS = 4, 7


def theirs(x: Tensor, weight: Tensor) -> Tensor:
    """PyTorch's own."""
    return F.conv3d(x, weight, padding=1, groups=len(weight))


def milliseconds(convolve: Callable[[Tensor, Tensor], Tensor], x: Tensor, weight: Tensor) -> float:
    """CPU time of one forward and backward pass."""
    start = time.process_time()
    result = convolve(x, weight)
    torch.autograd.grad(result, (x, weight), result.detach())
    return 1000 * (time.process_time() - start)


def main() -> None:
    """Time every stage in each precision."""
    dtypes = [torch.float32]
    if torch.cpu._is_avx512_bf16_supported():
        dtypes.insert(0, torch.bfloat16)
    for dtype in dtypes:
        for channels, size in MAPS:
            tokens = torch.randn(STREAMS, size[0] * size[1] * size[2], channels, dtype=dtype)
            x = tokens.transpose(1, 2).view(STREAMS, channels, *size).requires_grad_()
            weight = torch.randn(channels, 1, 3, 3, 3, dtype=dtype, requires_grad=True)
            times: dict[str, list[float]] = {"theirs": [], "ours": []}
            for _ in range(ROUNDS):
                times["theirs"].append(milliseconds(theirs, x, weight))
                times["ours"].append(milliseconds(depthwise_conv, x, weight))
            before, now = (statistics.median(found) for found in times.values())
            name = f"{str(dtype).removeprefix('torch.')} {channels} x {size}"
            print(f"{name:28} {before:7.1f} -> {now:6.1f} ms, {before / now:4.1f} times as fast")


if __name__ == "__main__":
    main()
