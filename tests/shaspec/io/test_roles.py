"""The files of a case with their roles, and what stays of a name without the patient."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.errors import InputError, UndecidedError
from shaspec.geometry import Grid
from shaspec.io import write_volume
from shaspec.io.names import task_vocabulary
from shaspec.io.names.pattern import pattern_of
from shaspec.io.naming import Certainty
from shaspec.io.roles import file_roles
from shaspec.io.schemes import choose_scheme
from shaspec.task import load_task

BRATS = load_task("brats")
WORDS = task_vocabulary(BRATS)


def make(folder: Path, *names: str) -> Path:
    """Files with these names; their voxels do not matter."""
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        array = np.full((3, 4, 5), number, np.float32)
        write_volume(path, array, Grid(array.shape, (1.0, 1.0, 1.0)))
    return folder


def found(folder: Path) -> dict[str, tuple[str | None, str, bool]]:
    return {f.name: (f.role, str(f.certainty), f.open) for f in file_roles(folder, BRATS)}


def test_every_file_of_a_folder_has_a_role_and_a_certainty(tmp_path):
    make(
        tmp_path / "case",
        "AX T2 FLAIR.nii.gz",
        "mprage_post.nii.gz",
        "t1_delayed.nii.gz",
        "series_401.nii.gz",
        "adc.nii.gz",
        "old_pred.nii.gz",
    )
    assert found(tmp_path / "case") == {
        "AX T2 FLAIR.nii.gz": ("FLAIR", "certain", False),
        "mprage_post.nii.gz": ("T1ce", "probable", False),
        "t1_delayed.nii.gz": (None, "doubtful", True),
        "series_401.nii.gz": ("", "doubtful", True),
        "adc.nii.gz": ("", "certain", False),
    }


def test_two_files_that_say_the_same_are_both_open(tmp_path):
    make(tmp_path, "a_t1.nii.gz", "a_t1_xab.nii.gz", "a_t1_xyz.nii.gz", "a_t2.nii.gz")
    roles = found(tmp_path)
    assert roles["a_t1.nii.gz"] == ("T1", "certain", False)  # the others are only probable
    assert roles["a_t1_xab.nii.gz"] == ("", "probable", False)
    (tmp_path / "a_t1.nii.gz").unlink()
    assert found(tmp_path)["a_t1_xab.nii.gz"] == ("T1", "doubtful", True)


def test_a_complete_case_with_a_truth_leaves_nothing_open(tmp_path):
    names = [f"a_{word}.nii.gz" for word in ("flair", "t1", "t1ce", "t2", "seg")]
    make(tmp_path, *names, "a_extra.nii.gz")
    assert not any(file.open for file in file_roles(tmp_path, BRATS))


@pytest.mark.parametrize("mask", ["brain/mask.nii.gz", "brain/edited_mask.nii.gz"])
def test_the_brain_mask_of_a_prepared_case_is_no_question(mask: str, tmp_path: Path) -> None:
    """A case without a truth has a place for one, which a mask of the brain does not take."""
    scans = [f"c_{name}.nii.gz" for name in ("flair", "t1", "t1ce", "t2")]
    make(tmp_path / "case", *scans, mask)
    assert found(tmp_path / "case")[str(Path(mask))] == ("", "certain", False)
    make(tmp_path / "other", *scans, "lesion/mask.nii.gz")
    role, _, _ = found(tmp_path / "other")[str(Path("lesion/mask.nii.gz"))]
    assert role == "labels"


def test_folders_of_sequences_are_shown_with_their_names(tmp_path):
    make(tmp_path, "FLAIR/scan.nii.gz", "T1_post/scan.nii.gz")
    files = {file.name: file.role for file in file_roles(tmp_path, BRATS)}
    assert files == {"FLAIR/scan.nii.gz": "FLAIR", "T1_post/scan.nii.gz": "T1ce"}


@pytest.mark.parametrize("names", [(), ("anna/t1.nii.gz", "ben/t1.nii.gz")])
def test_what_is_not_one_case_has_no_roles(tmp_path, names):
    make(tmp_path, *names)
    assert file_roles(tmp_path, BRATS) == ()
    assert file_roles(tmp_path / "nowhere", BRATS) == ()


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        ("x.nii.gz", ["FLAIR", "T1", "T1ce", "T2"]),
        ("x_T2_T1_FLAIR_T1ce.nii.gz", ["T2", "T1", "FLAIR", "T1ce"]),
        ("x_T2_T1ce.nii.gz", ["T2", "T1ce"]),
        ("x_T1.nii.gz", [None, None, None]),
        ("x.nii.gz", [None] * 5),
    ],
)
def test_the_channels_of_a_4d_file_have_roles(name, roles, tmp_path):
    path = tmp_path / "case" / name
    path.parent.mkdir()
    voxels = np.arange(60 * len(roles), dtype=np.int16).reshape(3, 4, 5, -1)
    nib.save(nib.Nifti1Image(voxels, np.eye(4)), path)
    nib.save(nib.Nifti1Image(voxels[..., 0], np.eye(4)), path.with_name("x_seg.nii.gz"))
    for source in (path.parent, [path, path.with_name("x_seg.nii.gz")]):
        *rows, truth = file_roles(source, BRATS)
        assert truth.role == "labels"
        assert [row.role for row in rows] == roles
        assert [row.channel for row in rows] == list(range(len(roles)))
        assert {row.open for row in rows} == {None in roles}
        assert rows[1].name == f"{name}, channel 2"
    assert [row.role for row in file_roles(path, BRATS)] == roles
    assert file_roles(path.with_name("x_seg.nii.gz"), BRATS) == ()


def test_loose_files_are_judged_together(tmp_path):
    make(tmp_path, "x_t1.nii.gz", "x_401.nii.gz", "unrelated.nii.gz")
    chosen = [tmp_path / "x_t1.nii.gz", tmp_path / "x_401.nii.gz"]
    roles = {file.name: (file.role, file.certainty) for file in file_roles(chosen, BRATS)}
    assert roles == {
        "x_t1.nii.gz": ("T1", Certainty.CERTAIN),
        "x_401.nii.gz": ("", Certainty.DOUBTFUL),
    }


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("Meier_Hans_19560304_MPRAGE_sag_post_401", "mprage post"),
        ("mprage post", "mprage post"),
        ("AX T2 FLAIR", "t2 flair"),
        ("sub-meier_ce-gd_T1w", "gd t1w"),
        ("t1_meier", "t1 *"),
        ("tumor_final_kontur", "tumor *"),
        ("series_401", ""),
        ("meier", ""),
    ],
)
def test_a_pattern_has_the_words_that_describe_the_image(name, pattern):
    assert pattern_of(name, WORDS) == pattern


@given(
    patient=st.from_regex(r"[A-Z][bcdfghjklmnpqrstvwxz]{4}[aeiou][bcdfghjk]{2}", fullmatch=True),
    number=st.integers(1900, 99_999_999),
    place=st.integers(0, 3),
)
def test_no_patient_and_no_number_is_in_a_pattern(patient, number, place):
    words = ["mprage", "sag", "post"]
    words[place:place] = [patient, str(number)]
    pattern = pattern_of("_".join(words), WORDS)
    assert set(pattern.split()) <= {"mprage", "post", "*"}
    assert pattern_of(f"{patient}_{number}_mprage_post", WORDS) == "mprage post"


def test_a_doubtful_label_scheme_offers_those_that_fit():
    with pytest.raises(UndecidedError, match="mean different things") as caught:
        choose_scheme([0, 1, 2, 3], BRATS, "x.nii")
    error = caught.value
    assert error.option == "scheme"
    assert "x.nii" in error.doubt
    assert "--scheme" not in error.doubt
    for name in error.choices.values():
        assert choose_scheme([0, 1, 2, 3], BRATS, "x.nii", scheme=name).scheme.name == name
    with pytest.raises(InputError) as caught:
        choose_scheme([0, 77], BRATS, "x.nii")
    assert not isinstance(caught.value, UndecidedError)
