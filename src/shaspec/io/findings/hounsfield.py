"""Check that the values of CT are Hounsfield units: air -1000, fat -100, soft tissue 0 to 100."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from shaspec.io.findings.scan import Array, Finding, Scan

SAMPLE = 65536  # voxels
PADDING = 0.005  # share of the sample; a smallest value with more was written, not measured
TAILS = (1, 99.9)  # percentiles; values beyond them are noise, ringing and metal
DARK = -20.0  # HU; a CT without values below this has no air and no fat
RAW = 1000.0  # without the rescale intercept, values of tissue exceed it
NARROW = 200.0  # HU; from fat to vessels with contrast agent it is more
BELOW_AIR = -1200.0  # HU; nothing measured is as low


def hounsfield(scans: Sequence[Scan]) -> Iterator[Finding]:
    """Find CT whose values cannot be Hounsfield units."""
    for scan in scans:
        values = _measured(scan.array) if scan.modality.is_ct else np.zeros(0)
        if not values.size:
            continue
        low, high = np.percentile(values, TAILS)
        least, most = float(scan.array.min()), float(scan.array.max())
        reaches = f"{least:g} to {most:g}"
        if low >= DARK and most > RAW:
            yield Finding(
                "refuse",
                f"{scan.path or scan.modality.name}: the values of {scan.modality.name} reach from "
                f"{reaches}, so they are not Hounsfield units: no tissue is as dark as air or fat",
                "apply the rescale intercept of the DICOM files, usually -1024, and save it again",
            )
        elif low >= DARK:
            yield Finding(
                "warning",
                f"{scan.shown} reaches from {reaches}, without tissue as dark as air or fat: these "
                "may not be Hounsfield units",
                "check that it was exported with its full range",
            )
        elif high - low < NARROW:
            yield Finding(
                "warning",
                f"{scan.shown} reaches from {reaches}, which is too narrow for Hounsfield units",
                "check that it was exported in Hounsfield units, without normalisation",
            )
        elif low < BELOW_AIR:
            yield Finding(
                "warning",
                f"{scan.shown} has values near {low:.0f}, but air is -1000 in Hounsfield units",
                "check that its slope and intercept were applied once",
            )


def _measured(array: Array) -> npt.NDArray[np.float64]:
    """Sampled values without the padding around the field of view, e.g. -2000."""
    flat = array.ravel()
    sample = flat[:: max(1, flat.size // SAMPLE)].astype(np.float64)
    padding = sample == sample.min()
    return sample[~padding] if padding.mean() > PADDING else sample
