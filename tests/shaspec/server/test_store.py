"""What a server keeps, and when it deletes it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from shaspec.errors import InputError
from shaspec.remote.wire import GridFacts, OpenRequest, VolumeFacts
from shaspec.server.limits import Limits
from shaspec.server.refusals import RefusedError
from shaspec.server.shelf import Shelf
from shaspec.server.tokens import check_token, new_token, read_tokens
from shaspec.server.volumes import FRESH, Volumes
from tests.serving import make_service
from tests.tiny_models import save_tiny

IDLE = Limits().idle


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def add(volumes: Volumes, data: bytes) -> str:
    digest = hashlib.sha256(data).hexdigest()
    volumes.append(digest, 0, len(data), data)
    return digest


def test_a_volume_that_nobody_uses_is_deleted() -> None:
    clock = Clock()
    volumes = Volumes(Limits(), clock=clock)
    held, free = add(volumes, b"held"), add(volumes, b"free")
    volumes.append(64 * "0", 0, 100, b"half")
    volumes.hold([held])
    clock.now = IDLE + 1
    volumes.expire()
    assert volumes.missing([held, free]) == [free]
    assert volumes.arrived(64 * "0") is None
    assert volumes.read(held) == b"held"
    volumes.let_go([held], clock.now)
    volumes.expire()
    assert not volumes.missing([held])  # it was used until now
    clock.now += IDLE + 1
    volumes.expire()
    assert volumes.reserved == 0


def test_volumes_have_no_names_in_the_folder(tmp_path: Path) -> None:
    volumes = Volumes(Limits(), tmp_path)
    add(volumes, bytes(10_000))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    volumes.close()
    assert volumes.reserved == 0


def test_the_oldest_volume_gives_way(tmp_path: Path) -> None:
    clock = Clock()
    volumes = Volumes(Limits(volumes=2), clock=clock)
    names = []
    for text in (b"first", b"second"):
        names.append(add(volumes, text))
        clock.now += 1
    with pytest.raises(RefusedError, match="full of the cases of other users"):
        add(volumes, b"third")  # the others wait for their session
    volumes.hold(names)
    volumes.let_go(names, clock.now)
    clock.now += 1
    names.append(add(volumes, b"third"))
    assert volumes.missing(names) == names[:1]
    volumes.hold(names[1:])
    with pytest.raises(RefusedError, match="full of the cases of other users"):
        add(volumes, b"fourth")
    volumes.close()


def test_unused_volumes_give_way_without_a_session_too() -> None:
    clock = Clock()
    volumes = Volumes(Limits(volumes=1), clock=clock)
    add(volumes, b"first")
    clock.now = FRESH + 1
    add(volumes, b"second")
    volumes.close()


def test_sessions_end_when_nobody_uses_them(shaspec_folder: Path) -> None:
    clock = Clock()
    service = make_service([shaspec_folder], clock=clock, sessions=2)
    digest = add(service.volumes, b"any")
    volume = VolumeFacts(dtype="|u1", shape=(8, 8, 8), sha256=digest)
    grid = GridFacts(shape=(8, 8, 8), spacing=(1, 1, 1), origin=(0, 0, 0))
    request = OpenRequest(model="tiny-shaspec", grid=grid, volumes={"T1": volume})
    first = service.sessions.open(request)
    clock.now = IDLE / 2
    second = service.sessions.open(request)
    assert len({first, second}) == 2
    clock.now = IDLE + 1
    service.sessions.expire()
    service.volumes.expire()
    assert service.volumes.reserved
    with pytest.raises(RefusedError, match="not used for too long"):
        service.sessions.find(first)
    assert not service.volumes.missing([digest])  # of the second
    for _ in range(2):
        service.sessions.open(request)
    with pytest.raises(RefusedError):
        service.sessions.find(second)  # gave way to the third
    for served in list(service.sessions._sessions.values()):
        service.sessions.enter(served.name)
    with pytest.raises(RefusedError, match="all sessions"):
        service.sessions.open(request)
    for served in list(service.sessions._sessions.values()):
        service.sessions.leave(served)
    clock.now += IDLE + 1
    service.sessions.expire()
    service.volumes.expire()
    assert service.volumes.reserved == 0  # volumes do not outlive their sessions
    service.close()


def test_models_have_different_names(shaspec_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="another model with the name 'tiny-shaspec'"):
        Shelf([shaspec_folder, shaspec_folder])
    with pytest.raises(InputError, match="--model"):
        Shelf([], bundled=False)


def test_few_networks_stay_in_memory(tmp_path: Path, brats: object) -> None:
    folders = [save_tiny(tmp_path / n, brats, name=n) for n in ("a", "b", "c")]  # type: ignore[arg-type]
    shelf = Shelf(folders, bundled=False)
    first = shelf.model("a")
    assert shelf.model("a") is first
    shelf.model("b")
    shelf.model("c")
    assert shelf.model("a") is not first
    before = shelf.model("b")
    save_tiny(folders[1], brats, name="b", seed=7)  # type: ignore[arg-type]
    assert shelf.model("b").card.sha256 != before.card.sha256


def test_tokens_are_long_and_one_a_line(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"# ward 7\n{'a' * 16}\n\n{'b' * 20}\n")
    assert read_tokens(path) == ("a" * 16, "b" * 20)
    assert check_token(new_token())
    for wrong in ("short", "with blanks in it, long", "ümlaute-sind-zu-lang-hier"):
        with pytest.raises(InputError, match="16 or more"):
            check_token(wrong)
    path.write_text("# nobody\n")
    with pytest.raises(InputError, match="has no token"):
        read_tokens(path)
