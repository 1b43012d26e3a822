"""A judgement in words: why an offer was flagged, and why another was not. Works on stored readings; loads nothing heavy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detector.features import FEATURES, Feature
from detector.judge import log_odds
from detector.market import seen_words
from detector.others import MOST_RECENT

if TYPE_CHECKING:
    from config.loader import Config
    from config.schema.signals import Card
    from config.schema.thresholds import Pair

_FEATURES = {feature.name: feature for feature in FEATURES}


@dataclass(frozen=True, slots=True)
class Line:
    """One reason for a person: what, in which words or figures, how much of the score, and what may be innocent."""

    evidence: str
    title: str
    words: str
    contribution: float
    innocent: tuple[str, ...] = ()
    next: tuple[str, ...] = ()


def lines(document: Mapping[str, Any], config: Config) -> list[Line]:
    """The reasons of a judged reading ('Reading (out)'), heaviest first, the bias last."""
    cards: dict[str, Card] = {card.id: card for card in config.signals.signal}
    pairs: dict[str, Pair] = {pair.id: pair for pair in config.thresholds.pair}
    signals: dict[str, list[Mapping[str, Any]]] = {}
    for signal in document.get("signals") or []:
        signals.setdefault(signal["signal"], []).append(signal)
    found = [_line(reason, cards, pairs, signals) for reason in document.get("reasons") or []]
    return sorted(found, key=lambda line: (line.evidence == "bias", -abs(line.contribution), line.evidence))


def _line(
    reason: Mapping[str, Any],
    cards: Mapping[str, Card],
    pairs: Mapping[str, Pair],
    signals: Mapping[str, Sequence[Mapping[str, Any]]],
) -> Line:
    name, contribution = reason["evidence"], float(reason["contribution"])
    if name == "bias":
        return Line(
            name, "starting point", "how rarely a restricted chip on offer is a red flag", contribution
        )
    if name == "forest":
        return Line(name, "odd figures", forest_words(reason.get("detail") or {}), contribution)
    if name in pairs:
        return Line(name, pairs[name].title, pairs[name].why, contribution, tuple(pairs[name].innocent))
    card = cards.get(name)
    words = _signal_words(signals.get(name) or [{}], reason)
    if card is None:
        return Line(name, name.replace("_", " "), words, contribution)
    return Line(name, card.title, words, contribution, tuple(card.innocent), tuple(card.next))


def _signal_words(signals: Sequence[Mapping[str, Any]], reason: Mapping[str, Any]) -> str:
    signal = signals[0]
    if signal.get("text"):
        return _quoted(signals)
    detail = signal.get("detail") or reason.get("detail")
    if isinstance(detail, str):
        return detail
    if signal.get("value") is not None:
        return figure_words(signal)
    if detail:
        return str(detail)
    return f"by the listing's {signal['field'].replace('_', ' ')}" if signal.get("field") else "follows from the listing's fields"


def _quoted(signals: Sequence[Mapping[str, Any]]) -> str:
    """The words a signal stands on, each once, by the field they stand in."""
    places: dict[str, dict[str, None]] = {}
    for signal in signals:
        if signal.get("text"):
            places.setdefault(signal.get("field") or "text", {})[f"“{signal['text']}”"] = None
    told = [f"{', '.join(list(texts)[:QUOTED])} in {field.replace('_', ' ')}" for field, texts in places.items()]
    return "; ".join(told)


def figure_words(signal: Mapping[str, Any]) -> str:
    """A signal's figure: what is, and what would be expected where that is known; how many it is seen from."""
    value, expected, n = signal["value"], signal.get("expected"), signal.get("n") or 0
    if signal["signal"] == "repeated_text":
        # The search ends there: the next one was not looked for.
        more = " or more" if n >= MOST_RECENT else ""
        return f"{n}{more} other listing{'' if n == 1 else 's'} with a text {100 * value:.0f} % alike"
    return f"{value:g}" + (f" where {expected:g} is usual" if expected else "") + (f", from {n}" if n > 1 else "")


def forest_words(detail: Mapping[str, Any]) -> str:
    """The forest's reason: how rare, and because of which figures."""
    tail = detail.get("tail")
    rare = (
        f"stranger than {100 * (1 - tail):.1f} % of the offers the forest knows"
        if tail is not None
        else "strange"
    )
    named = [_part_words(part) for part in (detail.get("features") or [])[:3]]
    return f"{rare}: {'; '.join(named)}" if named else rare


def _part_words(part: Mapping[str, Any]) -> str:
    """One figure of the forest's reason against what is usual in its market segment; exact values stand in the reading."""
    feature, value = _FEATURES.get(part["feature"]), part["value"]
    if feature is None:
        return f"{part['feature']} {'not stated' if value is None else format(value, '+.2f')}"
    return f"{feature.name_words}: {'not stated' if value is None else _against_usual(feature, float(value))}"


def _against_usual(feature: Feature, value: float) -> str:
    if feature.scale == "share":
        return f"{100 * abs(value):.0f} points {'above' if value > 0 else 'below'} the usual" if feature.relative else f"{100 * value:.0f} %"
    if feature.scale == "spreads":
        return f"{abs(value):.1f} usual spreads {'above' if value > 0 else 'below'} it"
    if feature.scale == "count":
        return f"{abs(value):.2g} {'above' if value > 0 else 'below'} the usual"
    times = {"tens": 10.0, "doublings": 2.0, "log": math.e}[feature.scale] ** value
    what = "the usual" if feature.relative else "it"
    if times < 1:
        return f"about {100 * times:.2g} % of {what}"
    return f"about {times:.{0 if times >= 10 else 1}f} times {what}"


def score_words(score: float) -> str:
    """A score to two digits; what is nearly sure is not shown as sure."""
    return ">.99" if score > 0.995 else f"{score:.2f}"


QUOTED = 4
"""Quotes of one signal and field that a reason tells; the alert's page has all."""

LOWERING = 3
"""Reasons named that would each lower an alert."""

NEARLY_ONE = 0.99
"""From here on what is added to the sum no longer shows in the score."""


def why_not(document: Mapping[str, Any], config: Config, country: str | None = None) -> list[str]:
    """Why an offer scores no higher: how far the next severity is, what speaks against it, what was looked for and not found; and of
    an alert what would lower it.

    `country` is the listing's.

    What speaks for an alert stands among its reasons (`lines`); here only what was too weak to make one is named.
    """
    notes = document.get("notes") or {}
    if notes.get("judge"):
        return [f"not judged: {notes['judge']}"]
    score = float(document.get("score") or 0.0)
    reasons = [reason for reason in document.get("reasons") or [] if reason["evidence"] != "bias"]
    held = [reason["evidence"] for reason in reasons if reason["contribution"] > 0]
    out = [_distance(score, config), *_lower(document, score, config)]
    if score < config.thresholds.severity.medium:
        out.append(f"evidence for: {', '.join(held)}" if held else "no signal holds")
    out += [*_against(reasons, config), *_shared(reasons, config)]
    out += _without_price(document, held, config)
    out += _without_destination(held, config, country)
    if score < NEARLY_ONE and (absent := _strong_signs(config) - {*held, *_price_signs(config)}):
        titles = {card.id: card.title for card in config.signals.signal}
        out.append(f"no strong sign of these was found: {', '.join(sorted(titles[name] for name in absent))}")
    if notes.get("forest"):
        out.append(notes["forest"])
    elif any(reason["evidence"] == "forest" and not reason["contribution"] for reason in reasons):
        out.append("its figures are no odder than those of its peers")
    return out


def _distance(score: float, config: Config) -> str:
    """How far the next severity is: in score, and in log-odds, in which evidence adds up."""
    cuts = config.thresholds.severity
    if score >= max(NEARLY_ONE, cuts.high):
        return f"score {score_words(score)}: there is nothing higher"
    if score >= cuts.high:
        return f"score {score:.2f}: of high severity, the highest, from {cuts.high:g} on; further signs would only move it up the list"
    if score >= cuts.medium:
        gap = log_odds(cuts.high) - log_odds(score)
        return f"score {_under(score, cuts.high)}: high severity begins at {cuts.high:g}, {gap:.1f} more in log-odds, of which a strong sign gives {config.thresholds.score.strong_from:g} or more"
    return f"score {_under(score, cuts.medium)}; alerts begin at {cuts.medium:g} (medium) and {cuts.high:g} (high)"


def _lower(document: Mapping[str, Any], score: float, config: Config) -> list[str]:
    """Which reason, if it fell away, would take an alert below its severity, by what the reasons add up to; one line."""
    cuts = config.thresholds.severity
    if score < cuts.medium:
        return []
    cut, terms = cuts.high if score >= cuts.high else cuts.medium, {r["evidence"]: float(r["contribution"]) for r in document.get("reasons") or []}
    pairs = {pair.id: pair for pair in config.thresholds.pair}
    # A sign that falls away takes the pairs along in which it counts.
    weights = {
        name: share + sum(terms.get(pair.id, 0.0) for pair in pairs.values() if name in pair.signals)
        for name, share in terms.items() if share > 0 and name != "bias" and name not in pairs
    }  # fmt: skip
    titles, total = {"forest": "odd figures"} | {card.id: card.title for card in config.signals.signal}, sum(terms.values())
    told = []
    for name, weight in sorted(weights.items(), key=lambda pair: (-pair[1], pair[0])):
        left = 1 / (1 + math.exp(min(weight - total, 700.0)))
        what = f"without {titles.get(name, name)} ({-weight:+.2f})"
        if left < cut:
            told.append(f"{what} {'no alert' if left < cuts.medium else 'of medium severity'}, {score_words(left)}")
        elif not told:
            return [f"lower: no reason alone; {what}, the strongest, it would still score {score_words(left)}"]
    return [f"lower: {'; '.join(told[:LOWERING])}"] if told else []


def _under(score: float, cut: float) -> str:
    """A score to two digits, or to as many as it takes to show that it is less than `cut`."""
    written = (f"{score:.{digits}f}" for digits in range(2, 7))
    return next((text for text in written if float(text) < cut), f"{score:g}")


def _against(reasons: Sequence[Mapping[str, Any]], config: Config) -> list[str]:
    titles = {card.id: card.title for card in config.signals.signal} | {
        pair.id: pair.title for pair in config.thresholds.pair
    }
    against = [
        f"{titles.get(r['evidence'], r['evidence'])} ({r['contribution']:+.2f})"
        for r in reasons
        if r["contribution"] < 0
    ]
    return [f"speaks against it: {', '.join(against)}"] if against else []


def _shared(reasons: Sequence[Mapping[str, Any]], config: Config) -> list[str]:
    """That weak signs together weigh less than their sum, where there are several."""
    options = config.thresholds.score
    weak = [r for r in reasons if r["evidence"] != "forest" and 0 < r["contribution"] < options.strong_from]
    return (
        [f"of {len(weak)} weak signs one counts in full, the others at {options.again:g}"]
        if len(weak) > 1
        else []
    )


def _without_price(document: Mapping[str, Any], held: Sequence[str], config: Config) -> list[str]:
    """Why the price is no sign; nothing where it is one."""
    note, price = (document.get("notes") or {}).get("price"), document.get("price")
    if note:
        return [f"no price sign: {note}"]
    if price and price.get("unit_usd") is not None and not any("market" in name for name in held):
        return [
            f"unit price ${price['unit_usd']:,.2f} lies within the market's usual range{_market(document, config)}"
        ]
    return []


def _without_destination(held: Sequence[str], config: Config, country: str | None) -> list[str]:
    """Why a place that the law of the day may name is no sign: it is listed as a hub alone."""
    hub = next((place.name for place in config.places.place if place.id == country and place.hub and not place.restricted), None)
    if hub is None or "restricted_destination" in held:
        return []
    return [f"no restricted destination: that sign goes by the desk's list of places, not by the law of the day, and there {hub} is a hub alone"]


def _strong_signs(config: Config) -> set[str]:
    # Of other listings and lists: that nothing was found there says nothing where no list is loaded and no text is known.
    return {card.id for card in config.signals.signal if card.weight >= config.thresholds.score.strong_from and card.kind not in ("network", "votes")}


def _price_signs(config: Config) -> set[str]:
    return {card.id for card in config.signals.signal if card.kind == "figure"}


def _market(document: Mapping[str, Any], config: Config) -> str:
    market = document.get("market") or {}
    if not market.get("centre"):
        return ""
    return f" (reference ${market['centre']:,.2f}, {seen_words(market, config.market.titles)})"
