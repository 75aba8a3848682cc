"""The engine in a real process that is waited for: there is no event loop here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence


class WaitingProcess:
    """The engine in a process that is waited for."""

    def start(
        self,
        words: Sequence[str],
        received: Callable[[bytes], None],
        ended: Callable[[int, str], None],
    ) -> None:
        command = [sys.executable, "-m", "shaspec", *words]
        run = subprocess.run(command, capture_output=True, check=False)
        received(run.stdout)
        ended(run.returncode, run.stderr.decode())

    def kill(self) -> None:
        raise AssertionError("it has ended")
