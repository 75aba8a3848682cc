"""Rigid registration of scans of one head: where each modality lies relative to a reference."""

from shaspec.registration.level import Scan
from shaspec.registration.register import Registration, register
from shaspec.registration.rigid import Rigid

__all__ = ["Registration", "Rigid", "Scan", "register"]
