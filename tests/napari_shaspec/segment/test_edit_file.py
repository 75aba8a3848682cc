"""A file with edits: a damaged one is refused with its name, whatever is damaged."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_shaspec.segment.edit_file import Head, read_edits, read_head, write_edits
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.prediction import Prediction
from shaspec.task import load_task

TASK = load_task("brats")
GRID = Grid((6, 5, 4), (1.0, 2.0, 1.5), (3.0, 0.0, -7.0))
HEAD = Head("anna", "brats", "FLAIR+T1", "0a", {"FLAIR": "f.nii"}, ["brush"], "today", {"a": 1})


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The bytes of a sound file."""
    path = tmp_path_factory.mktemp("edits") / "a.npz"
    labels = np.zeros(GRID.shape, np.uint8)
    result = Prediction("anna", TASK, GRID, ("FLAIR", "T1"), labels, {"a": 1})
    write_edits(path, result, labels + np.uint8(2), HEAD)
    return path.read_bytes()


def test_what_was_written_comes_back(tmp_path, written):
    (tmp_path / "a.npz").write_bytes(written)
    assert read_head(tmp_path / "a.npz") == HEAD
    result, edited, head = read_edits(tmp_path / "a.npz", TASK, GRID, "anna")
    assert (result.subset, result.labels.max(), set(edited.ravel())) == (("FLAIR", "T1"), 0, {2})
    assert head == HEAD
    with pytest.raises(InputError, match="not on the grid of case anna"):
        read_edits(tmp_path / "a.npz", TASK, Grid((6, 5, 4), (1.0, 2.0, 2.5)), "anna")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_bytes_are_read_or_refused(tmp_path, written, data):
    content = bytearray(written)
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    check(tmp_path, bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))]))


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.none()),
                   st.dictionaries(st.text(), st.integers()))  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.sampled_from([*vars(HEAD), "version", "spacing", "origin"]), value=VALUES)
def test_a_head_with_another_value_is_read_or_refused(tmp_path, written, key, value):
    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    text = np.load(io.BytesIO(members["head.npy"])).tobytes()
    data = io.BytesIO()
    np.save(data, np.frombuffer(json.dumps(json.loads(text) | {key: value}).encode(), np.uint8))
    members["head.npy"] = data.getvalue()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    check(tmp_path, packed.getvalue())


def check(folder, content):
    """Both ways in give a result or an `InputError` that names the file."""
    path = folder / "a.npz"
    path.write_bytes(content)
    for read in (read_head, lambda p: read_edits(p, TASK, GRID, "anna")):
        said = str(path)
        try:
            read(path)
        except InputError as error:
            said = str(error)
        assert str(path) in said or "FLAIR" in said  # of an unknown modality in the subset
