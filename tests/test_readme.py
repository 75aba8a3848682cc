"""The Python of the first page runs as it is printed, on a phantom."""

from __future__ import annotations

import re
from pathlib import Path

import nibabel
import pytest

from shaspec.io import write_case
from shaspec.phantom import DEMO_SEED, make_case

pytestmark = pytest.mark.slow  # runs networks on whole cases

ROOT = Path(__file__).resolve().parents[1]


def python_blocks(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", (ROOT / page).read_text("utf-8"), re.M | re.S)


@pytest.mark.parametrize("page", ["README.md", "docs/api.md"])
def test_four_lines_segment_a_case_and_save_the_labels(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = python_blocks(page)[0]
    lines = [line for line in block.splitlines() if line.strip() and line != "import shaspec"]
    assert len(lines) == 4
    case = make_case(DEMO_SEED, (64, 64, 64))
    write_case(tmp_path / "case", case)
    monkeypatch.chdir(tmp_path)
    exec(block, {})
    written = nibabel.load(tmp_path / "seg.nii.gz")  # type: ignore[attr-defined]
    assert written.shape == case.grid.file_shape
    assert set(written.dataobj[...].flat) <= {0, 1, 2, 4}
