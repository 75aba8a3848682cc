"""Installs the engine into Slicer's Python, only when the user asks for it."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any

REQUIREMENTS = Path(__file__).parents[1] / "Resources" / "requirements.txt"
REQUESTER = "ShaSpec"
SERVER = "SHASPEC_SERVER"
"""Environment variable; where it is set, networks run elsewhere (docs/serve.md), without torch."""
NETWORKS = ("torch", "lightning-fabric")
"""Packages that only networks on this computer need."""


class InstallError(Exception):
    """An installation that failed, with what the user can do."""


class Installer:
    """Knows whether the engine is there, and how to install it.

    Args:
        find: finds a module by name without importing it; tests give a fake.
        load: imports a module.
        version: of an installed package.
        server: whether networks run on a server; default: whether `SERVER` is set.
    """

    def __init__(
        self,
        find: Callable[[str], object] = importlib.util.find_spec,
        load: Callable[[str], Any] = importlib.import_module,
        version: Callable[[str], str] = metadata.version,
        server: bool | None = None,
    ) -> None:
        self._find, self._load, self._version = find, load, version
        self._server = bool(os.environ.get(SERVER)) if server is None else server

    @property
    def is_ready(self) -> bool:
        """Whether the engine can be imported, with torch unless networks run on a server, in the
        versions that this module needs."""
        left_out = NETWORKS if self._server else ()
        return all(self._is_there(name) for name in requirements() if name not in left_out)

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
            if not (self._server or self._has("torch")) and self._has("PyTorchUtils"):
                logic = self._load("PyTorchUtils").PyTorchUtilsLogic()
                requirement = requirements()["torch"]
                if (
                    logic.installTorch(askConfirmation=True, torchVersionRequirement=requirement)
                    is None
                ):
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
            packages = packaging.load_requirements(str(REQUIREMENTS))
            options: dict[str, Any] = {}
            if self._server:
                packages = [each for each in packages if not str(each).startswith(NETWORKS)]
                options["skip_packages"] = list(NETWORKS)
            try:
                packaging.pip_ensure(packages, requester=REQUESTER, **options)
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

            versions = SpecifierSet(requirements()[name])
            return versions.contains(self._version(name), prereleases=True)
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
