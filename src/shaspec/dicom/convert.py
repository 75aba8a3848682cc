"""Convert one series to NIfTI with dcm2niix, and compare the result with the headers."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from shaspec.dicom.dataset import MISSING
from shaspec.dicom.placing import corners
from shaspec.dicom.series import Series, Study
from shaspec.dicom.source import copy_file
from shaspec.errors import InputError
from shaspec.io.export import write_volume
from shaspec.io.volumes import Volume, read_volume

SECONDS = 600
"""Time limit for one series."""
OPTIONS = ("-g", "i", "-b", "n", "-z", "n", "-x", "i", "-c", "", "-f", "volume", "-d", "0")
"""No settings of the user, no sidecar, not packed, neither cropped nor rotated, no comment."""
HARMLESS = ("(0018,5100)", "(0008,0070)", "(0020,0013)")
"""Tags that dcm2niix warns about if they are missing or odd: position of the patient, manufacturer,
number of the image. The place of the volume is checked here."""
NEAR = 0.1
"""Largest distance in mm between a corner of the volume and where the headers place it."""


def convert(series: Series, study: Study, target: Path) -> tuple[str, ...]:
    """Write a series as NIfTI.

    dcm2niix works on copies with neutral names. Only voxels and position of its output are written
    to ``target``, so no text of the DICOM headers gets there.

    Args:
        series: one without a problem.
        study: the study of the series.
        target: the ``.nii.gz`` file.

    Returns:
        Warnings of dcm2niix, with the series' name.

    Raises:
        InputError: if dcm2niix fails, makes no or several volumes, or places the volume elsewhere
            than the headers do.
    """
    with TemporaryDirectory(prefix="shaspec-dicom-") as folder:
        inputs, output = Path(folder) / "in", Path(folder) / "out"
        inputs.mkdir()
        output.mkdir()
        for index, header in enumerate(series.headers):
            try:
                copy_file(header.path, inputs / f"{index:06d}.dcm")
            except InputError as error:
                raise InputError(f"{series.title}: {error}") from error
        lines = _run(inputs, output, series, study)
        made = sorted(output.glob("*.nii"))
        if len(made) != 1:
            told = f" ({lines[0]})" if lines else ""
            raise InputError(f"{series.title}: dcm2niix made {len(made)} volumes of it{told}")
        try:
            volume = read_volume(made[0])
        except InputError as error:
            text = str(error).replace(str(made[0]), "the output of dcm2niix")
            raise InputError(f"{series.title}: {text}") from error
        _check(volume, series)
        write_volume(target, volume.array, volume.grid)
    return tuple(f"{series.title}: {line}" for line in lines)


def _run(inputs: Path, output: Path, series: Series, study: Study) -> list[str]:
    """Run dcm2niix; returns its warnings, without paths and words that identify the patient."""
    try:
        import dcm2niix
    except ImportError:
        raise InputError(MISSING) from None
    command = [dcm2niix.bin, *OPTIONS, "-o", str(output), str(inputs)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=SECONDS,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise InputError(f"{series.title}: dcm2niix took more than {SECONDS} s") from None
    except OSError as error:
        raise InputError(f"dcm2niix cannot be run ({error.strerror}); install it again") from error
    told = (done.stdout + "\n" + done.stderr).splitlines()
    lines = [
        study.hide(line.replace(str(inputs), "").replace(str(output), "").strip())
        for line in told
        if "warning" in line.lower() or "error" in line.lower()
    ]
    lines = [line for line in lines if not any(tag in line for tag in HARMLESS)]
    if done.returncode:
        errors = [line for line in lines if "error" in line.lower()] or lines
        text = errors[0] if errors else "a file may be cut off; copy the series again"
        raise InputError(f"{series.title}: dcm2niix ended with code {done.returncode}: {text}")
    return list(dict.fromkeys(lines))


def _check(volume: Volume, series: Series) -> None:
    """See that the volume lies where the headers place it, corner by corner."""
    expected = series.placement
    assert expected is not None
    if volume.grid.file_shape != expected.shape:
        raise InputError(
            f"{series.title}: dcm2niix made a volume of {volume.grid.file_shape} voxels, the "
            f"headers describe {expected.shape}"
        )
    actual = corners(expected.shape, volume.grid.affine)
    distance = np.linalg.norm(actual[:, None] - expected.corners()[None], axis=2)
    if max(distance.min(axis=0).max(), distance.min(axis=1).max()) > NEAR:
        raise InputError(
            f"{series.title}: dcm2niix places the volume elsewhere than the headers "
            f"({distance.min(axis=0).max():.1f} mm)"
        )
