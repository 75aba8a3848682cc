"""Processes and devices that do not match the configuration are refused before the run starts."""

from __future__ import annotations

import pytest
import torch

from shaspec.errors import InputError
from shaspec.training.config import TrainConfig, make_config
from shaspec.training.distributed import make_fabric


def configuration(**changes: object) -> TrainConfig:
    return make_config({"out": "o", "phantoms": 1, "max_steps": 1, "device": "cpu"} | changes)


@pytest.mark.parametrize("name", ["WORLD_SIZE", "SLURM_STEP_NUM_TASKS"])
def test_more_processes_than_the_configuration_speaks_of_are_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would all be the first one, and write the same files."""
    monkeypatch.setenv(name, "4")
    with pytest.raises(InputError, match=r"4 processes were started, but devices = 1, .* need 1"):
        make_fabric(configuration())


def test_an_allocation_of_a_cluster_does_not_matter_to_a_run_of_one_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    allocation = {
        "JOB_ID": "5",
        "NTASKS": "4",
        "JOB_NAME": "train",
        "NODELIST": "n1",
        "NNODES": "1",
    }
    for key, value in allocation.items():
        monkeypatch.setenv(f"SLURM_{key}", value)
    assert make_fabric(configuration()).world_size == 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_missing_gpu_is_named() -> None:
    with pytest.raises(InputError, match=r"device = 'cuda'.* is not available"):
        make_fabric(configuration(device="cuda"))


@pytest.mark.filterwarnings("ignore:You passed.*16-mixed")  # Fabric's own word on it
def test_half_precision_on_a_cpu_is_refused_and_not_turned_into_another() -> None:
    with pytest.raises(InputError, match=r'"16-mixed" is not available on a CPU: set "bf16-mixed"'):
        make_fabric(configuration(precision="16-mixed"))
