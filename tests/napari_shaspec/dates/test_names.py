"""Which names look like two dates of one patient, and which date is offered as the earlier one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_shaspec.dates.names import likely_dates, same_patient

ONE_PATIENT = [  # the earlier one first
    ("anna_2019", "anna_2021"),
    ("anna-2019-03-28", "anna-2019-11-02"),
    ("anna 20190328", "anna 20191102"),
    ("sub-01_ses-2", "sub-01_ses-10"),
    ("BraTS-GLI-00005-000", "BraTS-GLI-00005-001"),
    ("Patient-001_week-000-1", "Patient-001_week-044"),
    ("anna_pre", "anna_post"),
    ("anna_baseline", "anna_followup1"),
    ("anna", "anna_post"),
    ("anna_t0", "anna_t1"),
]
MAYBE_TWO = [
    ("anna", "berta"),
    ("anna_2019", "berta_2019"),
    ("BraTS2021_00006", "BraTS2021_01476"),
    ("BraTS-2021-00006", "BraTS-2021-01476"),
    ("BraTS-GLI-00005-000", "BraTS-GLI-00006-000"),
    ("Brats18_CBICA_ABM_1", "Brats18_CBICA_AOP_1"),
    ("scan_001", "scan_002"),
    ("case1", "case2"),
    ("2019", "2021"),
    ("anat", "anat (2)"),
    ("sub-01_ses-1", "sub-02_ses-1"),
]


@pytest.mark.parametrize(("earlier", "later"), ONE_PATIENT)
def test_names_that_differ_in_a_time_are_of_one_patient(earlier, later) -> None:
    assert same_patient(earlier, later)
    assert likely_dates(["berta", later, earlier]) == (earlier, later)


@pytest.mark.parametrize(("first", "second"), MAYBE_TWO)
def test_other_names_may_be_of_two_patients(first, second) -> None:
    assert not same_patient(first, second)
    assert likely_dates([first, second]) == (first, second)


def test_one_case_has_no_second_date() -> None:
    assert likely_dates([]) == likely_dates(["anna"]) == ("", "")


@given(st.text(), st.text())
def test_the_order_of_two_names_does_not_matter(first, second) -> None:
    assert same_patient(first, second) == same_patient(second, first)
    assert not same_patient(first, first)
