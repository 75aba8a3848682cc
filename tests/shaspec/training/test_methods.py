"""Every method trains a network from files to a model that segments."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
import torch

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.inference.events import Finished
from shaspec.inference.session import InferenceSession
from shaspec.io import write_case
from shaspec.models.registry import build, network_config
from shaspec.models.weights import load_model
from shaspec.task import Task
from shaspec.training.config import MethodName, TrainConfig, make_config
from shaspec.training.loop import target_masks, train
from shaspec.training.methods import METHODS, Batch, make_method

ENCODER = {
    "stem_width": 4,
    "stem_kernel": 3,
    "stem_stride": (2, 2, 2),
    "max_pool": False,
    "widths": (6, 8),
    "depths": (1, 1),
    "channels": 8,
    "dilations": (1,),
    "image_pool": False,
}
TINY: dict[str, dict[str, Any]] = {
    "shaspec": {"shared": ENCODER, "specific": ENCODER, "decoder_widths": (8, 6)},
    "maml": {"base": 4, "halvings": 2},
    "linear-fusion": {
        "widths": (8, 8, 8, 8), "depths": (1, 1, 1, 1), "heads": (1, 1, 1, 1), "head_width": 8,
        "reductions": (2, 1, 1, 1), "mlp_ratio": 1, "drop_path": 0.0, "dropout": 0.0,
    },
    "zero-fill": {"init_filters": 8, "blocks_down": (1, 1), "blocks_up": (1,)},
}  # fmt: skip


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory, small_case: Case) -> Path:
    """One labelled case."""
    folder = tmp_path_factory.mktemp("cases")
    write_case(folder / "one", small_case)
    return folder


def configuration(cases: Path, out: Path, method: str, **changes: Any) -> TrainConfig:
    values: dict[str, Any] = {
        "out": out,
        "method": method,
        "data": cases,
        "cache": cases.parent / "cache",
        "crop": (16, 16, 16),
        "batch": 1,
        "network": TINY[method],
        "max_steps": 3,
        "augment": False,
        "device": "cpu",
    }
    return make_config(values | changes)


def test_every_method_has_its_class() -> None:
    assert set(METHODS) == set(get_args(MethodName))


@pytest.mark.parametrize("method", TINY)
def test_a_trained_model_segments_any_subset(
    method: str, cases: Path, tmp_path: Path, small_case: Case
) -> None:
    steps = list(train(configuration(cases, tmp_path, method)))
    assert len(steps) == 3
    model = load_model(tmp_path)
    assert model.card.method == method
    session = InferenceSession(model, small_case, device="cpu")
    for subset in (("FLAIR", "T2"), ("T1ce",)):
        *_, done = session.segment(subset)
        assert isinstance(done, Finished)
        assert done.prediction.labels.shape == small_case.grid.shape


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("method", ["maml", "linear-fusion"])
def test_the_loss_of_one_sample_falls(method: str, exclusive: bool, brats: Task) -> None:
    torch.manual_seed(0)
    changes = TINY[method] | {"exclusive": exclusive}
    network = build(method, network_config(method, "light", brats, **changes)).train()
    config = make_config(
        {"out": "run", "phantoms": 1, "max_steps": 1, "method": method, "subsets": "full"}
    )
    taught = make_method(config, brats, network)
    labels = torch.zeros(1, 16, 16, 16, dtype=torch.uint8)
    labels[:, 4:12, 4:12, 3:9] = 2
    labels[:, 6:10, 6:10, 3:6] = 4
    images = torch.randn(1, 4, 16, 16, 16) + labels[:, None]
    target = target_masks(brats, labels, exclusive=exclusive)
    available = torch.tensor([[True, False, True, True]])
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    losses = []
    for _ in range(25):
        terms = taught.step(network, Batch(images, available, target, progress=0.5, seed=(0,)))
        loss = torch.stack(list(terms.values())).sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]


def test_a_method_trains_its_own_network(cases: Path, tmp_path: Path) -> None:
    config = configuration(cases, tmp_path, "maml", architecture="shaspec")
    with pytest.raises(InputError, match="'maml' trains its own network, not 'shaspec'"):
        list(train(config))


def test_masks_are_regions_or_background_and_labels(brats: Task) -> None:
    labels = torch.tensor([[0, 1, 2, 4, 7]])
    regions = target_masks(brats, labels, exclusive=False)[0]
    assert regions.tolist() == [[0, 0, 0, 1, 0], [0, 1, 1, 1, 0], [0, 1, 0, 1, 0]]  # ET, WT, TC
    classes = target_masks(brats, labels, exclusive=True)[0]
    assert classes[:, :4].tolist() == torch.eye(4).tolist()
    assert not classes[:, 4].any()  # a label that the task does not know is ignored
