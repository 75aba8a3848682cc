"""More cases than the disk of a server holds: users take turns, and none is refused for ever."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shaspec.case import Case
from shaspec.remote.uploads import packed
from tests.serving import make_service, running

pytestmark = pytest.mark.slow  # sockets, and requests that wait for each other


def labels(session: Any, subset: tuple[str, ...]) -> Any:
    *_, event = session.predict(subset)
    return event.prediction.labels


def test_cases_take_turns_on_a_disk_that_is_too_small(
    shaspec_folder: Path, small_case: Case
) -> None:
    rng = np.random.default_rng(5)
    cases = []
    for _ in range(3):
        noise = {n: v + rng.random(v.shape, np.float32) for n, v in small_case.volumes.items()}
        names = ("FLAIR", "T2")
        cases.append(replace(small_case, volumes={n: noise[n] for n in names}, labels=None))
    size = sum(len(packed(v).data) for v in cases[0].volumes.values())
    service = make_service([shaspec_folder], disk=int(2.2 * size))
    with running(service) as server:
        sessions = [server.connect().session("tiny-shaspec", case) for case in cases]
        first = [labels(session, ("FLAIR",)) for session in sessions]
        again = [labels(session, ("FLAIR",)) for session in sessions]
        assert service.volumes.reserved <= 2.2 * size
        for one, other in zip(first, again, strict=True):
            np.testing.assert_array_equal(one, other)
        assert len(server.service.sessions) <= 2
