"""A training process that only yields events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shaspec.training.events import (
    Checkpoint,
    Finished,
    Prepared,
    Preparing,
    Step,
    TrainingEvent,
    Validating,
    Validation,
    as_json,
)


@dataclass
class FakeProcess:
    """Yields ``steps`` steps; writes a checkpoint when it is stopped, and resumes from it."""

    path: Path
    steps: int = 4
    error: Exception | None = None
    stopped: bool = False
    begun: bool = False
    closed: bool = False

    def events(self) -> Iterator[TrainingEvent]:
        self.begun, out = True, self.path.parent
        mark = out / "checkpoint.pt"
        first = int(mark.read_text()) if mark.exists() else 0
        done = first
        try:
            yield Preparing(1, 2)
            yield Prepared(2, 1, 1, ("carl: no label file: not used",), first)
            for done in range(first + 1, self.steps + 1):
                if self.error is not None:
                    raise self.error
                losses = {"dice": 1 / done, "bce": 0.5}
                step = Step(done, done / 2, done / self.steps, losses)
                dice = {"FLAIR": {"WT": done / 10}, "T1": {"WT": 0.0}}
                validation = Validation(done, done / 2, ("anna",), dice, "x.png")
                with (out / "log.jsonl").open("a") as log:
                    log.write(f"{as_json(step)}\n{as_json(validation)}\n")
                yield step
                yield Validating(0.5)
                yield validation
            mark.write_text(str(done))
            yield Checkpoint(done, str(mark))
            yield Finished(done, 2.0, str(out))
        finally:
            self.closed = True
            mark.write_text(str(done))

    def stop(self) -> None:
        self.stopped = True
