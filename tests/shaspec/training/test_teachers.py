"""Semi-supervised methods: what student and teacher see, and what is never read."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.inference.outcome import last_event
from shaspec.inference.session import InferenceSession
from shaspec.io import write_case
from shaspec.models.base import Output
from shaspec.models.registry import build, network_config
from shaspec.models.weights import load_model
from shaspec.task import Task
from shaspec.training.config import TrainConfig, make_config
from shaspec.training.loop import train
from shaspec.training.losses import bce_loss, dice_loss
from shaspec.training.methods import Batch, MeanTeacher, make_method

pytestmark = pytest.mark.slow  # trains

STUDENT = {
    "widths": (8, 8, 8, 8), "depths": (1, 1, 1, 1), "heads": (1, 1, 1, 1), "head_width": 8,
    "reductions": (2, 1, 1, 1), "mlp_ratio": 1, "drop_path": 0.2, "dropout": 0.2,
}  # fmt: skip


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory, small_case: Case) -> Path:
    """Two cases in ``a``; a third in ``b`` and, for whoever spoils its labels, in ``c``."""
    folder = tmp_path_factory.mktemp("cases")
    write_case(folder / "a" / "one", small_case)
    write_case(folder / "a" / "two", small_case.only(("FLAIR", "T1ce", "T2")))
    write_case(folder / "b" / "three", small_case)
    write_case(folder / "c" / "three", small_case)
    return folder


def configuration(cases: Path, out: Path, **changes: Any) -> TrainConfig:
    values: dict[str, Any] = {
        "out": out,
        "method": "m3l",
        "data": cases / "a",
        "unlabelled": cases / "b",
        "cache": cases / "cache",
        "crop": (16, 16, 16),
        "batch": 2,
        "network": STUDENT,
        "max_steps": 5,
        "device": "cpu",
    }
    return make_config(values | changes)


def method(name: str, task: Task, **changes: Any) -> MeanTeacher:
    """A method whose student is the zero-fill network, so that answers are simple."""
    config = make_config(
        {"out": "run", "phantoms": 1, "max_steps": 1, "method": name, "architecture": "zero-fill"}
        | changes
    )
    network = build("zero-fill", network_config("zero-fill", "light", task))
    made = make_method(config, task, network)
    assert isinstance(made, MeanTeacher)
    return made


def batch() -> Batch:
    """Two labelled samples and two unlabelled ones, of which the last has no T1."""
    torch.manual_seed(0)
    available = torch.ones(4, 4, dtype=torch.bool)
    available[3, 1] = False
    target = (torch.rand(2, 3, 4, 4, 4) > 0.5).float()
    return Batch(torch.randn(4, 4, 4, 4, 4), available, target, 0.5, (0, 2, 7), (0, 1, 2, 3))


def test_the_student_of_m3l_sees_labelled_whole_then_all_masked_and_the_teacher_all(
    brats: Task,
) -> None:
    seen: dict[str, tuple[Tensor, Tensor]] = {}

    def student(images: Tensor, present: Tensor) -> Output:
        seen["student"] = images, present
        return Output(torch.zeros(len(images), 3, 4, 4, 4))

    def teacher(images: Tensor, present: Tensor) -> Output:
        seen["teacher"] = images, present
        return Output(torch.zeros(len(images), 3, 4, 4, 4))

    data = batch()
    method("m3l", brats).step(student, teacher, data)
    images, present = seen["student"]
    torch.testing.assert_close(images, data.images[[0, 1, 0, 1, 2, 3]])
    assert present[:2].all()
    assert (data.available.sum(1) - present[2:].sum(1)).tolist() != [0, 0, 0, 0]
    assert ((data.available.sum(1) - present[2:].sum(1)) <= 1).all()
    assert torch.equal(seen["teacher"][0], data.images)
    assert torch.equal(seen["teacher"][1], data.available)


def test_labels_teach_labelled_views_and_pseudo_labels_teach_all(brats: Task) -> None:
    data = batch()
    answers = torch.randn(6, 3, 4, 4, 4)
    taught = torch.randn(4, 3, 4, 4, 4)
    terms = method("m3l", brats, pseudo=0.5).step(
        lambda *_: Output(answers), lambda *_: Output(taught), data
    )
    labels = data.target[[0, 1, 0, 1]]
    torch.testing.assert_close(terms["dice"], dice_loss(answers[:4], labels, batch=True))
    torch.testing.assert_close(terms["bce"], bce_loss(answers[:4], labels))
    pseudo = (taught > 0).float()[[0, 1, 0, 1, 2, 3]]
    torch.testing.assert_close(terms["pseudo"], 0.5 * bce_loss(answers, pseudo))


def test_a_plain_mean_teacher_masks_nothing(brats: Task) -> None:
    samples, present = method("mean-teacher", brats).views(batch())
    assert samples.tolist() == [0, 1, 2, 3]
    assert torch.equal(present, batch().available)


@pytest.mark.parametrize("name", ["mean-teacher", "m3l"])
def test_the_teacher_of_a_dedicated_model_sees_no_more_than_its_student(
    name: str, brats: Task
) -> None:
    seen: list[Tensor] = []

    def network(images: Tensor, present: Tensor) -> Output:
        seen.append(present)
        return Output(torch.zeros(len(images), 3, 4, 4, 4))

    method(name, brats, subsets="FLAIR+T1").step(network, network, batch())
    for present in seen:
        assert not present[:, 2:].any()
        assert present[:, 0].all()
    assert seen[0][:, 1].tolist() == [True, True, True, False]  # the last sample has no T1


def test_the_teacher_follows_the_student_ever_more_slowly(brats: Task) -> None:
    average = method("m3l", brats).average()
    for before, decay in ((1, 1 / 2), (9, 0.9), (1000, 0.99)):
        averages, weights = [torch.zeros(1)], [torch.ones(1)]
        average(averages, weights, torch.tensor(before))
        assert averages[0].item() == pytest.approx(1 - decay)


def test_a_resumed_run_equals_an_uninterrupted_one(cases: Path, tmp_path: Path) -> None:
    whole = configuration(cases, tmp_path / "whole")
    steps = list(train(whole))
    broken = configuration(cases, tmp_path / "broken")
    run = train(broken)
    list(islice(run, 2))
    run.close()  # type: ignore[attr-defined]
    rest = list(train(broken))
    assert [s.losses for s in rest] == [s.losses for s in steps[2:]]
    mine, theirs = (load_model(c.out, training=True).network.state_dict() for c in (whole, broken))
    assert all(torch.equal(mine[k], theirs[k]) for k in mine)
    card = load_model(whole.out).card
    assert (card.method, card.training.method) == ("linear-fusion", "m3l")
    assert card.training.cases == ("one", "two", "three")
    assert card.training.unlabelled == ("three",)


@pytest.mark.parametrize("student", ["maml", "simmlm", "zero-fill"])
def test_any_network_can_be_the_student(student: str, cases: Path, tmp_path: Path) -> None:
    networks: dict[str, dict[str, Any]] = {
        "maml": {"base_features": 4, "n_downsamplings": 2},
        "simmlm": {"base_features": 4, "n_downsamplings": 2, "n_gate_downsamplings": 2},
        "zero-fill": {"init_filters": 8, "blocks_down": (1, 1), "blocks_up": (1,)},
    }
    changes = {"architecture": student, "network": networks[student], "max_steps": 2}
    steps = list(train(configuration(cases, tmp_path, **changes)))
    assert "pseudo" in steps[-1].losses
    assert load_model(tmp_path).card.method == student


@pytest.mark.parametrize("method", ["m3l", "mean-teacher"])
def test_a_model_of_a_teacher_method_segments_like_any_other(
    method: str, cases: Path, tmp_path: Path, small_case: Case
) -> None:
    list(train(configuration(cases, tmp_path, method=method, crop=(32, 32, 32), max_steps=3)))
    session = InferenceSession(load_model(tmp_path), small_case, device="cpu")
    for subset in (small_case.task.names, ("T2",)):
        prediction = last_event(session.predict(subset)).prediction
        assert prediction.labels.shape == small_case.grid.shape
        assert set(np.unique(prediction.labels)) <= {0, 1, 2, 4}


def test_labels_of_unlabelled_cases_are_not_read(cases: Path, tmp_path: Path) -> None:
    folder = cases / "c" / "three"
    losses = []
    for name in ("right", "wrong"):
        changes = {"unlabelled": cases / "c", "cache": tmp_path / f"{name}-cache", "max_steps": 2}
        config = configuration(cases, tmp_path / name, **changes)
        losses.append([step.losses for step in train(config)])
        for file in folder.glob("*seg*"):
            file.write_bytes(b"not a label file at all")
    assert losses[0] == losses[1]


def test_some_cases_keep_their_labels_and_the_others_lose_them(cases: Path, tmp_path: Path) -> None:
    config = configuration(cases, tmp_path, unlabelled=None, labelled=("two",), max_steps=1)
    list(train(config))
    assert load_model(tmp_path).card.training.unlabelled == ("one",)
    with pytest.raises(InputError, match="labelled names four; the labelled cases are one, two"):
        list(train(configuration(cases, tmp_path / "b", labelled=("four",))))
    with pytest.raises(InputError, match="labelled = 3: there are 2 labelled cases"):
        list(train(configuration(cases, tmp_path / "c", labelled=3)))


def test_a_supervised_method_uses_only_labelled_cases(cases: Path, tmp_path: Path) -> None:
    changes = {"method": "zero-fill", "network": {}, "labelled": 1, "max_steps": 1}
    list(train(configuration(cases, tmp_path, **changes)))
    assert len(load_model(tmp_path).card.training.cases) == 1


def test_a_teacher_without_unlabelled_cases_is_refused(cases: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="learns from unlabelled cases too"):
        list(train(configuration(cases, tmp_path, unlabelled=None)))
