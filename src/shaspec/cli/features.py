"""``shaspec features``: pictures and measures of the network's features of a case."""

from __future__ import annotations

from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from shaspec.cli.common import (
    Grid,
    Overwrite,
    check_results,
    escape,
    report_case,
    run_job,
    source,
    weight_table,
)
from shaspec.cli.run_options import RUN, with_run_options
from shaspec.errors import InputError
from shaspec.files.writing import make_folder
from shaspec.inference.options import RunOptions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from shaspec.analysis.features.measure import Measures
    from shaspec.case import Case
    from shaspec.inference.feature_maps import FeatureMaps
    from shaspec.inference.session import InferenceSession
    from shaspec.models.weights import Model
    from shaspec.task import Subset, Task


MEASURES_FILE = "measures.csv"
ENERGY, ERROR = "-energy", "imputation-error"  # in the names of maps


@with_run_options
def features(
    case: Annotated[
        list[Path],
        typer.Argument(help="A case folder, a 4-D file, one file per modality; or a data folder."),
    ],
    out: Annotated[Path, typer.Option(help="Folder for pictures and tables.")],
    model: Annotated[str, typer.Option(help="A bundled model or a model folder.")] = "shaspec",
    present: Annotated[
        str, typer.Option(help="Modalities to use; the others are not read but imputed.")
    ] = "",
    compare: Annotated[
        bool,
        typer.Option("--compare", help="With --present: also read the others, for comparison."),
    ] = False,
    cohort: Annotated[
        bool, typer.Option("--cohort", help="All cases of a data folder as points of a t-SNE.")
    ] = False,
    measures: Annotated[
        bool, typer.Option(help="Also compute measures, which needs a run of an untrained network.")
    ] = True,
    nifti: Annotated[bool, typer.Option("--nifti", help="Also write the maps as NIfTI.")] = False,
    run: RunOptions = RUN,
    grid: Grid = "",
    overwrite: Overwrite = False,
) -> None:
    """Write maps of the features of each modality.

    ShaSpec: shared, specific, fused and imputed features, and measures of their separation. MAML:
    features and attention. SimMLM: logits of the experts, and the weight of each modality.
    """
    from shaspec.models.weights import load_model

    console = Console()
    loaded = load_model(model)
    make_folder(out)
    if compare and not present:
        raise InputError("--compare is for --present: without it all modalities are used")
    if cohort:
        written = _cohort(console, loaded, case, out, run, overwrite)
    else:
        subject, subset = _read(loaded.card.task, case, present, compare, grid)
        report_case(console, subject)
        check_results(_outputs(out, subject.name, measures, nifti), subject, overwrite)
        session = run.session(loaded, subject, keep=0)
        written = _case(console, session, subset, out, measures, nifti)
    for path in written:
        console.print(f"wrote {escape(str(path))}")


def _read(
    task: Task, paths: list[Path], present: str, compare: bool, grid: str
) -> tuple[Case, Subset]:
    """The case, and which of its modalities count as acquired.

    The grid depends on these only, even if the others are read for comparison.
    """
    from shaspec.io import read_case

    subset = task.parse_subset(present) if present else None
    if subset is None or not compare:
        case = read_case(source(paths), task, with_labels=False, present=subset, grid=grid)
        return case, case.present
    case = read_case(source(paths), task, with_labels=False, grid=grid or subset[0])
    case.require(subset)
    return case, subset


def _outputs(out: Path, case: str, measures: bool, nifti: bool) -> list[Path]:
    """The files to write; of the maps, whose names depend on the model, the existing files."""
    maps = [
        path
        for path in (sorted(out.glob("*.nii.gz")) if nifti else ())
        if path.name.startswith(f"{case}_") and (ENERGY in path.name or ERROR in path.name)
    ]
    return [out / f"{case}_features.png", *[out / MEASURES_FILE] * measures, *maps]


def _case(
    console: Console,
    session: InferenceSession,
    subset: Subset,
    out: Path,
    with_measures: bool,
    nifti: bool,
) -> list[Path]:
    from shaspec.analysis.features.figure import montage
    from shaspec.analysis.features.measure_job import measure_job
    from shaspec.analysis.features.views import mean_weights

    subject = session.case
    maps = run_job(console, session.features(subset)).value
    written = [write_picture(out / f"{subject.name}_features.png", montage(maps, subject))]
    if nifti:
        written += write_maps(out, maps)
    if weights := mean_weights(maps):
        console.print(weight_table(weights, title="mean weight over the head"))
    if with_measures and maps.of("shared") and len(subject.present) > 1:
        measures = run_job(console, measure_job(session, maps)).value
        written.append(write_measures(out, measures))
        console.print(measure_table(measures))
        console.print(measures.sentence)
    return written


def _cohort(
    console: Console,
    model: Model,
    paths: list[Path],
    out: Path,
    run: RunOptions,
    overwrite: bool,
) -> list[Path]:
    from shaspec.analysis.features.cohort import cohort_job, write_points
    from shaspec.analysis.features.figure import cohort_figure
    from shaspec.io import find_cases
    from shaspec.io.outputs import check_output

    if len(paths) != 1:
        raise InputError("--cohort takes one folder with a folder per case")
    files = find_cases(paths[0], model.card.task, with_labels=False)
    table, picture = out / "cohort_features.csv", out / "cohort_features.png"
    inputs = [path for case_files in files for path in case_files.volumes.values()]
    for path in (table, picture):
        check_output(path, inputs, overwrite=overwrite)
    job = cohort_job(lambda case: run.session(model, case, keep=0), model.card.task, files)
    points = run_job(console, job).value
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
    """Write one file per kind and modality: the energy of the map on its coarse grid."""
    from shaspec.analysis.features.views import How, imputation_error, views
    from shaspec.io import write_volume

    pictures = {
        (f"{k}{ENERGY}", m): v for k in maps.kinds for m, v in views(maps, k, How.ENERGY).items()
    }
    pictures |= {(ERROR, m): v for m, v in imputation_error(maps).items()}
    return [
        write_volume(out / f"{maps.case}_{kind}_{m}.nii.gz", volume, maps.grid)
        for (kind, m), volume in pictures.items()
    ]


def write_measures(out: Path, found: Measures) -> Path:
    """``measures.csv``: a row per number, with both controls."""
    from shaspec.files.tables import write_csv

    path = out / MEASURES_FILE
    head = {"case": found.case, "model": found.model}
    write_csv(path, [head | asdict(row) for row in found.rows])
    return path


def measure_table(found: Measures) -> Table:
    """A table of the measures with their controls."""
    table = Table("measure", title=f"features of {found.case}, model {found.model}")
    for column in ("value", "untrained", "shuffled"):
        table.add_column(column, justify="right")
    for row in found.rows:
        values = (row.value, row.untrained, row.shuffled)
        table.add_row(row.name, *(f"{v:.3f}" for v in values))
    return table
