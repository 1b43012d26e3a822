"""From a reading to a score: an exact sum of reasons.

`score = sigmoid(bias + sum of contributions)`. Evidence is the signals, the two tails of the price, named pairs of
signals and the forest's strangeness. A contribution of at least `strong_from` stands by itself. Weak signs come
together in honest trade too, so the heaviest of them counts in full and every other one at the share `again`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from detector.comparable import why_not_compared
from detector.market import Answer, NotEnough, Reference, is_fault, market_record, seen_words, short
from detector.others import ASIDE
from detector.reading.model import Signal

if TYPE_CHECKING:
    from config.loader import Config
    from config.schema.market import Market
    from config.schema.thresholds import PriceCuts, Thresholds
    from detector.reading.model import Reading

SEVERITIES = ("none", "low", "medium", "high")

MOST_DOUBT = 1.5
"""Log-odds that doubt in the offer counts at most: what the text proves stays an alert, for terse and furtive offers are the least like one."""
DEAR_WHERE_NORMAL = 0.5
"""Strength of a dear price in a region where restricted chips sell above the world's price."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One term of the sum: `contribution` = value * weight, in log-odds. `detail` says it in words and figures."""

    evidence: str
    value: float
    weight: float
    contribution: float
    detail: Any = None

    def to_dict(self) -> dict[str, Any]:
        out = {
            "evidence": self.evidence, "value": self.value, "weight": self.weight, "contribution": self.contribution,
        }  # fmt: skip
        return out if self.detail is None else {**out, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class Opinion:
    """The forest's word on one offer: tail probability, and each feature's share of the strangeness, largest first.

    A share is (feature, share, value); value None is a missing figure.
    """

    tail: float
    score: float
    shares: tuple[tuple[str, float, float | None], ...]
    model: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """A judged offer. `signals` are the reading's and those that figures and other listings added."""

    score: float
    severity: str
    reasons: tuple[Reason, ...]
    signals: tuple[Signal, ...]
    notes: dict[str, str]
    """Why a kind of evidence is absent: price, forest."""


class Weights:
    """What each piece of evidence weighs: the desk's own rows over the cards."""

    def __init__(self, cards: Mapping[str, float], thresholds: Thresholds) -> None:
        self.default = thresholds.score.default_weight
        self.table = {**cards, **{row.id: row.weight for row in thresholds.weight}}

    def __getitem__(self, evidence: str) -> float:
        return self.table.get(evidence, self.default)


class Judge:
    """Judges readings under one set of thresholds and weights."""

    def __init__(self, thresholds: Thresholds, cards: Mapping[str, float], market: Market) -> None:
        self.thresholds, self.forming, self.titles = thresholds, market.forming, market.titles
        self.weights = Weights(cards, thresholds)

    @classmethod
    def from_config(cls, config: Config) -> Judge:
        """The judge of a home's config."""
        return cls(config.thresholds, {card.id: card.weight for card in config.signals.signal}, config.market)

    def judge(
        self,
        reading: Reading,
        answer: Answer,
        opinion: Opinion | None = None,
        others: Iterable[Signal] = (),
        *,
        dear_is_normal: bool = False,
    ) -> Judgement:
        """Score, severity and reasons of one offer. `others` are signals from other listings and lists."""
        price, price_note = self.price_signals(reading, answer, dear_is_normal=dear_is_normal)
        evidence = (*reading.signals, *others, *price, *self._doubt(reading.goods))
        signals = tuple(signal for signal in evidence if signal.signal not in ASIDE)
        notes = {"price": price_note} if price_note else {}
        idle = nothing_to_judge(reading)
        if idle is not None:
            return Judgement(0.0, "none", (), signals, {**notes, "judge": idle})
        if opinion is None:
            notes["forest"] = "cold start: no forest knows this site yet, rules and price alone judge"
        reasons = self._reasons(evidence, opinion)
        score = score_of(reasons)
        return Judgement(score, self.severity(score), reasons, signals, notes)

    def _doubt(self, goods: float | None) -> tuple[Signal, ...]:
        """What speaks against an alert where a chip may not be offered at all: the log-odds that its probability lacks of a sure one."""
        sure = self.thresholds.score.sure_offer
        if goods is None or goods >= sure:
            return ()
        lacking = min(log_odds(sure) - log_odds(goods), MOST_DOUBT)
        return (Signal("doubtful_offer", strength=round(lacking, 4), detail=f"that a chip is offered at all: {goods:.0%} by all that the listing shows"),)

    def severity(self, score: float) -> str:
        """none, low, medium or high."""
        cuts = self.thresholds.severity
        return SEVERITIES[(score >= cuts.low) + (score >= cuts.medium) + (score >= cuts.high)]

    def price_signals(
        self, reading: Reading, answer: Answer, *, dear_is_normal: bool = False
    ) -> tuple[tuple[Signal, ...], str | None]:
        """Signals of the two price tails, and why there are none where that is not plain."""
        why = why_not_compared(reading)
        if why is not None:
            return (), why
        if isinstance(answer, NotEnough):
            return (), f"not enough peers: {answer.reason}"
        assert reading.price is not None and reading.price.unit_usd is not None
        return self.compare(float(reading.price.unit_usd), reading.offer, answer, dear_is_normal=dear_is_normal)

    def compare(
        self, usd: float, offer: str, answer: Reference, *, dear_is_normal: bool
    ) -> tuple[tuple[Signal, ...], str | None]:
        """Signals of a comparable unit price against its reference."""
        if is_fault(usd, answer, self.forming):
            return (), f"{usd:.6g} USD is more than {self.forming.fault_ratio:g} times off: taken as a misread price"
        found = [
            Signal(
                name, value=short(usd), expected=short(expected), n=answer.n, strength=strength,
                detail=price_words(usd, expected, answer, self.titles),
            )
            for name, strength, expected in _tails(usd, offer, answer, self.thresholds.price, dear_is_normal)
        ]  # fmt: skip
        return tuple(found), None

    def again(self, replay: Mapping[str, Any]) -> tuple[float, str, tuple[Reason, ...]]:
        """Score, severity and reasons from what a run kept of an offer, under this judge's thresholds and weights."""
        signals = [Signal(name, strength=strength) for name, strength in replay["evidence"]]
        if replay["usd"] is not None and replay["market"] is not None:
            low, high, spread, n = replay["market"]
            reference = Reference(low, high, spread, n, "", 0, None)
            signals += self.compare(replay["usd"], replay["offer"], reference, dear_is_normal=replay["dear"])[0]
        signals += self._doubt(replay.get("goods"))
        opinion = None if replay["tail"] is None else Opinion(replay["tail"], 0.0, (), "")
        reasons = self._reasons(tuple(signals), opinion)
        score = score_of(reasons)
        return score, self.severity(score), reasons

    def _reasons(self, signals: tuple[Signal, ...], opinion: Opinion | None) -> tuple[Reason, ...]:
        strongest: dict[str, Signal] = {}
        for signal in signals:
            if signal.signal not in strongest or signal.strength > strongest[signal.signal].strength:
                strongest[signal.signal] = signal
        raw = [self._term(name, s.strength, _detail(s)) for name, s in sorted(strongest.items())]
        raw += [
            _reason(pair.id, 1.0, pair.weight, pair.title)
            for pair in self.thresholds.pair
            if all(name in strongest for name in pair.signals)
        ]
        reasons = self._weigh(raw)
        if opinion is not None:
            reasons.append(self._forest(opinion))
        reasons.sort(key=lambda reason: (-abs(reason.contribution), reason.evidence))
        return (_reason("bias", 1.0, self.thresholds.score.bias), *reasons)

    def _term(self, name: str, strength: float, detail: Any) -> Reason:
        return _reason(name, strength, self.weights[name], detail)

    def _weigh(self, raw: list[Reason]) -> list[Reason]:
        """Strong and negative terms as they are; of the weak ones the heaviest in full, the others at a share."""
        score = self.thresholds.score
        weak = [r for r in raw if 0 < r.contribution < score.strong_from]
        weak.sort(key=lambda reason: (-reason.contribution, reason.evidence))
        again = {r.evidence for r in weak[1:]}
        return [
            _reason(r.evidence, r.value * score.again, r.weight, r.detail) if r.evidence in again else r for r in raw
        ]

    def _forest(self, opinion: Opinion) -> Reason:
        score = self.thresholds.score
        value = min(max(math.log10(score.forest_from / opinion.tail), 0.0), score.forest_cap)
        shares = [
            {"feature": name, "share": round(share, 4), "value": None if value is None else round(value, 4)}
            for name, share, value in opinion.shares
        ]
        return _reason("forest", value, score.forest, {"tail": round(opinion.tail, 6), "features": shares, "model": opinion.model})


def nothing_to_judge(reading: Reading) -> str | None:
    """Why an offer carries no score whatever its signals; None where it is to be judged."""
    if reading.offer not in ("sale", "rental"):
        return f"{reading.offer}: no chip is offered"
    if not reading.chips:
        return "no chip of the catalogue is offered"
    if not reading.restricted:
        return "no offered chip needs a licence on the observation date"
    return None


def score_of(reasons: Iterable[Reason]) -> float:
    """The score that the reasons add up to, rounded to six places."""
    return round(sigmoid(sum(reason.contribution for reason in reasons)), 6)


def log_odds(probability: float) -> float:
    """Probability to log-odds, finite at 0 and 1."""
    inside = min(max(probability, 1e-9), 1 - 1e-9)
    return math.log(inside / (1 - inside))


def sigmoid(x: float) -> float:
    """Log-odds to probability, without overflow."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def price_words(usd: float, expected: float, reference: Reference, titles: Mapping[str, str]) -> str:
    """The comparison in words: price, share of the market, peers, window, segment."""
    expected = short(expected)  # as the reading's `market` has it, so that a share is the same wherever it is shown
    seen = seen_words(market_record(reference), titles)
    return f"unit price ${usd:,.{2 if usd < 100 else 0}f}, {100 * usd / expected:.0f} % of the market's ${expected:,.{2 if expected < 100 else 0}f}, {seen}"


def _tails(
    usd: float, offer: str, reference: Reference, cuts: PriceCuts, dear_is_normal: bool
) -> Iterable[tuple[str, float, float]]:
    """(signal, strength, expected) for the tails that the price stands in."""
    below, above = reference.below(usd), reference.above(usd)
    cheap = "rental_below_market" if offer == "rental" else "price_below_market"
    if below <= cuts.below:
        scam = below < cuts.scam
        yield cheap, cuts.scam_strength if scam else round(1 + cuts.depth * math.log(cuts.below / below), 4), reference.low
        if scam:
            yield "probable_scam", 1.0, reference.low
    elif below <= cuts.somewhat_below:
        yield cheap, cuts.somewhat_strength, reference.low
    elif above > cuts.above:
        yield "price_above_market", DEAR_WHERE_NORMAL if dear_is_normal else 1.0, reference.high


def _reason(evidence: str, value: float, weight: float, detail: Any = None) -> Reason:
    return Reason(evidence, round(value, 6), weight, round(round(value, 6) * weight, 6), detail)


def _detail(signal: Signal) -> Any:
    return signal.detail if signal.detail is not None else signal.text


def with_judgement(reading: Reading, judgement: Judgement, versions: Mapping[str, str | None]) -> dict[str, Any]:
    """The exchange form 'Reading (out)'."""
    record = replace(reading, signals=judgement.signals, notes={**reading.notes, **judgement.notes}).to_dict()
    return {
        **record,
        "score": judgement.score, "severity": judgement.severity,
        "reasons": [reason.to_dict() for reason in judgement.reasons],
        "versions": dict(versions),
    }  # fmt: skip
