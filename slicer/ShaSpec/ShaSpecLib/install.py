"""Installs the engine into Slicer's Python, only when the user asks for it."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

REQUIREMENTS = Path(__file__).parents[1] / "Resources" / "requirements.txt"
REQUESTER = "ShaSpec"
TORCH = ">=2.10"
"""What the engine requires."""


class Installer:
    """Knows whether the engine is there, and how to install it.

    Args:
        find: finds a module by name without importing it; tests give a fake.
        load: imports a module.
    """

    def __init__(
        self,
        find: Callable[[str], object] = importlib.util.find_spec,
        load: Callable[[str], Any] = importlib.import_module,
    ) -> None:
        self._find, self._load = find, load

    @property
    def is_ready(self) -> bool:
        """Whether the engine and torch can be imported."""
        return self._has("shaspec") and self._has("torch")

    def install(self) -> bool:
        """Install what is missing; Slicer asks the user before it downloads.

        torch comes through the PyTorch extension if that is there: it chooses the build for the
        graphics card. Otherwise pip takes what the engine requires.

        Returns:
            Whether the engine is there now; False if the user declined.
        """
        if not self._has("torch") and self._has("PyTorchUtils"):
            logic = self._load("PyTorchUtils").PyTorchUtilsLogic()
            if logic.installTorch(askConfirmation=True, torchVersionRequirement=TORCH) is None:
                return False
        if not self._has("shaspec"):
            self._install_requirements()
        importlib.invalidate_caches()
        return self.is_ready

    def _install_requirements(self) -> None:
        if self._has("slicer.packaging"):  # since Slicer 5.12
            packaging = self._load("slicer.packaging")
            wanted = packaging.load_requirements(str(REQUIREMENTS))
            packaging.pip_ensure(wanted, requester=REQUESTER)
            return
        util = self._load("slicer.util")
        text = (
            "ShaSpec needs its engine, the package shaspec with PyTorch (up to 3 GB). Install it?"
        )
        if util.confirmOkCancelDisplay(text, windowTitle=REQUESTER):
            util.pip_install(f'-r "{REQUIREMENTS}"')

    def _has(self, name: str) -> bool:
        try:
            return self._find(name) is not None
        except (ImportError, ValueError):  # its package is missing
            return False
