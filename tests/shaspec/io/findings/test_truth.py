"""A truth lies in the body that the scans show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from shaspec.errors import InputError
from shaspec.io.findings import stray
from shaspec.task import load_task

BRATS, CT = load_task("brats"), load_task("liver-ct")
HEAD = np.s_[2:12, 3:17, 4:11]


def volume(fill: float, seed: int) -> Any:
    array = np.full((14, 20, 15), fill)
    array[HEAD] = np.random.default_rng(seed).uniform(100, 900, array[HEAD].shape)
    return array


@pytest.mark.parametrize("fill", [0, -1024])
@pytest.mark.parametrize(
    ("place", "found"),
    [
        (np.s_[4:8, 5:9, 5:9], False),
        (np.s_[2:9, 3:17, 4:11], False),
        (np.s_[0:4, 5:9, 5:9], True),
        (np.s_[12:, 17:, 11:], True),
        (np.s_[0:0, 0:0, 0:0], False),
    ],
)
def test_labels_in_the_background_of_every_scan_are_found(
    fill: float, place: Any, found: bool
) -> None:
    labels = np.zeros((14, 20, 15), np.uint8)
    labels[place] = 2
    volumes = {"T1": volume(fill, 0), "T2": volume(0, 1)}
    assert [f.level for f in stray(labels, volumes, BRATS)] == ["warning"] * found
    whole = np.random.default_rng(2).uniform(1, 900, labels.shape)
    assert list(stray(labels, volumes | {"FLAIR": whole}, BRATS)) == []


def test_scans_without_a_background_are_not_judged() -> None:
    labels = np.ones((14, 20, 15), np.uint8)
    assert list(stray(labels, {CT.names[0]: volume(-1000, 0)}, CT)) == []


@pytest.mark.parametrize(("values", "refused"), [((1,), True), ((2,), True), ((1, 2), False)])
def test_a_mask_of_the_brain_is_no_truth(values: tuple[int, ...], refused: bool) -> None:
    labels = np.zeros((14, 20, 15), np.uint8)
    labels[HEAD] = np.resize(values, labels[HEAD].shape)
    volumes = {"T1": volume(0, 0), "T2": volume(-1024, 1)}
    if refused:
        with pytest.raises(InputError, match=r"x\.nii: its only label covers the whole head"):
            list(stray(labels, volumes, BRATS, "x.nii"))
    else:
        (found,) = stray(labels, volumes, BRATS, "x.nii")
        assert "may be tissues of the brain" in found.text
    labels[4:] = 0  # a large tumour
    assert list(stray(labels, volumes, BRATS)) == []
