"""A server that runs, with tiny models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import Running, make_service, running


@pytest.fixture(scope="module")
def server(shaspec_folder: Path) -> Iterator[Running]:
    """A server with a tiny ShaSpec."""
    with running(make_service([shaspec_folder])) as found:
        yield found
