"""The plugin's one door to the engine: models, cards and sessions, imported when asked for.

Controllers take any `Engine`, so that they are tested without a network. Its sessions have the
interface of `shaspec.inference.base.Session`, which is imported for type checks alone: it would
import torch when the plugin loads.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, TypeAlias

from napari_shaspec import model_folders
from napari_shaspec.settings import InferenceSettings
from shaspec.case import Case
from shaspec.inference.events import Computed, Notice, Progress
from shaspec.prediction import Classification, Prediction

if TYPE_CHECKING:
    from shaspec.analysis.features.cohort import WindowPoint
    from shaspec.inference import base
    from shaspec.models.card import Card
    from shaspec.models.weights import Model


Session: TypeAlias = "base.Session[Prediction | Classification]"


class Engine(Protocol):
    """Where models come from and sessions are opened."""

    def models(self) -> list[str]:
        """Names of the bundled models, then folders of known ones; fast."""
        ...

    def card(self, model: str) -> Card:
        """The card of a bundled model or a model folder; fast, raises `WeightsError`."""
        ...

    def session(self, model: str, case: Case, settings: InferenceSettings) -> Session:
        """Loads the model if need be; slow, so only ever called in a worker."""
        ...

    def cohort(
        self, model: str, folder: str, settings: InferenceSettings
    ) -> Iterator[Progress | Notice | Computed[list[WindowPoint]]]:
        """Features of all cases in a folder as points; slow, so only ever run in a worker."""
        ...


class LocalEngine:
    """The engine on this computer. Keeps the model that was used last."""

    def __init__(self) -> None:
        self._loaded: tuple[str, str, Model] | None = None  # name or folder, sha256, model

    def models(self) -> list[str]:
        from shaspec.models.card import bundled_models

        return [*bundled_models(), *model_folders.folders()]

    def card(self, model: str) -> Card:
        from shaspec.models.card import load_card

        return load_card(model)

    def session(self, model: str, case: Case, settings: InferenceSettings) -> Session:
        from shaspec.inference.classification import ClassificationSession
        from shaspec.inference.session import InferenceSession

        loaded = self._load(model)
        if loaded.card.task.kind == "classification":
            return ClassificationSession(loaded, case, device=settings.device, keep=settings.keep)
        return InferenceSession(
            loaded,
            case,
            device=settings.device,
            window=settings.voxels,
            overlap=settings.overlap,
            keep=settings.keep,
        )

    def cohort(
        self, model: str, folder: str, settings: InferenceSettings
    ) -> Iterator[Progress | Notice | Computed[list[WindowPoint]]]:
        from shaspec.analysis.features.cohort import cohort_job
        from shaspec.io import find_cases

        loaded = self._load(model)
        files = find_cases(folder, loaded.card.task, with_labels=False)
        yield from cohort_job(
            loaded,
            files,
            device=settings.device,
            window=settings.voxels,
            overlap=settings.overlap,
        )

    def _load(self, model: str) -> Model:
        import torch

        from shaspec.models.weights import load_model

        what = (model, self.card(model).sha256)  # a run that was resumed has other weights
        if self._loaded is None or self._loaded[:2] != what:
            self._loaded = None  # the old network goes before the new one comes
            self._loaded = (*what, load_model(model))
        # One core is the window's: with all of them at work, napari would stutter.
        torch.set_num_threads(max(1, min(torch.get_num_threads(), (os.cpu_count() or 2) - 1)))
        return self._loaded[2]
