"""A user's own data set: from a folder to scores without code."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from nibabel.nifti1 import Nifti1Image
from typer.testing import CliRunner

from shaspec.case import Case
from shaspec.cli import app
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.io import read_case, write_case, write_labels, write_volume
from shaspec.task import load_task
from shaspec.training.config import TrainConfig, load_config
from shaspec.training.propose import propose
from shaspec.training.templates import config_text, write

TINY = """
[network]
init_filters = 8
blocks_down = [1, 1]
blocks_up = [1]
"""


def run(*words: object) -> str:
    result = CliRunner().invoke(app, [str(w) for w in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory, small_case: Case) -> Path:
    """Two cases of three modalities, named as nobody names them; the second one lacks one."""
    folder = tmp_path_factory.mktemp("odd") / "study"
    assert small_case.labels is not None
    for case, words in (("K-7", ("aa", "bb", "zz")), ("K-9", ("aa", "zz"))):
        for word in words:
            volume = small_case.volumes[{"aa": "T1", "bb": "T2", "zz": "FLAIR"}[word]]
            write_volume(folder / case / f"{case}_v2_{word}.nii.gz", volume, small_case.grid)
        path = folder / case / f"{case}_v2_drawn.nii.gz"
        write_labels(path, small_case.labels, small_case.grid)
    return folder


@pytest.mark.slow
def test_from_a_folder_to_scores_without_code(odd: Path, tmp_path: Path) -> None:
    said = run("train", "--init", odd, "--out", tmp_path)
    assert "2 cases, 2 with labels" in said
    config = tmp_path / "train.toml"
    text = config.read_text().replace("max_minutes = 60.0", "max_steps = 3")
    config.write_text(text + f'cache = "{(tmp_path / "cache").as_posix()}"\n' + TINY)
    run("train", config, "--method", "zero-fill", "--crop", "16,16,16", "--device", "cpu")
    model, out = tmp_path / "run", tmp_path / "seg.nii.gz"
    run("predict", odd / "K-9", "--model", model, "--present", "zz", "--out", out)
    assert out.is_file()
    run("evaluate", model, odd, "--out", tmp_path / "scores", "--subsets", "aa+zz")
    assert "label4" in (tmp_path / "scores" / "metrics.csv").read_text()


def test_a_proposal_is_written_as_a_task(odd: Path, tmp_path: Path) -> None:
    found = propose(odd)
    paths = write(found, tmp_path)
    assert [p.name for p in paths] == ["task.toml", "train.toml"]
    task = load_task(tmp_path / "task.toml")
    assert task == found.task
    assert task.names == ("aa", "bb", "zz")
    assert [r.labels for r in task.regions] == [(1,), (2,), (4,)]
    assert task.label_words[0] == "drawn"
    assert [list(c.volumes) for c in found.cases] == [["aa", "bb", "zz"], ["aa", "zz"]]


def test_a_file_of_the_user_is_not_replaced(odd: Path, tmp_path: Path) -> None:
    (tmp_path / "task.toml").write_text("mine")
    with pytest.raises(InputError, match=r"task\.toml would be replaced"):
        write(propose(odd), tmp_path)
    assert (tmp_path / "task.toml").read_text() == "mine"
    assert not (tmp_path / "train.toml").exists()


def test_a_known_task_is_recognised_and_cases_are_dealt_into_folds(
    small_case: Case, tmp_path: Path
) -> None:
    for k in range(5):
        write_case(tmp_path / "data" / f"p{k}", replace(small_case, name=f"p{k}"))
    found = propose(tmp_path / "data")
    assert found.bundled
    assert found.task == load_task("brats")
    paths = write(found, tmp_path)
    assert [p.name for p in paths] == ["splits.json", "train.toml"]
    folds = json.loads((tmp_path / "splits.json").read_text())["folds"]
    assert sorted(name for fold in folds for name in fold) == [f"p{k}" for k in range(5)]
    config = load_config(tmp_path / "train.toml")
    assert (config.task, config.fold) == ("brats", 0)


def test_a_ct_gets_its_own_intensity_window(small_case: Case, tmp_path: Path) -> None:
    assert small_case.labels is not None
    ct = np.where(small_case.labels > 0, 60, -1000).astype(np.int16)
    ct[small_case.labels == 4] = 200
    for k in range(2):
        folder = tmp_path / f"p{k}"
        write_volume(folder / f"p{k}_CT.nii", ct, small_case.grid)
        write_volume(folder / f"p{k}_PET.nii", small_case.volumes["T1"], small_case.grid)
        write_labels(folder / f"p{k}_seg.nii", small_case.labels, small_case.grid)
    task = propose(tmp_path).task
    windows = {m.name: (m.normalisation, m.window) for m in task.modalities}
    assert windows == {"CT": ("window", (60, 200)), "PET": ("zscore", None)}


@pytest.mark.parametrize("raw", [False, True])
def test_a_described_data_set_is_taken_by_its_description(
    raw: bool, small_case: Case, tmp_path: Path
) -> None:
    """One 4D file per case as in the decathlon, or one file per channel as in nnU-Net."""
    described = {"0": "T2", "1": "DWI"}, {"0": "background", "1": "core", "2": "rim", "4": "part"}
    content = dict(zip(("channel_names", "labels"), described, strict=True))
    (tmp_path / "dataset.json").write_text(json.dumps(content))
    assert small_case.labels is not None
    volumes = [small_case.volumes[name] for name in ("T2", "FLAIR")]
    for name in ("x", "y"):
        if raw:
            for channel, volume in enumerate(volumes):
                path = tmp_path / "imagesTr" / f"{name}_{channel:04}.nii.gz"
                write_volume(path, volume, small_case.grid)
        else:
            (tmp_path / "imagesTr").mkdir(exist_ok=True)
            four = np.stack([small_case.grid.to_file(v) for v in volumes], axis=-1)
            image = Nifti1Image(four, small_case.grid.affine)
            image.to_filename(tmp_path / "imagesTr" / f"{name}.nii.gz")
        path = tmp_path / "labelsTr" / f"{name}.nii.gz"
        write_labels(path, small_case.labels, small_case.grid)
    found = propose(tmp_path)
    assert found.task.names == ("T2", "DWI")
    assert [(v.value, v.name) for v in found.task.labels] == [(1, "core"), (2, "rim"), (4, "part")]
    case = read_case(found.labelled[1], found.task)
    assert case.name == "y"
    np.testing.assert_array_equal(case.volumes["DWI"], volumes[1])
    np.testing.assert_array_equal(case.labels, small_case.labels)


@pytest.fixture
def described(small_case: Case, tmp_path: Path) -> Callable[..., Path]:
    """A data set of two modalities and labels 1, 2 and 4 with a description."""

    def write(**labels: object) -> Path:
        assert small_case.labels is not None
        for word in ("DWI", "ADC"):
            volume = small_case.volumes["T2"]
            write_volume(tmp_path / "x" / f"x_{word}.nii.gz", volume, small_case.grid)
        write_labels(tmp_path / "x" / "x_seg.nii.gz", small_case.labels, small_case.grid)
        content = {"channel_names": {"0": "DWI", "1": "ADC"}, "labels": labels}
        (tmp_path / "dataset.json").write_text(json.dumps(content))
        return tmp_path

    return write


def test_regions_of_a_description_become_those_of_the_task(
    described: Callable[..., Path],
) -> None:
    task = propose(described(background=0, whole=[1, 2, 4], core=[1, 4], enh=[4])).task
    found = {r.name: (r.labels, r.paints) for r in task.regions}
    assert found == {"whole": ((1, 2, 4), 2), "core": ((1, 4), 1), "enh": ((4,), 4)}
    labels = np.array([0, 1, 2, 4], np.uint8)
    np.testing.assert_array_equal(task.paint(task.region_masks(labels)), labels)
    assert [(v.value, v.name) for v in task.labels] == [(1, "core"), (2, "whole"), (4, "enh")]


def test_an_invalid_task_proposal_names_the_folder(described: Callable[..., Path]) -> None:
    with pytest.raises(
        InputError, match=r"make no valid task .* have the same .*: .*dataset\.json"
    ):
        propose(described(label4=[1, 2], x=1))


def test_voxels_of_a_few_micrometres_keep_their_size(tmp_path: Path) -> None:
    small = Grid.from_affine(np.diag([0.0125, 0.05, 0.0625, 1]), (6, 5, 4))
    labels = np.zeros(small.shape, np.uint8)
    labels[1, 1] = 1
    for word in ("T1", "DWI"):
        write_volume(tmp_path / f"p_{word}.nii", np.ones(small.shape, np.float32), small)
    write_labels(tmp_path / "p_seg.nii", labels, small)
    assert propose(tmp_path).task.spacing == (0.0625, 0.05, 0.0125)


def test_cases_without_labels_are_refused_with_the_option_that_helps(
    small_case: Case, tmp_path: Path
) -> None:
    for k in range(2):
        write_case(tmp_path / f"p{k}", replace(small_case, labels=None, name=f"p{k}"))
    with pytest.raises(InputError, match=r"no label file.*--labels-word"):
        propose(tmp_path)


def test_every_key_of_a_configuration_is_explained() -> None:
    assert not [n for n, f in TrainConfig.model_fields.items() if not f.description]
    text = config_text({"out": Path("run")})
    assert all(f"{name} =" in text for name in TrainConfig.model_fields)
