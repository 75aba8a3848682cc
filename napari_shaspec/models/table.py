"""Table of all models, and the card of the selected one."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QHeaderView,
    QTableWidgetItem,
    QTextBrowser,
    QWidget,
)

from napari_shaspec.models.state import KnownModel
from napari_shaspec.widgets.message_box import breakable
from napari_shaspec.widgets.read_only_table import ReadOnlyTable

COLUMNS = {
    "model": "Name, or folder name",
    "from": "bundled: part of the plugin; trained, imported: one of your model folders; "
    "experimental: its title says so",
    "method": "How modalities are fused; 'by m3l': trained with the M3L procedure",
    "finds": "Regions or classes that the model predicts",
    "toggles": "instant: toggling a modality runs only the decoder",
    "MB": "Size of the weights in megabytes",
    "first run": "Seconds of the last first run on a case, measured on this computer",
    "toggle": "Seconds of the last run from cached features, measured on this computer",
    "licence": "Licence of the weights",
}


class ModelTable(ReadOnlyTable):
    """One row per model; a click selects it."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("shaspec_model_table", parent, selectable=True)
        self.setColumnCount(len(COLUMNS))
        for column, (name, tip) in enumerate(COLUMNS.items()):
            head = QTableWidgetItem(name)
            head.setToolTip(tip)
            self.setHorizontalHeaderItem(column, head)
        header = self.horizontalHeader()
        assert header is not None
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        self.itemSelectionChanged.connect(self._on_selected)

    def show_models(self, models: Sequence[KnownModel], chosen: str) -> None:
        """Fills the table and selects the row of ``chosen``."""
        with QSignalBlocker(self):
            self.setRowCount(len(models))
            for row, entry in enumerate(models):
                for column, text in enumerate(_cells(entry)):
                    item = QTableWidgetItem(text)
                    item.setToolTip(entry.problem or entry.model)
                    self.setItem(row, column, item)
                first = self.item(row, 0)
                assert first is not None
                first.setData(Qt.ItemDataRole.UserRole, entry.model)
                if entry.model == chosen:
                    self.selectRow(row)

    def _on_selected(self) -> None:
        rows = {item.row() for item in self.selectedItems()}
        first = self.item(min(rows), 0) if rows else None
        if first is not None:
            self.chosen.emit(first.data(Qt.ItemDataRole.UserRole))


class CardView(QTextBrowser):
    """The model card as text, and its scores as a table."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shaspec_model_card")

    def show_model(self, known: KnownModel | None) -> None:
        """Shows the card of a model, or why it cannot be read."""
        from shaspec.models.summary import card_lines

        if known is None or known.card is None:
            self.setPlainText(known.problem if known is not None else "")
            return
        lines = [("Folder", known.model)] if known.source != "bundled" else []
        rows = [
            f"<tr><td style='white-space: pre'><b>{heading}</b>  </td>"
            f"<td>{escape(breakable(text))}</td></tr>"
            for heading, text in [*card_lines(known.card, known.megabytes), *lines]
        ]
        self.setHtml(f"<table>{''.join(rows)}</table>{_scores(known)}")


def _cells(model: KnownModel) -> list[str]:
    from shaspec.models.summary import found_by, method_of, toggles

    card, seconds = model.card, model.seconds
    if card is None:
        return [model.name, "cannot be read"]
    where = f" ({seconds.device})" if seconds.device else ""
    times = ("" if s is None else f"{s:g} s{where}" for s in (seconds.first, seconds.toggle))
    return [
        model.name,
        f"{model.source}, experimental" if card.experimental else model.source,
        method_of(card),
        ", ".join(found_by(card)),
        toggles(card),
        f"{model.megabytes:.0f}",
        *times,
        card.licence,
    ]


def _scores(model: KnownModel) -> str:
    from shaspec.models.summary import score_table

    table = score_table(model.card) if model.card is not None else None
    if table is None:
        return "<p>The card has no scores.</p>"
    heads = "".join(f"<th>&nbsp;&nbsp;{escape(name)}</th>" for name in table.columns)
    rows = [f"<tr><th align='left'>{escape(table.where) or 'scores'}</th>{heads}</tr>"]
    for name, values in table.rows:
        cells = ("" if value is None else f"{value:.2f}" for value in values)
        numbers = "".join(f"<td align='right'>&nbsp;&nbsp;{cell}</td>" for cell in cells)
        rows.append(f"<tr><td>{escape(name)}</td>{numbers}</tr>")
    return f"<p><b>Scores</b></p><table>{''.join(rows)}</table>"
