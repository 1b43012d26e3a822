"""Anomalies planted into figures of real readings: does the forest find them, and does it say why?

`python -m bench.planted [HOME]`: the offers of a home, else of 4,000 listings made from the labelled examples. With `--variants` also
under other options of the forest.

* single: one figure of one offer moved 8 robust deviations from its middle; is it the first reason, among the first three?
* mixes: half a per cent of the offers of restricted chips, all evidence in force, are given three to five figures each moved 4 to 6
  robust deviations; only such are taken as no evidence but the forest's makes an alert of. How many stand among the first 1 % of the
  offers in the digest's section of strange ones; by score without the forest; and `by_score`, among all offers, the forest's share in it?
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

MOVED = 8.0
BUDGET = 0.01
TRIALS = 20

VARIANTS: tuple[dict[str, Any], ...] = (
    {"max_samples": 256}, {"max_samples": 1024}, {"trees": 100}, {"trees": 400}, {"tail_weight": 0.75}, {"tail_weight": 4.0},
)  # fmt: skip


def offers(store: Any) -> list[Any]:
    """Feature rows of all current offers, with their replay record."""
    from detector.refit import row_of

    return [(row_of(offer), offer["features"].get("replay")) for offer in store.offers_for_fit()]


def single(model: Any, rows: list[Any], seed: int = 0) -> dict[str, Any]:
    """Share of planted figures that are the first reason, and among the first three; by feature."""
    X, middle, spread = _space(model, rows)
    chance = np.random.default_rng(seed)
    usable = np.flatnonzero(spread > 0)
    ranks: dict[str, list[int]] = {}
    for _ in range(1000):
        at, feature = chance.integers(len(X)), int(chance.choice(usable))
        row = X[at].copy()
        row[feature] = middle[feature] + chance.choice([-1, 1]) * MOVED * spread[feature]
        shares = model.forest.explain(row).shares
        ranks.setdefault(model.features[feature], []).append(int((shares > shares[feature]).sum()))
    every = [rank for some in ranks.values() for rank in some]
    return {
        "features": len(usable), "first": _share(every, 1), "first_three": _share(every, 3),
        "by_feature": {name: [_share(some, 1), _share(some, 3)] for name, some in sorted(ranks.items())},
    }  # fmt: skip


def mixes(model: Any, judge: Any, rows: list[Any], replays: list[Any]) -> dict[str, float]:
    """Share of planted mixes within the budget: in the digest's order, among the same by score without the forest, among all by score."""
    from review.strange import STRANGE, without_forest

    judged = [at for at, kept in enumerate(replays) if kept is not None]
    X, middle, spread = _space(model, [rows[at] for at in judged])
    bare = np.array([without_forest(judge, replays[at]) for at in judged])
    unexplained = bare < judge.thresholds.severity.medium
    n, budget = max(int(len(X) * BUDGET / 2), 1), max(int(len(X) * BUDGET), 1)
    caught = {"with_forest": 0.0, "without_forest": 0.0, "by_score": 0.0}
    for seed in range(TRIALS):
        odd, planted = _plant(X, middle, spread, n, seed, np.flatnonzero(unexplained))
        tails = model.forest.tail_probability(model.forest.score_samples(odd))
        orders = {
            "with_forest": np.where(unexplained & (tails <= STRANGE), -tails, -np.inf),
            "without_forest": np.where(unexplained, bare, -np.inf),
            "by_score": np.array([judge.again({**replays[at], "tail": tail})[0] for at, tail in zip(judged, tails, strict=True)]),
        }  # fmt: skip
        for name, order in orders.items():
            # Equal ones are in no order: each on the edge counts for the share that fits into the budget.
            caught[name] += _within(order, budget, planted) / n / TRIALS
    unflagged = int(unexplained.sum())
    return {"offers": len(X), "unflagged": unflagged, "planted": n, "budget": budget, **{name: round(share, 3) for name, share in caught.items()}}


def _plant(X: Any, middle: Any, spread: Any, n: int, seed: int, among: Any) -> tuple[Any, set[int]]:
    odd, usable, chance = X.copy(), np.flatnonzero(spread > 0), np.random.default_rng(seed)
    planted = chance.choice(among, n, replace=False)
    for at in planted:
        for feature in chance.choice(usable, chance.integers(3, 6), replace=False):
            odd[at, feature] = middle[feature] + chance.choice([-1, 1]) * chance.uniform(4, 6) * spread[feature]
    return odd, set(map(int, planted))


def _within(scores: Any, budget: int, planted: set[int]) -> float:
    edge = np.sort(scores)[::-1][budget - 1]
    over, on = np.flatnonzero(scores > edge), np.flatnonzero((scores == edge) & (scores > -np.inf))
    share = (budget - len(over)) / max(len(on), 1)
    return sum(int(at) in planted for at in over) + share * sum(int(at) in planted for at in on)


def _space(model: Any, rows: list[Any]) -> tuple[Any, Any, Any]:
    """Rows as the forest sees them, with middle and robust deviation of each figure."""
    X = model.pipeline[:-1].transform(model._matrix(rows))
    known = [column[~np.isnan(column)] for column in X.T]
    middle = np.array([np.median(column) if len(column) else 0.0 for column in known])
    spread = np.array([1.4826 * np.median(abs(c - m)) if len(c) > 20 else 0.0 for c, m in zip(known, middle, strict=True)])
    return X, middle, spread


def _share(ranks: list[int], within: int) -> float:
    return round(float(np.mean([rank < within for rank in ranks])), 3)


def measure(home: Path, **changed: Any) -> dict[str, Any]:
    """All figures on the offers of a home; the forest is fitted on them as `--refit` would, under the shipped options but for `changed`."""
    from config.loader import Config
    from detector.judge import Judge
    from detector.model import fit
    from storage.store import Store

    config = Config(None)
    with Store.open(home, create=False, readonly=True) as store:
        known = offers(store)
    rows, replays = [row for row, _ in known], [kept for _, kept in known]
    options = config.thresholds.forest.model_copy(update=changed)
    model = fit(rows, options, now="", days=("", ""), knowledge="")
    if model is None:
        return {"offers": len(rows), "note": "too few offers for a forest"}
    return {"offers": len(rows), **changed, "single": single(model, rows), "mixes": mixes(model, Judge.from_config(config), rows, replays)}


def tell(home: Path, variants: tuple[dict[str, Any], ...]) -> None:
    """Print the figures of a home, each variant on a line."""
    for changed in ({}, *variants):
        print(json.dumps(measure(home, **changed)), flush=True)


def main(words: list[str]) -> None:
    """Print the figures."""
    variants = VARIANTS if "--variants" in words else ()
    homes = [word for word in words if word != "--variants"]
    if homes:
        tell(Path(homes[0]), variants)
        return
    from bench.rebuild import fill, listings
    from config.loader import Config
    from detector.run import detect
    from storage.store import Store

    with tempfile.TemporaryDirectory() as folder:
        with Store.open(Path(folder)) as store:
            fill(store, list(listings(4000)), "2025-07-01T00:00:00Z")
            detect(store, Config(None), now="2025-07-01T01:00:00Z")
        tell(Path(folder), variants)


if __name__ == "__main__":
    main(sys.argv[1:])
