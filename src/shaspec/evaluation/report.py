"""Tables in the layout of the papers: one row per subset with a dot per modality, regions across.

A `ScoreTable` is rendered for the terminal, as Markdown and as LaTeX; `figures` draws it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.markup import escape
from rich.table import Table

from shaspec.evaluation.metrics import METRICS
from shaspec.evaluation.statistics import AVERAGE, POOLED_IOU
from shaspec.evaluation.tables import Line
from shaspec.task import FULL

THERE, ABSENT = "●", "○"


@dataclass(frozen=True)
class ScoreTable:
    """Scores by subset and column, with notes."""

    title: str
    columns: tuple[str, ...]
    rows: dict[str, tuple[float, ...]]
    """Subset, or a name such as ``mean of 15`` -> a value per column; NaN: none."""
    notes: tuple[str, ...] = ()
    """Rules and protocol, printed below the table."""
    digits: int = 2
    signed: bool = False

    @property
    def modalities(self) -> tuple[str, ...]:
        """All modalities that occur, in the order of the largest subset."""
        subsets = sorted((row.split(FULL) for row in self.rows if not _is_mean(row)), key=len)
        return tuple(dict.fromkeys(name for subset in reversed(subsets) for name in subset))

    @property
    def leading(self) -> tuple[str, ...]:
        """Titles of the columns before the numbers."""
        return self.modalities or ("subset",)

    def lead(self, row: str) -> list[str]:
        """Cells before the numbers: a dot per modality, or the name of a mean."""
        if not _is_mean(row):
            return [THERE if name in row.split(FULL) else ABSENT for name in self.modalities]
        return [row, *[""] * (len(self.leading) - 1)]

    def cells(self, row: str) -> list[str]:
        """The numbers of a row as text."""
        return [number(value, self.digits, self.signed) for value in self.rows[row]]


def score_table(
    summaries: Mapping[str, Iterable[Line]], metric: str = "dice", notes: Sequence[str] = ()
) -> ScoreTable:
    """Means over cases of one metric; ``summaries`` holds lines of ``summary.csv`` by model."""
    means = {
        (model, str(line["subset"]), str(line["region"])): float(line["mean"])
        for model, lines in summaries.items()
        for line in lines
        if line["metric"] == metric
    }
    subsets, regions = _shown(key[1] for key in means), list(dict.fromkeys(k[2] for k in means))
    pairs = [(region, model) for region in regions for model in summaries]
    scale, unit = scale_of(metric)
    return ScoreTable(
        f"{title_of(metric)}{unit and f' ({unit})'}, mean over cases",
        tuple(f"{region} {model}" if len(summaries) > 1 else region for region, model in pairs),
        {s: tuple(scale * means.get((m, s, r), math.nan) for r, m in pairs) for s in subsets},
        tuple(notes),
    )


def difference_table(
    lines: Iterable[Line], a: str, b: str, metric: str = "dice", notes: Sequence[str] = ()
) -> ScoreTable:
    """Mean paired differences a - b, from the lines of ``comparison.csv``."""
    scale, unit = scale_of(metric)
    differences = {
        (str(line["subset"]), str(line["region"])): scale * float(line["difference"])
        for line in lines
        if line["metric"] == metric
    }
    subsets, regions = (
        _shown(key[0] for key in differences),
        list(dict.fromkeys(k[1] for k in differences)),
    )
    points = "points" if unit == "%" else unit
    return ScoreTable(
        f"{title_of(metric)}, {a} minus {b} ({points}), mean over cases",
        tuple(regions),
        {s: tuple(differences.get((s, r), math.nan) for r in regions) for s in subsets},
        tuple(notes),
        signed=True,
    )


def as_rich(table: ScoreTable, cell_notes: Callable[[str, str], str] | None = None) -> Table:
    """A table for the terminal; ``cell_notes`` returns a text to add to the cell of a row and a
    column."""
    shown = Table(
        title=escape(table.title),
        caption=escape("\n".join(table.notes)) or None,
        title_style="bold",
        caption_justify="left",
    )
    for name in table.leading:
        shown.add_column(escape(name), justify="center")
    for name in table.columns:
        shown.add_column(escape(name), justify="right", overflow="fold")
    rows = list(table.rows)
    for row, following in zip(rows, [*rows[1:], ""], strict=True):
        cells = table.cells(row)
        if cell_notes is not None:
            pairs = zip(cells, table.columns, strict=True)
            cells = [f"{cell} {cell_notes(row, column)}" for cell, column in pairs]
        lead = map(escape, table.lead(row))
        shown.add_row(*lead, *cells, end_section=_is_mean(following) and not _is_mean(row))
    return shown


def as_markdown(table: ScoreTable) -> str:
    """A Markdown table with title and notes."""
    lead = len(table.leading)
    head = [*table.leading, *table.columns]
    lines = [
        f"**{table.title}**",
        "",
        _bar(head),
        _bar([":-:"] * lead + ["--:"] * (len(head) - lead)),
    ]
    for row in table.rows:
        cells = [*table.lead(row), *table.cells(row)]
        if _is_mean(row):
            cells = [f"**{cell}**" if cell else "" for cell in cells]
        lines.append(_bar(cells))
    return "\n".join([*lines, "", *(f"{note}  " for note in table.notes)]) + "\n"


def as_latex(table: ScoreTable) -> str:
    """A LaTeX ``table`` for the package booktabs; dots are ``\\bullet`` and ``\\circ``."""
    lead = len(table.leading)
    dots = {THERE: r"$\bullet$", ABSENT: r"$\circ$"}
    rows = []
    for row in table.rows:
        cells = [cell.replace("−", "$-$") for cell in table.cells(row)]
        if _is_mean(row):
            rows.append(r"\midrule")
            start = rf"\multicolumn{{{lead}}}{{l}}{{{_tex(row)}}}"
        else:
            start = " & ".join(dots[dot] for dot in table.lead(row))
        rows.append(" & ".join([start, *cells]) + r" \\")
    head = " & ".join(_tex(name) for name in (*table.leading, *table.columns))
    caption = ". ".join([table.title, *table.notes])
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{_tex(caption)}.}}",
            rf"\begin{{tabular}}{{{'c' * lead}{'r' * len(table.columns)}}}",
            r"\toprule",
            head + r" \\",
            r"\midrule",
            *rows,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def overview(name: str, lines: Sequence[Line]) -> Table:
    """All metrics averaged over all subsets, with intervals, for the terminal."""
    return _over_all_subsets(name, lines, lambda line, scale: spread(line, "mean", scale))


def difference_overview(lines: Sequence[Line], a: str, b: str) -> Table:
    """Paired differences a - b averaged over all subsets, with cases won, tied and lost by a."""

    def cell(line: Line, scale: float) -> str:
        return f"{spread(line, 'difference', scale, signed=True)} {_won(line)}"

    return _over_all_subsets(f"{a} minus {b}", lines, cell)


def record(lines: Iterable[Line], metric: str) -> Callable[[str, str], str]:
    """For `as_rich`: cases won, tied and lost, by subset and region."""
    counts = {
        (str(line["subset"]), str(line["region"])): _won(line)
        for line in lines
        if line["metric"] == metric
    }
    return lambda subset, region: counts[subset, region]


def _over_all_subsets(
    name: str, lines: Sequence[Line], cell: Callable[[Line, float], str]
) -> Table:
    subset = str(lines[-1]["subset"])
    by_cell = {
        (str(line["metric"]), str(line["region"])): line
        for line in lines
        if line["subset"] == subset
    }
    regions = list(dict.fromkeys(region for _, region in by_cell))
    title = escape(f"{name}: {subset}, mean over cases [95 % interval]")
    table = Table("", title=title, title_style="bold")
    for region in regions:
        table.add_column(escape(region), overflow="fold")
    for metric in dict.fromkeys(metric for metric, _ in by_cell):
        scale, unit = scale_of(metric)
        cells = [cell(by_cell[metric, r], scale) if (metric, r) in by_cell else "" for r in regions]
        table.add_row(f"{title_of(metric)}{unit and f' ({unit})'}", *cells)
    return table


def spread(line: Line, mean: str, scale: float, *, signed: bool = False) -> str:
    """A mean and its interval as text, e.g. ``71.2 [60.1,80.0]``."""
    value, low, high = (
        number(scale * float(line[name]), 1, signed) for name in (mean, "low", "high")
    )
    return rf"{value} \[{low},{high}]" if low else value


def number(value: float, digits: int = 2, signed: bool = False) -> str:
    """A number as text, with a typographic minus sign; empty for NaN."""
    if math.isnan(value):
        return ""
    return f"{value:{'+' if signed else ''}.{digits}f}".replace("-", "−")


def title_of(metric: str) -> str:
    """Title of a metric."""
    return "pooled IoU (mIoU)" if metric == POOLED_IOU else METRICS[metric].title


def scale_of(metric: str) -> tuple[float, str]:
    """Factor and unit for showing a metric; fractions are shown in per cent."""
    unit = "%" if metric == POOLED_IOU else METRICS[metric].unit
    return (100.0 if unit == "%" else 1.0), unit


def _shown(subsets: Iterable[str]) -> list[str]:
    """Each subset once; the mean over all subsets only if there are several."""
    names = list(dict.fromkeys(subsets))
    return names if len(names) > 2 else names[:1]


def _is_mean(row: str) -> bool:
    return row.startswith("mean of ") or row == AVERAGE


def _won(line: Line) -> str:
    return f"({line['won']}/{line['tied']}/{line['lost']})"


def _bar(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _tex(text: str) -> str:
    special = {"%": r"\%", "&": r"\&", "_": r"\_", "#": r"\#", "−": "$-$", "*": "$^*$"}
    return "".join(special.get(character, character) for character in text)
