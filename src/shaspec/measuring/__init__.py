"""Measurements of a label map: lesions of a region, their sizes and largest diameters."""

from __future__ import annotations

from shaspec.measuring.lesions import Lesion, Measurements, measure
from shaspec.measuring.table import measurement_rows, write_measurements

__all__ = ["Lesion", "Measurements", "measure", "measurement_rows", "write_measurements"]
