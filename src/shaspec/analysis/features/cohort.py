"""The figure of the ShaSpec paper: shared and specific features of many windows as points.

Each window of each case gives one point per modality and kind, the spatial mean of its feature
(Wang et al., CVPR 2023). If the method works, the shared points of all modalities overlap, and the
specific points form one group per modality.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from shaspec.analysis.features.cloud import plane
from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.files.tables import write_csv
from shaspec.inference.events import Computed, Notice, Progress
from shaspec.inference.feature_maps import FeatureMaps, Floats
from shaspec.inference.interface import AnySession
from shaspec.io import CaseFiles, read_case
from shaspec.task import Task

KINDS = ("shared", "specific")


@dataclass(frozen=True)
class WindowPoint:
    """One feature of one window."""

    case: str
    window: int
    kind: str
    modality: str
    x: float
    y: float


def cohort_job(
    open_session: Callable[[Case], AnySession],
    task: Task,
    cases: Sequence[CaseFiles],
    seed: int = 0,
) -> Iterator[Progress | Notice | Computed[list[WindowPoint]]]:
    """Points of all windows of ``cases``, by t-SNE over all windows together.

    Yields progress, the notices of the cases, and finally `Computed` with a list of `WindowPoint`.
    ``open_session`` opens a session of the model on a case of ``task``.
    """
    all_maps: list[FeatureMaps] = []
    for number, files in enumerate(cases):
        try:
            case = read_case(files, task, with_labels=False)
        except InputError as error:
            yield Notice(f"{files.name} was left out: {error}")
            continue
        session = open_session(case)
        for event in session.features():
            if isinstance(event, Computed):
                all_maps.append(event.value)
            elif isinstance(event, Progress):
                stage = f"{case.name} ({number + 1} of {len(cases)}): {event.stage}"
                yield replace(event, stage=stage)
            else:
                yield event
        session.release()
    yield Computed(window_points(all_maps, seed))


def window_points(all_maps: Iterable[FeatureMaps], seed: int = 0) -> list[WindowPoint]:
    """One point per case, window, kind and modality, in one t-SNE; raises `InputError`."""
    rows: list[tuple[str, int, str, str]] = []
    features: list[Floats] = []
    for maps in all_maps:
        for kind in KINDS:
            for modality in maps.of(kind):
                means = maps.windows[kind, modality]
                rows += [(maps.case, w, kind, modality) for w in range(len(means))]
                features.append(means)
    if not features:
        raise InputError("the model has no shared and specific features: choose a ShaSpec model")
    xy = plane(np.concatenate(features), "tsne", seed)
    return [WindowPoint(*row, float(x), float(y)) for row, (x, y) in zip(rows, xy, strict=True)]


def write_points(path: Path, points: Sequence[WindowPoint]) -> None:
    """Writes all points as CSV."""
    write_csv(path, [asdict(point) for point in points])
