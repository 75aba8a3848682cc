"""What a folder holds, from names alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shaspec.errors import InputError
from shaspec.io.folders import find_cases
from shaspec.io.layout import find_layout
from shaspec.task import Task


def touch(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


def found(folder: Path) -> dict[str, tuple[str, ...]]:
    return {m.name: (*m.words, m.name) for m in find_layout(folder).modalities}


def test_endings_that_come_back_in_every_case_are_modalities(tmp_path: Path) -> None:
    for k in (1, 2, 3):
        names = [f"sub-0{k}_{w}.nii.gz" for w in ("T1w", "ce-gad_T1w", "FLAIR", "lesion-mask")]
        touch(tmp_path / f"sub-0{k}", *names)
    layout = find_layout(tmp_path)
    assert [m.name for m in layout.modalities] == ["ce_gad_T1w", "FLAIR", "T1w"]
    assert layout.label_words[0] == "lesion_mask"


def test_the_part_of_a_name_that_differs_between_cases_is_not_the_modality(tmp_path: Path) -> None:
    for case, day in (("A", "0101"), ("B", "0203"), ("C", "0405"), ("D", "0607")):
        touch(tmp_path / case, *(f"{case}_{n}{day}_{w}.nii" for n, w in enumerate(("t1", "t2"))))
    assert list(found(tmp_path)) == ["t1", "t2"]


def test_files_in_one_folder_are_assigned_to_cases(tmp_path: Path) -> None:
    for k in range(3):
        touch(tmp_path, *(f"Case_{k}_x_{w}.nii.gz" for w in ("pet", "ct", "gt")))
    assert list(found(tmp_path)) == ["ct", "pet"]


def test_channel_numbers_are_modalities_that_are_found_again(brats: Task, tmp_path: Path) -> None:
    for k in range(2):
        touch(tmp_path / "imagesTr", f"liver_{k}_0000.nii.gz", f"liver_{k}_0001.nii.gz")
        touch(tmp_path / "labelsTr", f"liver_{k}.nii.gz")
    layout = find_layout(tmp_path)
    assert [m.name for m in layout.modalities] == ["channel0", "channel1"]
    task = Task.model_validate(
        brats.model_dump() | {"modalities": [m.model_dump() for m in layout.modalities]}
    )
    cases = find_cases(tmp_path, task)
    assert [c.name for c in cases] == ["liver_0", "liver_1"]
    assert cases[1].volumes["channel1"].name == "liver_1_0001.nii.gz"
    assert cases[1].labels == tmp_path / "labelsTr" / "liver_1.nii.gz"


@pytest.mark.parametrize(
    ("labels", "named"),
    [
        ({"0": "background", "1": "liver", "2": "tumour"}, {1: "liver", 2: "tumour"}),
        ({"background": 0, "whole": [1, 2], "tumour": 2}, {1: "whole", 2: "tumour"}),
    ],
)
def test_a_description_names_modalities_and_labels(
    labels: object, named: dict[int, str], tmp_path: Path
) -> None:
    content = {"channel_names": {"0": "CT", "1": "PET"}, "labels": labels}
    (tmp_path / "dataset.json").write_text(json.dumps(content))
    layout = find_layout(tmp_path)
    assert [m.name for m in layout.modalities] == ["CT", "PET"]
    assert layout.label_names == named


@pytest.mark.parametrize(
    ("labels", "named", "regions"),
    [
        (
            {"background": 0, "whole": [1, 2, 4], "core": [1, 4], "enh": [4]},
            {1: "core", 2: "whole", 4: "enh"},
            {"whole": (1, 2, 4), "core": (1, 4), "enh": (4,)},
        ),
        ({"all": [1, 2], "x": 3}, {1: "all-1", 2: "all-2", 3: "x"}, {"all": (1, 2), "x": (3,)}),
        ({"1": "tumour", "2": "tumour"}, {1: "tumour", 2: "tumour-2"}, {}),
    ],
)
def test_regions_of_a_description_are_kept_and_every_label_has_a_name(
    labels: object, named: dict[int, str], regions: dict[str, tuple[int, ...]], tmp_path: Path
) -> None:
    content = {"channel_names": {"0": "CT", "1": "PET"}, "labels": labels}
    (tmp_path / "dataset.json").write_text(json.dumps(content))
    layout = find_layout(tmp_path)
    assert (layout.label_names, layout.regions) == (named, regions)


@pytest.mark.parametrize("labels", [["background"], {"tumour": "x"}, {"1": None}, {"x": [[1]]}])
def test_labels_without_numbers_are_refused_with_the_file(labels: object, tmp_path: Path) -> None:
    (tmp_path / "dataset.json").write_text(json.dumps({"labels": labels}))
    with pytest.raises(InputError, match=r'dataset\.json: "labels" does not give .* correct or'):
        find_layout(tmp_path)


def test_uninformative_names_are_refused_with_the_option_to_use(tmp_path: Path) -> None:
    touch(tmp_path / "p", "1.nii", "2.nii")
    touch(tmp_path / "q", "3.nii", "4.nii")
    touch(tmp_path / "r", "5.nii", "6.nii")
    touch(tmp_path / "s", "7.nii", "8.nii")
    with pytest.raises(InputError, match=r"1\.nii, 2\.nii.*--modalities"):
        find_layout(tmp_path)


def test_two_kinds_of_labels_have_to_be_chosen_from(tmp_path: Path) -> None:
    for k in range(2):
        touch(tmp_path / f"p{k}", *(f"p{k}_{w}.nii" for w in ("t1", "t2", "mask", "gt")))
    with pytest.raises(InputError, match="gt and mask both look like labels"):
        find_layout(tmp_path)
    assert find_layout(tmp_path, labels_word="gt").label_words == ("gt",)


def test_names_can_be_given(tmp_path: Path) -> None:
    layout = find_layout(tmp_path, ["T1=t1w", "adc"])
    assert [(m.name, m.words) for m in layout.modalities] == [("T1", ("t1w",)), ("adc", ())]
