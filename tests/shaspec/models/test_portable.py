"""Removal of absolute paths from shared texts."""

from __future__ import annotations

import pytest

from shaspec.models.portable import portable, portable_command


@pytest.mark.parametrize(
    ("command", "short"),
    [
        ("shaspec train /srv/anna/my.toml", "shaspec train .../my.toml"),
        ("shaspec train --data=/srv/anna/data/", "shaspec train --data=.../data"),
        ("shaspec train '/srv/anna/my data'", "shaspec train '.../my data'"),
        ("train --set 'cases=/home/o b/x,y=1.txt'", "train --set cases=.../x,y=1.txt"),
        ("train --set 'cases = \"/home/o b/c\"'", "train --set 'cases = \".../c\"'"),
        ("train --data ~/data", "train --data .../data"),
        (r"train 'C:\Users\anna\x.toml'", "train .../x.toml"),
        (r"train '\\server\anna\data'", "train .../data"),
    ],
)
def test_of_an_absolute_path_the_last_part_is_kept(command: str, short: str) -> None:
    assert portable_command(command) == short
    assert portable_command(short) == short


@pytest.mark.parametrize(
    "command",
    [
        "shaspec train examples/a.toml --data ../shared/data --set network={a=1} --out runs/b",
        "shaspec train --set subsets=FLAIR+T2 --crop 64,64,64 ...",
        "python  a.py | tee log",
    ],
)
def test_everything_else_stays_as_it_was_typed(command: str) -> None:
    assert portable_command(command) == command


def test_a_command_that_cannot_be_split_loses_its_paths_all_the_same() -> None:
    assert "/srv" not in portable_command("train 'open /srv/anna/x")


def test_settings_are_looked_through_to_the_last() -> None:
    values = {"task": "/a/b.toml", "labelled": ["x", "/a/c"], "network": {"d": "/a/e"}, "seed": 1}
    short = {"task": ".../b.toml", "labelled": ["x", ".../c"], "network": {"d": ".../e"}, "seed": 1}
    assert portable(values) == short
