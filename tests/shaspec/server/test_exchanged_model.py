"""A server whose model is exchanged while a client has a case open, and odd tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.case import Case
from shaspec.errors import InputError, ServerError
from shaspec.inference.events import Finished
from shaspec.remote.address import parse_address
from shaspec.task import Task
from tests.serving import make_service, running
from tests.tiny_models import save_tiny

pytestmark = pytest.mark.slow  # sockets, and requests that wait for each other

PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40)


def result(events: Any) -> Any:
    *_, event = events
    assert isinstance(event, Finished)
    return event.prediction


def test_a_result_of_another_model_than_the_card_says_is_refused(
    tmp_path: Path, brats: Task, small_case: Case
) -> None:
    folder = save_tiny(tmp_path / "model", brats, seed=1)
    with running(make_service([folder])) as server:
        client = server.connect()
        session = client.session("tiny-shaspec", small_case)
        before = result(session.predict())
        save_tiny(folder, brats, seed=2)
        for name in list(server.service.sessions._sessions):  # as after a restart of the server
            server.service.sessions.close(name)
        with pytest.raises(ServerError, match="its model 'tiny-shaspec' was exchanged"):
            result(session.predict())
        assert not session.is_kept(["T1"])
        anew = client.session("tiny-shaspec", small_case)
        after = result(anew.predict())
        assert after.provenance["sha256"] == anew.card.sha256 != before.provenance["sha256"]
        assert np.any(after.labels != before.labels)


@given(PRINTABLE)
def test_any_token_of_a_proxy_arrives_whole(token: str) -> None:
    assert parse_address(f"https://{quote(token, safe='')}@gpu.example.org/x").token == token


@given(PRINTABLE)
def test_a_token_that_is_not_quoted_is_whole_or_refused_without_a_word_of_it(token: str) -> None:
    try:
        found = parse_address(f"https://{token}@gpu.example.org")
    except InputError as error:
        said = str(error)
        assert not any(token[i : i + 6] in said for i in range(len(token) - 5))
    else:
        assert found.host == "gpu.example.org"
        assert found.token == token or "%" in token


@pytest.mark.parametrize("text", ["http://h:a-secret-token", "https://127.0.0.1:8642:a-secret"])
def test_a_token_in_the_place_of_a_port_is_not_repeated(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_address(text)
    assert "secret" not in str(caught.value)


def test_the_token_of_the_environment_may_end_with_a_line_break(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHASPEC_TOKEN", "a-token-of-a-file\n")
    assert parse_address("https://gpu.example.org").token == "a-token-of-a-file"
    monkeypatch.setenv("SHASPEC_TOKEN", "ein-schl\u00fcssel-von-hier")
    with pytest.raises(InputError, match="a character that no token has"):
        parse_address("https://gpu.example.org")
