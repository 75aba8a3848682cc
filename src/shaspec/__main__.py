"""``python -m shaspec``."""

from shaspec.cli import main

main()
