"""Single requests to a server over a real socket, as a client would not send them."""

from __future__ import annotations

import hashlib
import http.client
import json
from typing import Any

from shaspec.case import Case
from shaspec.remote.packing import pack
from shaspec.remote.wire import GridFacts, OpenRequest, VolumeFacts
from tests.serving import TOKEN, Running


class Answer:
    """Status, headers and JSON of an answer."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        data = response.read()
        self.json = json.loads(data) if data else {}
        self.error = self.json.get("error", "") if isinstance(self.json, dict) else ""


def ask(
    server: Running, method: str, path: str, body: Any = None, token: str = TOKEN, **headers: str
) -> Answer:
    """One request; headers with _ for -."""
    connection = http.client.HTTPConnection(server.host, timeout=20)
    data = json.dumps(body).encode() if isinstance(body, dict) else body
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if isinstance(body, dict):
        named["Content-Type"] = "application/json"
    if token:
        named["Authorization"] = f"Bearer {token}"
    try:
        connection.request(method, path, data, named)
        return Answer(connection.getresponse())
    finally:
        connection.close()


def put(server: Running, data: bytes, offset: int, total: int, digest: str) -> Answer:
    return ask(
        server,
        "PUT",
        f"/v1/volumes/{digest}",
        data,
        Upload_Offset=str(offset),
        Upload_Length=str(total),
    )


def uploaded(server: Running, volume: Any) -> dict[str, Any]:
    """Uploads a volume in parts; returns what a request says of it."""
    facts, data = pack(volume)
    digest = hashlib.sha256(data).hexdigest()
    size = server.service.limits.chunk
    there = ask(server, "HEAD", f"/v1/volumes/{digest}").status == 200  # of an earlier test
    for offset in () if there else range(0, len(data), size):
        assert put(server, data[offset : offset + size], offset, len(data), digest).status == 204
    return VolumeFacts(sha256=digest, **facts.model_dump()).model_dump(mode="json")


def request_of(server: Running, case: Case) -> dict[str, Any]:
    """A request that opens a session on T1 of a case."""
    request = OpenRequest(
        model="tiny-shaspec",
        grid=GridFacts.of(case.grid),
        volumes={"T1": VolumeFacts.model_validate(uploaded(server, case.volumes["T1"]))},
    )
    return request.model_dump(mode="json")
