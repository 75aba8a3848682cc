"""``shaspec resident``: commands from standard input, with models and features kept between them.

For programs that run one case again and again, e.g. the module for 3D Slicer. A line is a JSON list
with the words of ``predict``, ``sweep`` or ``report``. The answer are the events of ``--json``, and
then ``ended`` with the exit code of the command (and the ``message`` of an error). The program ends
with its standard input.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
from typing import IO, Annotated, Any

import typer

from shaspec.cli.engines import kept_by
from shaspec.cli.json_lines import JsonLines
from shaspec.cli.kept import Kept
from shaspec.errors import InputError, ShaspecError
from shaspec.fault import fault_message, is_off
from shaspec.memory import is_out_of_memory

COMMANDS = ("predict", "sweep", "report")
FORM = 'a line is a JSON list of words, e.g. ["predict", "FLAIR=f.nii", "--out", "f_pred.nii"]'
FAULT, REFUSED = 3, 2
"""Exit codes, as of the commands themselves."""


def resident(
    context: typer.Context,
    idle: Annotated[
        float, typer.Option(min=0, help="Minutes without a command after which memory is freed.")
    ] = 30,
) -> None:
    """Run commands from standard input, for programs: one JSON list of words per line.

    Models and features stay in memory, so that another subset of the same case is fast. Every line
    is answered by the events of --json; the last one is "ended".
    """
    group = context.find_root().command
    lines, kept, out = _lines_of(sys.stdin), Kept(), JsonLines(True)
    with kept_by(kept):
        while True:
            try:
                text = lines.get(timeout=60 * idle)
            except queue.Empty:
                kept.forget()
                text = lines.get()
            if text is None:
                return
            code, message = _run(group, text)
            out.write("ended", code=code, **({"message": message} if message else {}))


def _lines_of(stream: IO[str]) -> queue.Queue[str | None]:
    """The lines of a stream as they come, at the end None; not all systems can wait for a pipe."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        for line in stream:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, name="shaspec-input", daemon=True).start()
    return lines


def _run(group: Any, text: str) -> tuple[int, str]:
    """Run one command; returns its exit code and the message of an error.

    Lack of memory ends the program: the next one starts with all of it.
    """
    try:
        code = group.main(_words(text), prog_name="shaspec", standalone_mode=False)
        return int(code or 0), ""
    except ShaspecError as error:
        return REFUSED, str(error)
    except Exception as error:
        if hasattr(error, "format_message"):  # a word that the command line does not have
            return REFUSED, str(error.format_message())
        if is_off() or is_out_of_memory(error):
            raise
        return FAULT, fault_message(error, f"shaspec resident: {text.strip()}")


def _words(text: str) -> list[str]:
    """The words of a line, with ``--json``; raises `InputError`."""
    try:
        words = json.loads(text)
    except ValueError:
        words = None
    if not (isinstance(words, list) and words and all(isinstance(word, str) for word in words)):
        raise InputError(f"{text.strip()[:200]!r}: {FORM}")
    if words[0] not in COMMANDS:
        raise InputError(f"{words[0]!r} is not one of {', '.join(COMMANDS)}")
    return words if "--json" in words else [*words, "--json"]
