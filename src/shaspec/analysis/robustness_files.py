"""Writes a sweep to files: tables, figures and maps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shaspec.analysis.disagreement import entropy, smallest_subset
from shaspec.analysis.robustness_plots import draw_contributions, draw_heat_map
from shaspec.analysis.shapley import contributions
from shaspec.analysis.subset_table import Measure, SubsetTable
from shaspec.errors import InputError
from shaspec.evaluation.figures import figure_bytes
from shaspec.files.tables import write_csv
from shaspec.files.writing import write_atomically
from shaspec.io.export import label_ending, write_labels, write_volume
from shaspec.io.naming import RESULT

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_rows(path: Path, tables: Iterable[SubsetTable]) -> Path:
    """Writes a CSV file with one line per model, subset and region; values with six digits."""
    return write_csv(path, [line for table in tables for line in table.records()], nan="nan")


def write_shapley(path: Path, tables: Iterable[SubsetTable], measures: Sequence[Measure]) -> Path:
    """Writes a CSV file with one line per model, measure, region and modality.

    The values of a region add up to ``all`` - ``nothing``.
    """
    lines = [
        {
            "case": table.case,
            "model": table.model,
            "reference": table.reference,
            "measure": measure.name,
            "region": region,
            "modality": modality,
            "shapley": value,
            "all": table.values(measure, region)[table.modalities],
            "nothing": table.values(measure, region)[()],
        }
        for table in tables
        for measure in measures
        for region, values in contributions(table, measure).items()
        for modality, value in values.items()
    ]
    return write_csv(path, lines, nan="nan")


def heat_map_figure(tables: Sequence[SubsetTable], measure: Measure) -> Figure:
    """The heat map as a figure for print."""
    from matplotlib.figure import Figure

    first = tables[0]
    rows = 2 ** len(first.modalities) - 1
    width = 0.45 * len(first.modalities) + 0.75 * len(first.regions) * len(tables) + 0.6
    figure = Figure((max(5.0, width), 0.24 * rows + 1.4), layout="constrained")
    draw_heat_map(figure, tables, measure)
    figure.suptitle(caption(tables, measure), fontsize=9)
    return figure


def contributions_figure(tables: Sequence[SubsetTable], measure: Measure) -> Figure:
    """The Shapley values as a figure for print."""
    from matplotlib.figure import Figure

    height = 0.6 * len(tables[0].modalities) * len(tables) + 1.4
    figure = Figure((5.5, height), layout="constrained")
    draw_contributions(figure, tables, measure)
    figure.suptitle(caption(tables, measure), fontsize=9)
    return figure


def caption(tables: Sequence[SubsetTable], measure: Measure) -> str:
    """Caption of a figure: case, measure, reference, model, and a warning about training cases."""
    first = tables[0]
    text = measure.title
    if measure.best != "neither":
        text += f" against {first.reference}"
    seen = [table.model for table in tables if table.seen_in_training]
    lines = [f"{first.case} · {text}"]
    if seen:
        lines.append(f"seen in training by {', '.join(seen)}")
    if len(tables) == 1:
        lines[0] += f" · model {first.model}"
    return "\n".join(lines)


def write_figure(path: Path, figure: Figure) -> Path:
    """Writes a figure in the format of the file ending: png, pdf or svg."""
    kind = path.suffix.lower().lstrip(".")
    if kind not in ("png", "pdf", "svg"):
        raise InputError(f"{path}: figures are written as .png, .pdf or .svg; change the ending")
    write_atomically(path, figure_bytes(figure, kind, dpi=200))
    return path


def write_label_maps(folder: Path, table: SubsetTable) -> list[Path]:
    """Writes the label map of every subset, ``CASE_MODEL_SUBSET_pred.nii.gz`` (2D: ``.png``)."""
    ending = label_ending(table.rows[0].prediction.grid)
    return [
        row.prediction.save(folder / f"{table.case}_{table.model}_{row.name}_{RESULT}{ending}")
        for row in table.rows
    ]


def write_maps(folder: Path, table: SubsetTable) -> list[Path]:
    """Writes entropy and smallest subset of every region as NIfTI, on the grid of the case.

    ``smallest_subset`` contains the ``number`` of a subset in the CSV file, ``smallest_size`` its
    number of modalities; 0 where no subset finds the region.
    """
    predictions = [row.prediction for row in table.rows]
    grid, paths = predictions[0].grid, []
    stem = f"{table.case}_{table.model}"
    paths.append(write_volume(folder / f"{stem}_entropy.nii.gz", entropy(predictions), grid))
    for region in table.regions:
        bits = entropy(predictions, region)
        paths.append(write_volume(folder / f"{stem}_entropy_{region}.nii.gz", bits, grid))
        smallest = smallest_subset(predictions, region)
        for name, labels in (("size", smallest.size), ("subset", smallest.number)):
            path = folder / f"{stem}_smallest_{name}_{region}.nii.gz"
            paths.append(write_labels(path, labels, grid))
    return paths
