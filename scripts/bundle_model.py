"""Add a trained model to the bundled ones: float16 weights, scores and temperatures on the card.

python scripts/bundle_model.py runs/shaspec shaspec --title "..." --description "..." \
    --window 160,192,160
shaspec evaluate runs/shaspec-0 DATA --splits splits.json --fold 0 --out results/shaspec-0  # ...
python scripts/bundle_model.py shaspec --what "out of fold" --scores results/shaspec-?/metrics.csv
shaspec calibrate runs/shaspec-0 --data DATA --splits splits.json --fold 0 --out results/cal-0
python scripts/bundle_model.py shaspec --calibration results/cal-?
"""

from __future__ import annotations

import argparse
from pathlib import Path

from shaspec.evaluation.calibration_run import read_counts
from shaspec.evaluation.statistics import case_values
from shaspec.evaluation.tables import read_rows
from shaspec.models.card import CARD_FILE, load_card
from shaspec.models.weights import load_model, save_model, write_calibration

WEIGHTS = Path(__file__).resolve().parents[1] / "src" / "shaspec" / "weights"


def bundle(
    run: Path, name: str, title: str, description: str, window: tuple[int, ...] | None
) -> None:
    """Copy the model of a run into the package; its card keeps no absolute path (`Training`)."""
    model = load_model(run, training=True)
    changes = {"name": name, "title": title or model.card.title, "description": description}
    card = model.card.model_copy(update=changes | ({"window": window} if window else {}))
    card = save_model(WEIGHTS / name, model.network, card, half=True)
    print(f"{WEIGHTS / name}: {card.parameters} parameters, sha256 {card.sha256}")


def add_scores(name: str, tables: list[Path], what: str) -> None:
    """Write the mean Dice of the cases of all ``tables`` on the card, per subset and overall."""
    card = load_card(WEIGHTS / name)
    scores: dict[str, dict[str, float]] = {}
    for (subset, region), cases in case_values(read_rows(tables), "dice").items():
        if region in card.task.region_names:
            mean = sum(cases.values()) / len(cases)
            scores.setdefault(f"{what}, {subset}", {})[region] = round(mean, 4)
    card = card.model_copy(update={"scores": scores})
    text = card.model_dump_json(indent=1) + "\n"
    (WEIGHTS / name / CARD_FILE).write_text(text, encoding="utf-8")
    print(f"{name}: {len(scores)} lines of scores")


def add_calibration(name: str, folds: list[Path]) -> None:
    """Write the temperatures of all ``folds`` together on the card, with which cases they are."""
    first, *others = map(read_counts, folds)
    card = write_calibration(WEIGHTS / name, first.with_others(others).calibration())
    print(f"{name}: temperatures {card.temperature}")


def main() -> None:
    """Read the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("run_or_name", nargs="+", help="RUN NAME, or NAME with --scores")
    parser.add_argument("--title", default="", help="default: method and preset")
    parser.add_argument("--description", default="")
    parser.add_argument("--window", default="", help="S,P,L; default: that of the run")
    parser.add_argument("--scores", type=Path, nargs="+", help="metrics.csv of all folds")
    parser.add_argument("--what", default="", help="what was evaluated, e.g. 'fold 0'")
    parser.add_argument("--calibration", type=Path, nargs="+", help="results of all folds")
    options = parser.parse_args()
    if options.calibration:
        add_calibration(options.run_or_name[0], options.calibration)
    elif options.scores:
        add_scores(options.run_or_name[0], options.scores, options.what)
    else:
        run, name = options.run_or_name
        window = tuple(int(n) for n in options.window.split(",")) if options.window else None
        bundle(Path(run), name, options.title, options.description, window)


if __name__ == "__main__":
    main()
