"""Requests to a server, by Python's own HTTP client; every failure is a sentence for the user."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import IO, Any

from shaspec.errors import ServerError
from shaspec.remote.address import Address
from shaspec.remote.idle import Idle
from shaspec.remote.wire import LONGEST_LINE, VERSION

PATIENCE = 30.0
"""Seconds without a byte after which a connection is lost; a run says something every second."""

END = 1.0
"""Seconds for the end of an answer, after which its connection can be used again."""


class LostError(ServerError):
    """The connection failed: trying again may help."""


class AnswerError(ServerError):
    """The server refuses a request."""

    def __init__(self, message: str, answer: Answer) -> None:
        super().__init__(message)
        self.answer = answer


@dataclass(frozen=True)
class Answer:
    """Status, headers (in lower case) and JSON of an answer; an empty body is an empty object."""

    status: int
    headers: Mapping[str, str]
    content: Mapping[str, Any]


class Connection:
    """Requests to one server, from any thread; a connection serves one request after the other.

    Args:
        address: of the server.
        patience: seconds without a byte after which a connection counts as lost.
    """

    def __init__(self, address: Address, patience: float = PATIENCE) -> None:
        self.address = address
        self._patience = patience
        self._idle = Idle()

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        accept: tuple[int, ...] = (),
        patience: float | None = None,
    ) -> Answer:
        """Send a request and wait for its answer.

        Args:
            method: of HTTP.
            path: below the version, e.g. ``sessions``.
            body: JSON, or the bytes of a volume.
            headers: in addition to the token.
            accept: statuses of failures that the caller handles.
            patience: seconds; None: as of the connection.

        Returns:
            The answer, with a status of success or one of ``accept``.

        Raises:
            LostError: if there is no connection.
            AnswerError: if the server refuses the request.
        """
        with self._sent(method, path, body, headers or {}, patience) as response:
            content = _content(response)
            answer = Answer(response.status, _lower(response), content)
        if answer.status >= 300 and answer.status not in accept:
            raise self._refused(answer)
        return answer

    @contextmanager
    def stream(self, path: str, body: bytes) -> Iterator[IO[bytes]]:
        """Send a POST and read its answer as it comes; leaving the block ends the connection.

        Args:
            path: below the version.
            body: JSON.

        Yields:
            A binary file to read from.

        Raises:
            LostError: if there is no connection, or it ends.
            AnswerError: if the server refuses the request.
        """
        with self._sent("POST", path, body, {}, None) as response:
            if response.status >= 300:
                raise self._refused(Answer(response.status, _lower(response), _content(response)))
            yield response

    @contextmanager
    def _sent(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        patience: float | None,
    ) -> Iterator[http.client.HTTPResponse]:
        fixed = {"Authorization": f"Bearer {self.address.token}"}
        if body is not None and method == "POST":
            fixed["Content-Type"] = "application/json"
        target = f"{self.address.path}/{VERSION}/{path}"
        request = method, target, body, {**fixed, **headers}
        try:
            opened, response = self._answered(request, patience or self._patience)
            try:
                yield response
                _end(opened, response)
            finally:
                if response.isclosed() and not response.will_close:  # it was read to its end
                    self._idle.put(opened)
                else:
                    opened.close()
        except (OSError, http.client.HTTPException) as error:
            raise self._lost(error) from error

    def _answered(
        self, request: tuple[str, str, bytes | None, dict[str, str]], patience: float
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Send a request; on a new connection if one that has waited turns out to be closed."""
        while True:
            waited = self._idle.take(patience)
            opened = waited or self._open(patience)
            try:
                opened.request(*request)
                return opened, opened.getresponse()
            except (OSError, http.client.HTTPException) as error:
                opened.close()
                if waited is None or isinstance(error, TimeoutError):
                    raise

    def _open(self, patience: float) -> http.client.HTTPConnection:
        where = self.address.host, self.address.port
        if not self.address.secure:
            return http.client.HTTPConnection(*where, timeout=patience)
        return http.client.HTTPSConnection(*where, timeout=patience, context=self._context)

    @cached_property
    def _context(self) -> ssl.SSLContext:
        """With the certificates of this system, which take a while to read."""
        return ssl.create_default_context()

    def _lost(self, error: Exception) -> LostError:
        if isinstance(error, ssl.SSLCertVerificationError):
            return LostError(
                f"server {self.address}: its certificate is not trusted ({error.verify_message}): "
                "ask the administrator of the server"
            )
        said = getattr(error, "strerror", "") or str(error) or "it ended"
        reason = "no answer" if isinstance(error, TimeoutError) else said
        return LostError(
            f"no connection to server {self.address} ({reason}): check that it runs and that the "
            "address is right, then try again"
        )

    def _refused(self, answer: Answer) -> AnswerError:
        text = answer.content.get("error") or f"unexpected status {answer.status}"
        return AnswerError(f"server {self.address}: {text}", answer)


def _end(opened: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
    """Read the end of an answer whose content was read."""
    if not response.isclosed() and opened.sock is not None:
        opened.sock.settimeout(END)
        with suppress(OSError, http.client.HTTPException):
            response.read(1)


def _lower(response: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}


def _content(response: http.client.HTTPResponse) -> Mapping[str, Any]:
    data = response.read(LONGEST_LINE)
    try:
        content = json.loads(data) if data else {}
    except (ValueError, RecursionError):  # of a proxy
        return {}
    return content if isinstance(content, dict) else {}
