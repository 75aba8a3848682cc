"""What all tests share: real data where there is some, a private napari, repeatable randomness.

Environment that tests read:

``SHASPEC_DATA``          folder with real cases, else ``../shared/data`` beside the repository
``SHASPEC_GOLDEN``        folder with golden numbers, else ``tests/golden``, ``../shared/golden``
``SHASPEC_REQUIRE_DATA``  ``1``: a test marked ``real`` fails where it would skip
``CI``                    set: a test marked ``gui`` fails where it would skip, examples repeat
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parents[1]

# Before anything imports torch: a test network is too small to gain from many threads.
os.environ.setdefault("OMP_NUM_THREADS", str(min(2, os.cpu_count() or 1)))
# The same number: two libraries of different minds wait for each other's threads.
os.environ.setdefault("MKL_NUM_THREADS", os.environ["OMP_NUM_THREADS"])

# Other examples in every run here, so few of them a run; the same many in CI.
hypothesis.settings.register_profile("local", deadline=None, max_examples=20)
hypothesis.settings.register_profile("fast", deadline=None, max_examples=10)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


def _has_screen(config: pytest.Config) -> bool:
    """True where Qt can open a window that OpenGL can draw into (pytest-xvfb makes one)."""
    if not sys.platform.startswith("linux"):
        return True
    display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    xvfb = shutil.which("Xvfb") and not config.getoption("--no-xvfb", default=False)
    return bool(display or xvfb)


def _use_settings(path: Path) -> None:
    """napari's settings, and those of the plugin beside them, are these and not the user's."""
    os.environ["NAPARI_CONFIG"] = str(path)
    read = sys.modules.get("napari.settings")
    if read is not None:  # by napari's own plugin for pytest
        read._CFG_PATH = str(path)  # type: ignore[attr-defined]
        read.get_settings(path)


def pytest_configure(config: pytest.Config) -> None:
    """Before napari is imported: settings of its own, and Qt without a screen where none is."""
    # Python looks for garbage among a million objects of the libraries, a tenth of all time.
    gc.set_threshold(5_000)
    os.fsync = lambda descriptor: None  # a power cut may take the files of tests
    folder = tempfile.mkdtemp(prefix="napari-")
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    for name in ("SHASPEC_SERVER", "SHASPEC_TOKEN"):  # panels of tests run on this machine
        os.environ.pop(name, None)
    os.environ["SHASPEC_RAISE"] = "1"  # an unexpected error fails a test
    _use_settings(Path(folder) / "settings.yaml")
    if not _has_screen(config):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark by fixture: ``real`` for data, ``gui`` for a real viewer, ``napari`` for its parts."""
    no_screen = pytest.mark.skip(reason="no screen and no Xvfb: apt-get install xvfb xauth")
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & {"real_data", "golden"}:
            item.add_marker("real")
        if "make_napari_viewer" in fixtures:
            item.add_marker("gui")
        if fixtures & {"qtbot", "viewer"}:
            item.add_marker("napari")
        if item.get_closest_marker("gui") and not _has_screen(config):
            item.add_marker(no_screen)
    # Long tests first: of two workers, none has to wait for the last long one of the other.
    items.sort(key=lambda item: not _is_in_slow_module(item))


def _is_in_slow_module(item: pytest.Item) -> bool:
    """Whether all tests of the module are marked ``slow``; others keep their neighbours."""
    module = item.getparent(pytest.Module)
    return module is not None and any(mark.name == "slow" for mark in module.own_markers)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where data or a screen is promised, a test that needs it and skips has failed."""
    report = yield
    promised = [
        name
        for name, here in (
            ("real", os.environ.get("SHASPEC_REQUIRE_DATA") == "1"),
            ("gui", bool(os.environ.get("CI"))),
        )
        if here and item.get_closest_marker(name)
    ]
    if report.skipped and promised and not hasattr(report, "wasxfail"):
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"a {' and '.join(promised)} test must not skip here: {why}"
    return report


def _folder(variable: str, *defaults: Path) -> Path:
    """The folder that ``variable`` names, else the first default that is there, else skip."""
    given = os.environ.get(variable)
    candidates = [Path(given)] if given else list(defaults)
    for folder in candidates:
        if folder.is_dir():
            return folder.resolve()
    places = ", ".join(str(folder) for folder in candidates)
    pytest.skip(f"no data: {places} is not there; set {variable} to its folder")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder with ``brats/labelled``, ``brats/unlabelled``, ...; skips where there is none."""
    return _folder("SHASPEC_DATA", ROOT.parent / "shared" / "data")


@pytest.fixture(scope="session")
def golden() -> Path:
    """Folder with the numbers that the authors' code computes; skips where there is none."""
    return _folder("SHASPEC_GOLDEN", ROOT / "tests" / "golden", ROOT.parent / "shared" / "golden")
