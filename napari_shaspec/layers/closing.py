"""Layers of a viewer whose window is being closed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from psygnal import EmitLoopError

GONE = ("has been deleted", "already deleted")  # PyQt, PySide


@contextmanager
def window_may_be_gone() -> Iterator[None]:
    """A block that changes what is shown, and ends early where napari has deleted its canvas.

    A closed window deletes its canvas before the panels; other errors are raised.
    """
    try:
        yield
    except (RuntimeError, EmitLoopError) as error:
        if not any(text in str(error.__cause__ or error) for text in GONE):
            raise
