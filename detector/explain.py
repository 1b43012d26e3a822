"""A judgement in words: why an offer was flagged, and why another was not. Works on stored readings; loads nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detector.features import FEATURES

if TYPE_CHECKING:
    from config.loader import Config
    from config.schema.signals import Card
    from config.schema.thresholds import Pair

_MEANINGS = {feature.name: feature.meaning for feature in FEATURES}


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
    signals = {signal["signal"]: signal for signal in reversed(document.get("signals") or [])}
    found = [_line(reason, cards, pairs, signals) for reason in document.get("reasons") or []]
    return sorted(found, key=lambda line: (line.evidence == "bias", -abs(line.contribution), line.evidence))


def _line(
    reason: Mapping[str, Any], cards: Mapping[str, Card], pairs: Mapping[str, Pair], signals: Mapping[str, Mapping[str, Any]]
) -> Line:
    name, contribution = reason["evidence"], float(reason["contribution"])
    if name == "bias":
        return Line(name, "starting point", "how rarely a restricted chip on offer is a red flag", contribution)
    if name == "forest":
        return Line(name, "odd figures", forest_words(reason.get("detail") or {}), contribution)
    if name in pairs:
        return Line(name, pairs[name].title, pairs[name].why, contribution, tuple(pairs[name].innocent))
    card = cards.get(name)
    words = _signal_words(signals.get(name, {}), reason)
    if card is None:
        return Line(name, name.replace("_", " "), words, contribution)
    return Line(name, card.title, words, contribution, tuple(card.innocent), tuple(card.next))


def _signal_words(signal: Mapping[str, Any], reason: Mapping[str, Any]) -> str:
    if signal.get("text"):
        return f"“{signal['text']}” in {signal.get('field') or 'text'}"
    detail = signal.get("detail") or reason.get("detail")
    if isinstance(detail, str):
        return detail
    if signal.get("value") is not None:
        return f"{signal['value']:g}, expected {signal.get('expected')}, n {signal.get('n')}"
    return str(detail) if detail else "follows from the listing's fields"


def forest_words(detail: Mapping[str, Any]) -> str:
    """The forest's reason: how rare, and because of which figures."""
    tail = detail.get("tail")
    rare = f"stranger than {100 * (1 - tail):.1f} % of the offers the forest knows" if tail is not None else "strange"
    named = [
        f"{_MEANINGS.get(part['feature'], part['feature'])} {'missing' if part['value'] is None else format(part['value'], '+.2f')} "
        f"({part['share']:+.2f})"
        for part in (detail.get("features") or [])[:3]
    ]
    return f"{rare}: {'; '.join(named)}" if named else rare


def why_not(document: Mapping[str, Any], config: Config) -> list[str]:
    """Why an offer carries no alert: what it is, what was looked at, and how far it is from the threshold."""
    notes = document.get("notes") or {}
    if notes.get("judge"):
        return [f"not judged: {notes['judge']}"]
    cuts = config.thresholds.severity
    score = float(document.get("score") or 0.0)
    out = [f"score {score:.2f}; alerts begin at {cuts.medium:g} (medium) and {cuts.high:g} (high)"]
    held = [reason["evidence"] for reason in document.get("reasons") or [] if reason["evidence"] != "bias" and reason["contribution"] > 0]
    out.append(f"evidence for: {', '.join(held)}" if held else "no signal holds")
    if notes.get("price"):
        out.append(f"no price sign: {notes['price']}")
    elif document.get("price") and document["price"].get("unit_usd") is not None and not any("market" in name for name in held):
        out.append(f"unit price ${document['price']['unit_usd']:,.2f} lies within the market's usual range{_market(document)}")
    if notes.get("forest"):
        out.append(notes["forest"])
    return out


def _market(document: Mapping[str, Any]) -> str:
    market = document.get("market") or {}
    if not market.get("centre"):
        return ""
    return f" (reference ${market['centre']:,.2f}, {market['n']} peers, {market['segment']})"
