"""The last guard of the command line: lack of memory ends in a sentence, wherever it occurs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from shaspec.fault import RAISE

NO_MEMORY = {
    "while the command line is imported": """
        class Finder:
            def find_spec(self, name, *_):
                if name == "shaspec.cli":
                    raise MemoryError
        sys.meta_path.insert(0, Finder())
    """,
    "while a library is loaded": """
        class Finder:
            def find_spec(self, name, *_):
                if name == "shaspec.cli":
                    raise ImportError("libtorch_cpu.so: failed to map segment from shared object")
        sys.meta_path.insert(0, Finder())
    """,
    "in a command": """
        import shaspec.cli
        def app():
            raise MemoryError
        shaspec.cli.app = app
    """,
    "while an error is told": """
        import shaspec.cli
        def app():
            raise shaspec.cli.ShaspecError("no such file")
        def console(**_):
            raise MemoryError
        shaspec.cli.app, shaspec.cli.Console = app, console
    """,
}


@pytest.mark.parametrize("place", NO_MEMORY)
def test_lack_of_memory_ends_in_one_sentence(place: str) -> None:
    lines = NO_MEMORY[place].split("\n        ")
    code = "\n".join(["import sys", *lines, "from shaspec.__main__ import main", "main()"])
    environment = {name: value for name, value in os.environ.items() if name != RAISE}
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 3
    assert ended.stderr.startswith("shaspec: out of memory")
    assert ended.stderr.count("\n") == 1
    assert ended.stdout == ""
