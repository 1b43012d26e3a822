"""The forest on public anomaly sets, and its speed beside scikit-learn's; `python -m bench.forest [FOLDER]`.

Protocol of the sets: under 1,000 rows resampled to 1,000, over 10,000 subsampled to 10,000; 70/30 stratified split;
min-max scaling; fit without labels; mean of 5 seeds. FOLDER holds the sets as .npz and the published tables.
"""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler

from detector.forest import Forest

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "adbench"
SEEDS = 5

Scorer = Callable[[Any, Any, int], Any]


def forest(train: Any, test: Any, seed: int) -> Any:
    """The project's forest with its defaults."""
    return Forest(random_state=seed).fit(train).score_samples(test)


def plain(train: Any, test: Any, seed: int) -> Any:
    """scikit-learn's forest with its defaults."""
    return -IsolationForest(random_state=seed).fit(train).score_samples(test)


def splits(path: Path) -> Iterator[tuple[int, Any, Any, Any]]:
    """(seed, train, test, labels of test) by the protocol."""
    with np.load(path, allow_pickle=False) as data:
        X, y = data["X"].astype(float), data["y"].astype(int)
    for seed in range(SEEDS):
        chance = np.random.RandomState(seed)
        rows = np.arange(len(X))
        if len(X) < 1000:
            rows = chance.choice(len(X), 1000, replace=True)
        elif len(X) > 10_000:
            rows = chance.choice(len(X), 10_000, replace=False)
        train, test, _, labels = train_test_split(X[rows], y[rows], test_size=0.3, stratify=y[rows], random_state=seed)
        scaler = MinMaxScaler().fit(train)
        yield seed, scaler.transform(train), scaler.transform(test), labels


def quality(folder: Path, scorers: dict[str, Scorer]) -> dict[str, dict[str, tuple[float, float]]]:
    """Per scorer and set: AUCROC and AUCPR x 100, mean over seeds."""
    out: dict[str, dict[str, tuple[float, float]]] = {name: {} for name in scorers}
    for path in sorted(folder.glob("*.npz")):
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in scorers}
        for seed, train, test, labels in splits(path):
            for name, scorer in scorers.items():
                scores = scorer(train, test, seed)
                found[name].append((roc_auc_score(labels, scores), average_precision_score(labels, scores)))
        for name, pairs in found.items():
            roc, pr = 100 * np.mean(pairs, axis=0)
            out[name][path.stem.split("_", 1)[1]] = (round(float(roc), 1), round(float(pr), 1))
    return out


def published(folder: Path, names: list[str]) -> tuple[float, float]:
    """Mean of the published IForest figures over the named sets."""
    means = []
    for file in ("published_AUCROC_tableD4.csv", "published_AUCPR_tableD5.csv"):
        rows = {row["dataset"].lower(): row for row in csv.DictReader((folder / file).open(encoding="utf-8"))}
        means.append(float(np.mean([float(rows[name.lower()]["IForest"]) for name in names])))
    return round(means[0], 2), round(means[1], 2)


def speed(rows: int = 20_000, features: int = 24) -> dict[str, float]:
    """Microseconds a row in bulk, milliseconds for one row, for both forests of one size, in turn."""
    X = np.random.default_rng(0).normal(size=(rows, features))
    ours = Forest().fit(X)
    theirs = ours.isolation_
    acts: dict[str, Callable[[], Any]] = {
        "bulk_us": lambda: ours.score_samples(X), "sklearn_bulk_us": lambda: theirs.score_samples(X),
        "one_ms": lambda: ours.score_samples(X[:1]), "one_explained_ms": lambda: (ours.score_samples(X[:1]), ours.explain(X[0])),
        "sklearn_one_ms": lambda: theirs.score_samples(X[:1]),
    }  # fmt: skip
    best = dict.fromkeys(acts, float("inf"))
    for _ in range(5):
        for name, act in acts.items():
            start = time.perf_counter()
            act()
            best[name] = min(best[name], time.perf_counter() - start)
    return {name: round(best[name] * (1e6 / rows if name.endswith("us") else 1e3), 3) for name in acts}


def main(folder: Path = FOLDER) -> None:
    """Print quality by set, means against the published ones, and speed."""
    if folder.is_dir():
        found = quality(folder, {"forest": forest, "sklearn": plain})
        for name in found["forest"]:
            print(json.dumps({"set": name, **{k: v[name] for k, v in found.items()}}))
        means = {k: [round(float(m), 2) for m in np.mean(list(v.values()), axis=0)] for k, v in found.items()}
        print(json.dumps({"mean": means, "published_iforest": published(folder, list(found["forest"]))}))
    else:
        print(f"no benchmark sets at {folder}: quality not measured")
    print(json.dumps({"speed": speed()}))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
