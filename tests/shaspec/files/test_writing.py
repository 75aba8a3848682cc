"""A result appears whole or not at all, and its place is checked before the work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shaspec.errors import InputError
from shaspec.files.lock import locked_folder
from shaspec.files.writing import (
    check_file,
    new_folder,
    rename,
    replacing,
    sweep,
    write_atomically,
)

POSIX = pytest.mark.skipif(os.name == "nt", reason="no FIFO, and files cannot be locked like this")
HOLD = """
import sys, time
from pathlib import Path
from shaspec.files.writing import replacing
with replacing(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    print("writing", flush=True)
    time.sleep(60)
"""


def test_the_file_of_a_block_that_raises_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")
    with pytest.raises(TypeError), replacing(path) as file:
        file.write("no bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_a_name_as_long_as_the_system_allows_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("ö" * 127)
    write_atomically(path, b"x")
    assert path.read_bytes() == b"x"


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_a_name_that_cannot_be_written_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be written|null character"):
        write_atomically(tmp_path / name, b"")


def test_a_rename_takes_the_place_of_an_earlier_file(tmp_path: Path) -> None:
    new, old = tmp_path / "so-far.csv", tmp_path / "metrics.csv"
    new.write_text("new")
    old.write_text("old")
    rename(new, old)
    assert (old.read_text(), new.exists()) == ("new", False)


def test_a_rename_that_fails_says_which_file_and_keeps_it(tmp_path: Path) -> None:
    new, folder = tmp_path / "so-far.csv", tmp_path / "metrics.csv"
    new.write_text("new")
    (folder / "inside").mkdir(parents=True)
    with pytest.raises(InputError, match=r"so-far.csv: cannot be renamed to metrics.csv"):
        rename(new, folder)
    assert new.read_text() == "new"


@POSIX
def test_leftovers_of_a_killed_run_are_swept_and_those_of_a_running_one_stay(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path / "x.nii")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert sweep(tmp_path) == 0
        assert len(list(tmp_path.iterdir())) == 1
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (tmp_path / "x.nii").exists()
    assert sweep(tmp_path) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), new_folder(tmp_path / "cache" / "a") as folder:
        folder.write_bytes(b"1")
    assert list((tmp_path / "cache").iterdir()) == []
    with new_folder(tmp_path / "cache" / "a") as folder:
        (folder / "x").write_bytes(b"1")
        assert not (tmp_path / "cache" / "a").exists()
    assert [p.name for p in (tmp_path / "cache").iterdir()] == ["a"]
    assert (tmp_path / "cache" / "a" / "x").read_bytes() == b"1"


def test_of_two_processes_that_make_a_folder_the_first_one_stays(tmp_path: Path) -> None:
    with new_folder(tmp_path / "a") as slow:
        (slow / "x").write_bytes(b"slow")
        with new_folder(tmp_path / "a") as fast:
            (fast / "x").write_bytes(b"fast")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a" / "x").read_bytes() == b"fast"


@POSIX
def test_folders_of_a_killed_run_are_swept_and_those_of_a_running_one_stay(tmp_path: Path) -> None:
    left = tmp_path / ".a.0123abcd.partial"
    left.mkdir()
    (left / "x").write_bytes(b"1")
    with new_folder(tmp_path / "a") as folder:
        assert sweep(tmp_path) == 1
        assert list(tmp_path.iterdir()) == [folder]


def test_other_hidden_files_are_not_swept(tmp_path: Path) -> None:
    for name in (".partial", ".a.partial", "a.12345678.partial", ".a.12345678.partial.gz"):
        (tmp_path / name).touch()
    assert sweep(tmp_path) == 0


def linked(folder: Path) -> Path:
    (folder / "a.csv").write_text("a")
    (folder / "b.csv").symlink_to(folder / "a.csv")
    return folder / "b.csv"


def fifo(folder: Path) -> Path:
    os.mkfifo(folder / "f.csv")
    return folder / "f.csv"


@POSIX
@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda folder: folder / "x.txt", r"is written as \.csv or \.tsv"),
        (lambda folder: folder, "is a folder"),
        (lambda folder: folder / ("x" * 300 + ".csv"), "longer than 255 bytes"),
        (lambda folder: folder / ("ö" * 130 + ".csv"), "longer than 255 bytes"),
        (lambda folder: folder / "a\nb.csv", "control characters"),
        (lambda folder: folder / "a\0b.csv", "control characters"),
        (lambda folder: Path("/dev/null"), "is written as"),
        (lambda folder: Path("/proc/none/x.csv"), "cannot be written to as a folder"),
        (linked, r"is a link to .*a\.csv"),
        (fifo, "not a regular file"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused_before_the_work(
    make: Callable[[Path], Path], match: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=match):
        check_file(make(tmp_path), [".csv", ".tsv"])


def test_a_good_place_is_accepted_and_its_folder_made(tmp_path: Path) -> None:
    check_file(tmp_path / "new/x.CSV", [".csv"])
    assert (tmp_path / "new").is_dir()


@POSIX
def test_a_full_disk_is_found_before_the_work(tmp_path: Path) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))  # writes fail as on a full disk
    try:
        with pytest.raises(InputError, match=r"cannot be written to as a folder .*free space"):
            check_file(tmp_path / "x.csv")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


@POSIX
def test_a_folder_is_locked_until_the_end_of_the_block(tmp_path: Path) -> None:
    with (
        locked_folder(tmp_path, "training"),
        pytest.raises(InputError, match="another process is training in this folder"),
        locked_folder(tmp_path, "training"),
    ):
        pass
    with locked_folder(tmp_path, "training"):
        assert list(tmp_path.iterdir()) != []
    assert list(tmp_path.iterdir()) == []
