"""``shaspec``: the command line of the engine. Every command parses its options and calls it.

torch is imported inside the commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer
from rich.console import Console

from shaspec import __version__
from shaspec.cli.calibrate import calibrate
from shaspec.cli.case import case
from shaspec.cli.change import change
from shaspec.cli.cohort import cohort
from shaspec.cli.common import escape
from shaspec.cli.compare import compare
from shaspec.cli.dicom_seg import dicom_seg
from shaspec.cli.evaluate import evaluate
from shaspec.cli.export import export
from shaspec.cli.features import features
from shaspec.cli.import_official import import_official
from shaspec.cli.models import models
from shaspec.cli.phantom import phantom
from shaspec.cli.predict import predict
from shaspec.cli.prepare import prepare, restore
from shaspec.cli.published import published
from shaspec.cli.report import report
from shaspec.cli.resident import resident
from shaspec.cli.serve import serve
from shaspec.cli.sweep import sweep
from shaspec.cli.task import task
from shaspec.cli.train import train
from shaspec.errors import ShaspecError
from shaspec.fault import command_line, fault_message, is_off, missing_package
from shaspec.memory import is_out_of_memory

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Multi-modal segmentation with missing modalities.",
)
app.command()(predict)
app.command()(cohort)
app.command()(case)
app.command()(prepare)
app.command()(restore)
app.command("dicom-seg")(dicom_seg)
app.command()(report)
app.command()(change)
app.command()(sweep)
app.command()(evaluate)
app.command()(compare)
app.command()(calibrate)
app.command()(published)
app.command()(features)
app.command()(train)
app.command("import-official")(import_official)
app.command()(phantom)
app.command()(export)
app.command()(serve)
app.command()(resident)
app.command()(models)
app.command()(task)


def main() -> None:
    """Entry point: errors written for a user come as one message, not as a traceback.

    The exit code is 2 for those and for a missing package, and 3 for an unexpected error, see
    `shaspec.fault`. Lack of memory is handled by `shaspec.__main__`.
    """
    try:
        app()
    except ShaspecError as error:
        Console(stderr=True).print(f"[bold red]shaspec:[/] {escape(str(error))}")
        sys.exit(2)
    except BrokenPipeError:  # the reader of a pipe, e.g. head, has ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if is_off() or is_out_of_memory(error):
            raise
        text = fault_message(error, command_line())
        Console(stderr=True).print(f"[bold red]shaspec:[/] {escape(text)}")
        sys.exit(2 if missing_package(error) else 3)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"shaspec {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it and end.")
    ] = False,
) -> None:
    del version
