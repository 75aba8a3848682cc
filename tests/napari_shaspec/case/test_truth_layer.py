"""A truth in a layer follows the rule for truths in files."""

from __future__ import annotations

import numpy as np
import pytest

from napari_shaspec.assign import question
from napari_shaspec.case.assignment import find_layers
from napari_shaspec.case.truth_layer import collect_with_truth
from napari_shaspec.layers.viewer import add_case
from shaspec.errors import InputError, UndecidedError


@pytest.fixture
def layers(viewer, make_case, task):
    add_case(viewer, make_case())
    truth = viewer.layers["truth"]
    return find_layers(viewer.layers, task, "anna"), truth


def voxels(parts) -> np.ndarray:
    labels = parts.case().labels
    assert labels is not None
    return labels


def test_a_truth_on_the_grid_of_the_case_is_used_as_it_is(layers, task):
    sources, truth = layers
    assert np.array_equal(voxels(collect_with_truth(sources, task, truth)), truth.data)
    assert collect_with_truth(sources, task, None).case().labels is None


def test_a_truth_elsewhere_is_refused_where_nobody_can_be_asked(layers, task):
    sources, truth = layers
    truth.translate = [t + 30 for t in truth.translate]
    with pytest.raises(UndecidedError, match="layer 'truth'"):
        collect_with_truth(sources, task, truth)


@pytest.mark.parametrize("shift", [10, 500])
def test_the_answer_is_asked_once_and_used_voxel_by_voxel(layers, task, monkeypatch, shift):
    sources, truth = layers
    truth.translate = [t + shift for t in truth.translate]
    asked = []
    monkeypatch.setattr(question, "can_ask", lambda: True)
    monkeypatch.setattr(question, "ask_option", lambda error: asked.append(error) or True)
    for _ in range(2):
        parts = collect_with_truth(sources, task, truth)
        assert np.array_equal(voxels(parts), truth.data)
        assert any("voxel by voxel" in notice for notice in parts.case().notices)
    assert len(asked) == 1


def test_a_user_who_does_not_decide_gets_the_refusal(layers, task, monkeypatch):
    sources, truth = layers
    truth.translate = [t + 10 for t in truth.translate]
    monkeypatch.setattr(question, "can_ask", lambda: True)
    monkeypatch.setattr(question, "ask_option", lambda error: None)
    with pytest.raises(UndecidedError):
        collect_with_truth(sources, task, truth)


def test_a_truth_of_another_shape_must_lose_no_labelled_voxel(layers, viewer, task):
    sources, truth = layers
    scale, translate = truth.scale, truth.translate
    part = viewer.add_labels(truth.data[4:, 6:], scale=scale, name="part")
    part.translate = [translate[0] + 4 * scale[0], translate[1] + 6 * scale[1], translate[2]]
    assert np.array_equal(voxels(collect_with_truth(sources, task, part)), truth.data)
    part.translate = [translate[0] + 500, translate[1], translate[2]]
    with pytest.raises(InputError, match="labelled voxels are outside"):
        collect_with_truth(sources, task, part)
