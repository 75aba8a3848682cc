"""Phantoms: synthetic cases with all modalities of a task and ground truth, generated from a seed.

For demonstrations, tests and training without patient data. `make_case` makes a case.
"""

from __future__ import annotations

from shaspec.case import Case
from shaspec.errors import InputError

__all__ = ["DEMO_SEED", "TASKS", "make_case"]

DEMO_SEED = 9_000_000
"""First seed of the demo phantoms, which no model is trained on."""

TASKS = ("brats", "liver-ct")
"""Tasks with phantoms."""


def make_case(
    seed: int,
    shape: tuple[int, ...] | None = None,
    spacing: tuple[float, ...] | None = None,
    task: str = "brats",
) -> Case:
    """Makes the case ``phantom-<seed>`` with labels; it depends only on the arguments.

    The anatomy has its natural size and the usual position in the field of view. If it does not fit
    into ``shape * spacing``, it is scaled down isotropically until it fits: ``shape=(64, 64, 64)``
    is a miniature head at 1 mm, and a coarse scan of a whole head at ``spacing=(3, 3, 3)``.

    Args:
        seed: determines anatomy, disease and noise.
        shape: voxels (S, P, L); default: an ordinary scan.
        spacing: voxel size (S, P, L) in mm; default: an ordinary scan.
        task: ``brats`` (a head with a glioma) or ``liver-ct`` (an abdomen with liver tumours).

    Raises:
        InputError: the task has no phantom, or the grid is too small.
    """
    from shaspec.phantom.window import checked

    if task == "brats":
        from shaspec.phantom.glioma import make_glioma

        return make_glioma(seed, *checked(shape or (155, 240, 240), spacing or (1.0, 1.0, 1.0)))
    if task == "liver-ct":
        from shaspec.phantom.abdomen import make_abdomen

        return make_abdomen(seed, *checked(shape or (100, 224, 304), spacing or (2.5, 1.25, 1.25)))
    raise InputError(f"there is no phantom for task {task!r}: choose {' or '.join(TASKS)}")
