"""Published results, shown next to our results for reference.

Each file in ``published/`` is one protocol: cases, split and rules. Results of different protocols
cannot be compared, and all of them use other cases than ours.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources

from shaspec.errors import InputError
from shaspec.evaluation.report import ScoreTable
from shaspec.evaluation.statistics import mean_name


@dataclass(frozen=True)
class Published:
    """The scores of one method under one protocol."""

    name: str
    """Short name."""
    title: str
    """Method and paper."""
    protocol: str
    """Which cases, which split, which rules."""
    source: str
    """Where the numbers were printed."""
    measure: str
    """The metric and its unit, e.g. ``Dice (%)``."""
    columns: tuple[str, ...]
    """Titles of the columns: regions, or amounts of labelled training data."""
    subsets: dict[str, tuple[float, ...]]
    """Subset in the test -> a value per column; empty if only averages are published."""
    average: tuple[float, ...] = ()
    """Mean over the subsets as published; empty if there is none."""
    over: int = 0
    """Number of subsets in the average."""

    @property
    def table(self) -> ScoreTable:
        """The table, with protocol and source as notes."""
        mean = {mean_name(self.over): self.average} if self.average else {}
        return ScoreTable(
            f"published: {self.title}, {self.measure}",
            self.columns,
            self.subsets | mean,
            (f"protocol: {self.protocol}", f"source: {self.source}", "other cases than ours"),
        )


def all_published() -> list[Published]:
    """All bundled tables, by protocol."""
    files = (resources.files("shaspec.evaluation") / "published").iterdir()
    names = sorted(f.name for f in files if f.name.endswith(".toml"))
    return [table for name in names for table in _read(name)]


def load_published(name: str) -> Published:
    """A table of published results.

    Args:
        name: its name, as ``shaspec published`` lists them.

    Returns:
        The scores with their protocol and source.

    Raises:
        InputError: if there is no such table; the message lists all.
    """
    tables = {table.name: table for table in all_published()}
    if name not in tables:
        raise InputError(f"no published table {name!r}: there are {', '.join(tables)}")
    return tables[name]


def _read(file: str) -> list[Published]:
    text = (resources.files("shaspec.evaluation") / "published" / file).read_text("utf-8")
    content = tomllib.loads(text)
    return [
        Published(
            name=name,
            title=method["title"],
            protocol=content["protocol"] + method.get("protocol", ""),
            source=method.get("source", content["source"]),
            measure=content["measure"],
            columns=tuple(content["columns"]),
            subsets={s: tuple(values) for s, values in method.get("subsets", {}).items()},
            average=tuple(method.get("average", ())),
            over=content.get("over", 0),
        )
        for name, method in content["methods"].items()
    ]
