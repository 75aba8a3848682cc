"""The pages that exported models bring along."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shaspec.models.card import Card

if TYPE_CHECKING:
    from shaspec.models.base import Network


def onnx_readme(card: Card, network: Network) -> str:
    """How to run the graphs of a model, and what they lack."""
    task = card.task
    spacing = " x ".join(f"{mm:g}" for mm in task.spacing)
    multiples = " x ".join(map(str, network.divisor))
    output = (
        f"softmax over background and {', '.join(label.name for label in task.labels)}"
        if network.exclusive
        else f"one sigmoid each for {', '.join(task.region_names)}, a region is where it is > 0"
    )
    return f"""# {card.title}

{card.description}

Two ONNX graphs, float32, for windows (N, C, *spatial) of axes S, P, L whose size is a multiple of
{multiples} voxels of {spacing} {"mm" if task.dims == 3 else "pixels"}:

- `encode.onnx`: inputs {", ".join(f"`{name}`" for name in task.names)}; give zeros for an absent
  modality. Outputs: the features of each modality.
- `decode.onnx`: input `present`, bool (N, {len(task.names)}), and the features. Output `logits`:
  {output}.
  For another subset of the same window run this graph only.

## What is not in the graphs

- Reading, orientation, resampling to the voxel size, and normalisation
  ({", ".join(f"{m.name}: {m.normalisation}" for m in task.modalities)}).
- Windows over the volume with their weights, and the fusion of regions to labels.
- Features for display, temperatures of the probabilities, and the savings for absent modalities:
  `encode.onnx` computes them too.

`card.json` has the task, the training and the terms: {card.licence}
"""


def bundle_readme(card: Card, name: str) -> str:
    """How to run a MONAI bundle, and what this program does beside it."""
    task = card.task
    example = "+".join(task.names[:2])
    spacing = " x ".join(f"{mm:g}" for mm in task.spacing)
    return f"""# {card.title}

{card.description}

A MONAI bundle: segments {", ".join(task.region_names)} from any subset of {", ".join(task.names)}.

## Run it

```
pip install shaspec "monai[fire,ignite,nibabel]"
cd {name}
python -m monai.bundle run --config_file configs/inference.json --dataset_dir /data/cases
```

`dataset_dir` is a case or a folder of cases; files are recognised by their names, as by
`shaspec predict`. Without all modalities: `--present {example}`. Label maps are written to `eval/`
(`--output_dir`).

MONAI runs what a configuration says: use only bundles that you trust.

## What is this program's own

The network, the normalisation, the resampling to {spacing} mm, the positions of windows and the
fusion of regions to labels come from the package `shaspec`; reading, orientation, cropping and
writing are MONAI's. The label maps are those of `shaspec predict --precision float32`.
There is no `models/model.pt`, which would be a pickle: weights are in `models/model.safetensors`;
the task, the training and the scores are in `models/card.json`.

## What is lost

- Kept features: each run encodes all modalities again.
- Findings about a case (skull not stripped, not registered, swapped modalities), and the check
  whether it was in the training set.
- Files of one case on different grids, and 4-D files: MONAI or this bundle refuses them.
- bfloat16, smaller windows when memory runs out, calibrated probabilities, thresholds.

Terms of the weights: {card.licence}
"""


def hugging_face_readme(card: Card) -> str:
    """A model page with the header that the Hugging Face Hub reads."""
    scores = "\n".join(
        f"| {name} | {', '.join(f'{region} {dice:.3f}' for region, dice in values.items())} |"
        for name, values in card.scores.items()
        if "mean" in name
    )
    tags = ["medical", "image-segmentation", "missing-modalities", card.method, card.task.name]
    header = {
        "library_name": "shaspec",
        "license": "other",
        "license_name": "research-only" if "research" in card.licence else "see-card",
        "pipeline_tag": "image-segmentation",
        "tags": tags,
    }
    lines = "\n".join(f"{key}: {json.dumps(value)}" for key, value in header.items())
    table = f"\n| evaluation | Dice |\n|---|---|\n{scores}\n" if scores else ""
    return f"""---
{lines}
---

# {card.title}

{card.description}

Modalities: {", ".join(card.task.names)}, of which any subset may be missing.
Regions: {", ".join(card.task.region_names)}.
{table}
```python
import shaspec

model = shaspec.load_model("folder-of-this-repository")
result = model.predict(shaspec.read_case("case"))
```

Install with `pip install shaspec`. Terms: {card.licence}
"""
