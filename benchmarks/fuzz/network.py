"""What `shaspec serve` and its client send each other: sound messages, and what reads them."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from functools import cache
from http.client import HTTPMessage
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from shaspec.case import Case
from shaspec.errors import ServerError
from shaspec.inference.events import Progress
from shaspec.models.card import Card, load_card
from shaspec.phantom import make_case
from shaspec.remote import results
from shaspec.remote.connection import Connection, LostError
from shaspec.remote.packing import ArrayFacts, pack, unpack
from shaspec.remote.reading import events_of, said_by
from shaspec.remote.server import RemoteServer
from shaspec.remote.uploads import Packed, packed, upload
from shaspec.remote.wire import (
    Attached,
    Done,
    Failed,
    GridFacts,
    Info,
    OpenRequest,
    RunRequest,
    Said,
    Started,
    Step,
    Waiting,
    line,
)
from shaspec.server.loading import check_request
from shaspec.server.tokens import read_tokens

SHAPE = (8, 8, 8)
TOKEN = "0123456789abcdef"


@cache
def _case() -> Case:
    return make_case(1, shape=SHAPE)


@cache
def _card(folder: Path) -> Card:
    return load_card(folder)


@cache
def _volume() -> Packed:
    return packed(np.arange(2000, dtype=np.int16))


def make_messages(folder: Path, model: Path) -> None:
    """One sound message of every kind."""
    case, card = _case(), load_card(model)
    volumes = {name: packed(volume) for name, volume in case.volumes.items()}
    request = OpenRequest(
        model="tiny", grid=GridFacts.of(case.grid), volumes={k: v.facts for k, v in volumes.items()}
    )
    (folder / "open.json").write_text(request.model_dump_json())
    run = RunRequest(present=case.present, probabilities=True)
    (folder / "run.json").write_text(run.model_dump_json())
    info = Info(version="0.2.0", chunk=1000, models={"tiny": card.model_dump(mode="json")})
    (folder / "info.json").write_text(info.model_dump_json())
    (folder / "answer.bin").write_bytes(_answer(case, card, "predict"))
    (folder / "features.bin").write_bytes(_answer(case, card, "features"))
    (folder / "volume.zst").write_bytes(pack(np.arange(512, dtype=np.int16).reshape(SHAPE))[1])
    size = len(_volume().data)
    head = f"HTTP/1.1 204 No Content\r\nUpload-Offset: {size}\r\nUpload-Length: {size}\r\n\r\n"
    (folder / "arrived.txt").write_bytes(head.encode())
    (folder / "tokens.txt").write_text(f"# users\n{TOKEN}\n{TOKEN}b\n")
    (folder / "address.txt").write_text(f"https://{TOKEN}@scans.example.org:8642/shaspec")


def _answer(case: Case, card: Card, kind: str) -> bytes:
    """The answer to a run, with all of its events and arrays."""
    parts = [line(Started(job="j")), line(Waiting(before=1)), line(Said(text="slowly"))]
    parts.append(line(Step(done=1, total=2, stage="window")))
    arrays: dict[tuple[str, ...], Any] = {("labels",): np.zeros(SHAPE, np.uint8)}
    for region in card.task.region_names:
        arrays["probabilities", region] = np.zeros(SHAPE, np.float32)
    if kind == "features":
        arrays = {("inside",): np.ones((2, 2, 2), np.bool_)}
        arrays["maps", "feature", "T1"] = np.zeros((3, 2, 2, 2), np.float32)
        arrays["windows", "feature", "T1"] = np.zeros((1, 3), np.float32)
    for name, array in arrays.items():
        facts, data = pack(array)
        parts += [line(Attached(name=name, facts=facts, bytes=len(data))), data]
    grid = case.grid.blocks(np.zeros(3), np.full(3, 4.0), (2, 2, 2))
    provenance = {"model": "tiny", "subset": "FLAIR", "device": "cpu", "seconds": {"total": 1.0}}
    done = Done(provenance=provenance, kept=(("T1",),), grid=GridFacts.of(grid))
    return b"".join([*parts, line(done)])


def opened(path: Path) -> None:
    """A request for a session, on the side of the server."""
    request = _validated(OpenRequest, path)
    check_request(request, _card(path.parents[1] / "m"))


def run_asked(path: Path) -> None:
    """A request for a run."""
    request = _validated(RunRequest, path)
    load_task_subset(request, _card(path.parents[1] / "m"))


def load_task_subset(request: RunRequest, card: Card) -> None:
    """The modalities of a request, as a session reads them."""
    card.task.subset(request.present)


def _validated(kind: Any, path: Path) -> Any:
    """The body of a request, as the server reads it: other bodies are refused with 422."""
    try:
        return kind.model_validate(json.loads(path.read_bytes()))
    except (ValueError, RecursionError) as error:
        raise ServerError(str(error)) from error


def uploaded(path: Path) -> None:
    """The bytes of a volume."""
    unpack(ArrayFacts(dtype="<i2", shape=SHAPE), path.read_bytes())


def answered(path: Path) -> None:
    """The answer to a run, on the side of the client: a label map with probabilities."""
    done, arrays = _received(path, "predict")
    card = _card(path.parents[1] / "m")
    facts = results.provenance(done, _case(), "", "", "server")
    prediction = results.prediction(card, _case(), ("FLAIR",), arrays, facts)
    prediction.region_sizes()
    assert prediction.title


def features_answered(path: Path) -> None:
    """The answer to a run that asks for feature maps."""
    done, arrays = _received(path, "features")
    card = _card(path.parents[1] / "m")
    facts = results.provenance(done, _case(), "", "", "server")
    maps = results.feature_maps(card, _case(), ("FLAIR",), arrays, done, facts)
    for kind, modality in maps.maps:
        maps.points(kind, modality)


def _received(path: Path, kind: str) -> tuple[Done, Any]:
    arrays: Any = {}
    most = min(2**28, results.most_bytes(_card(path.parents[1] / "m"), _case(), kind))
    for event in events_of(io.BytesIO(path.read_bytes()), arrays, most):
        if isinstance(event, Done):
            return event, arrays
        if not isinstance(event, Started | Failed):
            said_by(event, Progress(0, 0, ""), "server")
    raise ServerError("the run failed")


class _Response:
    """An answer of a server, whatever it holds."""

    def __init__(self, data: bytes) -> None:
        head, _, self._body = data.partition(b"\r\n\r\n")
        self.status, self.headers = 200, HTTPMessage()
        for text in head.decode("latin-1").split("\r\n")[1:]:
            name, _, value = text.partition(":")
            self.headers.add_header(name or "x", value.strip())

    def getheaders(self) -> list[tuple[str, str]]:
        return [(name, str(value)) for name, value in self.headers.items()]

    def read(self, most: int) -> bytes:
        return self._body[:most]

    will_close = True

    def isclosed(self) -> bool:
        return True


class _Opened:
    """A connection that answers every request with the same bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def request(self, *_: Any) -> None:
        pass

    def getresponse(self) -> _Response:
        return _Response(self._data)

    def close(self) -> None:
        pass


def informed(path: Path) -> None:
    """The list of models, on the side of the client."""
    answer = _Opened(b"HTTP/1.1 200 OK\r\n\r\n" + path.read_bytes())
    with patch.object(Connection, "_open", lambda *_: answer):
        server = RemoteServer(f"http://{TOKEN}@127.0.0.1")
        for name in server.models():
            server.session(name, _case())


def arrived(path: Path) -> None:
    """What a server says of an upload."""
    answer = _Opened(path.read_bytes())
    with (
        patch.object(Connection, "_open", lambda *_: answer),
        patch("shaspec.remote.uploads.PAUSE", 0.0),
    ):
        server = RemoteServer(f"http://{TOKEN}@127.0.0.1")
        list(upload(server.connection, {"T1": _volume()}, 1000))


def tokens(path: Path) -> None:
    """The users of a server."""
    read_tokens(path)


def address(path: Path) -> None:
    """An address that a user types; the request goes nowhere."""
    server = RemoteServer(path.read_text("utf-8", "replace"))
    with patch("http.client.HTTPConnection.connect", _refuse), suppress(LostError):
        server.models()


def _refuse(connection: Any) -> None:
    connection.host.encode("idna")  # as the look-up of a name does
    raise ConnectionRefusedError
