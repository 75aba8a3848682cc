"""What is left in a folder of results: which files are whole, and which are left over."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path

import torch

TIMED = {
    "protocol.json",
    "manifest.jsonl",
    "log.jsonl",
    "config.json",
    "card.json",
    "checkpoint.pt",
    "summary.html",
}
"""Files with times or paths of the run: they have to be readable, not equal."""
TEMPORARY = (".partial", ".lock", ".tmp", "-so-far.csv")

Files = Mapping[str, bytes]


def files_of(folder: Path) -> Files:
    """The files below a folder by their relative paths; none without the folder."""
    found = sorted(folder.rglob("*"))
    return {str(p.relative_to(folder)): p.read_bytes() for p in found if p.is_file()}


def is_temporary(name: str) -> bool:
    """True for a file under a temporary name, or in a folder that has one."""
    return any(part.endswith(TEMPORARY) for part in name.split("/"))


def broken(found: Files, sound: Files, *, some_failed: bool = False) -> list[str]:
    """Files under their final names that are not as the undisturbed run wrote them.

    ``some_failed``: the command said that some cases failed, so its tables have not all rows.
    """
    return [
        name
        for name, data in found.items()
        if not is_temporary(name) and not _as_wanted(name, data, sound.get(name), some_failed)
    ]


def _as_wanted(name: str, data: bytes, wanted: bytes | None, some_failed: bool) -> bool:
    if Path(name).name in TIMED:
        return readable(name, data)
    if some_failed and wanted is not None and name.endswith(".csv"):
        rows, all_rows = data.splitlines(keepends=True), wanted.splitlines(keepends=True)
        return rows[:1] == all_rows[:1] and set(rows) <= set(all_rows)
    return data == wanted


def readable(name: str, data: bytes) -> bool:
    """True for a whole file of `TIMED`; of a log, the last line may be cut off."""
    try:
        if name.endswith(".jsonl"):
            for line in data.splitlines()[:-1]:
                json.loads(line)
        elif name.endswith(".json"):
            json.loads(data)
        elif name.endswith(".html"):
            return data.rstrip().endswith(b"</html>")
        else:
            torch.load(io.BytesIO(data), weights_only=True)
    except (ValueError, RuntimeError, EOFError):
        return False
    return True
