"""The figures of the notebook for a class, which is run from its first cell to its last.

python docs/lesson.py [FOLDER]      writes PNG files into docs/_pictures; raises if a cell fails
"""

from __future__ import annotations

import base64
import sys
from pathlib import Path

import nbclient
import nbformat

HERE = Path(__file__).resolve().parent
NOTEBOOK = HERE.parent / "examples" / "teaching.ipynb"
PATIENCE = 900  # seconds that a cell may take


def main() -> None:
    """Take every figure, in its order."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "_pictures"
    out.mkdir(parents=True, exist_ok=True)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, timeout=PATIENCE).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    figures = [o.data["image/png"] for o in outputs if "image/png" in o.get("data", {})]
    for number, figure in enumerate(figures, 1):
        (out / f"teaching_{number}.png").write_bytes(base64.b64decode(figure))


if __name__ == "__main__":
    main()
