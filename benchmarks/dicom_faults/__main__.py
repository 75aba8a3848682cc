"""What becomes of damaged, odd and hostile DICOM examinations.

    python -m benchmarks.dicom_faults [--only "cut off"]

Every sample is one made-up examination. It has to become a volume whose every voxel has the value
that the headers place there, or be refused with a sentence that names the series or the file. The
exit code is 1 if a sample ends in another error, in wrong voxels, takes more than `SLOW` seconds of
the processor, or if a sentence has the name of the patient.
"""

from __future__ import annotations

import argparse
import os
import traceback
from pathlib import Path
from tempfile import TemporaryDirectory

import pydicom

from benchmarks.dicom_faults.samples import SAMPLES
from benchmarks.dicom_faults.truth import voxels_right
from benchmarks.dicom_faults.writers import NAME, PATIENT_ID
from shaspec.dicom import case_from_dicom
from shaspec.errors import ShaspecError
from shaspec.task import load_task

SLOW = 20.0
NAMES = ("series ", "file ", "patients", "exam", "DICOM", "stud")
"""One of these is in every sentence: what it is about."""


def main() -> int:
    """Print a line per sample; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="part of the name of a sample")
    options = parser.parse_args()
    bad, counts = 0, {"volume": 0, "refused": 0}
    for name, make in SAMPLES.items():
        if options.only not in name:
            continue
        with TemporaryDirectory() as place:
            folder = Path(place) / "exam"
            source, begin = make(folder), sum(os.times()[:4])
            kind, text = outcome(source, folder, Path(place) / "scans")
        seconds = sum(os.times()[:4]) - begin
        named = any(word in text for word in NAMES) or kind == "volume"
        leaks = any(word.lower() in text.lower() for word in (*NAME.split("^"), PATIENT_ID))
        wrong = kind not in counts or not named or leaks or seconds > SLOW
        counts[kind] = counts.get(kind, 0) + 1
        bad += wrong
        print(f"{'!!' if wrong else '  '} {name}: {kind}{' LEAK' * leaks}; {text}", flush=True)
    print(f"{sum(counts.values())} samples: {counts}, {bad} bad")
    return int(bad > 0)


def outcome(source: Path, folder: Path, out: Path) -> tuple[str, str]:
    """What became of a sample, and what was said."""
    try:
        written = case_from_dicom(source, load_task("brats"), out)
    except ShaspecError as error:
        return "refused", str(error).replace(str(folder.parent), "")
    except Exception:  # noqa: BLE001 - that is what is looked for
        return "CRASH", traceback.format_exc()[-600:]
    said = "; ".join(written.notices)
    wrong = voxels_right(written.paths["T2"], _series_of(folder))
    if wrong:
        return "WRONG VOXELS", f"{wrong}; {said}"
    return "volume", said


def _series_of(folder: Path) -> list[Path]:
    """The files of the sound series of a sample."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".zip" and path.name != "DICOMDIR":
            image = pydicom.dcmread(path, force=True, stop_before_pixels=True)
            if image.get("SeriesNumber") in (2, None) and "Rows" in image:
                found[str(image.get("ImagePositionPatient", path))] = path
    return list(found.values())


if __name__ == "__main__":
    raise SystemExit(main())
