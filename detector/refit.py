"""Fitting the forest anew: an explicit step, shown beside the forest in force before it takes over."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detector.errors import ChangeError, ColdStart, DetectError
from detector.features import FEATURES, NAMES
from detector.model import Model, Row, drifted, fit, load, save
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
    unreadable: str | None = None
    """Why there is nothing to compare with though a forest is in force."""


def refit(
    store: Store, config: Config, *, now: str, who: str, why: str, activate: bool = True, tell: Callable[[Comparison], None] | None = None
) -> Comparison:
    """Fit on the current offers, keep the file, compare, `tell` the comparison, and only then (with `activate`) put it in force.

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
    old, unreadable = _old(store)
    path = save(model, store.home / "models")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    store.save_model(
        model.version, file=path.name, sha256=digest, fitted_at=now, who=who, why=why, rows=model.rows, facts=model.facts()
    )
    done = _compare(model, old, unreadable, rows, config.thresholds.score.forest_from, activate)
    if tell is not None:
        tell(done)
    if activate:
        _activate(store, model.version, model.facts(), now=now, who=who, why=why)
    return done


def put_back(store: Store, name: str, *, now: str, who: str, why: str) -> str:
    """Put a forest that was fitted before in force again, by its version or the beginning of it; the whole version.

    Readings are judged anew by the next `detect`. Raises ChangeError where no forest, or more than one, is called so, or it is in
    force, and ModelError where it cannot be read.
    """
    kept = {row["id"]: row for row in store.models()}
    of = [row for version, row in kept.items() if name and version.startswith(name)]
    if len(of) != 1:
        known = ", ".join(f"{version} (fitted {row['fitted_at'][:10]}, {row['why']})" for version, row in kept.items())
        raise ChangeError(f"{name!r}: {'more than one forest begins so' if of else 'no forest is called so'}; known are: {known or 'none'}")
    (row,) = of
    if (now_in_force := store.active_model()) is not None and now_in_force["id"] == row["id"]:
        raise ChangeError(f"{row['id']}: in force already, nothing was changed")
    load(store.home / "models" / row["file"], row["sha256"])
    _activate(store, row["id"], row["facts"], now=now, who=who, why=why)
    return str(row["id"])


def _activate(store: Store, version: str, facts: dict[str, Any], *, now: str, who: str, why: str) -> None:
    with store.transaction():
        store.activate_model(version, now=now)
        store.log_version("model", version, who=who, now=now, why=why, content=facts)


def told(done: Comparison, tail: float) -> list[str]:
    """A comparison in words, a line each; `tail` is the one from which strangeness counts."""
    facts = done.facts
    lines = [
        f"forest {done.model}: fitted on {done.rows} offers of {len(facts['sites'])} sites, observed {facts['first'][:10]} to {facts['last'][:10]}"
    ]
    if done.unreadable is not None:
        lines.append(f"nothing stands beside it: the forest in force could not be read ({done.unreadable})")
    elif done.old is None:
        lines.append("there was none before it")
    else:
        moved = [f"{_WORDS.get(name, name)} {index:.2f}" for name, index in list(done.drift.items())[:3]]
        lines += [
            f"beside {done.old}: ranks agree to {done.agreement:.2f} (1 is alike); {done.rose} offers more and {done.fell} fewer"
            f" are stranger than {100 * (1 - tail):g} % of their peers",
            f"what has moved most since {done.old} was fitted: {', '.join(moved) if moved else 'nothing'} (0.25 asks for a refit)",
        ]
    lines.append(
        f"{done.model} takes over" if done.activated else f"nothing was changed; `chipwatch detect --model {done.model}` puts it in force"
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


def _old(store: Store) -> tuple[Model | None, str | None]:
    """The forest in force, or why it cannot be read: a reason to refit, not an obstacle."""
    try:
        return model_in_force(store), None
    except DetectError as error:
        return None, str(error)


def _compare(model: Model, old: Model | None, unreadable: str | None, rows: list[Row], tail: float, activated: bool) -> Comparison:
    facts = model.facts()
    if old is None:
        return Comparison(model.version, None, len(rows), facts, None, 0, 0, {}, activated, unreadable)
    from scipy.stats import spearmanr

    new_words, old_words = model.opinions(rows, 0.0), old.opinions(rows, 0.0)
    agreement = float(spearmanr([w.score for w in new_words], [w.score for w in old_words]).statistic)
    pairs = [(a.tail <= tail, b.tail <= tail) for a, b in zip(new_words, old_words, strict=True)]
    return Comparison(
        model.version, old.version, len(rows), facts, round(agreement, 4), sum(a and not b for a, b in pairs),
        sum(b and not a for a, b in pairs), dict(list(drifted(old, rows, 0.0).items())[:SHOWN]), activated,
    )  # fmt: skip
