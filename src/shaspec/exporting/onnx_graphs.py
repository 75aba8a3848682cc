"""ONNX: a graph that encodes the modalities, and one that decodes any subset of them.

The graphs work on windows of any size that is a multiple of the network's divisor, in float32.
Which modalities are present is an input of the decoder, so a toggle runs this graph only.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.export import Dim

from shaspec.errors import InputError
from shaspec.exporting.readme import onnx_readme
from shaspec.files.writing import check_folder, write_atomically
from shaspec.models.base import Network
from shaspec.models.card import CARD_FILE

if TYPE_CHECKING:
    from shaspec.models.weights import Model

ENCODE_FILE, DECODE_FILE = "encode.onnx", "decode.onnx"
OPSET = 18


class _Encode(nn.Module):
    """Images (N, C, *spatial), one per modality -> the features of all modalities."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, *images: Tensor) -> tuple[Tensor, ...]:
        features = [self.network.encode(image, m) for m, image in enumerate(images)]
        return tuple(value for one in features for value in one.values())


class _Decode(nn.Module):
    """Which modalities are present (N, M), and the features of all -> logits (N, K, *spatial)."""

    def __init__(self, network: Network, names: Sequence[str]) -> None:
        super().__init__()
        self.network, self.names = network, names

    def forward(self, present: Tensor, *features: Tensor) -> Tensor:
        values = iter(features)
        by_modality = {
            m: {name: next(values) for name in self.names} for m in range(self.network.modalities)
        }
        return self.network.decode(by_modality, present).logits


def export_onnx(model: Model, folder: Path) -> list[Path]:
    """Write ``encode.onnx``, ``decode.onnx``, the card and a README.

    Args:
        model: from `shaspec.load_model`, for segmentation.
        folder: created if it is missing.

    Returns:
        The files written.

    Raises:
        InputError: if the model is for classification, onnx and onnxscript are not installed, or
            the files cannot be written.
    """
    network, card = model.network, model.card
    if card.task.kind != "segmentation":
        raise InputError(f"{card.name}: models for {card.task.kind} cannot be exported to ONNX")
    _require_libraries()
    check_folder(folder, (ENCODE_FILE, DECODE_FILE, CARD_FILE, "README.md"))
    modalities = card.task.names
    steps = [max(2, ceil(n / step)) for n, step in zip(card.window, network.divisor, strict=True)]
    size = [n * step for n, step in zip(steps, network.divisor, strict=True)]
    # A size of 1 would be taken for a constant.
    images = [torch.zeros(2, channels, *size) for channels in card.task.channels]
    with torch.no_grad(), _quiet(), _not_in_place(network):
        names = list(network.encode(images[0], 0))
        encoder = _Encode(network).eval()
        features = encoder(*images)
        labels = [f"{modality}_{name}" for modality in modalities for name in names]
        encode = _exported(encoder, tuple(images), steps, modalities, labels)
        present = torch.ones(2, network.modalities, dtype=torch.bool)
        decoder = _Decode(network, names).eval()
        decode = _exported(decoder, (present, *features), steps, ["present", *labels], ["logits"])
    _drop_unused(encode, decode)
    texts = {CARD_FILE: card.model_dump_json(indent=1), "README.md": onnx_readme(card, network)}
    for name, graph in ((ENCODE_FILE, encode), (DECODE_FILE, decode)):
        write_atomically(folder / name, graph.model_proto.SerializeToString())
    for name, text in texts.items():
        write_atomically(folder / name, f"{text}\n".encode())
    return [folder / name for name in (ENCODE_FILE, DECODE_FILE, *texts)]


def _require_libraries() -> None:
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise InputError(
            f'exporting to ONNX needs {error.name}: run pip install "shaspec[onnx]"'
        ) from error


def _exported(
    module: nn.Module,
    inputs: tuple[Tensor, ...],
    steps: Sequence[int],
    input_names: Sequence[str],
    output_names: Sequence[str],
) -> Any:
    """The graph of ``module``, for any batch and any window."""
    program = torch.onnx.export(
        module,
        inputs,
        input_names=list(input_names),
        output_names=list(output_names),
        dynamic_shapes=_dynamic(module, inputs, steps),
        opset_version=OPSET,
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    return program


def _dynamic(module: nn.Module, inputs: Sequence[Tensor], steps: Sequence[int]) -> Any:
    """Which axes of the inputs vary: the batch, and the spatial axes, which vary together.

    ``steps``: size of the example window along each axis, in divisors of the network.
    """
    batch = Dim("batch")
    dims = [Dim(f"steps{axis}", min=2) for axis in range(len(steps))]

    def axes(value: Tensor) -> dict[int, Any]:
        varying: dict[int, Any] = {0: batch}
        sizes = value.shape[2:]
        for axis, (length, number, dim) in enumerate(zip(sizes, steps, dims, strict=False)):
            each, rest = divmod(length, number)
            varying[axis + 2] = Dim.AUTO if rest else dim if each == 1 else each * dim
        return varying

    several = tuple(axes(value) for value in inputs)
    # The arguments of a ``*`` parameter are one entry.
    return (several,) if isinstance(module, _Encode) else (several[0], several[1:])


def _drop_unused(encode: Any, decode: Any) -> None:
    """Remove the features that only a display uses."""
    unused = {value.name for value in decode.model.graph.inputs if not value.uses()}
    for values in (decode.model.graph.inputs, encode.model.graph.outputs):
        kept = [value for value in values if value.name not in unused]
        values.clear()
        values.extend(kept)


@contextmanager
def _not_in_place(network: Network) -> Iterator[None]:
    """An activation that overwrites its input is exported as several operations, and slowly."""
    changed: list[Any] = [m for m in network.modules() if getattr(m, "inplace", False)]
    for module in changed:
        module.inplace = False
    try:
        yield
    finally:
        for module in changed:
            module.inplace = True


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's notes on libraries that are not needed and on names of axes."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "# The axis name", UserWarning)
            warnings.filterwarnings("ignore", r".*isinstance\(treespec, LeafSpec", FutureWarning)
            yield
    finally:
        logger.setLevel(level)
