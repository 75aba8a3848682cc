"""Long names in combo boxes are shortened in the middle."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_shaspec.case.case_bar import CaseBar
from napari_shaspec.widgets.elided_combo import ElidedComboBox


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(width=st.integers(60, 400))
def test_both_ends_of_a_name_stay_and_a_short_name_is_whole(qtbot, width: int) -> None:
    box = ElidedComboBox()
    qtbot.addWidget(box)
    box.addItems(["BraTS-GLI-00005-101", "p1"])
    box.setFixedWidth(width)
    before, dots, after = box.shown_text().partition("…")
    assert box.currentText().startswith(before)
    assert box.currentText().endswith(after) if dots else before == box.currentText()
    box.setCurrentIndex(1)
    assert box.shown_text() in ("p1", "…")


def test_the_tooltip_of_the_case_picker_has_the_whole_name(qtbot) -> None:
    bar = CaseBar()
    qtbot.addWidget(bar)
    bar.show_cases(["BraTS-GLI-00005-100", "BraTS-GLI-00005-101"], "BraTS-GLI-00005-101")
    bar.setFixedWidth(276)
    bar.grab()
    assert bar.findChild(ElidedComboBox).toolTip().startswith("BraTS-GLI-00005-101\n")
    bar.show_cases([], "")
    assert bar.findChild(ElidedComboBox).toolTip().startswith("The case")
