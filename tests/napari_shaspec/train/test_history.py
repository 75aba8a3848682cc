"""The loss history keeps a limited number of points for drawing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_shaspec.train.history import POINTS, LossCurve, read_log
from shaspec.training.events import Step, as_json


def test_a_long_run_is_thinned_and_its_last_step_is_there():
    curve = LossCurve()
    for step in range(1, 5001):
        curve.append(Step(step, 0.0, 0.0, {"dice": 0.5}))
    ((name, steps, values),) = curve.lines()
    assert (name, steps[-1]) == ("dice", 5000)
    assert len(steps) == len(values) <= POINTS
    np.testing.assert_allclose(values, 0.5)


def test_noise_is_averaged_away():
    curve = LossCurve()
    for step in range(1, 1001):
        curve.append(Step(step, 0.0, 0.0, {"dice": float(step % 2)}))
    ((_, _, values),) = curve.lines()
    assert np.abs(values[len(values) // 2 :] - 0.5).max() < 0.05


def test_a_term_that_comes_later_has_no_value_before():
    curve = LossCurve()
    curve.append(Step(1, 0.0, 0.0, {"dice": 1.0}))
    curve.append(Step(2, 0.0, 0.0, {"dice": 1.0, "pseudo": 3.0}))
    lines = {name: values for name, _, values in curve.lines()}
    assert np.isnan(lines["pseudo"][0])
    assert lines["pseudo"][1] == pytest.approx(3.0)


def test_damaged_lines_of_a_log_are_passed_over(tmp_path: Path):
    lines = [as_json(Step(step, 0.1, 0.1, {"dice": 0.5})).encode() for step in (1, 2, 3)]
    damaged = [b"\xff\xfe", lines[0].replace(b"0.5", b"null"), b"[" * 100_000, lines[1][:20]]
    (tmp_path / "log.jsonl").write_bytes(b"\n".join([lines[0], *damaged, *lines[1:]]))
    assert read_log(tmp_path, until=2).curve.steps == [1, 2]
