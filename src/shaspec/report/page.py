"""A report as a self-contained HTML page with embedded pictures."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources
from string import Template

from shaspec.analysis.change import Change
from shaspec.case import Case
from shaspec.measuring import Measurements
from shaspec.prediction import Prediction
from shaspec.report import change as since
from shaspec.report import content
from shaspec.report.pictures import slices_png


def case_page(
    case: Case,
    predictions: Sequence[Prediction],
    judged: str = "",
    measurements: Sequence[Measurements] = (),
    change: Change | None = None,
) -> str:
    """The page on one case as HTML with its pictures inside.

    Args:
        case: the case.
        predictions: one or more on the grid of the case; the first is pictured.
        judged: a line on what the model can tell from the pictured subset; empty: none.
        measurements: of regions of the pictured result.
        change: since an earlier date; None: no section on it.

    Returns:
        A complete HTML page.
    """
    first = predictions[0]
    command = content.command(first)
    template = resources.files("shaspec.report") / "page.html"
    return Template(template.read_text("utf-8")).substitute(
        case=escape(case.name),
        task=escape(case.task.title),
        use=escape(content.USE),
        warnings="".join(f'<p class="seen">{escape(t)}</p>' for t in content.warnings(first)),
        heading=content.heading(first),
        shown=escape(content.shown(first)),
        picture=_embedded(slices_png(case, first)),
        legend=_legend(first),
        unit=first.grid.unit,
        sizes=_rows(content.sizes(predictions)),
        notes=_paragraphs(content.notes(predictions)),
        confidence=_confidence(first, judged),
        lesions="".join(_lesions(one) for one in measurements),
        change="" if change is None else _change(change),
        findings=_paragraphs(content.findings(case)),
        facts=_rows([[], *content.facts(first)]),
        command=f"<pre>{escape(command)}</pre>"
        if command.startswith("shaspec")
        else f"<p>{escape(command)}</p>",
    )


def _confidence(pictured: Prediction, judged: str) -> str:
    """The section on what can be judged, and how sharp the edges are; empty without either."""
    rows, notes = content.confidence(pictured), content.confidence_notes(pictured, judged)
    table = f'<table class="sizes">{_rows(rows)}</table>' if rows else ""
    return f"<h2>Confidence</h2>{table}{_paragraphs(notes)}" if notes else ""


def _change(change: Change) -> str:
    """The section on the change since an earlier date."""
    parts = (
        f"<h2>{escape(since.heading(change))}</h2>",
        f'<img class="plot" src="{_embedded(since.change_png(change))}" alt="sizes at two dates">',
        f'<table class="sizes">{_rows(since.table(change))}</table>',
        _paragraphs(since.notes(change)),
        f'<img src="{_embedded(slices_png(change.earlier_case, change.earlier))}" alt="earlier">',
        f"<p>Image: {escape(change.earlier.case)}, {escape(content.shown(change.earlier))}</p>",
    )
    return "\n".join(parts)


def _embedded(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def _paragraphs(texts: Iterable[str]) -> str:
    return "".join(f"<p>{escape(text)}</p>" for text in texts)


def _lesions(measurements: Measurements) -> str:
    rows = _rows(content.lesions(measurements))
    title = escape(content.lesion_heading(measurements))
    notes = _paragraphs(content.lesion_notes(measurements))
    return f'<h2>{title}</h2><table class="sizes">{rows}</table>{notes}'


def _legend(prediction: Prediction) -> str:
    return " ".join(
        f'<span><i style="background:{escape(label.colour)}"></i>{escape(label.name)} '
        f"({escape(label.title)})</span>"
        for label in prediction.task.labels
    )


def _rows(rows: Sequence[Sequence[str]]) -> str:
    """Rows of a table; the first row is the header, if it has cells."""
    return "\n".join(_row("td" if k else "th", row) for k, row in enumerate(rows) if row)


def _row(cell: str, texts: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{cell}>{escape(text)}</{cell}>" for text in texts) + "</tr>"
