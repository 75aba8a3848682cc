"""The Python interface: load a model, predict, save.

Calls return their results. Interfaces that show progress and cancel jobs use the event streams of
`shaspec.inference` instead.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy.typing as npt

from shaspec.analysis.subset_table import SubsetTable
from shaspec.case import Case
from shaspec.case_reading import read_case
from shaspec.case_session import CaseSession
from shaspec.errors import InputError
from shaspec.inference.classification import ClassificationSession
from shaspec.inference.feature_maps import FeatureMaps
from shaspec.inference.session import InferenceSession
from shaspec.io.given_files import Source
from shaspec.models import weights
from shaspec.models.summary import card_lines, size_mb
from shaspec.models.weights import Model
from shaspec.notebook import html_table
from shaspec.prediction import Classification, Prediction
from shaspec.progress import Report
from shaspec.task import Subset, Task

F = TypeVar("F", bound=Callable[..., Any])

CASE = "case: a case, or any source that `read_case` accepts, which is then read at every call."


def load_model(
    name_or_folder: str | Path = "shaspec",
    *,
    device: str = "auto",
    window: Sequence[int] | None = None,
    overlap: float = 0.25,
    keep: int | None = None,
    precision: str = "auto",
) -> Predictor:
    """Load a model, ready to segment or classify cases.

    Args:
        name_or_folder: a bundled model, e.g. ``shaspec`` (see `bundled_models`), or the folder of
            a trained or imported one.
        device: ``auto`` (a GPU if there is one), ``cpu``, ``cuda``, ``cuda:1`` ...
        window: voxels (S, P, L), or pixels (row, column); default: that of the model's card.
        overlap: least share of a window that overlaps with the next, from 0 to below 1.
        keep: bytes of features to keep between calls; default: a quarter of the free memory; 0:
            none.
        precision: ``float32``, ``bfloat16``, or ``auto``: bfloat16 for volumes on a CPU with
            instructions for it, otherwise float32.

    Returns:
        The model with `Predictor.predict` and other calls.

    Raises:
        WeightsError: for an unknown model, or if card and weights do not match.
        InputError: if the bundled task file of its task cannot be read.
    """
    model = weights.load_model(name_or_folder)
    size = None if window is None else tuple(window)
    options = (device, size, overlap, keep, precision)
    return Predictor(model.network, model.card, model.source, *options)


def _documented_by(method: Callable[..., Any]) -> Callable[[F], F]:
    """Gives a method of `Predictor` the docstring of the method of `CaseSession` that it calls."""

    def document(function: F) -> F:
        text = inspect.getdoc(method) or ""
        function.__doc__ = text.replace("Args:\n", f"Args:\n    {CASE}\n")
        return function

    return document


@dataclass(frozen=True, eq=False, repr=False)
class Predictor(Model):
    """A loaded model that segments or classifies cases; made by `load_model`.

    The features of the last case are kept: another subset of the same `Case` object only re-runs
    the decoder. A predictor can be used wherever a `shaspec.models.weights.Model` is accepted.
    """

    device: str = "auto"
    """``auto``, ``cpu``, ``cuda``, ``cuda:1`` ..."""
    window: tuple[int, ...] | None = None
    """Voxels (S, P, L), or pixels (row, column); None: that of the card."""
    overlap: float = 0.25
    """Least share of a window that overlaps with the next."""
    keep: int | None = None
    """Bytes of features to keep; None: a quarter of the free memory."""
    precision: str = "auto"
    """``auto``, ``float32`` or ``bfloat16``."""
    _opened: list[CaseSession] = field(default_factory=list, init=False)
    """The session of the last case, if any."""

    @property
    def task(self) -> Task:
        """The task of the model: modalities, labels and regions."""
        return self.card.task

    def open(self, case: Case | Source) -> CaseSession:
        """Open a case to predict many subsets of it.

        Args:
            case: a case, or what `read_case` takes.

        Returns:
            A session that keeps the features of this case.

        Raises:
            InputError: if the case cannot be read or is not of the model's task, or if device,
                window, overlap or precision cannot be used.
        """
        case = case if isinstance(case, Case) else read_case(case, self.task)
        common: dict[str, Any] = {
            "device": self.device, "keep": self.keep, "precision": self.precision,
        }  # fmt: skip
        if self.task.kind == "classification":
            if self.window is not None:
                raise InputError(
                    f"model {self.card.name!r} classifies whole inputs: leave out window"
                )
            return CaseSession(ClassificationSession(self, case, **common))
        session = InferenceSession(self, case, window=self.window, overlap=self.overlap, **common)
        return CaseSession(session)

    @_documented_by(CaseSession.predict)
    def predict(
        self,
        case: Case | Source,
        present: Iterable[str] | None = None,
        *,
        probabilities: bool = False,
        progress: bool | Report = False,
    ) -> Prediction:
        session = self._session(case)
        return session.predict(present, probabilities=probabilities, progress=progress)

    @_documented_by(CaseSession.classify)
    def classify(
        self,
        case: Case | Source,
        present: Iterable[str] | None = None,
        *,
        progress: bool | Report = False,
    ) -> Classification:
        return self._session(case).classify(present, progress=progress)

    @_documented_by(CaseSession.features)
    def features(
        self,
        case: Case | Source,
        present: Iterable[str] | None = None,
        *,
        progress: bool | Report = False,
    ) -> FeatureMaps:
        return self._session(case).features(present, progress=progress)

    @_documented_by(CaseSession.robustness)
    def robustness(
        self,
        case: Case | Source,
        subsets: Sequence[Subset] | None = None,
        *,
        truth: npt.NDArray[Any] | None = None,
        progress: bool | Report = False,
    ) -> SubsetTable:
        return self._session(case).robustness(subsets, truth=truth, progress=progress)

    def release(self) -> None:
        """Forget the last case and free the memory of its features."""
        while self._opened:
            self._opened.pop().release()

    def _session(self, case: Case | Source) -> CaseSession:
        """The session of the last call if it was on this very case, else a new one."""
        if not (self._opened and self._opened[0].case is case):
            self.release()
            self._opened.append(self.open(case))
        return self._opened[0]

    def __repr__(self) -> str:
        return f"<Predictor {self.card.name}: {self._finds}, on {self.device}>"

    def _repr_html_(self) -> str:
        megabytes = size_mb(self.source) if self.source else 0.0
        return html_table(self.card.name, ("", ""), card_lines(self.card, megabytes))

    @property
    def _finds(self) -> str:
        names = self.task.reported_regions or [label.name for label in self.task.labels]
        return f"{', '.join(names)} from {self.task.title_names}"
