"""``shaspec task``: a task file to start from."""

from __future__ import annotations

from typing import Annotated

import typer


def task(
    name: Annotated[
        str, typer.Argument(help="A bundled task, or template: an example with comments.")
    ] = "template",
) -> None:
    """Print a task file; change it and save it as your own: shaspec task > my.toml."""
    from shaspec.task_files import task_file

    typer.echo(task_file(name), nl=False)
