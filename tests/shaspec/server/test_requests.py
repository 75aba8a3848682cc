"""What a server answers to single requests, right and wrong ones, over a real socket."""

from __future__ import annotations

import hashlib
import http.client
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shaspec.case import Case
from tests.asking import ask, put, request_of, uploaded
from tests.serving import TOKEN, Running, make_service, running

# -- who may ask ---------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x", TOKEN[:-1], "\xe9" * 20])
@pytest.mark.parametrize("path", ["/v1/", "/v1/volumes/" + 64 * "0", "/nothing", "/docs"])
def test_without_the_token_nothing_is_answered(server: Running, token: str, path: str) -> None:
    answer = ask(server, "GET", path, token=token)
    assert answer.status == 401
    assert "token" in answer.error
    assert "server" not in answer.headers


def test_health_needs_no_token_and_says_nothing(server: Running) -> None:
    assert ask(server, "GET", "/v1/health", token="").json == {"status": "runs"}


def test_the_description_of_the_interface_is_not_served(server: Running) -> None:
    for path in ("/docs", "/redoc", "/openapi.json", "/"):
        assert ask(server, "GET", path).status == 404


def test_the_models_come_with_their_cards(server: Running) -> None:
    info = ask(server, "GET", "/v1/").json
    assert list(info["models"]) == ["tiny-shaspec"]
    assert info["models"]["tiny-shaspec"]["task"]["name"] == "brats"


# -- uploads -------------------------------------------------------------------------------------


def test_an_upload_continues_where_it_broke_off(server: Running) -> None:
    data = bytes(range(250)) * 100
    digest = hashlib.sha256(data).hexdigest()
    assert ask(server, "HEAD", f"/v1/volumes/{digest}").status == 404
    assert put(server, data[:10_000], 0, len(data), digest).status == 204
    head = ask(server, "HEAD", f"/v1/volumes/{digest}")
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == ("10000", "25000")
    wrong = put(server, data[9_000:], 9_000, len(data), digest)
    assert wrong.status == 409
    assert wrong.headers["Upload-Offset"] == "10000"
    assert "continue" in wrong.error
    assert put(server, data[10_000:], 10_000, len(data), digest).status == 204


def test_a_damaged_volume_is_refused_and_deleted(server: Running) -> None:
    data, digest = b"not what was promised", hashlib.sha256(b"promised").hexdigest()
    answer = put(server, data, 0, len(data), digest)
    assert answer.status == 422
    assert "damaged" in answer.error
    assert ask(server, "HEAD", f"/v1/volumes/{digest}").status == 404


@pytest.mark.parametrize("name", ["..%2F..%2Fetc%2Fpasswd", "x" * 64, "A" * 64, "0" * 63])
def test_the_name_of_a_volume_is_a_hash(server: Running, name: str) -> None:
    answer = ask(server, "PUT", f"/v1/volumes/{name}", b"x", Upload_Offset="0", Upload_Length="1")
    assert answer.status in (404, 422)


@pytest.mark.parametrize("lengths", [("-1", "5"), ("0", "nan"), ("0", "1e3"), ("0", "0"), ("", "")])
def test_impossible_lengths_are_refused(server: Running, lengths: tuple[str, str]) -> None:
    path = "/v1/volumes/" + 64 * "0"
    answer = ask(server, "PUT", path, b"", Upload_Offset=lengths[0], Upload_Length=lengths[1])
    assert answer.status in (413, 422)
    assert answer.error


def test_a_part_that_is_too_large_is_refused_unread(server: Running) -> None:
    most = server.service.limits.chunk
    answer = put(server, bytes(most + 1), 0, most + 1, 64 * "0")
    assert answer.status == 413
    assert str(most) in answer.error


def test_a_body_without_a_length_is_bounded_too(server: Running) -> None:
    connection = http.client.HTTPConnection(server.host, timeout=20)
    parts = (bytes(5_000) for _ in range(100))
    headers = {"Authorization": f"Bearer {TOKEN}", "Upload-Offset": "0", "Upload-Length": "500000"}
    connection.request("PUT", "/v1/volumes/" + 64 * "0", parts, headers, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


def test_a_full_disk_is_said(shaspec_folder: Path) -> None:
    with running(make_service([shaspec_folder], disk=1000)) as server:
        data = bytes(600)
        assert put(server, data, 0, 600, hashlib.sha256(data).hexdigest()).status == 204
        # It waits for its session, and what is being uploaded is not deleted either.
        assert put(server, b"x", 0, 900, 64 * "0").status == 507
        assert put(server, b"x", 0, 400, 64 * "0").status == 204
        answer = put(server, b"x", 0, 900, 64 * "1")
        assert answer.status == 507
        assert "full" in answer.error
        assert put(server, b"x", 0, 1001, 64 * "1").status == 413


# -- sessions ------------------------------------------------------------------------------------


def test_a_session_opens_and_ends(server: Running, small_case: Case) -> None:
    opened = ask(server, "POST", "/v1/sessions", request_of(server, small_case))
    assert opened.status == 201
    name = opened.json["session"]
    assert ask(server, "DELETE", f"/v1/sessions/{name}").status == 204
    answer = ask(server, "POST", f"/v1/sessions/{name}/runs", {"present": ["T1"]})
    assert answer.status == 404
    assert "ended" in answer.error


@pytest.mark.parametrize("model", ["../weights", "/etc/passwd", "shaspec", "", "tiny-shaspec/"])
def test_a_model_is_a_name_of_the_list(server: Running, small_case: Case, model: str) -> None:
    answer = ask(server, "POST", "/v1/sessions", request_of(server, small_case) | {"model": model})
    assert answer.status == 404
    assert "tiny-shaspec" in answer.error


WRONG: dict[str, tuple[Any, str]] = {
    "grid.shape": ([40, 48], "axes"),
    "grid.spacing": ([1.0, 0.0, 1.0], "spacing"),
    "grid.origin": ([1.0, float("nan"), 1.0], "origin"),
    "grid.source_affine": ([[0.0] * 4] * 4, "singular"),
    "volumes.T1.shape": ([40, 48, 43], "shape"),
    "volumes.T1.dtype": ("|O", "dtype"),
    "volumes.T1.sha256": ("../../etc/passwd", "sha256"),
    "volumes": ({}, "volumes"),
    "window": ([0, 1, 1], "window"),
    "overlap": (1.0, "overlap"),
    "precision": ("float64", "precision"),
    "keep": (-1, "keep"),
    "path": ("/etc/passwd", "path"),
}


@pytest.mark.parametrize("key", WRONG)
def test_a_wrong_request_is_refused_by_its_key(server: Running, small_case: Case, key: str) -> None:
    request = request_of(server, small_case)
    *parents, last = key.split(".")
    part = request
    for name in parents:
        part = part[name]
    part[last], word = WRONG[key]
    answer = ask(server, "POST", "/v1/sessions", request)
    assert answer.status == 422
    assert word in answer.error


def test_a_modality_that_the_model_lacks(server: Running, small_case: Case) -> None:
    request = request_of(server, small_case)
    request["volumes"] = {"T\ud800": request["volumes"]["T1"]}
    answer = ask(server, "POST", "/v1/sessions", request)
    assert answer.status in (400, 422)
    request["volumes"] = {"CT": next(iter(request["volumes"].values()))}
    assert "FLAIR" in ask(server, "POST", "/v1/sessions", request).error


def test_volumes_are_uploaded_before_a_session(server: Running, small_case: Case) -> None:
    request = request_of(server, small_case)
    request["volumes"]["T1"]["sha256"] = 64 * "a"
    answer = ask(server, "POST", "/v1/sessions", request)
    assert answer.status == 409
    assert answer.json["missing"] == [64 * "a"]


def test_a_case_that_is_too_large_is_refused_before_it_is_read(
    server: Running, small_case: Case
) -> None:
    request = request_of(server, small_case)
    request["grid"] = {"shape": [2**24] * 3, "spacing": [1.0] * 3, "origin": [0.0] * 3}
    request["volumes"]["T1"]["shape"] = [2**24] * 3
    answer = ask(server, "POST", "/v1/sessions", request)
    assert answer.status == 413
    assert "MB" in answer.error


def test_bytes_that_decompress_to_more_than_they_say_fail(
    server: Running, small_case: Case
) -> None:
    bomb = uploaded(server, np.zeros((400, 480, 440), np.uint8))
    request = request_of(server, small_case)
    request["volumes"]["T1"] = bomb | {"shape": list(small_case.grid.shape)}
    name = ask(server, "POST", "/v1/sessions", request).json["session"]
    connection = http.client.HTTPConnection(server.host, timeout=20)
    body = json.dumps({"present": ["T1"]})
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    connection.request("POST", f"/v1/sessions/{name}/runs", body, headers)
    lines = connection.getresponse().read().splitlines()
    connection.close()
    last = json.loads(lines[-1])
    assert (last["event"], last["kind"]) == ("error", "input")
    assert "do not hold" in last["text"]


@pytest.mark.parametrize(
    ("run", "status"),
    [
        ({"present": ["T2"]}, 200),  # not among the volumes
        ({"present": ["CT"]}, 200),
        ({"present": ["T1", "T1"]}, 200),
        ({"present": ["T1"], "kind": "features", "probabilities": True}, 200),
        ({"present": []}, 422),
        ({"present": ["T1"] * 17}, 422),
        ({"present": ["T1"], "kind": "train"}, 422),
        ({"present": [["T1"]]}, 422),
    ],
)
def test_any_run_of_a_session_ends(
    server: Running, small_case: Case, run: dict[str, Any], status: int
) -> None:
    name = ask(server, "POST", "/v1/sessions", request_of(server, small_case)).json["session"]
    connection = http.client.HTTPConnection(server.host, timeout=20)
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    connection.request("POST", f"/v1/sessions/{name}/runs", json.dumps(run), headers)
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    assert response.status == status
    if status == 200:
        last = json.loads(answer[answer.rfind(b'{"event"') :])  # arrays before it have no lines
        assert last["event"] == ("done" if "T1" in run["present"] else "error")
        assert last.get("kind") in (None, "input")


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff\xfe", b'"text"', b"null"])
def test_what_is_no_request_is_refused(server: Running, body: bytes) -> None:
    answer = ask(server, "POST", "/v1/sessions", body, Content_Type="application/json")
    assert answer.status in (400, 422)
    assert answer.error


def test_a_model_that_vanishes_is_said_without_its_path(
    shaspec_folder: Path, tmp_path: Path, small_case: Case
) -> None:
    folder = shutil.copytree(shaspec_folder, tmp_path / "served")
    with running(make_service([folder])) as found:
        request = request_of(found, small_case)
        (folder / "card.json").unlink()
        for answer in (ask(found, "GET", "/v1/"), ask(found, "POST", "/v1/sessions", request)):
            assert answer.status == 503
            assert "administrator" in answer.error
            assert str(tmp_path) not in answer.error
