"""The engine in a real process that is waited for: there is no event loop here."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence


class WaitingProcess:
    """A process that `send` waits for, until it has answered or ended."""

    _waiting = False

    def start(
        self,
        words: Sequence[str],
        received: Callable[[bytes], None],
        ended: Callable[[int, str], None],
    ) -> None:
        self._received, self._ended = received, ended
        self.process = subprocess.Popen(
            [sys.executable, "-m", "shaspec", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def send(self, data: bytes) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()
        self._waiting = True
        for line in self.process.stdout:
            if is_last(line):
                self._waiting = False
            self._received(line)
            if not self._waiting:
                return
        self._waiting = False
        self._say_end()

    def kill(self) -> None:
        self.process.kill()
        if not self._waiting:  # else `send` notices it
            self._say_end()

    def _say_end(self) -> None:
        _, errors = self.process.communicate()
        self._ended(self.process.returncode, errors.decode())


def is_last(line: bytes) -> bool:
    """Whether the engine waits for the next command after this line."""
    try:
        return bool(json.loads(line)["event"] == "ended")
    except (ValueError, KeyError, TypeError):
        return False
