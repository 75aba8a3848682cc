"""What the program itself says, for the pages to include: nothing of it can go stale.

python docs/printed.py      writes docs/_printed
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel

HERE = Path(__file__).resolve().parent
PRINTED = HERE / "_printed"
COMMANDS = {
    "models": "shaspec models",
    "phantom": "shaspec phantom cases/phantom --size 116,180,180",
    "predict": "shaspec predict cases/phantom --present FLAIR+T2 --out seg.nii.gz",
    "evaluate": "shaspec evaluate shaspec cases --subsets all,FLAIR+T1+T2 --metrics dice,hd95_mm"
    " --out results",
    "init": "shaspec train --init cases --out mine",
}
"""Commands that run in order in one folder; each may use files of the earlier ones."""


def main() -> None:
    """Write everything."""
    from shaspec.training.config import TrainConfig

    PRINTED.mkdir(parents=True, exist_ok=True)
    (PRINTED / "cli.md").write_text(command_line(), "utf-8")
    (PRINTED / "train_settings.md").write_text(settings(TrainConfig), "utf-8")
    with TemporaryDirectory() as folder:
        for name, command in COMMANDS.items():
            text = f"$ {command}\n{run(command, Path(folder))}"
            (PRINTED / f"{name}.txt").write_text(text, "utf-8")


def command_line() -> str:
    """Every command with its options, as typer writes it down."""
    words = [sys.executable, "-m", "typer", "shaspec.cli", "utils", "docs", "--name", "shaspec"]
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout


def settings(model: type[BaseModel]) -> str:
    """A table of the fields of ``model``: name, default, and the text below the field."""
    lines = ["| setting | default | what it is |", "|---|---|---|"]
    for name, field in model.model_fields.items():
        text = " ".join((field.description or "").split()).replace("|", r"\|")
        default = (
            "" if field.is_required() else _plain(field.get_default(call_default_factory=True))
        )
        lines.append(f"| `{name}` | {default} | {text.replace('``', '`')} |")
    return "\n".join(lines) + "\n"


def run(command: str, folder: Path) -> str:
    """What ``command`` prints in ``folder``, 100 columns wide; its errors go to the terminal.

    All commands run in this process, so that torch is loaded once.
    """
    from shaspec.cli import app

    _, *words = command.split()
    os.environ |= {"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    printed = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(printed):
        app(words, standalone_mode=False)
    return "\n".join(line.rstrip() for line in printed.getvalue().splitlines()) + "\n"


def _plain(default: object) -> str:
    """A default value in TOML."""
    return "" if default is None else f"`{json.dumps(default, default=str)}`"


if __name__ == "__main__":
    main()
