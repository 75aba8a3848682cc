"""What the panel does, without widgets: which volumes are used, and what a run gives.

The panel shows `State` and calls the methods. Volumes are known by their node IDs; `World` reads
and adds nodes.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from ShaSpecLib.parameters import Command, Request
from ShaSpecLib.runner import Engine, Fields

RESULT = "result_pred.seg.nrrd"


@dataclass(frozen=True)
class Volume:
    """A volume of the scene."""

    name: str
    header: Path | None = None
    """A DICOM file that it was read from."""


class Assigned(Protocol):
    """What the engine finds in volumes."""

    @property
    def volumes(self) -> Mapping[str, str]:
        """Modality -> node ID."""

    @property
    def notices(self) -> Mapping[str, str]:
        """Modality -> why its volume is only probable."""

    @property
    def doubts(self) -> Sequence[str]:
        """What the user has to decide."""


class World(Protocol):
    """The scene, as far as the panel needs it."""

    def volumes(self) -> Mapping[str, Volume]:
        """Node ID -> volume, of every volume that can be a modality."""

    def write(self, volume: str, path: Path) -> None:
        """Write a volume as NIfTI; raises `ValueError` if it cannot be."""

    def source(self, volume: str) -> Path | None:
        """The file that a volume was read from and still is the same as."""

    def show_result(self, path: Path, result: Fields, *, surfaces: bool) -> None:
        """Add the segmentation and the table of its volumes."""

    def show_subsets(self, rows: Sequence[Fields]) -> None:
        """Add table and chart of a sweep."""


@dataclass(frozen=True)
class Row:
    """A modality of the model."""

    modality: str
    volume: str = ""
    """ID of the volume node; empty: none."""
    used: bool = True
    """Whether its tick is on."""
    chosen: bool = False
    """Whether the user chose the volume, or that there is none."""
    notice: str = ""
    """Why its volume is only probable; empty: it is certain, or the user chose it."""


@dataclass(frozen=True)
class State:
    """All that the panel shows."""

    model: str = ""
    rows: tuple[Row, ...] = ()
    busy: bool = False
    progress: float = 0.0
    """Share that is done, 0 to 1."""
    text: str = ""
    """What is going on, or how the last run ended."""
    doubts: tuple[str, ...] = ()
    """About the modalities of volumes."""
    notices: tuple[str, ...] = ()
    """Of the last run."""

    @property
    def present(self) -> tuple[Row, ...]:
        """The modalities that a run uses."""
        return tuple(row for row in self.rows if row.volume and row.used)

    @property
    def can_run(self) -> bool:
        """Whether *Apply* is enabled."""
        return bool(self.present) and not self.busy


Assign = Callable[[Mapping[str, Volume], str, Mapping[str, str]], Assigned]
"""Volumes, name of a model, and volumes that are settled by modality (empty: none) -> others."""


@dataclass
class Controller:
    """The actions of the panel; also the listener of its runs."""

    engine: Engine
    world: World
    modalities: Callable[[str], Sequence[str]]
    """Name of a model -> its modalities."""
    assigned: Assign
    changed: Callable[[State], None] = lambda _: None
    """Called with every new state."""
    device: str = "auto"
    precision: str = "auto"
    surfaces: bool = True
    state: State = field(default_factory=State)
    _request: Request | None = None
    _folder: Path | None = None
    """Of the files of a run; None: no run."""
    _rows: list[Fields] = field(default_factory=list)

    # -- what is used ----------------------------------------------------------------------------

    def choose_model(self, model: str) -> None:
        """Use another model; volumes are assigned anew by their names.

        Raises:
            ValueError: if there is no such model any more.
            ImportError: if the engine is not installed.
        """
        rows = tuple(Row(name) for name in self.modalities(model))
        self._set(model=model, rows=rows, text="", notices=())
        self.find_volumes()

    def say(self, text: str) -> None:
        """Show a sentence."""
        self._set(text=text)

    def find_volumes(self) -> None:
        """Assign volumes to modalities without one, by tags and names; forget what is gone."""
        there = self.world.volumes()
        rows = [
            Row(row.modality, used=row.used) if row.volume and row.volume not in there else row
            for row in self.state.rows
        ]
        doubts: tuple[str, ...] = ()
        if rows:
            taken = {row.modality: row.volume for row in rows if row.volume or row.chosen}
            assigned = self.assigned(there, self.state.model, taken)
            doubts = tuple(assigned.doubts)
            for index, row in enumerate(rows):
                if volume := assigned.volumes.get(row.modality):
                    notice = assigned.notices.get(row.modality, "")
                    rows[index] = replace(row, volume=volume, notice=notice)
        self._set(rows=tuple(rows), doubts=doubts)

    def assign(self, modality: str, volume: str) -> None:
        """Use a volume as a modality; empty: none. Another modality that used it loses it."""
        rows = []
        for row in self.state.rows:
            if row.modality == modality:
                row = Row(modality, volume, row.used, chosen=True)
            elif volume and row.volume == volume:
                row = Row(row.modality, used=row.used)
            rows.append(row)
        self._set(rows=tuple(rows))

    def tick(self, modality: str, used: bool) -> None:
        """Use a modality, or leave it out as if it had not been acquired."""
        rows = (replace(r, used=used) if r.modality == modality else r for r in self.state.rows)
        self._set(rows=tuple(rows))

    # -- runs ------------------------------------------------------------------------------------

    def apply(self) -> None:
        """Segment the case from the modalities that are ticked."""
        self._start("predict", RESULT)

    def all_subsets(self) -> None:
        """Segment the case from every subset of them."""
        self._start("sweep", "sweep")

    def report(self, path: Path) -> None:
        """Write a report (.html or .pdf)."""
        self._start("report", path)

    def cancel(self) -> None:
        """End the run."""
        self.engine.cancel()

    def close(self) -> None:
        """End the run, and free what the engine keeps of the case."""
        self.engine.close()

    def command(self) -> str:
        """The command line of *Apply* with the files of the volumes.

        Raises:
            ValueError: if a volume is not what its file says, or nothing is ticked.
        """
        files: dict[str, Path] = {}
        there = self.world.volumes()
        for row in self.state.present:
            path = self.world.source(row.volume)
            if path is None:
                name = there[row.volume].name if row.volume in there else row.modality
                raise ValueError(
                    f"{name} is not saved in a file that the engine "
                    "reads, so no command can reproduce the result: save it as NIfTI first"
                )
            files[row.modality] = path
        if not files:
            raise ValueError("no volume is ticked: choose at least one")
        out = Path(f"case_{'+'.join(files)}_pred.seg.nrrd")
        return self._asked("predict", files, out).text()

    def _start(self, command: Command, out: str | Path) -> None:
        if not self.state.can_run:
            return
        folder = Path(tempfile.mkdtemp(prefix="shaspec-"))
        try:
            files = {}
            for row in self.state.present:
                files[row.modality] = folder / f"case_{row.modality}.nii"
                self.world.write(row.volume, files[row.modality])
        except (ValueError, OSError) as error:
            shutil.rmtree(folder, ignore_errors=True)
            self._set(text=str(error))
            return
        # An absolute path, the user's report, stays what it is.
        self._request = self._asked(command, files, folder / out)
        self._folder, self._rows = folder, []
        self._set(busy=True, progress=0.0, text="starting", notices=())
        self.engine.run(self._request, self)

    def _asked(self, command: Command, files: Mapping[str, Path], out: Path) -> Request:
        return Request(command, self.state.model, files, out, self.device, self.precision)

    # -- the listener of a run -------------------------------------------------------------------

    def progressed(self, done: int, total: int, stage: str) -> None:
        self._set(progress=done / max(1, total), text=stage)

    def noticed(self, text: str) -> None:
        self._set(notices=(*self.state.notices, text))

    def row_added(self, row: Fields) -> None:
        self._rows.append(row)

    def finished(self, result: Fields) -> None:
        request = self._request
        assert request is not None
        text = "the result could not be added to the scene"
        try:
            if request.command == "predict":
                self.world.show_result(request.out, result, surfaces=self.surfaces)
                text = f"{request.subset}: done ({request.model}, {result['licence']})"
            elif request.command == "sweep":
                self.world.show_subsets(self._rows)
                text = f"{len(self._rows)} subsets: done"
            else:
                text = f"wrote {result['report']}"
        except ValueError as error:
            text = str(error)
        finally:
            for note in result.get("notes", ()):
                self.noticed(note)
            self._end(text)

    def failed(self, message: str) -> None:
        self._end(message)

    def cancelled(self) -> None:
        self._end("cancelled")

    def _end(self, text: str) -> None:
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        self._set(busy=False, progress=0.0, text=text)

    def _set(self, **changes: Any) -> None:
        self.state = replace(self.state, **changes)
        self.changed(self.state)
