"""The runner of the module with a real `shaspec resident`: toggles, cancelling, another process.

The process has no torch, and its networks run on a server, so it starts fast. What it keeps on this
computer is tested in `tests/shaspec/cli/test_resident.py`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import shaspec
from shaspec.io import write_case
from shaspec.task import load_task
from tests.serving import Running, make_service, running
from tests.slicer_module.test_runner import Heard
from tests.tiny_models import save_tiny

NO_TORCH = """
import sys
class Nothing:
    @staticmethod
    def find_spec(name, *_):
        if name.partition(".")[0] in ("torch", "lightning_fabric", "fastapi", "uvicorn"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Nothing)
"""
"""A ``sitecustomize``, which Python runs at its start."""
TESTING = Path(__file__).resolve().parents[2] / "slicer" / "ShaSpec" / "Testing"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(make_service([save_tiny(tmp_path / "model", load_task("brats"))])) as found:
        yield found


@pytest.mark.slow
def test_toggles_cancel_and_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Running
) -> None:
    monkeypatch.syspath_prepend(str(TESTING))
    from waiting_process import WaitingProcess

    from ShaSpecLib.parameters import Request
    from ShaSpecLib.runner import ResidentEngine

    case = shaspec.make_case(9_000_001, (24, 28, 26))
    write_case(tmp_path / "anna", case)
    files = {n: next((tmp_path / "anna").glob(f"*_{n.lower()}.nii.gz")) for n in ("T1", "T2")}
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(NO_TORCH, "utf-8")
    paths = os.pathsep.join([str(tmp_path / "site"), *sys.path])
    monkeypatch.setenv("PYTHONPATH", paths)
    monkeypatch.setenv("SHASPEC_SERVER", server.address)
    process = WaitingProcess()
    engine = ResidentEngine(process)

    def ask(names: str, listener: Any = None) -> list[tuple[str, Any]]:
        heard = listener or Heard()
        used = {name: files[name] for name in names.split("+")}
        out = tmp_path / f"{names}_pred.seg.nrrd"
        engine.run(Request("predict", "tiny-shaspec", used, out), heard)
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
