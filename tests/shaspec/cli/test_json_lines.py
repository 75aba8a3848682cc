"""``--json``: events for programs, and nothing else on stdout."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from shaspec.cli import app
from shaspec.errors import InputError

pytestmark = pytest.mark.slow

Run = Callable[..., Result]


def events(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_predict_tells_progress_notices_and_the_result(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "a_pred.seg.nrrd"
    told = events(
        run(
            "predict", folder / "anna", "--present", "FLAIR+T2", "--out", out, "--json",
            "--model", shaspec_folder, "--device", "cpu",
        )
    )  # fmt: skip
    kinds = [event["event"] for event in told]
    assert set(kinds) <= {"progress", "notice", "finished"}
    assert kinds[-1] == "finished"
    steps = [event for event in told if event["event"] == "progress"]
    assert steps[-1]["done"] == steps[-1]["total"]
    last = told[-1]
    assert (last["subset"], last["unit"], last["labels"]) == ("FLAIR+T2", "mL", str(out))
    assert set(last["sizes"]) == {"ET", "TC", "WT"}
    assert (last["provenance"]["model"], last["licence"]) == ("tiny-shaspec", "none")


def test_a_case_of_the_training_set_is_a_notice(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    model = Path(shutil.copytree(shaspec_folder, tmp_path / "model"))
    card = json.loads((model / "card.json").read_text("utf-8"))
    card["training"]["cases"] = ["anna"]
    (model / "card.json").write_text(json.dumps(card), "utf-8")
    words = ["--present", "T2", "--model", model, "--device", "cpu", "--json"]
    told = events(run("predict", folder / "anna", *words, "--out", tmp_path / "a_pred.nii.gz"))
    texts = [event["text"] for event in told if event["event"] == "notice"]
    assert any("anna has the same name as a training case" in text for text in texts)


def test_sweep_tells_every_row(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    files = [f"{name}={next((folder / 'anna').glob(f'*_{name.lower()}.nii.gz'))}"
             for name in ("FLAIR", "T2")]  # fmt: skip
    words = ["sweep", *files, "--model", shaspec_folder, "--out", tmp_path, "--device", "cpu"]
    told = events(run(*words, "--json"))
    rows = [event for event in told if event["event"] == "row"]
    assert [row["subset"] for row in rows] == ["FLAIR+T2", "FLAIR", "T2"]
    assert rows[0]["values"]["dice"] == {"ET": 1.0, "TC": 1.0, "WT": 1.0}
    assert rows[0]["reference"] == "all modalities"
    assert str(tmp_path / "sweep.csv") in told[-1]["files"]


def test_report_names_its_page(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "page.html"
    words = ["report", folder / "anna", "--present", "T2", "--model", shaspec_folder, "--out", out]
    assert events(run(*words, "--json"))[-1] == {"event": "finished", "report": str(out)}


def test_an_error_is_an_event_too(folder: Path, shaspec_folder: Path, tmp_path: Path) -> None:
    words = ["predict", folder / "anna", "--present", "T9", "--model", shaspec_folder, "--json"]
    result = CliRunner().invoke(app, [str(word) for word in words])
    (event,) = events(result)
    assert event["event"] == "failed"
    assert "T9" in event["message"]


def test_many_cases_have_no_events(run: Run, folder: Path, shaspec_folder: Path) -> None:
    other = folder.parent / "many"
    for name in ("anna", "berta"):
        (other / name).mkdir(parents=True, exist_ok=True)
        for path in (folder / "anna").iterdir():
            (other / name / path.name).write_bytes(path.read_bytes())
    with pytest.raises(InputError, match="--json is for one case"):
        run("predict", other, "--model", shaspec_folder, "--out", other / "out", "--json")
