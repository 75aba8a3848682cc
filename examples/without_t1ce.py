"""Segment a case, then again as if its T1ce had not been acquired.

    python examples/without_t1ce.py [CASE]

CASE is a folder with the files of a glioma; default: a phantom. The second run only decodes,
because the features of the other sequences are kept.
"""

from __future__ import annotations

import sys

import shaspec
from shaspec.phantom import DEMO_SEED

model = shaspec.load_model("shaspec")
case = shaspec.read_case(sys.argv[1]) if len(sys.argv) > 1 else shaspec.make_case(DEMO_SEED)
for present in (case.present, [name for name in case.present if name != "T1ce"]):
    result = model.predict(case, present)
    result.save(f"{result.name}.nii.gz")
    print("+".join(present), result.region_sizes(), f"{result.provenance['seconds']['total']} s")
