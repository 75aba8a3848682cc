"""From scans as they were acquired to a case that a model can read, and back."""

from shaspec.preparation.doubt import DoubtfulError
from shaspec.preparation.prepare import Prepared, prepare
from shaspec.preparation.restore import to_inputs
from shaspec.preparation.transforms import Transforms, read_transforms, write_transforms

__all__ = [
    "DoubtfulError",
    "Prepared",
    "Transforms",
    "prepare",
    "read_transforms",
    "to_inputs",
    "write_transforms",
]
