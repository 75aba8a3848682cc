"""Messages of the engine name no option of the command line in the window."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from napari_shaspec.jobs.wording import in_window

ENGINE = Path(__file__).resolve().parents[3] / "src" / "shaspec"
FOLDERS = ("io", "preparation", "inference", "preprocessing.py")
OPTIONS = ("--present", "shaspec prepare")
COMMANDS = {"inference/command.py"}  # makes command lines


def messages() -> list[str]:
    """The texts of the engine that name one of the options, docstrings left out."""
    found = []
    files = [f for name in FOLDERS for f in [*(ENGINE / name).rglob("*.py"), ENGINE / name]]
    for path in (f for f in files if f.is_file()):
        if path.relative_to(ENGINE).as_posix() in COMMANDS:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        docs = {ast.get_docstring(n, clean=False) for n in ast.walk(tree) if hasattr(n, "body")
                and isinstance(n, ast.Module | ast.ClassDef | ast.FunctionDef)}  # fmt: skip
        for node in ast.walk(tree):
            text = None
            if isinstance(node, ast.JoinedStr):
                parts = (v.value if isinstance(v, ast.Constant) else "FLAIR" for v in node.values)
                text = "".join(map(str, parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value
            if text and text not in docs and any(option in text for option in OPTIONS):
                found.append(text)
    return sorted(set(found))


@pytest.mark.parametrize("text", messages())
def test_no_option_is_left_in_a_message_of_the_window(text: str) -> None:
    shown = in_window(text)
    assert not any(option in shown for option in OPTIONS)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "T1 looks mirrored; export it again, or leave it out with --present",
            "T1 looks mirrored; export it again, or leave it out",
        ),
        (
            "register the scans with shaspec prepare, or leave this one out with --present",
            "register the scans with Prepare… in the panel Segment, or leave this one out",
        ),
        ("T1 has other voxels", "T1 has other voxels"),
    ],
)
def test_controls_take_the_place_of_options(text: str, shown: str) -> None:
    assert in_window(text) == shown
