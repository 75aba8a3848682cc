"""What is segmented from what: modalities, labels, regions and how files are named.

A task is data, not code: it ships as a TOML file (``shaspec/tasks``), is stored whole in the
card of every model, and a user writes a file of their own for other organs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from functools import cached_property
from importlib import resources
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, ValidationError, model_validator

from shaspec.errors import InputError, in_words

Subset = tuple[str, ...]
"""Names of the present modalities, always in the order of the task."""

FULL = "+"
"""What joins modality names everywhere: file names, tables, command line, layers."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Modality(_Frozen):
    """One input: ``words`` are the file-name parts by which it is recognised.

    An array of one channel is (*spatial); one of three, a colour picture, is (3, *spatial).
    """

    name: str
    words: tuple[str, ...] = ()
    medium: Literal["image", "sound"] = "image"
    """``sound``: read from WAV files as its cepstrum, see `shaspec.io.sound`."""
    channels: Literal[1, 3] = 1
    normalisation: Literal["zscore", "window", "range", "minmax", "fixed"] = "zscore"
    """What `shaspec.preprocessing.normalise` does; all but ``zscore`` and ``window`` are for
    pictures and sounds, which have no background."""
    mean: float = 0.0
    """For ``fixed``: of the intensities of a whole data set."""
    deviation: PositiveFloat = 1.0
    """For ``fixed``: their standard deviation."""
    window: tuple[float, float] | None = None
    """For ``window`` and ``range``: intensities are clipped to this range (Hounsfield units for
    CT). A ``range`` without one is that of 8-bit pictures, 0 to 255."""
    invalid: tuple[float, ...] = ()
    """Stored values that stand for "not measured", e.g. 0 and 65535 in a depth map."""

    def array_shape(self, spatial: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of the array of this modality on a grid of shape ``spatial``."""
        return spatial if self.channels == 1 else (self.channels, *spatial)


class Label(_Frozen):
    """One integer of the label map, which is of 8 bits; 0 is its background, or the first class.

    ``colour`` is ``#rrggbb``. ``words`` are other names that data sets give to it.
    """

    value: int = Field(ge=0, le=255)
    name: str
    title: str
    colour: str
    words: tuple[str, ...] = ()


class Region(_Frozen):
    """What a network predicts and a table reports: a union of labels, e.g. whole tumour.

    ``paints`` is the label that a voxel gets which lies in this region and in no smaller one.
    """

    name: str
    title: str
    labels: tuple[int, ...]
    paints: int


class LabelScheme(_Frozen):
    """A convention of label files: ``codes`` maps theirs (as text) to the task's.

    0 is background, -1 something that the task has no label for: such files are refused.
    """

    name: str
    codes: dict[str, int]
    words: tuple[str, ...] = ()
    """Parts of file and folder names that speak for this scheme; ``[0-9]`` is any digit."""
    shown_by: tuple[int, ...] = ()
    """Codes without which nobody would think of this scheme, unless a name speaks for it."""

    @property
    def mapping(self) -> dict[int, int]:
        """File code -> task code, background included."""
        return {0: 0} | {int(k): v for k, v in self.codes.items()}


class Task(_Frozen):
    """A segmentation problem. Everything else in the package is written against this."""

    name: str
    title: str
    kind: Literal["segmentation", "classification"] = "segmentation"
    """``classification``: one of ``labels`` for a whole case, and no regions."""
    dims: Literal[2, 3] = 3
    """3: volumes, axis order (S, P, L). 2: pictures, (row, column)."""
    spacing: tuple[PositiveFloat, ...] = ()
    """Size of a voxel in mm (of a pixel, in pixels) at which the networks of the task work, in the
    order of the axes; default: 1 each."""
    modalities: tuple[Modality, ...]
    labels: tuple[Label, ...]
    regions: tuple[Region, ...] = ()
    label_words: tuple[str, ...] = ("seg", "segmentation", "label", "labels", "mask")
    background_words: tuple[str, ...] = ("background",)
    """Names that data sets give to labels which count as background here."""
    schemes: tuple[LabelScheme, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _unit_spacing(cls, values: Any) -> Any:
        if isinstance(values, dict) and not values.get("spacing"):
            return values | {"spacing": (1.0,) * int(values.get("dims", 3))}
        return values

    @model_validator(mode="after")
    def _consistent(self) -> Task:
        values = {label.value for label in self.labels}
        for names, what in ((self.names, "modality"), (self.region_names, "region")):
            if len(set(names)) != len(names):
                raise ValueError(f"a {what} name occurs twice: {', '.join(names)}")
        if any(FULL in name for name in self.names):
            raise ValueError(f"a modality name must not contain {FULL!r}")
        if len(self.spacing) != self.dims:
            raise ValueError(f"spacing has {len(self.spacing)} numbers, dims is {self.dims}")
        if not self.modalities:
            raise ValueError("there is no modality: add a [[modalities]] table for each")
        if bool(self.regions) != (self.kind == "segmentation"):
            raise ValueError("a segmentation task has [[regions]], a classification task has none")
        if self.kind == "segmentation" and 0 in values:
            raise ValueError("label 0 is the background: leave it out")
        hears = any(m.medium == "sound" for m in self.modalities)
        if hears and (self.kind, self.dims) != ("classification", 2):
            raise ValueError("sound is for tasks of kind classification with dims = 2")
        for region in self.regions:
            unknown = {*region.labels, region.paints} - values
            if unknown:
                raise ValueError(f"region {region.name} uses labels {sorted(unknown)}, unknown")
        for scheme in self.schemes:
            unknown = set(scheme.codes.values()) - values - {0, -1}
            if unknown:
                raise ValueError(f"scheme {scheme.name} maps to {sorted(unknown)}, no labels")
        return self

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Modality names in task order."""
        return tuple(m.name for m in self.modalities)

    @cached_property
    def channels(self) -> tuple[int, ...]:
        """Channels of each modality, in task order."""
        return tuple(m.channels for m in self.modalities)

    @cached_property
    def region_names(self) -> tuple[str, ...]:
        """Region names in the order of the network's output channels."""
        return tuple(r.name for r in self.regions)

    @cached_property
    def reported_regions(self) -> tuple[str, ...]:
        """Region names for tables and reports: the smallest first, e.g. ET, TC, WT."""
        return tuple(r.name for r in sorted(self.regions, key=lambda r: len(r.labels)))

    def modality(self, name: str) -> Modality:
        """The modality of that name."""
        return self.modalities[self.names.index(name)]

    def reordered(self, modalities: Sequence[str], labels: Sequence[int]) -> Task:
        """The same task with modalities and labels in the order of somebody's network.

        An empty sequence leaves the order as it is; otherwise each has to be named once.
        """
        by_name = {m.name: m for m in self.modalities}
        by_value = {label.value: label for label in self.labels}
        for given, known in ((list(modalities), by_name), (list(labels), by_value)):
            if given and sorted(map(str, given)) != sorted(map(str, known)):
                raise InputError(
                    f"an order of task {self.name!r} names each of "
                    f"{', '.join(map(str, known))} once, not {', '.join(map(str, given))}"
                )
        changes = {
            "modalities": tuple(by_name[n] for n in modalities or by_name),
            "labels": tuple(by_value[v] for v in labels or by_value),
        }
        return Task.model_validate(self.model_dump() | changes)

    def at(self, spacing: Sequence[float] | None) -> Task:
        """The same task for networks that work at voxels of ``spacing``; None: as it is."""
        if spacing is None:
            return self
        if len(spacing) != self.dims:
            raise InputError(f"spacing {spacing}: task {self.name!r} needs {self.dims} numbers")
        return Task.model_validate(self.model_dump() | {"spacing": tuple(spacing)})

    # -- subsets -------------------------------------------------------------------------

    def subset(self, present: Iterable[str]) -> Subset:
        """``present`` in task order; raises `InputError` for unknown names or none at all."""
        wanted = set(present)
        unknown = wanted - set(self.names)
        if unknown:
            raise InputError(
                f"unknown modality {', '.join(sorted(unknown))}: "
                f"task {self.name!r} has {', '.join(self.names)}"
            )
        if not wanted:
            raise InputError(f"no modality is present: tick at least one of {self.title_names}")
        return tuple(name for name in self.names if name in wanted)

    def parse_subset(self, text: str) -> Subset:
        """``"flair+T2"`` -> ``("FLAIR", "T2")``; case does not matter, ``all`` is the full set."""
        if text.strip().lower() == "all":
            return self.names
        lower = {name.lower(): name for name in self.names}
        parts = [part.strip() for part in text.split(FULL) if part.strip()]
        return self.subset(lower.get(part.lower(), part) for part in parts)

    def subset_name(self, subset: Iterable[str]) -> str:
        """The subset as text, e.g. ``FLAIR+T2``; the full set is spelled out too."""
        return FULL.join(self.subset(subset))

    def subsets(self) -> list[Subset]:
        """All 2^M - 1 non-empty subsets: single modalities first, the full set last."""
        sizes = range(1, len(self.names) + 1)
        return [subset for k in sizes for subset in combinations(self.names, k)]

    @property
    def title_names(self) -> str:
        """Modality names for a sentence."""
        return ", ".join(self.names)

    # -- labels and regions ---------------------------------------------------------------

    def region_masks(self, labels: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Label map (*spatial) in the task's codes -> one mask per region (K, *spatial)."""
        return np.stack([np.isin(labels, region.labels) for region in self.regions])

    def paint(self, masks: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
        """Region masks (K, *spatial) -> label map (*spatial); the smallest region wins."""
        labels = np.zeros(masks.shape[1:], np.uint8)
        order = sorted(range(len(self.regions)), key=lambda k: -len(self.regions[k].labels))
        for k in order:
            labels[masks[k]] = self.regions[k].paints
        return labels


TEMPLATE = "template"
"""The bundled file that is no task of its own but an example with comments."""


def bundled_tasks() -> list[str]:
    """Names of the tasks that ship with the package."""
    files = resources.files("shaspec.tasks").iterdir()
    names = {f.name.removesuffix(".toml") for f in files if f.name.endswith(".toml")}
    return sorted(names - {TEMPLATE})


def task_file(name: str) -> str:
    """The text of a bundled task's file, or of the ``template`` for one's own."""
    if name not in (*bundled_tasks(), TEMPLATE):
        raise InputError(
            f"no task {name!r} is bundled: there are {', '.join(bundled_tasks())} and {TEMPLATE}"
        )
    return (resources.files("shaspec.tasks") / f"{name}.toml").read_text("utf-8")


def load_task(name: str | Path) -> Task:
    """A bundled task by name (``brats``), or a task file by path."""
    text = str(name)
    if text not in bundled_tasks() and not Path(text).is_file():
        raise InputError(
            f"no task {text!r}: give the path of a task file or one of {', '.join(bundled_tasks())}"
        )
    try:
        content = task_file(text) if text in bundled_tasks() else Path(text).read_text("utf-8")
        return Task.model_validate(tomllib.loads(content))
    except ValidationError as error:
        wrong = in_words(error.errors(), Task.model_fields)
        raise InputError(f"task file {text} cannot be used: {wrong}") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"task file {text} cannot be used: {error}") from error
