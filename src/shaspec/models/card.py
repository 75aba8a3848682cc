"""A model's card: what it segments, how it was trained, on whom, and under which licence.

Reading a card needs no torch, so an interface can list models at once.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from shaspec.case import Case
from shaspec.errors import WeightsError
from shaspec.models.fingerprint import fingerprint
from shaspec.models.portable import portable, portable_command
from shaspec.task import Task

CARD_FILE = "card.json"
WEIGHTS_FILE = "model.safetensors"

Seen = Literal["", "by name", "by content"]
"""How a case is known from the training of a model. A name alone proves nothing: ``39`` is given
to many a case, and the same patient may be prepared in another way."""


Hashes = dict[str, dict[str, str]]
"""Case -> modality -> hash of its voxels."""


class Start(BaseModel):
    """The model that a training went on from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    sha256: str
    """Of its weights."""


class Training(BaseModel):
    """How the weights came about. Enough to do it again, and to know who was seen.

    What was seen includes what the start model saw. Everything else is of this run alone; of the
    start model it is on that one's own card.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cases: tuple[str, ...] = ()
    unlabelled: tuple[str, ...] = ()
    """Those of ``cases`` whose labels had no part in it."""
    fingerprints: Hashes = Field(default_factory=dict)
    """Case -> modality -> hash of its voxels, so that a renamed case is still known. If the start
    model saw other voxels under the same name, they are listed as ``name@`` and the first digits
    of its sha256."""
    phantoms: str = ""
    """Which synthetic cases took part, e.g. ``seeds 1000 to 1063``."""
    start: Start | None = None
    """None: it began with fresh weights, or the card is an old one."""
    method: str = ""
    """How the network was trained, e.g. ``m3l``; empty: the card does not say."""
    config: Annotated[dict[str, Any], AfterValidator(portable)] = Field(default_factory=dict)
    """The settings, as `shaspec.training.config.TrainConfig` has them, without the folders that
    the run wrote to. Cards are passed on: absolute paths are cut down to ``.../name``."""
    command: Annotated[str, AfterValidator(portable_command)] = ""
    """With absolute paths cut down likewise."""
    minutes: float = 0.0
    steps: int = 0
    seed: int = 0
    machine: str = ""

    def after(self, start: Card) -> Training:
        """The same, begun with the weights of ``start``: whom that model saw, this one has seen.

        A case that had labels in one of the two trainings counts as labelled.
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
    """All fingerprints; the name of a case is no key where it stands for different voxels."""
    merged = dict(mine)
    for case, hashes in start.training.fingerprints.items():
        known = mine.get(case, {})
        other = any(known.get(modality, value) != value for modality, value in hashes.items())
        key = f"{case}@{start.sha256[:12]}" if other else case
        merged[key] = merged.get(key, {}) | hashes
    return merged


class Card(BaseModel):
    """Stored as ``card.json`` beside ``model.safetensors``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = 1
    name: str
    title: str
    description: str = ""
    licence: str
    method: str
    """The network, by its name in `shaspec.models.registry`. How it was trained: `Training`."""
    preset: str
    network: dict[str, Any]
    """Configuration of the network, as `shaspec.models.registry.check_config` takes it."""
    task: Task
    window: tuple[int, ...]
    """Window at which it is run, axis order (S, P, L), voxels: larger than the crops that it was
    trained on, by half if nobody chose another."""
    instant_toggles: bool
    training: Training = Training()
    scores: dict[str, dict[str, float]] = Field(default_factory=dict)
    """What it reached where, e.g. ``{"fold 0, mean of 15 subsets": {"WT": 0.7}}``."""
    parameters: int = 0
    sha256: str = ""
    """Of ``model.safetensors``."""
    version: str = ""
    """Of this package when the card was written."""

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """The rest, such as fingerprints of all training cases, would fill the screen."""
        shown = ("name", "title", "method", "preset", "licence")
        return [*((key, getattr(self, key)) for key in shown), ("task", self.task.name)]

    @property
    def training_cases(self) -> tuple[str, ...]:
        """Names of the real cases that taught the weights, be it in the start model."""
        return self.training.cases

    @property
    def experimental(self) -> bool:
        """Whether the title marks it so: a bundled method that is behind the plain baseline."""
        return "experimental" in self.title

    def seen(self, case: Case) -> Seen:
        """Whether ``case`` was in the training data: by the content of a volume, else by name."""
        known = {h for hashes in self.training.fingerprints.values() for h in hashes.values()}
        if known and not known.isdisjoint(fingerprint(case).values()):
            return "by content"
        return self.seen_name(case.name)

    def seen_name(self, case: str) -> Seen:
        """All that can be said of a case whose volumes are not there yet."""
        return "by name" if case in self.training.cases else ""


DEFAULT_MODEL = "shaspec"


def bundled_models() -> list[str]:
    """Names of the models that ship with the package, the default one first."""
    folder = resources.files("shaspec") / "weights"
    if not folder.is_dir():
        return []
    names = [f.name for f in folder.iterdir() if (f / CARD_FILE).is_file()]
    return sorted(names, key=lambda name: (name != DEFAULT_MODEL, name))


def model_folder(name_or_folder: str | Path) -> Path:
    """The folder of a bundled model (by name) or of a user's own (by path)."""
    if str(name_or_folder) in bundled_models():
        return Path(str(resources.files("shaspec") / "weights" / str(name_or_folder)))
    folder = Path(name_or_folder)
    if folder.name == CARD_FILE:
        folder = folder.parent
    if not (folder / CARD_FILE).is_file():
        raise WeightsError(
            f"no model {str(name_or_folder)!r}: give a folder with {CARD_FILE} and {WEIGHTS_FILE}"
            f" or one of {', '.join(bundled_models()) or '(none bundled)'}"
        )
    return folder


def load_card(name_or_folder: str | Path) -> Card:
    """The card of a model; raises `WeightsError` naming what is wrong with it."""
    path = model_folder(name_or_folder) / CARD_FILE
    try:
        return Card.model_validate_json(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise WeightsError(f"{path} is not a card this version can read: {error}") from error
