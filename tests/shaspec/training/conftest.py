"""Two tiny cases to train on, and settings under which a step takes a fraction of a second."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shaspec.case import Case
from shaspec.io import write_case
from shaspec.training.config import TrainConfig, make_config

Configuration = Callable[..., TrainConfig]
"""Folder of the run, changes -> settings."""


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory, small_case: Case) -> Path:
    """Two labelled cases, one of them without T1, and a third that a split leaves out."""
    folder = tmp_path_factory.mktemp("cases")
    write_case(folder / "one", small_case)
    write_case(folder / "two", small_case.only(("FLAIR", "T1ce", "T2")))
    write_case(folder / "three", small_case)
    (folder / "splits.json").write_text(json.dumps({"folds": [["three"]]}))
    return folder


@pytest.fixture
def configuration(cases: Path, tiny_shaspec: dict[str, Any]) -> Configuration:
    """Settings of a run into a folder, with changes."""

    def configured(out: Path, **changes: Any) -> TrainConfig:
        return make_config({"out": out, **common, **changes})

    common: dict[str, Any] = {
        "data": cases,
        "splits": cases / "splits.json",
        "fold": 0,
        "cache": cases.parent / "cache",
        "crop": (16, 16, 16),
        "network": tiny_shaspec,
        "max_steps": 8,
        "device": "cpu",
    }
    return configured
