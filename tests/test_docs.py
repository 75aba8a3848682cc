"""The pages say what the program says: quoted messages and names of controls are in the code."""

from __future__ import annotations

import ast
import json
import re
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


CODE = texts(ROOT / "src" / "shaspec", ROOT / "napari_shaspec")
QUOTED = re.findall(r"^> `(.*)`$", (ROOT / "docs" / "troubleshooting.md").read_text("utf-8"), re.M)
CONTROLS = sorted(
    {name for page in PAGES for name in re.findall(r"\{guilabel\}`(.*?)`", page.read_text("utf-8"))}
)


@pytest.mark.parametrize("message", QUOTED)
def test_a_quoted_message_is_one_of_the_program(message: str) -> None:
    """Piece by piece: what stands between two ellipses of the page is somewhere in the code."""
    for piece in filter(None, (p.strip(" ()") for p in message.split("…"))):
        assert any(piece in text for text in CODE), piece


@pytest.mark.parametrize("control", CONTROLS)
def test_a_named_control_is_one_of_the_panel(control: str) -> None:
    manifest = (ROOT / "napari_shaspec" / "napari.yaml").read_text("utf-8")
    modalities = {"FLAIR", "T1", "T1ce", "T2"}
    titles = set(re.findall(r"title: (.*)", manifest))
    assert control in {*CODE, *titles, *modalities}


def test_every_control_of_the_panel_is_on_its_page() -> None:
    """The texts of buttons and ticks of the widgets that the panel is made of, and the settings."""
    page = (ROOT / "docs" / "segment.md").read_text("utf-8")
    manifest = (ROOT / "napari_shaspec" / "napari.yaml").read_text("utf-8")
    settings = set(re.findall(r"^ {10}title: (.*)$", manifest, re.M))
    folder = ROOT / "napari_shaspec" / "widgets"
    panel = (folder / "segment_panel.py").read_text("utf-8")
    parts = re.findall(r"^from napari_shaspec\.widgets\.(\w+) import", panel, re.M)
    widgets = "\n".join([panel, *((folder / f"{p}.py").read_text("utf-8") for p in parts)])
    buttons = re.findall(r'(?:QCheckBox|QPushButton|setText)\("(.+?)"\)', widgets)
    assert settings
    assert len(buttons) > 3
    assert not {name for name in {*settings, *buttons} if name not in page}


def test_the_notebook_is_kept_without_outputs() -> None:
    """It is run by `make docs`, which takes its figures."""
    cells = json.loads((ROOT / "examples" / "teaching.ipynb").read_text("utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code
    assert not [cell for cell in code if cell["outputs"] or cell["execution_count"]]
