"""The options that all commands share which run a model."""

from __future__ import annotations

import inspect

import pytest

from shaspec.cli import app
from shaspec.cli.run_options import RUN, RunOptions, with_run_options

OPTIONS = {"device": "auto", "precision": "auto", "window": "", "overlap": 0.25}


@pytest.mark.parametrize("name", ["predict", "cohort", "report", "sweep", "evaluate", "features"])
def test_a_command_that_runs_a_model_has_the_same_options(name: str) -> None:
    commands = [info.callback for info in app.registered_commands if info.callback]
    command = next(command for command in commands if command.__name__ == name)
    options = inspect.signature(command).parameters
    assert {key: options[key].default for key in OPTIONS} == OPTIONS
    assert "run" not in options


def test_the_options_reach_a_command_as_one_value() -> None:
    given: list[tuple[str, RunOptions]] = []

    @with_run_options
    def command(case: str, run: RunOptions = RUN, grid: str = "") -> None:
        given.append((case + grid, run))

    command(case="a", grid="b", device="cpu", precision="float32", window="8,9,10", overlap=0.5)
    expected = {"device": "cpu", "precision": "float32", "window": (8, 9, 10), "overlap": 0.5}
    assert given == [("ab", RunOptions(**expected))]
    assert given[0][1].keywords == expected
    assert list(inspect.signature(command).parameters) == ["case", *OPTIONS, "grid"]
