"""The requests that a server answers.

Every request needs ``Authorization: Bearer TOKEN``. A client lists the models, uploads the volumes
of a case, opens a session, and runs it as often as it likes:

    GET    /v1/                    version, models with their cards, size of a part
    HEAD   /v1/volumes/SHA256      how much of a volume has arrived
    PUT    /v1/volumes/SHA256      a part of a volume, at an offset
    POST   /v1/sessions            a model on a case
    POST   /v1/sessions/NAME/runs  a run: events as they come, then the result
    DELETE /v1/jobs/NAME           cancel a run
    DELETE /v1/sessions/NAME       end a session
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import FastAPI, Header, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from starlette.exceptions import HTTPException

from shaspec import __version__
from shaspec.errors import ShaspecError, in_words
from shaspec.remote.wire import VERSION, Info, Opened, OpenRequest, Refusal, RunRequest
from shaspec.server.guard import HEALTH, Guard, refusal
from shaspec.server.limits import Limits
from shaspec.server.refusals import RefusedError
from shaspec.server.sessions import Sessions
from shaspec.server.shelf import Shelf
from shaspec.server.stream import answer
from shaspec.server.volumes import Volumes
from shaspec.server.worker import BROKEN, Worker

LOG = logging.getLogger(__name__)
Digest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, Path(pattern=r"^[\w-]{1,64}$")]
Count = Annotated[int, Header(ge=0, le=2**50)]
STATUSES = (400, 401, 404, 405, 408, 409, 413, 422, 503, 507)
REFUSED: dict[int | str, dict[str, Any]] = {status: {"model": Refusal} for status in STATUSES}
STREAM = "application/x-shaspec-events"


@dataclass(frozen=True)
class Service:
    """The parts of a server."""

    shelf: Shelf
    volumes: Volumes
    sessions: Sessions
    worker: Worker
    limits: Limits

    def close(self) -> None:
        """End all runs and delete all volumes."""
        self.worker.close()
        self.volumes.close()


def make_app(service: Service, tokens: Sequence[str]) -> FastAPI:
    """The application.

    Args:
        service: what it works with; it is closed when the application ends.
        tokens: a request needs one of them.

    Returns:
        An application for a server such as uvicorn.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        cleaning = asyncio.create_task(_clean(service))
        yield
        cleaning.cancel()
        await asyncio.to_thread(service.close)

    app = FastAPI(
        title="shaspec serve",
        version=__version__,
        lifespan=lifespan,
        openapi_url=None,
        responses=REFUSED,
        redirect_slashes=False,
    )
    _add_errors(app)
    _add_uploads(app, service)
    _add_sessions(app, service)

    @app.get(HEALTH)
    async def health() -> dict[str, str]:
        return {"status": "runs"}

    @app.get(f"/{VERSION}/")
    async def info() -> Info:
        cards = await asyncio.to_thread(service.shelf.cards)
        models = {name: card.model_dump(mode="json") for name, card in cards.items()}
        return Info(version=__version__, chunk=service.limits.chunk, models=models)

    app.add_middleware(Guard, tokens=tokens, limits=service.limits)
    return app


def _add_uploads(app: FastAPI, service: Service) -> None:
    path = f"/{VERSION}/volumes/{{digest}}"

    @app.head(path)
    async def arrived(digest: Digest) -> Response:
        held = service.volumes.arrived(digest)
        if held is None:
            raise RefusedError(404, "nothing of this volume has arrived")
        headers = {"Upload-Offset": str(held[0]), "Upload-Length": str(held[1])}
        return Response(headers=headers)

    @app.put(path, status_code=204)
    async def append(
        digest: Digest, request: Request, upload_offset: Count, upload_length: Count
    ) -> Response:
        data = await request.body()
        part = digest, upload_offset, upload_length, data
        offset = await asyncio.to_thread(_append, service, part)
        return Response(status_code=204, headers={"Upload-Offset": str(offset)})


def _append(service: Service, part: tuple[str, int, int, bytes]) -> int:
    """Store a part of a volume; while the disk is full, sessions that do not run give way."""
    while True:
        try:
            return service.volumes.append(*part)
        except RefusedError as error:
            if error.status != 507 or not service.sessions.give_way():
                raise


def _add_sessions(app: FastAPI, service: Service) -> None:
    @app.post(f"/{VERSION}/sessions", status_code=201)
    async def open_session(request: OpenRequest) -> Opened:
        return Opened(session=await asyncio.to_thread(service.sessions.open, request))

    @app.delete(f"/{VERSION}/sessions/{{name}}", status_code=204)
    async def close_session(name: Name) -> Response:
        service.sessions.close(name)
        return Response(status_code=204)

    @app.post(
        f"/{VERSION}/sessions/{{name}}/runs",
        response_class=StreamingResponse,
        responses={200: {"content": {STREAM: {}}}},
    )
    async def run(name: Name, request: RunRequest) -> StreamingResponse:
        service.sessions.find(name)
        service.worker.check_room()
        events = answer(service.sessions, service.worker, name, request)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(events, media_type=STREAM, headers=headers)

    @app.delete(f"/{VERSION}/jobs/{{name}}", status_code=204)
    async def cancel(name: Name) -> Response:
        service.worker.cancel(name)
        return Response(status_code=204)


def _add_errors(app: FastAPI) -> None:
    """Every error is a `Refusal`; nothing that was sent is sent back unchecked."""

    @app.exception_handler(RefusedError)
    async def refused(_: Request, error: RefusedError) -> Response:
        return refusal(error)

    @app.exception_handler(ShaspecError)
    async def unusable(_: Request, error: ShaspecError) -> Response:
        """E.g. a model folder that was changed: its path is for the log alone."""
        LOG.error("a request failed", exc_info=error)
        return refusal(RefusedError(503, BROKEN))

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        return refusal(RefusedError(422, in_words(error.errors(), ())))

    @app.exception_handler(HTTPException)
    async def wrong(_: Request, error: HTTPException) -> Response:
        answered = refusal(RefusedError(error.status_code, str(error.detail)))
        answered.headers.update(error.headers or {})
        return answered


async def _clean(service: Service) -> None:
    """Delete what has expired, for ever."""
    while True:
        await asyncio.sleep(min(30.0, service.limits.idle / 4))
        await asyncio.to_thread(service.sessions.expire)
        await asyncio.to_thread(service.volumes.expire)
