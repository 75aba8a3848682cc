"""What each sequence of a case is worth: all subsets, Shapley values, what to acquire next.

    python examples/worth_of_sequences.py [CASE]

CASE is a folder with the files of a glioma; without one a made-up patient is taken. Subsets are
compared with the labels of the case, or, if it has none, with the result of all sequences.
"""

from __future__ import annotations

import sys

from shaspec.analysis.robustness import RowAdded, sweep
from shaspec.analysis.shapley import contributions, gains
from shaspec.analysis.subset_table import DICE
from shaspec.inference.session import InferenceSession
from shaspec.io import read_case
from shaspec.models.weights import load_model
from shaspec.phantom import DEMO_SEED, make_case

model = load_model("shaspec")
case = read_case(sys.argv[1], model.card.task) if len(sys.argv) > 1 else make_case(DEMO_SEED)
for event in sweep(InferenceSession(model, case), truth=case.labels):
    if isinstance(event, RowAdded):
        table, row = event.table, event.table.rows[-1]
        print(f"{row.name:20}", {r: round(row.values["dice"][r], 3) for r in table.regions})

print(f"\nShapley values of Dice against {table.reference}; they add up to the Dice of them all")
for region, values in contributions(table, DICE).items():
    print(f"{region:20}", {name: round(value, 3) for name, value in values.items()})
alone = case.present[0]
print(f"\nWith {alone} at hand, the mean Dice would gain", gains(table, [alone], DICE))
