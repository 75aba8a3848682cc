"""The log of a run grows by whole lines and starts again after the last checkpoint."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shaspec.errors import InputError
from shaspec.training.events import Step
from shaspec.training.runlog import LOG, RunLog


def _step(number: int) -> Step:
    return Step(step=number, minutes=1.0, progress=0.1, losses={"total": 0.5})


def test_steps_after_the_checkpoint_and_half_lines_are_removed(tmp_path: Path) -> None:
    log = RunLog(tmp_path, 0)
    for number in (1, 2, 3):
        log.write(_step(number))
    log.close()
    with (tmp_path / LOG).open("a") as file:
        file.write('{"event": "step", "st')
    log = RunLog(tmp_path, 2)
    log.write(_step(3))
    log.close()
    lines = (tmp_path / LOG).read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2, 3]


def test_a_log_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / LOG).mkdir()
    with pytest.raises(InputError, match=r"log.jsonl: cannot be written .*another folder for out"):
        RunLog(tmp_path, 0)
