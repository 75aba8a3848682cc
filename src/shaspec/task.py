"""Tasks: modalities, labels, regions and how files are named.

A task is a TOML file (``shaspec/tasks`` or the user's own); model cards store a copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationError, model_validator

from shaspec.errors import InputError, in_words
from shaspec.files.reading import is_file, parse_toml, read_text
from shaspec.task_checks import require_consistent
from shaspec.task_files import TEMPLATE as TEMPLATE
from shaspec.task_files import bundled_tasks as bundled_tasks
from shaspec.task_files import task_file
from shaspec.task_names import Line, Name
from shaspec.task_parts import FULL as FULL
from shaspec.task_parts import MOST_MODALITIES, Frozen
from shaspec.task_parts import Label as Label
from shaspec.task_parts import LabelScheme as LabelScheme
from shaspec.task_parts import Modality as Modality
from shaspec.task_parts import Region as Region

Subset = tuple[str, ...]
"""Names of the present modalities, always in the order of the task."""


class Task(Frozen):
    """A segmentation problem."""

    name: Name
    """Short name, e.g. ``brats``."""
    title: Line
    """Name for people."""
    kind: Literal["segmentation", "classification"] = "segmentation"
    """``classification``: one of ``labels`` for a whole case, and no regions."""
    dims: Literal[2, 3] = 3
    """3: volumes, axis order (S, P, L). 2: pictures, (row, column)."""
    spacing: tuple[Annotated[float, Field(gt=0, le=1000)], ...] = ()
    """Voxel size in mm (pictures: in pixels) at which the networks work; default: 1 each."""
    anatomy: Literal["", "brain", "head", "abdomen"] = ""
    """What a case shows: checked when it is read. ``brain``: without skull. Empty: unchecked."""
    modalities: tuple[Modality, ...] = Field(max_length=MOST_MODALITIES)
    """The inputs; subsets and results keep this order."""
    labels: tuple[Label, ...]
    """The labels of the label map, or the classes."""
    regions: tuple[Region, ...] = ()
    """The regions that are predicted and reported; none for classification."""
    label_words: tuple[str, ...] = ("seg", "segmentation", "label", "labels", "mask")
    """Parts of file names by which a label file is recognised."""
    background_words: tuple[str, ...] = ("background",)
    """Names of labels that count as background."""
    schemes: tuple[LabelScheme, ...] = ()
    """Conventions of label files that are converted to the codes of the task."""

    @model_validator(mode="before")
    @classmethod
    def _unit_spacing(cls, values: Any) -> Any:
        if isinstance(values, dict) and not values.get("spacing"):
            return values | {"spacing": (1.0,) * (2 if values.get("dims", 3) == 2 else 3)}
        return values

    @model_validator(mode="after")
    def _consistent(self) -> Task:
        require_consistent(self)
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
        """The modality of a name.

        Args:
            name: its name, as in `names`.

        Returns:
            The modality of that name.

        Raises:
            ValueError: if the task has no such modality.
        """
        return self.modalities[self.names.index(name)]

    def region(self, name: str) -> Region:
        """The region of a name.

        Args:
            name: its name, as in `region_names`.

        Returns:
            The region of that name.

        Raises:
            InputError: if the task has no such region.
        """
        if name not in self.region_names:
            have = ", ".join(self.region_names)
            raise InputError(f"unknown region {name!r}: task {self.name!r} has {have}")
        return self.regions[self.region_names.index(name)]

    def reordered(self, modalities: Sequence[str], labels: Sequence[int]) -> Task:
        """The same task with modalities and labels in the order of an imported network.

        Args:
            modalities: every modality name once; empty: unchanged.
            labels: every label value once; empty: unchanged.

        Returns:
            A new task.

        Raises:
            InputError: for a missing, unknown or repeated name or value.
        """
        by_name = {m.name: m for m in self.modalities}
        by_value = {label.value: label for label in self.labels}
        for given, by_key in ((list(modalities), by_name), (list(labels), by_value)):
            if given and sorted(map(str, given)) != sorted(map(str, by_key)):
                raise InputError(
                    f"an order of task {self.name!r} names each of "
                    f"{', '.join(map(str, by_key))} once, not {', '.join(map(str, given))}"
                )
        ordered = tuple(by_name[n] for n in modalities or by_name)
        values = tuple(by_value[v] for v in labels or by_value)
        return Task.model_validate(self.model_dump() | {"modalities": ordered, "labels": values})

    def at(self, spacing: Sequence[float] | None) -> Task:
        """The same task at another voxel size of the network.

        Args:
            spacing: voxel size in mm, (S, P, L), or pixel size in pixels; None: unchanged.

        Returns:
            A new task, or this one.

        Raises:
            InputError: if the number of sizes is not the number of axes.
        """
        if spacing is None:
            return self
        if len(spacing) != self.dims:
            raise InputError(f"spacing {spacing}: task {self.name!r} needs {self.dims} numbers")
        return Task.model_validate(self.model_dump() | {"spacing": tuple(spacing)})

    # -- subsets -------------------------------------------------------------------------

    def subset(self, present: Iterable[str]) -> Subset:
        """Modality names in the order of the task.

        Args:
            present: names in any order; repeated names count once.

        Returns:
            The subset.

        Raises:
            InputError: for an unknown name, or without any name.
        """
        chosen = set(present)
        unknown = chosen - set(self.names)
        if unknown:
            raise InputError(
                f"unknown modality {', '.join(sorted(unknown))}: "
                f"task {self.name!r} has {', '.join(self.names)}"
            )
        if not chosen:
            raise InputError(f"no modality is present: choose at least one of {self.title_names}")
        return tuple(name for name in self.names if name in chosen)

    def parse_subset(self, text: str) -> Subset:
        """Read a subset from text.

        Args:
            text: names joined by ``+``, e.g. ``flair+T2``; upper and lower case are the same.
                ``all``: all modalities of the task.

        Returns:
            The subset in task order.

        Raises:
            InputError: for an unknown name, or without any name.
        """
        if text.strip().lower() == "all":
            return self.names
        lower = {name.lower(): name for name in self.names}
        parts = [part.strip() for part in text.split(FULL) if part.strip()]
        return self.subset(lower.get(part.lower(), part) for part in parts)

    def subset_name(self, subset: Iterable[str]) -> str:
        """The subset as text for file names and tables.

        Args:
            subset: modality names in any order.

        Returns:
            The names in task order, joined by ``+``, e.g. ``FLAIR+T2``.

        Raises:
            InputError: for an unknown name, or without any name.
        """
        return FULL.join(self.subset(subset))

    def subsets(self) -> list[Subset]:
        """All 2^M - 1 non-empty subsets of the M modalities.

        Returns:
            Single modalities first, the full set last.
        """
        sizes = range(1, len(self.names) + 1)
        return [subset for k in sizes for subset in combinations(self.names, k)]

    @property
    def title_names(self) -> str:
        """Modality names, for messages."""
        return ", ".join(self.names)

    def region_masks(self, labels: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Masks of all regions.

        Args:
            labels: label map (*spatial) in the codes of the task.

        Returns:
            bool (K, *spatial), one mask per region in the order of `region_names`.
        """
        return np.stack([np.isin(labels, region.labels) for region in self.regions])

    def paint(self, masks: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
        """The label map of region masks; the smallest region wins where several overlap.

        Args:
            masks: bool (K, *spatial), in the order of `region_names`.

        Returns:
            uint8 label map (*spatial) in the codes of the task.
        """
        labels = np.zeros(masks.shape[1:], np.uint8)
        order = sorted(range(len(self.regions)), key=lambda k: -len(self.regions[k].labels))
        for k in order:
            labels[masks[k]] = self.regions[k].paints
        return labels


def load_task(name: str | Path) -> Task:
    """Load a task.

    Args:
        name: name of a bundled task, e.g. ``brats``, or the path of a task file (TOML).

    Returns:
        The task.

    Raises:
        InputError: if there is no such task, or if the file is not a valid task; the message names
            the key.
    """
    text, bundled = str(name), bundled_tasks()
    if text not in bundled and not is_file(text):
        named = ", ".join(bundled)
        raise InputError(f"no task {text!r}: give the path of a task file or one of {named}")
    content = task_file(text) if text in bundled else read_text(text)
    try:
        return Task.model_validate(parse_toml(content, text))
    except ValidationError as error:
        wrong = in_words(error.errors(), Task.model_fields)
        raise InputError(f"task file {text} cannot be used: {wrong}") from error
