"""Configurations of networks, and errors in them."""

from __future__ import annotations

import pytest

from shaspec.errors import InputError
from shaspec.models.registry import check_config, network_config
from shaspec.task import Task


@pytest.mark.parametrize(
    ("method", "settings", "said"),
    [
        ("shaspec", {"fallbak": "first"}, "fallbak: there is no such key, do you mean fallback"),
        ("maml", {"base_features": "many"}, "base_features: Input should be a valid integer"),
        ("shaspec", {"shared": {"width": 3}}, "shared.width: there is no such key$"),
    ],
)
def test_a_wrong_network_setting_is_named_with_the_most_similar_one(
    method: str, settings: dict[str, object], said: str, brats: Task
) -> None:
    with pytest.raises(InputError, match=rf"the {method} network's configuration: .*{said}"):
        network_config(method, "light", brats, **settings)


@pytest.mark.parametrize("key", ["modalities", "in_channels", "out_channels", "dims"])
def test_settings_that_follow_from_the_task_cannot_be_set(key: str, brats: Task) -> None:
    with pytest.raises(InputError, match=rf"network: {key} cannot .* it follows from the task"):
        network_config("zero-fill", "light", brats, **{key: 2})


@pytest.mark.parametrize("key", ["method", "preset", "task"])
def test_top_level_keys_cannot_be_set_inside_network(key: str, brats: Task) -> None:
    with pytest.raises(InputError, match=rf"network: {key} cannot .* it is a key beside network"):
        network_config("zero-fill", "light", brats, **{key: "x"})


OLD_NAMES = {
    "maml": {"base": 6, "most": 12, "halvings": 2},
    "simmlm": {"base": 6, "most": 12, "halvings": 2, "gate_halvings": 3},
}


@pytest.mark.parametrize("method", OLD_NAMES)
def test_settings_of_earlier_versions_are_read_under_their_old_names(
    method: str, brats: Task
) -> None:
    config = network_config(method, "light", brats, **OLD_NAMES[method])
    current = config.model_dump()
    assert not current.keys() & OLD_NAMES[method].keys()
    assert (current["base_features"], current["max_features"]) == (6, 12)
    assert current["n_downsamplings"] == 2
    assert current.get("n_gate_downsamplings", 3) == 3


def test_an_old_name_beside_the_current_one_is_refused(brats: Task) -> None:
    with pytest.raises(InputError, match="halvings: there is no such key"):
        network_config("maml", "light", brats, halvings=2, n_downsamplings=3)


def test_the_model_card_of_an_earlier_version_builds_the_same_network(brats: Task) -> None:
    """Written out in full, as cards are."""
    card = {
        "modalities": 4,
        "out_channels": 3,
        "dims": 3,
        "in_channels": 1,
        "base": 8,
        "most": 320,
        "halvings": 4,
        "convs": 1,
        "join_kernel": 1,
        "exclusive": False,
    }
    assert check_config("maml", card) == network_config("maml", "light", brats)
