"""Every method trains a network from files to a model that segments."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from torch.optim.swa_utils import AveragedModel

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.inference.outcome import last_event
from shaspec.inference.session import InferenceSession
from shaspec.io import write_case
from shaspec.models.registry import build, network_config
from shaspec.models.weights import load_model
from shaspec.task import Task
from shaspec.training.config import MethodName, TrainConfig, make_config
from shaspec.training.learner import target_masks
from shaspec.training.loop import train
from shaspec.training.methods import METHODS, Batch, architecture, make_method

pytestmark = pytest.mark.slow  # trains every method

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
    "maml": {"base_features": 4, "n_downsamplings": 2},
    "simmlm": {"base_features": 4, "n_downsamplings": 2, "n_gate_downsamplings": 2},
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
        assert last_event(session.predict(subset)).prediction.labels.shape == small_case.grid.shape


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("method", ["maml", "simmlm", "linear-fusion", "m3l"])
def test_the_loss_of_one_sample_falls(method: str, exclusive: bool, brats: Task) -> None:
    torch.manual_seed(0)
    values = {"out": "run", "phantoms": 1, "max_steps": 1, "method": method, "subsets": "full"}
    config = make_config(values)
    name = architecture(config)
    changes = TINY[name] | {"exclusive": exclusive}
    network = build(name, network_config(name, "light", brats, **changes)).train()
    taught = make_method(config, brats, network)
    teacher = AveragedModel(network, multi_avg_fn=taught.average()).eval()
    labels = torch.zeros(1, 16, 16, 16, dtype=torch.uint8)
    labels[:, 4:12, 4:12, 3:9] = 2
    labels[:, 6:10, 6:10, 3:6] = 4
    images = torch.randn(1, 4, 16, 16, 16) + labels[:, None]
    target = target_masks(brats, labels, exclusive=exclusive)
    batch = Batch(images, torch.tensor([[True, False, True, True]]), target, 0.5, (0,), (0,))
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    losses = []
    for _ in range(30):
        terms = taught.step(network, torch.no_grad()(teacher.module), batch)
        loss = torch.stack(list(terms.values())).sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        teacher.update_parameters(network)
        losses.append(loss.item())
    assert losses[-1] < 0.85 * losses[0]


def test_a_case_without_anything_that_a_dedicated_model_sees_is_refused(
    cases: Path, tmp_path: Path, small_case: Case
) -> None:
    write_case(tmp_path / "cases" / "two", small_case.only(("T1", "T2")))
    config = configuration(tmp_path / "cases", tmp_path / "run", "zero-fill", subsets="FLAIR+T1ce")
    with pytest.raises(InputError, match=r"case two has none of FLAIR\+T1ce"):
        list(train(config))


def test_each_method_trains_its_default_network(cases: Path, tmp_path: Path) -> None:
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


def test_a_run_that_warms_up_sees_full_modalities_first(brats: Task) -> None:
    config = make_config({"out": "run", "phantoms": 1, "max_steps": 1, "warm_up": 0.4})
    network = build("zero-fill", network_config("zero-fill", "light", brats))
    taught = make_method(config, brats, network)
    available = torch.tensor([[True, True, False, True]]).expand(40, 4)

    def drawn(progress: float) -> torch.Tensor:
        nothing = torch.zeros(40, 0)
        return taught.drawn(
            Batch(nothing, available, nothing, progress, (0, 2, 7), tuple(range(40)))
        )

    assert torch.equal(drawn(0.39), available)
    assert len(drawn(0.4).unique(dim=0)) == 7


@pytest.mark.parametrize("method", ["shaspec", "linear-fusion"])
def test_a_short_run_does_not_keep_the_weights_it_began_with(method: str, brats: Task) -> None:
    values = {"out": "run", "phantoms": 1, "max_steps": 1, "method": method}
    name = architecture(make_config(values))
    network = build(name, network_config(name, "light", brats, **TINY[name]))
    average = make_method(make_config(values), brats, network).average()
    start, moved = [torch.ones(1)], [torch.zeros(1)]
    for step in range(1, 200):
        average(start, moved, torch.tensor(step))
    assert start[0] < 1e-6
