"""``shaspec train`` as a process, on one phantom with few voxels."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from napari_shaspec.train.process import TrainingProcess
from shaspec.errors import ShaspecError
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


def test_a_run_tells_its_steps_is_stopped_and_resumed_and_leaves_a_model(write):
    path = write(10**6)
    process = TrainingProcess(path)
    events = process.events()
    assert isinstance(next(events), Preparing)
    first = next(event for event in events if isinstance(event, Step))
    process.stop()
    rest = [event for event in events if isinstance(event, Step | Checkpoint)]
    assert len(rest) < 1000
    assert gone(process._process.pid)
    steps = [first.step, *(event.step for event in rest if isinstance(event, Step))]
    assert steps == list(range(1, len(steps) + 1))
    end = len(steps) + 2
    again = list(TrainingProcess(write(end)).events())
    assert isinstance(again[0], Preparing)
    assert [event.step for event in again if isinstance(event, Step)] == [end - 1, end]
    assert again[-1] == Finished(end, again[-1].minutes, str(path.parent))
    assert (path.parent / "card.json").is_file()


def test_a_training_whose_napari_was_killed_ends_with_a_checkpoint(write, tmp_path):
    path = write(10**6)
    reader = (
        "import sys\nfrom pathlib import Path\n"
        "from napari_shaspec.train.process import TrainingProcess\n"
        "process = TrainingProcess(Path(sys.argv[1]))\n"
        "for event in process.events():\n"
        "    print(process._process.pid, type(event).__name__, flush=True)\n"
    )
    napari = subprocess.Popen([sys.executable, "-c", reader, path], stdout=subprocess.PIPE)
    line = next(line for line in napari.stdout if b"Step" in line)
    before = (path.parent / "checkpoint.pt").stat().st_mtime_ns
    napari.kill()
    napari.communicate()
    number, end = int(line.split()[0]), time.monotonic() + 60
    while not gone(number) and time.monotonic() < end:
        time.sleep(0.1)
    assert gone(number)
    assert (path.parent / "checkpoint.pt").stat().st_mtime_ns > before


def test_the_last_output_of_the_process_is_the_error(write):
    with pytest.raises(ShaspecError, match="bach: there is no such key"):
        list(TrainingProcess(write(1, bach=1)).events())
    with pytest.raises(ShaspecError, match="no method 'zero-fill' with preset 'paper'"):
        list(TrainingProcess(write(1, preset="'paper'")).events())


def test_a_run_that_is_stopped_before_it_began_ends_at_once(write):
    process = TrainingProcess(write(10**6))
    process.stop()
    assert not [event for event in process.events() if isinstance(event, Step)]
