"""What a threshold or a weight would do, seen on the desk's own history before it is set. Nothing here stores anything.

History is a list of `Past`: each current offer that was judged, with what is needed to judge it again and the decision
that stands on it. Storage and writing of config are in `detector.apply`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from detector.judge import SEVERITIES, Judge

Z = 1.96
"""Normal quantile of 95 % intervals."""

RIGHT, WRONG = ("confirm", "escalate"), ("dismiss",)


@dataclass(frozen=True, slots=True)
class Past:
    """One judged offer of the history. `decision` is confirm, escalate, dismiss or None while undecided."""

    listing: str
    title: str
    site: str
    day: str
    """When it was observed, YYYY-MM-DD."""
    score: float
    severity: str
    evidence: tuple[str, ...]
    replay: Mapping[str, Any]
    decision: str | None = None
    decided_at: str | None = None
    drawn: bool = False
    """It was no alert when it was decided on, but drawn at random by a digest."""

    @property
    def right(self) -> bool | None:
        """Whether a person found it worth an alert; None while undecided."""
        return True if self.decision in RIGHT else False if self.decision in WRONG else None


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its 95 % Wilson interval; value None where nothing was decided."""

    good: int
    n: int
    value: float | None
    low: float
    high: float


def rate(good: int, n: int) -> Rate:
    """Wilson's interval: sound for few decisions and for shares near 0 and 1."""
    if n == 0:
        return Rate(0, 0, None, 0.0, 1.0)
    return Rate(good, n, good / n, *wilson(good / n, n))


def wilson(p: float, n: float) -> tuple[float, float]:
    """Bounds of a share `p` seen in `n`, which may be an effective number of weighted ones."""
    z2 = Z * Z
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return max(middle - half, 0.0), min(middle + half, 1.0)


@dataclass(frozen=True, slots=True)
class Point:
    """What a threshold at `score` would give: alerts a day, and precision among the decided ones over it."""

    score: float
    alerts: int
    per_day: float
    precision: Rate


def curve(history: Sequence[Past]) -> list[Point]:
    """A point for each distinct score, highest first."""
    days = _days(history)
    out, alerts, good, decided = [], 0, 0, 0
    ordered = sorted(history, key=lambda past: -past.score)
    for at, past in enumerate(ordered):
        alerts, good, decided = alerts + 1, good + (past.right is True), decided + (past.right is not None)
        if at + 1 == len(ordered) or ordered[at + 1].score != past.score:
            out.append(Point(past.score, alerts, alerts / days, rate(good, decided)))
    return out


def _days(history: Sequence[Past]) -> int:
    """Days that the history covers; a desk that crawled on three days has three days of alerts."""
    return max(len({past.day for past in history}), 1)


@dataclass(frozen=True, slots=True)
class Proposal:
    """The threshold that keeps a budget or reaches a precision, and why. `threshold` None where none does."""

    threshold: float | None
    point: Point | None
    why: str


def propose(history: Sequence[Past], *, budget_per_day: float | None = None, precision: float | None = None) -> Proposal:
    """The lowest threshold that stays within the budget and whose precision is at least the wanted one, whichever is given.

    For a precision the lower end of the interval is shown beside; fewer than five decisions over a score propose nothing.
    """
    fitting, wishes = [point for point in curve(history) if point.score > 0], []
    if budget_per_day is not None:
        fitting = [point for point in fitting if point.per_day <= budget_per_day]
        wishes.append(f"at most {budget_per_day:g} alerts a day")
    if precision is not None:
        fitting = [p for p in fitting if p.precision.n >= 5 and (p.precision.value or 0) >= precision]
        wishes.append(f"a precision of {precision:g} among decided alerts")
    wish = " and ".join(wishes)
    if not fitting:
        return Proposal(None, None, f"no score gives {wish} on {len(history)} judged offers")
    best = fitting[-1]
    shown = f"{best.per_day:.1f} alerts a day, precision {_words(best.precision)}"
    return Proposal(best.score, best, f"score {best.score:g} gives {wish}: {shown}")


def _words(share: Rate) -> str:
    return "unknown" if share.value is None else f"{share.value:.2f} ({share.low:.2f} to {share.high:.2f}, n {share.n})"


@dataclass(frozen=True, slots=True)
class Change:
    """One offer whose alert would appear or vanish."""

    past: Past
    score: float
    severity: str


@dataclass(frozen=True, slots=True)
class Replay:
    """What a change of thresholds or weights would do to the history."""

    judged: int
    alerts_before: int
    alerts_after: int
    appear: tuple[Change, ...]
    vanish: tuple[Change, ...]

    @property
    def lost(self) -> tuple[Change, ...]:
        """Confirmed or escalated ones among those that would vanish."""
        return tuple(change for change in self.vanish if change.past.right)


def replay(history: Sequence[Past], judge: Judge) -> Replay:
    """Judge the history again under another judge: exact for weights, cuts, pairs and severities."""
    before = after = 0
    appear: list[Change] = []
    vanish: list[Change] = []
    for past in history:
        score, severity, _ = judge.again(past.replay)
        was, will = alerting(past.severity), alerting(severity)
        before, after = before + was, after + will
        if was != will:
            (appear if will else vanish).append(Change(past, score, severity))
    for changes in (appear, vanish):
        changes.sort(key=lambda change: (-max(change.score, change.past.score), change.past.listing))
    return Replay(len(history), before, after, tuple(appear), tuple(vanish))


def alerting(severity: str) -> bool:
    """Whether a severity makes an alert."""
    return SEVERITIES.index(severity) >= SEVERITIES.index("medium")


@dataclass(frozen=True, slots=True)
class Precision:
    """Precision of one signal, site or severity in a month (`period` YYYY-MM, "" for all time)."""

    by: str
    value: str
    period: str
    precision: Rate


def report(history: Iterable[Past]) -> list[Precision]:
    """Precision among decided alerts by signal, site and severity, over all and by the month of the decision.

    What a digest drew at random was no alert: it tells what is missed, and of no signal how often its alerts are right.
    """
    counts: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for past in history:
        if past.right is None or past.drawn:
            continue
        keys = [("site", past.site), ("severity", past.severity), *(("signal", name) for name in past.evidence)]
        for by, value in keys:
            for period in ("", (past.decided_at or "")[:7]):
                count = counts[by, value, period]
                count[0] += past.right
                count[1] += 1
    return [Precision(*key, rate(*count)) for key, count in sorted(counts.items())]


@dataclass(frozen=True, slots=True)
class WeightProposal:
    """A weight as shipped, as it is and as the decisions would have it; `n` decided offers carried the evidence, `key` is what sets it."""

    evidence: str
    key: str
    shipped: float
    now: float
    proposed: float
    n: int


PRIOR_SPREAD = 1.0
"""How far (log-odds) a card's weight may plausibly be off before any decision: about a factor e in the odds."""


def estimate_weights(history: Sequence[Past], judge: Judge, prior: Judge) -> list[WeightProposal]:
    """Weights that all decisions speak for, with those of `prior`, which no decision has moved, as prior (normal, PRIOR_SPREAD).

    The most probable weights of a logistic regression over the decided offers, bias and forest held; evidence never
    decided on keeps its weight. The weights in force, those of `judge`, have no part in it: with them as prior each round
    would count the same decisions again. That alerts alone are decided does no harm: which offers are seen depends on their
    evidence, and that is in the regression. Shown, never applied.
    """
    import numpy as np

    decided = [(past, prior.again(past.replay)[2]) for past in history if past.right is not None]
    names = sorted({r.evidence for _, reasons in decided for r in reasons if r.evidence not in ("bias", "forest")})
    if not names:
        return []
    weights = {r.evidence: r.weight for _, reasons in decided for r in reasons}
    X = np.array([[{r.evidence: r.value for r in reasons}.get(name, 0.0) for name in names] for _, reasons in decided])
    rest = np.array([sum(r.contribution for r in reasons if r.evidence in ("bias", "forest")) for _, reasons in decided])
    y = np.array([float(past.right or False) for past, _ in decided])
    found = _most_probable(X, rest, y, np.array([weights[name] for name in names]))
    counts = (X != 0).sum(axis=0)
    pairs = {pair.id: pair.weight for pair in judge.thresholds.pair}
    return [
        WeightProposal(
            name, f"{'pair' if name in pairs else 'weight'}.{name}", weights[name], pairs.get(name, judge.weights[name]),
            round(float(new), 2), int(n),
        )
        for name, new, n in zip(names, found, counts, strict=True)
    ]  # fmt: skip


def effects(
    history: Sequence[Past], proposals: Sequence[WeightProposal], judge_with: Callable[[dict[str, Any]], Judge]
) -> list[Replay]:
    """What each proposal alone would do to the history, and last what all of them together would. Empty without proposals."""
    changes = [{one.key: one.proposed} for one in proposals]
    if not changes:
        return []
    whole = {key: value for change in changes for key, value in change.items()}
    return [replay(history, judge_with(change)) for change in [*changes, whole]]


def _most_probable(X: Any, rest: Any, y: Any, prior: Any) -> Any:
    """Newton's steps to the mode of a logistic likelihood times a normal prior."""
    import numpy as np

    w = prior.copy()
    ridge = np.eye(len(w)) / PRIOR_SPREAD**2
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(rest + X @ w, -30, 30)))
        gradient = X.T @ (y - p) - ridge @ (w - prior)
        step = np.linalg.solve(X.T @ (X * (p * (1 - p))[:, None]) + ridge, gradient)
        w = w + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-8:
            break
    return w
