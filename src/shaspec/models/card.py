"""Model cards: task, network, training, training cases and licence of a model.

Reading a card does not import torch, so interfaces can list models quickly.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from shaspec.case import Case
from shaspec.conventions import with_conventions
from shaspec.errors import InputError, WeightsError
from shaspec.files.reading import is_file, read_json
from shaspec.models.calibration import Calibration
from shaspec.models.fingerprint import fingerprint
from shaspec.models.portable import portable, portable_command
from shaspec.task import Task
from shaspec.task_names import Line

CARD_FILE = "card.json"
WEIGHTS_FILE = "model.safetensors"
EXCLUSIVE = ("linear-fusion", "maml")
"""Methods whose labels exclude each other where the configuration does not say."""
LARGEST_WEIGHTS = 64 * 1024**3  # bytes

Seen = Literal["", "by name", "by content"]
"""Whether a model saw a case in training. A name is not sufficient: many data sets have a case
``39``, and the same patient may have been preprocessed in another way."""


Hashes = dict[str, dict[str, str]]
"""Case -> modality -> hash of its voxels."""


class Start(BaseModel):
    """The model that a training started from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Name of the start model."""
    sha256: str
    """Checksum of its weights."""


class Training(BaseModel):
    """How the weights were trained: enough to repeat the run and to recognise its cases.

    Cases, fingerprints and phantoms include those of the start model. All other fields describe
    only this run; those of the start model are on its own card.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cases: tuple[str, ...] = ()
    """Names of the real cases, also those of the start model."""
    unlabelled: tuple[str, ...] = ()
    """The cases of ``cases`` whose labels were not used."""
    fingerprints: Hashes = Field(default_factory=dict)
    """Case -> modality -> hash of its voxels, to recognise renamed cases. If the start model saw
    other voxels under the same name, they are listed as ``name@`` and the first digits of its
    sha256."""
    phantoms: str = ""
    """Synthetic training cases, e.g. ``seeds 1000 to 1063``."""
    start: Start | None = None
    """None: random initial weights, or a card of an earlier version."""
    method: str = ""
    """Training method, e.g. ``m3l``; empty: not recorded."""
    config: Annotated[dict[str, Any], AfterValidator(portable)] = Field(default_factory=dict)
    """The settings of `shaspec.training.config.TrainConfig`, without output folders. Absolute paths
    are shortened to ``.../name``, because cards are shared."""
    command: Annotated[str, AfterValidator(portable_command)] = ""
    """Command line, with absolute paths shortened in the same way."""
    minutes: float = 0.0
    """Duration of the run."""
    steps: int = 0
    """Optimizer steps of the run."""
    seed: int = 0
    """Seed of the run."""
    machine: str = ""
    """Processor or GPU of the run."""

    def after(self, start: Card) -> Training:
        """The same training, started from another model: cases of both count as seen.

        A case that had labels in one of the two trainings counts as labelled.

        Args:
            start: card of the start model.

        Returns:
            A copy with the cases, phantoms and fingerprints of both.
        """
        both = self, start.training
        cases = tuple(dict.fromkeys(case for t in both for case in t.cases))
        labelled = {case for t in both for case in set(t.cases) - set(t.unlabelled)}
        phantoms = dict.fromkeys(p for t in both for p in t.phantoms.split(" and ") if p)
        changes = {
            "cases": cases,
            "unlabelled": tuple(case for case in cases if case not in labelled),
            "fingerprints": _merged(self.fingerprints, start),
            "phantoms": " and ".join(phantoms),
            "start": Start(name=start.name, sha256=start.sha256),
        }
        return self.model_copy(update=changes)


def _merged(mine: Hashes, start: Card) -> Hashes:
    """The fingerprints of both; a start case with the same name but other voxels is renamed."""
    merged = dict(mine)
    for case, hashes in start.training.fingerprints.items():
        own = mine.get(case, {})
        other = any(own.get(modality, value) != value for modality, value in hashes.items())
        key = f"{case}@{start.sha256[:12]}" if other else case
        merged[key] = merged.get(key, {}) | hashes
    return merged


class Card(BaseModel):
    """What a model segments, how it was trained and under which licence: ``card.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = 1
    """Version of the card format."""
    name: Line
    """Short name, e.g. ``shaspec``."""
    title: Line
    """Title for users."""
    description: str = ""
    """Notes."""
    licence: str
    """Terms of the weights."""
    method: str
    """Name of the network in `shaspec.models.registry`; for the training method see `Training`."""
    preset: str
    """Size of the network: ``light``, ``paper`` or ``official``."""
    network: dict[str, Any]
    """Configuration of the network, input of `shaspec.models.registry.check_config`."""
    task: Task
    """Modalities, labels and regions."""
    window: tuple[Annotated[int, Field(ge=1, le=4096)], ...]
    """Window for inference, voxels (S, P, L); default: 1.5 times the training crop."""
    instant_toggles: bool
    """True if predicting another subset of a case only re-runs the decoder."""
    training: Training = Training()
    """How the weights were trained, and on which cases."""
    scores: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Evaluation -> region -> Dice, e.g. ``{"fold 0, mean of 15 subsets": {"WT": 0.7}}``."""
    calibration: Calibration | None = None
    """Temperatures of the probabilities; None: as the network gives them."""
    parameters: int = 0
    """Number of weights."""
    sha256: str = ""
    """Checksum of ``model.safetensors``."""
    version: str = ""
    """Version of this package that wrote the card."""

    @model_validator(mode="after")
    def _fits_its_task(self) -> Card:
        if self.task.kind == "segmentation" and len(self.window) != self.task.dims:
            raise ValueError(
                f"window has {len(self.window)} numbers, the task {self.task.dims} axes"
            )
        said, real = self.network.get("modalities"), len(self.task.modalities)
        if said is not None and said != real:
            raise ValueError(f"the network has {said} modalities, the task {real}")
        fitted = self.calibration.temperature if self.calibration else {}
        if unknown := sorted(set(fitted) - set(self.task.region_names)):
            raise ValueError(f"calibration has a temperature of unknown region {unknown[0]}")
        return self

    @property
    def exclusive(self) -> bool:
        """True if its labels exclude each other; see `shaspec.models.base.Network`."""
        default = self.method in EXCLUSIVE or self.task.kind == "classification"
        return bool(self.network.get("exclusive", default))

    @property
    def temperature(self) -> dict[str, float]:
        """Region -> temperature of its probabilities; a region that is missing has 1."""
        return dict(self.calibration.temperature) if self.calibration else {}

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """The main fields only; fingerprints of all training cases would fill the screen."""
        shown = ("name", "title", "method", "preset", "licence")
        return [*((key, getattr(self, key)) for key in shown), ("task", self.task.name)]

    @property
    def training_cases(self) -> tuple[str, ...]:
        """Names of the real training cases, including those of the start model."""
        return self.training.cases

    @property
    def experimental(self) -> bool:
        """Whether the title says so: a bundled model that does not reach the baseline."""
        return "experimental" in self.title

    def seen(self, case: Case) -> Seen:
        """Whether a case was in the training data.

        Args:
            case: a case with its volumes.

        Returns:
            ``by content`` if a volume has the fingerprint of a training volume, ``by name`` if only
            the name is that of a training case, else an empty text.
        """
        training_hashes = {
            h for hashes in self.training.fingerprints.values() for h in hashes.values()
        }
        if training_hashes and not training_hashes.isdisjoint(fingerprint(case).values()):
            return "by content"
        return self.seen_name(case.name)

    def seen_name(self, case: str) -> Seen:
        """Whether a case has the name of a training case, without reading its volumes.

        Args:
            case: name of the case.

        Returns:
            ``by name`` or an empty text.
        """
        return "by name" if case in self.training.cases else ""


DEFAULT_MODEL = "shaspec"
NO_LONGER_BUNDLED = ("linear-fusion", "maml")
"""Bundled until version 0.2; behind the zero-fill baseline on held-out cases."""


def bundled_models() -> list[str]:
    """Names of the models that are part of the package.

    Returns:
        The default model first, the others sorted.
    """
    folder = resources.files("shaspec") / "weights"
    if not folder.is_dir():
        return []
    names = [f.name for f in folder.iterdir() if (f / CARD_FILE).is_file()]
    return sorted(names, key=lambda name: (name != DEFAULT_MODEL, name))


def model_folder(name_or_folder: str | Path) -> Path:
    """The folder of a bundled model (by name) or of another model (by path)."""
    if str(name_or_folder) in bundled_models():
        return Path(str(resources.files("shaspec") / "weights" / str(name_or_folder)))
    folder = Path(name_or_folder)
    if folder.name == CARD_FILE:
        folder = folder.parent
    if not is_file(folder / CARD_FILE):
        if str(name_or_folder) in NO_LONGER_BUNDLED:
            raise WeightsError(
                f"model {str(name_or_folder)!r} is no longer bundled, because it did not beat the "
                "zero-fill baseline: use --model shaspec, train one with `shaspec train --method "
                f"{name_or_folder}`, or give its folder of version 0.1 or 0.2"
            )
        raise WeightsError(
            f"model {str(name_or_folder)!r} not found: give a folder with {CARD_FILE} and "
            f"{WEIGHTS_FILE}, or one of {', '.join(bundled_models()) or '(none bundled)'}"
        )
    return folder


def load_card(name_or_folder: str | Path) -> Card:
    """Read the card of a model; needs no torch.

    Args:
        name_or_folder: name of a bundled model, or a model folder.

    Returns:
        The card; its task has the file conventions of this version.

    Raises:
        WeightsError: for an unknown model, or if the card cannot be read.
        InputError: if the bundled task file of its task cannot be read.
    """
    path = model_folder(name_or_folder) / CARD_FILE
    try:
        card = Card.model_validate(read_json(path))
    except (InputError, ValidationError) as error:
        raise WeightsError(f"{path} is not a card this version can read: {error}") from error
    return card.model_copy(update={"task": with_conventions(card.task)})
