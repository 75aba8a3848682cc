"""Networks by name: their configurations, and what is said of a wrong one."""

from __future__ import annotations

import pytest

from shaspec.errors import InputError
from shaspec.models.registry import network_config
from shaspec.task import Task


@pytest.mark.parametrize(
    ("method", "settings", "said"),
    [
        ("shaspec", {"fallbak": "first"}, "fallbak: there is no such key, do you mean fallback"),
        ("maml", {"base": "many"}, "base: Input should be a valid integer"),
        ("shaspec", {"shared": {"width": 3}}, "shared.width: there is no such key$"),
    ],
)
def test_a_wrong_setting_of_a_network_is_named_with_what_was_meant(
    method: str, settings: dict[str, object], said: str, brats: Task
) -> None:
    with pytest.raises(InputError, match=rf"the {method} network's configuration: .*{said}"):
        network_config(method, "light", brats, **settings)


@pytest.mark.parametrize("key", ["modalities", "in_channels", "out_channels", "dims"])
def test_what_follows_from_the_task_is_no_setting_of_a_network(key: str, brats: Task) -> None:
    with pytest.raises(InputError, match=rf"network: {key} cannot .* it follows from the task"):
        network_config("zero-fill", "light", brats, **{key: 2})


@pytest.mark.parametrize("key", ["method", "preset", "task"])
def test_what_is_a_key_beside_network_is_not_set_within(key: str, brats: Task) -> None:
    with pytest.raises(InputError, match=rf"network: {key} cannot .* it is a key beside network"):
        network_config("zero-fill", "light", brats, **{key: "x"})
