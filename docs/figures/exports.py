"""Diagrams of the exported formats: what is a file, what runs it, what stays with the user.

python docs/figures/exports.py [FOLDER]      writes SVG files into docs/_pictures
"""

from __future__ import annotations

import sys
from pathlib import Path

from diagram import DATA, JOINT, PALE, SHARED, SPECIFIC, Box, Diagram
from methods import ABSENT, NAMES, ROWS, images


def main() -> None:
    """Draw all."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "_pictures"
    out.mkdir(parents=True, exist_ok=True)
    for draw in (export_onnx, export_monai_bundle, export_hf):
        draw().save(out / f"{draw.__name__}.svg")


def export_onnx() -> Diagram:
    """Two graphs: the first once per window, the second once per subset."""
    d = Diagram(9.4, 4.5)
    pictures = images(d)
    encode = d.box(2.75, 2.28, "encode.onnx", SHARED, width=1.3, height=3.3)
    decode = d.box(6.05, 2.28, "decode.onnx", JOINT, width=1.3, height=3.3)
    for name in NAMES:
        y = ROWS[name]
        features = d.box(4.4, y, "features")
        d.arrow(pictures[name].right, encode.left_at(y), PALE if name == ABSENT else "#22303c")
        d.arrow(encode.right_at(y), features.left)
        d.arrow(features.right, decode.left_at(y))
    d.text(1.55, ROWS[ABSENT] + 0.16, "zeros", PALE, size=8)
    present = d.box(6.05, 0.28, "present: 1 1 0 1", width=1.7, height=0.36)
    d.arrow(present.top, (6.05, decode.bottom[1]))
    logits = d.box(7.55, 2.28, "logits", width=0.8)
    yours = d.box(8.75, 2.28, "fusion to\nlabels", "white", width=0.95, height=0.6)
    d.arrow(decode.right, logits.left)
    d.arrow(logits.right, yours.left)
    d.text(2.75, 4.25, "once per window")
    d.text(6.05, 4.25, "once per subset")
    d.text(8.75, 2.78, "your program", PALE, size=8)
    return d


def steps(d: Diagram, y: float, names: tuple[tuple[str, str], ...], width: float) -> list[Box]:
    """Boxes in a row, each with an arrow from the one before."""
    boxes: list[Box] = []
    for number, (name, colour) in enumerate(names):
        boxes.append(
            d.box(0.95 + number * (width + 0.3), y, name, colour, width=width, height=0.62)
        )
        if number:
            d.arrow(boxes[-2].right, boxes[-1].left)
    return boxes


def export_monai_bundle() -> Diagram:
    """What `monai.bundle run` does with a case, and whose functions do it."""
    d = Diagram(11.5, 2.6)
    row = (
        ("cases of\na folder", DATA),
        ("load,\norient", SPECIFIC),
        ("normalise", SHARED),
        ("crop", SPECIFIC),
        ("resample,\nwindows, network", SHARED),
        ("regions to\none map", SHARED),
        ("write", SPECIFIC),
    )
    boxes = steps(d, 1.15, row, 1.3)
    model = d.box(boxes[4].x, 2.2, "model.safetensors, card.json", width=2.3, height=0.36)
    d.arrow(model.bottom, boxes[4].top)
    present = d.box(boxes[1].x + 0.2, 2.2, "--present FLAIR+T2", width=1.8, height=0.36)
    d.arrow(present.bottom, boxes[1].top)
    d.box(2.2, 0.3, "", SPECIFIC, width=0.3, height=0.22)
    d.text(2.45, 0.3, "transforms of MONAI", align="left")
    d.box(5.4, 0.3, "", SHARED, width=0.3, height=0.22)
    d.text(5.65, 0.3, "functions of the package shaspec", align="left")
    return d


def export_hf() -> Diagram:
    """The folder is a model of this program and a repository of the Hub at once."""
    d = Diagram(9.0, 2.9)
    mine = d.box(1.0, 1.45, "a model", width=1.2)
    folder = d.box(4.2, 1.45, "", "white", width=2.6, height=2.3)
    d.text(4.2, 2.38, "mine-hf", PALE)
    for y, name, colour in ((1.95, "model.safetensors", SHARED), (1.45, "card.json", JOINT),
                            (0.95, "README.md, with its header", DATA)):  # fmt: skip
        d.box(4.2, y, name, colour, width=2.3, height=0.36)
    here = d.box(7.7, 2.05, 'shaspec.load_model("mine-hf")', width=2.4)
    there = d.box(7.7, 0.85, "a page of the Hub", width=2.4)
    d.arrow(mine.right, folder.left)
    d.text(2.25, 1.65, "export", PALE, size=8)
    d.arrow(folder.right_at(2.05), here.left)
    d.arrow(folder.right_at(0.85), there.left, dashed=True)
    d.text(6.0, 0.66, "you push it", PALE, size=8)
    return d


if __name__ == "__main__":
    main()
