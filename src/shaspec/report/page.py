"""A report as a self-contained HTML page with embedded pictures."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources
from string import Template

from shaspec.case import Case
from shaspec.prediction import Prediction
from shaspec.report import content
from shaspec.report.pictures import slices_png


def case_page(case: Case, predictions: Sequence[Prediction], judged: str = "") -> str:
    """The page on one case as HTML with its pictures inside.

    Args:
        case: the case.
        predictions: one or more on the grid of the case; the first is pictured.
        judged: a line on what the model can tell from the pictured subset; empty: none.

    Returns:
        A complete HTML page.
    """
    first = predictions[0]
    picture = base64.b64encode(slices_png(case, first)).decode("ascii")
    command = content.command(first)
    template = resources.files("shaspec.report") / "page.html"
    return Template(template.read_text("utf-8")).substitute(
        case=escape(case.name),
        task=escape(case.task.title),
        use=escape(content.USE),
        warnings="".join(f'<p class="seen">{escape(t)}</p>' for t in content.warnings(first)),
        heading=content.heading(first),
        shown=escape(content.shown(first)),
        picture=f"data:image/png;base64,{picture}",
        legend=_legend(first),
        unit=first.grid.unit,
        sizes=_rows(content.sizes(predictions)),
        notes=_paragraphs(filter(None, [judged, *content.notes(predictions)])),
        findings=_paragraphs(content.findings(case)),
        facts=_rows([[], *content.facts(first)]),
        command=f"<pre>{escape(command)}</pre>"
        if command.startswith("shaspec")
        else f"<p>{escape(command)}</p>",
    )


def _paragraphs(texts: Iterable[str]) -> str:
    return "".join(f"<p>{escape(text)}</p>" for text in texts)


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
