"""What client and server of `shaspec serve` say to each other: requests, events, results.

Requests are JSON. The answer to a run is a stream of events, one JSON object a line; after the line
of an array follow its compressed bytes. Both sides check everything by these classes. Names of
patients and files are not part of it: they stay with the client.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from shaspec.geometry import Grid
from shaspec.remote.packing import ArrayFacts, Length
from shaspec.task_names import Line
from shaspec.task_parts import MOST_MODALITIES, Frozen

VERSION = "v1"
"""First part of the path of every request; another one for another protocol."""
LONGEST_LINE = 16 * 1024 * 1024
"""Bytes of a line of events."""
MOST_LISTED = 8
"""Modalities of a case up to which a server lists the subsets that it can answer at once."""

Short = Annotated[str, Field(max_length=200)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""sha256 of compressed bytes."""
Number = Annotated[float, Field(ge=-1e9, le=1e9)]
Size = Annotated[float, Field(gt=0, le=1e6)]
Count = Annotated[int, Field(ge=0, lt=2**31)]
"""An interface shows no larger numbers."""
Row = tuple[Number, Number, Number, Number]


class GridFacts(Frozen):
    """A `Grid` without the header of its file."""

    shape: Annotated[tuple[Length, ...], Field(min_length=2, max_length=3)]
    spacing: Annotated[tuple[Size, ...], Field(min_length=2, max_length=3)]
    origin: Annotated[tuple[Number, ...], Field(min_length=2, max_length=3)]
    source_affine: tuple[Row, Row, Row, Row] | None = None
    source_shape: tuple[Length, Length, Length] | None = None

    @classmethod
    def of(cls, grid: Grid) -> GridFacts:
        """The facts of a grid."""
        affine = grid.source_affine
        return cls.model_validate(
            {
                "shape": grid.shape,
                "spacing": grid.spacing,
                "origin": grid.origin,
                "source_affine": None if affine is None else affine.tolist(),
                "source_shape": grid.source_shape,
            }
        )

    def grid(self) -> Grid:
        """The grid; raises `InputError` if its parts do not fit each other."""
        affine = None if self.source_affine is None else np.array(self.source_affine)
        return Grid(self.shape, self.spacing, self.origin, affine, self.source_shape)


class VolumeFacts(ArrayFacts):
    """A volume that was uploaded."""

    sha256: Digest
    """SHA-256 of its compressed bytes."""


class OpenRequest(Frozen):
    """Opens a session: a model on a case whose volumes were uploaded."""

    model: Short
    """One of the names that the server lists."""
    grid: GridFacts
    volumes: Annotated[dict[Short, VolumeFacts], Field(min_length=1, max_length=MOST_MODALITIES)]
    """By modality."""
    window: Annotated[tuple[Annotated[int, Field(ge=1, le=4096)], ...], Field(max_length=3)] = ()
    """Empty: that of the model."""
    overlap: Annotated[float, Field(ge=0, lt=1)] = 0.25
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    keep: Annotated[int, Field(ge=0)] | None = None
    """Bytes of features to keep at most; None: as many as the server allows."""


class Opened(Frozen):
    """Answer to an `OpenRequest`."""

    session: str


class RunRequest(Frozen):
    """Starts a run of a session."""

    present: Annotated[tuple[Short, ...], Field(min_length=1, max_length=MOST_MODALITIES)]
    kind: Literal["predict", "features", "untrained"] = "predict"
    """``untrained``: features of a network with random weights."""
    probabilities: bool = False
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    """Seed of the random weights."""


class Refusal(Frozen):
    """Answer to a request that is not carried out."""

    error: str
    """What happened and what to do."""
    missing: tuple[Digest, ...] = ()
    """Volumes to upload first."""


class Info(Frozen):
    """What a server is."""

    version: str
    """Version of shaspec."""
    chunk: Annotated[int, Field(ge=1, le=2**30)]
    """Bytes of one part of an upload at most."""
    models: dict[str, dict[str, Any]]
    """Name -> card, as JSON, in the order to show."""


# -- events --------------------------------------------------------------------------------------


class Started(Frozen):
    """First event: the run can be cancelled by this name."""

    event: Literal["started"] = "started"
    job: str


class Waiting(Frozen):
    """Other runs come first. Sent every second, so that a lost connection is noticed."""

    event: Literal["waiting"] = "waiting"
    before: Count


class Alive(Frozen):
    """A step takes long. Sent every second."""

    event: Literal["alive"] = "alive"


class Step(Frozen):
    """`Progress` of the run."""

    event: Literal["progress"] = "progress"
    done: Count
    total: Count
    stage: str


class Said(Frozen):
    """`Notice` of the run."""

    event: Literal["notice"] = "notice"
    text: str


class Failed(Frozen):
    """Last event of a run that failed."""

    event: Literal["error"] = "error"
    kind: Literal["input", "memory", "server"]
    text: str


class Attached(Frozen):
    """An array of the result; its bytes follow the line."""

    event: Literal["array"] = "array"
    name: Annotated[tuple[Short, ...], Field(min_length=1, max_length=3)]
    """Field of the result, and keys in it, e.g. ``("probabilities", "ET")``."""
    facts: ArrayFacts
    bytes: Annotated[int, Field(ge=1)]


class _Provenance(BaseModel):
    """What interfaces, tables and commands use of the provenance of a result."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    model: Line
    subset: Line
    device: Line
    sha256: Line = ""
    version: Line = ""
    precision: Line = ""
    window: tuple[Count, ...] = ()
    overlap: Number = 0
    seconds: dict[Short, Number] = {}
    modality_weights: dict[Short, dict[Short, Number]] = {}
    outputs: tuple[Line, ...] = ()
    notices: tuple[str, ...] = ()


def _checked(facts: dict[str, Any]) -> dict[str, Any]:
    """The provenance as it is; raises ``ValueError`` if a field is not what it has to be."""
    _Provenance.model_validate(facts)
    return facts


class Done(Frozen):
    """Last event of a run; its arrays came before."""

    event: Literal["done"] = "done"
    provenance: Annotated[dict[str, Any], AfterValidator(_checked)]
    kept: tuple[tuple[str, ...], ...]
    """Subsets that need no further encoding."""
    grid: GridFacts | None = None
    """Grid of the feature maps."""


ServerEvent = Annotated[
    Started | Waiting | Alive | Step | Said | Failed | Attached | Done,
    Field(discriminator="event"),
]
EVENTS: TypeAdapter[ServerEvent] = TypeAdapter(ServerEvent)


def line(event: Frozen) -> bytes:
    """An event as a line of JSON."""
    return event.model_dump_json().encode() + b"\n"
