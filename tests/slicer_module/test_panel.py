"""The panel for 3D Slicer against stand-ins for Qt, with a scene and an engine of the test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from shaspec.dicom import Assigned
from tests.slicer_module.panel_parts import MODALITIES, NAMES, Ready
from tests.slicer_module.stubs import Clipboard


def test_apply_runs_what_is_ticked_and_adds_the_result(parts: Any) -> None:
    panel, controller, world, engine = parts
    panel._rows["T1"][0].setChecked(False)
    panel.apply_button.click()
    request = engine.request
    assert (request.command, request.subset, request.model) == ("predict", "FLAIR+T1ce", "shaspec")
    assert [path.read_text("utf-8") for path in request.files.values()] == ["v1", "v3"]
    assert not panel.apply_button.enabled
    assert panel.cancel_button.visible
    engine.listener.progressed(1, 4, "encode T1ce")
    assert (panel.progress.value, panel.text.text_) == (25, "encode T1ce")
    engine.listener.noticed("skull not stripped")
    notes = ["ET was not found"]
    engine.listener.finished(
        {"subset": "FLAIR+T1ce", "notes": notes, "licence": "research use only"}
    )
    assert world.shown == [("result_pred.seg.nrrd", "FLAIR+T1ce", True)]
    assert panel.text.text_ == "FLAIR+T1ce: done (shaspec, research use only)"
    assert panel.notices.text_ == "skull not stripped\nET was not found"
    assert not request.out.parent.exists()
    controller.find_volumes()  # something was added to the scene
    assert panel.notices.text_.startswith("skull not stripped")
    assert panel.apply_button.enabled


def test_cancel_and_errors_leave_the_panel_ready(parts: Any) -> None:
    panel, _, world, engine = parts
    panel.apply_button.click()
    panel.cancel_button.click()
    assert panel.text.text_ == "cancelled"
    panel.apply_button.click()
    engine.listener.failed("out of memory")
    assert (panel.text.text_, panel.apply_button.enabled) == ("out of memory", True)
    assert world.shown == []
    world.broken = "v2"
    panel.apply_button.click()
    assert "harden it first" in panel.text.text_
    assert panel.apply_button.enabled


def test_all_subsets_and_the_report_run_too(parts: Any) -> None:
    panel, _, world, engine = parts
    panel.subsets_button.click()
    assert engine.request.command == "sweep"
    for subset in ("FLAIR+T1", "FLAIR", "T1"):
        engine.listener.row_added({"subset": subset})
    engine.listener.finished({"files": []})
    assert world.shown == [["FLAIR+T1", "FLAIR", "T1"]]
    panel.report_button.click()
    assert engine.request.command == "report"
    engine.listener.finished({"report": "report.html"})
    assert panel.text.text_ == "wrote report.html"


def test_a_command_needs_volumes_that_are_saved(parts: Any) -> None:
    panel, _, world, _ = parts
    panel.command_button.click()
    assert "anna_flair is not saved in a file" in panel.text.text_
    world.files = {name: Path(f"{name}.nii.gz") for name in NAMES}
    panel.command_button.click()
    assert panel.text.text_ == "Command copied"
    assert Clipboard.text_.startswith("shaspec predict FLAIR=v1.nii.gz T1=v2.nii.gz T1ce=")


def test_a_model_folder_can_be_chosen(parts: Any) -> None:
    panel, controller, *_ = parts
    controller.assigned = lambda *_: Assigned({}, {}, ())
    panel.folder_button.click()
    assert controller.state.model == panel.model_box.currentText == "mine"

    def missing(model: str) -> Sequence[str]:
        raise ValueError(f"model {model!r} not found")

    controller.modalities = missing
    panel.folder_button.click()
    assert panel.text.text_ == "model 'mine' not found"
    assert controller.state.model == "mine"


def test_without_the_engine_there_is_only_the_button_that_installs_it(
    parts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ShaSpecLib.widget import Panel

    _, controller, *_ = parts
    monkeypatch.setattr(Ready, "is_ready", False)
    panel = Panel(controller, Ready(), lambda: ["shaspec"], str, str)
    assert panel.install_button.visible
    assert not panel.apply_button.visible
    panel.install_button.click()
    assert panel.apply_button.visible
    assert not panel.install_button.visible


def test_the_module_file_is_thin_and_has_texts() -> None:
    from types import SimpleNamespace

    import ShaSpec

    module = ShaSpec.ShaSpec(SimpleNamespace())
    assert module.parent.title == "ShaSpec"
    assert len(Path(ShaSpec.__file__).read_text("utf-8").splitlines()) < 100


def test_models_are_those_that_segment_volumes() -> None:
    from ShaSpecLib.engine_names import modalities, models

    assert "shaspec" in models()
    assert modalities("shaspec") == MODALITIES


def test_the_end_of_a_run_that_never_began_deletes_nothing(
    parts: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, controller, *_ = parts
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.txt").write_text("kept")
    controller.failed("late")
    assert (tmp_path / "mine.txt").is_file()


def test_an_installation_that_failed_is_said_in_the_panel(
    parts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ShaSpecLib.install import InstallError
    from ShaSpecLib.widget import Panel

    def install(_: Ready) -> bool:
        raise InstallError("no network")

    _, controller, *_ = parts
    monkeypatch.setattr(Ready, "is_ready", False)
    monkeypatch.setattr(Ready, "install", install)
    panel = Panel(controller, Ready(), lambda: ["shaspec"], str, str)
    panel.install_button.click()
    assert panel.text.text_ == "no network"
    assert panel.install_button.visible
