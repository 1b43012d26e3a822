"""Learn the votes on offer kinds from labelled listings: `python -m detector.learn_offers FILE...` writes `config/learned/offers.npz`.

Files are JSON Lines of `{"listing": ..., "gold": {"offer": ...}}`; lines of a held-out part are left out. What the votes are
worth is told from folds that the weights have not seen.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from config.loader import Config
from config.tables import SHIPPED
from detector.evaluate import Case, load
from detector.learning import Design
from detector.reading.offer import rules_that_speak
from detector.reading.offer_vote import features, texts
from detector.reading.read import Reader
from storage.listing import Listing

TEXT_WEIGHT, FACT_WEIGHT = 2.0, 0.5
"""What the letters of a text, of unit length, and what a fact counts: chosen on listings that were not learned from."""
STRENGTH = 3.0
"""Inverse of the penalty."""
FOLDS = 5
DAY = date(2025, 6, 1)


def cases_version(cases: Sequence[Case]) -> str:
    """Digest (12 hex digits) of the kinds and ids that votes are learned from, kept with them."""
    rows = sorted(f"{case.listing['site']} {case.listing['listing_id']} {case.gold['offer']}" for case in cases)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:12]


def seen(cases: Sequence[Case], reader: Reader) -> tuple[list[dict[str, str]], list[dict[str, float]]]:
    """Listings as texts and facts."""
    pages = [reader.page(Listing.from_dict(case.listing), DAY) for case in cases]
    return [texts(page) for page in pages], [features(page, rules_that_speak(page)) for page in pages]


def fit(X: Any, kinds: Any) -> Any:
    """One multinomial regression over the kinds."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=STRENGTH, max_iter=5000).fit(X, kinds)


def learn(cases: Sequence[Case], target: Path) -> float:
    """Fit and write; the share of listings whose kind is found, out of fold."""
    import numpy as np
    from sklearn.model_selection import StratifiedKFold

    rows, kinds = seen(cases, Reader(Config())), np.array([case.gold["offer"] for case in cases])
    ways = Design.of(*rows, text_weight=TEXT_WEIGHT, fact_weights={"": FACT_WEIGHT})
    X = ways.matrix(*rows)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(X, kinds)
    right = sum(int((fit(X[train], kinds[train]).predict(X[test]) == kinds[test]).sum()) for train, test in folds)
    model = fit(X, kinds)
    ways.save(target, coef=model.coef_, bias=model.intercept_, labels=list(model.classes_), made_from=cases_version(cases))
    return right / len(cases)


def main(argv: Sequence[str] | None = None) -> int:
    """Learn from the labelled files that are named."""
    parser = argparse.ArgumentParser(prog="python -m detector.learn_offers", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, default=SHIPPED / "learned" / "offers.npz")
    args = parser.parse_args(argv)
    cases = list(load(sorted(args.files), "train"))
    share = learn(cases, args.out)
    print(f"offer kinds: {len(cases)} listings, {share:.3f} found out of fold, {args.out.stat().st_size / 1e6:.2f} MB in {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
