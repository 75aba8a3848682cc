"""Work of the panel *Many cases* that runs in a worker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_shaspec.cohort.reading import read_labels
from napari_shaspec.cohort.state import Pictured, Row
from napari_shaspec.cohort.texts import repeats_text
from napari_shaspec.cohort.thumbnails import picture_of
from napari_shaspec.layers.results import Drawn, drawn
from shaspec.cohort.manifest import Manifest, Record, seen_notice
from shaspec.cohort.review import Mark, mark_of, read_reviews, write_mark
from shaspec.cohort.summary import write_sizes
from shaspec.errors import InputError
from shaspec.files.reading import is_file, is_folder
from shaspec.inference.events import Notice, Progress
from shaspec.prediction import Prediction
from shaspec.task import Task

if TYPE_CHECKING:
    from shaspec.cohort.run import Working
    from shaspec.cohort.settings import Settings

SIZES, PAGE = "volumes.csv", "summary.html"


@dataclass(frozen=True)
class Looked:
    """Event: the cases of a folder, and what is known of them."""

    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Updated:
    """Event: the row of one case has changed."""

    row: Row

    def repeats(self, before: Row | None) -> bool:
        """Return whether the case was done, or had failed, ``before``."""
        now = self.row
        return before is not None and (now.status, now.record) == (before.status, before.record)


@dataclass(frozen=True)
class Repeats:
    """Event: cases with files of another case -> what to tell about them."""

    said: Mapping[str, str]

    def of(self, row: Row) -> Row:
        """The row of a case with what is told about it."""
        return replace(row, said="\n".join(filter(None, (row.said, self.said.get(row.name)))))


@dataclass(frozen=True, eq=False)
class Opened:
    """Event: the result of a case was read."""

    row: Row
    prediction: Prediction
    drawn: Drawn


@dataclass(frozen=True)
class Marked:
    """Event: a mark was written."""

    case: str
    mark: Mark


def look_job(data: Path, task: Task, out: Path) -> Iterator[Progress | Notice | Looked]:
    """Finds the cases of a folder, and earlier results and marks in the folder of the results."""
    yield Progress(0, 0, "looking for cases")
    from shaspec.io import find_cases

    said: list[str] = []
    rows = [Row(files) for files in find_cases(data, task, with_labels=False, notice=said.append)]
    for text in said:
        yield Notice(text)
    known = [_known(row, out, task) for row in rows]
    yield Looked(tuple(map(Repeats(_repeats(known, out)).of, known)))


def segment_job(
    rows: Sequence[Row], settings: Settings, out: Path, task: Task
) -> Iterator[Working | Updated | Pictured | Progress | Notice | Repeats]:
    """Segments the cases, and writes the table of volumes and the page of results, whether or not
    all cases come to an end. At the end, names cases of the training set and copied ones."""
    from shaspec.cohort.page import write_page  # loads the report
    from shaspec.cohort.places import check_names, check_places
    from shaspec.cohort.run import Working, cohort_job
    from shaspec.files.writing import make_folder

    make_folder(out)
    inputs = [path for row in rows for path in row.files.volumes.values()]
    check_names(row.files for row in rows)
    check_places(Manifest(out), out / SIZES, out / PAGE, inputs)
    by_name = {row.name: row for row in rows}
    try:
        for event in cohort_job([row.files for row in rows], settings, out):
            if isinstance(event, Working):
                yield event
                continue
            row = by_name[event.case]
            if event.status == "failed":
                yield Updated(Row(row.files, "failed", event.error))
            else:
                row = _known(row, out, task)
                yield Updated(row)
                picture = picture_of(row, out, task)
                if picture is not None:
                    yield picture
    finally:
        if is_folder(out):
            manifest, names = Manifest(out), [row.name for row in rows]
            write_sizes(out / SIZES, manifest, names, task)
            write_page(out / PAGE, manifest, names, task)
    latest = Manifest(out).latest().values()
    if text := seen_notice(record for record in latest if record.case in by_name):
        yield Notice(text)
    if repeats := _repeats(rows, out):
        yield Repeats(repeats)
        yield Notice(repeats_text(repeats))


def open_job(row: Row, out: Path, task: Task) -> Iterator[Progress | Opened]:
    """Reads the label map of a case."""
    yield Progress(0, 0, f"reading {row.name}")
    record = row.record
    if record is None or not record.outputs:
        raise InputError(f"{row.name} has no result yet: press Segment all")
    path = out / record.outputs[0]
    labels, grid = read_labels(path, task)
    facts: dict[str, Any] = {"model": record.model, "sha256": record.sha256}
    facts["notices"] = list(record.notices)
    facts["seen_in_training"] = record.seen_in_training
    subset = task.parse_subset(record.subset)
    made = Prediction(row.name, task, grid, subset, labels.astype("uint8"), facts)
    made.region_sizes()
    yield Opened(row, made, drawn(made))


def mark_job(row: Row, mark: Mark, out: Path) -> Iterator[Marked]:
    """Writes the mark of a result."""
    assert row.record is not None
    write_mark(out, row.record, mark)
    yield Marked(row.name, mark)


def _repeats(rows: Sequence[Row], out: Path) -> dict[str, str]:
    """Cases with files of another case, by the checksums of the results that are there."""
    from shaspec.cohort.inputs import repeated  # loads the networks' package

    return repeated(Manifest(out), [row.name for row in rows]) if is_folder(out) else {}


def _known(row: Row, out: Path, task: Task) -> Row:
    """A row with what the folder of the results knows of its case."""
    if row.files.problems:
        return Row(row.files, "failed", "; ".join(row.files.problems))
    name = task.subset_name(row.files.volumes)
    record = _record(out, row.name, name)
    if record is None:
        return Row(row.files)
    if record.status == "failed":
        return Row(row.files, "failed", record.error)
    if record.status != "done" or not record.outputs or not is_file(out / record.outputs[0]):
        return Row(row.files)
    mark = mark_of(record, read_reviews(out))
    return Row(row.files, "done", "\n".join(record.told), record, mark)


def _record(out: Path, case: str, asked: str) -> Record | None:
    """The last line on a case; a failure before its modalities were read names no subset."""
    latest = Manifest(out).latest() if is_folder(out) else {}
    records = [latest[key] for key in ((case, asked), (case, "")) if key in latest]
    return max(records, key=lambda record: record.time, default=None)
