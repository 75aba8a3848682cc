"""Parse the names of images with a vocabulary; see `shaspec.io.naming`."""

from __future__ import annotations

from shaspec.io.names.parse import read
from shaspec.io.names.reading import LABELS, Certainty, Match, Reading
from shaspec.io.names.task_words import task_vocabulary

__all__ = ["LABELS", "Certainty", "Match", "Reading", "read", "task_vocabulary"]
