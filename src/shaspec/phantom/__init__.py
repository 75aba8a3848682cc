"""Phantoms: synthetic cases with all modalities of a task and ground truth, generated from a seed.

For demonstrations, tests and training without patient data. `make_case` makes a case.
"""

from __future__ import annotations

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.task import load_task

__all__ = ["DEMO_SEED", "TASKS", "case_files", "make_case"]

DEMO_SEED = 9_000_000
"""First seed of the demo phantoms, which no model is trained on."""

TASKS = ("brats", "liver-ct")
"""Tasks with phantoms."""


def case_files(seed: int, task: str = "brats") -> tuple[str, ...]:
    """Names of the files into which `shaspec.io.write_case` writes a phantom.

    Args:
        seed: of the phantom.
        task: one of `TASKS`; otherwise there are none.

    Returns:
        A name per modality, and that of the labels.
    """
    words = [*(name.lower() for name in load_task(task).names), "seg"] if task in TASKS else []
    return tuple(f"phantom-{seed}_{word}.nii.gz" for word in words)


def make_case(
    seed: int,
    shape: tuple[int, ...] | None = None,
    spacing: tuple[float, ...] | None = None,
    task: str = "brats",
) -> Case:
    """Make the case ``phantom-<seed>`` with labels; the same arguments give the same bytes.

    The patient has the usual position and natural size. If ``shape * spacing`` is too small,
    everything is scaled down by one factor until it fits: ``shape=(64,
    64, 64)`` is a small head at 1 mm, and with ``spacing=(3, 3, 3)`` a coarse scan of a whole head.

    Args:
        seed: 0 or more; from `DEMO_SEED` on seeds are for demonstrations and no model is trained on
            them.
        shape: voxels (S, P, L); default: that of an ordinary scan.
        spacing: voxel size in mm, (S, P, L); default: that of an ordinary scan.
        task: ``brats``, a head with a glioma, or ``liver-ct``, an abdomen with tumours in the
            liver.

    Returns:
        The case with all modalities and labels.

    Raises:
        InputError: for a task without a phantom, or a grid that is too small.
    """
    from shaspec.phantom.window import checked

    if task == "brats":
        from shaspec.phantom.glioma import make_glioma

        return make_glioma(seed, *checked(shape or (155, 240, 240), spacing or (1.0, 1.0, 1.0)))
    if task == "liver-ct":
        from shaspec.phantom.abdomen import make_abdomen

        return make_abdomen(seed, *checked(shape or (100, 224, 304), spacing or (2.5, 1.25, 1.25)))
    raise InputError(f"there is no phantom for task {task!r}: choose {' or '.join(TASKS)}")
