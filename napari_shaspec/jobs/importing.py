"""Imports of large libraries in a worker, without standstills of the window."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def importing() -> Iterator[None]:
    """Looks for no garbage in this block, nor among what was made in it.

    PyTorch makes half a million objects that stay. Python would look for garbage among them three
    times, for up to 0.3 s each, in which no thread runs, the window's neither.
    """
    if not gc.isenabled():  # somebody else sees to it
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if gc.get_freeze_count() == 0:
            gc.freeze()  # these two move the new objects to the old ones without a look at them
            gc.unfreeze()
        gc.enable()


def load_plotting() -> None:
    """Imports matplotlib and its canvas for Qt, which takes half a second.

    A job whose result is drawn calls it in its worker: else the window would import them when a
    figure is first shown. Without Qt, as in a script, nothing is drawn.
    """
    with importing(), suppress(ImportError):
        for name in ("backends.backend_qtagg", "figure", "patches", "path", "ticker"):
            importlib.import_module(f"matplotlib.{name}")
