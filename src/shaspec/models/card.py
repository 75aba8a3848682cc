"""A model's card: what it segments, how it was trained, on whom, and under which licence.

Reading a card needs no torch, so an interface can list models at once.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shaspec.case import Case
from shaspec.errors import WeightsError
from shaspec.io.fingerprint import fingerprint
from shaspec.task import Task

CARD_FILE = "card.json"
WEIGHTS_FILE = "model.safetensors"

Seen = Literal["", "by name", "by content"]
"""How a case is known from the training of a model. A name alone proves nothing: ``39`` is given
to many a case, and the same patient may be prepared in another way."""


class Training(BaseModel):
    """How the weights came about. Enough to do it again, and to know who was seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cases: tuple[str, ...] = ()
    unlabelled: tuple[str, ...] = ()
    """Those of ``cases`` whose labels had no part in it."""
    fingerprints: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Case -> modality -> hash of its voxels, so that a renamed case is still known."""
    phantoms: str = ""
    """Which synthetic cases took part, e.g. ``seeds 1000-1063``."""
    command: str = ""
    minutes: float = 0.0
    steps: int = 0
    seed: int = 0
    machine: str = ""


class Card(BaseModel):
    """Stored as ``card.json`` beside ``model.safetensors``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = 1
    name: str
    title: str
    description: str = ""
    licence: str
    method: str
    preset: str
    network: dict[str, Any]
    """Configuration of the network, as `shaspec.models.registry.check_config` takes it."""
    task: Task
    window: tuple[int, ...]
    """Window at which it was trained and is run, axis order (S, P, L), voxels."""
    instant_toggles: bool
    training: Training = Training()
    scores: dict[str, dict[str, float]] = Field(default_factory=dict)
    """What it reached where, e.g. ``{"fold 0, mean of 15 subsets": {"WT": 0.7}}``."""
    parameters: int = 0
    sha256: str = ""
    """Of ``model.safetensors``."""
    version: str = ""
    """Of this package when the card was written."""

    @property
    def training_cases(self) -> tuple[str, ...]:
        """Names of the real cases that the weights were trained on."""
        return self.training.cases

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
