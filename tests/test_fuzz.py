"""A short attack with damaged input of every kind; ``make fuzz`` is the long one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SEED, INPUTS = 7, 4
DEAR = ("case, segmented",)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")


def test_damaged_input_of_every_kind_is_read_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.fuzz.__main__ import MOST_MIB, attack
    from benchmarks.fuzz.kinds import kinds
    from benchmarks.fuzz.samples import make_samples

    make_samples(tmp_path)
    found = {
        f"{name}:{number}": attack(tmp_path, name, kind, SEED, number)
        for name, kind in kinds().items()
        for number in range(1 if name in DEAR else INPUTS)
    }
    wrong = {
        name: repr(seen.error)
        for name, seen in found.items()
        if seen.result in ("foreign", "hang") or seen.mib > MOST_MIB
    }
    assert wrong == {}
    assert {seen.result for seen in found.values()} == {"read", "refused"}
