"""Interrupted or failed runs can be resumed."""

from __future__ import annotations

import errno
import io
import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch

from shaspec.case import Case
from shaspec.errors import InputError, ShaspecError
from shaspec.io import write_case
from shaspec.models.weights import load_model
from shaspec.training.checkpoint import CHECKPOINT, last_good
from shaspec.training.config import TrainConfig
from shaspec.training.loop import train
from shaspec.training.runlog import RunLog

pytestmark = pytest.mark.slow  # trains

Configuration = Callable[..., TrainConfig]
"""Folder of the run, changes -> settings."""


@pytest.mark.parametrize(
    ("precision", "crop"), [("32-true", (16, 16, 16)), ("bf16-mixed", (32, 16, 16))]
)
def test_a_resumed_run_equals_an_uninterrupted_one(
    precision: str, crop: tuple[int, ...], configuration: Configuration, tmp_path: Path
) -> None:
    whole = configuration(tmp_path / "whole", precision=precision, crop=crop)
    list(train(whole))
    broken = configuration(tmp_path / "broken", precision=precision, crop=crop)
    run = train(broken)
    list(islice(run, 3))
    run.close()  # type: ignore[attr-defined]
    rest = list(train(broken))
    assert [s.step for s in rest] == [4, 5, 6, 7, 8]
    mine, theirs = (load_model(c.out, training=True).network.state_dict() for c in (whole, broken))
    assert all(torch.equal(mine[k], theirs[k]) for k in mine)


def test_a_checkpoint_of_another_configuration_is_refused(
    configuration: Configuration, tmp_path: Path
) -> None:
    list(islice(train(configuration(tmp_path)), 1))
    with pytest.raises(InputError, match="belongs to a run with another configuration"):
        list(train(configuration(tmp_path, weight_decay=0.1)))


def test_a_key_that_this_version_lacks_does_not_keep_a_run_from_going_on(
    configuration: Configuration, tmp_path: Path
) -> None:
    list(train(configuration(tmp_path, max_steps=1)))
    state = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    state["config"] = json.dumps(json.loads(state["config"]) | {"bygone": 1})
    torch.save(state, tmp_path / CHECKPOINT)
    (tmp_path / f".{CHECKPOINT}.0123abcd.partial").write_bytes(b"of a run that was killed")
    assert [s.step for s in train(configuration(tmp_path, max_steps=2))] == [2]
    assert list(tmp_path.glob(".*.partial")) == []


def test_a_run_does_not_go_on_with_other_cases(
    configuration: Configuration, small_case: Case, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    write_case(data / "one", small_case)
    of_today = {"data": data, "splits": None, "fold": None, "max_steps": 2}
    list(islice(train(configuration(tmp_path / "run", **of_today)), 1))
    write_case(data / "two", small_case.only(("FLAIR", "T1ce")))
    with pytest.raises(InputError, match=r"other cases \(two added, removed or changed\)"):
        list(train(configuration(tmp_path / "run", **of_today)))
    (data / "two").rename(tmp_path / "elsewhere")
    assert [s.step for s in train(configuration(tmp_path / "run", **of_today))] == [2]


def test_a_run_does_not_go_on_with_the_same_cases_in_another_order(
    configuration: Configuration, tmp_path: Path
) -> None:
    list(train(configuration(tmp_path, max_steps=1)))
    state = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    stored = json.loads(state["cases"])
    state["cases"] = json.dumps(dict(reversed(stored.items())))
    torch.save(state, tmp_path / CHECKPOINT)
    with pytest.raises(InputError, match="the same cases in another order"):
        list(train(configuration(tmp_path, max_steps=2)))
    torch.save(state | {"cases": json.dumps(stored)}, tmp_path / CHECKPOINT)
    assert [s.step for s in train(configuration(tmp_path, max_steps=2))] == [2]


def test_a_nan_loss_ends_the_run_and_keeps_the_checkpoint(
    configuration: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nan = {"dice": torch.tensor(float("nan"))}
    monkeypatch.setattr("shaspec.training.methods.Supervised.step", lambda *_: nan)
    with pytest.raises(ShaspecError, match=r"loss is nan .*of step 0; lower learning_rate and run"):
        list(train(configuration(tmp_path)))
    monkeypatch.undo()
    assert next(train(configuration(tmp_path, learning_rate=1e-5))).step == 1


def test_a_nan_gradient_ends_the_run_before_the_weights_change(
    configuration: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def steep(_: object, network: Any, __: object, batch: Any) -> dict[str, torch.Tensor]:
        logits = network(batch.images, batch.available).logits
        return {"dice": (logits * 0).abs().sqrt().sum()}  # 0, with an endless slope

    monkeypatch.setattr("shaspec.training.methods.Supervised.step", steep)
    with pytest.raises(ShaspecError, match=r"gradient is nan at step 0: .*of step 0"):
        list(train(configuration(tmp_path)))


@pytest.mark.parametrize(
    "lack", [torch.OutOfMemoryError("no memory (made by the test)"), MemoryError()]
)
def test_lack_of_memory_ends_the_run_with_the_checkpoint_and_advice(
    lack: BaseException,
    configuration: Configuration,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise lack

    monkeypatch.setattr("shaspec.training.methods.Supervised.step", full)
    with pytest.raises(ShaspecError, match=r"out of memory .*, of step 0; .*smaller crop"):
        list(train(configuration(tmp_path)))
    monkeypatch.undo()
    assert next(train(configuration(tmp_path))).step == 1


def test_other_errors_are_not_treated_as_lack_of_memory(
    configuration: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*_: object) -> None:
        raise RuntimeError("sizes do not match")

    monkeypatch.setattr("shaspec.training.methods.Supervised.step", wrong)
    with pytest.raises(RuntimeError, match="sizes do not match"):
        list(train(configuration(tmp_path)))


def test_a_run_can_be_resumed_with_a_larger_budget(
    configuration: Configuration, tmp_path: Path
) -> None:
    list(train(configuration(tmp_path, max_steps=1)))
    more = configuration(tmp_path, max_steps=60, max_minutes=1e-6)
    assert list(train(more)) == []  # the minutes are over
    assert [s.step for s in train(configuration(tmp_path, max_steps=2))] == [2]


def test_a_full_disk_ends_the_run_and_names_the_last_good_checkpoint(
    configuration: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train(configuration(tmp_path, checkpoint_minutes=0))
    next(run)
    next(run)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("shaspec.training.checkpoint.torch.save", full)
    with pytest.raises(ShaspecError, match=r"step 2 cannot be written .*checkpoint\.pt, of step 1"):
        next(run)
    monkeypatch.undo()
    assert not list(tmp_path.glob("*.tmp"))
    assert next(train(configuration(tmp_path))).step == 2


def test_a_damaged_checkpoint_is_named_in_the_error(
    configuration: Configuration, tmp_path: Path
) -> None:
    (tmp_path / CHECKPOINT).write_bytes(b"half a file")
    with pytest.raises(InputError, match=r"checkpoint\.pt cannot be read"):
        list(train(configuration(tmp_path)))


@pytest.mark.parametrize(
    "content",
    [
        {"model": {}, "epoch": 3},
        torch.zeros(3),
        [1, 2],
        {"step": 1, "minutes": 0.5, "config": "no JSON"},
    ],
    ids=["another program's", "a tensor", "a list", "damaged settings"],
)
def test_a_file_that_is_not_a_checkpoint_of_a_run_is_named_in_the_error(
    content: Any, configuration: Configuration, tmp_path: Path
) -> None:
    torch.save(content, tmp_path / CHECKPOINT)
    with pytest.raises(InputError, match=r"checkpoint\.pt is not a checkpoint .*another folder"):
        list(train(configuration(tmp_path)))
    with pytest.raises(InputError, match=r"checkpoint\.pt is not a checkpoint .*another folder"):
        last_good(tmp_path / CHECKPOINT)


@pytest.mark.parametrize("part", ["network", "optimizer"])
def test_a_checkpoint_with_the_tensors_of_an_older_network_is_named_in_the_error(
    part: str, configuration: Configuration, tmp_path: Path
) -> None:
    list(train(configuration(tmp_path, max_steps=1)))
    state = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    if part == "network":
        state[part]["bygone.weight"] = torch.zeros(1)
    else:
        state[part]["param_groups"][0]["params"].pop()
    torch.save(state, tmp_path / CHECKPOINT)
    with pytest.raises(InputError, match=r"checkpoint\.pt is not a checkpoint of this version"):
        list(train(configuration(tmp_path, max_steps=2)))


def test_a_full_disk_while_writing_the_log_is_reported(
    configuration: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self) -> None:
            self.flush()  # as a file does with what it could not write

    class Log(RunLog):
        def __init__(self, folder: Path, step: int, **options: Any) -> None:
            super().__init__(folder, step, **options)
            self._file.close()
            self._file = Full()

    monkeypatch.setattr("shaspec.training.run_state.RunLog", Log)
    with pytest.raises(ShaspecError, match=r"step 1 failed .*No space left.*, of step 0"):
        list(train(configuration(tmp_path)))
