"""Configuration of a training run: one file, checked before the run and stored with it."""

from __future__ import annotations

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
from shaspec.files.reading import read_toml
from shaspec.phantom import DEMO_SEED

MethodName = Literal[
    "shaspec", "maml", "simmlm", "linear-fusion", "zero-fill", "mean-teacher", "m3l"
]


class LossConfig(BaseModel):
    """Settings of the loss."""

    # The docstring of a key is its help text: `shaspec train --init` writes it into the file.
    # Numbers must be finite, because JSON stores others as null.
    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False
    )

    loss: Literal["dice", "ohem"] = "dice"
    """Loss of labelled samples. ``dice``: Dice and cross entropy (binary for networks that predict
    regions). ``ohem``: cross entropy over hard voxels only, as by M3L's authors; softmax only."""
    dice_over: Literal["sample", "batch"] = "batch"
    """Dice per sample (as by ShaSpec's authors) or over all voxels of the batch (as in nnU-Net)."""
    dice_smooth: float = Field(default=0.0, ge=0)
    """Voxels added to numerator and denominator of the Dice. Above 0, the network also learns from
    crops without a region to leave the region empty."""
    alignment: float = 0.1
    """Weight of the alignment loss of the shared features (alpha in the ShaSpec paper)."""
    domain: float = 0.02
    """Weight of the specific features' domain classification (beta of the ShaSpec paper)."""
    mofe: float = Field(default=0.1, ge=0)
    """Weight of SimMLM's more-versus-fewer loss: a sample must not be segmented worse from more
    modalities than from fewer. 0.1 is the published weight."""
    experts: float = Field(default=1.0, ge=0)
    """Weight of the segmentation by each of SimMLM's experts alone. The authors train the experts
    in a first stage instead; 0 leaves them to the mixture and to subsets of one modality."""


class TrainConfig(LossConfig):
    """Settings of a training run. Paths are relative to the working directory."""

    out: Path
    """Run folder for configuration, log, checkpoint and model."""
    name: str = ""
    """Name of the model; default: name of the run folder."""
    task: str = "brats"
    """Name of a bundled task, or path of a task file."""
    method: MethodName = "shaspec"
    """Method: how modalities are fused, and the losses."""
    architecture: str = ""
    """Network that mean-teacher and m3l train (default linear-fusion); the other methods train the
    network of the same name."""
    preset: str = "light"
    """Size of the network: ``light`` for a CPU or a small GPU, ``paper`` as published."""
    network: dict[str, Any] = Field(default_factory=dict)
    """Network settings that differ from the preset."""
    start: str = ""
    """Model (name or folder) to start from instead of random weights."""

    data: Path | None = None
    """Folder of labelled cases (one folder per case, all files in one folder, a Medical
    Segmentation Decathlon or nnU-Net folder), its ``dataset.json``, a CSV list with a column per
    modality, or a MONAI JSON list."""
    scheme: str | None = None
    """Label convention of ``data``, e.g. ``BraTS 2023``; default: recognised case by case."""
    labels_by_voxel: bool | None = None
    """For labels whose header says another place than the volumes: true takes them voxel by voxel,
    false by their header; default: such cases are left out."""
    cases: Path | None = None
    """Text or CSV file of the cases to train on, one name or path per line; default: all."""
    splits: Path | None = None
    """Held-out cases: JSON with ``folds``, lists of case names (or nnU-Net's ``splits_final.json``,
    or a MONAI list), a CSV list with a column ``fold`` or ``split``, or a text file with one
    held-out case per line. Default: the folds, column ``split`` or section ``validation`` of
    ``data`` (or ``cases``), if it is such a list."""
    fold: int | None = None
    """Fold to hold out; not needed if there is only one. Cases that the list reserves for
    validation or testing are not trained on either."""
    unlabelled: Path | None = None
    """Folder of unlabelled cases for mean-teacher and m3l; labels in it are not read. Cases of
    ``data`` without labels are used automatically. Can be the same folder as ``data``: labelled
    cases stay labelled, and cases not listed in ``cases`` stay excluded."""
    labelled: int | tuple[str, ...] | None = None
    """Number of labelled cases that keep their labels (drawn with ``seed``), or their names; the
    others count as unlabelled. Default: all. Without real cases, it applies to the phantoms."""
    phantoms: int = Field(default=0, ge=0)
    """Number of phantoms (synthetic cases) to train on."""
    phantom_seed: int = 1000
    """Seed of the first phantom. Seeds from 9,000,000 are demo phantoms and never trained on."""
    phantom_share: float = Field(default=0.3, ge=0, le=1)
    """Share of samples drawn from phantoms if there are real cases too."""
    cache: Path = Path(".cache/shaspec")
    """Folder of the cache of prepared volumes, shared by runs."""
    prepare_workers: int = Field(default=0, ge=0)
    """Processes that prepare cases; 0: the training process."""

    spacing: tuple[PositiveFloat, ...] | None = None
    """Voxel size in mm at which the network works (in 2D: pixels); default: spacing of the task.
    With larger voxels a crop covers more of the patient in less detail; recommended for short
    training on a CPU."""
    crop: tuple[PositiveInt, ...] = (64, 64, 64)
    """Size of a training patch in voxels at that spacing."""
    batch: int = Field(default=2, ge=1)
    """Labelled samples per step and device; mean-teacher and m3l add as many unlabelled samples."""
    accumulate: int = Field(default=1, ge=1)
    """Number of batches whose gradients are accumulated in one step, for a larger effective batch
    in the same memory."""
    foreground: float = Field(default=0.7, ge=0, le=1)
    """Share of crops centred on a voxel of a random region."""
    transplant: float = Field(default=0.0, ge=0, le=1)
    """Share of samples into which the labelled voxels of another case are pasted, mirrored at
    random (tumour transplant)."""
    augment: bool = True
    """Random flips, rotation, scaling, elastic deformation and intensity changes."""
    subsets: str = ""
    """Modalities of a training sample: a rule of `shaspec.training.subsets` (uniform, by-size,
    one-absent, full), or the subset of a dedicated model, e.g. ``FLAIR+T2``. Default: one-absent
    for m3l, full for mean-teacher, otherwise uniform. MAML's authors train with ``full``."""
    warm_up: float = Field(default=0.0, ge=0, le=1)
    """Share of the run that uses all modalities, before ``subsets`` applies."""

    max_minutes: float | None = Field(default=None, gt=0)
    """Duration of the run in minutes; also the duration of the learning rate schedule."""
    max_steps: int | None = Field(default=None, gt=0)
    """Maximum number of steps. A run limited by steps only is reproducible."""
    optimizer: Literal["adamw", "sgd"] = "adamw"
    """Optimizer; ``sgd`` uses Nesterov momentum."""
    momentum: float = Field(default=0.99, ge=0, lt=1)
    """Momentum of ``sgd``."""
    schedule: Literal["cosine", "poly"] = "cosine"
    """Decay of the learning rate: half a cosine, or (1 - progress)^0.9."""
    learning_rate: float = Field(default=2e-3, gt=0)
    """Maximum learning rate, reached after 50 steps of linear warm-up."""
    weight_decay: float = Field(default=1e-2, ge=0)
    """Weight decay of the optimizer."""
    clip: float = Field(default=12.0, ge=0)
    """Maximum gradient norm; 0: no clipping."""
    ema: float | None = Field(default=None, ge=0, lt=1)
    """Decay of the exponential moving average of the weights, after the first steps. The averaged
    weights are saved as the model, and are the teacher of mean-teacher and m3l. 0: no averaging.
    Default: 0.99 with a teacher, otherwise 0.995."""
    pseudo: float = 1.0
    """Weight of the loss on the teacher's pseudo-labels."""
    seed: int = Field(default=0, ge=0)
    """Random seed of initial weights and samples."""
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    """Precision of the forward pass. bf16 is faster only on hardware with bf16 support (recent
    GPUs, AVX512-BF16)."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Device; ``auto``: a GPU if there is one."""
    devices: int = Field(default=1, ge=1)
    """Processes per machine, each with its own GPU (or CPU cores); start them with ``torchrun
    --nproc-per-node`` or ``srun``."""
    num_nodes: int = Field(default=1, ge=1)
    """Number of machines."""
    workers: int = Field(default=0, ge=0)
    """Processes that read crops; 0: the training process."""
    checkpoint_minutes: float = Field(default=5.0, ge=0)
    """Minutes between two checkpoints; an interrupted run resumes from the last one."""
    validate_every_minutes: float = Field(default=0.0, ge=0)
    """Minutes between two validations of the averaged weights on cases not used for training; 0:
    no validation. Validation time does not count in ``max_minutes``. Validation does not select the
    model: the model is that of the last step. If you choose settings by it, report results on other
    cases."""
    validate_cases: int = Field(default=2, ge=1)
    """Number of validation cases: held-out labelled cases, complete ones first (the validation
    cases if the list also has test cases), or demo phantoms if none are held out."""
    validate_subsets: tuple[str, ...] = ()
    """Subsets of modalities to validate, e.g. ``["all", "FLAIR+T2"]``; default: each single
    modality, and all."""
    tensorboard: bool = False
    """Write curves for TensorBoard too (``pip install shaspec[tensorboard]``)."""

    @model_validator(mode="after")
    def _complete(self) -> TrainConfig:
        if self.max_minutes is None and self.max_steps is None:
            raise ValueError("set max_minutes or max_steps (or both); otherwise the run has no end")
        if self.data is None and self.phantoms == 0:
            raise ValueError("nothing to train on: give data, phantoms or both")
        if self.phantom_seed + self.phantoms > DEMO_SEED:
            raise ValueError(f"phantom_seed: seeds from {DEMO_SEED} are reserved for demo phantoms")
        lists = [path.suffix.lower() for path in (self.data, self.cases) if path]
        if self.fold is not None and not self.splits and not {".csv", ".json"} & set(lists):
            raise ValueError("splits and fold go together: set splits to the file with the folds")
        return self


def load_config(path: Path, /, **overrides: Any) -> TrainConfig:
    """Read the settings of a training run.

    Args:
        path: a TOML file.
        overrides: settings that replace those of the file; None: as in the file.

    Returns:
        Checked settings.

    Raises:
        InputError: if the file cannot be read or a setting cannot be used; the message names the
            key.
    """
    return make_config(read_toml(path) | overrides, str(path))


def make_config(values: dict[str, Any], source: str = "the command line") -> TrainConfig:
    """Check the settings of a training run.

    Args:
        values: setting -> value; None: the default.
        source: where they come from, for the message of an error.

    Returns:
        Checked settings.

    Raises:
        InputError: if a setting cannot be used; the message names the key.
    """
    given = {key: value for key, value in values.items() if value is not None}
    try:
        return TrainConfig.model_validate(given)
    except ValidationError as error:
        wrong = in_words(error.errors(), TrainConfig.model_fields)
        raise InputError(f"training configuration ({source}): {wrong}") from error
