"""Deciding whether a dropped path can be opened reads a limited number of names."""

from __future__ import annotations

import os

import pytest

from napari_shaspec import drops


@pytest.fixture
def opened(monkeypatch):
    """The folders that were opened."""
    folders = []
    scandir = os.scandir

    def counted(path):
        folders.append(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", counted)
    return folders


def test_no_more_than_so_many_empty_folders_are_opened(tmp_path, opened):
    for first in range(30):
        for second in range(20):
            (tmp_path / str(first) / str(second)).mkdir(parents=True)
    opened.clear()
    assert not drops.is_ours([tmp_path])
    assert 0 < len(opened) <= drops.FOLDERS + 1  # and once more for pictures


def test_no_more_than_so_many_names_of_pictures_are_judged(tmp_path, monkeypatch):
    judged = []
    recognise = drops.recognise
    monkeypatch.setattr(drops, "recognise", lambda *args: judged.append(args) or recognise(*args))
    for number in range(2 * drops.ENTRIES):
        (tmp_path / f"img_{number}.png").touch()
    assert not drops.is_ours([tmp_path])
    assert 0 < len(judged) <= drops.ENTRIES * len(drops.tasks()) * 2
    judged.clear()
    assert not drops.is_ours(sorted(tmp_path.iterdir()))
    assert judged == []


def test_the_bundled_tasks_are_parsed_once(monkeypatch, tmp_path):
    drops.tasks()
    monkeypatch.setattr(drops, "load_task", lambda name: pytest.fail("parsed again"))
    (tmp_path / "a.png").touch()
    assert not drops.is_ours([tmp_path])


@pytest.mark.parametrize("depth", range(drops.DEPTH + 2))
def test_a_volume_is_found_a_little_below_the_folder(tmp_path, depth):
    folder = tmp_path.joinpath(*"abcdefgh"[:depth])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "flair.nii.gz").touch()
    assert drops.is_ours([tmp_path]) == (depth <= drops.DEPTH)


def test_a_folder_with_one_picture_a_modality_is_ours(tmp_path):
    (tmp_path / "rgb.png").touch()
    assert not drops.is_ours([tmp_path])
    (tmp_path / "depth.png").touch()
    assert drops.is_ours([tmp_path])


def test_a_loop_of_links_in_a_folder_is_passed_over(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "gone").symlink_to("nowhere")
    assert not drops.is_ours([tmp_path])
    assert not drops.is_examination([tmp_path])
    (tmp_path / "z_flair.nii.gz").touch()
    assert drops.is_ours([tmp_path])


@pytest.mark.parametrize("name", ["pipe.zip", "x" * 300 + ".zip", "x" * 300, "a\0b.zip"])
def test_what_cannot_be_opened_is_not_ours(tmp_path, name):
    if name == "pipe.zip":
        os.mkfifo(tmp_path / name)  # whoever opens it would wait for ever
    assert not drops.is_examination([tmp_path / name])
    assert not drops.is_ours([tmp_path / name])
