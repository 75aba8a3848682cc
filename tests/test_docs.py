"""The pages say what the program says: quoted messages and names of controls are in the code."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))


def texts(*folders: Path) -> list[str]:
    """Every string of the code, those within f-strings too, in which gaps are an ellipsis."""
    found = []
    for path in sorted(p for folder in folders for p in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [v.value if isinstance(v, ast.Constant) else "…" for v in node.values]
                found.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return found


@cache
def code() -> list[str]:
    """The strings of the engine, the plugin and the module for 3D Slicer."""
    return texts(ROOT / "src" / "shaspec", ROOT / "napari_shaspec", ROOT / "slicer")


QUOTED = re.findall(r"^> `(.*)`$", (ROOT / "docs" / "troubleshooting.md").read_text("utf-8"), re.M)
CONTROLS = sorted(
    {name for page in PAGES for name in re.findall(r"\{guilabel\}`(.*?)`", page.read_text("utf-8"))}
)


@pytest.mark.parametrize("message", QUOTED)
def test_a_quoted_message_is_one_of_the_program(message: str) -> None:
    """Piece by piece: what stands between two ellipses of the page is somewhere in the code."""
    for piece in filter(None, (p.strip(" ()") for p in message.split("…"))):
        assert any(piece in text for text in code()), piece


@pytest.mark.parametrize("control", CONTROLS)
def test_a_named_control_is_one_of_the_panel(control: str) -> None:
    manifest = (ROOT / "napari_shaspec" / "napari.yaml").read_text("utf-8")
    modalities = {"FLAIR", "T1", "T1ce", "T2"}
    titles = set(re.findall(r"title: (.*)", manifest))
    assert control in {*code(), *titles, *modalities}


def texts_of_controls(panel: str) -> set[str]:
    """What stands on buttons, ticks and tabs of a panel and of the widgets that it is made of."""
    own = (ROOT / "napari_shaspec" / panel / "panel.py").read_text("utf-8")
    parts = re.findall(r"^from (napari_shaspec\.\w+\.\w+) import", own, re.M)
    paths = [ROOT / f"{part.replace('.', '/')}.py" for part in parts if "controller" not in part]
    widgets = "\n".join([own, *(path.read_text("utf-8") for path in paths)])
    made = r"(?:QCheckBox|QPushButton|RunBar|setText|_button|addTab|addRow)"
    return set(re.findall(rf'{made}\(\s*(?:[\w".]+,\s+)?"([A-Z].*?)"', widgets))


PANELS = {
    "segment": "segment.md",
    "robustness": "robustness.md",
    "features": "features.md",
    "train": "train_panel.md",
    "models": "models.md",
}


@pytest.mark.parametrize("panel", PANELS)
def test_every_control_of_a_panel_is_on_its_page(panel: str) -> None:
    """What panels have in common is on the page of the first."""
    page = (ROOT / "docs" / PANELS[panel]).read_text("utf-8")
    controls = texts_of_controls(panel)
    if panel != "segment":
        controls -= texts_of_controls("segment")
    assert len(controls) > 3
    assert not {name for name in controls if name not in page}


def test_every_number_and_way_to_look_is_on_the_page_of_the_panel_features() -> None:
    from napari_shaspec.features.feature_picker import HOWS, KINDS
    from shaspec.analysis.features.measure import MEASURES

    page = (ROOT / "docs" / "features.md").read_text("utf-8")
    names = [*KINDS, *(text for text, _ in HOWS.values()), *(name for name, *_ in MEASURES)]
    assert not {name for name in names if f"*{name}*" not in page}


def test_every_step_of_the_guided_tour_is_on_the_page_of_the_lesson() -> None:
    from napari_shaspec.tour.steps import load_steps

    page = (ROOT / "docs" / "teaching.md").read_text("utf-8")
    assert not {step.title for step in load_steps() if step.title not in page}


def test_every_setting_is_on_the_page_of_the_panel_segment() -> None:
    page = (ROOT / "docs" / "segment.md").read_text("utf-8")
    manifest = (ROOT / "napari_shaspec" / "napari.yaml").read_text("utf-8")
    settings = set(re.findall(r"^ {10}title: (.*)$", manifest, re.M))
    assert settings
    assert not {name for name in settings if name not in page}


def test_the_notebook_is_stored_without_outputs() -> None:
    """It is run by `make docs`, which takes its figures."""
    cells = json.loads((ROOT / "examples" / "teaching.ipynb").read_text("utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code
    assert not [cell for cell in code if cell["outputs"] or cell["execution_count"]]


@pytest.mark.parametrize("page", ["TRUST", "privacy"])
def test_every_test_that_a_page_names_is_there(page: str) -> None:
    named = re.findall(r"`([\w/]*test_\w+\.py)`", (ROOT / "docs" / f"{page}.md").read_text("utf-8"))
    there = [path.as_posix() for path in sorted((ROOT / "tests").rglob("test_*.py"))]
    assert named
    assert [name for name in named if not any(t.endswith(f"/{name}") for t in there)] == []
