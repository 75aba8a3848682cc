"""The result of a prepared case is saved on the grid of every scan as it was acquired."""

from __future__ import annotations

import numpy as np
import pytest

from napari_shaspec.layers.results import find_result
from shaspec.io import read_volume, write_case
from shaspec.preparation import read_transforms, to_inputs


@pytest.fixture
def prepared(controller, acquired, registered):
    """A result of a case whose T2 was moved."""
    controller.open([acquired])
    controller.preparing.prepare(acquired.with_name("out"))
    controller.segment()
    assert controller.state.shown
    return controller


def read(folder):
    return {path.name: read_volume(path).array for path in sorted(folder.glob("seg_on_*"))}


def test_every_scan_gets_its_labels(prepared, acquired, tmp_path):
    target = tmp_path / "results"
    target.mkdir()
    prepared.inputs_export.save(target / "seg.nii.gz")
    found = read(target)
    assert list(found) == [f"seg_on_{name}.nii.gz" for name in ("flair", "t1", "t2")]
    assert "saved seg_on_flair.nii.gz" in prepared.state.message.text
    result = prepared.state.shown_map
    transforms = read_transforms(acquired.with_name("out"))
    expected = to_inputs(result.labels, result.grid, transforms)
    for name, array in expected.items():
        assert np.array_equal(found[f"seg_on_{name.lower()}.nii.gz"], array)
    assert not np.array_equal(expected["T2"], expected["T1"]), "the head was moved back"
    prepared.inputs_export.save(target / "seg.nii.gz")
    assert "exists already" in prepared.state.message.text


def test_a_region_that_was_drawn_goes_the_same_way(prepared, acquired, tmp_path):
    state = prepared.state
    layer = find_result(prepared.viewer, "out", state.shown)
    layer.selected_label, layer.brush_size, layer.mode = 4, 9, "paint"
    layer.n_edit_dimensions = 3
    layer.paint((20, 25, 20), 4)
    assert state.shown in state.edited
    prepared.inputs_export.save(tmp_path / "seg.nii.gz")
    transforms = read_transforms(acquired.with_name("out"))
    drawn = np.array(layer.data)
    expected = to_inputs(drawn, state.shown_map.grid, transforms)["T2"]
    found = read(tmp_path)["seg_on_t2.nii.gz"]
    assert np.count_nonzero(found == 4) > 100
    assert np.array_equal(found, expected)


def test_a_case_that_was_not_prepared_is_refused(controller, head, tmp_path):
    write_case(tmp_path / "p1", head)
    controller.open([tmp_path / "p1"])
    controller.inputs_export.save(tmp_path / "seg.nii.gz")
    assert "no result to save yet" in controller.state.message.text
    controller.segment()
    controller.inputs_export.save(tmp_path / "seg.nii.gz")
    assert "p1 was not prepared by this program" in controller.state.message.text
    assert not list(tmp_path.glob("seg*"))
