"""From scans as they were acquired to a case that a model can read, and back."""

from shaspec.preparation.acquired import acquired_files
from shaspec.preparation.doubt import DoubtfulError
from shaspec.preparation.prepare import Prepared, prepare
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
