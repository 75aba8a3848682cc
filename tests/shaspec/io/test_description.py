"""A ``dataset.json`` of another shape than expected is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shaspec.errors import InputError
from shaspec.io.description import channel_order
from shaspec.task import Task


@pytest.mark.parametrize(
    "content",
    [
        [],
        {},
        {"channel_names": ["3"]},
        {"channel_names": "FLAIR"},
        {"channel_names": 3},
        {"channel_names": {"a": "FLAIR"}},
        {"channel_names": {"0": {}}},
        {"modality": None},
    ],
)
def test_channels_of_another_shape_are_refused(content: Any, tmp_path: Path, brats: Task) -> None:
    path = tmp_path / "dataset.json"
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(InputError, match=r"dataset\.json"):
        channel_order(path, brats)
