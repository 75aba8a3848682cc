"""Time saved by keeping features: a first run, toggles, and new runs of the same subsets.

    python benchmarks/toggle.py [MODEL]

Prints seconds on this machine, and their ratios, which can be compared between machines.
"""

from __future__ import annotations

import statistics
import sys
import time

import torch

from shaspec.inference.session import InferenceSession
from shaspec.models.weights import load_model
from shaspec.phantom import make_case

TOGGLES = [("FLAIR", "T1", "T2"), ("FLAIR", "T2"), ("T1ce",), ("FLAIR", "T1", "T1ce", "T2")]


def seconds(session: InferenceSession, subset: tuple[str, ...]) -> float:
    """One run, to its end."""
    start = time.perf_counter()
    for _ in session.predict(subset):
        pass
    return time.perf_counter() - start


def main() -> None:
    """Time one phantom at the size of a BraTS case."""
    model = load_model(sys.argv[1] if len(sys.argv) > 1 else "shaspec")
    case = make_case(9_000_000)
    seconds(InferenceSession(model, case), ("FLAIR",))  # warm-up, not counted
    session = InferenceSession(model, case)
    first = seconds(session, case.task.names)
    toggles = statistics.median(seconds(session, s) for _ in range(3) for s in TOGGLES)
    fresh = statistics.median(seconds(InferenceSession(model, case), s) for s in TOGGLES)
    start = time.perf_counter()
    for subset in case.task.subsets():
        seconds(session, subset)
    sweep = time.perf_counter() - start
    print(f"{model.card.name} on {session.device}, {torch.get_num_threads()} threads, {case.name}")
    print(f"first run, 4 modalities      {first:6.2f} s")
    print(f"toggle, median of 12         {toggles:6.2f} s = first / {first / toggles:.1f}")
    print(f"same subsets afresh, median  {fresh:6.2f} s = toggle x {fresh / toggles:.1f}")
    print(f"all 15 subsets, kept         {sweep:6.2f} s = first x {sweep / first:.1f}")


if __name__ == "__main__":
    main()
