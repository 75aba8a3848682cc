"""The letters at the edges of a view: where a voxel is drawn is where its side is written."""

from __future__ import annotations

import itertools

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from napari.components import ViewerModel
from napari.layers import Image, Labels
from nibabel.orientations import axcodes2ornt

from napari_shaspec.layers.orientation import OPPOSITE, Edges, Plane, edges_of, show_plane, sides_of
from tests.napari_shaspec.scans import read_layers

PAIRS = ("LR", "PA", "SI")
WORLDS = [names for order in itertools.permutations(PAIRS) for names in itertools.product(*order)]
"""Every order and direction of the world axes."""
EXPECTED = {
    Plane.AXIAL: Edges(top="A", right="L", bottom="P", left="R"),
    Plane.CORONAL: Edges(top="S", right="L", bottom="I", left="R"),
    Plane.SAGITTAL: Edges(top="S", right="P", bottom="I", left="A"),
}


def viewer_of(*layers) -> ViewerModel:
    viewer = ViewerModel()
    viewer.layers.extend(layers)
    return viewer


def image(names, **options) -> Image:
    return Image(np.zeros((4, 5, 6)), axis_labels=names, **options)


def drawn(viewer, world) -> tuple[float, float]:
    """How far down and to the right of the centre a point of the world is drawn."""
    row, column = viewer.dims.displayed
    vertical, horizontal = viewer.scene.camera.orientation2d
    centre = viewer.layers.extent.world.mean(axis=0)
    down = (world - centre)[row] * (1 if vertical == "down" else -1)
    right = (world - centre)[column] * (1 if horizontal == "right" else -1)
    return down, right


@pytest.mark.parametrize("plane", Plane)
def test_every_plane_is_upright_and_radiological_in_every_world(plane):
    viewer = viewer_of(image("SPL"))
    for names in WORLDS:
        viewer.layers[0].axis_labels = names
        show_plane(viewer, plane, names)
        assert edges_of(viewer) == EXPECTED[plane], names


@settings(max_examples=40, deadline=None)
@given(
    names=st.sampled_from(WORLDS),
    order=st.permutations(range(3)),
    turn=st.tuples(st.sampled_from(["up", "down"]), st.sampled_from(["left", "right"])),
    scale=st.tuples(*[st.sampled_from([-2.0, 0.5, 3.0])] * 3),
)
def test_a_point_on_a_side_is_drawn_at_the_edge_with_its_letter(names, order, turn, scale):
    viewer = viewer_of(image(names, scale=scale))
    viewer.dims.order = tuple(order)
    viewer.scene.camera.orientation2d = turn
    edges = edges_of(viewer)
    centre = viewer.layers.extent.world.mean(axis=0)
    for axis in viewer.dims.displayed:
        point = centre.copy()
        point[axis] += 1  # towards the side after which the axis is named
        down, right = drawn(viewer, point)
        edge = {(1, 0): "bottom", (-1, 0): "top", (0, 1): "right", (0, -1): "left"}[down, right]
        assert getattr(edges, edge) == names[axis]
    assert OPPOSITE[edges.left] == edges.right
    assert OPPOSITE[edges.top] == edges.bottom


@pytest.mark.parametrize("codes", ["LPS", "RAS", "LAS", "PIR", "ASL", "SRA"])
def test_a_lesion_in_a_file_is_drawn_on_its_side(codes, tmp_path):
    shape = (20, 24, 28)  # R, A, S
    voxels = np.ones(shape, np.float32)
    voxels[2:5, 16:20, 20:24] = 9  # left, anterior, superior
    ras = nib.Nifti1Image(voxels, np.diag([1.0, 1.0, 1.0, 1.0]))
    path = tmp_path / "anna_flair.nii.gz"
    nib.save(
        ras.as_reoriented(
            nib.orientations.ornt_transform(nib.io_orientation(ras.affine), axcodes2ornt(codes))
        ),
        path,
    )
    assert "".join(nib.aff2axcodes(nib.load(path).affine)) == codes
    data, options, _ = read_layers(str(path))[0]
    layer = Image(data, **options)
    viewer = viewer_of(layer)
    lesion = layer.data_to_world(np.argwhere(np.asarray(data) == 9).mean(axis=0))
    for plane, (vertical, horizontal) in {
        Plane.AXIAL: ("A", "L"),
        Plane.CORONAL: ("S", "L"),
        Plane.SAGITTAL: ("S", "A"),
    }.items():
        show_plane(viewer, plane, sides_of(viewer.layers))
        edges = edges_of(viewer)
        down, right = drawn(viewer, np.array(lesion))
        assert (edges.bottom if down > 0 else edges.top) == vertical
        assert (edges.right if right > 0 else edges.left) == horizontal


def test_no_letters_where_the_sides_are_unknown():
    plain = Image(np.zeros((4, 5, 6)))
    assert edges_of(viewer_of(plain)) is None
    assert edges_of(viewer_of(image("xyz"))) is None
    assert edges_of(viewer_of(image("LRS"))) is None
    assert edges_of(viewer_of(image("SPL"), image("SPR"))) is None
    assert edges_of(viewer_of(image("SPL"), plain)) is None
    assert edges_of(viewer_of(Image(np.zeros((5, 6)), axis_labels=("P", "L")))) is None
    assert edges_of(viewer_of()) is None


def test_only_visible_images_count():
    viewer = viewer_of(image("SPL"), image("SPR"), Labels(np.zeros((4, 5, 6), int)))
    viewer.layers[1].visible = False
    assert edges_of(viewer) == EXPECTED[Plane.AXIAL]
    viewer.dims.ndisplay = 3
    assert edges_of(viewer) is None
