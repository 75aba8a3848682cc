"""Augmentation as tensor operations, per sample and per modality, on the device of the step.

Labels are never interpolated, and what lies outside a volume is background there too, so that no
invented label enters the loss.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from shaspec.training.seeds import generator

ROTATION = 0.35  # radians, largest, about each axis
SCALE = 0.2  # largest relative change of size
BEND = 0.04  # deviation of the elastic displacement, as a share of the crop's edge
KNOTS = 4  # of the displacement along each axis
GAMMA_RANGE = (-3.0, 6.0)  # intensities that gamma bends; what lies outside moves with the ends
GAMMA_SPAN = 6.0  # of which the ends stay in place: -3..3, which z-scores fill


def augment(
    images: Tensor,
    labels: Tensor,
    crop: Sequence[int],
    spacing: Sequence[float],
    seeds: Sequence[Sequence[int]],
    channels: Sequence[int] | None = None,
) -> tuple[Tensor, Tensor]:
    """Random flips, rotation, scaling, bending and intensity changes, then the crop.

    Args:
        images: (N, C, *margin) normalised, background 0.
        labels: (N, *margin).
        crop: size to return.
        spacing: of the voxels, in mm: what is turned keeps its shape in the patient.
        seeds: per sample numbers that fix its result, e.g. (seed of the run, number of the sample).
        channels: how many of the C belong to each modality; default: one each.

    Returns:
        images (N, C, *crop) and labels (N, *crop).
    """
    rngs = [generator(*seed) for seed in seeds]
    size = images.shape[2:]
    grids = torch.stack([_grid(crop, size, spacing, rng) for rng in rngs]).to(images.device)
    out = F.grid_sample(images, grids, mode="bilinear", padding_mode="zeros", align_corners=False)
    target = F.grid_sample(
        labels[:, None].float(), grids, mode="nearest", padding_mode="zeros", align_corners=False
    )
    changed = [intensities(out[i : i + 1], rng, channels) for i, rng in enumerate(rngs)]
    return torch.cat(changed), target[:, 0].to(labels.dtype)


def centre_crop(images: Tensor, labels: Tensor, crop: Sequence[int]) -> tuple[Tensor, Tensor]:
    """The crop without any augmentation."""
    window = tuple(
        slice((n - c) // 2, (n - c) // 2 + c) for n, c in zip(labels.shape[1:], crop, strict=True)
    )
    return images[(slice(None), slice(None), *window)], labels[(slice(None), *window)]


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


def _grid(
    crop: Sequence[int], size: Sequence[int], spacing: Sequence[float], rng: torch.Generator
) -> Tensor:
    """Where each voxel of the crop is read, in `grid_sample`'s coordinates: (*crop, dims)."""
    matrix = linear_map(spacing, rng)
    axes = [torch.arange(n, dtype=torch.float32) - (n - 1) / 2 for n in crop]
    voxels = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)
    if torch.rand((), generator=rng) < 0.3:
        voxels = voxels + _displacement(crop, rng)
    voxels = voxels @ matrix.T
    scaled = voxels * 2 / torch.tensor(list(size), dtype=torch.float32)
    return scaled.flip(-1)  # grid_sample counts the last axis first


def _displacement(crop: Sequence[int], rng: torch.Generator) -> Tensor:
    """A smooth random field in voxels, (*crop, dims)."""
    dims = len(crop)
    knots = torch.randn(1, dims, *(KNOTS,) * dims, generator=rng)
    mode = "trilinear" if dims == 3 else "bilinear"
    field = F.interpolate(knots, tuple(crop), mode=mode, align_corners=True)[0]
    strength = torch.rand((), generator=rng) * BEND
    edges = torch.tensor(list(crop), dtype=torch.float32)
    return field.movedim(0, -1) * edges * strength


def intensities(
    images: Tensor, rng: torch.Generator, channels: Sequence[int] | None = None
) -> Tensor:
    """Contrast, brightness, gamma, bias field, blur and noise, each modality by itself.

    The channels of one modality change alike: a picture keeps its hues.
    """
    n, c, *spatial = images.shape
    repeats = torch.tensor(list(channels) if channels else [1] * c)
    m = len(repeats)
    ones = (1,) * len(spatial)
    inside = images != 0

    def per_channel(values: Tensor) -> Tensor:
        return values.repeat_interleave(repeats, dim=1).to(images.device)

    def draw(low: float, high: float, chance: float, neutral: float) -> Tensor:
        values = torch.rand(n, m, generator=rng) * (high - low) + low
        used = torch.rand(n, m, generator=rng) < chance
        chosen = torch.where(used, values, torch.tensor(neutral))
        return per_channel(chosen).view(n, c, *ones)

    x = images * draw(0.75, 1.3, 0.5, 1.0) + draw(-0.3, 0.3, 0.5, 0.0)
    gamma = draw(0.7, 1.4, 0.3, 1.0)
    x = torch.where(gamma == 1, x, bent(x, gamma))
    coarse = per_channel(torch.randn(n, m, *(3,) * len(spatial), generator=rng))
    mode = "trilinear" if len(spatial) == 3 else "bilinear"
    field = F.interpolate(coarse, tuple(spatial), mode=mode, align_corners=True)
    x = x * (1 + field * draw(0.03, 0.12, 0.3, 0.0))
    if torch.rand((), generator=rng) < 0.2:  # the blur of a thicker slice
        pool = F.avg_pool3d if len(spatial) == 3 else F.avg_pool2d
        x = torch.where(draw(1, 1, 0.5, 0) > 0, pool(x, 3, stride=1, padding=1), x)
    noise = torch.randn(x.shape, generator=rng).to(images.device)
    x = x + noise * draw(0.02, 0.15, 0.4, 0.0)
    return torch.where(inside, x, torch.zeros_like(x))


def bent(x: Tensor, gamma: Tensor) -> Tensor:
    """``x`` with another contrast: monotonous, and without an end, as inference has none either."""
    low, high = GAMMA_RANGE
    inner = x.clamp(low, high)
    return ((inner - low) / GAMMA_SPAN).pow(gamma) * GAMMA_SPAN + low + (x - inner)
