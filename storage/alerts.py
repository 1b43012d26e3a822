"""Alerts as they stand: applying what the detector decided, and waking what was put off.

What is asked of them stands in `storage.queue`, what is muted in `storage.mutes`. One alert a listing. Every change writes an event; every decision is kept for good (`storage.decisions`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Protocol

from storage.ids import short_hash, utc
from storage.mutes import SCOPES, Mutes, covering
from storage.observation import as_json
from storage.queue import RANKS, Cursor, Filter, Queue
from storage.standing import KNEW_OF_LISTING

__all__ = ["RANKS", "SCOPES", "AlertFacts", "AlertIntent", "Alerts", "Cursor", "Filter"]


class AlertFacts(Protocol):
    """What a judged observation brings to its listing's alert."""

    @property
    def listing(self) -> str: ...
    @property
    def observation(self) -> str: ...
    @property
    def site(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def score(self) -> float: ...
    @property
    def severity(self) -> str: ...
    @property
    def signals(self) -> tuple[str, ...]: ...
    @property
    def country(self) -> str | None: ...
    @property
    def chip(self) -> str | None: ...
    @property
    def seller(self) -> str | None: ...
    @property
    def unit_usd(self) -> float | None: ...
    @property
    def relist_of(self) -> str | None: ...


class AlertIntent(Protocol):
    """A frozen wish of the detector: `kind` is opened, reopened, updated or closed; `news` tells the next digest."""

    @property
    def kind(self) -> str: ...
    @property
    def facts(self) -> AlertFacts: ...
    @property
    def news(self) -> bool: ...
    @property
    def why(self) -> str: ...
    @property
    def muted_by(self) -> str | None: ...
    @property
    def known(self) -> Any:
        """A dataclass of severity, score, signals and unit_usd, or None."""


class Alerts(Queue, Mutes):
    """Alerts and their events."""

    def apply_intents(self, intents: Iterable[AlertIntent], *, now: str) -> dict[str, int]:
        """Do what the detector decided, in one transaction; how many of each kind.

        An intent is applied to the state it finds: opening what stands already updates it, and applying twice adds nothing.
        """
        now, done = utc(now, "now"), dict.fromkeys(("opened", "reopened", "updated", "closed"), 0)
        with self.transaction():
            for intent in intents:
                if self._event(intent, now):
                    _CHANGES[intent.kind](self, intent, now)
                    done[intent.kind] += 1
        return done

    def _event(self, intent: AlertIntent, now: str) -> bool:
        facts = intent.facts
        name = short_hash(
            "event", facts.listing, facts.observation, intent.kind, f"{facts.score:.9f}", facts.severity, now
        )
        return self.db.write(
            "INSERT OR IGNORE INTO alert_event (id, listing, at, kind, observation, score, severity, news, why, knew)"
            f" VALUES (?,?,?,?,?,?,?,?,?,{KNEW_OF_LISTING})",
            [name, facts.listing, now, intent.kind, facts.observation, facts.score, facts.severity, intent.news, intent.why,
             facts.listing],
        ) > 0  # fmt: skip

    def _open(self, intent: AlertIntent, now: str) -> None:
        if intent.muted_by:
            self.db.write(_HIDDEN_FIRST, {"mute": intent.muted_by, "listing": intent.facts.listing})
        self.db.write(_OPEN, self._columns(intent, now))

    def _update(self, intent: AlertIntent, now: str) -> None:
        if intent.muted_by:
            self.db.write(_HIDDEN_NOW, {"mute": intent.muted_by, "listing": intent.facts.listing})
        self.db.write(_UPDATE, self._columns(intent, now))

    def _close(self, intent: AlertIntent, now: str) -> None:
        self.db.write(_UPDATE, {**self._columns(intent, now), "news_at": None})
        self.db.write(
            "UPDATE alert SET state='closed', closed_why=?, snooze_until=NULL, muted_by=NULL WHERE listing=?",
            [intent.why, intent.facts.listing],
        )

    def _columns(self, intent: AlertIntent, now: str) -> dict[str, Any]:
        f = intent.facts
        return {
            "listing": f.listing, "title": f.title, "severity": f.severity, "rank": RANKS[f.severity], "score": f.score,
            "site": f.site, "country": f.country, "chip": f.chip, "unit_usd": f.unit_usd, "seller": f.seller,
            "signals": " ".join(f.signals), "observation": f.observation, "now": now, "news_at": now if intent.news else None,
            "relist_of": f.relist_of, "muted_by": intent.muted_by, "measured": as_json(asdict(intent.known)) if intent.known else None,
        }  # fmt: skip

    def anything_due(self, now: str) -> bool:
        """Whether a snooze or a mute is over and `wake` has something to do."""
        now = utc(now, "now")
        return self.db.value(_DUE, [now, now]) is not None

    def wake(self, now: str) -> int:
        """Bring back what was left alone until a moment that has come, as news: `wake_snoozed` and `end_mutes`; how many alerts."""
        with self.transaction():
            return self.wake_snoozed(now) + self.end_mutes(now)

    def wake_snoozed(self, now: str) -> int:
        """Put snoozed alerts whose time has come back into the queue, as news but where a mute in force covers them; how many."""
        now = utc(now, "now")
        with self.transaction():
            due = self.db.rows("SELECT * FROM alert WHERE state='snoozed' AND snooze_until <= ? ORDER BY listing", [now])
            live = self.mutes(now) if due else []
            for row in due:
                mute = covering(row, live)
                self._woke(row, now, f"snoozed until {row['snooze_until']}", news=mute is None)
                self.db.write(_WAKE, [mute, now if mute is None else None, row["listing"]])
                self.db.write("UPDATE mute SET hits = hits + 1 WHERE id = ?", [mute])
        return len(due)


_CHANGES = {
    "opened": Alerts._open,
    "reopened": Alerts._open,
    "updated": Alerts._update,
    "closed": Alerts._close,
}

# Opened again in silence: news that was told is old; what was never told still is.
_OPEN = """INSERT INTO alert (listing, title, state, severity, rank, score, site, country, chip, unit_usd, seller, signals, observation,
    opened_at, news_at, relist_of, muted_by)
  VALUES (:listing, :title, 'new', :severity, :rank, :score, :site, :country, :chip, :unit_usd, :seller, :signals, :observation,
    :now, :news_at, :relist_of, :muted_by)
  ON CONFLICT (listing) DO UPDATE SET title=excluded.title, state='new', severity=excluded.severity, rank=excluded.rank,
    score=excluded.score, site=excluded.site, country=excluded.country, chip=excluded.chip, unit_usd=excluded.unit_usd,
    seller=excluded.seller, signals=excluded.signals, observation=excluded.observation,
    news_at=coalesce(excluded.news_at, iif(told IS news_at, NULL, news_at)),
    relist_of=coalesce(excluded.relist_of, relist_of), muted_by=excluded.muted_by, closed_why=NULL, snooze_until=NULL, measured=NULL,
    version=version+1"""

_UPDATE = """UPDATE alert SET title=:title, severity=:severity, rank=:rank, score=:score, country=:country, chip=:chip,
    unit_usd=:unit_usd, seller=:seller, signals=:signals, observation=:observation, news_at=coalesce(:news_at, news_at),
    relist_of=coalesce(:relist_of, relist_of), muted_by=:muted_by, measured=:measured, version=version+1 WHERE listing=:listing"""

# What the program closed and opens again was counted when it was hidden first.
_HIDDEN_FIRST = "UPDATE mute SET hits = hits + 1 WHERE id=:mute AND NOT EXISTS (SELECT 1 FROM alert WHERE listing=:listing AND state='closed')"
_HIDDEN_NOW = "UPDATE mute SET hits = hits + 1 WHERE id=:mute AND EXISTS (SELECT 1 FROM alert WHERE listing=:listing AND muted_by IS NULL)"

_WAKE = """UPDATE alert SET state='new', snooze_until=NULL, muted_by=?, news_at=coalesce(?, news_at), version=version+1 WHERE listing=?"""

_DUE = """SELECT 1 WHERE EXISTS (SELECT 1 FROM alert WHERE state='snoozed' AND snooze_until <= ?)
  OR EXISTS (SELECT 1 FROM alert WHERE muted_by IN (SELECT id FROM mute WHERE lifted_at IS NOT NULL OR expires_at <= ?))"""
