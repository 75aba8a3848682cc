"""Label conventions: recognised by values, then by names, then by the order of the task."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.errors import InputError
from shaspec.io.schemes import find_scheme, label_values, recognise_scheme, to_task_labels
from shaspec.task import Label, Region, Task, load_task

S2017, S2023, S2015, MSD = load_task("brats").schemes


@pytest.mark.parametrize(
    ("values", "hints", "scheme"),
    [
        ([0], ["segmentation.nii.gz"], S2017),
        ([0, 1, 2], ["x_seg.nii.gz"], S2017),
        ([0, 1, 2, 4], ["x_seg.nii.gz"], S2017),
        ([0, 1, 2, 4], ["Brats17_TCIA_639_1_seg.nii.gz"], S2017),  # the same in both: first listed
        ([0, 4], ["segmentation.nii.gz"], S2017),
        ([0, 1, 2, 3], ["x_seg.nii.gz"], S2023),
        ([0, 3], ["x.nii.gz"], S2023),
        ([0, 1, 2, 3], ["BraTS-GLI-00027-000-seg.nii.gz"], S2023),
        ([0, 1, 2, 3], ["x-seg.nii.gz", "folder", "x-t2f.nii.gz"], S2023),
        ([0, 1, 2, 3], ["segmentation.nii.gz"], S2015),
        ([0, 1, 2, 3], ["VSD.Brain_3more.XX.O.OT.54517.nii"], S2015),
        ([0, 1, 2, 3], ["seg.nii.gz", "brats_tcia_pat222_2"], S2015),
        ([0, 1, 2, 3], ["BraTS-GLI-1-seg.nii", "brats_tcia_1"], S2023),  # the nearest name counts
        ([0, 1, 2, 3, 4], ["x_seg.nii.gz"], S2015),
        ([0, 3, 4], ["x-GLI-seg.nii.gz"], S2015),
        ([0, 1, 2, 3], ["BRATS_001.nii.gz", "labelsTr"], MSD),
        ([0, 1, 2], ["BRATS_001.nii.gz", "labelsTr"], MSD),
        ([0, 1, 2, 4], ["BRATS_001.nii.gz", "labelsTr"], S2017),
        ([0, 1, 5], ["x_seg.nii.gz"], None),
    ],
)
def test_schemes_are_recognised(values: list[int], hints: list[str], scheme: Any) -> None:
    assert recognise_scheme(values, load_task("brats").schemes, hints) == scheme


@given(
    st.sampled_from(load_task("brats").schemes),
    st.lists(st.integers(0, 4), min_size=1),
    st.sampled_from(["u1", "i2", "i4", "f4", "f8"]),
)
def test_a_named_scheme_maps_every_voxel_as_it_says(scheme: Any, codes: Any, dtype: str) -> None:
    codes = [c if c in scheme.mapping else 0 for c in codes]
    labels, chosen = to_task_labels(
        np.array(codes, dtype).reshape(1, 1, -1), load_task("brats"), "x", scheme=scheme.name
    )
    assert chosen == scheme
    assert labels.dtype == np.uint8
    assert labels.ravel().tolist() == [scheme.mapping[c] for c in codes]


@pytest.mark.parametrize(
    ("text", "scheme"),
    [("2023", S2023), ("BraTS 2023", S2023), ("brats 2017", S2017), ("2021", S2017),
     ("2015", S2015), ("medical", MSD), (S2015.name, S2015)],
)  # fmt: skip
def test_a_scheme_is_found_by_a_part_of_its_name(text: str, scheme: Any) -> None:
    assert find_scheme(text, load_task("brats")) == scheme


@pytest.mark.parametrize("text", ["BraTS", "2030", "", "ET"])
def test_a_scheme_that_is_unknown_or_not_unique_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="BraTS 2017-2021, BraTS 2023, "):
        find_scheme(text, load_task("brats"))


def test_values_outside_of_all_schemes_are_named_with_the_file() -> None:
    with pytest.raises(InputError, match=r"x_seg\.nii: holds the label values 0, 1, 7"):
        to_task_labels(np.array([0, 1, 7]), load_task("brats"), "x_seg.nii")
    with pytest.raises(InputError, match="values 0, 1, 4, which do not fit BraTS 2023"):
        to_task_labels(np.array([0, 1, 4]), load_task("brats"), "x", scheme="2023")


@pytest.mark.parametrize("values", [[-1, 0], [0, 256], [0, 0.5], [0, 3000.0]])
def test_what_is_no_label_map_is_refused(values: list[float]) -> None:
    with pytest.raises(InputError, match=r"x\.nii.*no label map"):
        label_values(np.array(values), "x.nii")


@given(st.lists(st.integers(0, 255), min_size=1, max_size=30))
def test_label_values_are_the_distinct_values(values: list[int]) -> None:
    assert label_values(np.array(values, np.float32), "x") == sorted(set(values))


def test_a_task_without_schemes_takes_its_own_labels() -> None:
    task = load_task("brats")
    plain = Task(
        name="liver",
        title="Liver",
        modalities=task.modalities,
        labels=(Label(value=1, name="L", title="liver", colour="#ff0000"),),
        regions=(Region(name="L", title="liver", labels=(1,), paints=1),),
    )
    labels, scheme = to_task_labels(np.array([0, 1]), plain, "x")
    assert labels.tolist() == [0, 1]
    assert "liver" in scheme.name
    with pytest.raises(InputError, match="do not fit"):
        to_task_labels(np.array([0, 2]), plain, "x")
