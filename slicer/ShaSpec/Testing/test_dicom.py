"""Volumes that were loaded from DICOM: their headers tell the modality where names do not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import slicer
from pydicom import dcmread

from ShaSpecLib import nodes
from ShaSpecLib.engine_names import assign
from ShaSpecLib.world import SceneWorld
from tests.made_up_dicom import T1, write_series


@pytest.fixture
def add_series(
    scene: Any, add_volume: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Adds a volume as Slicer does of a DICOM series: its name, and what it was read from."""
    files: dict[str, str] = {}
    database = SimpleNamespace(fileForInstance=lambda instance: files.get(instance, ""))
    monkeypatch.setattr(slicer, "dicomDatabase", database, raising=False)

    def add(number: int, **tags: Any) -> Any:
        paths = write_series(tmp_path, number, "t1_se_tra", slices=3, **tags)
        read = {str(dcmread(path).SOPInstanceUID): str(path) for path in paths}
        files.update(read)
        node = add_volume(np.zeros((4, 4, 4), np.int16), np.eye(4), f"{number}: t1_se_tra")
        node.SetAttribute("DICOM.instanceUIDs", " ".join(read))
        return node

    return add


def test_tags_tell_volumes_of_the_same_name_apart(
    scene: Any, add_series: Callable[..., Any]
) -> None:
    plain, enhanced = add_series(5, **T1), add_series(7, ContrastBolusAgent="Gadovist", **T1)
    found = assign(SceneWorld(scene).volumes(), "shaspec", {})
    assert found.volumes == {"T1": plain.GetID(), "T1ce": enhanced.GetID()}
    assert not found.doubts


def test_a_file_that_is_gone_leaves_the_name(scene: Any, add_series: Callable[..., Any]) -> None:
    node = add_series(5, ContrastBolusAgent="Gadovist", **T1)
    file = nodes.dicom_file(node)
    assert file is not None
    file.unlink()
    assert nodes.dicom_file(node) is None
    assert assign(SceneWorld(scene).volumes(), "shaspec", {}).volumes == {"T1": node.GetID()}


def test_without_a_database_there_is_no_header(
    scene: Any, add_series: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    node = add_series(5, **T1)
    monkeypatch.setattr(slicer, "dicomDatabase", None)
    assert nodes.dicom_file(node) is None
    node.RemoveAttribute("DICOM.instanceUIDs")
    assert nodes.dicom_file(node) is None
