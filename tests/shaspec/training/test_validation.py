"""Validation tells how good the model is and leaves the training as it would have been."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from rich.console import Console

from shaspec.case import Case
from shaspec.cli.train import print_validation
from shaspec.errors import InputError
from shaspec.evaluation.protocol import Rules, evaluate_case
from shaspec.io import write_case
from shaspec.models.weights import load_model
from shaspec.task import Task
from shaspec.training import clock, loop
from shaspec.training.checkpoint import CHECKPOINT
from shaspec.training.config import TrainConfig, make_config
from shaspec.training.events import Finished, TrainingEvent, Validating, Validation, from_json
from shaspec.training.runlog import RunLog
from shaspec.training.validation import subsets

pytestmark = pytest.mark.slow  # trains

SMALL = {"init_filters": 8, "blocks_down": (1, 1), "blocks_up": (1,)}
STEPS = 3


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory, small_case: Case) -> Path:
    """A case to learn from, and one without T1 that is held out."""
    folder = tmp_path_factory.mktemp("cases")
    write_case(folder / "one", small_case)
    write_case(folder / "two", held_out(small_case))
    (folder / "held_out.txt").write_text("two\n")
    return folder


def held_out(case: Case) -> Case:
    return replace(case, name="two").only(("FLAIR", "T1ce", "T2"))


def configuration(cases: Path, out: Path, **changes: Any) -> TrainConfig:
    values: dict[str, Any] = {
        "out": out,
        "data": cases,
        "splits": cases / "held_out.txt",
        "cache": cases.parent / "cache",
        "method": "zero-fill",
        "network": SMALL,
        "crop": (32, 32, 32),
        "batch": 1,
        "max_steps": STEPS,
        "device": "cpu",
        "validate_every_minutes": 1e-9,
        "validate_subsets": ("FLAIR", "T1", "FLAIR+T1ce+T2"),
    }
    return make_config(values | changes)


@pytest.fixture(scope="module")
def events(cases: Path, tmp_path_factory: pytest.TempPathFactory) -> list[TrainingEvent]:
    """What a run tells that validates after every step."""
    return list(loop.run(configuration(cases, tmp_path_factory.mktemp("validated"))))


def validations(events: list[TrainingEvent]) -> list[Validation]:
    return [event for event in events if isinstance(event, Validation)]


def folder_of(events: list[TrainingEvent]) -> Path:
    assert isinstance(events[-1], Finished)
    return Path(events[-1].folder)


def test_the_weights_are_bit_for_bit_those_of_a_run_that_does_not_validate(
    cases: Path, tmp_path: Path, events: list[TrainingEvent]
) -> None:
    plain = list(loop.run(configuration(cases, tmp_path, validate_every_minutes=0)))
    assert validations(plain) == []
    assert not (tmp_path / "samples").exists()
    for part in ("network", "average", "optimizer"):
        mine, theirs = (
            torch.load(folder / CHECKPOINT, weights_only=True)[part]
            for folder in (tmp_path, folder_of(events))
        )
        assert json.dumps(flat(mine)) == json.dumps(flat(theirs))


def flat(state: Any) -> Any:
    """A state in plain numbers."""
    if isinstance(state, torch.Tensor):
        return state.double().tolist()
    if isinstance(state, dict):
        return {str(key): flat(value) for key, value in state.items()}
    return [flat(value) for value in state] if isinstance(state, list) else state


def test_no_random_number_is_drawn(cases: Path, tmp_path: Path) -> None:
    states = {}
    for event in loop.run(configuration(cases, tmp_path, max_steps=1)):
        states[type(event)] = torch.get_rng_state()
    assert torch.equal(states[loop.Step], states[Validation])


def test_the_dice_is_that_of_an_evaluation_of_the_model(
    events: list[TrainingEvent], small_case: Case
) -> None:
    last = validations(events)[-1]
    assert (last.step, last.cases) == (STEPS, ("two",))
    rows = evaluate_case(
        load_model(folder_of(events)),
        held_out(small_case),
        [("FLAIR",), ("FLAIR", "T1ce", "T2")],
        rules=Rules(("dice",)),
        device="cpu",
    )
    expected: dict[str, dict[str, float]] = {}
    for row in rows:
        expected.setdefault(row.subset, {})[row.region] = row.scores["dice"]
    assert last.dice == expected  # T1 is not there, so nothing is said of it
    assert any(value > 0 for values in last.dice.values() for value in values.values())


def test_every_validation_is_yielded_logged_and_drawn(events: list[TrainingEvent]) -> None:
    found = validations(events)
    assert [event.step for event in found] == [1, 2, 3]  # the last one not twice
    lines = (folder_of(events) / "log.jsonl").read_text().splitlines()
    assert [e for e in map(from_json, lines) if isinstance(e, Validation)] == found
    for event in found:
        assert event.picture == str(folder_of(events) / "samples" / f"step_{event.step:06}.png")
        with Image.open(event.picture) as picture:
            assert picture.width > 400
    shares = [event.progress for event in events if isinstance(event, Validating)]
    assert shares[: len(shares) // STEPS] == sorted(shares[: len(shares) // STEPS])
    assert 0 <= min(shares) <= max(shares) <= 1


def test_a_run_is_validated_at_its_end_too(cases: Path, tmp_path: Path) -> None:
    config = configuration(cases, tmp_path, max_steps=1, validate_every_minutes=60)
    events = list(loop.run(config))
    assert [event.step for event in validations(events)] == [1]
    assert validations(list(loop.run(config))) == []  # there was no step since


def test_its_time_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(clock.time, "monotonic", lambda: now[0])
    config = make_config({"out": "o", "phantoms": 1, "max_minutes": 10})
    watch = clock.Clock(config, minutes_before=1.0, started=0.0)
    now[0] = 60.0
    with watch.paused():
        now[0] = 6000.0
    assert watch.minutes == 2.0
    assert watch.progress(0) == 0.2


def test_an_unavailable_subset_is_refused_with_the_key(cases: Path, tmp_path: Path) -> None:
    for named, message in ((("PET",), "unknown modality PET"), (("T1",), "of one: two")):
        config = configuration(cases, tmp_path, validate_subsets=named)
        with pytest.raises(InputError, match=f"validate_subsets: .*{message}"):
            list(loop.run(config))


def test_a_subset_that_is_named_twice_is_tried_once(
    cases: Path, tmp_path: Path, brats: Task
) -> None:
    config = configuration(cases, tmp_path, validate_subsets=("T2", "all", "t2"))
    assert subsets(config, brats) == [("T2",), brats.names]


def test_a_table_on_the_console_and_curves_for_tensorboard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = Validation(7, 1.0, ("anna",), {"FLAIR": {"ET": 0.25, "WT": 0.5}}, "x.png")
    console = Console(width=80, file=io.StringIO())
    with console.capture() as printed:
        print_validation(console, event)
    assert "step 7, 1.0 min: Dice on anna" in printed.get()
    assert printed.get().splitlines()[-1].split() == ["FLAIR", "0.25", "0.50"]

    written: list[tuple[str, float, int]] = []

    class Writer:
        def add_scalar(self, name: str, value: float, step: int) -> None:
            written.append((name, value, step))

        def close(self) -> None: ...

    monkeypatch.setattr("shaspec.training.runlog._curves", lambda *_: Writer())
    log = RunLog(tmp_path, 0, tensorboard=True)
    log.write(event)
    log.close()
    assert written == [("dice ET/FLAIR", 0.25, 7), ("dice WT/FLAIR", 0.5, 7)]
