"""What `shaspec resident`, the engine of the module for 3D Slicer, saves from the second run on.

    python benchmarks/resident.py FOLDER [MODEL]

Writes a phantom to FOLDER as the module does, and runs subsets of it in one process. Prints the
seconds from a command to its written label map, and how much of that the network took.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import nibabel
import numpy as np

from shaspec.phantom import make_case

SUBSETS = ("FLAIR+T1+T1ce+T2", "FLAIR+T2", "FLAIR+T1+T1ce", "T1ce", "FLAIR+T1+T1ce+T2")
COMMAND = [sys.executable, "-m", "shaspec", "resident"]


def write(folder: Path) -> None:
    """The volumes of a phantom of the usual size, not compressed."""
    case = make_case(9_000_000)
    folder.mkdir(parents=True, exist_ok=True)
    for name, volume in case.volumes.items():
        voxels = np.ascontiguousarray(case.grid.to_file(volume))
        image = nibabel.nifti1.Nifti1Image(voxels, case.grid.affine)
        image.to_filename(folder / f"case_{name}.nii")


def main() -> None:
    """Run the subsets, one after the other."""
    folder, model = Path(sys.argv[1]), (sys.argv[2:] or ["shaspec"])[0]
    write(folder)
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number, subset in enumerate(SUBSETS):
            out = folder / f"run_{number}_pred.seg.nrrd"
            out.unlink(missing_ok=True)
            files = [f"{name}={folder / f'case_{name}.nii'}" for name in subset.split("+")]
            words = ["predict", *files, "--model", model, "--out", str(out)]
            start, network = time.perf_counter(), 0.0
            process.stdin.write(json.dumps(words).encode() + b"\n")
            process.stdin.flush()
            for line in process.stdout:
                event = json.loads(line)
                if event["event"] == "finished":
                    network = event["provenance"]["seconds"]["total"]
                elif event["event"] == "ended":
                    break
            print(f"{subset:18} {time.perf_counter() - start:6.2f} s, network {network:6.2f} s")
        process.stdin.close()


if __name__ == "__main__":
    main()
