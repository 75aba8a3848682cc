"""Somebody who answers the questions about the files of a case."""

from __future__ import annotations

from typing import Any

import pytest

from napari_shaspec.assign import question
from napari_shaspec.assign.choices import Choices


class User:
    """Answers the questions: ``roles`` by the names of files, ``options`` by option."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.seen: list[Choices] = []
        self.roles: dict[str, str] | None = None
        self.options: dict[str, Any] = {}

    def ask_roles(self, choices: Choices, why: str) -> bool:
        self.asked.append(why)
        self.seen.append(choices)
        assert len(self.asked) < 5, self.asked
        if self.roles is None:
            return False
        for index, row in enumerate(choices.rows):
            for end, role in self.roles.items():
                if row.file.name.endswith(end):
                    choices.choose(index, role)
        assert choices.problem == ""
        choices.remember()
        return True

    def ask_option(self, error: Any, otherwise: str = "") -> Any:
        self.asked.append(error.option)
        return self.options.get(error.option)


@pytest.fixture
def user(monkeypatch) -> User:
    """There is a window, and somebody in front of it, who cancels."""
    someone = User()
    monkeypatch.setattr(question, "can_ask", lambda: True)
    monkeypatch.setattr(question, "ask_roles", someone.ask_roles)
    monkeypatch.setattr(question, "ask_option", someone.ask_option)
    return someone
