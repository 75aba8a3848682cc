"""The line with the weight of each modality: for networks with a gate, for the shown result."""

from __future__ import annotations

import numpy as np
import pytest

from napari_shaspec.features.feature_picker import KINDS
from napari_shaspec.segment.weight_line import WeightLine, weights_text
from shaspec.models.registry import NETWORKS
from shaspec.prediction import Prediction

WEIGHTS = {"ET": {"FLAIR": 0.1, "T1ce": 0.9}, "WT": {"FLAIR": 0.75, "T1ce": 0.25}}


@pytest.fixture
def weight_line(qtbot):
    line = WeightLine()
    qtbot.addWidget(line)
    return line


def prediction(case, facts):
    labels = np.zeros(case.grid.shape, np.uint8)
    return Prediction(case.name, case.task, case.grid, ("FLAIR", "T1ce"), labels, facts)


def test_each_region_lists_its_modalities_the_largest_weight_first():
    text = weights_text(WEIGHTS, ("ET", "WT"))
    assert text == "ET from T1ce 90 %, FLAIR 10 %\nWT from FLAIR 75 %, T1ce 25 %"


def test_a_network_whose_outputs_are_labels_lists_the_labels():
    assert weights_text({"oedema": {"T2": 1.0}}, ("ET",)) == "oedema from T2 100 %"


def test_the_line_is_there_only_for_a_result_with_weights(weight_line, make_case):
    case = make_case()
    weight_line.show_result(prediction(case, {"modality_weights": WEIGHTS}))
    assert not weight_line.isHidden()
    assert weight_line.text().startswith("ET from T1ce 90 %")
    weight_line.show_result(prediction(case, {}))
    assert weight_line.isHidden()
    weight_line.show_result(None)
    assert weight_line.isHidden()


def test_every_feature_of_every_network_has_a_tooltip():
    kinds = {kind for network, _ in NETWORKS.values() for kind in network.feature_names}
    assert {"logits", "shared"} <= kinds
    assert kinds - {"domain"} <= KINDS.keys()  # domain is a vector per window, not a map
