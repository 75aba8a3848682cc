"""Golden vectors of the authors' code, and tiny networks for what holds at any size."""

from __future__ import annotations

import importlib.util
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from shaspec.models.base import Network
from shaspec.models.registry import build, check_config
from tests.shaspec.models.rowwise import Rowwise

TOLERANCE = 1e-5  # of an output's std, in float64 (golden/README.md)
DEPARTURE = 10  # times what the authors' own code departs by in float32 (golden/README.md)


class Golden:
    """One manifest with its stored outputs, for a network of either precision."""

    def __init__(self, folder: Path, model: str, dtype: torch.dtype = torch.float64) -> None:
        self.dtype = dtype
        spec = importlib.util.spec_from_file_location("golden_rule", folder / "rule.py")
        assert spec is not None
        assert spec.loader is not None
        self.rule = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.rule)
        self.manifest = json.loads((folder / f"{model}.json").read_text(encoding="utf-8"))
        self.arrays = np.load(folder / f"{model}.npz")

    def parameters(self) -> dict[str, torch.Tensor]:
        """The authors' state dict."""
        made = ((key, torch.from_numpy(v)) for key, v in self.rule.parameters(self.manifest))
        return {key: v.to(self.dtype) if v.is_floating_point() else v for key, v in made}

    def input(self, name: str) -> torch.Tensor:
        return torch.from_numpy(self.rule.tensor(self.manifest, name)).to(self.dtype)

    def cases(self) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
        """Outputs grouped by what they were computed from: (the case, its outputs)."""
        groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for output in self.manifest["outputs"]:
            groups[output["name"].split("/")[0]].append(output)
        for outputs in groups.values():
            yield outputs[0], outputs

    def check(self, output: dict[str, Any], full: torch.Tensor) -> None:
        """Fail unless ``full`` is what the authors' code computes."""
        name, std = output["name"], output["std"]
        assert list(full.shape) == output["shape"], name
        assert full.dtype == self.dtype, name
        values = full.detach().double().numpy()
        stored = self.arrays[output["array"]].astype(np.float64)
        errors = np.abs(self.rule.stored_part(values, output) - stored) / std
        largest = rms = TOLERANCE
        if self.dtype == torch.float32:
            largest = max(TOLERANCE, DEPARTURE * output["float32_max"])
            rms = max(TOLERANCE, DEPARTURE * output["float32_rms"])
        assert errors.max() <= largest, f"{name}: {errors.max():.1e} std"
        assert np.sqrt(np.square(errors).mean()) <= rms, name
        assert abs(values.mean() - output["mean"]) <= rms * std, name
        assert abs(values.std() - std) <= rms * std, name


@pytest.fixture(scope="module")
def load_golden(golden: Path) -> Callable[..., Golden]:
    return partial(Golden, golden)


@pytest.fixture(scope="module", params=[torch.float64, torch.float32], ids=str)
def precision(request: pytest.FixtureRequest) -> torch.dtype:
    """Of the network that is compared with the golden numbers."""
    dtype: torch.dtype = request.param
    return dtype


@pytest.fixture(scope="module")
def rowwise() -> Iterator[None]:
    """Large float64 convolutions take a fraction of the time."""
    with Rowwise():
        yield


TINY_ENCODER = {
    "stem_width": 3,
    "stem_kernel": 3,
    "stem_stride": (1, 2, 2),
    "widths": (4, 6),
    "depths": (1, 2),
    "channels": 4,
    "dilations": (2,),
}
TINY: dict[str, dict[str, Any]] = {
    "shaspec": {
        "shared": TINY_ENCODER,
        "specific": {**TINY_ENCODER, "bottleneck": (2, 3), "image_pool": False},
        "decoder_widths": (5, 3),
    },
    "maml": {
        "base_features": 3,
        "max_features": 7,
        "n_downsamplings": 2,
        "convs": 1,
        "exclusive": False,
    },
    "simmlm": {
        "base_features": 3,
        "max_features": 7,
        "n_downsamplings": 2,
        "convs": 1,
        "stem_stride": 2,
        "n_gate_downsamplings": 2,
    },
    "linear-fusion": {
        "in_channels": 1,
        "widths": (4, 6),
        "depths": (1, 2),
        "heads": (1, 2),
        "reductions": (2, 1),
        "head_width": 5,
        "exclusive": False,
    },
    "zero-fill": {"blocks_down": (1, 1), "blocks_up": (1,), "init_filters": 8},
}


@dataclass
class Setting:
    """A network with random weights and a batch whose samples have different subsets."""

    network: Network
    images: Tensor
    present: Tensor

    @staticmethod
    def close(a: Tensor, b: Tensor, tolerance: float = 1e-10) -> bool:
        """True if ``a`` is ``b`` but for rounding."""
        return bool((a - b).abs().max() <= tolerance * b.abs().max())


def make_tiny(
    method: str, modalities: int, dims: int, seed: int, n: int = 2, **options: Any
) -> Setting:
    """A network of a few thousand parameters and ``n`` samples, each with a subset of its own."""
    torch.manual_seed(seed)
    values = {"modalities": modalities, "out_channels": 3, "dims": dims, **TINY[method], **options}
    network = build(method, check_config(method, values)).double().eval()
    for p in network.parameters():
        if p.dim() == 1:  # norms and biases start at 1 and 0, where they cannot be told apart
            p.data += 0.1 * torch.randn_like(p)
    size = [2 * d if i == 0 else d for i, d in enumerate(network.divisor)]
    present = torch.rand(n, modalities) < 0.5
    present[torch.arange(n), torch.randint(modalities, (n,))] = True
    return Setting(network, torch.randn(n, modalities, *size, dtype=torch.float64), present)


@pytest.fixture(scope="session")
def tiny() -> Callable[..., Setting]:
    return make_tiny
