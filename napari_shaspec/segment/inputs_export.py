"""Writes the shown result on the grid of every scan as it was before the preparation."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

from napari_shaspec.jobs.control import JobControl
from napari_shaspec.jobs.runner import Handlers, Runner
from napari_shaspec.segment.prepared_folder import prepared_folders
from napari_shaspec.segment.results import Results
from napari_shaspec.segment.state import SegmentState
from shaspec.prediction import Prediction

ENDING = ".nii.gz"


class InputsExport:
    """Writes one label map per scan, in a worker."""

    def __init__(self, state: SegmentState, results: Results, run: Runner, job: JobControl) -> None:
        self._state, self._results, self._run, self._job = state, results, run, job

    def save(self, path: Path) -> None:
        """Writes the shown result with its edits.

        Args:
            path: ``NAME.nii.gz``; the files are ``NAME_on_t1.nii.gz`` and so on.
        """
        state = self._state
        now = self._results.edited()  # also what a script has painted
        result = now.get(state.shown, state.shown_map)
        folders = prepared_folders(state)
        if result is None:
            self._job.refuse("no result to save yet: press Segment first")
            return
        if not folders:
            self._job.refuse(
                f"{state.case} was not prepared by this program: its result lies on the grid of "
                "its scans already, so save it as NIfTI"
            )
            return
        handlers: Handlers[list[Path]] = Handlers(self._saved, self._job.show_error, lambda: None)
        edited = state.shown in now
        self._job.say(f"writing {path.name} for every scan")
        self._run(lambda: _write(result, folders[0], path, edited), handlers, threading.Event())

    def _saved(self, paths: list[Path]) -> None:
        names = ", ".join(path.name for path in paths)
        self._job.say(f"saved {names} in {paths[0].parent}")


def _write(result: Prediction, folder: Path, path: Path, edited: bool) -> Iterator[list[Path]]:
    """Slow: runs in a worker. By the probabilities where they are those of the labels."""
    from shaspec.io import write_labels
    from shaspec.io.naming import LABEL
    from shaspec.io.origin import Origin
    from shaspec.io.outputs import check_output
    from shaspec.preparation import probabilities_to_inputs, read_transforms, to_inputs

    transforms = read_transforms(folder)
    stem = path.name.removesuffix(ENDING)
    targets = {n: path.with_name(f"{stem}_on_{n.lower()}{ENDING}") for n in transforms.grids}
    for target in targets.values():
        check_output(target, [], overwrite=False, keep_own=True)
    labels, grid = result.labels, result.grid
    if result.probabilities and not edited and not result.thresholds:
        single = {f"{LABEL} {name}": m for name, m in result.label_probabilities.items()}
        maps = {**result.probabilities, **single}
        restored = probabilities_to_inputs(labels, maps, grid, transforms, result.task)
    else:
        restored = to_inputs(labels, grid, transforms)
    origin = Origin.EDITED if edited else Origin.RESULT
    yield [
        write_labels(targets[n], restored[n], transforms.grids[n], result.task.labels, origin)
        for n in targets
    ]
