"""Tables show their first column whole, and no scroll bar covers a row."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHeaderView, QTableWidgetItem

from napari_shaspec.widgets.read_only_table import ReadOnlyTable

ROWS, WIDE, NARROW = 3, 900, 120


@pytest.fixture
def table(qtbot):
    table = ReadOnlyTable("shaspec_some")
    qtbot.addWidget(table)
    table.setColumnCount(4)
    table.setRowCount(ROWS)
    table.setHorizontalHeaderLabels(["region", "longest mm", "across mm", "mL"])
    for row in range(ROWS):
        table.setItem(row, 0, QTableWidgetItem(f"a lesion with the number {row}"))
    table.resize(WIDE, 200)
    table.show()
    table.fit(ROWS)
    return table


def test_the_first_column_takes_the_room_that_there_is(table):
    assert sum(table.columnWidth(k) for k in range(4)) == table.viewport().width()
    assert not table.horizontalScrollBar().maximum()


def test_without_room_the_table_scrolls_and_shows_the_first_column_and_all_rows(table, qtbot):
    table.resize(NARROW, 200)
    qtbot.waitUntil(lambda: bool(table.horizontalScrollBar().maximum()))
    assert table.columnWidth(0) >= table.sizeHintForColumn(0)
    rows = sum(table.rowHeight(row) for row in range(ROWS))
    qtbot.waitUntil(lambda: table.viewport().height() >= rows)
    table.resize(WIDE, table.height())
    stretch = QHeaderView.ResizeMode.Stretch
    qtbot.waitUntil(lambda: table.horizontalHeader().sectionResizeMode(0) == stretch)


def test_a_table_that_wraps_shows_long_names_in_several_lines(qtbot):
    table = ReadOnlyTable("wrapping", wraps=True)
    qtbot.addWidget(table)
    table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    table.setColumnCount(2)
    table.setRowCount(2)
    table.setHorizontalHeaderLabels(["", "untrained"])
    table.setItem(0, 0, QTableWidgetItem("CKA shared and specific features"))
    table.setItem(1, 0, QTableWidgetItem("short"))
    table.resize(NARROW, 200)
    table.show()
    table.fit(2)
    qtbot.waitUntil(lambda: table.rowHeight(0) > 1.5 * table.rowHeight(1))
    assert table.height() >= table.rowHeight(0) + table.rowHeight(1)
