"""What reads each kind of input: the functions that the program itself uses."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import torch

from shaspec.cohort.manifest import Manifest
from shaspec.errors import InputError
from shaspec.evaluation.protocol import rules_beside
from shaspec.evaluation.tables import read_rows
from shaspec.inference.outcome import last_event
from shaspec.inference.session import InferenceSession
from shaspec.io import find_case, find_cases, read_case, read_channels, read_image
from shaspec.io.description import channel_order
from shaspec.io.images import read_label_image
from shaspec.io.label_names import described_scheme
from shaspec.io.layout import find_layout
from shaspec.io.naming import read_name
from shaspec.io.segmentation_reader import read_segmentation
from shaspec.io.sound import read_sound
from shaspec.io.splits import held_out, listed_cases
from shaspec.models.card import Card
from shaspec.models.official_files import read_official
from shaspec.models.registry import build, network_config
from shaspec.models.weights import Model, load_model, save_model
from shaspec.task import Task, load_task
from shaspec.training.checkpoint import load_checkpoint, save_checkpoint
from shaspec.training.config import TrainConfig, load_config, make_config
from shaspec.training.data import Crops
from shaspec.training.prepared import PreparedCase

TINY = {"base_features": 8, "n_downsamplings": 2, "n_gate_downsamplings": 2, "stem_stride": 2}


def tiny_model(folder: Path) -> None:
    """Write a model of some thousand random weights; its card gives no checksum."""
    task = load_task("brats")
    torch.manual_seed(0)
    config = network_config("simmlm", "light", task, **TINY)
    network = build("simmlm", config)
    card = Card(
        name="tiny", title="for attacks", licence="none", method="simmlm", preset="light",
        network=config.model_dump(mode="json"), task=task, window=(16, 16, 16),
        instant_toggles=network.instant_toggles,
    )  # fmt: skip
    card = save_model(folder, network, card).model_copy(update={"sha256": ""})
    (folder / "card.json").write_text(card.model_dump_json(indent=1))


@cache
def _brats() -> Task:
    return load_task("brats")


@cache
def _model(folder: Path) -> Model:
    return load_model(folder)


def volume(path: Path) -> None:
    """All volumes of a file."""
    read_channels(path)


def picture(path: Path) -> None:
    """As grey, colour and label map; each may be refused."""
    refused = []
    for read in (read_image, lambda p: read_image(p, 3), read_label_image):
        try:
            read(path)
        except InputError as error:
            refused.append(error)
    if len(refused) == 3:
        raise refused[0]


def segmented(path: Path) -> None:
    """A case with this volume, segmented and written."""
    case = read_case(path.parent, _brats(), with_labels=False)
    session = InferenceSession(_model(path.parents[2] / "m"), case, window=(16, 16, 16), overlap=0)
    last_event(session.predict()).prediction.region_sizes()


def labelled(path: Path) -> None:
    """A case with these labels."""
    read_case(path.parent, _brats())


def segmentation(path: Path) -> None:
    """Segments of 3D Slicer, in the codes of the task."""
    read_segmentation(path).in_codes(_brats())


def sound(path: Path) -> None:
    """A cepstrum."""
    read_sound(path)


def task(path: Path) -> None:
    """A task, and a network for it."""
    found = load_task(path)
    network_config("shaspec", "light", found)
    found.subset_name(found.names)


def train(path: Path) -> None:
    """The settings of a run."""
    load_config(path)


def case_list(path: Path) -> None:
    """The cases of a list, and which of them are held out."""
    cases = find_cases(path, _brats())
    for case in cases:
        find_case(path.parent / case.name, _brats())
    held_out(path, 0)


def names(path: Path) -> None:
    """A list of names."""
    held_out(path, 0)
    listed_cases(path)


def nnunet(path: Path) -> None:
    """What a ``dataset.json`` says of channels, labels and cases."""
    described_scheme(path.parent / "labelsTr/c.nii.gz", _brats())
    channel_order(path, _brats())
    find_layout(path.parent)
    find_cases(path, _brats())


def metrics(path: Path) -> None:
    """Rows of scores."""
    read_rows([path])


def model(path: Path) -> None:
    """A model."""
    load_model(path.parent)


def official(path: Path) -> None:
    """Weights of the authors."""
    read_official(path)


def plans(path: Path) -> None:
    """nnU-Net's description beside weights of the authors."""
    read_official(path.with_suffix(""))


def names_of_values(path: Path) -> None:
    """What a table beside a label map says of its values."""
    described_scheme(path.with_name("sub-1_dseg.nii.gz"), _brats())


def protocol(path: Path) -> None:
    """The rules of an evaluation, beside its table."""
    rules_beside([path.parent])


def prepared(path: Path) -> None:
    """A case from the cache of a training, cut for a step."""
    case = PreparedCase("case1", False, path.parent)
    config = make_config({"out": path.parent, "phantoms": 1, "max_steps": 1, "crop": [4, 4, 4]})
    crops = Crops([case], config)
    for index in range(3):
        crops[index]
    len(case.fingerprints)


def run_config(path: Path) -> TrainConfig:
    """The settings of the run with a checkpoint ``path``."""
    return make_config({"out": path.parent, "phantoms": 1, "max_steps": 1})


def checkpoint_file(path: Path) -> None:
    """Write the checkpoint of a run."""
    save_checkpoint(path, run_config(path), 3, 0.1, [], {"network": torch.nn.Linear(2, 3)})


def checkpoint(path: Path) -> None:
    """A run that goes on."""
    load_checkpoint(path, run_config(path), [], {"network": torch.nn.Linear(2, 3)})


def manifest(path: Path) -> None:
    """The lines of a cohort."""
    Manifest(path.parent).latest()


def file_name(path: Path) -> None:
    """File names that say what a file is."""
    for line in path.read_text("utf-8", "replace").split("\n"):
        read_name(line, _brats())
