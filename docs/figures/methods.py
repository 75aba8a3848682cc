"""Diagrams of the four methods and their common parts.

python docs/figures/methods.py [FOLDER]      writes SVG files into docs/_pictures
"""

from __future__ import annotations

import sys
from pathlib import Path

from diagram import DATA, INK, JOINT, PALE, SHARED, SPECIFIC, Box, Diagram

NAMES = ("FLAIR", "T1", "T1ce", "T2")
ABSENT = "T1ce"
ROWS = dict(zip(NAMES, (3.7, 2.75, 1.8, 0.85), strict=True))
ORANGE = "#c8731a"


def main() -> None:
    """Draw all."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "_pictures"
    out.mkdir(parents=True, exist_ok=True)
    for draw in (halves, shaspec, maml, simmlm, linear_fusion):
        draw().save(out / f"{draw.__name__}.svg")


def images(d: Diagram, x: float = 0.65) -> dict[str, Box]:
    """The column of modalities, one of them absent."""
    boxes = {}
    for name, y in ROWS.items():
        boxes[name] = d.box(x, y, name, width=0.9, absent=name == ABSENT)
    d.text(x, ROWS[ABSENT] - 0.36, "not acquired", PALE, size=8)
    return boxes


def halves() -> Diagram:
    """Encode once, decode any subset."""
    d = Diagram(8.6, 4.5)
    pictures = images(d)
    decoder = d.box(5.9, 2.28, "decode\nwhatever\nis there", JOINT, width=1.25, height=3.3)
    for name in NAMES:
        y = ROWS[name]
        if name == ABSENT:
            d.text(2.9, y, "nothing is computed", PALE, size=8)
            continue
        encoder = d.box(2.2, y, "encode", SHARED, width=1.0)
        features = d.box(3.9, y, "features", DATA)
        d.arrow(pictures[name].right, encoder.left)
        d.arrow(encoder.right, features.left)
        d.arrow(features.right, decoder.left_at(y))
    labels = d.box(7.75, 2.28, "labels", DATA, width=0.9)
    d.arrow(decoder.right, labels.left)
    d.text(2.2, 4.25, "once per modality")
    d.text(3.9, 4.25, "kept in memory")
    d.text(5.9, 4.25, "again at every tick")
    return d


def shaspec() -> Diagram:
    """One shared encoder, one specific encoder per modality, a residual fusion, a decoder."""
    d = Diagram(9.6, 4.6)
    pictures = images(d)
    decoder = d.box(7.45, 2.28, "decoder", JOINT, width=1.0, height=3.5)
    slot = d.box(5.6, ROWS[ABSENT], r"mean of the $r$", SHARED, width=1.6)
    d.arrow(slot.right, decoder.left_at(slot.y))
    for number, name in enumerate(NAMES, 1):
        if name == ABSENT:
            continue
        y = ROWS[name]
        shared = d.box(2.35, y + 0.22, "shared encoder", SHARED, width=1.55, height=0.36)
        own = d.box(2.35, y - 0.22, f"encoder of {name}", SPECIFIC, width=1.55, height=0.36)
        r = d.box(3.85, y + 0.22, f"$r_{number}$", SHARED, width=0.5, height=0.36)
        s = d.box(3.85, y - 0.22, f"$s_{number}$", SPECIFIC, width=0.5, height=0.36)
        fusion = d.box(
            5.6, y, f"$f_{number} = r_{number} + g(r_{number}, s_{number})$", JOINT, width=1.9
        )
        for encoder, feature in ((shared, r), (own, s)):
            d.arrow(pictures[name].right, encoder.left)
            d.arrow(encoder.right, feature.left)
            d.arrow(feature.right, fusion.left)
        d.arrow(fusion.right, decoder.left_at(y))
        d.arrow(r.right, slot.left, ORANGE, dashed=True, bend=0.12 if y > slot.y else -0.12)
    d.text(2.35, 4.4, "the shared encoder is one and the same", ORANGE, size=8)
    labels = d.box(8.9, 2.28, "labels", DATA, width=0.9)
    d.arrow(decoder.right, labels.left)
    return d


def maml() -> Diagram:
    """One U-Net per modality; attention weights the modalities voxel by voxel."""
    d = Diagram(9.6, 4.5)
    pictures = images(d)
    fusion = d.box(4.6, 2.28, "fusion\n$F_f$", JOINT, width=0.9, height=3.3)
    total = d.box(7.55, 2.28, r"$\sum_i\, A_i \odot F_i$", JOINT, width=1.3, height=0.6)
    for number, name in enumerate(NAMES, 1):
        if name == ABSENT:
            continue
        y = ROWS[name]
        net = d.box(2.1, y, f"U-Net of {name}", SPECIFIC, width=1.4)
        feature = d.box(3.45, y, f"$F_{number}$", SPECIFIC, width=0.5)
        gate = d.box(6.0, y, f"$A_{number}$ from $F_{number}, F_f$", SHARED, width=1.3)
        d.arrow(pictures[name].right, net.left)
        d.arrow(net.right, feature.left)
        d.arrow(feature.right, fusion.left_at(y))
        d.arrow(fusion.right_at(y), gate.left)
        d.arrow(gate.right, total.left)
        d.text(2.1, y - 0.34, "also segments alone", PALE, size=8)
    d.text(6.0, 4.25, "attention, per voxel and channel", ORANGE, size=8)
    head = d.box(8.95, 2.28, "joint\nlabels", DATA, width=0.9, height=0.6)
    d.arrow(total.right, head.left)
    return d


def simmlm() -> Diagram:
    """One U-Net per modality; a gate over all present images weighs their logits."""
    d = Diagram(9.6, 4.9)
    pictures = images(d)
    total = d.box(7.35, 2.28, r"$\sum_i\, w_i\, \ell_i$", JOINT, width=1.3, height=0.6)
    gate = d.box(3.3, 4.55, "gate: one weight per modality and region", SHARED, width=4.0)
    for number, name in enumerate(NAMES, 1):
        if name == ABSENT:
            d.text(4.4, ROWS[name], "no weight", PALE, size=8)
            continue
        y = ROWS[name]
        net = d.box(2.9, y, f"U-Net of {name}", SPECIFIC, width=1.4)
        logits = d.box(4.25, y, rf"$\ell_{number}$", SPECIFIC, width=0.5)
        weight = d.box(5.4, y, rf"$w_{number}\, \ell_{number}$", JOINT, width=0.9)
        d.arrow(pictures[name].right, net.left)
        d.arrow(pictures[name].right, (2.0 - 0.15 * number, gate.bottom[1]), ORANGE, dashed=True)
        d.arrow(net.right, logits.left)
        d.arrow(logits.right, weight.left)
        d.arrow(weight.right, total.left)
    d.arrow(gate.right, total.top, ORANGE, dashed=True, bend=-0.25)
    d.text(2.9, ROWS["T2"] - 0.36, "each also segments alone", PALE, size=8)
    labels = d.box(8.85, 2.28, "labels", DATA, width=0.9)
    d.arrow(total.right, labels.left)
    return d


def linear_fusion() -> Diagram:
    """One stream per modality through the same transformer; in every block they exchange."""
    d = Diagram(9.6, 3.3)
    rows = {"one modality": 2.5, "another": 0.9}
    ensemble = d.box(7.85, 1.7, "learned\nmean", JOINT, width=0.95, height=0.6)
    for name, y in rows.items():
        absent = name == "another"
        text = f"{name}\n(absent)" if absent else name
        picture = d.box(0.75, y, text, width=1.2, height=0.5, absent=absent)
        first = d.box(2.3, y, "mask token" if absent else "patches", DATA, width=1.1)
        d.arrow(picture.right, first.left, PALE if absent else INK, dashed=absent)
        before = first
        for k in range(3):
            text = f"block {k + 1}" if k < 2 else "..."
            block = d.box(3.7 + 1.05 * k, y, text, SHARED, width=0.8)
            d.arrow(before.right, block.left)
            before = block
        head = d.box(6.75, y, "head", JOINT, width=0.7)
        d.arrow(before.right, head.left)
        d.arrow(head.right, ensemble.left)
    for x in (3.7, 4.75):
        top, bottom = rows.values()
        d.arrow((x + 0.08, top - 0.21), (x + 0.08, bottom + 0.21), ORANGE)
        d.arrow((x - 0.08, bottom + 0.21), (x - 0.08, top - 0.21), ORANGE)
    d.text(4.22, 1.7, "0.2", ORANGE)
    d.text(4.22, 3.05, "the same weights for both streams", ORANGE, size=8)
    labels = d.box(9.0, 1.7, "labels", DATA, width=0.8)
    d.arrow(ensemble.right, labels.left)
    return d


if __name__ == "__main__":
    main()
