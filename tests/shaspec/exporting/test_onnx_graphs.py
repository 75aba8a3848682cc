"""The exported graphs give the labels of the network, for every subset and any window."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch

from shaspec.errors import InputError
from shaspec.exporting import export_model
from shaspec.models.base import Network
from shaspec.models.card import load_card
from shaspec.models.weights import Model, load_model
from shaspec.task import load_task
from tests.tiny_models import save_tiny

pytestmark = pytest.mark.slow
METHODS: dict[str, tuple[str, dict[str, Any]]] = {
    "maml": ("rgbd", {"n_downsamplings": 1}),
    "simmlm": ("rgbd", {"n_downsamplings": 1, "n_gate_downsamplings": 2, "stem_stride": 2}),
    "linear-fusion": ("rgbd", {}),
    "zero-fill": ("liver-ct", {}),
}
"""Task (volumes or pictures), and settings: the time of an export grows with the layers. ShaSpec is
exported by `tests/test_all_ways.py`."""


def session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options)


def by_network(network: Network, images: dict[str, Any], present: Any) -> Any:
    with torch.no_grad():
        return network(
            [torch.from_numpy(image) for image in images.values()], torch.from_numpy(present)
        ).logits.numpy()


@pytest.mark.parametrize("method", METHODS)
def test_the_graphs_agree_with_the_network_for_all_subsets(method: str, tmp_path: Path) -> None:
    name, changes = METHODS[method]
    task = load_task(name)
    model = load_model(save_tiny(tmp_path / "model", task, method, window=24, **changes))
    export_model(model, "onnx", tmp_path / "out")
    encode, decode = (session(tmp_path / "out" / f"{name}.onnx") for name in ("encode", "decode"))

    rng = np.random.default_rng(0)
    size = [n * step for n, step in zip((3, 2, 4), model.network.divisor, strict=False)]
    images = {
        name: rng.normal(size=(1, channels, *size)).astype(np.float32)
        for name, channels in zip(task.names, task.channels, strict=True)
    }
    names = [output.name for output in encode.get_outputs()]
    features = dict(zip(names, encode.run(None, images), strict=True))
    assert {i.name for i in decode.get_inputs()} == {"present", *names}
    for row in ([True, True], [True, False], [False, True]):
        present = np.array([row])
        (logits,) = decode.run(None, {"present": present, **features})
        expected = by_network(model.network, images, present)
        np.testing.assert_allclose(logits, expected, atol=1e-4 * float(np.abs(expected).max()))
    assert load_card(tmp_path / "out" / "card.json") == model.card


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = builtins.__import__

    def without_onnx(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "onnxscript":
            raise ImportError(name=name)
        return real(name, *args, **kwargs)

    model = load_model(save_tiny(tmp_path / "model", load_task("liver-ct"), "zero-fill"))
    monkeypatch.setattr(builtins, "__import__", without_onnx)
    with pytest.raises(InputError, match=r'needs onnxscript: run pip install "shaspec\[onnx\]"'):
        export_model(model, "onnx", tmp_path / "out")


def test_a_classifier_is_refused(tmp_path: Path) -> None:
    task = load_task("avmnist")
    model = load_model(save_tiny(tmp_path / "model", task, "shaspec-classifier"))
    assert isinstance(model, Model)
    with pytest.raises(InputError, match="models for classification cannot be exported to ONNX"):
        export_model(model, "onnx", tmp_path / "out")
