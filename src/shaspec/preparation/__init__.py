"""From scans as they were acquired to a case that a model can read, and back.

The names of `__all__` are imported when they are first used: who only reads the transforms of a
prepared case needs no registration, and no pictures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shaspec.lazy import getter

if TYPE_CHECKING:
    from shaspec.preparation.acquired import acquired_files
    from shaspec.preparation.doubt import DoubtfulError
    from shaspec.preparation.prepared import Prepared, prepare
    from shaspec.preparation.restore import probabilities_to_inputs, to_input, to_inputs
    from shaspec.preparation.transforms import Transforms, read_transforms, write_transforms

__all__ = [
    "DoubtfulError",
    "Prepared",
    "Transforms",
    "acquired_files",
    "prepare",
    "probabilities_to_inputs",
    "read_transforms",
    "to_input",
    "to_inputs",
    "write_transforms",
]

_MODULES = {
    "DoubtfulError": "shaspec.preparation.doubt",
    "Prepared": "shaspec.preparation.prepared",
    "Transforms": "shaspec.preparation.transforms",
    "acquired_files": "shaspec.preparation.acquired",
    "prepare": "shaspec.preparation.prepared",
    "probabilities_to_inputs": "shaspec.preparation.restore",
    "read_transforms": "shaspec.preparation.transforms",
    "to_input": "shaspec.preparation.restore",
    "to_inputs": "shaspec.preparation.restore",
    "write_transforms": "shaspec.preparation.transforms",
}
"""Where the names are defined."""


__getattr__ = getter(__name__, _MODULES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
