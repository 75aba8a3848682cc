"""Work behind a dialog: its result comes back, its errors too, and *Cancel* ends it."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import napari
import pytest
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QMainWindow, QProgressDialog, QPushButton

from napari_shaspec.jobs.cancellable import cancellable


@pytest.fixture
def window(qtbot, monkeypatch):
    main = QMainWindow()
    qtbot.addWidget(main)
    main.show()
    viewer = SimpleNamespace(window=SimpleNamespace(_qt_window=main))
    monkeypatch.setattr(napari, "current_viewer", lambda: viewer)
    return main


def test_without_a_window_the_work_is_simply_done(monkeypatch):
    monkeypatch.setattr(napari, "current_viewer", lambda: None)
    assert cancellable(lambda report: threading.get_ident(), "x") == threading.get_ident()


def test_the_result_comes_from_another_thread(window):
    assert cancellable(lambda report: threading.get_ident(), "x") != threading.get_ident()


def test_an_error_of_the_work_is_raised(window):
    def work(report):
        raise OSError("no disc")

    with pytest.raises(OSError, match="no disc"):
        cancellable(work, "x")


def test_cancel_ends_the_work_at_its_next_stage(window):
    stages = []

    def work(report):
        for number in range(3_000):
            report(number, 0, f"file {number}")
            stages.append(number)
            time.sleep(0.01)

    def press():
        dialogs = [w for w in QApplication.topLevelWidgets() if isinstance(w, QProgressDialog)]
        dialog = next((w for w in dialogs if w.isVisible()), None)  # not one of another test
        if dialog is None:
            QTimer.singleShot(20, press)
            return
        assert dialog.labelText().startswith("file ")
        dialog.findChild(QPushButton).click()

    QTimer.singleShot(20, press)
    assert cancellable(work, "x") is None
    assert 0 < len(stages) < 2_999
