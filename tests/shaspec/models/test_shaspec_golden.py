"""ShaSpec at its published size computes what the authors' code computes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from shaspec.models.official import from_official
from shaspec.models.shaspec import ShaSpec

# networks of the paper's size
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("rowwise")]


@pytest.fixture(scope="module")
def vectors(load_golden: Callable[..., Any], precision: torch.dtype) -> Any:
    return load_golden("shaspec", precision)


@pytest.fixture(scope="module")
def network(vectors: Any) -> ShaSpec:
    """1.5 GB in float64: one of each precision for all tests here."""
    network = from_official("shaspec", vectors.parameters(), absent="first")
    assert isinstance(network, ShaSpec)
    return network


@pytest.fixture
def watched(network: ShaSpec) -> Iterator[dict[str, list[Tensor]]]:
    """What passes through the inside of the network, in the manifest's names."""
    seen: dict[str, list[Tensor]] = defaultdict(list)

    def keep_maps(module: Any, args: Any, output: Any) -> None:
        for k, value in enumerate(output[0]):
            seen[f"skip_{k}"].append(value)

    def keep(name: str) -> Callable[..., None]:
        return lambda module, args, output: seen[name].append(output)

    hooks = [network.shared_encoder.register_forward_hook(keep_maps)]
    hooks.append(
        network.ups[0].register_forward_hook(lambda _m, args, _o: seen["fused"].append(args[0]))
    )
    for k, level in enumerate(network.levels):
        hooks.append(level.register_forward_hook(keep(f"decoder_{3 - k}")))
    yield seen
    for hook in hooks:
        hook.remove()


def test_it_has_as_many_parameters_as_the_authors_network(network: ShaSpec) -> None:
    assert sum(p.numel() for p in network.parameters()) == 187_708_132


def test_unused_tensors_keep_their_names(network: ShaSpec, vectors: Any) -> None:
    encoders = {"shared_encoder": "shared_enc"}
    for m, name in enumerate(("flair", "t1", "t1ce", "t2")):
        encoders[f"specific_encoders.{m}"] = f"{name}_enc"
    kinds = {"conv.weight": "weight", "norm.weight": "norm_weight", "norm.bias": "bias"}
    for ours, theirs in encoders.items():
        for name, kind in kinds.items():
            value = network.get_parameter(f"{ours}.aspp.pool_{name}")
            key = f"{theirs}.aspp.branch5_{name}"
            made = vectors.rule.parameter(vectors.manifest["seed"], key, value.shape, kind)
            assert torch.equal(value, torch.from_numpy(made).to(value.dtype))


@torch.inference_mode()
def test_every_layer_of_a_complete_case_is_the_authors(
    network: ShaSpec, vectors: Any, watched: dict[str, list[Tensor]]
) -> None:
    _, outputs = next(vectors.cases())
    answer = network(vectors.input("input"))
    inside = {
        name: torch.stack(maps, dim=1).flatten(0, 1) if name.startswith("skip") else maps[0]
        for name, maps in watched.items()
    }
    assert len(outputs) == 14
    for output in outputs:
        what = output["what"]
        vectors.check(output, inside[what] if what in inside else getattr(answer, what))


# In single precision an absent channel multiplies rounding (golden/RULE.md), and it takes minutes.
@pytest.mark.parametrize("precision", [torch.float64], indirect=True, ids=str)
@torch.inference_mode()
def test_every_subset_and_shape_is_the_authors(network: ShaSpec, vectors: Any) -> None:
    network.prepare_for_inference()  # exact, and faster; nothing below needs the raw weights
    images: dict[str, Tensor] = {}
    encoded: dict[tuple[str, int, bool], Any] = {}
    checked = 0
    for case, outputs in vectors.cases():
        name, available = case["input"], case["available"]
        if case["fallback"] == "first" and available != sorted(available):
            continue  # that the first one listed wins is nothing a presence mask can say
        network.config = network.config.model_copy(update={"fallback": case["fallback"]})
        x = images.setdefault(name, vectors.input(name))
        for m in range(4):
            there, image = m in available, x[:, m : m + 1]
            if (name, m, there) not in encoded:
                f = network.encode(image, m) if there else network.encode_absent(image, m)
                encoded[name, m, there] = f
        features = {m: encoded[name, m, m in available] for m in range(4)}
        present = torch.tensor([[m in available for m in range(4)]]).expand(len(x), -1)
        answer = network.decode(features, present)
        for output in outputs:
            what = output["what"]
            if what == "substitute":
                vectors.check(output, network.substitute(features, present))
                checked += 1
            elif hasattr(answer, what):
                vectors.check(output, getattr(answer, what))
                checked += 1
    assert checked == 48
