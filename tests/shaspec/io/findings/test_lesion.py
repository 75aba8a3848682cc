"""A truth lies on tissue that is brighter than the rest of the brain."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from shaspec.case import Case
from shaspec.io.findings import stray
from shaspec.phantom import make_case
from shaspec.task import load_task

pytestmark = pytest.mark.slow  # simulates scans

BRATS = load_task("brats")
SUBSETS = [s for k in (1, 2, 3, 4) for s in combinations(BRATS.names, k)]


@pytest.fixture(scope="module", params=[9_000_001, 9_000_002, 9_000_003])
def case(request: Any) -> Case:
    return make_case(request.param, shape=(72, 84, 72), spacing=(2.5, 2.5, 2.5))


def told(case: Case, labels: Any, subset: tuple[str, ...] = BRATS.names) -> str:
    volumes = {name: case.volumes[name] for name in subset}
    found = stray(labels, volumes, BRATS, spacing=case.grid.spacing)
    return " ".join(finding.sentence for finding in found)


@pytest.mark.parametrize("subset", SUBSETS, ids="+".join)
def test_the_truth_of_a_case_is_left_alone(case: Case, subset: tuple[str, ...]) -> None:
    assert case.labels is not None
    assert told(case, case.labels, subset) == ""


def test_a_mirrored_truth_is_found(case: Case) -> None:
    assert case.labels is not None
    overlap = np.count_nonzero((case.labels > 0) & (case.labels[:, :, ::-1] > 0))
    if overlap > 0.2 * np.count_nonzero(case.labels):
        return  # the tumour is in the middle
    text = told(case, case.labels[:, :, ::-1])
    assert "do not look like a lesion" in text or "lie in the background" in text
    assert "FLAIR or T2" not in told(case, case.labels[:, :, ::-1], ("T1", "T1ce"))


def test_labels_without_oedema_and_few_labels_are_not_judged(case: Case) -> None:
    assert case.labels is not None
    mirrored = case.labels[:, :, ::-1]
    assert "lesion in" not in told(case, np.where(mirrored == 2, 1, mirrored))
    few = np.zeros_like(mirrored)
    place = np.argwhere(mirrored == 2)[0]
    few[tuple(slice(p, p + 3) for p in place)] = 2
    assert "lesion in" not in told(case, few)
