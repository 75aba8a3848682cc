"""CT in Hounsfield units is left alone, whatever was padded or cut; everything else is found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.io.findings import Scan
from shaspec.io.findings.hounsfield import hounsfield
from shaspec.task import load_task

CT = load_task("liver-ct").modalities[0]


def body(seed: int = 0) -> Any:
    """Air around fat around soft tissue with a little bone, with noise."""
    rng = np.random.default_rng(seed)
    far = np.linalg.norm(
        np.indices((24, 32, 32)) - np.array([12, 16, 16])[:, None, None, None], axis=0
    )
    tissue = np.select([far < 2, far < 8, far < 11], [700, 60, -100], -1000)
    return tissue + rng.normal(0, 8, tissue.shape)


def padded(ct: Any, value: float) -> Any:
    far = np.hypot(*(np.indices(ct.shape)[1:] - 16))
    return np.where(far > 14, value, ct)


@given(st.integers(0, 50), st.sampled_from([None, -1024, -1000, -2000, -2048, -3024, -10000]))
def test_hounsfield_units_are_left_alone(seed: int, padding: float | None) -> None:
    ct = body(seed)
    for scan in (ct, np.clip(ct, -160, 240), np.clip(ct, -1000, None), ct[:, 4:20, 10:]):
        whole = scan if padding is None or scan.shape != ct.shape else padded(scan, padding)
        assert not list(hounsfield([Scan(CT, whole)]))


@given(st.integers(0, 50), st.sampled_from([None, 0, -1, -2000, -3024]))
def test_ct_without_its_intercept_is_refused_with_any_padding(
    seed: int, padding: float | None
) -> None:
    ct = body(seed) + 1024
    (found,) = hounsfield([Scan(CT, ct if padding is None else padded(ct, padding))])
    assert found.level == "refuse"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda ct: ct * 2, "air is -1000"),
        (lambda ct: ct - 1024, "air is -1000"),
        (lambda ct: padded(ct - 1024, -4000), "air is -1000"),
        (lambda ct: ct / 20, "too narrow"),
        (lambda ct: (ct - ct.mean()) / ct.std(), "may not be Hounsfield units"),
        (lambda ct: np.clip(ct, -160, 240) / 400, "may not be Hounsfield units"),
        (lambda ct: np.clip(ct, -160, 240) + 160, "may not be Hounsfield units"),
    ],
)
def test_other_values_are_named(change: Any, text: str) -> None:
    (found,) = hounsfield([Scan(CT, change(body()))])
    assert found.level == "warning"
    assert text in found.sentence
