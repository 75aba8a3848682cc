"""Evaluation: one row per case, subset and region."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.evaluation.metrics import metrics_for
from shaspec.evaluation.protocol import (
    GaveWay,
    Rules,
    evaluate_case,
    protocol,
    rules_beside,
    write_protocol,
)
from shaspec.models.card import Training
from shaspec.models.weights import Model
from shaspec.task import Task


@pytest.mark.slow
def test_a_case_gives_45_rows_with_full_names(shaspec_model: Model, small_case: Case) -> None:
    rows = list(evaluate_case(shaspec_model, small_case, device="cpu"))
    assert len(rows) == 45
    assert rows[-1].subset == "FLAIR+T1+T1ce+T2"
    assert {r.region for r in rows} == {"ET", "TC", "WT"}
    assert all(0 <= r.scores["dice"] <= 1 for r in rows)
    assert all(tuple(r.scores) == metrics_for(3) for r in rows)


@pytest.mark.slow
def test_a_case_that_lacks_modalities_gives_the_subsets_it_has(
    shaspec_model: Model, small_case: Case
) -> None:
    case = small_case.only(("FLAIR", "T2"))
    subsets = {r.subset for r in evaluate_case(shaspec_model, case, device="cpu")}
    assert subsets == {"FLAIR", "T2", "FLAIR+T2"}
    wanted = [("T1",), ("T2",)]
    rows = evaluate_case(shaspec_model, case, wanted, rules=Rules(("dice",)), device="cpu")
    assert {r.subset for r in rows} == {"T2"}


@pytest.mark.slow
def test_a_case_without_labels_is_refused(shaspec_model: Model, small_case: Case) -> None:
    with pytest.raises(InputError, match="has no labels"):
        next(evaluate_case(shaspec_model, replace(small_case, labels=None)))


def test_a_region_below_the_threshold_counts_as_empty_and_leaves_the_others() -> None:
    rules = Rules(drop_small={"ET": 10})
    small, large = np.zeros((4, 4, 4), bool), np.ones((4, 4, 4), bool)
    small[0, 0, :3] = True
    assert not rules.applied("ET", small).any()
    assert rules.applied("ET", large).all()
    np.testing.assert_array_equal(rules.applied("WT", small), small)
    assert rules.text == "both empty = 1, one empty = 0, ET under 10 voxels removed"


def test_nothing_is_removed_unless_asked_for() -> None:
    one = np.zeros((4, 4, 4), bool)
    one[0, 0, 0] = True
    assert Rules().applied("ET", one).any()
    assert Rules().text == "both empty = 1, one empty = 0, no post-processing"


def test_rules_for_regions_that_the_task_lacks_are_refused(
    shaspec_model: Model, small_case: Case
) -> None:
    with pytest.raises(InputError, match="cannot drop region cyst: task 'brats' has ET, WT, TC"):
        next(evaluate_case(shaspec_model, small_case, rules=Rules(drop_small={"cyst": 5})))


def test_measures_of_volumes_are_refused_for_pictures(rgbd: Task) -> None:
    assert "hd95_px" in Rules().measured(rgbd)
    with pytest.raises(InputError, match=r"hd95_mm do not apply to task 'rgbd'.* hd95_px"):
        Rules(("dice", "hd95_mm")).check(rgbd)


@pytest.mark.parametrize("metrics", [("dice", "dicee"), ("hd95_mm",)])
def test_metrics_that_are_unknown_or_lack_dice_are_refused(metrics: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="give dice, and optionally any of iou"):
        Rules(metrics)


def test_only_the_metrics_asked_for_are_computed(shaspec_model: Model, small_case: Case) -> None:
    rules = Rules(("dice", "hd95_mm"))
    row = next(evaluate_case(shaspec_model, small_case, [("T2",)], rules=rules, device="cpu"))
    assert list(row.scores) == ["dice", "hd95_mm"]


def test_running_out_of_memory_is_reported_with_the_window_used(
    shaspec_model: Model, small_case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode, failures = type(shaspec_model.network).encode, iter([True])

    def failing(self: Any, image: torch.Tensor, modality: int) -> Any:
        if next(failures, False):
            raise torch.OutOfMemoryError("no memory (made by the test)")
        return encode(self, image, modality)

    monkeypatch.setattr(type(shaspec_model.network), "encode", failing)
    ways: list[GaveWay] = []
    rows = evaluate_case(
        shaspec_model,
        small_case,
        [("T1",), ("T2",)],
        rules=Rules(("dice",)),
        device="cpu",
        window=(40, 48, 48),
        gave_way=ways.append,
    )
    assert len(list(rows)) == 6
    (way,) = ways
    assert (way.case, way.subset, way.device) == (small_case.name, "T1", "cpu")
    assert way.window == (40, 24, 48)
    assert f"windows of {way.window} voxels" in way.text


def test_the_protocol_describes_the_evaluation_and_lies_next_to_the_table(
    shaspec_model: Model, tmp_path: Path
) -> None:
    rules = Rules(drop_small={"ET": 500})
    content = protocol(shaspec_model, rules, ["a"], [], ["T2"], window=[32, 32, 32])
    write_protocol(tmp_path / "protocol.json", content)
    read = json.loads((tmp_path / "protocol.json").read_text("utf-8"))
    assert read["sha256"] == shaspec_model.card.sha256
    assert read["window"] == [32, 32, 32]
    assert rules_beside([tmp_path / "metrics.csv", tmp_path]) == rules.text


def test_the_protocol_tells_a_training_method_from_the_network(shaspec_model: Model) -> None:
    card = shaspec_model.card.model_copy(update={"training": Training(method="m3l")})
    content = protocol(replace(shaspec_model, card=card), Rules(), [], [], [])
    assert (content["network"], content["method"]) == ("shaspec", "m3l")
    content = protocol(shaspec_model, Rules(), [], [], [])
    assert (content["network"], content["method"]) == ("shaspec", "the card does not say")


def test_a_table_without_a_protocol_has_unknown_rules(tmp_path: Path) -> None:
    assert rules_beside([tmp_path / "metrics.csv"]).startswith("unknown")
