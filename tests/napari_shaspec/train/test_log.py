"""The history of a resumed run is read from its log."""

from __future__ import annotations

from napari_shaspec.train.history import read_log
from shaspec.training.events import Step, Validation, as_json


def test_the_log_is_read_up_to_the_checkpoint(tmp_path):
    told = []
    for step in (1, 2, 3):
        told.append(Step(step, 0.0, 0.0, {"dice": 1.0}))
        told.append(Validation(step, 0.0, ("anna",), {"FLAIR": {"WT": step / 10}}, "x.png"))
    text = "\n".join(map(as_json, told))
    (tmp_path / "log.jsonl").write_text(text + '\n{"event": "step", "step": 4, "min')
    past = read_log(tmp_path, 2)
    assert past.curve.steps == [1, 2]
    assert past.validations == (told[1], told[3])
    nothing = read_log(tmp_path / "nowhere", 2)
    assert (nothing.curve.steps, nothing.validations) == ([], ())
