"""The same case, model and subset give the same labels in every program that runs the engine.

The part of 3D Slicer needs slicer-core: ``tox run -e slicer``.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import numpy.typing as npt
import pytest

import shaspec
from shaspec.case import Case
from shaspec.io import write_case
from shaspec.task import load_task
from tests.serving import make_service, running
from tests.tiny_models import TINY, save_tiny

pytestmark = [pytest.mark.slow, pytest.mark.napari]

ROOT = Path(__file__).resolve().parents[1]
# The graphs run for all 15; to start the other programs takes seconds.
SUBSETS = (("FLAIR", "T1", "T1ce", "T2"), ("FLAIR", "T2"))
ENCODER = TINY["shaspec"]["shared"] | {"widths": (6,), "depths": (1,)}
Labels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Task:
    """What every program is asked."""

    model: Path
    case: Case
    files: Mapping[str, Path]
    """Modality -> file."""
    folder: Path
    """For its files."""
    monkeypatch: pytest.MonkeyPatch


Way = Callable[[Task, tuple[str, ...]], Labels]
"""The labels (S, P, L) of a subset."""


def by_command_line(task: Task, subset: tuple[str, ...]) -> Labels:
    out = task.folder / f"{'_'.join(subset)}_pred.nii.gz"
    words = [f"{name}={task.files[name]}" for name in subset]
    words += ["--present", "+".join(subset), "--model", str(task.model), "--device", "cpu"]
    command = [sys.executable, "-m", "shaspec", "predict", *words, "--precision", "float32"]
    subprocess.run([*command, "--out", str(out)], check=True, capture_output=True)
    return task.case.grid.from_file(np.asarray(nibabel.load(out).dataobj))


def in_napari(task: Task, subset: tuple[str, ...]) -> Labels:
    from napari.components import ViewerModel

    from napari_shaspec.engine import LocalEngine
    from napari_shaspec.jobs.runner import run_here
    from napari_shaspec.layers.viewer import add_case
    from napari_shaspec.segment.controller import SegmentController
    from napari_shaspec.settings import InferenceSettings

    settings = InferenceSettings(device="cpu", precision="float32")
    for module in ("case.session_cache", "segment.controller"):
        name = f"napari_shaspec.{module}.inference_settings"
        task.monkeypatch.setattr(name, lambda: settings)
    viewer = ViewerModel()
    control = SegmentController(viewer, engine=LocalEngine(), run=run_here)
    assert control.choose_model(task.model)
    add_case(viewer, shaspec.read_case(dict(task.files)))
    for name in set(task.files) - set(subset):
        control.tick(name, False)
    control.segment()
    labels = np.asarray(viewer.layers[f"seg · {'+'.join(subset)}"].data)
    control.close()
    return labels


def through_onnx(task: Task, subset: tuple[str, ...]) -> Labels:
    """The graphs with ONNX Runtime; around them, what README.md of the export says is not in them:
    normalisation and voxel size, windows and their means, regions to labels."""
    import torch

    from shaspec.exporting import export_model
    from shaspec.inference.frames import Inputs
    from shaspec.inference.outputs import label_map
    from shaspec.inference.windows import WindowAggregator, extract_patch, plan

    model = shaspec.load_model(task.model)
    folder = task.folder / "onnx"
    if not folder.is_dir():
        export_model(model, "onnx", folder)
    encode, decode = (graph(folder / f"{name}.onnx") for name in ("encode", "decode"))
    names = [output.name for output in encode.get_outputs()]
    indices = [model.task.names.index(name) for name in subset]
    inputs = Inputs(task.case, model.task)
    frame = inputs.prepare(indices)
    assert frame.shape == frame.size, "the case has the voxel size of the task"
    corners, size = plan(frame.all, model.card.window, model.network.divisor, 0.25)
    assert len(corners) > 1
    aggregator = WindowAggregator(len(model.task.regions), frame.all, size, torch.device("cpu"))
    present = np.array([[name in subset for name in model.task.names]])
    for corner in corners:
        images = {name: np.zeros((1, 1, *size), np.float32) for name in model.task.names}
        for m in indices:
            window = extract_patch(inputs.volume(m), corner, size)
            images[model.task.names[m]] = window[None].numpy()
        features = dict(zip(names, encode.run(None, images), strict=True))
        (logits,) = decode.run(None, {"present": present, **features})
        aggregator.add(torch.from_numpy(logits)[0].sigmoid(), corner)
    labels = label_map(aggregator.mean(), model.task, frame.all, frame.size, exclusive=False)
    return frame.on_case_grid(labels, task.case.grid.shape)


def on_a_server(task: Task, subset: tuple[str, ...]) -> Labels:
    with running(make_service([task.model])) as server:
        client = server.connect()
        (name,) = client.models()
        *_, last = client.session(name, task.case, precision="float32").predict(subset)
    return np.asarray(last.prediction.labels)


def by_command_line_on_a_server(task: Task, subset: tuple[str, ...]) -> Labels:
    from typer.testing import CliRunner

    from shaspec.cli import app

    out = task.folder / f"{'_'.join(subset)}_there_pred.nii.gz"
    words = [f"{name}={task.files[name]}" for name in subset]
    with running(make_service([task.model])) as server:
        (name,) = server.connect().models()
        words += ["--model", name, "--server", server.address, "--precision", "float32"]
        done = CliRunner().invoke(app, ["predict", *words, "--out", str(out)])
        assert done.exit_code == 0, done.output
    return task.case.grid.from_file(np.asarray(nibabel.load(out).dataobj))


@cache  # for all subsets
def graph(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options)


def in_slicer(task: Task, subset: tuple[str, ...]) -> Labels:
    """The node that the module for 3D Slicer adds, on the grid of the first volume."""
    for folder in ("slicer/ShaSpec", "slicer/ShaSpec/Testing"):
        task.monkeypatch.syspath_prepend(str(ROOT / folder))
    import core_scene
    import slicer
    from waiting_process import WaitingProcess

    from ShaSpecLib import engine_names, nodes
    from ShaSpecLib.controller import Controller
    from ShaSpecLib.runner import ResidentEngine
    from ShaSpecLib.world import SceneWorld

    with core_scene.made(task.monkeypatch) as scene:
        volumes = {}
        for name, path in task.files.items():
            image = nibabel.load(path)
            voxels = np.asarray(image.dataobj)
            volumes[name] = core_scene.add_volume(scene, voxels, image.affine, f"a_{name}")
        control = Controller(
            ResidentEngine(WaitingProcess()), SceneWorld(scene), engine_names.modalities,
            engine_names.assign, device="cpu", precision="float32",
        )  # fmt: skip
        control.choose_model(str(task.model))
        for name in set(task.files) - set(subset):
            control.tick(name, False)
        control.apply()
        (node,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode", scene)
        labels = nodes.label_map(node, volumes[subset[0]])
        control.close()
    return task.case.grid.from_file(labels)


WAYS: dict[str, Way] = {
    "command line": by_command_line,
    "napari": in_napari,
    "ONNX": through_onnx,
    "server": on_a_server,
    "command line, server": by_command_line_on_a_server,
}


def has_slicer() -> bool:
    """Whether slicer-core is installed; the folder of this repository is not it."""
    found = importlib.util.find_spec("slicer")
    return found is not None and found.origin is not None


def test_all_ways_give_the_same_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    brats = load_task("brats")
    changes = {"shared": ENCODER, "specific": ENCODER, "decoder_widths": (6,)}
    model = save_tiny(tmp_path / "model", brats, window=24, **changes)
    # Written and read: what the programs get comes from the same files.
    write_case(tmp_path / "anna", shaspec.make_case(9_000_001, (32, 40, 36), brats.spacing))
    case = shaspec.read_case(tmp_path / "anna")
    files = {name: path for name, path in case.files.items() if name in brats.names}
    task = Task(model, case, files, tmp_path, monkeypatch)
    ways = WAYS | ({"3D Slicer": in_slicer} if has_slicer() else {})
    predictor = shaspec.load_model(model, device="cpu", precision="float32")
    for subset in brats.subsets():
        asked = ways if subset in SUBSETS else {"ONNX": through_onnx}
        expected = predictor.predict(case, subset).labels
        assert len(np.unique(expected)) > 1
        differing = {
            name: int(np.count_nonzero(way(task, subset) != expected))
            for name, way in asked.items()
        }
        assert differing == dict.fromkeys(asked, 0), subset
