"""A server of `shaspec serve`: its models, and sessions that run there."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from shaspec.case import Case
from shaspec.errors import ServerError, WeightsError
from shaspec.models.card import Card
from shaspec.remote.address import parse_address
from shaspec.remote.connection import Connection
from shaspec.remote.session import RemoteSession
from shaspec.remote.wire import Info

FRESH = 30.0
"""Seconds for which the list of models is not asked for again."""
PATIENCE = 5.0
"""Seconds for the list of models: an interface waits for it."""


class RemoteServer:
    """The models of a server. No connection is made before the first question.

    Args:
        address: ``https://TOKEN@HOST:PORT``, as `shaspec serve` prints it.

    Raises:
        InputError: if the address has another form, no token, or is not encrypted.
    """

    def __init__(self, address: str) -> None:
        self.connection = Connection(parse_address(address))
        """For its sessions."""
        self._info: Info | None = None
        self._cards: dict[str, Card] = {}
        self._asked = 0.0  # seconds

    def models(self) -> list[str]:
        """Names of the models, in the order of the server.

        Returns:
            The names.

        Raises:
            ServerError: if there is no connection, or the server is of another version.
        """
        self._refresh()
        return list(self._cards)

    def card(self, model: str) -> Card:
        """The card of a model.

        Args:
            model: name of the model.

        Returns:
            Its card, as the server has it.

        Raises:
            ServerError: if there is no connection, or the server is of another version.
            WeightsError: for an unknown name.
        """
        self._refresh()
        return self.known_card(model)

    def known_card(self, model: str) -> Card:
        """`card` without a connection, from what the server said last.

        Args:
            model: name of the model.

        Returns:
            Its card.

        Raises:
            WeightsError: for an unknown name.
        """
        if model not in self._cards:
            raise WeightsError(
                f"server {self.connection.address} has no model {model!r}, but "
                f"{', '.join(self._cards)}: ask its administrator to add --model {model}"
            )
        return self._cards[model]

    @property
    def cards(self) -> Mapping[str, Card]:
        """Name of a model -> its card, as the server said last; empty before."""
        return self._cards

    def session(self, model: str, case: Case, **options: Any) -> RemoteSession:
        """Open a session. The case is uploaded by its first run.

        Args:
            model: name of the model.
            case: a case of its task.
            options: ``window``, ``overlap``, ``keep`` and ``precision``, see `RemoteSession`.

        Returns:
            The session.

        Raises:
            ServerError: if there is no connection, or the server is of another version.
            WeightsError: for an unknown name.
            InputError: if the case is of another task.
        """
        card = self.card(model)
        assert self._info is not None
        return RemoteSession(
            self.connection, card, case, model=model, chunk=self._info.chunk,
            outdated=self._forget, **options,
        )  # fmt: skip

    def _forget(self) -> None:
        """The next session asks for the models again."""
        self._info = None

    def _refresh(self) -> None:
        if self._info is None or time.monotonic() - self._asked >= FRESH:
            self.refresh()

    def refresh(self) -> None:
        """Ask for the models.

        Raises:
            ServerError: if there is no connection, or the server is of another version.
        """
        answer = self.connection.ask("GET", "", patience=PATIENCE)
        try:
            self._info = Info.model_validate(answer.content)
            self._cards = {n: Card.model_validate(c) for n, c in self._info.models.items()}
        except ValidationError as error:
            version = answer.content.get("version", "unknown")
            raise ServerError(
                f"server {self.connection.address} has another version of shaspec ({version}): "
                "install the same one here"
            ) from error
        self._asked = time.monotonic()
