"""Changes to the viewer itself: camera, scale bar and slice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_shaspec.jobs.runner import after
from napari_shaspec.layers.layer_data import case_layers
from napari_shaspec.layers.metadata import folders_of, of_kind, own_name
from shaspec.case import Case

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer


# napari's default, ("towards", ...), mirrors a patient in 3D for arrays in the order (S, P, L).
CAMERA = ("away", "down", "right")
LATER = 0.1  # s


def prepare_view(viewer: ViewerModel) -> None:
    """Shows the patient's left on the right, in 2D and in 3D, and a scale bar in millimetres."""
    viewer.scene.camera.orientation = CAMERA
    viewer.canvas.overlays.scale_bar.visible = True


def prepare_view_soon(viewer: ViewerModel, wanted: Callable[[], bool]) -> None:
    """The same, the scale bar a moment later and if it is still ``wanted``.

    The first scale bar reads all units of physics, which takes longer than to open a panel.
    """
    viewer.scene.camera.orientation = CAMERA

    def show() -> None:
        if wanted():
            prepare_view(viewer)

    if not after(LATER, show):
        show()


def add_case(viewer: ViewerModel, case: Case) -> list[Layer]:
    """Adds the layers of a case, as the reader does."""
    from napari.layers import Layer

    prepare_view(viewer)
    name = own_name(case.name, folders_of(case), viewer.layers)
    layers = [Layer.create(*data) for data in case_layers(replace(case, name=name))]
    viewer.layers.extend(layers)
    viewer.reset_view()
    return layers


def go_to_most(viewer: ViewerModel) -> None:
    """Goes to the slice with most of the ground truth, if there is one."""
    for layer in of_kind(viewer, "truth"):
        most = int((layer.data > 0).sum(axis=(1, 2)).argmax())
        viewer.dims.set_point(0, layer.data_to_world((most, 0, 0))[0])
