"""Fitting the forest anew: an explicit step, shown beside the forest in force before it takes over."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detector.errors import ColdStart, DetectError
from detector.features import FEATURES, NAMES
from detector.model import Model, Row, drifted, fit, save
from detector.run import model_in_force

if TYPE_CHECKING:
    from config.loader import Config
    from storage.store import Store

FIT_ROWS = 100_000
"""Offers a forest is fitted on at most, spread evenly over all: the trees take samples of two thousand anyway."""

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Comparison:
    """A new forest beside the one in force. `agreement` is the rank correlation of their scores over the same offers,
    `rose` and `fell` how many offers cross the tail from which strangeness counts, `drift` the index by feature."""

    model: str
    old: str | None
    rows: int
    facts: dict[str, Any]
    agreement: float | None
    rose: int
    fell: int
    drift: dict[str, float]
    activated: bool


def refit(store: Store, config: Config, *, now: str, who: str, why: str, activate: bool = True) -> Comparison:
    """Fit on the current offers, keep the file, compare, and (with `activate`) put it in force.

    Readings made by the old forest are judged anew by the next `detect`, without notifying. Raises ColdStart where
    there are fewer offers than `forest.min_rows`.
    """
    options = config.thresholds.forest
    rows, days = _offers(store)
    model = fit(rows, options, now=now, days=days, knowledge=config.knowledge_version)
    if model is None:
        raise ColdStart(
            f"cold start: {len(rows)} offers of a chip are known, a forest needs {options.min_rows}; "
            "rules and price alone judge until then (thresholds.toml, forest.min_rows)"
        )
    old = _old(store)
    path = save(model, store.home / "models")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    store.save_model(
        model.version, file=path.name, sha256=digest, fitted_at=now, who=who, why=why, rows=model.rows, facts=model.facts()
    )
    if activate:
        store.activate_model(model.version, now=now)
        store.log_version("model", model.version, who=who, now=now, why=why, content=model.facts())
    return _compare(model, old, rows, config.thresholds.score.forest_from, activate)


def told(done: Comparison, tail: float) -> list[str]:
    """A comparison in words, a line each; `tail` is the one from which strangeness counts."""
    facts = done.facts
    lines = [
        f"forest {done.model}: fitted on {done.rows} offers of {len(facts['sites'])} sites, observed {facts['first'][:10]} to {facts['last'][:10]}"
    ]
    if done.old is None:
        lines.append("there was none before it")
    else:
        moved = [f"{_WORDS.get(name, name)} {index:.2f}" for name, index in list(done.drift.items())[:3]]
        lines += [
            f"beside {done.old}: ranks agree to {done.agreement:.2f} (1 is alike); {done.rose} offers more and {done.fell} fewer"
            f" are stranger than {100 * (1 - tail):g} % of their peers",
            f"what has moved most since {done.old} was fitted: {', '.join(moved) if moved else 'nothing'} (0.25 asks for a refit)",
        ]
    lines.append(
        f"{done.model} is in force now" if done.activated else "nothing was changed; `chipwatch detect --refit` puts it in force"
    )
    return lines


_WORDS = {feature.name: feature.name_words for feature in FEATURES}


def row_of(offer: dict[str, Any]) -> Row:
    """A stored offer, with its site and features, as the forest sees it."""
    known = offer["features"]["figures"]
    return Row(offer["site"], offer["features"]["segment"], {name: math.nan if known.get(name) is None else known[name] for name in NAMES})


def _offers(store: Store) -> tuple[list[Row], tuple[str, str]]:
    rows, seen = [], []
    for offer in store.offers_for_fit():
        rows.append(row_of(offer))
        seen.append(offer["observed_at"])
    step = max(len(rows) / FIT_ROWS, 1)
    chosen = [rows[int(at * step)] for at in range(int(len(rows) / step))]
    return chosen, (min(seen, default=""), max(seen, default=""))


def _old(store: Store) -> Model | None:
    try:
        return model_in_force(store)
    except DetectError:
        return None  # a forest that cannot be read is a reason to refit, not an obstacle


def _compare(model: Model, old: Model | None, rows: list[Row], tail: float, activated: bool) -> Comparison:
    facts = model.facts()
    if old is None:
        return Comparison(model.version, None, len(rows), facts, None, 0, 0, {}, activated)
    from scipy.stats import spearmanr

    new_words, old_words = model.opinions(rows, 0.0), old.opinions(rows, 0.0)
    agreement = float(spearmanr([w.score for w in new_words], [w.score for w in old_words]).statistic)
    pairs = [(a.tail <= tail, b.tail <= tail) for a, b in zip(new_words, old_words, strict=True)]
    return Comparison(
        model.version, old.version, len(rows), facts, round(agreement, 4), sum(a and not b for a, b in pairs),
        sum(b and not a for a, b in pairs), dict(list(drifted(old, rows, 0.0).items())[:SHOWN]), activated,
    )  # fmt: skip
