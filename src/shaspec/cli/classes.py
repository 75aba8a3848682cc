"""``predict`` and ``sweep`` with a classification model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from shaspec.cli.common import escape, report_seen, run_job
from shaspec.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shaspec.inference.interface import AnySession
    from shaspec.models.card import Card
    from shaspec.prediction import Classification
    from shaspec.task import Subset


def classify(
    console: Console, session: AnySession, subsets: Sequence[Subset]
) -> list[Classification]:
    """The classes of a case from each of ``subsets``; its inputs are encoded once."""
    from shaspec.prediction import Classification

    report_seen(console, session.seen, session.case.name, session.card.name)
    ended = [run_job(console, session.predict(subset)).prediction for subset in subsets]
    return [made for made in ended if isinstance(made, Classification)]  # all are


def refuse(card: Card, **options: object) -> None:
    """Raise `InputError` for options that apply to segmentation models only."""
    given = [f"--{name.replace('_', '-')}" for name, value in options.items() if value]
    if given:
        raise InputError(
            f"model {card.name!r} is a classification model: leave out {', '.join(given)}"
        )


def class_table(prediction: Classification) -> Table:
    """All classes, the most probable first."""
    table = Table("class", title=prediction.name)
    table.add_column("probability", justify="right")
    for label, probability in prediction.ranked:
        table.add_row(escape(label.title), f"{100 * probability:.1f} %")
    return table


def class_of_subsets(predictions: Sequence[Classification]) -> Table:
    """The most probable class from each subset, by one model."""
    table = Table("subset", "class", title=escape(str(predictions[0].provenance["model"])))
    table.add_column("probability", justify="right")
    for prediction in predictions:
        label, probability = prediction.ranked[0]
        subset = prediction.task.subset_name(prediction.subset)
        table.add_row(subset, escape(label.title), f"{100 * probability:.1f} %")
    return table
