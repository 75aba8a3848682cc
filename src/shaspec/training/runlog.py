"""The log of a run: one JSON line per step or validation, and optional TensorBoard curves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from shaspec.errors import InputError
from shaspec.files.reading import is_file, read_text, reason
from shaspec.files.writing import write_atomically
from shaspec.training.events import Step, Validation, as_json

LOG = "log.jsonl"
LONGEST = 4 * 1024**3  # bytes of a log: of some ten million steps


class RunLog:
    """Appends to ``log.jsonl`` in ``folder``, starting after ``step``.

    Lines of later steps are removed first: a run that was killed after its last checkpoint repeats
    those steps.
    """

    def __init__(self, folder: Path, step: int, *, tensorboard: bool = False) -> None:
        path = folder / LOG
        if is_file(path):
            kept = [line for line in read_text(path, LONGEST).splitlines() if _until(line, step)]
            write_atomically(path, "".join(f"{line}\n" for line in kept).encode())
        self._curves: Any = _curves(folder / "tensorboard", step) if tensorboard else None
        try:
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise InputError(
                f"{path}: cannot be written ({reason(error)}); choose another folder for out"
            ) from error

    def write(self, event: Step | Validation) -> None:
        """Writes one event and flushes the file."""
        self._file.write(as_json(event) + "\n")
        self._file.flush()
        if self._curves is not None:
            for name, value in _scalars(event):
                self._curves.add_scalar(name, value, event.step)

    def close(self) -> None:
        """Closes the files. Errors of a full disk are ignored here, because `write` has already
        raised them."""
        with suppress(OSError):
            self._file.close()
        if self._curves is not None:
            with suppress(OSError):
                self._curves.close()


def _scalars(event: Step | Validation) -> Iterator[tuple[str, float]]:
    """Names and values of the curves."""
    if isinstance(event, Step):
        for term, value in event.losses.items():
            yield f"loss/{term}", value
    else:
        for subset, regions in event.dice.items():
            for region, value in regions.items():
                yield f"dice {region}/{subset}", value


def _until(line: str, step: int) -> bool:
    """True for a complete line of a step up to ``step``."""
    try:
        return bool(json.loads(line)["step"] <= step)
    except (ValueError, KeyError, TypeError, RecursionError):  # truncated or damaged line
        return False


def _curves(folder: Path, step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise InputError(
            'tensorboard = true needs TensorBoard: pip install "shaspec[tensorboard]"'
        ) from error
    return SummaryWriter(str(folder), purge_step=step + 1)  # the first step to remove
