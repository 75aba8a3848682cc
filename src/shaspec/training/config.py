"""One file says everything about a run; it is checked before anything starts and stored with the
run."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from shaspec.errors import InputError, in_words
from shaspec.phantom import DEMO_SEED

MethodName = Literal["shaspec", "maml", "linear-fusion", "zero-fill", "mean-teacher", "m3l"]


class LossConfig(BaseModel):
    """What a loss is made of."""

    # The text below a key is its help: `shaspec train --init` writes it into the file it makes.
    # A number that is not finite would come back from ``config.json`` as none at all.
    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False
    )

    loss: Literal["dice", "ohem"] = "dice"
    """Of a labelled sample. ``dice``: Dice and cross entropy (binary for networks of regions);
    ``ohem``: cross entropy over the hard voxels alone, as M3L's authors do, for a softmax only."""
    dice_over: Literal["sample", "batch"] = "batch"
    """Dice per sample (as ShaSpec's authors do) or over all voxels of the batch (nnU-Net)."""
    dice_smooth: float = Field(default=0.0, ge=0)
    """Voxels added to both sides of the Dice fraction; above 0, a crop without a region teaches
    the network to leave it empty."""
    alignment: float = 0.1
    """Weight of the shared features' alignment (alpha of the ShaSpec paper)."""
    domain: float = 0.02
    """Weight of the specific features' domain classification (beta of the ShaSpec paper)."""


class TrainConfig(LossConfig):
    """A training run. Paths are relative to where the command is run."""

    out: Path
    """Folder of the run: configuration, log, checkpoint, model."""
    name: str = ""
    """Name of the model; default: the folder's."""
    task: str = "brats"
    """A bundled task or the path of a task file."""
    method: MethodName = "shaspec"
    """How modalities are fused, and with which losses that is learned."""
    architecture: str = ""
    """The network that mean-teacher and m3l train, by its name (default linear-fusion); other
    methods train the one they are named after."""
    preset: str = "light"
    """Size of the network: ``light`` for a CPU or a small GPU, ``paper`` as published."""
    network: dict[str, Any] = Field(default_factory=dict)
    """Single settings of the network that differ from the preset."""
    start: str = ""
    """A model (name or folder) to start from instead of fresh weights."""

    data: Path | None = None
    """Folder of labelled cases (one folder per case, files side by side, a decathlon or nnU-Net
    folder), its ``dataset.json``, a CSV list with a column per modality, or MONAI's JSON list."""
    scheme: str | None = None
    """Label convention of ``data``, e.g. ``BraTS 2023``; default: recognised case by case."""
    labels_by_voxel: bool | None = None
    """For labels whose header says another place than the volumes: true takes them voxel by voxel,
    false by their header; default: such cases are left out."""
    cases: Path | None = None
    """Text or CSV file that lists the cases to train on, one name or path a line; default: all."""
    splits: Path | None = None
    """Which cases are held out of training: JSON with ``folds``, lists of case names (or nnU-Net's
    ``splits_final.json``, or MONAI's list), a CSV list with a column ``fold`` or ``split``, or a
    text file with the held-out cases, one a line. Default: as ``data`` (or ``cases``) says, if it
    is a list with folds, a column ``split`` or a section ``validation``."""
    fold: int | None = None
    """The fold that is held out; not needed where there is just one. What the list keeps for
    validation or testing besides is not trained on either."""
    unlabelled: Path | None = None
    """Folder of cases for mean-teacher and m3l, whose labels are not read if they have some. What
    of ``data`` has no labels takes part by itself. May be the same as ``data``: what is labelled
    there stays so, and what is off the list of ``cases`` stays out."""
    labelled: int | tuple[str, ...] | None = None
    """How many of the labelled cases (drawn by ``seed``), or which ones, keep their labels; the
    others count as unlabelled. Default: all. Without real cases, so many of the phantoms."""
    phantoms: int = Field(default=0, ge=0)
    """How many synthetic cases take part."""
    phantom_seed: int = 1000
    """Seed of the first one. Demo phantoms begin at 9,000,000 and are never trained on."""
    phantom_share: float = Field(default=0.3, ge=0, le=1)
    """Share of the samples that come from phantoms, if there are real cases too."""
    cache: Path = Path(".cache/shaspec")
    """Where prepared volumes are kept between runs."""
    prepare_workers: int = Field(default=0, ge=0)
    """Processes that prepare cases; 0: the training process itself."""

    spacing: tuple[PositiveFloat, ...] | None = None
    """Size of a voxel in mm (of a pixel, in pixels) at which the network works; default: the
    task's. Larger voxels cost detail, and a crop then shows more of the patient: in little time on
    a CPU that is the better bargain."""
    crop: tuple[PositiveInt, ...] = (64, 64, 64)
    """Size of a training sample in voxels of that size."""
    batch: int = Field(default=2, ge=1)
    """Labelled samples per step and device; mean-teacher and m3l add as many unlabelled ones."""
    accumulate: int = Field(default=1, ge=1)
    """Batches whose gradients are added up for one step: a larger batch in the same memory."""
    foreground: float = Field(default=0.7, ge=0, le=1)
    """Share of crops that are centred on a voxel of a random region."""
    augment: bool = True
    """Random flips, rotation, scaling, bending and changes of intensity."""
    subsets: str = ""
    """Which modalities a sample shows: a rule of `shaspec.training.subsets` (uniform, by-size,
    one-absent, full), or the only subset of a dedicated model, e.g. ``FLAIR+T2``. Default:
    one-absent for m3l, full for mean-teacher, otherwise uniform, so that every subset is learned.
    MAML's authors train on ``full``."""
    warm_up: float = Field(default=0.0, ge=0, le=1)
    """Share of the run that sees full modalities only, before ``subsets`` applies."""

    max_minutes: float | None = Field(default=None, gt=0)
    """The run ends after so many minutes; the learning rate falls in this time."""
    max_steps: int | None = Field(default=None, gt=0)
    """The run ends after so many steps, if that comes first. A run with nothing but this is the
    same on every repetition."""
    optimizer: Literal["adamw", "sgd"] = "adamw"
    """``sgd`` is with Nesterov momentum."""
    momentum: float = Field(default=0.99, ge=0, lt=1)
    """Of ``sgd``."""
    schedule: Literal["cosine", "poly"] = "cosine"
    """How the learning rate falls: half a cosine, or (1 - progress)^0.9."""
    learning_rate: float = Field(default=2e-3, gt=0)
    """The largest, after 50 steps of rising."""
    weight_decay: float = Field(default=1e-2, ge=0)
    """Pull of the weights towards zero."""
    clip: float = Field(default=12.0, ge=0)
    """Largest gradient norm; 0: no limit."""
    ema: float | None = Field(default=None, ge=0, lt=1)
    """Decay of the averaged weights, which are what is saved as the model and, in mean-teacher and
    m3l, the teacher, once the first steps are over; 0: no averaging. Default: 0.99 with a teacher,
    otherwise 0.995."""
    pseudo: float = 1.0
    """Weight of the teacher's pseudo-labels."""
    seed: int = Field(default=0, ge=0)
    """Fixes the weights at the start and every sample."""
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    """Of the forward pass. bf16 pays only on hardware that has it (recent GPUs, AVX512-BF16)."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """``auto``: a GPU if there is one."""
    devices: int = Field(default=1, ge=1)
    """Processes per machine, each with a GPU of its own (or some cores): start them with
    ``torchrun --nproc-per-node`` or ``srun``."""
    num_nodes: int = Field(default=1, ge=1)
    """Machines that take part."""
    workers: int = Field(default=0, ge=0)
    """Processes that read crops; 0: the training process itself."""
    checkpoint_minutes: float = Field(default=5.0, ge=0)
    """How often a checkpoint is written; it is what a run that was cut off resumes from."""
    validate_every_minutes: float = Field(default=0.0, ge=0)
    """How often the averaged weights are tried on cases that training does not see; 0: never. The
    time that it takes does not count in ``max_minutes``. Nothing is chosen by the result: the model
    is that of the last step. Who chooses settings by it must report on other cases."""
    validate_cases: int = Field(default=2, ge=1)
    """On how many: held-out cases with labels, complete ones first (those for validation where
    others are for testing), or demo phantoms if none are held out."""
    validate_subsets: tuple[str, ...] = ()
    """Subsets of modalities that are tried, e.g. ``["all", "FLAIR+T2"]``; default: each modality
    alone, and all."""
    tensorboard: bool = False
    """Write curves for TensorBoard too (``pip install napari-shaspec[tensorboard]``)."""

    @model_validator(mode="after")
    def _complete(self) -> TrainConfig:
        if self.max_minutes is None and self.max_steps is None:
            raise ValueError("give max_minutes or max_steps (or both), else it would never end")
        if self.data is None and self.phantoms == 0:
            raise ValueError("nothing to train on: give data, phantoms or both")
        if self.phantom_seed + self.phantoms > DEMO_SEED:
            raise ValueError(f"phantom_seed: from {DEMO_SEED} on seeds are for demonstrations")
        lists = [path.suffix.lower() for path in (self.data, self.cases) if path]
        if self.fold is not None and not self.splits and not {".csv", ".json"} & set(lists):
            raise ValueError("splits and fold go together: which file, and which fold is left out")
        return self


def load_config(path: Path, /, **overrides: Any) -> TrainConfig:
    """Read a TOML file; ``overrides`` (those that are not None) win."""
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"configuration {path} cannot be read: {error}") from error
    return make_config(values | overrides, str(path))


def make_config(values: dict[str, Any], source: str = "the command line") -> TrainConfig:
    """Checked configuration; raises `InputError` that names the key."""
    given = {key: value for key, value in values.items() if value is not None}
    try:
        return TrainConfig.model_validate(given)
    except ValidationError as error:
        wrong = in_words(error.errors(), TrainConfig.model_fields)
        raise InputError(f"training configuration ({source}): {wrong}") from error
