"""The real ``shaspec train`` in a process of its own, on one phantom and a few voxels."""

from __future__ import annotations

import os

import pytest

from napari_shaspec.training_process import TrainingProcess
from shaspec.training.events import Checkpoint, Finished, Preparing, Step

pytestmark = pytest.mark.slow


def gone(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture
def write(tmp_path, cases):
    """Writes the file of a run and returns its path."""

    def write(steps: int, **more: object):
        path = tmp_path / "run" / "run.toml"
        path.parent.mkdir(exist_ok=True)
        values = {
            "out": f"'{path.parent}'", "data": f"'{cases}'", "method": "'zero-fill'",
            "max_steps": steps, "crop": "[16, 16, 16]", "batch": 1, "device": "'cpu'",
            "cache": f"'{tmp_path / 'cache'}'", **more,
        }  # fmt: skip
        path.write_text("".join(f"{key} = {value}\n" for key, value in values.items()))
        return path

    return write


def test_a_run_tells_its_steps_and_leaves_a_model(write):
    path = write(2)
    events = list(TrainingProcess(path).events())
    assert isinstance(events[0], Preparing)
    assert [event.step for event in events if isinstance(event, Step)] == [1, 2]
    assert events[-1] == Finished(2, events[-1].minutes, str(path.parent))
    assert (path.parent / "card.json").is_file()


def test_a_run_that_is_stopped_leaves_a_checkpoint_and_no_process(write):
    path = write(10**6)
    process = TrainingProcess(path)
    events = process.events()
    last = next(event for event in events if isinstance(event, Step))
    process.stop()
    rest = [event for event in events if isinstance(event, Step | Checkpoint)]
    assert len(rest) < 1000
    assert gone(process._process.pid)
    again = TrainingProcess(write(last.step + len(rest) + 1)).events()
    assert next(e for e in again if isinstance(e, Step)).step > last.step
    again.close()
