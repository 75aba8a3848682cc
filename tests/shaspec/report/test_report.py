"""A report shows the region, its provenance, and needs no other file."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

from shaspec.analysis.judgement import judgement
from shaspec.case import Case
from shaspec.cli import app
from shaspec.cli.predict import volume_table
from shaspec.errors import InputError
from shaspec.io import write_case
from shaspec.models.card import load_card
from shaspec.prediction import Prediction
from shaspec.report import case_page, case_sheet, content, write_report
from shaspec.report.pictures import comparison_png, most_of, slices_png

pytestmark = pytest.mark.slow  # draws pages of a whole case


@pytest.fixture
def prediction(small_case: Case) -> Prediction:
    """The truth, as if it had been predicted."""
    assert small_case.labels is not None
    facts = {"model": "<b>bold</b>", "window": [8, 8, 8], "seconds": {"total": 1.5}}
    task, subset = small_case.task, ("FLAIR", "T2")
    return Prediction("anna", task, small_case.grid, subset, small_case.labels, facts)


def test_the_slices_cut_the_smallest_region(prediction: Prediction) -> None:
    labels = np.zeros_like(prediction.labels)
    assert most_of(replace(prediction, labels=labels)) == (20, 24, 22)
    labels[5:12, 6:20, 7:21] = 2
    labels[6, 10:13, 15] = 4
    s, p, la = most_of(replace(prediction, labels=labels))
    assert (s, la) == (6, 15)
    assert p in (10, 11, 12)


def test_the_labels_are_over_the_lower_slices_only(
    small_case: Case, prediction: Prediction
) -> None:
    picture = Image.open(io.BytesIO(slices_png(small_case, prediction))).convert("RGB")
    pixels = np.asarray(picture).astype(int)
    coloured = pixels.max(axis=-1) - pixels.min(axis=-1) > 40
    half = len(pixels) // 2
    assert not coloured[:half].any()
    for third in np.array_split(coloured[half:], 3, axis=1):
        assert third.sum() > 20


def test_results_are_compared_on_one_slice(small_case: Case, prediction: Prediction) -> None:
    nothing = replace(prediction, labels=np.zeros_like(prediction.labels))
    data = comparison_png(small_case, {"truth": prediction, "from T2": nothing})
    pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
    coloured = pixels.max(axis=-1) - pixels.min(axis=-1) > 40
    image, truth, found = np.array_split(coloured, 3, axis=1)
    assert truth.sum() > 20
    assert not image.any()
    assert not found.any()


def test_a_page_shows_the_provenance_and_loads_no_other_files(
    small_case: Case, prediction: Prediction
) -> None:
    page = case_page(small_case, [prediction, replace(prediction, subset=("T2",))])
    HTMLParser().feed(page)
    assert not re.findall(r"(?:src|href)=\"(?!data:)", page)
    assert "research use only" in page
    assert "&lt;b&gt;bold" in page
    assert "<td>FLAIR+T2</td>" in page
    assert "<td>T2</td>" in page
    assert f"<td>{prediction.region_ml()['WT']:.2f}</td>" in page
    assert "did not come from a file" in page  # no command can repeat it
    assert "Seen in training" not in page
    assert "not found" not in page.lower()


def test_a_region_without_a_voxel_is_not_found_rather_than_zero(
    small_case: Case, prediction: Prediction
) -> None:
    labels = np.where(prediction.labels == 4, 1, prediction.labels).astype(np.uint8)
    without = replace(prediction, labels=labels)
    page = case_page(small_case, [prediction, without])
    assert page.count("<td>not found</td>") == 1
    assert "Not found does not mean absent" in page
    shown = Console(file=io.StringIO(), width=120)
    shown.print(volume_table(without))
    assert re.search(r"ET\s+│\s+not found", shown.file.getvalue())  # type: ignore[attr-defined]


def test_a_case_that_was_trained_on_is_marked(small_case: Case, prediction: Prediction) -> None:
    seen = replace(prediction, provenance={"seen_in_training": True})
    assert "Seen in training" in case_page(small_case, [seen])
    namesake = replace(prediction, provenance={"same_name_in_training": True})
    page = case_page(small_case, [namesake])
    assert "Seen in training" not in page
    assert "Same name as a training case" in page


def test_a_picture_has_one_view(picture_case: Case) -> None:
    assert picture_case.labels is not None
    task, grid = picture_case.task, picture_case.grid
    found = Prediction("39", task, grid, ("RGB", "depth"), picture_case.labels, {})
    width, height = Image.open(io.BytesIO(slices_png(picture_case, found))).size
    assert height > width
    page = case_page(picture_case, [found])
    assert "in px" in page
    assert "patient" not in page
    assert comparison_png(picture_case, {"truth": found}).startswith(b"\x89PNG")


def test_another_ending_is_refused(
    small_case: Case, prediction: Prediction, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"written as \.html or \.pdf"):
        write_report(tmp_path / "r.docx", small_case, [prediction])


def test_a_result_on_another_grid_is_refused(
    small_case: Case, prediction: Prediction, tmp_path: Path
) -> None:
    elsewhere = replace(prediction, grid=replace(prediction.grid, origin=(0.0, 0.0, 500.0)))
    with pytest.raises(InputError, match="is not on the grid of case"):
        write_report(tmp_path / "r.html", small_case, [elsewhere])


def test_edited_results_are_marked_as_edited(small_case: Case, prediction: Prediction) -> None:
    edited = replace(prediction, provenance={**prediction.provenance, "edited": True})
    page = case_page(small_case, [edited, prediction])
    assert "Edited by hand" in page
    assert "<td>FLAIR+T2 (edited)</td>" in page
    assert "<td>FLAIR+T2</td>" in page
    page = case_page(small_case, [prediction, edited])
    assert "Edited by hand" not in page  # the pictured one was not
    assert "Rows marked (edited) were edited by hand." in page
    assert "edited" not in case_page(small_case, [prediction])


def test_the_pdf_is_one_page_with_the_content_of_the_html(
    small_case: Case, prediction: Prediction, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    put = Figure.text
    monkeypatch.setattr(
        Figure, "text", lambda self, x, y, s, **k: written.append(s) or put(self, x, y, s, **k)
    )
    facts = {
        "model": "$tiny_1$",
        "seen_in_training": True,
        "edited": True,
        "files": {"T2": "x" * 900},
    }
    known = replace(prediction, provenance=facts)
    path = write_report(tmp_path / "r.pdf", small_case, [known, replace(known, subset=("T2",))])
    data = path.read_bytes()
    assert data.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b", data)) == 1
    text = " ".join(written)
    for said in (
        "Seen in training", "Edited by hand", "For research use only", "$tiny_1$", "T2 (edited)",
        f"{prediction.region_ml()['WT']:.2f}", "did not come from a file",
    ):  # fmt: skip
        assert said in text, said
    assert case_sheet(small_case, [prediction]).startswith(b"%PDF")


def test_the_command_compares_all_with_all_but_one(
    small_case: Case, shaspec_folder: Path, tmp_path: Path
) -> None:
    write_case(tmp_path / "anna", small_case.only(("FLAIR", "T1", "T2")))
    out = tmp_path / "r.html"
    words = ["report", tmp_path / "anna", "--model", shaspec_folder, "--out", out]
    result = CliRunner().invoke(app, [*map(str, words), "--device", "cpu"])
    assert result.exit_code == 0, (result.output, result.exception)
    sizes = out.read_text("utf-8").partition("<h2>Confidence</h2>")[0]
    rows = re.findall(r"<tr><td>([FT][A-Z0-9+]+)</td><td>\d", sizes)
    assert rows == ["FLAIR+T1+T2", "T1+T2", "FLAIR+T2", "FLAIR+T1"]
    assert "shaspec predict FLAIR=" in out.read_text("utf-8")


def test_a_report_says_how_much_each_modality_counted(prediction: Prediction) -> None:
    weights = {"ET": {"FLAIR": 0.1, "T2": 0.9}, "WT": {"FLAIR": 0.8, "T2": 0.2}}
    known = replace(prediction, provenance={"modality_weights": weights})
    said = ["modality_weights", "ET FLAIR 0.1, T2 0.9; WT FLAIR 0.8, T2 0.2"]
    assert said in content.facts(known)


@pytest.mark.parametrize("ending", [".html", ".pdf"])
def test_the_same_content_lies_beside_the_page_as_json(
    small_case: Case, prediction: Prediction, tmp_path: Path, ending: str
) -> None:
    case = replace(small_case, notices=("T1 resampled",))
    edited = replace(prediction, provenance={"edited": True, "thresholds": {"ET": 0.3}})
    for _ in range(2):  # its own file is replaced
        write_report(tmp_path / f"r{ending}", case, [edited, prediction])
    record = json.loads((tmp_path / "r.json").read_text("utf-8"))
    assert record["findings"] == ["T1 resampled"]
    assert record["unit"] == "mL"
    first, second = record["results"]
    assert first["edited"]
    assert first["thresholds"] == {"ET": 0.3}
    assert second["sizes"] == prediction.region_sizes()
    assert second["modalities"] == ["FLAIR", "T2"]


def test_a_json_file_of_another_program_is_not_replaced(
    small_case: Case, prediction: Prediction, tmp_path: Path
) -> None:
    (tmp_path / "dataset.json").write_text("{}")
    with pytest.raises(InputError, match=r"dataset\.json"):
        write_report(tmp_path / "dataset.html", small_case, [prediction])
    assert not (tmp_path / "dataset.html").exists()


def test_findings_about_the_input_are_on_the_page(small_case: Case, prediction: Prediction) -> None:
    assert "<p>None.</p>" in case_page(small_case, [prediction])
    found = replace(small_case.only(("T2",)), notices=("T2 < resampled",))
    page = case_page(found, [replace(prediction, subset=("T2",))])
    assert "T2 &lt; resampled" in page
    assert "Missing: FLAIR, T1, T1ce." in page


def test_sizes_at_two_thresholds_are_on_the_page_and_in_its_record(
    small_case: Case, prediction: Prediction, tmp_path: Path
) -> None:
    assert "<h2>Confidence</h2>" not in case_page(small_case, [prediction])
    facts = {"size_intervals": {"ET": [1.0, 2.5], "TC": [2.0, 3.0], "WT": [3.0, 4.25]}}
    sure = replace(prediction, provenance=facts)
    write_report(tmp_path / "r.html", small_case, [sure])
    page = (tmp_path / "r.html").read_text("utf-8")
    assert "<h2>Confidence</h2>" in page
    assert "<td>3.00</td><td>4.25</td>" in page
    assert "not a confidence interval" in page
    record = json.loads((tmp_path / "r.json").read_text("utf-8"))
    assert record["results"][0]["size_intervals"] == facts["size_intervals"]
    edited = replace(sure, provenance=facts | {"edited": True})
    assert "before the edits" in case_page(small_case, [edited])
    assert case_sheet(small_case, [sure]) != case_sheet(small_case, [prediction])


def test_the_judgement_is_that_of_the_models_scores(
    small_case: Case, prediction: Prediction, tmp_path: Path
) -> None:
    card = load_card("shaspec")
    write_report(tmp_path / "r.html", small_case, [prediction], card)
    said = json.loads((tmp_path / "r.json").read_text("utf-8"))["judgement"]
    assert said == judgement(card, ("FLAIR", "T2"))
    assert said
    assert said in unescape((tmp_path / "r.html").read_text("utf-8"))
