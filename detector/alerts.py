"""When an alert opens, opens again, is updated or closes: pure decisions, made into frozen intents.

One alert a listing. News is made by what a page says anew, never by what we learned: a rescore or a new lexicon opens
and closes in silence and is listed. A decided alert stays decided until something material changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from detector.judge import SEVERITIES

if TYPE_CHECKING:
    from config.schema.thresholds import Alerts

Kind = Literal["opened", "reopened", "updated", "closed"]

KEPT = ("confirmed", "escalated")

PUT_AWAY = ("dismissed", "snoozed")
"""States in which a person has left an alert alone: a material change of its page alone brings it back before its time."""

NOTHING_MATERIAL = "score or page changed, nothing material"

MATERIAL_PRICE = 0.8
"""A price fallen to this share of the one decided on is a new offer."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a judged observation brings to its listing's alert. `fresh`: the page said something new."""

    listing: str
    observation: str
    site: str
    title: str
    score: float
    severity: str
    signals: tuple[str, ...]
    """Names of the evidence with a positive contribution, sorted."""
    fresh: bool
    country: str | None = None
    chip: str | None = None
    seller: str | None = None
    unit_usd: float | None = None
    relist_of: str | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """What a change is measured against: what people know of an alert, from its last news or their decision."""

    severity: str
    score: float
    signals: tuple[str, ...]
    unit_usd: float | None


@dataclass(frozen=True, slots=True)
class Standing:
    """The alert as it stands. `known` is what it is measured by where it moved on without news, None where that is the alert itself."""

    listing: str
    state: str
    severity: str
    score: float
    signals: tuple[str, ...]
    observation: str
    unit_usd: float | None = None
    relist_of: str | None = None
    known: Measure | None = None

    @property
    def measure(self) -> Measure:
        """What changes of it are measured against."""
        return self.known or Measure(self.severity, self.score, self.signals, self.unit_usd)


@dataclass(frozen=True, slots=True)
class Mute:
    """A standing wish to be left alone: by site, seller, signal, chip or listing, until `expires_at`."""

    id: str
    scope: str
    value: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class Intent:
    """What is to be done with a listing's alert; `news` tells the digest. Storage applies it.

    `known` is what the alert is measured by from now on, None where that is what it will say.
    """

    kind: Kind
    facts: Facts
    news: bool
    why: str
    muted_by: str | None = None
    known: Measure | None = None


def decide(
    facts: Facts, standing: Standing | None, options: Alerts, *, before: Standing | None = None, mutes: Sequence[Mute] = (), now: str
) -> Intent | None:
    """What a judged observation does to its listing's alert; None where nothing changes.

    `before` is the alert that this listing, where it is a relist, is measured by: see `origin`.
    """
    alerting = SEVERITIES.index(facts.severity) >= SEVERITIES.index("medium")
    if standing is None:
        return _open(facts, before, options, mutes, now) if alerting else None
    if standing.state == "closed":
        return _open_again(facts, standing, options, mutes, now) if alerting else None
    if standing.state in PUT_AWAY and alerting and facts.fresh and (why := material(facts, standing, options)):
        return _wake(facts, why, mutes, now)
    if standing.state == "dismissed":
        return _follow(facts, standing)
    if not alerting and standing.state not in KEPT:
        cause = "the page changed" if facts.fresh else "judged anew under other knowledge or thresholds"
        return Intent("closed", facts, False, f"{cause}: score {facts.score:.2f}, severity {facts.severity}")
    return _update(facts, standing, options, mutes, now)


def _open(facts: Facts, before: Standing | None, options: Alerts, mutes: Sequence[Mute], now: str) -> Intent:
    muted = muted_by(facts, mutes, now)
    why = f"{facts.severity}: {', '.join(facts.signals) or 'figures alone'}"
    if not facts.fresh:
        return Intent("opened", facts, False, f"{why}; judged anew, no news", muted)
    # A closed one was taken back by the program, which nobody has seen: its relist is news like an alert opened again.
    if before is not None and before.state != "closed" and material(facts, before, options) is None:
        whose = "an offer that waits for a decision" if before.state == "new" else f"a {before.state} offer"
        return Intent("opened", facts, False, f"{why}; relist of {whose}, nothing material changed", muted)
    return Intent("opened", facts, muted is None, why, muted)


def _wake(facts: Facts, why: str, mutes: Sequence[Mute], now: str) -> Intent:
    """What a person had put away comes back, because the matter is another one by now."""
    muted = muted_by(facts, mutes, now)
    return Intent("reopened", facts, muted is None, why, muted)


def origin(relist_of: str | None, standing: Mapping[str, Standing]) -> Standing | None:
    """The alert that a relist is measured by: along the chain of relists the nearest that a person decided on, else the first."""
    found, names = None, set[str]()
    while relist_of and relist_of not in names and (one := standing.get(relist_of)):
        names.add(relist_of)
        found, relist_of = one, one.relist_of
        if one.state not in ("new", "closed"):
            break
    return found


def _open_again(facts: Facts, standing: Standing, options: Alerts, mutes: Sequence[Mute], now: str) -> Intent:
    """What the program closed it opens again as soon as the score is back: no person has decided on it."""
    muted = muted_by(facts, mutes, now)
    if not facts.fresh:
        return Intent("reopened", facts, False, f"judged anew, {facts.severity} again; no news", muted)
    why = material(facts, standing, options) or f"the page changed, {facts.severity} again"
    return Intent("reopened", facts, muted is None, why, muted)


def _update(facts: Facts, standing: Standing, options: Alerts, mutes: Sequence[Mute], now: str) -> Intent | None:
    if _unchanged(facts, standing):
        return None
    # What stands in the queue is hidden by what covers it as it is now: a mute of one sign does not hide the next.
    cover = muted_by(facts, mutes, now)
    muted = cover if standing.state == "new" else None
    why = material(facts, standing, options) if facts.fresh else None
    if why is not None:
        return Intent("updated", facts, cover is None, why, muted)
    known = standing.measure
    if not facts.fresh:  # what the program learned is no change of the offer, now or later; its price is the page's own
        known = Measure(facts.severity, facts.score, facts.signals, known.unit_usd)
    return Intent("updated", facts, False, NOTHING_MATERIAL, muted, known)


def _follow(facts: Facts, standing: Standing) -> Intent | None:
    """A dismissed alert goes with its listing's page in silence, so that it says what is so when it comes back. It stays measured by
    what was dismissed, in the terms in which that very page is judged now."""
    if _unchanged(facts, standing):
        return None
    known = standing.measure
    if not facts.fresh and facts.observation == standing.observation:
        known = _in_terms_of(known, standing, facts)
    return Intent("updated", facts, False, NOTHING_MATERIAL, known=known)


def _unchanged(facts: Facts, standing: Standing) -> bool:
    """The alert says all of this already."""
    same = (facts.severity, facts.score, facts.signals) == (standing.severity, standing.score, standing.signals)
    return same and facts.observation == standing.observation


def _in_terms_of(known: Measure, standing: Standing, facts: Facts) -> Measure:
    """A measure moved by what judging the same page anew has changed: what was learned is no change of the offer, now or later."""
    signals = set(known.signals) - (set(standing.signals) - set(facts.signals)) | set(facts.signals) - set(standing.signals)
    moved = sum(sign * SEVERITIES.index(of) for sign, of in ((1, known.severity), (1, facts.severity), (-1, standing.severity)))
    severity = SEVERITIES[min(max(moved, 0), len(SEVERITIES) - 1)]
    score = min(max(known.score + facts.score - standing.score, 0.0), 1.0)
    return Measure(severity, score, tuple(sorted(signals)), known.unit_usd)


def material(facts: Facts, standing: Standing, options: Alerts) -> str | None:
    """What makes this a new matter against what people know of the alert; None where nothing does. Many small steps are a large one."""
    known = standing.measure
    # A price that fell has a measure and words of its own, below.
    added = sorted(set(facts.signals) - set(known.signals) - {"forest", "price_dropped"})
    if added:
        return f"new evidence: {', '.join(added)}"
    if SEVERITIES.index(facts.severity) > SEVERITIES.index(known.severity):
        return f"severity rose from {known.severity} to {facts.severity}"
    if facts.score - known.score >= options.material_score:
        return f"score rose from {known.score:.2f} to {facts.score:.2f}"
    if facts.unit_usd and known.unit_usd and facts.unit_usd <= MATERIAL_PRICE * known.unit_usd:
        digits = 2 if facts.unit_usd < 100 else 0  # a chip-hour costs cents
        return f"unit price fell from ${known.unit_usd:,.{digits}f} to ${facts.unit_usd:,.{digits}f}"
    return None


def muted_by(facts: Facts, mutes: Iterable[Mute], now: str) -> str | None:
    """The mute that covers this alert: by place, or by signal where every sign of it is muted. None where none does."""
    live = [mute for mute in mutes if mute.expires_at > now]
    of = {"site": facts.site, "seller": facts.seller, "chip": facts.chip, "listing": facts.listing}
    for mute in live:
        if mute.scope in of and of[mute.scope] == mute.value:
            return mute.id
    silenced = {mute.value: mute.id for mute in live if mute.scope == "signal"}
    if facts.signals and all(signal in silenced for signal in facts.signals):
        return silenced[facts.signals[0]]
    return None
