"""What the program itself says, for the pages to include: nothing of it can go stale.

python docs/printed.py [FOLDER]      writes Markdown and the output of commands into docs/_printed
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel
from sphinx.pycode import ModuleAnalyzer

HERE = Path(__file__).resolve().parent
COMMANDS = {
    "phantom": "shaspec phantom cases/phantom",
    "predict": "shaspec predict cases/phantom --present FLAIR+T2 --out seg.nii.gz",
    "evaluate": "shaspec evaluate shaspec cases --out results",
    "models": "shaspec models",
}
"""Run one after the other in one folder; each may use what those before it left."""


def main() -> None:
    """Write everything."""
    from shaspec.training.config import TrainConfig

    out = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "_printed"
    out.mkdir(parents=True, exist_ok=True)
    (out / "cli.md").write_text(command_line(), "utf-8")
    (out / "train_settings.md").write_text(settings(TrainConfig), "utf-8")
    with TemporaryDirectory() as folder:
        for name, command in COMMANDS.items():
            text = f"$ {command}\n{run(command, Path(folder))}"
            (out / f"{name}.txt").write_text(text, "utf-8")


def command_line() -> str:
    """Every command with its options, as typer writes it down."""
    words = [sys.executable, "-m", "typer", "shaspec.cli", "utils", "docs", "--name", "shaspec"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def settings(model: type[BaseModel]) -> str:
    """A table of the fields of ``model``: name, default, and the text below the field."""
    said = ModuleAnalyzer.for_module(model.__module__).find_attr_docs()
    lines = ["| setting | default | what it is |", "|---|---|---|"]
    for name, field in model.model_fields.items():
        text = " ".join(said.get((model.__name__, name), [])).strip().replace("|", r"\|")
        default = (
            "needed"
            if field.is_required()
            else f"`{_plain(field.get_default(call_default_factory=True))}`"
        )
        lines.append(f"| `{name}` | {default} | {text.replace('``', '`')} |")
    return "\n".join(lines) + "\n"


def run(command: str, folder: Path) -> str:
    """What ``command`` prints in ``folder``, 90 columns wide."""
    program, *words = command.split()
    path = Path(sys.executable).with_name(program)
    environment = os.environ | {"COLUMNS": "90", "NO_COLOR": "1", "TERM": "dumb"}
    result = subprocess.run(
        [path, *words], cwd=folder, env=environment, check=True, capture_output=True, text=True
    )
    return "\n".join(line.rstrip() for line in result.stdout.splitlines()) + "\n"


def _plain(default: object) -> str:
    """A default as it is written in a TOML file."""
    return "none" if default is None else json.dumps(default, default=str)


if __name__ == "__main__":
    main()
