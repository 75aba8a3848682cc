"""The pictures of the pages, rendered by the real program on phantoms.

xvfb-run python docs/pictures.py [FOLDER]      writes PNG files into docs/_pictures

Every picture is a function that uses the controls like a user and takes a screenshot, in the order
of the tour. Real cases are never used, because these pictures are published.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scene import Scene
from served import on_a_server

HERE = Path(__file__).resolve().parent
WINDOW = (1366, 768)
SMALL = (116, 180, 180)  # voxels of the second patient: fifteen subsets of the first take long
TINY = (64, 80, 72)  # voxels of the cases of a folder
CLOSER = 1.5  # napari shows the whole volume, which is mostly air


def main() -> None:
    """Render everything, in one window."""
    import napari

    out = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "_pictures"
    out.mkdir(parents=True, exist_ok=True)
    viewer = napari.Viewer()
    viewer.window.resize(*WINDOW)
    viewer.open_sample("napari-shaspec", "phantom")
    for name, pictures in PICTURES.items():
        dock, panel = viewer.window.add_plugin_dock_widget("napari-shaspec", name)
        for picture in pictures:
            picture(Scene(viewer, panel, out))
        viewer.window.remove_dock_widget(dock)
    viewer.close()


# -- the tour ----------------------------------------------------------------------------------


def panel_case(scene: Scene) -> None:
    """The panel before anything was segmented."""
    scene.controls("panel_case.png")


def slice_(scene: Scene) -> None:
    """The slice with most of the tumour, segmented from all four."""
    control = scene.panel.controller
    control.segment()
    scene.finish()
    result = control.state.results[0]
    most = int((result.labels > 0).sum(axis=(1, 2)).argmax())
    scene.viewer.dims.set_point(0, result.grid.origin[0] + result.grid.spacing[0] * most)
    scene.viewer.scene.camera.zoom *= CLOSER
    scene.canvas("slice.png")


def grid_all(scene: Scene) -> None:
    """A pane per sequence, with the result from all four."""
    from napari_shaspec.layers.views import View

    scene.panel.controller.set_view(View.GRID)
    scene.viewer.scene.camera.zoom *= CLOSER
    scene.canvas("grid_all.png")


def grid_without_t1ce(scene: Scene) -> None:
    """The same without T1ce."""
    control = scene.panel.controller
    control.tick("T1ce", False)
    if not control.state.status.busy:  # features were not kept for lack of memory
        control.segment()
    scene.finish()
    control.update_when_toggled(True)  # takes the seconds off the panel: they differ every time
    scene.canvas("grid_without_T1ce.png")


def window(scene: Scene) -> None:
    """The whole window; the picture on the first page."""
    scene.window("window.png")


def panel_results(scene: Scene) -> None:
    """The panel with two results."""
    scene.controls("panel_results.png")


def space(scene: Scene) -> None:
    """The regions in the head."""
    from napari_shaspec.layers.views import View

    control = scene.panel.controller
    control.set_view(View.THREE_D)
    scene.canvas("space.png")
    control.set_view(View.STACK)


def planes(scene: Scene) -> None:
    """Three linked planes through the tumour."""
    control = scene.panel.controller
    result = control.state.shown_map
    middle = np.argwhere(result.labels > 0).mean(axis=0)
    scene.viewer.dims.point = tuple(np.add(result.grid.origin, middle * result.grid.spacing))
    control.set_planes(True)
    scene.wait(lambda: len(scene.panel.planes.marks) == 3)  # one is added after the other
    scene.window("planes.png")
    control.set_planes(False)


# -- two results -------------------------------------------------------------------------------


def swipe(scene: Scene) -> None:
    """The two results on the sides of a line, and their comparison in numbers."""
    from napari_shaspec.compare.state import Shown

    scene.press("run")
    control = scene.panel.controller
    control.show(Shown.SWIPE)
    control.move_line(0.55)
    scene.window("swipe.png")
    control.show(Shown.FIRST)


# -- every subset ------------------------------------------------------------------------------


def smaller_patient(scene: Scene) -> None:
    """Replaces the patient by another one with a smaller head."""
    from napari.layers import Layer

    from napari_shaspec.layers import layer_data
    from napari_shaspec.layers.viewer import go_to_most
    from shaspec.phantom import DEMO_SEED, make_case

    scene.viewer.layers.clear()
    for data in layer_data.case_layers(make_case(DEMO_SEED, SMALL)):
        scene.viewer.add_layer(Layer.create(*data))
    go_to_most(scene.viewer)
    scene.viewer.reset_view()


def subset_table(scene: Scene) -> None:
    """The panel with a row per subset; one of them is shown."""
    scene.press("run")
    scene.panel.controller.show_row("shaspec", ("FLAIR", "T1", "T2"))
    scene.viewer.scene.camera.zoom *= CLOSER
    scene.controls("robustness.png")


def subset_plots(scene: Scene) -> None:
    """The same as a heat map, and the Shapley values."""
    tabs = scene.panel.tabs
    for index, name in enumerate(("robustness_heat_map.png", "robustness_shapley.png"), 1):
        tabs.setCurrentIndex(index)
        scene.part(tabs, name)


def subset_maps(scene: Scene) -> None:
    """Where the subsets differ: three maps of the tumour core."""
    from qtpy.QtWidgets import QComboBox

    scene.panel.findChild(QComboBox, "shaspec_region").setCurrentText("TC")
    for name in ("disagreement", "smallest", "difference"):
        scene.press(name)
        scene.canvas(f"{name}.png")
        scene.part(scene.panel.maps, f"{name}_legend.png")


# -- features ----------------------------------------------------------------------------------


def feature_maps(scene: Scene) -> None:
    """Shared, specific and imputed features, a pane each; T1ce counts as not acquired."""
    from napari_shaspec.features.state import FeatureView

    control = scene.panel.controller
    control.tick("T1ce", False)
    scene.press("run")
    for kind in ("shared", "specific", "imputed"):
        control.show_features(FeatureView(kind))
        scene.finish()
        scene.viewer.reset_view()
        scene.viewer.scene.camera.zoom *= CLOSER
        scene.canvas(f"features_{kind}.png")


def feature_window(scene: Scene) -> None:
    """The points of one label, marked among all points and in the window."""
    from napari_shaspec.features.state import FeatureView

    control = scene.panel.controller
    control.show_features(FeatureView("fused"))
    scene.finish()
    scene.press("mark_label")
    scene.scroll_to("scatter")
    scene.window("features.png")


def feature_panel(scene: Scene) -> None:
    """The panel with points and numbers."""
    scene.press("measure")
    scene.controls("panel_features.png")


# -- many cases --------------------------------------------------------------------------------


def many_cases(scene: Scene) -> None:
    """A folder of three small phantoms, segmented, with a picture of each result."""
    from tempfile import TemporaryDirectory

    from shaspec.io import write_case
    from shaspec.phantom import DEMO_SEED, make_case

    scene.viewer.layers.clear()
    control = scene.panel.controller
    with TemporaryDirectory() as folder:
        cases = Path(folder) / "cases"
        for number in range(1, 4):
            write_case(cases / f"patient_{number}", make_case(DEMO_SEED + number, TINY))
        control.open([cases])
        scene.finish()
        control.segment()
        scene.finish()
        scene.wait(lambda: len(control.state.pictures) == len(control.state.rows))
        control.review("patient_2")
        scene.wait(lambda: "is open" in control.state.message.text)
        scene.window("many_cases.png")
        scene.viewer.layers.clear()


# -- training ----------------------------------------------------------------------------------


def train_form(scene: Scene) -> None:
    """The panel before a run, without the user's folder."""
    scene.panel.controller.change(out="runs/first")
    scene.controls("panel_train.png")


# -- models, and the tour ----------------------------------------------------------------------


def model_list(scene: Scene) -> None:
    """The list of models, and the card of the first."""
    scene.part(scene.panel, "models.png")


def guided_tour(scene: Scene) -> None:
    """The step that lays two results side by side."""
    control = scene.panel.controller
    control.go(3)
    control.do()
    scene.finish()
    scene.viewer.scene.camera.zoom *= CLOSER
    scene.window("guided_tour.png")


def large_type(scene: Scene) -> None:
    """The same step in large type."""
    from napari_shaspec.settings import section

    section("display").large_type = True
    scene.window("large_type.png")
    section("display").large_type = False


PICTURES: dict[str, tuple[Callable[[Scene], None], ...]] = {
    "Segment": (
        *(panel_case, slice_, grid_all, grid_without_t1ce, window, panel_results, space),
        *(planes, on_a_server),
    ),
    "Compare": (swipe,),
    "Robustness": (smaller_patient, subset_table, subset_plots, subset_maps),
    "Features": (feature_maps, feature_window, feature_panel),
    "Train": (train_form,),
    "Models": (model_list,),
    "Guided tour": (guided_tour, large_type),
    "Many cases": (many_cases,),
}
"""Pictures by panel; each starts from the state of the window after the previous one."""


if __name__ == "__main__":
    main()
