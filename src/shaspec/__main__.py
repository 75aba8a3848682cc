"""``shaspec`` and ``python -m shaspec``: the command line, and a last guard for lack of memory.

Under a tight limit of memory the libraries cannot be imported, and a message in colour cannot be
printed. The sentence of this guard needs nothing but what Python has loaded at its start.
"""

from __future__ import annotations

import os

from shaspec.fault import is_off
from shaspec.memory import is_out_of_memory

SENTENCE = (
    b"shaspec: out of memory: there is too little of it even to load the libraries or to print a "
    b"message; close other programs, or raise the limit of the memory (ulimit -v, --mem)\n"
)
STDERR = 2
FAILED = 3
"""Exit code of an unforeseen error, as in `shaspec.cli.main`."""


def main() -> None:
    """Entry point of the program; see `shaspec.cli.main`."""
    try:
        from shaspec.cli import main as command_line

        command_line()
    except Exception as error:
        if is_off() or not is_out_of_memory(error):
            raise
    else:
        return
    # Outside the except block, where the traceback no longer holds what was allocated; and without
    # the work that Python does at its end, which could fail in the same way.
    os.write(STDERR, SENTENCE)
    os._exit(FAILED)


if __name__ == "__main__":
    main()
