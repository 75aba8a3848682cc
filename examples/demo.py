"""Demo: a case in napari, segmented from all modalities and without T1ce.

    python examples/demo.py                      a synthetic patient
    python examples/demo.py --case FOLDER        your own case
    xvfb-run python examples/demo.py --headless  no display: saves pictures and files in demo/

The demo opens the panel Segment and uses its controls like a user.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import napari
    from qtpy.QtWidgets import QWidget

    from napari_shaspec.segment.controller import SegmentController
    from shaspec.prediction import Prediction

DEMO_SEED = 9_000_000  # from here on no model is trained on a phantom
LEFT_OUT = "T1ce"
WINDOW = (1366, 768)


def main() -> int:
    """Runs the demo; returns the exit code."""
    options = parse()
    import napari

    from napari_shaspec.layers.views import View

    viewer = napari.Viewer(show=True)
    viewer.window.resize(*WINDOW)
    _, panel = viewer.window.add_plugin_dock_widget("napari-shaspec", "Segment")
    control: SegmentController = panel.controller
    if options.model and not control.choose_model(options.model):
        return fail(control)
    open_case(viewer, options)
    print(
        f"{control.state.case}: {', '.join(sorted(control.state.present))}, {control.state.model}"
    )

    control.segment()
    if not finish(control):
        return fail(control)
    go_to_tumour(viewer, control.state.results[0])
    control.set_view(View.GRID)
    pictures = [picture(viewer, options.out / "grid.png")] if options.headless else []

    left_out = LEFT_OUT if LEFT_OUT in control.state.present else max(control.state.present)
    if len(control.state.present) > 1:
        control.tick(left_out, False)  # as if it had not been acquired
        if not control.state.status.busy:  # features were not kept, so the toggle started no job
            control.segment()
        if not finish(control):
            return fail(control)
    report(control)
    if not options.headless:
        open_next(viewer, panel)
        napari.run()
        return 0

    pictures.append(picture(viewer, options.out / f"grid_without_{left_out}.png"))
    pictures.append(picture(viewer, options.out / "window.png", canvas_only=False))
    control.set_view(View.THREE_D)
    pictures.append(picture(viewer, options.out / "3d.png"))
    control.set_view(View.STACK)
    pictures.append(picture(viewer, options.out / "slice.png"))
    files = [
        control.save(options.out / f"{control.state.case}_{name}_pred.nii.gz", name)
        for name in (p.task.subset_name(p.subset) for p in control.state.results)
    ]
    if None in files:
        return fail(control)
    for path in (*pictures, *files, write_volumes(control, options.out / "volumes.csv")):
        print(f"wrote {path}")
    viewer.close()
    return 0


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--case", type=Path, help="folder of a case (default: a phantom)")
    parser.add_argument("--seed", type=int, default=DEMO_SEED, help="seed of the phantom")
    parser.add_argument("--model", help="bundled model or model folder (default: the first one)")
    parser.add_argument("--out", type=Path, default=Path("demo"), help="where files go")
    parser.add_argument("--headless", action="store_true", help="leave files, do not stay open")
    options = parser.parse_args()
    if options.case is None and options.seed < DEMO_SEED:
        parser.error(f"demo phantoms have seeds from {DEMO_SEED} on; others are for training")
    options.out.mkdir(parents=True, exist_ok=True)
    return options


def open_case(viewer: napari.Viewer, options: argparse.Namespace) -> None:
    """Open the folder of a case, or a phantom."""
    if options.case is not None:
        viewer.open(options.case, plugin="napari-shaspec")
        return
    from napari_shaspec.layers.viewer import add_case
    from shaspec.phantom import make_case

    print(f"making phantom {options.seed} ...")
    add_case(viewer, make_case(options.seed))


def finish(control: SegmentController) -> bool:
    """Process events until the job has ended; False if it failed."""
    from qtpy.QtWidgets import QApplication

    from napari_shaspec.jobs.state import Status

    shown = -1
    while control.state.status.busy:
        QApplication.processEvents()
        time.sleep(0.01)
        done = control.state.progress
        if done.total and done.done * 10 // done.total != shown:
            shown = done.done * 10 // done.total
            print(f"  {done.stage}: {done.done}/{done.total}")
    print(f"  {control.state.message.text}")
    return control.state.status is Status.DONE


def go_to_tumour(viewer: napari.Viewer, result: Prediction) -> None:
    """The slice with the largest area of tumour."""
    areas = (result.labels > 0).sum(axis=(1, 2))
    grid = result.grid
    viewer.dims.set_point(0, grid.origin[0] + grid.spacing[0] * int(np.argmax(areas)))


def picture(viewer: napari.Viewer, path: Path, *, canvas_only: bool = True) -> Path:
    """Screenshot of the canvas or the whole window."""
    from qtpy.QtWidgets import QApplication

    for _ in range(20):
        QApplication.processEvents()
        time.sleep(0.02)
    viewer.screenshot(str(path), canvas_only=canvas_only, flash=False)
    return path


def report(control: SegmentController) -> None:
    """The volumes in mL, with a warning for training cases."""
    from shaspec.prediction import size_text

    for result in control.state.results:
        sizes = {name: size_text(ml, 1) for name, ml in result.region_ml().items()}
        volumes = ", ".join(f"{name} {size}" for name, size in sizes.items())
        print(f"{result.task.subset_name(result.subset)}, mL: {volumes}")
    if control.state.seen == "by content":
        print("seen in training: the result says nothing about accuracy on new cases")


def open_next(viewer: napari.Viewer, panel: QWidget) -> None:
    """Open the panel Robustness behind the current one."""
    viewer.window.add_plugin_dock_widget("napari-shaspec", "Robustness", tabify=True)
    dock = panel.parent()
    if dock is not None:
        dock.raise_()
    print("next: the tab Robustness, Run all subsets; Plugins > ShaSpec has a guided tour")


def write_volumes(control: SegmentController, path: Path) -> Path:
    """One row per subset and region."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["case", "model", "subset", "region", "volume_mL", "seen_in_training"])
        for result in control.state.results:
            for region, volume in result.region_ml().items():
                subset = result.task.subset_name(result.subset)
                row = [result.case, control.state.model, subset, region, f"{volume:.3f}"]
                table.writerow([*row, control.state.seen == "by content"])
    return path


def fail(control: SegmentController) -> int:
    """Says why."""
    print(control.state.message.text, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
