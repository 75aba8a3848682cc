"""A model card as lines and a table, for the command line, notebooks and the plugin."""

from __future__ import annotations

from dataclasses import dataclass

from shaspec.files.reading import is_file
from shaspec.models.card import WEIGHTS_FILE, Card, bundled_models, model_folder

OFFICIAL = "official"
"""The preset of weights that were imported from the authors' code."""


@dataclass(frozen=True)
class ScoreTable:
    """The scores of a card as a table."""

    where: str
    """Common part of the row names, e.g. ``fold 0``."""
    columns: tuple[str, ...]
    """Regions, or other scores."""
    rows: tuple[tuple[str, tuple[float | None, ...]], ...]
    """Name, e.g. of a subset, and a score per column; None: no such score."""


def score_table(card: Card) -> ScoreTable | None:
    """The scores of a card; None if it has none."""
    if not card.scores:
        return None
    names = [name for scores in card.scores.values() for name in scores]
    order = [name for name in card.task.reported_regions if name in names]
    columns = tuple(dict.fromkeys([*order, *names]))
    starts = {name.partition(", ")[0] for name in card.scores if ", " in name}
    common = starts.pop() if len(starts) == 1 and all(", " in n for n in card.scores) else ""
    rows = (
        (name.removeprefix(f"{common}, "), tuple(scores.get(column) for column in columns))
        for name, scores in card.scores.items()
    )
    return ScoreTable(common, columns, tuple(rows))


def source_of(model: str, card: Card) -> str:
    """Where a model comes from: ``bundled``, ``imported`` or ``trained``."""
    if model in bundled_models():
        return "bundled"
    return "imported" if card.preset == OFFICIAL else "trained"


def size_mb(model: str) -> float:
    """Megabytes of the weights; 0 without weights. Raises `WeightsError` without a card."""
    weights = model_folder(model) / WEIGHTS_FILE
    return weights.stat().st_size / 1e6 if is_file(weights) else 0.0


def toggles(card: Card) -> str:
    """What a tick costs."""
    return "instant" if card.instant_toggles else "full run"


def is_calibrated(card: Card) -> bool:
    """True if the card has temperatures that were fitted on cases not used for training."""
    return card.calibration is not None and card.calibration.held_out


def method_of(card: Card) -> str:
    """Name of the network, and of the training method if it is another one."""
    taught = card.training.method
    return card.method if taught in ("", card.method) else f"{card.method} by {taught}"


def found_by(card: Card) -> tuple[str, ...]:
    """Regions that the model segments, or classes that it predicts."""
    return card.task.reported_regions or tuple(label.name for label in card.task.labels)


def card_lines(card: Card, megabytes: float) -> list[tuple[str, str]]:
    """The card as headings and texts, without empty fields."""
    task, training = card.task, card.training
    size = f"{card.parameters / 1e6:.1f} million parameters, {megabytes:.0f} MB"
    lines = [
        ("Model", card.title),
        ("Licence", card.licence),
        ("Method", f"{method_of(card)}, {card.preset}"),
        ("Finds", f"{', '.join(found_by(card))} from {task.title_names}"),
        ("Toggles", toggles(card)),
        ("Size", size),
        ("Window", " x ".join(map(str, card.window))),
        ("Trained on", _data(card)),
        ("Cases seen", ", ".join(training.cases)),
        ("Started from", _start(card)),
        ("Training", _effort(card)),
        ("Calibration", _calibration(card)),
        ("Notes", card.description),
        ("Checksum", card.sha256),
    ]
    return [(heading, text) for heading, text in lines if text]


def _data(card: Card) -> str:
    training = card.training
    count, parts = len(training.cases), []
    if count:
        unlabelled = len(training.unlabelled)
        without = f", {unlabelled} of them without labels" if unlabelled else ""
        parts.append(f"{count} real case{'s' if count > 1 else ''}{without}")
    if training.phantoms:
        parts.append(f"phantoms, {training.phantoms}")
    return "; ".join(parts) or "the card does not say"


def _start(card: Card) -> str:
    start = card.training.start
    return f"{start.name}, checksum {start.sha256}" if start else ""


def _effort(card: Card) -> str:
    training = card.training
    if not training.steps:
        return ""
    machine = f" on {training.machine}" if training.machine else ""
    return f"{training.steps} steps in {training.minutes:.0f} minutes{machine}"


def _calibration(card: Card) -> str:
    calibration = card.calibration
    if calibration is None:
        return ""
    parts = ", ".join(f"{name} {value:.2f}" for name, value in calibration.temperature.items())
    count = len(calibration.cases)
    cases = f"{count} {'held-out' if calibration.held_out else 'training'} case{'s' * (count > 1)}"
    others = calibration.models and card.sha256 not in calibration.models
    by = " by models of the same settings" if others else ""
    doubt = "" if calibration.held_out else "; does not hold for new cases"
    return f"temperature {parts}; fitted on {cases}{by}{doubt}"
