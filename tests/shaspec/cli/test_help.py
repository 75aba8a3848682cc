"""The help of every command prints what is written in the code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import typer
import typer.testing
from rich.text import Text

from shaspec.cli import app

GROUP = typer.main.get_command(app)


def texts() -> Iterator[tuple[str, str]]:
    """A name and the help of it, for every command and every option."""
    for name, command in GROUP.commands.items():
        yield name, command.help
        for option in command.params:
            if getattr(option, "help", None):
                yield f"{name} {option.name}", option.help


def test_no_word_in_brackets_is_taken_for_a_style() -> None:
    """Rich leaves out words in brackets, as of ``pip install shaspec[dicom]``."""
    found = dict(texts())
    shown = {name: Text.from_markup(text).plain for name, text in found.items()}
    assert shown == {name: text.replace("\\[", "[") for name, text in found.items()}


def test_an_extra_is_in_the_printed_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    runner = typer.testing.CliRunner()
    for words in (["case"], ["serve"], ["cohort"], ["dicom-seg"]):
        assert "shaspec[" in runner.invoke(app, [*words, "--help"]).stdout
