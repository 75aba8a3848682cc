"""The parts of a task: modalities, labels, regions and conventions of label files."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, StringConstraints, model_validator

from shaspec.task_names import Colour, Line, Name

BACKGROUND = "background"
"""The name of unlabelled voxels."""


FULL = "+"
"""Joins modality names everywhere: file names, tables, command line, layers."""
MOST_MODALITIES = 16
"""Most modalities of a task; 16 have 65,535 subsets."""

Code = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,9}$")]
"""A whole number as text: keys of JSON and TOML are texts."""


class Frozen(BaseModel):
    """Immutable settings, validated on creation."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Modality(Frozen):
    """One input of a task.

    An array of one channel is (*spatial); one of three, a colour picture, is (3, *spatial).
    """

    name: Name
    """Name in tables, options and results, e.g. ``FLAIR``."""
    words: tuple[str, ...] = ()
    """Parts of file names by which the modality is recognised."""
    medium: Literal["image", "sound"] = "image"
    """``sound``: read from WAV files as its cepstrum, see `shaspec.io.sound`."""
    channels: Literal[1, 3] = 1
    """3 for a colour picture."""
    normalisation: Literal["zscore", "window", "range", "minmax", "fixed"] = "zscore"
    """Method of `shaspec.preprocessing.normalise`; all but ``zscore`` and ``window`` are for
    pictures and sounds, which have no background."""
    mean: float = 0.0
    """For ``fixed``: mean intensity of a whole data set."""
    deviation: PositiveFloat = 1.0
    """For ``fixed``: standard deviation of the intensities of a whole data set."""
    window: tuple[float, float] | None = None
    """For ``window`` and ``range``: intensities are clipped to this range (Hounsfield units for
    CT). A ``range`` without one uses that of 8-bit pictures, 0 to 255."""
    unit: Literal["", "HU"] = ""
    """Unit of the intensities. ``HU``: Hounsfield units, which is checked when a case is read. A
    ``window`` that begins below 0 is one of CT, too."""
    invalid: tuple[float, ...] = ()
    """Stored values that mean "not measured", e.g. 0 and 65535 in a depth map."""

    @model_validator(mode="after")
    def _window_grows(self) -> Modality:
        if self.window is not None and self.window[0] >= self.window[1]:
            raise ValueError(f"window {self.window}: the first number is the smaller one")
        return self

    @property
    def is_ct(self) -> bool:
        """Whether intensities are Hounsfield units; older tasks say so by their window only."""
        window = self.window if self.normalisation == "window" else None
        return self.unit == "HU" or (window is not None and window[0] < 0)

    def array_shape(self, spatial: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of the array of this modality on a grid.

        Args:
            spatial: shape of the grid, (S, P, L) or (row, column).

        Returns:
            ``spatial`` for one channel, else (C, *spatial).
        """
        return spatial if self.channels == 1 else (self.channels, *spatial)


class Label(Frozen):
    """One value of the 8-bit label map."""

    value: int = Field(ge=0, le=255)
    """Code in the label map, 0 to 255. Segmentation: 0 is the background and no label.
    Classification: a class."""
    name: Line
    """Short name, e.g. ``ED``."""
    title: Line
    """Name for people, e.g. ``oedema``."""
    colour: Colour
    """``#rrggbb``."""
    words: tuple[str, ...] = ()
    """Other names that data sets give to the label."""


class Region(Frozen):
    """A union of labels that is predicted and reported, e.g. whole tumour."""

    name: Name
    """Short name, e.g. ``WT``."""
    title: Line
    """Name for people, e.g. ``whole tumour``."""
    labels: tuple[int, ...] = Field(min_length=1)
    """Label values that belong to the region."""
    paints: int
    """The label of a voxel in this region but in no smaller one."""


class LabelScheme(Frozen):
    """A convention of label files: the code in the file for each code of the task."""

    name: Line
    """Name for option ``scheme`` and for notices."""
    codes: dict[Code, int]
    """Code in the file, as text -> code of the task; 0 is background, -1 something that the task
    has no label for: such files are refused."""
    words: tuple[str, ...] = ()
    """Parts of file and folder names that indicate this scheme; ``[0-9]`` is any digit."""
    shown_by: tuple[int, ...] = ()
    """Codes that occur together: a file with some of them but not all does not follow this scheme,
    unless a name indicates it. A file with none of them may follow it."""

    @property
    def mapping(self) -> dict[int, int]:
        """File code -> task code, background included."""
        return {0: 0} | {int(k): v for k, v in self.codes.items()}
