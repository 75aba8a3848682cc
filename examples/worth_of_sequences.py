"""The contribution of each sequence of a case: all subsets, Shapley values, what to acquire next.

    python examples/worth_of_sequences.py [CASE]

CASE is a folder with the files of a glioma; default: a phantom. Subsets are compared with the
labels of the case, or, without labels, with the result of all sequences.
"""

from __future__ import annotations

import sys

import shaspec
from shaspec.analysis.shapley import contributions, gains
from shaspec.analysis.subset_table import DICE
from shaspec.phantom import DEMO_SEED

model = shaspec.load_model("shaspec")
case = shaspec.read_case(sys.argv[1]) if len(sys.argv) > 1 else shaspec.make_case(DEMO_SEED)
table = model.robustness(case)
for row in table.rows:
    print(f"{row.name:20}", {r: round(row.values["dice"][r], 3) for r in table.regions})

print(f"\nShapley values of Dice against {table.reference}; they add up to the Dice of them all")
for region, values in contributions(table, DICE).items():
    print(f"{region:20}", {name: round(value, 3) for name, value in values.items()})
single = case.present[0]
print(f"\nGain of mean Dice if added to {single}:", gains(table, [single], DICE))
