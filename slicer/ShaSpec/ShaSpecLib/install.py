"""Installs the engine into Slicer's Python, only when the user asks for it."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any

REQUIREMENTS = Path(__file__).parents[1] / "Resources" / "requirements.txt"
REQUESTER = "ShaSpec"


class InstallError(Exception):
    """An installation that failed, with what the user can do."""


class Installer:
    """Knows whether the engine is there, and how to install it.

    Args:
        find: finds a module by name without importing it; tests give a fake.
        load: imports a module.
        version: of an installed package.
    """

    def __init__(
        self,
        find: Callable[[str], object] = importlib.util.find_spec,
        load: Callable[[str], Any] = importlib.import_module,
        version: Callable[[str], str] = metadata.version,
    ) -> None:
        self._find, self._load, self._version = find, load, version

    @property
    def is_ready(self) -> bool:
        """Whether the engine and torch can be imported, in the versions that this module needs."""
        return all(map(self._is_there, requirements()))

    def install(self) -> bool:
        """Install what is missing; Slicer asks the user before it downloads.

        torch comes through the PyTorch extension if that is there: it chooses the build for the
        graphics card. Otherwise pip takes its default.

        Returns:
            Whether the engine is there now; False if the user declined.

        Raises:
            InstallError: if it failed, e.g. without a network.
        """
        try:
            if not self._has("torch") and self._has("PyTorchUtils"):
                logic = self._load("PyTorchUtils").PyTorchUtilsLogic()
                wanted = requirements()["torch"]
                if logic.installTorch(askConfirmation=True, torchVersionRequirement=wanted) is None:
                    return False
            if not self.is_ready:
                self._install_requirements()
        except (CalledProcessError, OSError, ValueError) as error:
            raise InstallError(
                f"The engine could not be installed ({error}). Slicer's Python console says more; "
                "check the network and the free disk space, and try again."
            ) from error
        importlib.invalidate_caches()
        return self.is_ready

    def _install_requirements(self) -> None:
        if self._has("slicer.packaging"):  # since Slicer 5.12
            packaging = self._load("slicer.packaging")
            try:
                packaging.pip_ensure(
                    packaging.load_requirements(str(REQUIREMENTS)), requester=REQUESTER
                )
            except RuntimeError:  # the user declined
                return
            return
        util = self._load("slicer.util")
        text = (
            "ShaSpec needs its engine, the package shaspec with PyTorch (up to 3 GB). Install it?"
        )
        if util.confirmOkCancelDisplay(text, windowTitle=REQUESTER):
            util.pip_install(f'-r "{REQUIREMENTS}"')

    def _is_there(self, name: str) -> bool:
        if not self._has(name):
            return False
        try:
            from packaging.specifiers import SpecifierSet

            wanted = SpecifierSet(requirements()[name])
            return wanted.contains(self._version(name), prereleases=True)
        except (ImportError, ValueError):  # no record of its version, e.g. a source tree
            return True

    def _has(self, name: str) -> bool:
        try:
            return self._find(name) is not None
        except (ImportError, ValueError):  # its package is missing
            return False


def requirements() -> dict[str, str]:
    """Package -> versions, e.g. ``>=2.10``, of the file that pip gets."""
    lines = REQUIREMENTS.read_text("utf-8").split()
    return {line.partition(">=")[0]: f">={line.partition('>=')[2]}" for line in lines}
