"""Errors that reach a user: each names the file or the setting, and the mend.

None of them derives from ``RuntimeError``: a napari generator worker swallows that one
silently and would leave the interface running for ever.
"""

from __future__ import annotations


class ShaspecError(Exception):
    """Base of every error this package raises on purpose; the message is written for a user."""


class InputError(ShaspecError):
    """A file, a folder, an array or an option that cannot be used as it is."""


class WeightsError(ShaspecError):
    """A model folder whose card and weights do not fit each other, or the task."""


class OutOfMemoryError(ShaspecError):
    """Not even the smallest window fits into the memory of the device."""
