"""Training: falling loss, interruption and resuming, model card."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import ModuleType

import pytest
import torch

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.inference.outcome import last_event
from shaspec.inference.session import InferenceSession
from shaspec.io import write_case
from shaspec.models.weights import load_model
from shaspec.training import loop
from shaspec.training.config import TrainConfig, make_config
from shaspec.training.events import Prepared, as_json
from shaspec.training.loop import run, train
from shaspec.training.optimisation import schedule
from shaspec.training.runlog import RunLog

pytestmark = pytest.mark.slow  # trains

Configuration = Callable[..., TrainConfig]
"""Folder of the run, changes -> settings."""
SMALL = {"init_filters": 8, "blocks_down": (1, 1), "blocks_up": (1,)}


def test_the_loss_falls(configuration: Configuration, tmp_path: Path) -> None:
    config = configuration(tmp_path, max_steps=60, augment=False, learning_rate=1e-2)
    steps = list(train(config))
    start, end = (sum(sum(s.losses.values()) for s in part) for part in (steps[:10], steps[-10:]))
    assert end < 0.8 * start


def test_the_card_names_the_cases_it_saw_and_not_the_one_left_out(
    cases: Path, configuration: Configuration, tmp_path: Path, small_case: Case
) -> None:
    config = configuration(tmp_path, max_steps=1)
    list(train(config, "shaspec train ..."))
    card = load_model(tmp_path).card
    assert card.training.cases == ("one", "two")
    assert card.training.steps == 1
    assert card.training.command == "shaspec train ..."
    assert card.seen(replace(small_case, name="renamed")) == "by content"
    others = {name: volume + 1 for name, volume in small_case.volumes.items()}
    assert card.seen(replace(small_case, name="one", volumes=others)) == "by name"
    assert card.seen(replace(small_case, name="three", volumes=others)) == ""


def test_a_fine_tuned_model_lists_the_training_cases_of_its_start_model(
    configuration: Configuration, tmp_path: Path, small_case: Case
) -> None:
    theirs = {name: volume + 1 for name, volume in small_case.volumes.items()}
    first = replace(small_case, name="zero", volumes=theirs)
    namesake = replace(small_case, name="one", volumes={n: v + 2 for n, v in theirs.items()})
    for case in (first, namesake):
        write_case(tmp_path / "cases" / case.name, case)
    others = {"data": tmp_path / "cases", "splits": None, "fold": None}
    list(train(configuration(tmp_path / "start", max_steps=2, **others)))
    begun = configuration(tmp_path / "tuned", max_steps=1, start=str(tmp_path / "start"))
    list(islice(train(begun), 1))  # broken off, so that it is resumed
    list(train(begun))

    card = load_model(tmp_path / "tuned").card
    assert card.training.cases == ("one", "two", "zero")
    assert card.seen(replace(first, name="renamed")) == "by content"
    assert card.seen(replace(namesake, name="renamed")) == "by content"
    assert card.seen(replace(small_case, name="renamed")) == "by content"
    assert card.seen_name("zero") == "by name"
    assert card.training.steps == 1
    assert card.training.start is not None
    assert card.training.start.name == "start"
    assert card.training.start.sha256 == load_model(tmp_path / "start").card.sha256


def test_the_card_holds_the_settings_and_no_place_on_the_machine(
    cases: Path, configuration: Configuration, tmp_path: Path
) -> None:
    config = configuration(tmp_path / "run", max_steps=1, learning_rate=5e-4)
    list(train(config, f"shaspec train --data {cases} --set splits={cases / 'splits.json'}"))
    training = load_model(config.out).card.training
    assert training.method == "shaspec"
    assert training.config["learning_rate"] == 5e-4
    assert training.config["data"] == f".../{cases.name}"
    assert set(TrainConfig.model_fields) - set(training.config) == {"out", "cache"}
    assert training.command == f"shaspec train --data .../{cases.name} --set splits=.../splits.json"
    assert str(tmp_path.parent) not in (config.out / "card.json").read_text("utf-8")


def test_every_line_of_the_log_is_a_step(configuration: Configuration, tmp_path: Path) -> None:
    list(train(configuration(tmp_path, max_steps=3)))
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3]
    assert set(lines[0]["losses"]) == {"dice", "bce", "alignment", "domain"}


def test_a_fold_that_is_not_in_the_file_is_refused(
    configuration: Configuration, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="folds 0 to 0, not 3"):
        list(train(configuration(tmp_path, fold=3)))


def test_a_crop_that_does_not_fit_the_network_is_refused_before_cases_are_prepared(
    configuration: Configuration, tmp_path: Path
) -> None:
    config = configuration(tmp_path, crop=(16, 20, 16), cache=tmp_path / "cache")
    with pytest.raises(InputError, match=r"crop \(16, 20, 16\): .* multiples of 8, 8, 8"):
        list(train(config))
    assert not (tmp_path / "cache").exists()
    config = configuration(tmp_path, crop=(8, 8, 8), max_steps=1)
    list(train(config))
    assert load_model(tmp_path).card.window == (16, 16, 16)


def test_a_network_of_larger_voxels_answers_on_the_grid_of_the_case(
    configuration: Configuration, small_case: Case, tmp_path: Path
) -> None:
    list(train(configuration(tmp_path, spacing=(2.0, 2.0, 2.0), max_steps=2)))
    model = load_model(tmp_path)
    assert model.card.task.spacing == (2.0, 2.0, 2.0)
    session = InferenceSession(model, small_case, device="cpu")
    assert last_event(session.predict(("T1",))).prediction.labels.shape == small_case.grid.shape
    with pytest.raises(InputError, match=r"spacing \(2.0,\): task 'brats' needs 3 numbers"):
        list(train(configuration(tmp_path / "other", spacing=(2.0,))))


def test_a_folder_that_cannot_be_written_is_named(
    configuration: Configuration, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file.*run: cannot be written to as a folder"):
        list(train(configuration(tmp_path / "file" / "run")))


def test_the_learning_rate_rises_then_falls_to_nothing() -> None:
    assert schedule(0.0, 0) < schedule(0.0, 49) == 1.0
    assert schedule(0.5, 1000) == pytest.approx(0.5)
    assert schedule(1.0, 1000) == pytest.approx(0.0)


def test_events_tell_the_whole_story(
    cases: Path, configuration: Configuration, tmp_path: Path
) -> None:
    told = list(loop.run(configuration(tmp_path, max_steps=2, checkpoint_minutes=60)))
    names = [json.loads(as_json(event))["event"] for event in told]
    assert names == [
        "preparing", "preparing", "preparing", "prepared", "checkpoint",
        "step", "step", "checkpoint", "finished",
    ]  # fmt: skip
    prepared = json.loads(as_json(told[3]))
    assert (prepared["cases"], prepared["held_out"], prepared["step"]) == (2, 1, 0)


def test_a_case_that_cannot_be_used_is_left_out_and_reported(
    cases: Path, configuration: Configuration, tmp_path: Path
) -> None:
    shutil.copytree(cases, tmp_path / "cases")
    next((tmp_path / "cases" / "one").glob("*_t2.nii.gz")).write_bytes(b"cut off")
    others = {"data": tmp_path / "cases", "splits": None, "fold": None}
    config = configuration(tmp_path / "run", max_steps=1, **others)
    events = list(run(config))
    (prepared,) = (event for event in events if isinstance(event, Prepared))
    (said,) = prepared.left_out
    assert said.startswith("one: ")
    assert "_t2.nii.gz" in said
    assert "one" not in load_model(config.out).card.training.cases


def test_gradients_of_several_batches_make_one_step(
    configuration: Configuration, tmp_path: Path
) -> None:
    same = {"max_steps": 2, "optimizer": "sgd", "dice_over": "sample", "ema": 0}
    same |= {"method": "zero-fill", "network": SMALL}
    one, many = tmp_path / "one", tmp_path / "many"
    list(train(configuration(one, batch=2, **same)))
    list(train(configuration(many, batch=1, accumulate=2, **same)))
    mine, theirs = (load_model(p, training=True).network.state_dict() for p in (one, many))
    for name, weight in mine.items():
        torch.testing.assert_close(theirs[name], weight, atol=1e-5, rtol=1e-4)


def test_curves_are_written_if_asked_for(
    configuration: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[tuple[str, int]] = []

    class Writer:
        def __init__(self, folder: str, purge_step: int) -> None:
            written.append(("taken back from here on", purge_step))

        def add_scalar(self, name: str, value: float, step: int) -> None:
            written.append((name, step))

        def close(self) -> None: ...

    module = ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = Writer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    list(train(configuration(tmp_path, max_steps=1, tensorboard=True)))
    assert ("loss/dice", 1) in written
    written.clear()
    RunLog(tmp_path, 1, tensorboard=True).close()  # a run that is resumed after step 1
    assert written == [("taken back from here on", 2)]


def test_tensorboard_without_its_library_is_refused_with_the_install_command(
    configuration: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(InputError, match=r"shaspec\[tensorboard\]"):
        list(train(configuration(tmp_path, tensorboard=True)))


def test_a_polynomial_falls_to_nothing() -> None:
    assert schedule(0.5, 1000, "poly") == pytest.approx(0.5**0.9)
    assert schedule(1.0, 1000, "poly") == 0


@pytest.mark.parametrize("method", ["shaspec", "zero-fill"])
def test_a_model_of_pictures_is_trained_from_a_list_of_cases(
    method: str,
    configuration: Configuration,
    picture_case: Case,
    write_pictures: Callable[..., Path],
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    write_pictures(data, picture_case, "rgb/39.png", "depth/39.png", "labels/39_label.png")
    write_pictures(data, picture_case, "rgb/40.png", "labels/40_label.png")
    write_pictures(data, picture_case, "rgb/41.png", "labels/41_label.png")
    (data / "train.txt").write_text("39.png\n40.png\n")
    small = {"blocks_down": (1, 1), "blocks_up": (1,)}
    if method == "shaspec":
        small = configuration(tmp_path).network
    values = {
        "out": tmp_path / "run", "data": data / "train.txt", "task": "rgbd", "method": method,
        "network": small, "cache": tmp_path / "cache", "crop": (16, 16), "max_steps": 2,
        "device": "cpu",
    }  # fmt: skip
    steps = list(train(make_config(values)))
    assert len(steps) == 2
    card = load_model(tmp_path / "run").card
    assert card.training_cases == ("39", "40")
    assert card.network["in_channels"] == 3
    with pytest.raises(InputError, match="'rgbd' needs 2 numbers"):
        list(train(make_config(values | {"crop": (16, 16, 16)})))
