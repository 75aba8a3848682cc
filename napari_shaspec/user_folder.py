"""The folder for data of the user that is kept between sessions."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def user_folder(*parts: str) -> Path:
    """A folder below the data folder of this plugin, which need not exist.

    Where the system keeps such data: ``$XDG_DATA_HOME`` or ``~/.local/share`` on Linux,
    ``~/Library/Application Support`` on macOS, ``%LOCALAPPDATA%`` on Windows.
    """
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base.joinpath("napari-shaspec", *parts)
