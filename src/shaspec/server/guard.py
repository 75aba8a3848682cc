"""What every request passes first: the token, the size of its body, and the patience for it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Sequence

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shaspec.remote.wire import VERSION
from shaspec.server.limits import Limits
from shaspec.server.refusals import RefusedError

HEALTH = f"/{VERSION}/health"
"""The one path that needs no token; it says only that the server runs."""


def refusal(error: RefusedError) -> Response:
    """The answer to a request that is not carried out."""
    content = json.dumps({"error": str(error), "missing": error.missing})
    headers = {"Cache-Control": "no-store"}
    if error.offset is not None:
        headers["Upload-Offset"] = str(error.offset)
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(content, error.status, headers, "application/json")


class Guard:
    """Wraps the application.

    Args:
        app: the application.
        tokens: those that are accepted.
        limits: sizes of bodies, and seconds for a part of one.
    """

    def __init__(self, app: ASGIApp, tokens: Sequence[str], limits: Limits) -> None:
        self._app, self._limits = app, limits
        self._digests = [_digest(token.encode()) for token in tokens]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._check(scope)
        except RefusedError as error:
            await refusal(error)(scope, receive, send)
            return
        await self._app(scope, self._bounded(scope, receive), self._with_timeout(send))

    def _check(self, scope: Scope) -> None:
        headers = dict(scope["headers"])
        if scope["path"] != HEALTH and not self._is_known(headers.get(b"authorization", b"")):
            raise RefusedError(
                401, "the token is missing or wrong: use the one that the server printed"
            )
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self._most(scope):
            raise RefusedError(413, f"the request is larger than {self._most(scope)} bytes")

    def _is_known(self, authorization: bytes) -> bool:
        scheme, _, token = authorization.partition(b" ")
        given = _digest(token.strip())
        same = [hmac.compare_digest(given, digest) for digest in self._digests]  # all, always
        return scheme.lower() == b"bearer" and any(same)

    def _most(self, scope: Scope) -> int:
        return self._limits.chunk if scope["method"] == "PUT" else self._limits.body

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        """Refuses a body that is too large or that stops arriving."""
        most, arrived, complete = self._most(scope), 0, False

        async def bounded() -> Message:
            nonlocal arrived, complete
            if complete:  # waits for the end of the connection
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), self._limits.stall)
            except TimeoutError:
                raise RefusedError(408, "the request did not arrive: send it again") from None
            arrived += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if arrived > most:
                raise RefusedError(413, f"the request is larger than {most} bytes")
            return message

        return bounded

    def _with_timeout(self, send: Send) -> Send:
        """Ends the connection of a client that does not read its answer."""

        async def patient(message: Message) -> None:
            await asyncio.wait_for(send(message), self._limits.stall)

        return patient


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
