"""MAML at its published size computes what the authors' code computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from shaspec.models.maml import Maml
from shaspec.models.official import from_official

# networks of the paper's size
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("rowwise")]


@pytest.mark.parametrize(
    ("model", "parameters", "compared"),
    [("maml_liver", 33_240_400, 19), ("maml_brats", 66_484_752, 35)],
)
@torch.inference_mode()
def test_every_output_is_the_authors(
    load_golden: Callable[..., Any],
    precision: torch.dtype,
    model: str,
    parameters: int,
    compared: int,
) -> None:
    vectors = load_golden(model, precision)
    network = from_official("maml", vectors.parameters())
    assert isinstance(network, Maml)
    assert sum(p.numel() for p in network.parameters()) == parameters
    encoded: dict[Any, Any] = {}  # a U-Net sees one modality only: what is the same runs once
    features: dict[int, Any] = {}
    checked = 0
    for case, outputs in vectors.cases():
        x = vectors.input(case["input"])
        for m in case["zeroed"]:
            x[:, m] = 0  # zeroed, yet present: that is how the authors' code runs
        for m in range(network.modalities):
            key = (case["input"], m, m in case["zeroed"])
            if key not in encoded:
                encoded[key] = network.encode(x[:, m : m + 1], m)
            features[m] = encoded[key]
        answer = network.decode(features)
        named = {"joint": answer.logits, "fusion": answer.fused}
        for m, f in features.items():
            named[f"feature_{m}"] = f["feature"]
            named[f"attention_{m}"] = answer.attention[m]
            levels = [answer.modality_logits[m], *answer.deep_logits[m]]
            named |= {f"modality_{m}_level_{k}": value for k, value in enumerate(levels)}
        for output in outputs:
            vectors.check(output, named[output["what"]])
            checked += 1
    assert checked == compared
