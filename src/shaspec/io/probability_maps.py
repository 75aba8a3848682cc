"""Write the probabilities behind a label map as NIfTI files beside it, one per region.

The values are float32 from 0 to 1, exactly those from which the labels were computed: a region is
where its probability exceeds 0.5, and `shaspec.task.Task.paint` combines the regions. A network
with mutually exclusive labels chooses the most probable label instead; for such a network the
probabilities of the background and of every label are written too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError
from shaspec.io.formats.table import SEGMENTATION
from shaspec.io.naming import LABEL, PROBABILITY, RESULT
from shaspec.io.nifti import write_map
from shaspec.task import Task
from shaspec.task_parts import BACKGROUND

if TYPE_CHECKING:
    from shaspec.prediction import Prediction

ENDINGS = re.compile(rf"(\.nii(\.gz)?|{re.escape(SEGMENTATION)})$", re.IGNORECASE)


def probability_files(labels: Path, task: Task, *, exclusive: bool) -> dict[str, Path]:
    """Region, or ``label NAME`` -> the path of its probability map beside a label map.

    Args:
        labels: ``seg.nii.gz`` or ``anna_FLAIR_pred.nii.gz``: the file of the label map.
        task: defines the regions and labels.
        exclusive: whether the labels of the network are mutually exclusive.

    Returns:
        E.g. ``{"ET": seg_prob_ET.nii.gz}``.

    Raises:
        InputError: for pictures, and for region names that cannot be part of a file name.
    """
    if task.dims != 3:
        raise InputError("--probabilities writes NIfTI, which is for volumes; omit it for pictures")
    bare = ENDINGS.sub("", labels.name).removesuffix(f"_{RESULT}")
    names = {region: region for region in task.region_names}
    if exclusive:
        label_names = (BACKGROUND, *(label.name for label in task.labels))
        names |= {f"{LABEL} {name}": f"{LABEL}_{name}" for name in label_names}
    strange = [name for name in names.values() if re.search(r'[\\/:*?"<>|\x00-\x1f]', name)]
    if strange:
        raise InputError(
            f"{', '.join(strange)} of task {task.name!r} cannot be part of a file name; change the "
            "name in the task file, or omit --probabilities"
        )
    return {
        key: labels.with_name(f"{bare}_{PROBABILITY}_{name}.nii.gz") for key, name in names.items()
    }


def write_probabilities(
    labels: Path, prediction: Prediction, *, calibrated: bool = False
) -> list[Path]:
    """Write the probabilities of a prediction beside its label map.

    Args:
        labels: the file of the label map.
        prediction: made with ``probabilities=True``.
        calibrated: noted in the header of the files.

    Returns:
        The written paths.

    Raises:
        InputError: if the prediction has no probabilities, or a file cannot be written.
    """
    if not prediction.probabilities:
        raise InputError(
            f"{prediction.name} of case {prediction.case} has no probabilities; predict again with "
            "probabilities=True"
        )
    exclusive = bool(prediction.label_probabilities)
    files = probability_files(labels, prediction.task, exclusive=exclusive)
    maps: Mapping[str, npt.NDArray[Any]] = {
        **prediction.probabilities,
        **{f"{LABEL} {name}": m for name, m in prediction.label_probabilities.items()},
    }
    said = "calibrated" if calibrated else "not calibrated"
    for key, path in files.items():
        text = f"probability of {key}, {said}"
        write_map(path, np.asarray(maps[key], np.float32), prediction.grid, text)
    return list(files.values())
