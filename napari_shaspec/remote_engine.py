"""The engine on a server of `shaspec serve` instead of the one on this computer; no torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_shaspec.settings import InferenceSettings
from shaspec.case import Case
from shaspec.errors import ServerError
from shaspec.inference.events import Computed, Notice, Progress
from shaspec.remote.address import without_token
from shaspec.remote.server import RemoteServer
from shaspec.remote.session import RemoteSession

if TYPE_CHECKING:
    from shaspec.analysis.features.cohort import WindowPoint
    from shaspec.models.card import Card


class RemoteEngine:
    """Lists the models of a server and opens sessions on it.

    The settings *Device* and *Memory for features* are those of the server; the others apply.

    Args:
        address: with the token, as the server prints it. It is read by `refresh`, so that a panel
            opens and shows what is wrong.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._server: RemoteServer | None = None

    @property
    def where(self) -> str:
        """The address without the token."""
        return without_token(self._address)

    def refresh(self) -> None:
        """Asks the server for its models; raises `ShaspecError`. Slow."""
        self._connected().refresh()

    def models(self) -> list[str]:
        """Names of the models, as the server said last; raises `ServerError` before that."""
        return list(self._known())

    def card(self, model: str) -> Card:
        """The card of a model, as the server said last; raises `ShaspecError`."""
        self._known()
        return self._connected().known_card(model)

    def session(self, model: str, case: Case, settings: InferenceSettings) -> RemoteSession:
        """Opens a session; its first run uploads the case."""
        return self._connected().session(
            model,
            case,
            window=settings.voxels,
            overlap=settings.overlap,
            keep=settings.keep,
            precision=settings.precision,
        )

    def cohort(
        self, model: str, folder: str, settings: InferenceSettings
    ) -> Iterator[Progress | Notice | Computed[list[WindowPoint]]]:
        """Features of all cases in a folder as points. Slow: run it in a worker."""
        from shaspec.analysis.features.cohort import cohort_job
        from shaspec.io import find_cases

        task = self.card(model).task
        alone = replace(settings, keep_features=False)  # each case is read once
        files = find_cases(folder, task, with_labels=False)
        yield from cohort_job(lambda case: self.session(model, case, alone), task, files)

    def _known(self) -> Mapping[str, Card]:
        cards = {} if self._server is None else self._server.cards
        if not cards:
            raise ServerError(
                f"server {self.where} has not sent its list of models yet: wait until it answers"
            )
        return cards

    def _connected(self) -> RemoteServer:
        if self._server is None:
            self._server = RemoteServer(self._address)
        return self._server
