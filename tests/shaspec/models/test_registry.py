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
