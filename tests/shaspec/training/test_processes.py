"""Training as processes: killed, stopped, and two processes in parallel."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from shaspec.case import Case
from shaspec.io import write_case
from shaspec.models.weights import load_model
from shaspec.training.config import load_config
from shaspec.training.events import Step, from_json
from shaspec.training.loop import train

pytestmark = pytest.mark.slow

CONFIG = """
crop = [16, 16, 16]
learning_rate = 1e-2
optimizer = "sgd"
momentum = 0.9
device = "cpu"
data = "{data}"
splits = "{data}/held_out.txt"
cache = "{data}/../cache"

[network]
decoder_widths = [6, 4]
{encoders}
"""
ENCODER = """
[network.{name}]
stem_width = 4
stem_kernel = 3
stem_stride = [2, 2, 2]
max_pool = false
widths = [4, 6]
depths = [1, 1]
channels = 6
dilations = [1]
image_pool = false
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, small_case: Case) -> Path:
    """A configuration of a tiny ShaSpec on two cases, one without T1; a third is held out."""
    folder = tmp_path_factory.mktemp("processes")
    write_case(folder / "data" / "one", small_case)
    write_case(folder / "data" / "two", small_case.only(("FLAIR", "T1ce", "T2")))
    write_case(folder / "data" / "three", small_case)
    (folder / "data" / "held_out.txt").write_text("three\n")
    encoders = "".join(ENCODER.format(name=name) for name in ("shared", "specific"))
    path = folder / "train.toml"
    path.write_text(CONFIG.format(data=(folder / "data").as_posix(), encoders=encoders))
    return path


def settings(out: Path, **values: Any) -> list[str]:
    """The same settings for the command line."""
    sets = [word for k, v in values.items() for word in ("--set", f"{k}={toml(v)}")]
    return ["--out", str(out), *sets]


def toml(value: Any) -> str:
    """A value as it stands in a TOML file."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{k} = {toml(v)}' for k, v in value.items())}}}"
    return json.dumps(value)


TRAIN = ("-m", "shaspec", "train")
PAIR = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", 2)
# Trains several times in one process, whose start takes longer than a tiny training.
IN_TURN = """
import json, sys
from shaspec.cli import app
for words in json.loads(sys.argv[1]):
    code = app(["train", *words], standalone_mode=False)
    if code:
        sys.exit(code)
"""


def start(*words: object, start_new_session: bool = False) -> subprocess.Popen[str]:
    """A process of Python, with its output to read."""
    return subprocess.Popen(
        [sys.executable, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=start_new_session,
    )


def wait_for_step(process: subprocess.Popen[str], least: int) -> None:
    """Read events until a step is done."""
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "step" and event["step"] >= least:
            return
    assert process.stderr is not None
    pytest.fail(f"the run ended before step {least}: {process.stderr.read()}")


def start_in_turn(
    folder: Path, runs: list[list[str]], launcher: tuple[object, ...] = ()
) -> subprocess.Popen[str]:
    """A process, or those of the launcher, that trains with each of these command lines."""
    program = folder / "in_turn.py"
    program.write_text(IN_TURN)
    return start(*launcher, program, json.dumps(runs))


def finish(process: subprocess.Popen[str]) -> None:
    """Wait for the end of a process that must succeed."""
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said


def outcome(folder: Path) -> tuple[dict[str, torch.Tensor], list[Any]]:
    """Weights of the model, and the losses of every step."""
    weights = load_model(folder, training=True).network.state_dict()
    events = [from_json(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return weights, [(event.step, event.losses) for event in events if isinstance(event, Step)]


def test_a_killed_run_resumes_to_the_same_weights(config: Path, tmp_path: Path) -> None:
    common = {"max_steps": 14, "checkpoint_minutes": 0.0}
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    process = start(*TRAIN, config, "--json", *settings(broken, **common))
    try:
        wait_for_step(process, random.randint(1, 6))
        time.sleep(random.uniform(0, 0.5))
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    # Not in the tests' process: sums of floats depend on the threads they share.
    runs = [[str(config), *settings(out, **common)] for out in (broken, whole)]
    finish(start_in_turn(tmp_path, runs))
    (mine, steps), (theirs, others) = outcome(whole), outcome(broken)
    assert steps == others
    different = [k for k in mine if not torch.equal(mine[k], theirs[k])]
    assert different == []


def test_a_run_that_is_asked_to_end_saves_and_says_so(config: Path, tmp_path: Path) -> None:
    words = settings(tmp_path, max_steps=10_000, checkpoint_minutes=60.0)
    process = start(*TRAIN, config, "--json", *words)
    try:
        wait_for_step(process, 2)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 128 + signal.SIGTERM
    assert "ended by SIGTERM" in said
    steps = (tmp_path / "log.jsonl").read_text().splitlines()
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert state["step"] == len(steps) >= 2
    assert not (tmp_path / "card.json").exists()


NETWORKS: dict[str, dict[str, Any]] = {
    "shaspec": {},
    "maml": {"base_features": 4, "n_downsamplings": 2},
    "simmlm": {"base_features": 4, "n_downsamplings": 2, "n_gate_downsamplings": 2},
    "linear-fusion": {
        "widths": [8, 8, 8, 8], "depths": [1, 1, 1, 1], "heads": [1, 1, 1, 1], "head_width": 8,
        # Drawn for the batch of a process as a whole.
        "drop_path": 0.0, "dropout": 0.0,
    },
}  # fmt: skip
TEACHERS = ("mean-teacher", "m3l")


def learning(method: str) -> dict[str, Any]:
    """Settings of a short run of the method, whatever its batch and the number of processes."""
    values: dict[str, Any] = {"max_steps": 3, "ema": 0.0, "method": method}
    if method in TEACHERS:
        values |= {"architecture": "shaspec", "labelled": 1, "ema": 0.5}
    if NETWORKS.get(method):
        values |= {"network": NETWORKS[method], "crop": [32, 32, 32]}
    return values


def test_two_processes_learn_as_one_with_twice_the_batch_and_one_of_them_tries_the_model(
    config: Path, tmp_path: Path
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    methods = {method: learning(method) for method in (*NETWORKS, *TEACHERS)}
    half = {"batch": 1, "devices": 2}
    runs = [
        [str(config), *settings(two / method, **values, **half)]
        for method, values in methods.items()
    ]
    tried = {"validate_every_minutes": 1e-9, "validate_subsets": ["FLAIR"]}
    runs.append([str(config), *settings(two / "tried", max_steps=2, **half, **tried)])
    pair = start_in_turn(tmp_path, runs, PAIR)
    for method, values in methods.items():
        list(train(load_config(config, out=one / method, **values, batch=2)))
    finish(pair)
    assert len(list((two / "tried" / "samples").iterdir())) == 2
    for method in methods:
        (mine, steps), (theirs, others) = outcome(one / method), outcome(two / method)
        for name, weight in mine.items():
            torch.testing.assert_close(
                theirs[name], weight, atol=1e-5, rtol=1e-5, msg=f"{method}: {name}"
            )
        for (_, losses), (_, other) in zip(steps, others, strict=True):
            assert other == pytest.approx(losses, abs=1e-5), method


@pytest.mark.parametrize(
    ("launcher", "readers"),
    [(TRAIN, 1), ((*PAIR, *TRAIN), 0)],
    ids=["with a reader", "two processes"],
)
def test_a_signal_to_all_processes_as_a_cluster_sends_it_loses_nothing(
    launcher: tuple[object, ...], readers: int, config: Path, tmp_path: Path
) -> None:
    values = {"max_steps": 10_000, "checkpoint_minutes": 60.0, "workers": readers}
    words = settings(tmp_path, **values, devices=2 if launcher != TRAIN else 1)
    process = start(*launcher, config, "--json", *words, start_new_session=True)
    try:
        wait_for_step(process, 2)
        os.killpg(process.pid, signal.SIGTERM)
        _, said = process.communicate(timeout=300)
    finally:
        process.kill()
        process.wait()
    assert "ended by SIGTERM" in said, said
    steps = (tmp_path / "log.jsonl").read_text().splitlines()
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] == len(steps) >= 2
