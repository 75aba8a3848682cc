"""The files of a run folder, written during a run and read on resuming."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shaspec.files.writing import write_atomically
from shaspec.training.checkpoint import CHECKPOINT, Stateful, load_checkpoint, save_checkpoint
from shaspec.training.clock import Clock
from shaspec.training.config import TrainConfig
from shaspec.training.events import Checkpoint, Step, Validation
from shaspec.training.prepared import PreparedCase
from shaspec.training.runlog import RunLog

SETTINGS_FILE = "config.json"


class RunState:
    """``config.json``, ``log.jsonl`` and ``checkpoint.pt`` of a run. Loads the last checkpoint into
    ``parts``, `clock` and `step`.

    ``writes`` is True in one process only. Raises `InputError` if the checkpoint belongs to another
    configuration or other cases, or if the folder cannot be written.
    """

    def __init__(
        self,
        config: TrainConfig,
        cases: Sequence[PreparedCase],
        parts: Mapping[str, Stateful],
        *,
        writes: bool,
    ) -> None:
        self._config, self._cases, self._parts, self._writes = config, cases, parts, writes
        self.path = config.out / CHECKPOINT
        self.step, minutes = load_checkpoint(self.path, config, cases, parts)
        self.clock = Clock(config, minutes)
        self._log: RunLog | None = None
        if writes:
            settings = f"{config.model_dump_json(indent=1)}\n"
            write_atomically(config.out / SETTINGS_FILE, settings.encode())
            self._log = RunLog(config.out, self.step, tensorboard=config.tensorboard)

    def log(self, event: Step | Validation) -> None:
        """Adds a line to the log."""
        if self._log is not None:
            self._log.write(event)

    def checkpoint(self, step: int) -> Checkpoint:
        """Writes a checkpoint; the run then resumes after ``step`` steps."""
        if self._writes:
            minutes = self.clock.minutes
            save_checkpoint(self.path, self._config, step, minutes, self._cases, self._parts)
        return Checkpoint(step, str(self.path))

    def close(self) -> None:
        """Closes the files."""
        if self._log is not None:
            self._log.close()
