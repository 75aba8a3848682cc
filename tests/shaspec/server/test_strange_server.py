"""What a client makes of a server that is another program, or sends nonsense."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from shaspec.case import Case
from shaspec.errors import InputError, ServerError
from shaspec.models.card import Card
from shaspec.models.registry import network_config
from shaspec.remote import results
from shaspec.remote.connection import Connection
from shaspec.remote.server import RemoteServer
from shaspec.remote.uploads import packed, upload
from shaspec.remote.wire import Done, GridFacts
from shaspec.task import Task
from tests.serving import TOKEN

ADDRESS = f"http://{TOKEN}@127.0.0.1:1"


class Answering:
    """A connection on which every request gets the same answer."""

    status = 200

    def __init__(self, body: bytes, headers: Mapping[str, str]) -> None:
        self._body, self._headers = body, headers

    def request(self, *_: Any) -> None:
        pass

    def getresponse(self) -> Answering:
        return self

    def getheaders(self) -> list[tuple[str, str]]:
        return list(self._headers.items())

    def read(self, most: int) -> bytes:
        return self._body[:most]

    will_close = True

    def isclosed(self) -> bool:
        return True

    def close(self) -> None:
        pass


def server(monkeypatch: pytest.MonkeyPatch, body: bytes = b"", **headers: str) -> RemoteServer:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    monkeypatch.setattr(Connection, "_open", lambda *_: Answering(body, said))
    return RemoteServer(ADDRESS)


@pytest.fixture
def card(brats: Task) -> Card:
    config = network_config("simmlm", "light", brats)
    return Card(
        name="far", title="t", licence="none", method="simmlm", preset="light", task=brats,
        network=config.model_dump(mode="json"), window=(16, 16, 16), instant_toggles=True,
    )  # fmt: skip


@pytest.mark.parametrize("chunk", [0, -1, 2**40, "4"])
def test_parts_of_no_size_are_refused(
    monkeypatch: pytest.MonkeyPatch, card: Card, chunk: Any
) -> None:
    info = {"version": "9", "chunk": chunk, "models": {"far": card.model_dump(mode="json")}}
    found = server(monkeypatch, json.dumps(info).encode())
    if chunk == "4":
        assert found.models() == ["far"]
    else:
        with pytest.raises(ServerError, match="another version of shaspec"):
            found.models()


@pytest.mark.parametrize("body", [b"[" * 100_000, b"\xff\xfe", b"<html>", b'{"chunk": 1e999}'])
def test_what_is_no_answer_is_refused(monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    with pytest.raises(ServerError, match="server http://127"):
        server(monkeypatch, body).models()


@pytest.mark.parametrize("offset", ["-5", "x", "9" * 5000, "2e3", "", "1.0", "1000000", "0x1"])
def test_an_upload_that_arrives_nowhere_is_refused(
    monkeypatch: pytest.MonkeyPatch, offset: str
) -> None:
    monkeypatch.setattr("shaspec.remote.uploads.PAUSE", 0)
    found = server(monkeypatch, upload_offset=offset)
    with pytest.raises(ServerError, match="how much of a volume has arrived"):
        list(upload(found.connection, {"T1": packed(np.arange(2000, dtype=np.int16))}, 1000))


@pytest.mark.parametrize(
    "address", ["https://{}@a..b", "https://{}@\ufffd", "https://{}@h/\u00e4", "https://{}@h/a b"]
)
def test_an_address_that_no_request_reaches_is_refused(address: str) -> None:
    with pytest.raises(InputError, match="copy the line that shaspec serve prints"):
        RemoteServer(address.format(TOKEN))


def strange(case: Case) -> dict[str, dict[tuple[str, ...], Any]]:
    """Kind of nonsense -> the arrays of a result."""
    shape = case.grid.shape
    labels, zeros = np.zeros(shape, np.uint8), np.zeros(shape, np.float32)
    return {
        "no labels": {},
        "a label that the task does not have": {("labels",): labels + np.uint8(77)},
        "another grid": {("labels",): labels[1:]},
        "another type": {("labels",): zeros},
        "a region that becomes a path": {("labels",): labels, ("probabilities", "../x"): zeros},
        "probabilities on another grid": {("labels",): labels, ("probabilities", "ET"): zeros[1:]},
        "a probability of two names": {("labels",): labels, ("probabilities", "ET", "x"): zeros},
    }


def test_a_result_that_does_not_fit_the_case_is_refused(small_case: Case, card: Card) -> None:
    facts: dict[str, Any] = {"server": "h"}
    for arrays in strange(small_case).values():
        with pytest.raises(ServerError, match="does not fit the case"):
            results.prediction(card, small_case, ("T1",), arrays, facts)
    good = {("labels",): np.full(small_case.grid.shape, card.task.labels[-1].value, np.uint8)}
    assert results.prediction(card, small_case, ("T1",), good, facts).subset == ("T1",)


def test_feature_maps_that_do_not_fit_are_refused(small_case: Case, card: Card) -> None:
    grid = small_case.grid.blocks(np.zeros(3), np.full(3, 4.0), (2, 2, 2))
    facts = {"model": "far", "subset": "T1", "device": "cpu"}
    done = Done(provenance=facts, kept=(), grid=GridFacts.of(grid))
    inside, maps = np.ones((2, 2, 2), np.bool_), np.zeros((3, 2, 2, 2), np.float32)
    good = {("inside",): inside, ("maps", "shared", "T1"): maps}
    made = results.feature_maps(card, small_case, ("T1",), good, done, facts)
    assert made.points("shared", "T1").shape == (8, 3)
    for wrong in (
        {**good, ("maps", "shared", "T9"): maps},
        {**good, ("maps", "shared", "T1"): maps[..., :1]},
        {**good, ("maps", "shared", "T1"): maps.astype(np.float64)},
        {**good, ("windows", "shared", "T1"): maps},
        {**good, ("inside",): inside[:1]},
    ):
        with pytest.raises(ServerError, match="does not fit the case"):
            results.feature_maps(card, small_case, ("T1",), wrong, done, facts)


@pytest.mark.parametrize(
    "change", [{"model": 3}, {"device": "a\nb"}, {"seconds": {"total": "long"}}, {"window": "x"}]
)
def test_a_provenance_that_no_table_can_show_is_refused(change: dict[str, Any]) -> None:
    facts = {"model": "far", "subset": "T1", "device": "cpu"}
    assert Done(provenance={**facts, "more": [1]}, kept=()).provenance["more"] == [1]
    with pytest.raises(ValueError, match="provenance"):
        Done(provenance={**facts, **change}, kept=())
