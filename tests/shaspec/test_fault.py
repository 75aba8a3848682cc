"""An unforeseen error becomes a sentence and a report, and quotes nothing that was read."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

import shaspec.cli
from shaspec.case import Case
from shaspec.fault import RAISE, fault_message, report_text
from shaspec.io import write_case


def broken(secret: str) -> None:
    try:
        {}[secret]
    except KeyError as error:
        raise TypeError(f"unforeseen {secret}") from error


def caught() -> TypeError:
    with pytest.raises(TypeError) as found:
        broken("Doe".join(("Jane ", "")))
    return found.value


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_message_is_one_sentence_that_names_the_report(reports: Path) -> None:
    text = fault_message(caught(), "shaspec predict x")
    (report,) = reports.iterdir()
    assert "\n" not in text
    assert str(report) in text
    assert "TypeError" in text
    assert "Jane Doe" not in text + report.read_text()


def test_the_message_has_the_words_of_the_system(reports: Path) -> None:
    error = OSError(5, "Input/output error", "Jane Doe.nii.gz")
    text = fault_message(error, "x")
    assert "OSError: Input/output error" in text
    assert "Jane Doe" not in text


def test_the_report_has_command_versions_and_places_but_no_text_of_an_error() -> None:
    text = report_text(caught(), "shaspec predict x")
    assert "command: shaspec predict x" in text
    assert "numpy " in text
    assert "test_fault.py" in text
    assert "KeyError" in text
    assert "Jane Doe" not in text


def test_the_report_has_no_token_of_a_server() -> None:
    text = report_text(caught(), "shaspec predict x --server https://a-secret-token@gpu.org:1/path")
    assert "a-secret-token" not in text
    assert "https://TOKEN@gpu.org:1/path" in text


def test_lack_of_memory_needs_no_report(reports: Path) -> None:
    assert fault_message(MemoryError(), "x").startswith("out of memory")
    assert list(reports.iterdir()) == []


@pytest.mark.parametrize("module", ["torch", "torch.nn", "lightning_fabric"])
def test_a_package_that_was_left_out_is_named_and_needs_no_report(
    module: str, reports: Path
) -> None:
    text = fault_message(ModuleNotFoundError(f"No module named {module!r}", name=module), "x")
    assert f"run pip install {module.partition('.')[0].replace('_', '-')}; " in text
    assert "--server" in text
    assert list(reports.iterdir()) == []


def test_without_a_folder_for_reports_there_is_still_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    assert "please report it" in fault_message(caught(), "x")


def fails() -> None:
    raise TypeError("unforeseen")


def test_the_command_line_ends_with_the_sentence(
    reports: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shaspec.cli, "app", fails)
    monkeypatch.delenv(RAISE)
    with pytest.raises(SystemExit) as ended:
        shaspec.cli.main()
    assert ended.value.code == 3
    said = capsys.readouterr().err
    assert "error in the program" in said
    assert "Traceback" not in said


def test_in_tests_the_error_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shaspec.cli, "app", fails)
    monkeypatch.setattr(sys, "argv", ["shaspec"])
    with pytest.raises(TypeError, match="unforeseen"):
        shaspec.cli.main()


def test_an_error_within_a_prediction_ends_with_the_sentence(
    reports: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    small_case: Case,
    shaspec_folder: Path,
    tmp_path: Path,
) -> None:
    from shaspec.inference.session import InferenceSession

    def unforeseen(*_: object, **__: object) -> None:
        broken("Doe".join(("Jane ", "")))

    case, reports_before = tmp_path / "case", set(reports.iterdir())
    write_case(case, small_case)
    words = ["predict", case, "--model", shaspec_folder, "--out", tmp_path / "x.nii.gz"]
    monkeypatch.setattr(InferenceSession, "predict", unforeseen)
    monkeypatch.setattr(sys, "argv", ["shaspec", *map(str, words)])
    monkeypatch.delenv(RAISE)
    with pytest.raises(SystemExit) as ended:
        shaspec.cli.main()
    said = capsys.readouterr()
    (report,) = [p for p in set(reports.iterdir()) - reports_before if p.name.endswith(".txt")]
    assert ended.value.code == 3
    assert "error in the program (TypeError)" in said.err
    assert "Jane Doe" not in said.out + said.err + report.read_text()
    assert not (tmp_path / "x.nii.gz").exists()
