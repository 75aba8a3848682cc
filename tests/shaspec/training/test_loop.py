"""Training: the loss falls, an interrupted run ends as if it had not been, the card tells all."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch

from shaspec.case import Case
from shaspec.errors import InputError, ShaspecError
from shaspec.io import write_case
from shaspec.models.weights import load_model
from shaspec.training import loop
from shaspec.training.config import TrainConfig, make_config
from shaspec.training.loop import schedule, train

ENCODER = {
    "stem_width": 4,
    "stem_kernel": 3,
    "stem_stride": (2, 2, 2),
    "max_pool": False,
    "widths": (6, 8),
    "depths": (1, 1),
    "channels": 8,
    "dilations": (1,),
    "image_pool": False,
}
NETWORK = {"shared": ENCODER, "specific": ENCODER, "decoder_widths": (8, 6)}


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory, small_case: Case) -> Path:
    """Two labelled cases, one of them without T1, and a third that a split leaves out."""
    folder = tmp_path_factory.mktemp("cases")
    write_case(folder / "one", small_case)
    write_case(folder / "two", small_case.only(("FLAIR", "T1ce", "T2")))
    write_case(folder / "three", small_case)
    (folder / "splits.json").write_text(json.dumps({"folds": [["three"]]}))
    return folder


def configuration(cases: Path, out: Path, **changes: Any) -> TrainConfig:
    values: dict[str, Any] = {
        "out": out,
        "data": cases,
        "splits": cases / "splits.json",
        "fold": 0,
        "cache": cases.parent / "cache",
        "crop": (16, 16, 16),
        "network": NETWORK,
        "max_steps": 8,
        "device": "cpu",
    }
    return make_config(values | changes)


def test_the_loss_falls(cases: Path, tmp_path: Path) -> None:
    config = configuration(cases, tmp_path, max_steps=60, augment=False, learning_rate=1e-2)
    steps = list(train(config))
    start, end = (sum(sum(s.losses.values()) for s in part) for part in (steps[:10], steps[-10:]))
    assert end < 0.8 * start


def test_a_resumed_run_equals_an_uninterrupted_one(cases: Path, tmp_path: Path) -> None:
    whole = configuration(cases, tmp_path / "whole")
    list(train(whole))
    broken = configuration(cases, tmp_path / "broken")
    run = train(broken)
    list(islice(run, 3))
    run.close()  # type: ignore[attr-defined]
    rest = list(train(broken))
    assert [s.step for s in rest] == [4, 5, 6, 7, 8]
    mine, theirs = (load_model(c.out, training=True).network.state_dict() for c in (whole, broken))
    assert all(torch.equal(mine[k], theirs[k]) for k in mine)


def test_the_card_names_the_cases_it_saw_and_not_the_one_left_out(
    cases: Path, tmp_path: Path, small_case: Case
) -> None:
    config = configuration(cases, tmp_path, max_steps=1)
    list(train(config, "shaspec train ..."))
    card = load_model(tmp_path).card
    assert card.training.cases == ("one", "two")
    assert card.training.steps == 1
    assert card.training.command == "shaspec train ..."
    assert card.saw(replace(small_case, name="renamed"))


def test_every_line_of_the_log_is_a_step(cases: Path, tmp_path: Path) -> None:
    list(train(configuration(cases, tmp_path, max_steps=3)))
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3]
    assert set(lines[0]["losses"]) == {"dice", "bce", "alignment", "domain"}


def test_a_checkpoint_of_another_configuration_is_refused(cases: Path, tmp_path: Path) -> None:
    list(islice(train(configuration(cases, tmp_path)), 1))
    with pytest.raises(InputError, match="belongs to a run with another configuration"):
        list(train(configuration(cases, tmp_path, learning_rate=1e-4)))


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_checkpoint(
    cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nan = {"dice": torch.tensor(float("nan"))}
    monkeypatch.setattr("shaspec.training.methods.Supervised.step", lambda *_: nan)
    with pytest.raises(ShaspecError, match="lower learning_rate"):
        list(train(configuration(cases, tmp_path)))
    assert (tmp_path / loop.CHECKPOINT).is_file()


def test_a_fold_that_is_not_in_the_file_is_refused(cases: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="folds 0 to 0, not 3"):
        list(train(configuration(cases, tmp_path, fold=3)))


def test_the_learning_rate_rises_then_falls_to_nothing() -> None:
    assert schedule(0.0, 0) < schedule(0.0, 49) == 1.0
    assert schedule(0.5, 1000) == pytest.approx(0.5)
    assert schedule(1.0, 1000) == pytest.approx(0.0)
