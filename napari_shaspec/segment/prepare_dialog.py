"""The dialogs of a preparation: how to prepare a case, and what to do with a doubtful scan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from qtpy.QtCore import Qt
from qtpy.QtGui import QPixmap
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_shaspec.widgets.message_box import breakable
from napari_shaspec.widgets.path_field import PathField

if TYPE_CHECKING:
    from napari_shaspec.segment.preparing import Decision
    from shaspec.preparation import DoubtfulError
    from shaspec.preparation.strip import Strip

TEXT = (
    "Registers all scans to one of them, strips the skull where one is found, and writes a new "
    "case. The files that are open stay as they are."
)
FINEST = "the scan with the smallest voxels"
STRIPS = {"Strip it where one is found": "auto", "Strip all scans": "always", "Leave it": "never"}
FOUND = "found by a network"
MASK_TIP = "A mask of the brain in the space of the reference, e.g. an edited one, for all scans"
VOLUMES = "Volumes (*.nii.gz *.nii *.nrrd *.mha);;All files (*)"
WIDTH = 560  # pixels
PICTURE = 830  # pixels, widest; fits the dialogs
ROLE = QDialogButtonBox.ButtonRole


class PrepareDialog(QDialog):
    """Asks for the folder, the reference and what to do about the skull."""

    def __init__(
        self, folder: Path, modalities: Sequence[str], parent: QWidget | None = None
    ) -> None:
        from shaspec.stripping.engines import ENGINES, installed

        super().__init__(parent)
        self.setObjectName("shaspec_prepare_dialog")
        self.setWindowTitle("Prepare the case")
        text = QLabel(TEXT)
        text.setWordWrap(True)
        self._folder = QLineEdit(str(folder))
        self._folder.setObjectName("shaspec_prepare_folder")
        self._folder.setToolTip("The new case is written to this folder; it is made if missing")
        browse = QPushButton("Choose…")
        browse.setToolTip("Choose the folder above the new case")
        browse.clicked.connect(self._browse)
        place = QHBoxLayout()
        place.addWidget(self._folder, 1)
        place.addWidget(browse)
        self._reference = QComboBox()
        self._reference.setObjectName("shaspec_prepare_reference")
        self._reference.setToolTip("This scan is not moved; the others are moved onto it")
        self._reference.addItem(FINEST, "")
        for name in modalities:
            self._reference.addItem(name, name)
        self._strip = QComboBox()
        self._strip.setObjectName("shaspec_prepare_strip")
        self._strip.setToolTip("The models expect brains without skull and scalp")
        for label, value in STRIPS.items():
            self._strip.addItem(label, value)
        self._engine = QComboBox()
        self._engine.setObjectName("shaspec_prepare_engine")
        self._engine.setToolTip("What finds the brain; HD-BET takes minutes")
        for name in installed():
            self._engine.addItem(ENGINES[name], name)
        self._mask = PathField("prepare_mask", MASK_TIP, folder=False, files=VOLUMES, empty=FOUND)
        self._check = QCheckBox("Ask about every scan that is moved")
        self._check.setObjectName("shaspec_prepare_check")
        self._check.setToolTip("Shows each registration; without this, only doubtful ones")
        form = QFormLayout()
        form.addRow("Folder", place)
        form.addRow("Reference", self._reference)
        form.addRow("Skull", self._strip)
        if self._engine.count() > 1:
            form.addRow("Brain found by", self._engine)
        form.addRow("Brain mask", self._mask)
        form.addRow("", self._check)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        go = buttons.addButton("Prepare", ROLE.AcceptRole)
        assert go is not None
        go.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._folder.textChanged.connect(lambda text: go.setEnabled(bool(text.strip())))
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(12)
        column.addWidget(text)
        column.addLayout(form)
        column.addWidget(buttons)
        self.setMinimumWidth(WIDTH)

    @property
    def folder(self) -> Path:
        """The folder of the new case."""
        return Path(self._folder.text().strip())

    @property
    def reference(self) -> str:
        """The modality that is not moved; empty: the finest."""
        return str(self._reference.currentData())

    @property
    def check(self) -> bool:
        """Whether to ask about every scan that is moved."""
        return self._check.isChecked()

    @property
    def strip(self) -> Strip:
        """What to do about the skull."""
        return cast("Strip", self._strip.currentData())

    @property
    def skull_engine(self) -> str:
        """What finds the brain."""
        return str(self._engine.currentData())

    @property
    def brain_mask(self) -> Path | None:
        """A file with the mask of the brain; None: it is found."""
        return Path(self._mask.path) if self._mask.path else None

    def _browse(self) -> None:
        above = QFileDialog.getExistingDirectory(self, "Folder above the new case")
        if above:
            self._folder.setText(str(Path(above) / self.folder.name))


class DoubtDialog(QDialog):
    """Shows a registration; ``decision`` is what to do with the scan."""

    ADJUST = 2
    """Result of ``exec``: the user wants to place the scan by hand."""

    def __init__(self, error: DoubtfulError, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shaspec_doubt")
        self.setWindowTitle(f"Is {error.modality} registered?")
        self.decision: Decision = "cancel"
        text = QLabel(breakable(f"{error.doubt}. Do the edges and the checkerboard fit?"))
        text.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        for name, decision in ((f"Use {error.modality}", "use"), ("Leave it out", "leave out")):
            button = buttons.addButton(name, ROLE.AcceptRole)
            assert button is not None
            button.setAutoDefault(False)
            button.clicked.connect(lambda _=False, d=decision: self._decide(d))
        adjust = buttons.addButton("Adjust…", ROLE.ActionRole)
        assert adjust is not None
        adjust.setObjectName("shaspec_adjust")
        adjust.setToolTip("Move and turn the scan by hand")
        adjust.setAutoDefault(False)
        adjust.clicked.connect(lambda: self.done(self.ADJUST))
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(12)
        column.addWidget(text)
        column.addWidget(pictures_view([error.picture]), 1)
        column.addWidget(buttons)
        self.resize(900, 700)

    def _decide(self, decision: Decision) -> None:
        self.decision = decision
        self.accept()


class PicturesDialog(QDialog):
    """The pictures of a preparation, one below the other."""

    def __init__(self, pictures: Sequence[Path], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shaspec_pictures")
        self.setWindowTitle("Pictures of the preparation")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(pictures_view(pictures), 1)
        column.addWidget(buttons)
        self.resize(900, 700)


def pictures_view(paths: Sequence[Path]) -> QScrollArea:
    """Pictures with their names, at most `PICTURE` wide."""
    inside = QWidget()
    column = QVBoxLayout(inside)
    for path in paths:
        column.addWidget(QLabel(f"{path.parent.name}: {path.stem.replace('_', ' ')}"))
        picture, pixmap = QLabel(), QPixmap(str(path))
        if pixmap.isNull():
            picture.setText(breakable(f"{path}: cannot be shown"))
        else:
            width = min(pixmap.width(), PICTURE)
            smooth = Qt.TransformationMode.SmoothTransformation
            picture.setPixmap(pixmap.scaledToWidth(width, smooth))
        column.addWidget(picture)
    column.addStretch(1)
    view = QScrollArea()
    view.setWidget(inside)
    view.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    return view
