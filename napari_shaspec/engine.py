"""Access of the plugin to the engine: models, cards and sessions, imported when needed.

Controllers take any `Engine`, so that they are tested without a network.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

from napari_shaspec import model_folders
from napari_shaspec.jobs.importing import importing
from napari_shaspec.settings import InferenceSettings, server_settings
from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.inference.events import Computed, Notice, Progress
from shaspec.inference.interface import AnySession as Session
from shaspec.remote.address import SERVER

if TYPE_CHECKING:
    from shaspec.analysis.features.cohort import WindowPoint
    from shaspec.models.card import Card
    from shaspec.models.weights import Model

__all__ = ["Engine", "LocalEngine", "Session", "remote_engine"]


class Engine(Protocol):
    """Lists models and opens sessions."""

    @property
    def where(self) -> str:
        """Address of the server that computes, without its token; empty: this computer."""
        ...

    def refresh(self) -> None:
        """Asks a server for what `models` and `card` tell. Slow: call it in a worker."""
        ...

    def models(self) -> list[str]:
        """Names of the bundled models, then the folders of the user's models, or the names of a
        server; fast, raises `ServerError` before a server has answered."""
        ...

    def card(self, model: str) -> Card:
        """The card of a model; fast, raises `WeightsError`, or as `models`."""
        ...

    def session(self, model: str, case: Case, settings: InferenceSettings) -> Session:
        """Opens a session, loading the model if needed. Slow: call it in a worker."""
        ...

    def cohort(
        self, model: str, folder: str, settings: InferenceSettings
    ) -> Iterator[Progress | Notice | Computed[list[WindowPoint]]]:
        """Features of all cases in a folder as points. Slow: run it in a worker."""
        ...


class LocalEngine:
    """The engine on this computer. Keeps the last model in memory."""

    where = ""

    def __init__(self) -> None:
        self._loaded: tuple[str, str, Model] | None = None  # name or folder, sha256, model

    def refresh(self) -> None:
        """Does nothing: the list of models is read every time."""

    def models(self) -> list[str]:
        from shaspec.models.card import bundled_models

        return [*bundled_models(), *model_folders.folders()]

    def card(self, model: str) -> Card:
        from shaspec.models.card import load_card

        return load_card(model)

    def session(self, model: str, case: Case, settings: InferenceSettings) -> Session:
        _require_torch()
        with importing():
            from shaspec.inference.classification import ClassificationSession
            from shaspec.inference.session import InferenceSession

        loaded = self._load(model)
        if loaded.card.task.kind == "classification":
            return ClassificationSession(
                loaded,
                case,
                device=settings.device,
                keep=settings.keep,
                precision=settings.precision,
            )
        return InferenceSession(
            loaded,
            case,
            device=settings.device,
            precision=settings.precision,
            window=settings.voxels,
            overlap=settings.overlap,
            keep=settings.keep,
        )

    def cohort(
        self, model: str, folder: str, settings: InferenceSettings
    ) -> Iterator[Progress | Notice | Computed[list[WindowPoint]]]:
        _require_torch()
        with importing():
            from shaspec.analysis.features.cohort import cohort_job
            from shaspec.io import find_cases

        loaded = self._load(model)
        files = find_cases(folder, loaded.card.task, with_labels=False)
        alone = replace(settings, keep_features=False)  # each case is read once
        yield from cohort_job(
            lambda case: self.session(model, case, alone), loaded.card.task, files
        )

    def _load(self, model: str) -> Model:
        import torch

        from shaspec.models.weights import load_model

        key = (model, self.card(model).sha256)  # resumed training changes the weights
        if self._loaded is None or self._loaded[:2] != key:
            self._loaded = None  # frees the old network first
            self._loaded = (*key, load_model(model))
        # Leaves one core to the window, so that napari stays responsive.
        torch.set_num_threads(max(1, min(torch.get_num_threads(), (os.cpu_count() or 2) - 1)))
        return self._loaded[2]


def _require_torch() -> None:
    """Raise `InputError` on a computer that was installed as a client of a server alone."""
    if find_spec("torch") is None:
        raise InputError(
            "torch is not installed here: pip install torch, or name a server in Preferences > "
            "ShaSpec > Server"
        )


def remote_engine() -> Engine | None:
    """The engine on the server of the settings; None: the user has named none."""
    address = server_settings().address or os.environ.get(SERVER, "")
    if not address.strip():
        return None
    from napari_shaspec.remote_engine import RemoteEngine

    return RemoteEngine(address)
