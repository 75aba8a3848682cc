"""Small cohorts on disk; the tests of the Ray engine are there where Ray is installed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from shaspec.case import Case
from shaspec.cohort.settings import Settings
from shaspec.io import CaseFiles, find_cases, write_case
from shaspec.task import Task

collect_ignore = [] if find_spec("ray") else ["test_ray_engine.py"]

Cohort = Callable[..., list[CaseFiles]]


@pytest.fixture
def cohort(small_case: Case, brats: Task, tmp_path: Path) -> Cohort:
    """``cohort("anna", "ben")``: small cases in a folder; the second lacks T1ce."""

    def make(*names: str) -> list[CaseFiles]:
        for number, name in enumerate(names):
            case = replace(small_case, name=name, labels=None)
            if number == 1:
                volumes = {m: v for m, v in case.volumes.items() if m != "T1ce"}
                case = replace(case, volumes=volumes)
            write_case(tmp_path / "cases" / name, case)
        return find_cases(tmp_path / "cases", brats, with_labels=False)

    return make


@pytest.fixture
def settings(shaspec_folder: Path) -> Settings:
    return Settings(str(shaspec_folder), device="cpu")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"
