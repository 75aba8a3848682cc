"""Augmentation as tensor operations, per sample and per modality, on the device of the step.

What is drawn on the CPU is small: a lattice of points, a number per channel, a seed. Everything
of the size of a sample is made of it where the images are.

Labels are never interpolated, and what lies outside a volume is background there too, so that no
invented label enters the loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from shaspec.models.resize import linear_resize
from shaspec.training.seeds import generator

ROTATION = 0.35  # radians, largest, about each axis
SCALE = 0.2  # largest relative change of size
BEND = 0.04  # deviation of the elastic displacement, as a share of the crop's edge
KNOTS = 4  # of the displacement along each axis
BIAS_KNOTS = 3  # of the bias field along each axis
GAMMA_RANGE = (-3.0, 6.0)  # intensities that gamma bends; what lies outside moves with the ends
GAMMA_SPAN = 6.0  # of which the ends stay in place: -3..3, which z-scores fill

LINEAR: dict[str, Any] = {"mode": "bilinear", "padding_mode": "zeros", "align_corners": False}


class Change(NamedTuple):
    """How intensities change, in numbers per channel: (C,) for a sample, (N, C) for a batch."""

    gain: Tensor
    shift: Tensor
    gamma: Tensor
    bias: Tensor
    """(..., C, *knots) of a field whose voxels are factors, less 1; all 0: none."""
    blur: Tensor
    """bool"""
    noise: Tensor
    """Its deviation."""
    seed: Tensor
    """Seed of the noise, one for each sample."""

    def of(self, sample: int, channels: Tensor) -> Change:
        """What happens to some channels of one sample of a batch, as a batch of one."""
        seed = self.seed[sample : sample + 1]
        return Change._make([*(values[sample, channels][None] for values in self[:-1]), seed])


def augment(
    images: Tensor,
    labels: Tensor,
    crop: Sequence[int],
    spacing: Sequence[float],
    seeds: Sequence[Sequence[int]],
    channels: Sequence[int] | None = None,
    shown: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Random flips, rotation, scaling, bending and intensity changes, then the crop.

    Args:
        images: (N, C, *margin) normalised, background 0.
        labels: (N, *margin).
        crop: size to return.
        spacing: of the voxels, in mm: what is turned keeps its shape in the patient.
        seeds: per sample numbers that fix its result, e.g. (seed of the run, number of the sample).
        channels: how many of the C belong to each modality; default: one each.
        shown: bool (N, M), the modalities that are looked at; the others become 0. Default: all.

    Returns:
        images (N, C, *crop) and labels (N, *crop).
    """
    size, groups = images.shape[2:], channels or [1] * images.shape[1]
    rngs = [generator(*seed) for seed in seeds]
    read = None if shown is None else shown.repeat_interleave(torch.tensor(list(groups)), dim=1)
    points = torch.stack([lattice(crop, size, spacing, rng) for rng in rngs])
    drawn = [draw_change(groups, len(crop), rng) for rng in rngs]
    change = Change(*(torch.stack(values) for values in zip(*drawn, strict=True)))
    grid = _smooth(points.to(images.device), crop).movedim(1, -1)
    out = images.new_zeros(*images.shape[:2], *crop)
    for n in range(len(out)):
        index = torch.arange(images.shape[1]) if read is None else read[n].nonzero()[:, 0]
        there = index.to(images.device)
        values = F.grid_sample(images[n, there][None], grid[n : n + 1], **LINEAR)
        out[n, there] = intensities(values, change.of(n, index))[0]
    target = F.grid_sample(
        labels[:, None].float(), grid, mode="nearest", padding_mode="zeros", align_corners=False
    )
    return out, target[:, 0].to(labels.dtype)


def centre_crop(images: Tensor, labels: Tensor, crop: Sequence[int]) -> tuple[Tensor, Tensor]:
    """The crop without any augmentation."""
    window = tuple(
        slice((n - c) // 2, (n - c) // 2 + c) for n, c in zip(labels.shape[1:], crop, strict=True)
    )
    return images[(slice(None), slice(None), *window)], labels[(slice(None), *window)]


def lattice(
    crop: Sequence[int], size: Sequence[int], spacing: Sequence[float], rng: torch.Generator
) -> Tensor:
    """Where the corners of the crop and some points between are read: (dims, *knots).

    The coordinates are `grid_sample`'s. Those of the voxels follow by linear interpolation, which
    is exact for the linear map and makes the displacement smooth.
    """
    axes = [torch.linspace((1 - n) / 2, (n - 1) / 2, KNOTS) for n in crop]
    points = torch.stack(torch.meshgrid(*axes, indexing="ij"))
    matrix = linear_map(spacing, rng)
    if torch.rand((), generator=rng) < 0.3:
        displacement = torch.randn(points.shape, generator=rng)
        points = points + displacement * _column(crop) * torch.rand((), generator=rng) * BEND
    read = torch.einsum("ij,j...->i...", matrix, points) * 2 / _column(size)
    return read.flip(0)  # grid_sample counts the last axis first


def _column(sizes: Sequence[int]) -> Tensor:
    """(dims, 1, ...), one for each axis."""
    return torch.tensor(list(sizes), dtype=torch.float32).view(-1, *(1,) * len(sizes))


def linear_map(spacing: Sequence[float], rng: torch.Generator) -> Tensor:
    """A random rotation in mm, then scaling and flips along the axes, as a matrix on voxels."""
    dims = len(spacing)
    matrix = torch.eye(dims)
    if torch.rand((), generator=rng) < 0.6:
        for i in range(dims):
            for j in range(i + 1, dims):
                a = (torch.rand((), generator=rng) * 2 - 1) * ROTATION
                turn = torch.eye(dims)
                turn[i, i] = turn[j, j] = torch.cos(a)
                turn[i, j], turn[j, i] = -torch.sin(a), torch.sin(a)
                matrix = matrix @ turn
        edges = torch.tensor(list(spacing), dtype=torch.float32)
        matrix = matrix * edges / edges[:, None]
        matrix = matrix * (1 + (torch.rand(dims, generator=rng) * 2 - 1) * SCALE)
    return matrix * torch.where(torch.rand(dims, generator=rng) < 0.5, -1.0, 1.0)  # flips


def draw_change(channels: Sequence[int], dims: int, rng: torch.Generator) -> Change:
    """Contrast, brightness, gamma, bias field, blur and noise of one sample, drawn per modality.

    The channels of one modality change alike: a picture keeps its hues.
    """
    m, ones, repeats = len(channels), (1,) * dims, torch.tensor(list(channels))

    def draw(low: float, high: float, chance: float, neutral: float) -> Tensor:
        values = torch.rand(m, generator=rng) * (high - low) + low
        used = torch.rand(m, generator=rng) < chance
        return torch.where(used, values, neutral).repeat_interleave(repeats)

    gain, shift, gamma = draw(0.75, 1.3, 0.5, 1), draw(-0.3, 0.3, 0.5, 0), draw(0.7, 1.4, 0.3, 1)
    knots = torch.randn(m, *(BIAS_KNOTS,) * dims, generator=rng).repeat_interleave(repeats, 0)
    bias = knots * draw(0.03, 0.12, 0.3, 0).view(-1, *ones)
    thick = torch.rand((), generator=rng) < 0.2  # the blur of a thicker slice
    blur = thick & (draw(1, 1, 0.5, 0) > 0)
    noise = draw(0.02, 0.15, 0.4, 0)
    seed = torch.randint(2**62, (), generator=rng)
    return Change(gain, shift, gamma, bias, blur, noise, seed)


def intensities(images: Tensor, change: Change) -> Tensor:
    """``images`` (N, C, *spatial) after ``change``, of the batch; background stays 0.

    Slow operations are only applied to the channels that they change.
    """
    device, spatial = images.device, images.shape[2:]

    def voxelwise(values: Tensor) -> Tensor:
        return values.to(device)[(..., *(None,) * len(spatial))]

    x = images * voxelwise(change.gain) + voxelwise(change.shift)
    curved = change.gamma != 1
    x[curved] = bent(x[curved], voxelwise(change.gamma[curved]))
    uneven = change.bias.flatten(2).any(2)
    x[uneven] *= 1 + _smooth(change.bias[uneven][:, None].to(device), spatial)[:, 0]
    pool = F.avg_pool3d if len(spatial) == 3 else F.avg_pool2d
    x[change.blur] = pool(x[change.blur][:, None], 3, stride=1, padding=1)[:, 0]
    for sample, deviation, seed in zip(x, change.noise, change.seed.tolist(), strict=True):
        noisy = deviation > 0
        rng = torch.Generator(device).manual_seed(seed)
        noise = torch.randn(int(noisy.sum()), *spatial, generator=rng, device=device)
        sample[noisy] += noise * voxelwise(deviation[noisy])
    return torch.where(images != 0, x, 0)


def bent(x: Tensor, gamma: Tensor) -> Tensor:
    """``x`` with another contrast: monotonic, and without an end, as inference has none either."""
    low, high = GAMMA_RANGE
    inner = x.clamp(low, high)
    return ((inner - low) / GAMMA_SPAN).pow(gamma) * GAMMA_SPAN + low + (x - inner)


def _smooth(knots: Tensor, size: Sequence[int]) -> Tensor:
    """Fields (N, C, *size) through ``knots`` (N, C, *coarse), linear between them."""
    return linear_resize(knots, size, align_corners=True)
