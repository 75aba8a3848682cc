"""One model on one case; the features of the case are kept between calls.

`shaspec.predictor.Predictor` has the same calls with the case as first argument.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any

import numpy.typing as npt

from shaspec.analysis.robustness import sweep
from shaspec.analysis.subset_table import SubsetTable
from shaspec.case import Case
from shaspec.errors import InputError, ShaspecWarning
from shaspec.inference.classification import ClassificationSession
from shaspec.inference.feature_maps import FeatureMaps
from shaspec.inference.outcome import last_event
from shaspec.inference.session import InferenceSession
from shaspec.prediction import Classification, Prediction
from shaspec.progress import Report, reporting
from shaspec.task import Subset


class CaseSession:
    """A case opened by `Predictor.open`: any number of subsets, each modality encoded once.

    In a ``with`` block the kept features are freed at its end.

    Args:
        session: the inference session; its jobs yield events.
    """

    def __init__(self, session: InferenceSession | ClassificationSession) -> None:
        self.session = session
        """The inference session, for interfaces that need its events."""

    @property
    def case(self) -> Case:
        """The case that was opened."""
        return self.session.case

    @property
    def device(self) -> str:
        """The device in use, e.g. ``cpu`` or ``cuda``."""
        return self.session.device

    def predict(
        self,
        present: Iterable[str] | None = None,
        *,
        probabilities: bool = False,
        progress: bool | Report = False,
    ) -> Prediction:
        """Segment the case as if only ``present`` had been acquired.

        Absent modalities are not read. A run that must continue with less memory (smaller windows,
        the CPU) gives a `ShaspecWarning`, which is also kept in `Prediction.provenance`.

        Args:
            present: names of modalities of the case; default: all that it has.
            probabilities: also keep the probability of every region (float32, one array per
                region on the grid of the case) in `Prediction.probabilities`.
            progress: True: show a bar; a function: call it with ``done``, ``total``, ``stage``.

        Returns:
            The label map with its volumes and provenance.

        Raises:
            InputError: for modalities that the case does not have, and for a model that
                classifies.
            OutOfMemoryError: if not even the smallest window fits into memory.
        """
        if not isinstance(self.session, InferenceSession):
            raise InputError(f"model {self._name!r} predicts a class: call classify")
        with reporting(progress) as report:
            events = self.session.predict(present, probabilities=probabilities)
            notices: list[str] = []
            result = last_event(events, progress=report, notice=notices.append).prediction
        _keep_notices(result, notices)
        return result

    def classify(
        self, present: Iterable[str] | None = None, *, progress: bool | Report = False
    ) -> Classification:
        """Classify the case as if only ``present`` had been acquired.

        Args:
            present: names of modalities of the case; default: all that it has.
            progress: True: show a bar; a function: call it with ``done``, ``total``, ``stage``.

        Returns:
            The probabilities of the classes and the provenance.

        Raises:
            InputError: for modalities that the case does not have, and for a model that segments.
            OutOfMemoryError: if the model and one input do not fit into memory.
        """
        if not isinstance(self.session, ClassificationSession):
            raise InputError(f"model {self._name!r} segments: call predict")
        with reporting(progress) as report:
            notices: list[str] = []
            events = self.session.predict(present)
            result = last_event(events, progress=report, notice=notices.append).prediction
        _keep_notices(result, notices)
        return result

    def features(
        self, present: Iterable[str] | None = None, *, progress: bool | Report = False
    ) -> FeatureMaps:
        """The feature maps of every modality of the case.

        Args:
            present: modalities that count as acquired for imputed features and attention;
                default: all of the case. The others are encoded too, for comparison.
            progress: True: show a bar; a function: call it with ``done``, ``total``, ``stage``.

        Returns:
            The maps on one coarse grid that covers the anatomy.

        Raises:
            InputError: for modalities that the case does not have, and for a model without
                features of single modalities.
            OutOfMemoryError: if not even the smallest window fits into memory.
        """
        with reporting(progress) as report:
            events = self.session.features(present)
            return last_event(events, progress=report, notice=_warn).value

    def robustness(
        self,
        subsets: Sequence[Subset] | None = None,
        *,
        truth: npt.NDArray[Any] | None = None,
        progress: bool | Report = False,
    ) -> SubsetTable:
        """Segment the case from every subset of its modalities and compare.

        Args:
            subsets: which subsets; default: all 2^M - 1 of the M modalities of the case.
            truth: label map (*spatial) to compare with, on the grid of the case and in the codes
                of its task; default: the labels of the case, and if it has none, the result of
                all modalities.
            progress: True: show a bar; a function: call it with ``done``, ``total``, ``stage``.

        Returns:
            A row per subset with Dice, HD95 (mm or pixels) and size (mL or pixels) per region.

        Raises:
            InputError: for subsets that the case does not have, a truth on another grid, and a
                model that classifies.
            OutOfMemoryError: if not even the smallest window fits into memory.
        """
        truth = self.case.labels if truth is None else truth
        with reporting(progress) as report:
            events = sweep(self.session, subsets, truth)
            return last_event(events, progress=report, notice=_warn).table

    def is_kept(self, present: Iterable[str]) -> bool:
        """Whether a subset can be predicted without encoding anything.

        Args:
            present: names of modalities of the case.

        Returns:
            True if the features of all of them are kept.

        Raises:
            InputError: for modalities that the task does not have.
        """
        return self.session.is_kept(present)

    def release(self) -> None:
        """Free the memory of all kept features; the session can still be used."""
        self.session.release()

    def __enter__(self) -> CaseSession:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def __repr__(self) -> str:
        return f"<CaseSession of case {self.case.name}, model {self._name}, on {self.device}>"

    @property
    def _name(self) -> str:
        return self.session.model.card.name


def _keep_notices(result: Prediction | Classification, notices: Sequence[str]) -> None:
    """Warn of the notices of a run, and keep them in the provenance of its result."""
    for text in notices:
        _warn(text)
    result.provenance["notices"] = [*result.provenance.get("notices", ()), *notices]


def _warn(text: str) -> None:
    warnings.warn(text, ShaspecWarning, stacklevel=4)
