"""``shaspec phantom``: a synthetic case as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shaspec.cli.common import Overwrite, escape, lengths, numbers


def phantom(
    out: Annotated[Path, typer.Argument(help="Folder of the case to write.")],
    seed: Annotated[int, typer.Option(help="Seed; the same seed gives the same case.")] = 9_000_000,
    task: Annotated[str, typer.Option(help="brats (a head) or liver-ct (an abdomen).")] = "brats",
    size: Annotated[str, typer.Option(help="Voxels S,P,L; default: as an ordinary scan.")] = "",
    spacing: Annotated[str, typer.Option(help="Size of a voxel in mm, S,P,L.")] = "",
    overwrite: Overwrite = False,
) -> None:
    """Write a synthetic case (all modalities of a task, and labels) as NIfTI files."""
    from shaspec.files.writing import make_folder
    from shaspec.io import write_case
    from shaspec.io.outputs import check_output
    from shaspec.phantom import case_files, make_case

    paths = [out / name for name in case_files(seed, task)]
    make_folder(out)
    for path in paths:
        check_output(path, (), overwrite=overwrite, keep_own=True)
    case = make_case(seed, numbers(size) or None, lengths(spacing) or None, task)
    write_case(out, case)
    Console().print(
        f"wrote {case.name}: {', '.join(case.present)} and labels to {escape(str(out))}"
    )
