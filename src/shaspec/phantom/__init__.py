"""Made-up patients: a head with a tumour in all modalities, with the true labels, from a seed.

For demonstrations, tests and training without anybody's data. `make_case` is all there is to call.
"""

from __future__ import annotations

from shaspec.case import Case
from shaspec.errors import InputError

__all__ = ["make_case"]


def make_case(
    seed: int,
    shape: tuple[int, int, int] = (155, 240, 240),
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0),
    task: str = "brats",
) -> Case:
    """The case ``phantom-<seed>`` with labels; the same arguments give the same bytes.

    ``shape`` and ``spacing`` (mm) are in the order (S, P, L). The head lies in the field of view
    as in BraTS and has its natural size; where ``shape * spacing`` cannot hold it, head and tumour
    are shrunk alike in all directions until it fits, so ``shape=(64, 64, 64)`` is a doll's head
    at 1 mm and a coarse scan of a whole head at ``spacing=(3, 3, 3)``.

    Raises `InputError` for a task without a phantom or a grid that cannot hold one.
    """
    if task == "brats":
        from shaspec.phantom.glioma import make_glioma

        return make_glioma(seed, shape, spacing)
    raise InputError(f"there is no phantom for task {task!r}: only for 'brats'")
