"""The options of a run, shared by the commands and by runs over many cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shaspec.case import Case
    from shaspec.inference.session import InferenceSession
    from shaspec.models.weights import Model


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Device, precision and windows of a run."""

    device: str = "auto"
    """``auto`` (a GPU if there is one), ``cpu``, ``cuda``, ``cuda:1`` ..."""
    precision: str = "auto"
    """``float32``, ``bfloat16``, or ``auto``; see `shaspec.inference.precision`."""
    window: tuple[int, ...] | None = None
    """Voxels (S, P, L), or pixels (row, column); None: that of the model's card."""
    overlap: float = 0.25
    """Minimum share of a window that overlaps with the next, from 0 to below 1."""

    @property
    def keywords(self) -> dict[str, Any]:
        """The four options as keyword arguments, without those of a subclass."""
        return {
            "device": self.device,
            "precision": self.precision,
            "window": self.window,
            "overlap": self.overlap,
        }

    def session(self, model: Model, case: Case, *, keep: int | None = None) -> InferenceSession:
        """Open a session with these options.

        Args:
            model: a segmentation model.
            case: a case of the task of the model.
            keep: bytes of features to keep; default: a quarter of the free memory; 0: none.

        Returns:
            The session.

        Raises:
            InputError: as `InferenceSession`.
        """
        from shaspec.inference.session import InferenceSession

        return InferenceSession(model, case, keep=keep, **self.keywords)
