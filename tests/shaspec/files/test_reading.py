"""Only regular files of a bearable size are read, and every refusal names the path."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shaspec.errors import InputError
from shaspec.files.reading import (
    DEPTH,
    TEXT,
    exists,
    is_file,
    is_folder,
    open_regular,
    read_any_text,
    read_bytes,
    read_json,
    read_text,
    read_toml,
    resolved,
    sha256,
)

READERS: dict[str, Callable[[Path], Any]] = {
    "bytes": lambda path: read_bytes(path, 1000),
    "text": read_text,
    "json": read_json,
    "toml": read_toml,
    "table": read_any_text,
    "sha256": sha256,
}
POSIX = pytest.mark.skipif(os.name == "nt", reason="no FIFO, device or socket on Windows")


def fifo(folder: Path) -> Path:
    os.mkfifo(folder / "fifo")
    return folder / "fifo"


@contextmanager
def bound_socket(path: Path) -> Iterator[Path]:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))
        yield path


@POSIX
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("make", "match"),
    [
        (fifo, "not a regular file"),
        (lambda _: Path("/dev/zero"), "not a regular file"),
        (lambda folder: folder, "is a folder"),
        (lambda folder: folder / "none", "no such file"),
        (lambda folder: folder / ("x" * 300), "cannot be read"),
        (lambda folder: folder / "a\0b", "cannot be read"),
    ],
)
def test_what_is_no_regular_file_is_refused_at_once(
    make: Callable[[Path], Path], match: str, reader: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=match):
        READERS[reader](make(tmp_path))


@POSIX
def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    with bound_socket(Path("s")), pytest.raises(InputError, match=r"cannot be read|no regular"):
        open_regular("s")


@pytest.mark.parametrize("path", ["x" * 300, "a\0b", "none/x"])
def test_a_path_that_cannot_be_looked_at_is_nothing(path: str) -> None:
    assert not is_file(path)
    assert not is_folder(path)
    assert not exists(path)


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"a" * 2_000_000)
    assert len(read_bytes(path, 2_000_000)) == 2_000_000
    with pytest.raises(InputError, match="x: has 2 MiB; at most 1 MiB"):
        read_bytes(path, 1_000_000)


def test_a_text_that_is_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b" " * (TEXT + 1))
    with pytest.raises(InputError, match="at most 32 MiB"):
        read_json(tmp_path / "x.json")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "[" * (DEPTH + 1) + "]" * (DEPTH + 1),
        "9" * 5000,
        "1e999",
        "NaN",
        "[-Infinity]",
        '["\\ud800"]',
        "{",
        "",
        "\u00ff",
    ],
)
def test_json_that_would_break_a_reader_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=r"x\.json: "):
        read_json(path)


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 100_000, "a = " + "9" * 5000, "a", "a = 1\na = 2", "a." * 2000 + "b = 1"],
)
def test_toml_that_would_break_a_reader_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=r"x\.toml: "):
        read_toml(path)


# A null character is refused.
STRINGS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | STRINGS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STRINGS, inner),
    max_leaves=8,
)


@given(content=st.binary(max_size=40), reader=st.sampled_from(sorted(READERS)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused(content: bytes, reader: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with suppress(InputError):
        READERS[reader](path)


@given(content=JSON)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sound_json_is_read_as_it_is(content: Any, tmp_path: Path) -> None:
    import json

    path = tmp_path / "x.json"
    path.write_text(json.dumps(content), "utf-8-sig")
    assert read_json(path) == content


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '{"image": "a\\u0000b.nii"}'),
        ("a.toml", 'data = "a\\u0000b"'),
        ("a.toml", 'data = "a\\U00000000b"'),
        ("a.csv", "case,FLAIR\nanna,a\0b.nii\n"),
    ],
)
def test_a_null_character_is_refused_where_a_text_comes_in(
    tmp_path: Path, name: str, text: str
) -> None:
    """No path has one, and what looks at paths raises for it."""
    (tmp_path / name).write_text(text)
    read = {".json": read_json, ".toml": read_toml, ".csv": read_any_text}[Path(name).suffix]
    with pytest.raises(InputError, match=rf"{name}: has a null character"):
        read(tmp_path / name)


@POSIX
@given(st.lists(st.sampled_from(["a", "loop", "back", "lost", "..", ".", "\0", "x" * 300])))
def test_links_are_followed_as_far_as_they_lead(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("links")
    (folder / "a").mkdir()
    for name, target in (("loop", "loop"), ("back", "a/.."), ("lost", "nowhere")):
        (folder / name).symlink_to(target)
    path = folder.joinpath(*steps)
    found = resolved(path)
    assert resolved(found) == found
    if exists(path):
        assert os.path.samefile(found, path)
        assert found == path.resolve()


@POSIX
def test_a_path_is_followed_in_a_folder_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert resolved("out.nii.gz") == Path("out.nii.gz")
    monkeypatch.chdir(tmp_path)  # for the end of the test


@POSIX
@pytest.mark.parametrize("read", [lambda f: f.read(), lambda f: f.read(9), lambda f: f.readline()])
def test_a_broken_disk_is_named_by_whoever_reads(
    read: Callable[[Any], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "case.nii"
    path.write_bytes(bytes(100))
    with open_regular(path) as file:
        assert read(file)[:9] == bytes(9)
    with open_regular(path) as file:
        descriptor = os.open(tmp_path, os.O_RDONLY)  # a folder, whose read fails
        os.dup2(descriptor, file.fileno())
        os.close(descriptor)
        with pytest.raises(InputError, match=r"case\.nii: cannot be read \(Is a directory\)"):
            read(file)
