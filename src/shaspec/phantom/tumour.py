"""A glioma: its position, the mass effect, and the voxels of NCR, ED and ET."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri
from skimage.graph import MCP_Geometric

from shaspec.phantom.fields import Field, Lattice, noise, step
from shaspec.phantom.head import Head
from shaspec.phantom.window import Window

KINDS = {"ring": 0.45, "mosaic": 0.17, "low-grade": 0.26, "small core": 0.12}
"""Probabilities of the types: necrosis in an enhancing rim; mixed enhancement; no enhancement;
much oedema around a small core."""


@dataclass(frozen=True, eq=False)
class Focus:
    """One centre of growth, an ellipsoid of ``volume`` mL about ``centre`` (canvas mm)."""

    centre: npt.NDArray[np.float64]
    axes: npt.NDArray[np.float64]
    """(3, 3): canvas mm -> mm in which the ellipsoid is a sphere of the same volume."""
    volume: float

    @property
    def radius(self) -> float:
        """Radius in mm of the sphere of the same volume."""
        return float((3000 * self.volume / (4 * np.pi)) ** (1 / 3))

    def distance(self, canvas: npt.NDArray[np.float32]) -> Field:
        """Millimetres from the surface (3, ...) -> (...); negative inside."""
        away = canvas.astype(np.float64) - self.centre.reshape(3, 1, 1, 1)
        return np.asarray(np.sqrt((np.tensordot(self.axes, away, 1) ** 2).sum(0)) - self.radius)


@dataclass(frozen=True, eq=False)
class Plan:
    """Random properties of the tumour. Volumes are in mL, lengths in mm."""

    kind: str
    foci: tuple[Focus, ...]
    core: float
    oedema: float
    push: float
    """Displacement at the surface of the core, relative to its radius."""
    rim: float
    """Thickness of the enhancing rim."""
    patchy: float
    """Fraction of the enhancing part that does not enhance, in patches."""
    cystic: float
    """Fraction of the necrosis that is cystic."""


@dataclass(frozen=True, eq=False)
class Tumour:
    """Soft fractions of the three parts (they sum to at most 1) and the label map (1, 2, 4)."""

    plan: Plan
    necrosis: Field
    oedema: Field
    enhancing: Field
    cyst: Field
    """Cystic fraction of the necrosis, 0 to 1."""
    labels: npt.NDArray[np.uint8]


def draw_plan(
    rng: np.random.Generator, canvas: npt.NDArray[np.float32], likely: npt.NDArray[np.floating]
) -> Plan:
    """A random tumour centred at one of ``canvas`` (3, *nodes), with ``likely`` as weights."""
    kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    whole = float(np.clip(np.exp(rng.normal(np.log(80), 0.75)), 5, 200))
    share = {
        "ring": rng.uniform(0.2, 0.75),
        "mosaic": rng.uniform(0.3, 0.9),
        "low-grade": rng.uniform(0.3, 0.85),
        "small core": rng.uniform(0.03, 0.15),
    }[kind]
    core = min(whole * share, 120.0)
    parts = [1.0]
    if rng.random() < 0.2:
        small = rng.uniform(0.08, 0.35)
        parts = [1 - small, small]
    chance = likely.ravel() / likely.sum()
    foci = []
    for part in parts:
        centre = canvas.reshape(3, -1)[:, rng.choice(len(chance), p=chance)]
        stretch = np.exp(rng.normal(0, 0.22, 3))
        stretch /= np.prod(stretch) ** (1 / 3)
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        foci.append(Focus(centre.astype(np.float64), np.diag(stretch) @ turn, core * part))
    return Plan(
        kind=kind,
        foci=tuple(foci),
        core=core,
        oedema=whole - core,
        push=rng.uniform(0.1, 0.5),
        rim=float(np.exp(rng.normal(np.log(3.5), 0.4))),
        patchy=rng.uniform(0.3, 0.8) if rng.random() < 0.35 else 0.0,
        cystic=rng.uniform(0.1, 0.9) if rng.random() < 0.3 else 0.0,
    )


def mass_effect(
    plan: Plan, canvas: npt.NDArray[np.float32], depth: npt.NDArray[np.floating]
) -> npt.NDArray[np.float32]:
    """Canvas positions (3, *nodes) -> positions of that tissue before the tumour grew.

    The displacement points away from each focus, fades with the distance, and is nothing at the
    surface of the brain (``depth`` 0 mm): the skull does not give way.
    """
    out = canvas.copy()
    free = np.clip(depth / 18.0, 0, 1)
    for focus in plan.foci:
        swelling = (1 + plan.oedema / max(focus.volume, 1.0) * 0.15) ** (1 / 3)
        radius = focus.radius * min(swelling, 1.6)
        away = canvas - focus.centre.reshape(3, 1, 1, 1).astype(np.float32)
        distance = np.sqrt((away**2).sum(0)) + 1e-3
        shift = min(plan.push * radius, 11.0)
        profile = np.where(
            distance < radius, distance / radius, np.exp(-(distance - radius) / (1.3 * radius + 8))
        )
        out -= (shift * profile * free / distance).astype(np.float32) * away
    return out


def grow(rng: np.random.Generator, plan: Plan, head: Head) -> Tumour:
    """Grows the planned tumour: the core, then oedema along the white matter, then the rim."""
    window = head.window
    coarse = window.lattice(3.0)
    core_level, core = _grow_core(rng, plan, head, coarse)
    reach, oedema = _grow_oedema(rng, plan, head, coarse, core_level, core)
    enhancing = _enhancement(rng, plan, window, core_level)
    core_soft = step(-core_level, 1.0) * head.brain
    oedema_soft = step(reach, 2.5) * np.clip(1.6 - 2 * head.fluid, 0, 1) * head.brain
    labels = np.zeros(window.shape, np.uint8)
    labels[oedema] = 2
    labels[core] = np.where(enhancing[core] > 0.5, 4, 1)
    return Tumour(
        plan,
        necrosis=core_soft * (1 - enhancing),
        oedema=oedema_soft * (1 - core_soft),
        enhancing=core_soft * enhancing,
        cyst=_patches(rng, window, plan.cystic, rng.uniform(9, 18)),
        labels=labels,
    )


def _grow_core(
    rng: np.random.Generator, plan: Plan, head: Head, coarse: Lattice
) -> tuple[Field, npt.NDArray[np.bool_]]:
    """Level set in mm, negative inside, with exactly the planned volume; and the mask."""
    window = head.window
    canvas = window.positions(coarse)
    near = coarse.nearest_voxels()
    levels = []
    for focus in plan.foci:
        lobes = rng.uniform(0.12, 0.3) * focus.radius
        size = focus.radius * rng.uniform(0.6, 1.0) + 2
        level = focus.distance(canvas)
        level += lobes * noise(rng, coarse.nodes, (coarse.step,) * 3, size)
        # Growth stops at the ventricles and rarely crosses the midline outside the callosum.
        level += (0.5 * focus.radius + 2) * np.clip(head.fluid[near] * 2 - 0.6, 0, 1)
        across = head.across[near]
        side = np.sign(across[np.unravel_index(level.argmin(), level.shape)]) or 1.0
        level += np.clip(-across * side, 0, 12) * np.clip(1 - head.white[near], 0.2, 1)
        levels.append(level)
    level = coarse.upsample(np.min(levels, axis=0))
    level += rng.uniform(0.3, 0.9) * noise(rng, window.shape, window.voxel, 4.0)
    level -= _threshold(level, head.brain > 0, plan.core / window.voxel_ml)
    return level, (level < 0) & (head.brain > 0)


def _grow_oedema(
    rng: np.random.Generator,
    plan: Plan,
    head: Head,
    coarse: Lattice,
    core_level: Field,
    core: npt.NDArray[np.bool_],
) -> tuple[Field, npt.NDArray[np.bool_]]:
    """Distance in mm by which the oedema extends beyond each voxel (negative: outside); the mask.

    Fluid runs from the core through the tissue as light through glass: fast in white matter, slow
    in grey, hardly at all through the ventricles and out of the brain.
    """
    near = coarse.nearest_voxels()
    speed = head.white[near] + rng.uniform(0.15, 0.45) * head.grey[near] + 0.03
    fingers = noise(rng, coarse.nodes, (coarse.step,) * 3, rng.uniform(8, 16))
    speed = np.where(head.brain[near] > 0, speed * np.exp(0.35 * fingers), 0.01)
    start = core_level[near] < 0
    if not start.any():
        start = core_level[near] <= core_level[near].min()
    paths = MCP_Geometric(1.0 / speed.astype(np.float64))
    arrival = paths.find_costs(np.argwhere(start))[0] * coarse.step
    delay = coarse.upsample(np.minimum(arrival, 400.0))
    delay += rng.uniform(0.5, 1.5) * noise(rng, head.window.shape, head.window.voxel, 5.0)
    delay += 12 * np.clip(head.fluid * 2 - 0.7, 0, 1) + 4 * head.grey
    allowed = (head.brain > 0) & ~core & (head.fluid < 0.5)
    reach = _threshold(delay, allowed, plan.oedema / head.window.voxel_ml) - delay
    return reach, allowed & (reach > 0)


def _enhancement(rng: np.random.Generator, plan: Plan, window: Window, level: Field) -> Field:
    """Enhancing fraction of the core, 0 to 1, from the level set of the core."""
    if plan.kind == "low-grade":
        return np.zeros(window.shape, np.float32)
    if plan.kind == "mosaic":
        patches = noise(rng, window.shape, window.voxel, rng.uniform(5, 10))
        patches += 0.4 * noise(rng, window.shape, window.voxel, 3.0)
        return step(patches - rng.normal(0, 0.4) - 0.05 * level, 0.35)
    thickness = plan.rim * np.exp(0.45 * noise(rng, window.shape, window.voxel, 14.0))
    share = step(level + thickness, 0.9)
    return np.asarray(share * (1 - _patches(rng, window, plan.patchy, rng.uniform(6, 12))))


def _patches(rng: np.random.Generator, window: Window, share: float, scale: float) -> Field:
    """Soft random patches of ``scale`` mm that cover a fraction of about ``share``."""
    if share <= 0:
        return np.zeros(window.shape, np.float32)
    return step(noise(rng, window.shape, window.voxel, scale) + np.float32(ndtri(share)), 0.3)


def _threshold(values: Field, allowed: npt.NDArray[np.bool_], voxels: float) -> np.float32:
    """The value below which ``voxels`` of the ``allowed`` voxels are, at least one."""
    candidates = values[allowed]
    if candidates.size == 0:
        return np.float32(values.min() - 1)
    count = int(np.clip(round(voxels), 1, candidates.size))
    kth = np.partition(candidates, count - 1)[count - 1]
    return np.float32(np.nextafter(kth, np.float32(np.inf)))
