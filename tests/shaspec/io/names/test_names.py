"""Names of images as hospitals, scanners, BIDS and public data sets write them."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.io.naming import Certainty, Match, read_name, recognise
from shaspec.task import Label, Modality, Region, Task, load_task

with (Path(__file__).parent / "names.tsv").open(encoding="utf-8", newline="") as _file:
    TABLE = [(row["name"], row["role"]) for row in csv.DictReader(_file, delimiter="\t")]
NOTHING, OPEN = "-", "?"
SAID = [
    name
    for name, role in TABLE
    if role not in (NOTHING, OPEN) and " · " not in name and "SPACE-" not in name
]
OWN_PATIENT = re.compile(r"^[^\W_]+_\d{3,}_seg")
"""Names with the number of a patient, in front of which no other patient stands."""
PLAIN = [name for name in SAID if "sub-" not in name and "patient" not in name]
CLEAR = [name for name in SAID if not name.startswith("+")]
PATIENTS = ("Mueller_0012", "T2D-study_007", "Markus_Post_1980", "Roi_Cohen_42", "sub-T1",
            "GD_0012", "FLAIR-trial-33", "DOE^JOHN_1", "MAP_88", "Ohne_77", "x7")  # fmt: skip


def answer(name: str, task: Task) -> str:
    """The role that a name says, or that it says nothing, or leaves it open."""
    reading = read_name(name, task)
    if reading.match:
        return reading.match.role
    return OPEN if reading.candidates else NOTHING


@pytest.mark.parametrize(("name", "role"), TABLE)
def test_a_name_is_certain_uninformative_or_ambiguous(name: str, role: str, brats: Task) -> None:
    assert answer(f"{name}.nii.gz", brats) == role


def test_the_table_has_several_hundred_names_each_once() -> None:
    assert len({name for name, _ in TABLE}) == len(TABLE) > 500


# -- what does not change the answer -------------------------------------------------------------


@given(st.sampled_from(TABLE), st.sampled_from((".nii", ".nii.gz", ".NII.GZ", ".mha", "")))
def test_the_ending_does_not_change_the_answer(row: tuple[str, str], ending: str) -> None:
    assert answer(row[0] + ending, load_task("brats")) == row[1]


@given(
    st.sampled_from([n for n in CLEAR if "-" not in n and "+" not in n]), st.sampled_from("_ .-")
)
def test_separators_do_not_change_the_answer(name: str, separator: str) -> None:
    brats = load_task("brats")
    assert answer(name.replace("_", separator), brats) == answer(name, brats)


@given(st.sampled_from([n for n in CLEAR if n.isupper() or n.islower()]), st.booleans())
def test_case_does_not_change_the_answer(name: str, upper: bool) -> None:
    brats = load_task("brats")
    assert answer(name.upper() if upper else name.lower(), brats) == answer(name, brats)


@given(
    st.sampled_from([name for name in SAID if not OWN_PATIENT.match(name)]),
    st.sampled_from(PATIENTS),
    st.sampled_from(("_", "__", " ")),
)
def test_a_patient_in_front_does_not_change_the_answer(
    name: str, patient: str, separator: str
) -> None:
    brats = load_task("brats")
    found = answer(f"{patient}{separator}{name}", brats)
    assert found == answer(name, brats), (patient, name)


@given(st.permutations(["ce-gad", "acq-sag", "run-01", "rec-norm", "space-T2w", "desc-preproc"]))
def test_the_order_of_bids_entities_does_not_change_the_answer(entities: list[str]) -> None:
    brats = load_task("brats")
    for suffix, role in (("T1w", "T1ce"), ("T2w", "T2"), ("FLAIR", "FLAIR")):
        assert answer("_".join(["sub-01", *entities, suffix]), brats) == role
        assert answer("_".join([*entities, "sub-01", suffix]), brats) == role


@given(
    st.sampled_from([n for n in SAID if n[-1].isalnum()]),
    st.sampled_from(("brain", "n4", "resampled", "1mm", "bet", "reg", "0003", "lps")),
)
def test_words_of_processing_do_not_turn_an_image_into_another(name: str, word: str) -> None:
    brats = load_task("brats")
    before = answer(name, brats)
    if before in brats.names:
        assert answer(f"{name}_{word}", brats) == before


@given(st.sampled_from(SAID), st.sampled_from(("mask", "seg", "MIP", "xfm", "subtraction")))
def test_a_word_for_something_other_than_an_image_always_excludes_a_file(
    name: str, word: str
) -> None:
    brats = load_task("brats")
    assert answer(f"{name}_{word}", brats) not in brats.names


@given(st.sampled_from(SAID), st.sampled_from(("to", "registered_to")), st.sampled_from(SAID))
def test_the_target_of_a_registration_is_not_the_modality_of_the_file(
    name: str, word: str, target: str
) -> None:
    brats = load_task("brats")
    whole, moved = answer(f"{name}_{word}_{target}", brats), answer(name, brats)
    if moved in brats.names and answer(target, brats) in brats.names and target in PLAIN:
        assert whole in (moved, OPEN)


@given(st.text(max_size=40))
def test_any_text_can_be_read_and_its_description_lies_inside(text: str) -> None:
    for task in (load_task("brats"), load_task("liver-ct")):
        match = recognise(text, task)
        if match is not None:
            assert 0 <= match.start <= match.stop <= len(text)
            assert match.role in (*task.names, "labels")


# -- evidence and certainty ----------------------------------------------------------------------


def found(name: str, task: Task) -> Match:
    match = recognise(name, task)
    assert match is not None
    return match


def test_a_match_tells_its_words_and_where_they_are(brats: Task) -> None:
    match = found("Anna_AX_T1_FS_POST_0003.nii.gz", brats)
    assert (match.role, match.evidence) == ("T1ce", ("T1", "POST"))
    assert "Anna_AX_T1_FS_POST_0003"[match.start : match.stop] == "AX_T1_FS_POST"
    assert (match.certainty, match.reason) == (Certainty.CERTAIN, "")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("T1_FLAIR", "T1-weighted"),
        ("MPRAGE", "usually T1"),
        ("T1_smith", "'smith' is unknown"),
        ("flair_reg_t1ce", "target of a registration"),
        ("p_MASK", "outline"),
    ],
)
def test_a_probable_match_says_why(name: str, reason: str, brats: Task) -> None:
    match = found(name, brats)
    assert match.certainty is Certainty.PROBABLE
    assert reason in match.reason


@pytest.mark.parametrize(
    ("name", "candidates", "word"),
    [
        ("T1_delayed", {"T1", "T1ce"}, "delayed"),
        ("T1_T2", {"T1", "T2"}, "different images"),
        ("T1c_bias", {"T1ce"}, "bias"),
        ("T1_mask", {"labels"}, "brain or of a lesion"),
    ],
)
def test_a_doubtful_name_lists_the_possible_modalities_and_the_reason(
    name: str, candidates: set[str], word: str, brats: Task
) -> None:
    reading = read_name(name, brats)
    assert reading.match is None
    assert reading.certainty is Certainty.DOUBTFUL
    assert set(reading.candidates) == candidates
    assert word in reading.reason


# -- other tasks ---------------------------------------------------------------------------------


def own_task(**words: tuple[str, ...]) -> Task:
    """A task with modalities of these names and words."""
    return Task(
        name="own",
        title="own",
        modalities=tuple(Modality(name=name, words=found) for name, found in words.items()),
        labels=(Label(value=1, name="x", title="x", colour="#000000"),),
        regions=(Region(name="x", title="x", labels=(1,), paints=1),),
    )


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("p_arterial", "arterial"), ("p_late-arterial_mask", "labels"),
        ("p_venous_to_arterial", "venous"), ("p_pv_phase", "venous"),
        ("liver_mask", "labels"), ("art_MIP", NOTHING),
        ("portal_venous_CT", "venous"), ("arterial_venous", OPEN),
    ],
)  # fmt: skip
def test_phases_follow_the_same_rules(name: str, role: str) -> None:
    assert answer(f"{name}.nii.gz", load_task("liver-ct")) == role


@pytest.mark.parametrize(
    ("name", "role"),
    [("x_depth_map.png", "depth"), ("0001_rgb.png", "RGB"), ("depth_0001_rgb.png", "RGB"),
     ("0001_mask.png", "labels")],
)  # fmt: skip
def test_a_map_is_an_image_where_the_task_says_so(name: str, role: str, rgbd: Task) -> None:
    assert answer(name, rgbd) == role


def test_other_sequences_are_modalities_of_a_task_that_has_them() -> None:
    task = own_task(T2=("t2w",), ADC=("adc",))
    assert [answer(n, task) for n in ("x_ADC", "x_T2w", "x_ADC_to_T2", "x_SWI", "x_T1")] == [
        "ADC", "T2", "ADC", NOTHING, NOTHING
    ]  # fmt: skip


def test_words_of_a_task_win_over_the_vocabulary() -> None:
    task = own_task(pre=(), early=("post1",), late=("post2",))
    names = ("p_pre", "p_post1", "p_post2", "p_T1_post2", "p_early_mask")
    assert [answer(n, task) for n in names] == ["pre", "early", "late", "late", "labels"]


def test_two_modalities_of_one_kind_are_distinguished_by_their_words() -> None:
    task = own_task(T2tse=("t2_tse",), T2space=("t2_space",))
    assert [answer(n, task) for n in ("a_T2_TSE", "a_t2_space_sag", "a_t2_tse_reg")] == [
        "T2tse", "T2space", "T2tse"
    ]  # fmt: skip


def test_a_task_without_contrast_agent_does_not_take_a_t1_after_it() -> None:
    task = own_task(T1=("t1w",), FLAIR=())
    assert answer("x_T1_post", task) == OPEN
    assert answer("x_T1w_pre", task) == "T1"
