"""Made-up patients: all modalities of a task, with the true labels, from a seed.

For demonstrations, tests and training without anybody's data. `make_case` is all there is to call.
"""

from __future__ import annotations

from shaspec.case import Case
from shaspec.errors import InputError

__all__ = ["DEMO_SEED", "TASKS", "make_case"]

DEMO_SEED = 9_000_000
"""From here on seeds are for demonstrations: no model is trained on them."""

TASKS = ("brats", "liver-ct")
"""What there are phantoms for."""


def make_case(
    seed: int,
    shape: tuple[int, ...] | None = None,
    spacing: tuple[float, ...] | None = None,
    task: str = "brats",
) -> Case:
    """The case ``phantom-<seed>`` with labels; the same arguments give the same bytes.

    ``brats`` is a head with a glioma, ``liver-ct`` an abdomen with tumours in the liver. ``shape``
    and ``spacing`` (mm) are in the order (S, P, L); by default those of an ordinary scan. The
    patient lies in the field of view as usual and has the natural size; where ``shape * spacing``
    cannot hold it, everything is shrunk alike in all directions until it fits, so
    ``shape=(64, 64, 64)`` is a doll at 1 mm and a coarse scan of a whole head at
    ``spacing=(3, 3, 3)``.

    Raises `InputError` for a task without a phantom or a grid that cannot hold one.
    """
    from shaspec.phantom.window import checked

    if task == "brats":
        from shaspec.phantom.glioma import make_glioma

        return make_glioma(seed, *checked(shape or (155, 240, 240), spacing or (1.0, 1.0, 1.0)))
    if task == "liver-ct":
        from shaspec.phantom.abdomen import make_abdomen

        return make_abdomen(seed, *checked(shape or (100, 224, 304), spacing or (2.5, 1.25, 1.25)))
    raise InputError(f"there is no phantom for task {task!r}: only for {' and '.join(TASKS)}")
