"""What a run of the engine is told: the words of one command of `shaspec`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Command = Literal["predict", "sweep", "report"]
DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True)
class Request:
    """One run on one case."""

    command: Command
    """What to do: a label map, all subsets, or a report."""
    model: str
    """A bundled model or a model folder."""
    files: Mapping[str, Path]
    """Modality -> file, of the modalities that are used, in the order of the task."""
    out: Path
    """The file that is written; of a sweep the folder."""
    device: str = "auto"
    """See `DEVICES`."""
    precision: str = "auto"
    """``auto``, ``float32`` or ``bfloat16``."""

    @property
    def subset(self) -> str:
        """The modalities that are used, e.g. ``FLAIR+T2``."""
        return "+".join(self.files)

    def words(self) -> list[str]:
        """The arguments of ``shaspec`` that write the result without asking."""
        words = [self.command, *(f"{name}={path}" for name, path in self.files.items())]
        if self.command != "sweep":  # which runs all subsets
            words += ["--present", self.subset]
        words += ["--model", self.model, "--device", self.device]
        words += ["--precision", self.precision, "--out", str(self.out)]
        # The dialog has asked the user before it gave the name of an existing report.
        return words + ["--overwrite"] * (self.command == "report")

    def text(self) -> str:
        """The command for a terminal."""
        return shlex.join(["shaspec", *self.words()])
