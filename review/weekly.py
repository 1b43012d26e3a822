"""The week in figures: how much was gathered, flagged, reviewed and confirmed, and which signals were right.

Shares carry their 95 % interval, since a week's counts are small. What is reviewed is chosen by the alert's rank, not at random:
the share of confirmed ones speaks for the reviewed, not for all.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from detector import apply, recall, tune
from review.desk.cards import Names
from review.wording import moment

if TYPE_CHECKING:
    from config.loader import Config
    from storage.store import Store

DAYS = 7


@dataclass(frozen=True, slots=True)
class Share:
    """`good` of `n` with the 95 % interval; `value` None where n is 0."""

    name: str
    good: int
    n: int
    value: float | None
    low: float
    high: float

    @property
    def words(self) -> str:
        """12 of 40 (30 %, 18 to 46 %)."""
        if self.value is None:
            return "none yet"
        return f"{self.good} of {self.n} ({_percent(self.value)}, {_percent(self.low, '')} to {_percent(self.high)})"


def _percent(value: float, unit: str = " %") -> str:
    digits = 0 if value >= 0.1 or value == 0 else 1 if value >= 0.01 else 2
    return f"{100 * value:.{digits}f}{unit}"


@dataclass(frozen=True, slots=True)
class SiteWeek:
    """A site's runs in the week; `outcomes` names those that were not whole."""

    site: str
    runs: int
    whole: int
    listings: int
    outcomes: str


@dataclass(frozen=True, slots=True)
class Weekly:
    """One week. `base` is the chain from listings to confirmed alerts; `signals` is precision by signal, this week's decisions and all."""

    made: str
    since: str
    until: str
    observations: int
    base: tuple[Share, ...]
    severities: Mapping[str, int]
    decided: Mapping[str, int]
    """Decisions made in the week that still stand, by kind."""
    signals: tuple[tuple[str, Share, Share], ...]
    """Name, share right among this week's decisions, share right among all."""
    recall: str
    waiting: int
    oldest: str | None
    sites: tuple[SiteWeek, ...]
    notes: tuple[str, ...]
    versions: Mapping[str, str]
    desk: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    """What the signals are called; empty in summaries of earlier weeks."""

    def title(self, signal: str) -> str:
        """What a signal is called."""
        return self.titles.get(signal, signal.replace("_", " "))

    @property
    def span_words(self) -> str:
        """Which week, and how much was observed."""
        return f"From {moment(self.since)} to {moment(self.until)} UTC; {self.observations} observations."

    @property
    def waiting_words(self) -> str:
        """How many alerts wait for a decision, and since when."""
        return f"{self.waiting}{f', the oldest since {moment(self.oldest)} UTC' if self.oldest else ''}"

    @property
    def headline(self) -> str:
        """One line for a subject or a title."""
        reviewed, confirmed = self.base[2], self.base[3]
        return f"chipwatch week to {self.until[:10]}: {reviewed.n} flagged, {reviewed.good} reviewed, {confirmed.good} confirmed"

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {**dataclasses.asdict(self), "headline": self.headline}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Weekly:
        """The summary that `to_dict` gave, read back from the record of digests."""
        values = {name: document[name] for name in cls.__dataclass_fields__ if name in document}
        values["base"] = tuple(Share(**share) for share in document["base"])
        values["signals"] = tuple(
            (name, Share(**week), Share(**ever)) for name, week, ever in document["signals"]
        )
        values["sites"], values["notes"] = (
            tuple(SiteWeek(**site) for site in document["sites"]),
            tuple(document["notes"]),
        )
        return cls(**values)


def last_week(now: str) -> tuple[str, str]:
    """The last whole week before `now` (ISO, UTC): Monday 00:00 to Monday 00:00."""
    day = datetime.fromisoformat(now).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = day - timedelta(days=day.weekday())
    return _stamp(monday - timedelta(days=DAYS)), _stamp(monday)


def week_to(until: str) -> tuple[str, str]:
    """The seven days before a date (ISO). Raises ValueError if it is none."""
    end = datetime.fromisoformat(until[:10])
    return _stamp(end - timedelta(days=DAYS)), _stamp(end)


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def build(store: Store, config: Config, *, now: str, since: str, until: str) -> Weekly:
    """The summary of [since, until), as the decisions stand now. Changes nothing."""
    gathered, flagged, queue = store.gathered(since, until), store.flagged(since, until), store.queue()
    history = apply.history(store, config)
    week = [past for past in history if past.decided_at and since <= past.decided_at < until]
    names = Names(config)
    return Weekly(
        made=now, since=since, until=until, observations=gathered["observations"],
        base=_base(gathered, flagged), severities=dict(Counter(row["severity"] for row in flagged)),
        decided=dict(Counter(past.decision for past in week if past.decision)), signals=_signals(week, history),
        recall=_recall(_estimate(store, config)), waiting=queue["waiting"], oldest=queue["oldest"],
        sites=tuple(_site(row) for row in store.runs_by_site(since, until)), notes=_notes(gathered, flagged),
        versions={"knowledge": config.knowledge_version, "thresholds": config.thresholds_version}, desk=config.settings.desk.url, titles={name: names.signal(name) for name, _, _ in _signals(week, history)},
    )  # fmt: skip


def _base(gathered: Mapping[str, int], flagged: Sequence[Mapping[str, Any]]) -> tuple[Share, ...]:
    reviewed = [row for row in flagged if row["action"] in (*tune.RIGHT, *tune.WRONG)]
    right = sum(row["action"] in tune.RIGHT for row in reviewed)
    return (
        _share("new listings that offer a restricted chip", gathered["judged"], gathered["listings"]),
        _share("flagged, of new listings", sum(row["new"] for row in flagged), gathered["listings"]),
        _share("reviewed, of flagged", len(reviewed), len(flagged)),
        _share("confirmed, of reviewed", right, len(reviewed)),
    )


def _share(name: str, good: int, n: int) -> Share:
    rate = tune.rate(good, n)
    return Share(name, good, n, rate.value, rate.low, rate.high)


def _signals(week: Iterable[tune.Past], history: Iterable[tune.Past]) -> tuple[tuple[str, Share, Share], ...]:
    this, ever = _by_signal(week), _by_signal(history)
    return tuple(
        (name, this.get(name, _share(name, 0, 0)), share)
        for name, share in sorted(ever.items(), key=lambda item: (-item[1].n, item[0]))
    )


def _by_signal(history: Iterable[tune.Past]) -> dict[str, Share]:
    found = [row for row in tune.report(history) if row.by == "signal" and not row.period]
    return {row.value: _share(row.value, row.precision.good, row.precision.n) for row in found}


def _estimate(store: Store, config: Config) -> recall.Recall:
    medium = config.thresholds.severity.medium
    return recall.Estimate(store.reviewed(), recall.sample(store.samples()), medium).at(medium)


def _recall(seen: recall.Recall) -> str:
    if seen.value is None:
        decided = f"{seen.decided} of" if seen.decided else "none of"
        nothing = ", and nothing worthwhile is known yet" if seen.decided else ""
        return f"unknown: {decided} {seen.drawn} unflagged listings drawn at random {'were' if seen.decided else 'was'} decided{nothing}"
    return f"{_percent(seen.value)} ({_percent(seen.low, '')} to {_percent(seen.high)}), from {seen.decided} of {seen.drawn} listings drawn at random that were decided"


def _site(row: Mapping[str, Any]) -> SiteWeek:
    outcomes = Counter((row["outcomes"] or "").split(", ")) if row["outcomes"] else {}
    words = ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items()))
    return SiteWeek(row["site"], row["runs"], row["whole"] or 0, row["listings"], words)


def _notes(gathered: Mapping[str, int], flagged: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    notes = []
    if not gathered["observations"]:
        notes.append("Nothing was gathered in this week: look at the runs before reading it as calm.")
    if old := sum(not row["new"] for row in flagged):
        notes.append(
            f"{old} of the flagged are older listings whose alerts opened again or for the first time."
        )
    return tuple(notes)
