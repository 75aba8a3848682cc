"""A line with the scores of the shown subset from the card of the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QLabel, QWidget

from shaspec.analysis.judgement import all_scores, judgement, subset_scores
from shaspec.prediction import Prediction

if TYPE_CHECKING:
    from shaspec.models.card import Card


class JudgementLine(QLabel):
    """One line; hidden if the card has no scores. The tooltip has the other regions."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shaspec_judgement")
        self.setWordWrap(True)
        self.hide()

    def show_result(
        self, card: Card | None, result: Prediction | None, results: Sequence[Prediction]
    ) -> None:
        """Shows the line of the shown result.

        Args:
            card: of the model.
            result: the shown one; None: none.
            results: all of this model and case, for the range of sizes; those with other
                thresholds say something else and are left out.
        """
        scores = subset_scores(card, result.subset) if card and result else None
        self.setVisible(scores is not None)
        if card is not None and result is not None and scores is not None:
            sizes = {r.subset: r.region_sizes() for r in results if not r.thresholds}
            self.setText(judgement(card, result.subset, sizes, result.grid.unit))
            self.setToolTip("\n".join(all_scores(scores)))
