"""How much each modality counted in the result that is shown, for networks with a gate."""

from __future__ import annotations

from qtpy.QtWidgets import QLabel, QWidget

from shaspec.prediction import Prediction, Weights

TIP = (
    "Weight of each modality in the result, as chosen by the gate of the network: the mean over "
    "the windows. The panel Features shows it voxel by voxel"
)


class WeightLine(QLabel):
    """One line per region; hidden for networks without a gate."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shaspec_weights")
        self.setToolTip(TIP)
        self.setWordWrap(True)
        self.hide()

    def show_result(self, result: Prediction | None) -> None:
        """Shows the weights of a result; None: no result is shown."""
        weights = {} if result is None else result.modality_weights
        self.setVisible(bool(weights))
        if result is not None and weights:
            self.setText(weights_text(weights, result.task.reported_regions))


def weights_text(weights: Weights, regions: tuple[str, ...]) -> str:
    """``ET from T1ce 62 %, FLAIR 38 %``, a line per region, the largest weight first.

    A network whose outputs are labels has weights per label instead of per region.
    """
    names = [name for name in regions if name in weights] or list(weights)
    return "\n".join(f"{name} from {_shares(weights[name])}" for name in names)


def _shares(row: dict[str, float]) -> str:
    ordered = sorted(row.items(), key=lambda item: -item[1])
    return ", ".join(f"{modality} {share:.0%}".replace("%", " %") for modality, share in ordered)
