"""An invalid configuration is refused before the run starts, with its key."""

from __future__ import annotations

from math import inf, nan
from pathlib import Path

import pytest

from shaspec.errors import InputError
from shaspec.training.config import load_config, make_config


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text('out = "run"\nphantoms = 1\nmax_steps = 1\nlearning_rat = 1e-3\n')
    with pytest.raises(InputError, match=r"run\.toml.*learning_rat: .* mean learning_rate\?"):
        load_config(file)


def test_a_run_needs_an_end_and_something_to_train_on() -> None:
    with pytest.raises(InputError, match="max_minutes or max_steps"):
        make_config({"out": "run", "phantoms": 1})
    with pytest.raises(InputError, match="nothing to train on"):
        make_config({"out": "run", "max_steps": 1})
    with pytest.raises(InputError, match="splits and fold go together"):
        make_config({"out": "run", "max_steps": 1, "phantoms": 1, "fold": 0})


@pytest.mark.parametrize(
    ("key", "value"),
    [("max_minutes", 0), ("max_steps", -1), ("foreground", 70), ("ema", 1), ("crop", [64, 0, 64])],
)
def test_a_number_beyond_its_range_is_refused_by_its_key(key: str, value: object) -> None:
    """A budget of 0 would never end."""
    with pytest.raises(InputError, match=rf"{key}.* (greater|less) than"):
        make_config({"out": "run", "max_steps": 1, "phantoms": 1, key: value})


@pytest.mark.parametrize(
    ("key", "value"),
    [("clip", inf), ("learning_rate", inf), ("alignment", nan), ("spacing", [1, inf, 1])],
)
def test_a_number_that_is_not_finite_is_refused_by_its_key(key: str, value: object) -> None:
    """It could not be stored: the run would never be resumed."""
    with pytest.raises(InputError, match=rf"{key}.*finite number"):
        make_config({"out": "run", "max_steps": 1, "phantoms": 1, key: value})


def test_a_key_that_is_called_like_an_argument_is_refused_like_others(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text('out = "run"\nphantoms = 1\nmax_steps = 1\n')
    with pytest.raises(InputError, match=r"path: there is no such key"):
        load_config(file, path="x")


def test_phantoms_for_demonstrations_are_not_trained_on() -> None:
    make_config({"out": "run", "max_steps": 1, "phantoms": 2, "phantom_seed": 8_999_998})
    with pytest.raises(InputError, match=r"phantom_seed.*demo phantoms"):
        make_config({"out": "run", "max_steps": 1, "phantoms": 3, "phantom_seed": 8_999_998})


def test_options_win_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text('out = "run"\nphantoms = 1\nmax_steps = 1\nseed = 3\n')
    config = load_config(file, seed=4, batch=None)
    assert config.seed == 4
    assert config.batch == 2


def test_an_invalid_toml_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text("out = [")
    with pytest.raises(InputError, match=r"run\.toml: is not valid TOML"):
        load_config(file)


def test_the_configurations_that_ship_are_valid() -> None:
    examples = Path(__file__).resolve().parents[3] / "examples"
    files = list(examples.glob("*.toml"))
    assert files
    for file in files:
        load_config(file, out="run", phantoms=1, max_steps=1)
