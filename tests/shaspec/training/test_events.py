"""Events of a run as JSON lines."""

from __future__ import annotations

import pytest

from shaspec.training import events as e


@pytest.mark.parametrize(
    "event",
    [
        e.Preparing(1, 2),
        e.Prepared(3, 2, 1, ("carl: no label file",), 7),
        e.Step(4, 0.5, 0.25, {"dice": 0.5}),
        e.Checkpoint(4, "out/checkpoint.pt"),
        e.Validating(0.5),
        e.Validation(4, 0.5, ("anna",), {"FLAIR": {"WT": 0.25}}, "out/samples/step_000004.png"),
        e.Finished(8, 1.0, "out"),
        e.Failed("the loss is nan"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_a_line_is_read_back_as_the_event_that_it_was(event: e.TrainingEvent) -> None:
    assert e.from_json(e.as_json(event) + "\n") == event


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Seed set to 0",
        "3",
        '{"event": "step"}',
        '{"event": "x"}',
        '{"event": "step", "step": [1], "minutes": 1, "progress": 0, "losses": {}}',
        '{"event": "step", "step": 1, "minutes": 1, "progress": 0, "losses": {"dice": null}}',
        '{"event": "validation", "step": 1, "minutes": 1, "cases": 3, "dice": {}, "picture": ""}',
        "[" * 100_000,
    ],
)
def test_other_lines_are_not_read_as_events(line: str) -> None:
    assert e.from_json(line) is None
