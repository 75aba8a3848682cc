"""Linear Fusion at its published size computes what the authors' code computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from shaspec.models.linear_fusion import LinearFusion
from shaspec.models.official import from_official

pytestmark = pytest.mark.slow  # networks of the paper's size


@pytest.fixture(scope="module")
def vectors(load_golden: Callable[..., Any], precision: torch.dtype) -> Any:
    return load_golden("m3l", precision)


@pytest.fixture(scope="module")
def network(vectors: Any) -> LinearFusion:
    network = from_official("m3l", vectors.parameters())
    assert isinstance(network, LinearFusion)
    return network


def test_it_has_as_many_parameters_as_the_authors_network(network: LinearFusion) -> None:
    assert sum(p.numel() for p in network.parameters()) == 24_752_463


def test_unused_mask_tokens_keep_their_names(network: LinearFusion, vectors: Any) -> None:
    for k in range(4):
        value = network.get_parameter(f"stages.{k}.embedding.mask_token")
        key = f"encoder.patch_embed{k + 1}.mask_token"
        made = vectors.rule.parameter(vectors.manifest["seed"], key, value.shape, "other")
        assert torch.equal(value, torch.from_numpy(made).to(value.dtype))


@torch.inference_mode()
def test_every_output_is_the_authors(network: LinearFusion, vectors: Any) -> None:
    checked = 0
    for case, outputs in vectors.cases():
        images = list(vectors.input(case["input"]))  # modality first
        masked = case["masked"]
        present = torch.tensor([[m != lost for m in range(2)] for lost in masked])
        answer = network(images, present)
        named = {"pred_ensemble": answer.logits}
        named |= {f"pred_{m}": value for m, value in enumerate(answer.stream_logits)}
        features = {m: network.encode(image, m) for m, image in enumerate(images)}
        for s, maps in enumerate(network.stage_maps(features, present), start=1):
            named |= {f"encoder_{m}_stage_{s}": value for m, value in enumerate(maps)}
        for output in outputs:
            vectors.check(output, named[output["what"]])
            checked += 1
    assert checked == 23
