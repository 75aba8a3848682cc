"""The picture of a panel whose networks run on a server."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from scene import Scene

COMMAND = [sys.executable, "-m", "shaspec", "serve", "--port", "8642"]


def on_a_server(scene: Scene) -> None:
    """The panel goes to a server, where a toggle is answered."""
    from napari_shaspec.settings import section

    control = scene.panel.controller
    with served() as address:
        section("server").address = address
        scene.wait(lambda: "now run on server" in control.state.message.text)
        control.segment()
        scene.finish()
        control.tick("T1", "T1" not in control.state.present)
        scene.finish()
        scene.controls("panel_server.png")
        section("server").address = ""
        scene.wait(lambda: "now run on this computer" in control.state.message.text)


@contextmanager
def served() -> Iterator[str]:
    """A server within a block: its address, as it is printed."""
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            lines = (re.search(r"http://\S+", line) for line in process.stdout)
            yield next(found[0] for found in lines if found)
        finally:
            process.terminate()
