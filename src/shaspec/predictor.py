"""Segment from Python in a few calls: load a model, read a case, predict, save.

The event streams of `shaspec.inference` are for interfaces that show progress and cancel; here a
call returns its result.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy.typing as npt

from shaspec.analysis.subset_table import SubsetTable
from shaspec.case import Case
from shaspec.case_session import CaseSession
from shaspec.errors import InputError
from shaspec.inference.classification import ClassificationSession
from shaspec.inference.feature_maps import FeatureMaps
from shaspec.inference.session import InferenceSession
from shaspec.io import cases
from shaspec.io.cases import Source
from shaspec.models import weights
from shaspec.models.summary import card_lines, size_mb
from shaspec.models.weights import Model
from shaspec.notebook import html_table
from shaspec.prediction import Classification, Prediction
from shaspec.progress import Report
from shaspec.task import Subset, Task, load_task


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
        WeightsError: if there is no such model, or card and weights do not fit each other.
        InputError: if the bundled task file of its task cannot be read.
    """
    model = weights.load_model(name_or_folder)
    size = None if window is None else tuple(window)
    options = (device, size, overlap, keep, precision)
    return Predictor(model.network, model.card, model.source, *options)


def read_case(source: Source, task: Task | str | Path | Model = "brats", **options: Any) -> Case:
    """Read a case from files.

    Args:
        source: a case folder, a 4D file, a list of files, or ``{modality: file}``.
        task: what the files show: a task, the name of a bundled one, the path of a task file, or a
            model, whose task is taken.
        options: keyword options of `shaspec.io.read_case`, e.g. ``scheme`` or ``with_labels``.

    Returns:
        The case, all volumes on one grid.

    Raises:
        InputError: if files cannot be read or told apart; the message names the file.
    """
    if isinstance(task, Model):
        task = task.card.task
    return cases.read_case(source, task if isinstance(task, Task) else load_task(task), **options)


@dataclass(frozen=True, eq=False, repr=False)
class Predictor(Model):
    """A loaded model that segments or classifies cases; made by `load_model`.

    The features of the last case are kept: another subset of the same `Case` object re-runs the
    decoder alone. Anything that takes a `shaspec.models.weights.Model` takes a predictor.
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
        """What the model segments from what."""
        return self.card.task

    def open(self, case: Case | Source) -> CaseSession:
        """Open a case to predict many subsets of it.

        Args:
            case: a case, or what `read_case` takes.

        Returns:
            A session of its own, which keeps the features of this case.

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

    def predict(
        self,
        case: Case | Source,
        present: Iterable[str] | None = None,
        *,
        probabilities: bool = False,
        progress: bool | Report = False,
    ) -> Prediction:
        """Segment a case as if only ``present`` had been acquired.

        Absent modalities are not read at all. A run that has to go on with less memory (smaller
        windows, the CPU) gives a `ShaspecWarning`, which `Prediction.provenance` keeps as well.

        Args:
            case: a case, or what `read_case` takes (read again at every call).
            present: names of modalities of the case; default: all that it has.
            probabilities: also keep the probability of every region (float32, one array per
                region on the grid of the case) in `Prediction.probabilities`.
            progress: True: show a bar; a function: call it with ``done``, ``total``, ``stage``.

        Returns:
            The label map with its volumes and provenance.

        Raises:
            InputError: if the case cannot be read or does not have these modalities, and for a
                model that classifies.
            OutOfMemoryError: if not even the smallest window fits into memory.
        """
        session = self._session(case)
        return session.predict(present, probabilities=probabilities, progress=progress)

    def classify(
        self,
        case: Case | Source,
        present: Iterable[str] | None = None,
        *,
        progress: bool | Report = False,
    ) -> Classification:
        """Classify a case as if only ``present`` had been acquired.

        Args:
            case: a case, or what `read_case` takes (read again at every call).
            present: names of modalities of the case; default: all that it has.
            progress: True: show a bar; a function: call it with ``done``, ``total``, ``stage``.

        Returns:
            The probabilities of the classes and the provenance.

        Raises:
            InputError: if the case cannot be read or does not have these modalities, and for a
                model that segments.
            OutOfMemoryError: if the model and one input do not fit into memory.
        """
        return self._session(case).classify(present, progress=progress)

    def features(
        self,
        case: Case | Source,
        present: Iterable[str] | None = None,
        *,
        progress: bool | Report = False,
    ) -> FeatureMaps:
        """The feature maps of every modality of a case.

        Args:
            case: a case, or what `read_case` takes (read again at every call).
            present: what counts as acquired for imputed features and attention; default: all that
                the case has. The other modalities of the case are encoded too, to compare with.
            progress: True: show a bar; a function: call it with ``done``, ``total``, ``stage``.

        Returns:
            The maps on one coarse grid that lies over the anatomy.

        Raises:
            InputError: if the case cannot be read or does not have these modalities, and for a
                model without features of single modalities.
            OutOfMemoryError: if not even the smallest window fits into memory.
        """
        return self._session(case).features(present, progress=progress)

    def robustness(
        self,
        case: Case | Source,
        subsets: Sequence[Subset] | None = None,
        *,
        truth: npt.NDArray[Any] | None = None,
        progress: bool | Report = False,
    ) -> SubsetTable:
        """Segment a case from every subset of its modalities and compare.

        Args:
            case: a case, or what `read_case` takes (read again at every call).
            subsets: which subsets; default: all 2^M - 1 of the M modalities of the case.
            truth: label map (*spatial) to compare with, on the grid of the case and in the codes
                of its task; default: the labels of the case, and if it has none, the result of
                all modalities.
            progress: True: show a bar; a function: call it with ``done``, ``total``, ``stage``.

        Returns:
            A row per subset with Dice, HD95 (mm or pixels) and size (mL or pixels) per region.

        Raises:
            InputError: if the case cannot be read, for subsets that it does not have, a truth on
                another grid, and a model that classifies.
            OutOfMemoryError: if not even the smallest window fits into memory.
        """
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
        found = self.task.reported_regions or [label.name for label in self.task.labels]
        return f"{', '.join(found)} from {self.task.title_names}"
