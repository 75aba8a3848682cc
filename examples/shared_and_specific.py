"""Shared and specific features in colours: do shared ones agree between sequences?

    python examples/shared_and_specific.py [CASE]

Writes ``features.png``: a row of shared and a row of specific features, a column per sequence. The
first three principal components are red, green and blue, with one basis per row: the same colour
means the same feature in all sequences.
"""

from __future__ import annotations

import sys

from matplotlib.figure import Figure

import shaspec
from shaspec.analysis.features.views import How, views
from shaspec.phantom import DEMO_SEED

KINDS = ("shared", "specific")

model = shaspec.load_model("shaspec")
case = shaspec.read_case(sys.argv[1]) if len(sys.argv) > 1 else shaspec.make_case(DEMO_SEED)
maps = model.features(case)

figure = Figure((3 * len(case.present), 6), layout="constrained")
axes = figure.subplots(len(KINDS), len(case.present), squeeze=False)
for row, kind in zip(axes, KINDS, strict=True):
    for place, (name, colours) in zip(row, views(maps, kind, How.COLOURS).items(), strict=True):
        place.imshow(colours[len(colours) // 2])
        place.set_title(f"{kind} · {name}")
        place.set_axis_off()
figure.savefig("features.png")
print("wrote features.png")
