"""``shaspec features``: what the network's features of a case look like, and what they hide."""

from __future__ import annotations

from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from shaspec.cli.common import (
    Device,
    Overlap,
    Precision,
    escape,
    numbers,
    report_case,
    run_job,
    source,
    weight_table,
)
from shaspec.errors import InputError
from shaspec.files.writing import make_folder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from shaspec.analysis.features.measure import Measures
    from shaspec.inference.feature_maps import FeatureMaps
    from shaspec.models.weights import Model


def features(
    case: Annotated[
        list[Path],
        typer.Argument(help="A case folder, a 4-D file, one file per modality; or a data folder."),
    ],
    out: Annotated[Path, typer.Option(help="Folder for pictures and tables.")],
    model: Annotated[str, typer.Option(help="A bundled model or a model folder.")] = "shaspec",
    present: Annotated[
        str, typer.Option(help="Modalities taken as acquired; the others are imputed.")
    ] = "",
    cohort: Annotated[
        bool, typer.Option("--cohort", help="All cases of a data folder as points of a t-SNE.")
    ] = False,
    measures: Annotated[
        bool, typer.Option(help="Numbers too; they take a run of an untrained network.")
    ] = True,
    nifti: Annotated[bool, typer.Option("--nifti", help="Also write the maps as NIfTI.")] = False,
    device: Device = "auto",
    precision: Precision = "auto",
    window: Annotated[str, typer.Option(help="Window in voxels S,P,L; default: the model's.")] = "",
    overlap: Overlap = 0.25,
) -> None:
    """Maps of what the network finds in each modality.

    ShaSpec: shared, specific, fused and imputed features, and how far they are told apart. MAML:
    features and attention. SimMLM: logits of the experts, and how much each modality counts.
    """
    from shaspec.models.weights import load_model

    console = Console()
    loaded = load_model(model)
    options: dict[str, Any] = {
        "device": device,
        "precision": precision,
        "window": numbers(window) or None,
        "overlap": overlap,
    }
    make_folder(out)
    if cohort:
        written = _cohort(console, loaded, case, out, options)
    else:
        written = _case(console, loaded, case, out, present, measures, nifti, options)
    for path in written:
        console.print(f"wrote {escape(str(path))}")


def _case(
    console: Console,
    model: Model,
    paths: list[Path],
    out: Path,
    present: str,
    with_measures: bool,
    nifti: bool,
    options: dict[str, Any],
) -> list[Path]:
    from shaspec.analysis.features.figure import montage
    from shaspec.analysis.features.measure_job import measure_job
    from shaspec.analysis.features.views import mean_weights
    from shaspec.inference.session import InferenceSession
    from shaspec.io import read_case

    task = model.card.task
    subject = read_case(source(paths), task, with_labels=False)
    report_case(console, subject)
    session = InferenceSession(model, subject, keep=0, **options)
    subset = task.parse_subset(present) if present else subject.present
    maps = run_job(console, session.features(subset)).value
    written = [write_picture(out / f"{subject.name}_features.png", montage(maps, subject))]
    if nifti:
        written += write_maps(out, maps)
    if weights := mean_weights(maps):
        console.print(weight_table(weights, title="mean weight over the head"))
    if with_measures and maps.of("shared") and len(subject.present) > 1:
        found = run_job(console, measure_job(session, maps)).value
        written.append(write_measures(out, found))
        console.print(measure_table(found))
        console.print(found.sentence)
    return written


def _cohort(
    console: Console, model: Model, paths: list[Path], out: Path, options: dict[str, Any]
) -> list[Path]:
    from shaspec.analysis.features.cohort import cohort_job, write_points
    from shaspec.analysis.features.figure import cohort_figure
    from shaspec.io import find_cases

    if len(paths) != 1:
        raise InputError("--cohort takes one folder with a folder per case")
    files = find_cases(paths[0], model.card.task, with_labels=False)
    points = run_job(console, cohort_job(model, files, **options)).value
    table, picture = out / "cohort_features.csv", out / "cohort_features.png"
    write_points(table, points)
    write_picture(picture, cohort_figure(points, model.card.task))
    return [picture, table]


def write_picture(path: Path, figure: Figure) -> Path:
    """A figure as PNG; returns its path."""
    from shaspec.files.writing import write_atomically

    data = BytesIO()
    figure.savefig(data, format="png")
    write_atomically(path, data.getvalue())
    return path


def write_maps(out: Path, maps: FeatureMaps) -> list[Path]:
    """One file per kind and modality: the energy of the map on its own coarse grid."""
    from shaspec.analysis.features.views import How, imputation_error, views
    from shaspec.io import write_volume

    pictures = {
        (f"{k}-energy", m): v for k in maps.kinds for m, v in views(maps, k, How.ENERGY).items()
    }
    pictures |= {("imputation-error", m): v for m, v in imputation_error(maps).items()}
    return [
        write_volume(out / f"{maps.case}_{what}_{m}.nii.gz", volume, maps.grid)
        for (what, m), volume in pictures.items()
    ]


def write_measures(out: Path, found: Measures) -> Path:
    """``measures.csv``: a row per number, with both controls."""
    from shaspec.evaluation.tables import write_csv

    path = out / "measures.csv"
    head = {"case": found.case, "model": found.model}
    write_csv(path, [head | asdict(row) for row in found.rows])
    return path


def measure_table(found: Measures) -> Table:
    """The numbers beside their controls."""
    table = Table("measure", title=f"features of {found.case}, model {found.model}")
    for column in ("value", "untrained", "shuffled"):
        table.add_column(column, justify="right")
    for row in found.rows:
        values = (row.value, row.untrained, row.shuffled)
        table.add_row(row.name, *(f"{v:.3f}" for v in values))
    return table
