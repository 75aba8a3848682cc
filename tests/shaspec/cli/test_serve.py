"""``shaspec serve`` as a process: how to connect, and what remains when it is killed."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shaspec.case import Case
from shaspec.errors import InputError, ServerError
from shaspec.remote import uploads
from shaspec.remote.server import RemoteServer

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "one-token-of-a-user"


@contextmanager
def served(*words: object, **variables: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server process, and the first lines that it prints; killed at the end of the block."""
    command = [sys.executable, "-W", "ignore", "-m", "shaspec", "serve", "--device", "cpu"]
    paths = os.pathsep.join([str(ROOT / "src"), *sys.path])
    environment = os.environ | {"COLUMNS": "300", "PYTHONPATH": paths} | variables
    with subprocess.Popen(
        [*command, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    ) as process:
        try:
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                lines.append(line)
                if "Ctrl+C" in line:
                    break
            yield process, "".join(lines)
        finally:
            process.kill()


def last(events: Any) -> Any:
    *_, event = events
    return event.prediction


@pytest.mark.slow
def test_a_killed_server_leaves_nothing_and_another_one_goes_on(
    shaspec_folder: Path, small_case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "PAUSE", 0.01)
    words = [
        "--model",
        shaspec_folder,
        "--no-bundled",
        "--folder",
        tmp_path,
        "--precision",
        "float32",
    ]
    with served(*words, "--port", 0) as (process, text):
        address = re.search(r"http://\S+", text)
        assert address is not None, text
        session = RemoteServer(address[0]).session("tiny-shaspec", small_case)
        before = last(session.predict())
        assert list(tmp_path.iterdir()) == []  # files without names
        process.send_signal(signal.SIGSTOP)  # it cannot answer before it is killed
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(lambda: list(session.predict(("T1",))))
            assert not wait([answer], 0.5).done
            process.kill()
            process.wait(20)
            with pytest.raises(ServerError):
                answer.result(60)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ServerError, match="no connection to server"):
        list(session.predict(("T1",)))
    token, port = re.findall(r"//(\S+)@\S+:(\d+)", address[0])[0]
    with served(*words, "--port", port, SHASPEC_TOKEN=token) as (process, text):
        assert token not in text
        np.testing.assert_array_equal(last(session.predict()).labels, before.labels)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) in (0, -signal.SIGINT, 130)


def test_options_that_cannot_be_used(
    run: Any, shaspec_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHASPEC_TOKEN", "short")
    for words, said in (
        (["--no-bundled"], "--model"),
        (["--folder", tmp_path / "none"], "no such folder"),
        (["--device", "cuda:99"], "device"),
        ([], "16 or more"),
        (["--token-file", tmp_path / "none"], "none"),
    ):
        with pytest.raises(InputError, match=said):
            run("serve", "--port", 0, *words)


def test_a_port_in_use_is_said(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHASPEC_TOKEN", TOKEN)
    with (
        socket.create_server(("127.0.0.1", 0)) as busy,
        pytest.raises(InputError, match="choose another --port"),
    ):
        run("serve", "--port", busy.getsockname()[1])


def test_without_its_packages_serve_says_what_to_install(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["shaspec.cli.serve"], "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"shaspec\[serve\]"):
        run("serve")
