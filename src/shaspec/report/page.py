"""The page of a report: plain HTML with its pictures inside, to be read, printed and archived."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.inference.command import command_of
from shaspec.inference.prediction import NOT_FOUND_NOTE, Prediction, size_text
from shaspec.io.nifti import write_atomically
from shaspec.report.pictures import slices_png

SEEN = (
    "Seen in training: the model learned from this very case. The result says nothing about how "
    "good the model is."
)
SAME_NAME = (
    "Same name as a training case of the model. If it is the same one, the result says nothing "
    "about how good the model is."
)
FACTS = (
    "model", "sha256", "version", "subset", "device", "precision", "window", "overlap", "seconds",
    "torch", "machine", "files", "notices",
)  # fmt: skip


def write_report(path: str | Path, case: Case, predictions: Sequence[Prediction]) -> Path:
    """Write `case_page` as one file; returns ``path``, raises `InputError` for another ending."""
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{path}: a report is written as .html; change the ending")
    write_atomically(path, case_page(case, predictions).encode("utf-8"))
    return path


def case_page(case: Case, predictions: Sequence[Prediction]) -> str:
    """The HTML of a report on ``case``; the first of ``predictions`` (one or more) is pictured."""
    first = predictions[0]
    picture = base64.b64encode(slices_png(case, first)).decode("ascii")
    known = first.provenance
    seen = SEEN if known.get("seen_in_training") else ""
    seen = seen or (SAME_NAME if known.get("same_name_in_training") else "")
    template = resources.files("shaspec.report") / "page.html"
    return Template(template.read_text("utf-8")).substitute(
        case=escape(case.name),
        task=escape(case.task.title),
        seen=f'<p class="seen">{escape(seen)}</p>' if seen else "",
        heading="Slices through the finding" if first.grid.dims == 3 else "The picture",
        shown=escape(
            f"{first.subset[0]}; labels from {case.task.subset_name(first.subset)}."
            + (" The patient's right is on the left." if first.grid.dims == 3 else "")
        ),
        picture=f"data:image/png;base64,{picture}",
        legend=_legend(first),
        unit=first.grid.unit,
        sizes=_sizes(predictions),
        note="" if all(p.found_all for p in predictions) else f"<p>{escape(NOT_FOUND_NOTE)}</p>",
        facts=_facts(first),
        command=_command(first),
    )


def _legend(prediction: Prediction) -> str:
    return " ".join(
        f'<span><i style="background:{escape(label.colour)}"></i>{escape(label.name)} '
        f"({escape(label.title)})</span>"
        for label in prediction.task.labels
    )


def _sizes(predictions: Sequence[Prediction]) -> str:
    task, digits = predictions[0].task, 2 if predictions[0].grid.dims == 3 else 0
    rows = [_row("th", ["modalities", *task.reported_regions])]
    for prediction in predictions:
        sizes = [size_text(size, digits) for size in prediction.region_sizes().values()]
        rows.append(_row("td", [task.subset_name(prediction.subset), *sizes]))
    return "\n".join(rows)


def _facts(prediction: Prediction) -> str:
    known = prediction.provenance
    return "\n".join(_row("td", [name, _text(known[name])]) for name in FACTS if known.get(name))


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key} {item}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def _command(prediction: Prediction) -> str:
    """The command that repeats the pictured result, or why there is none."""
    try:
        return f"<pre>{escape(command_of(prediction))}</pre>"
    except InputError as error:
        return f"<p>{escape(str(error))}</p>"


def _row(cell: str, texts: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{cell}>{escape(text)}</{cell}>" for text in texts) + "</tr>"
