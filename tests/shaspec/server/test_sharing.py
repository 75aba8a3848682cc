"""Several users, cancelled runs, lost connections, sessions that the server has closed."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shaspec.case import Case
from shaspec.errors import InputError, ServerError, WeightsError
from shaspec.inference.events import Finished, Progress
from shaspec.inference.session import InferenceSession
from shaspec.models.weights import load_model
from shaspec.remote import uploads
from shaspec.remote.server import RemoteServer
from shaspec.server import stream
from tests.cutting import cutting
from tests.serving import TOKEN, Running, make_service, running, until

pytestmark = pytest.mark.slow  # sockets, and requests that wait for each other

LONG: dict[str, Any] = {"window": (16, 16, 16), "overlap": 0.5}
"""A hundred windows: a run that takes about a second."""


def result(events: Any) -> Any:
    *_, event = events
    assert isinstance(event, Finished)
    return event.prediction


def local(folder: Path, case: Case, subset: Any, **options: Any) -> Any:
    model = load_model(folder)
    session = InferenceSession(model, case, device="cpu", precision="float32", **options)
    return result(session.predict(subset)).labels


def idle(server: Running) -> bool:
    """Whether the server does nothing for anybody."""
    sessions = server.service.sessions._sessions.values()
    return not len(server.service.worker) and not any(served.runs for served in sessions)


def test_two_users_wait_in_turn_and_both_get_their_own(
    server: Running, shaspec_folder: Path, small_case: Case
) -> None:
    other = replace(small_case, volumes={n: v[::-1].copy() for n, v in small_case.volumes.items()})
    long = server.connect().session("tiny-shaspec", small_case, **LONG)
    short = server.connect().session("tiny-shaspec", other)
    found: dict[str, Any] = {}
    begun = threading.Event()

    def first() -> None:
        for event in long.predict():
            if isinstance(event, Progress) and event.stage.startswith("encode"):
                begun.set()
            found["long"] = event

    thread = threading.Thread(target=first)
    thread.start()
    assert begun.wait(30)
    stages = []
    for event in short.predict(("T1", "T2")):
        stages.append(getattr(event, "stage", ""))
        found["short"] = event
    thread.join(60)
    assert "waiting for 1 run of others" in stages
    labels = found["short"].prediction.labels
    np.testing.assert_array_equal(labels, local(shaspec_folder, other, ("T1", "T2")))
    labels = found["long"].prediction.labels
    np.testing.assert_array_equal(labels, local(shaspec_folder, small_case, None, **LONG))


@pytest.fixture(autouse=True)
def _beats(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server tells often that it lives."""
    monkeypatch.setattr(stream, "BEAT", 0.05)


@pytest.mark.parametrize("after", [1, 5, 40])
def test_closing_the_events_cancels_the_run(server: Running, small_case: Case, after: int) -> None:
    session = server.connect().session("tiny-shaspec", small_case, **LONG)
    events = session.predict()
    for _ in range(after):
        next(events)
    events.close()  # type: ignore[attr-defined]
    until(lambda: idle(server), 10)
    assert result(session.predict(("T1",))).labels.shape == small_case.grid.shape


def test_a_run_that_waits_is_cancelled_before_it_begins(server: Running, small_case: Case) -> None:
    first, second = (server.connect().session("tiny-shaspec", small_case, **LONG) for _ in "ab")
    running_one, waiting_one = first.predict(), second.predict()
    while "encode" not in getattr(next(running_one), "stage", ""):
        pass
    while "waiting" not in getattr(next(waiting_one), "stage", ""):
        pass
    waiting_one.close()  # type: ignore[attr-defined]
    until(lambda: len(server.service.worker) == 1, 10)
    running_one.close()  # type: ignore[attr-defined]
    until(lambda: idle(server), 10)


def test_a_lost_connection_cancels_the_run(server: Running, small_case: Case) -> None:
    """The client vanishes without a word; nobody deletes the job."""
    session = server.connect().session("tiny-shaspec", small_case, **LONG)
    next(e for e in session.predict() if "encode" in getattr(e, "stage", ""))
    until(lambda: idle(server), 10)
    host, port = server.host.split(":")
    with socket.create_connection((host, int(port))) as raw:
        body = b'{"present":["T1"]}'
        head = (
            f"POST /v1/sessions/{session._name}/runs HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        raw.sendall(head.encode() + body)
        assert b"started" in raw.recv(10_000) + raw.recv(10_000)
    until(lambda: idle(server), 10)


def test_a_cut_stream_is_said_and_the_next_run_works(
    server: Running, shaspec_folder: Path, small_case: Case
) -> None:
    with cutting(server.host) as network:
        client = RemoteServer(f"http://{TOKEN}@{network.address}")
        session = client.session("tiny-shaspec", small_case, **LONG)
        events = session.predict()
        while "encode" not in getattr(next(events), "stage", ""):
            pass
        service = server.service
        for job in list(service.worker._jobs):  # the server ends the answer
            service.worker.cancel(job)
        with pytest.raises(ServerError, match="start it again"):
            list(events)
        assert result(session.predict(("T2",))).labels.any()


def test_a_cut_upload_continues_where_it_broke_off(
    server: Running, small_case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "PAUSE", 0.01)
    rng = np.random.default_rng(1)
    noise = {"T1": (small_case.volumes["T1"] + rng.random(small_case.grid.shape)).astype("f4")}
    case = replace(small_case, volumes=noise, labels=None)
    size = len(uploads.packed(noise["T1"]).data)
    assert size > 4 * server.service.limits.chunk
    # In the second part, at once, and in a request.
    with cutting(server.host, 30_000, 0, 100) as network:
        client = RemoteServer(f"http://{TOKEN}@{network.address}")
        assert result(client.session("tiny-shaspec", case).predict()).labels.any()
        assert not network.cuts
        assert network.sent < size + 60_000  # what arrived was not sent again


def test_a_network_that_stays_cut_is_said(
    server: Running, small_case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "PAUSE", 0.01)
    with cutting(server.host, 1_000, *[50] * 20) as network:
        client = RemoteServer(f"http://{TOKEN}@{network.address}")
        with pytest.raises(ServerError, match="no connection to server"):
            list(client.session("tiny-shaspec", small_case).predict())


def test_a_changed_case_sends_only_what_changed(
    server: Running, small_case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = server.connect()
    result(client.session("tiny-shaspec", small_case).predict())
    sent: list[str] = []
    ask = client.connection.ask

    def spied(method: str, path: str, *arguments: Any, **options: Any) -> Any:
        sent.append(f"{method} {path}")
        return ask(method, path, *arguments, **options)

    monkeypatch.setattr(client.connection, "ask", spied)
    changed = small_case.volumes["T2"] * 2
    case = replace(small_case, volumes={**small_case.volumes, "T2": changed})
    result(client.session("tiny-shaspec", case).predict())
    (digest,) = {text.split()[1] for text in sent if text.startswith("PUT")}
    assert digest == f"volumes/{uploads.packed(changed).facts.sha256}"


def test_a_session_that_the_server_closed_opens_again(server: Running, small_case: Case) -> None:
    session = server.connect().session("tiny-shaspec", small_case)
    before = result(session.predict()).labels
    server.service.sessions.close(session._name)
    np.testing.assert_array_equal(result(session.predict()).labels, before)
    server.service.sessions.close(session._name)
    for served in list(server.service.sessions._sessions):
        server.service.sessions.close(served)
    server.service.volumes.close()  # as if they had expired
    np.testing.assert_array_equal(result(session.predict()).labels, before)


def test_released_sessions_are_closed_on_the_server(server: Running, small_case: Case) -> None:
    session = server.connect().session("tiny-shaspec", small_case)
    result(session.predict(("T1",)))
    name = session._name
    assert name in server.service.sessions._sessions
    session.release()
    until(lambda: name not in server.service.sessions._sessions, 10)
    assert result(session.predict(("T1",))).labels.any()


def test_cases_and_features_give_way_to_those_of_others(
    shaspec_folder: Path, small_case: Case
) -> None:
    """Room for one case and half of its features: slower, but right."""
    service = make_service([shaspec_folder], memory=6_500_000, features=200_000)
    with running(service) as server:
        ones = [server.connect().session("tiny-shaspec", small_case) for _ in "abc"]
        labels = [result(one.predict(("T1", "T2"))).labels for one in (*ones, *ones)]
        for found in labels:
            np.testing.assert_array_equal(found, labels[0])
        sessions = service.sessions._sessions.values()
        assert [s.session is not None for s in sessions].count(True) == 1
        assert sum(s.session.kept_bytes for s in sessions if s.session) <= 100_000


def test_a_network_that_left_the_gpu_is_loaded_again(server: Running, small_case: Case) -> None:
    sessions = [server.connect().session("tiny-shaspec", small_case) for _ in "ab"]
    before = [result(session.predict(("T1",))).labels for session in sessions]
    served = server.service.sessions.find(sessions[0]._name)
    served.device = "cuda"  # where it was loaded to, before the memory did not suffice
    result(sessions[0].predict(("T1",)))
    until(lambda: served.session is None, 10)
    for session, labels in zip(sessions, before, strict=True):
        np.testing.assert_array_equal(result(session.predict(("T1",))).labels, labels)


def test_too_many_runs_are_refused(shaspec_folder: Path, small_case: Case) -> None:
    with running(make_service([shaspec_folder], jobs=1)) as server:
        first = server.connect().session("tiny-shaspec", small_case, **LONG).predict()
        while "encode" not in getattr(next(first), "stage", ""):
            pass
        with pytest.raises(ServerError, match="1 runs are waiting on the server"):
            list(server.connect().session("tiny-shaspec", small_case).predict())
        first.close()  # type: ignore[attr-defined]


def test_errors_of_a_run_are_those_of_a_local_one(zero_fill_folder: Path, small_case: Case) -> None:
    with running(make_service([zero_fill_folder])) as server:
        session = server.connect().session("tiny-zero-fill", small_case)
        with pytest.raises(InputError, match="has no features of single modalities"):
            list(session.features())
        with pytest.raises(InputError, match="has no"):
            list(
                server.connect()
                .session("tiny-zero-fill", small_case.only(("T1",)))
                .predict(("T2",))
            )
        assert not session.is_kept(("T1",))


def test_a_fault_of_the_server_says_no_path(
    server: Running, small_case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise ValueError("/secret/folder")
        yield

    monkeypatch.setattr(server.service.sessions, "run", broken)
    with pytest.raises(ServerError, match="administrator") as caught:
        list(server.connect().session("tiny-shaspec", small_case).predict())
    assert "secret" not in str(caught.value)


def test_wrong_addresses_are_said(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHASPEC_TOKEN", raising=False)
    for text in ("127.0.0.1:1", "ftp://t@h", "http://", "http://x:y:z", "https://t@h/?a=b"):
        with pytest.raises(InputError, match="address"):
            RemoteServer(text)
    with pytest.raises(InputError, match="has no token"):
        RemoteServer(f"http://{server.host}")
    with pytest.raises(InputError, match="is not encrypted"):
        RemoteServer("http://token@gpu.example.org")
    with pytest.raises(ServerError, match="token is missing or wrong"):
        RemoteServer(f"http://wrong@{server.host}").models()
    with pytest.raises(WeightsError, match="has no model 'other', but tiny-shaspec"):
        server.connect().card("other")
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        free = nobody.getsockname()[1]
    with pytest.raises(ServerError, match="no connection to server"):
        RemoteServer(f"http://token@127.0.0.1:{free}").models()
    monkeypatch.setenv("SHASPEC_TOKEN", TOKEN)
    assert RemoteServer(f"http://{server.host}").models() == ["tiny-shaspec"]
