"""Requests that nobody would send, generated from the description of the interface, over a socket.

Whatever comes: no fault of the server, no answer that the description does not have, no file that a
client names, and afterwards the server still works.
"""

from __future__ import annotations

import socket
from typing import Any

import numpy as np
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from shaspec.case import Case
from shaspec.server.app import make_app
from tests.serving import TOKEN, Running, until

pytestmark = pytest.mark.slow  # sockets, and requests that wait for each other

OPERATIONS = [
    ("/v1/health", "GET"),
    ("/v1/", "GET"),
    ("/v1/volumes/{digest}", "HEAD"),
    ("/v1/volumes/{digest}", "PUT"),
    ("/v1/sessions", "POST"),
    ("/v1/sessions/{name}", "DELETE"),
    ("/v1/sessions/{name}/runs", "POST"),
    ("/v1/jobs/{name}", "DELETE"),
]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def works(server: Running, case: Case) -> None:
    """Raises if the server does not segment any more."""
    *_, event = server.connect().session("tiny-shaspec", case).predict(("T1",))
    assert event.prediction.labels.shape == case.grid.shape  # type: ignore[union-attr]


def test_every_operation_is_tried(server: Running) -> None:
    paths = make_app(server.service, [TOKEN]).openapi()["paths"]
    known = {(path, method.upper()) for path, found in paths.items() for method in found}
    assert known == set(OPERATIONS)


@pytest.mark.parametrize(
    ("operation", "mode"),
    [(o, m) for o in OPERATIONS for m in GenerationMode if o[1] != "GET" or m.is_positive],
    ids=lambda value: value.value if isinstance(value, GenerationMode) else " ".join(value),
)
def test_generated_requests(
    server: Running, operation: tuple[str, str], mode: GenerationMode
) -> None:
    path, method = operation
    schema = schemathesis.openapi.from_dict(make_app(server.service, [TOKEN]).openapi())
    schema.config.update(base_url=f"http://{server.host}")
    found = schema[path][method]

    @EXAMPLES
    @given(case=found.as_strategy(generation_mode=mode))
    def sends(case: Any) -> None:
        response = case.call(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=20)
        case.validate_response(response, checks=CHECKS)

    sends()


@EXAMPLES
@given(noise=st.binary(max_size=2000), token=st.booleans())
def test_noise_on_the_socket(server: Running, noise: bytes, token: bool) -> None:
    """Bytes that are no HTTP, alone and as body, headers and path of a request with a token."""
    host, port = server.host.split(":")
    head = f"POST /v1/sessions HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\n" if token else ""
    with socket.create_connection((host, int(port)), timeout=20) as raw:
        raw.sendall(head.encode() + noise + b"\r\n\r\n")
        raw.shutdown(socket.SHUT_WR)
        answer = b""
        while part := raw.recv(65536):
            answer += part
    assert b" 500 " not in answer.split(b"\r\n")[0]
    assert b"Traceback" not in answer


def test_afterwards_the_server_works(server: Running, small_case: Case) -> None:
    works(server, small_case)
    until(lambda: not len(server.service.worker), 10)
    assert np.isfinite(server.service.volumes.reserved)
