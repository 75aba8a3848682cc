"""A folder is locked during the block, and a lock that cannot be removed does no harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from shaspec.errors import InputError
from shaspec.files.lock import LOCK, locked_folder


def test_a_second_run_in_the_folder_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    with locked_folder(tmp_path, "training"):
        with (
            pytest.raises(InputError, match="another process is training"),
            locked_folder(tmp_path, "training"),
        ):
            pass
        assert (tmp_path / LOCK).exists()
    with locked_folder(tmp_path, "training"):
        pass
    assert not (tmp_path / LOCK).exists()


def test_a_lock_that_cannot_be_removed_neither_ends_the_run_nor_blocks_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        with locked_folder(tmp_path, "training"):
            pass
    assert (tmp_path / LOCK).exists()
    with locked_folder(tmp_path, "training"):
        pass
