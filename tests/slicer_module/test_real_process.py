"""The runner of the module with a real `shaspec resident`: toggles, cancelling, another process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import shaspec
from shaspec.io import write_case
from tests.slicer_module.test_runner import Heard
from tests.tiny_models import save_tiny

TESTING = Path(__file__).resolve().parents[2] / "slicer" / "ShaSpec" / "Testing"


@pytest.mark.slow
def test_toggles_cancel_and_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(TESTING))
    from waiting_process import WaitingProcess

    from ShaSpecLib.parameters import Request
    from ShaSpecLib.runner import ResidentEngine

    case = shaspec.make_case(9_000_001, (24, 28, 26))
    write_case(tmp_path / "anna", case)
    files = {n: next((tmp_path / "anna").glob(f"*_{n.lower()}.nii.gz")) for n in ("T1", "T2")}
    model = str(save_tiny(tmp_path / "model", case.task))
    process = WaitingProcess()
    engine = ResidentEngine(process)

    def ask(names: str, listener: Any = None) -> list[tuple[str, Any]]:
        heard = listener or Heard()
        used = {name: files[name] for name in names.split("+")}
        out = tmp_path / f"{names}_pred.seg.nrrd"
        engine.run(Request("predict", model, used, out, "cpu"), heard)
        return heard.all

    first = ask("T1+T2")
    number = process.process.pid
    toggled = ask("T2")
    for told in (first, toggled):
        assert told[-1][0] == "finished", told[-1]
        assert Path(told[-1][1]["labels"]).is_file()
    stages = [value[2] for kind, value in toggled if kind == "progress"]
    assert stages
    assert not any("encode" in stage for stage in stages)
    assert process.process.pid == number

    class Impatient(Heard):
        def progressed(self, done: int, total: int, stage: str) -> None:
            engine.cancel()

    assert ask("T1", Impatient()) == [("cancelled", None)]
    files["T1"] = tmp_path / "gone.nii"
    (kind, message) = ask("T1")[-1]
    assert (kind, "gone.nii" in message) == ("failed", True)
    assert process.process.pid != number
    engine.close()
    assert process.process.returncode is not None
