"""``shaspec serve``: the engine for napari on other computers."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from shaspec.cli.common import escape
from shaspec.errors import InputError
from shaspec.files.reading import is_folder
from shaspec.remote.address import DEFAULT_PORT, TOKEN

if TYPE_CHECKING:
    from socket import socket

    from shaspec.server.app import Service

GB = 1000**3
OPEN = (
    "Other computers reach this server, and its connections are not encrypted. Put a reverse proxy "
    "with TLS in front of it, or use an SSH tunnel."
)


def serve(
    models: Annotated[
        list[Path] | None,
        typer.Option("--model", help="Also offer this model folder; can be given several times."),
    ] = None,
    bundled: Annotated[
        bool, typer.Option("--bundled/--no-bundled", help="Offer the bundled models.")
    ] = True,
    host: Annotated[
        str, typer.Option(help="Address to listen on. Default: this computer only.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = DEFAULT_PORT,
    token_file: Annotated[
        Path | None,
        typer.Option(
            help=f"Text file with a token per user and line. Default: the variable {TOKEN}; "
            "without it a new token is printed."
        ),
    ] = None,
    device: Annotated[
        str, typer.Option(help="auto (a GPU if there is one), cpu, cuda, cuda:1 ...")
    ] = "auto",
    precision: Annotated[
        str, typer.Option(help="float32, bfloat16, or auto; for runs that ask for auto.")
    ] = "auto",
    sessions: Annotated[int, typer.Option(min=1, help="Most open cases of all users.")] = 64,
    idle: Annotated[
        float, typer.Option(min=1, help="Minutes after which unused cases are deleted.")
    ] = 30,
    memory: Annotated[
        float, typer.Option(min=0.1, help="GB of memory for the voxels of open cases.")
    ] = 16,
    features: Annotated[
        float | None,
        typer.Option(
            min=0, help="GB for kept features. Default: a quarter of the free memory of the device."
        ),
    ] = None,
    disk: Annotated[float, typer.Option(min=0.1, help="GB of disk for uploaded volumes.")] = 20,
    folder: Annotated[
        Path | None,
        typer.Option(help="Folder for uploaded volumes. Default: that for temporary files."),
    ] = None,
) -> None:
    """Run the networks of this computer for napari on other computers; needs shaspec\\[serve]."""
    if find_spec("fastapi") is None or find_spec("uvicorn") is None:
        raise InputError("serve needs two more packages: pip install 'shaspec[serve]'")
    from shaspec.server.app import Service
    from shaspec.server.limits import Limits
    from shaspec.server.run import listen, serve
    from shaspec.server.sessions import Sessions
    from shaspec.server.shelf import Shelf
    from shaspec.server.volumes import Volumes
    from shaspec.server.worker import Worker

    _check_options(device, precision, folder)
    limits = Limits(
        sessions=sessions,
        idle=60 * idle,
        memory=int(memory * GB),
        features=None if features is None else int(features * GB),
        disk=int(disk * GB),
    )
    shelf, volumes = Shelf(models or [], bundled=bundled), Volumes(limits, folder)
    opened = Sessions(shelf, volumes, limits, device=device, precision=precision)
    service = Service(shelf, volumes, opened, Worker(limits.jobs), limits)
    tokens, made = _tokens(token_file)
    bound = listen(host, port)
    _print_how_to_connect(bound, service, tokens[0] if made else "TOKEN")
    serve(service, tokens, bound)


def _check_options(device: str, precision: str, folder: Path | None) -> None:
    from shaspec.inference.memory import choose_device
    from shaspec.inference.precision import choose_precision

    choose_precision(precision, choose_device(device), 3)
    if folder is not None and not is_folder(folder):
        raise InputError(f"{folder}: there is no such folder; make it")


def _tokens(path: Path | None) -> tuple[tuple[str, ...], bool]:
    """The tokens, and whether one was made now."""
    from shaspec.server.tokens import check_token, new_token, read_tokens

    given = os.environ.get(TOKEN, "")
    if path is not None:
        return read_tokens(path), False
    return ((check_token(given),), False) if given else ((new_token(),), True)


def _print_how_to_connect(bound: socket, service: Service, token: str) -> None:
    from shaspec.server.run import address_of, is_local

    console, address = Console(soft_wrap=True), address_of(bound)
    console.print(f"serving {escape(', '.join(service.shelf.cards()))}")
    console.print(f"on this computer, connect with:  http://{token}@{address}", highlight=False)
    if is_local(bound):
        port = address.rpartition(":")[2]
        console.print(
            f"from another computer, first run:  ssh -N -L {port}:{address} USER@THIS-COMPUTER",
            highlight=False,
        )
    else:
        console.print(f"[yellow]{escape(OPEN)}[/]")
    console.print(
        "In napari: Preferences > ShaSpec > Server. For napari, 3D Slicer and the command line: "
        "set SHASPEC_SERVER to that address. Ctrl+C ends the server and deletes all cases."
    )
