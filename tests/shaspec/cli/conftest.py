"""Fixtures for tests of the command line: calling ``shaspec``, a case, reading tables."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from shaspec.case import Case
from shaspec.cli import app
from shaspec.errors import ShaspecError
from shaspec.io import write_case


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Call ``shaspec`` with these words; errors for the user come out as they are."""
    monkeypatch.setenv("COLUMNS", "200")

    def call(*words: object) -> Result:
        result = CliRunner().invoke(app, [str(w) for w in words])
        if isinstance(result.exception, ShaspecError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result

    return call


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, small_case: Case) -> Path:
    """A data folder with one case."""
    data = tmp_path_factory.mktemp("data")
    write_case(data / "anna", small_case)
    return data


@pytest.fixture(scope="session")
def rows_of() -> Callable[[Path], list[dict[str, str]]]:
    """The rows of a CSV file, by the names of its columns."""

    def read(path: Path) -> list[dict[str, str]]:
        with path.open() as file:
            return list(csv.DictReader(file))

    return read
