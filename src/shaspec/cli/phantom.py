"""``shaspec phantom``: a synthetic case as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shaspec.cli.common import escape, numbers


def phantom(
    out: Annotated[Path, typer.Argument(help="Folder of the case to write.")],
    seed: Annotated[int, typer.Option(help="Same seed, same case.")] = 9_000_000,
    size: Annotated[str, typer.Option(help="Voxels S,P,L.")] = "155,240,240",
) -> None:
    """Write a synthetic glioma case (four modalities and labels) as NIfTI files."""
    from shaspec.io import write_case
    from shaspec.phantom import make_case

    case = make_case(seed, shape=numbers(size))  # type: ignore[arg-type]
    write_case(out, case)
    Console().print(
        f"wrote {case.name}: {', '.join(case.present)} and labels to {escape(str(out))}"
    )
