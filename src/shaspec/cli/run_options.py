"""The options of the commands that run a model: device, precision, window and overlap."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from shaspec.cli.common import numbers
from shaspec.inference.options import RunOptions

__all__ = ["RUN", "RunOptions", "with_run_options"]

RUN = RunOptions()
"""The default of the parameter ``run`` of a command."""


def _options(
    device: Annotated[
        str, typer.Option(help="auto (a GPU if there is one), cpu, cuda, cuda:1 ...")
    ] = RUN.device,
    precision: Annotated[
        str,
        typer.Option(help="float32, bfloat16, or auto: bfloat16 for volumes on a CPU that has it."),
    ] = RUN.precision,
    window: Annotated[str, typer.Option(help="Window in voxels S,P,L; default: the model's.")] = "",
    overlap: Annotated[
        float, typer.Option(help="Share of a window that overlaps with the next.")
    ] = RUN.overlap,
) -> RunOptions:
    size = numbers(window) or None
    return RunOptions(device=device, precision=precision, window=size, overlap=overlap)


def with_run_options(command: Callable[..., None]) -> Callable[..., None]:
    """Replace the parameter ``run`` of a command by the four options.

    Typer reads options from the signature and has no groups of options, so the signature is
    extended here.

    Args:
        command: a function with the parameter ``run: RunOptions = RUN``.

    Returns:
        The function for Typer.
    """
    own = inspect.signature(command, eval_str=True).parameters.values()
    added = list(inspect.signature(_options, eval_str=True).parameters.values())
    names = [option.name for option in added]

    @functools.wraps(command)
    def wrapped(**values: Any) -> None:
        run = _options(**{name: values.pop(name) for name in names})
        command(**values, run=run)

    parts = [added if parameter.name == "run" else [parameter] for parameter in own]
    signature = inspect.Signature([parameter for part in parts for parameter in part])
    wrapped.__signature__ = signature  # type: ignore[attr-defined]
    wrapped.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
    return wrapped
