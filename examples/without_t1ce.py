"""Segment a case, then once more as if its T1ce had never been acquired.

    python examples/without_t1ce.py [CASE]

CASE is a folder with the files of a glioma; without one a made-up patient is taken. The second run
encodes nothing anew: what is known of the other sequences is kept.
"""

from __future__ import annotations

import sys

from shaspec.inference.events import Finished
from shaspec.inference.session import InferenceSession
from shaspec.io import read_case, write_labels
from shaspec.models.weights import load_model
from shaspec.phantom import DEMO_SEED, make_case
from shaspec.prediction import Prediction


def predict(session: InferenceSession, present: list[str]) -> Prediction:
    """The last event has the result; the others tell how far it is."""
    for event in session.predict(present):
        if isinstance(event, Finished):
            return event.prediction
    raise AssertionError("a run ends with its result or with an error")


model = load_model("shaspec")
case = read_case(sys.argv[1], model.card.task) if len(sys.argv) > 1 else make_case(DEMO_SEED)
session = InferenceSession(model, case)
for present in (list(case.present), [name for name in case.present if name != "T1ce"]):
    found = predict(session, present)
    write_labels(f"{found.name}.nii.gz", found.labels, found.grid, found.task.labels)
    print("+".join(present), found.region_sizes(), f"{found.provenance['seconds']['total']} s")
