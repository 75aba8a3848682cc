"""Label conventions: recognised by values, then by names, then by the order of the task."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.errors import InputError
from shaspec.io.schemes import choose_scheme, find_scheme, label_values, to_task_labels
from shaspec.task import Label, Region, Task, load_task

BRATS = load_task("brats")
S2017, S2023, S2024, PED, S2015, MSD, MEN_RT, MASK = BRATS.schemes


@pytest.mark.parametrize(
    ("values", "hints", "scheme"),
    [
        # By the values: all conventions that contain them agree.
        ([0], ["segmentation.nii.gz"], S2017),
        ([0, 1, 2, 4], ["x_seg.nii.gz"], S2017),
        ([0, 2, 4], ["x_tumor_segmentation.nii.gz"], S2017),
        ([0, 4], ["segmentation.nii.gz"], S2017),
        # By the name of the file, its folder, the case, farther folders, the other files.
        ([0, 1], ["BraTS2021_00006_seg.nii.gz"], S2017),
        ([0, 1, 2, 4], ["Brats17_TCIA_639_1_seg.nii.gz"], S2017),
        ([0, 1], ["seg.nii.gz", "p1", "p1", "MICCAI_BraTS_2018_Data_Training"], S2017),
        ([0, 1], ["BraTS20_Training_001_seg.nii"], S2017),
        ([0, 1, 2, 3], ["BraTS-GLI-00027-000-seg.nii.gz"], S2023),
        ([0, 1, 2, 3], ["BraTS-MET-00027-000-seg.nii.gz"], S2023),
        ([0, 1, 2, 3], ["BraTS-MEN-00027-000-seg.nii.gz"], S2023),
        ([0, 3], ["BraTS-SSA-00027-000-seg.nii.gz"], S2023),
        ([0, 1, 2, 3], ["x-seg.nii.gz", "folder", "x-t2f.nii.gz"], S2023),
        ([0, 1, 2, 3, 4], ["BraTS-GLI-00005-100-seg.nii.gz"], S2024),
        ([0, 1, 2, 4], ["BraTS-GLI-00005-100-seg.nii.gz"], S2024),
        ([0, 1, 2, 3], ["seg.nii", "p1", "BraTS2024-PED-Training"], PED),
        ([0, 1, 2, 3, 4], ["BraTS-PED-00012-000-seg.nii.gz"], PED),
        ([0, 1, 2, 3], ["BraTS-PED-00012-000-seg.nii.gz", "ASNR-MICCAI-BraTS2023-PED"], S2023),
        ([0, 1, 2, 3], ["VSD.Brain_3more.XX.O.OT.54517.nii"], S2015),
        ([0, 1, 2, 3], ["seg.nii.gz", "brats_tcia_pat222_2"], S2015),
        ([0, 1, 2, 3, 4], ["segmentation.nii.gz", "brats_2013_pat0001_1"], S2015),
        ([0, 1, 2, 3], ["BraTS-GLI-1-seg.nii", "brats_tcia_1"], S2023),  # the nearest counts
        ([0, 1, 2, 3], ["BRATS_001.nii.gz", "labelsTr"], MSD),
        ([0, 1, 2], ["BRATS_001.nii.gz", "labelsTr"], MSD),
        ([0, 1, 2], ["a.nii.gz", "labelsTr", "a", "Task01_BrainTumour"], MSD),
    ],
)
def test_schemes_are_recognised(values: list[int], hints: list[str], scheme: Any) -> None:
    assert choose_scheme(values, BRATS, "x", hints).scheme == scheme


@pytest.mark.parametrize(
    ("values", "hints", "named"),
    [
        # Several conventions have these values and differ.
        ([0, 1], ["x_seg.nii.gz"], [S2017, S2023, PED, S2015, MSD, MASK]),
        ([0, 2], ["x_seg.nii.gz"], [S2017, S2023, PED, S2015, MSD]),
        ([0, 1, 2], ["x_seg.nii.gz"], [S2017, S2023, PED, S2015, MSD]),
        ([0, 1, 2, 3], ["x_seg.nii.gz"], [S2023, PED, S2015, MSD]),
        ([0, 3], ["x_seg.nii.gz"], [S2023, S2015, MSD]),
        ([0, 1, 2, 3, 4], ["x_seg.nii.gz"], [S2024, PED, S2015]),
        ([0, 1, 2, 3], ["case_001.nii.gz", "labelsTr", "Dataset137_Glioma"], [S2023, MSD]),
        ([0, 1], ["x_label-lesion_mask.nii.gz"], [S2017, MASK]),
        ([0, 1, 2, 3], ["BraTS-PED-00012-000-seg.nii.gz"], [S2023, PED]),
        # The name suggests a convention without these values.
        ([0, 1, 2, 3], ["BraTS2021_00006_seg.nii.gz"], [S2023, S2015, MSD]),
        ([0, 1, 2, 4], ["BRATS_001.nii.gz", "labelsTr"], [S2017, S2015]),
        ([0, 1, 2, 4], ["x-seg.nii.gz", "p", "x-t2f.nii.gz"], [S2017]),
        # No convention has them.
        ([0, 1, 5], ["x_seg.nii.gz"], []),
        ([0, 255], ["BraTS2021_00006_seg.nii.gz"], []),
        # What they stand for is none of the labels of the task.
        ([0, 1], ["BraTS-MEN-RT-0001-1_gtv.nii.gz"], [MEN_RT]),
    ],
)
def test_a_doubtful_scheme_is_refused_with_file_option_and_candidates(
    values: list[int], hints: list[str], named: list[Any]
) -> None:
    with pytest.raises(InputError, match=r"^f/x\.nii: .*--scheme") as caught:
        choose_scheme(values, BRATS, "f/x.nii", hints)
    assert [s.name for s in named if s.name not in str(caught.value)] == []


def test_an_option_overrides_names_beside_the_file_and_those_override_its_name() -> None:
    values, hints = [0, 1, 2, 3], ["BraTS-GLI-00027-000-seg.nii.gz"]
    option = choose_scheme(values, BRATS, "x", hints, "decathlon", S2015)
    assert (option.scheme, option.evidence) == (MSD, "--scheme")
    assert choose_scheme(values, BRATS, "x", hints, None, S2015).scheme == S2015


@given(st.sampled_from([s for s in BRATS.schemes if -1 not in s.codes.values()]), st.data())
def test_values_decide_a_scheme_only_if_all_candidates_agree(scheme: Any, data: Any) -> None:
    values = sorted({0, *data.draw(st.lists(st.sampled_from(sorted(scheme.mapping))))})
    try:
        chosen = choose_scheme(values, BRATS, "x").scheme
    except InputError:
        return
    shown = set(scheme.shown_by)
    if shown <= set(values) or not shown & set(values):
        assert [chosen.mapping[v] for v in values] == [scheme.mapping[v] for v in values]


@given(
    st.sampled_from([s for s in BRATS.schemes if -1 not in s.codes.values()]),
    st.lists(st.integers(0, 4), min_size=1),
    st.sampled_from(["u1", "i2", "i4", "f4", "f8"]),
)
def test_a_named_scheme_maps_every_voxel_as_it_says(scheme: Any, codes: Any, dtype: str) -> None:
    codes = [c if c in scheme.mapping else 0 for c in codes]
    labels, chosen = to_task_labels(
        np.array(codes, dtype).reshape(1, 1, -1), load_task("brats"), "x", scheme=scheme.name
    )
    assert chosen.scheme == scheme
    assert labels.dtype == np.uint8
    assert labels.ravel().tolist() == [scheme.mapping[c] for c in codes]


@pytest.mark.parametrize(
    ("text", "scheme"),
    [("2023", S2023), ("BraTS 2023", S2023), ("brats 2017", S2017), ("2021", S2017),
     ("2018", S2017), ("2015", S2015), ("medical", MSD), (S2015.name, S2015), ("2024", S2024),
     ("Paediatric", PED), ("pediatric", PED), ("decathlon", MSD), ("mask", MASK)],
)  # fmt: skip
def test_a_scheme_is_found_by_a_part_of_its_name(text: str, scheme: Any) -> None:
    assert find_scheme(text, load_task("brats")) == scheme


@pytest.mark.parametrize("text", ["BraTS", "2030", "", "ET"])
def test_a_scheme_that_is_unknown_or_not_unique_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="BraTS 2017-2021, BraTS 2023, "):
        find_scheme(text, load_task("brats"))


def test_values_outside_of_all_schemes_are_named_with_the_file() -> None:
    with pytest.raises(InputError, match=r"x_seg\.nii: contains the label values 0, 1, 7"):
        to_task_labels(np.array([0, 1, 7]), load_task("brats"), "x_seg.nii")
    with pytest.raises(InputError, match="values 0, 1, 4, which do not fit BraTS 2023"):
        to_task_labels(np.array([0, 1, 4]), load_task("brats"), "x", scheme="2023")


@pytest.mark.parametrize("values", [[-1, 0], [0, 256], [0, 0.5], [0, 3000.0]])
def test_a_file_that_is_not_a_label_map_is_refused(values: list[float]) -> None:
    with pytest.raises(InputError, match=r"x\.nii.*not a label map"):
        label_values(np.array(values), "x.nii")


@given(
    st.lists(st.sampled_from([0, 1, 2, 4]), min_size=1),
    st.floats(-9e-4, 9e-4),
    st.sampled_from(["f4", "f8"]),
)
def test_labels_within_a_thousandth_of_whole_numbers_are_rounded(
    codes: list[int], error: float, dtype: str
) -> None:
    labels, _ = to_task_labels(np.array(codes, dtype) + error, BRATS, "x", scheme="2021")
    assert labels.tolist() == codes


@pytest.mark.parametrize("error", [2e-3, -0.012, 0.3, 0.5])
def test_labels_farther_from_whole_numbers_are_refused(error: float) -> None:
    with pytest.raises(InputError, match=r"x\.nii.*not whole numbers"):
        to_task_labels(np.array([0, 1, 2 + error]), BRATS, "x.nii", scheme="2021")


@given(st.lists(st.integers(0, 255), min_size=1, max_size=30))
def test_label_values_are_the_distinct_values(values: list[int]) -> None:
    assert label_values(np.array(values, np.float32), "x") == sorted(set(values))


def test_a_task_without_schemes_uses_its_own_codes() -> None:
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
    assert "liver" in scheme.scheme.name
    with pytest.raises(InputError, match="do not fit"):
        to_task_labels(np.array([0, 2]), plain, "x")


def test_an_enhancing_tumour_is_not_read_as_the_cavity_of_another_year() -> None:
    """Of the years that the name allows, only 2024 has a 4, but it has 3 as well."""
    for hints in (["BraTS-GLI-00001-000-seg.nii.gz"], ["BraTS-MET-00001-000-seg.nii.gz"]):
        with pytest.raises(InputError, match="mean different things"):
            choose_scheme([0, 1, 2, 4], BRATS, "x", hints)
        assert choose_scheme([0, 1, 2, 3, 4], BRATS, "x", hints).scheme.name.startswith(
            "BraTS 2024"
        )
    chosen = choose_scheme([0, 1, 2, 4], BRATS, "x", ["BraTS2024_00001_seg.nii.gz"])
    assert chosen.scheme.name.startswith("BraTS 2024")


def test_one_value_under_a_name_of_a_year_may_be_a_mask_and_says_so() -> None:
    hints = ["BraTS20_Training_001_seg.nii"]
    assert "may also be a mask" in choose_scheme([0, 1], BRATS, "x", hints).notice
    for values in ([0], [0, 2], [0, 1, 2], [0, 1, 2, 4]):
        assert "mask" not in choose_scheme(values, BRATS, "x", hints).notice
    assert "mask" not in choose_scheme([0, 1], BRATS, "x", hints, "2017").notice
