"""Alerts as they stand: applying what the detector decided, the queue an analyst works through, mutes.

One alert a listing. Every change writes an event; every decision is kept for good (`storage.decisions`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from storage.base import Base
from storage.errors import MissingError, StorageError
from storage.ids import short_hash, utc

RANKS = {"none": 0, "low": 1, "medium": 2, "high": 3}
_SEVERITIES = {rank: severity for severity, rank in RANKS.items()}
SCOPES = ("site", "seller", "signal", "chip", "listing")


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


@dataclass(frozen=True, slots=True)
class Filter:
    """Which alerts to show; None means any. `since` and `until` are about the last news; `text` is searched in the listings.

    `silent`: opened without notice, because they were judged anew or are relists of what was dismissed: no digest writes them out.
    """

    states: Sequence[str] | None = ("new",)
    severities: Sequence[str] | None = None
    chip: str | None = None
    site: str | None = None
    country: str | None = None
    signal: str | None = None
    seller: str | None = None
    since: str | None = None
    until: str | None = None
    text: str | None = None
    muted: bool | None = False
    silent: bool | None = None


Cursor = tuple[int, float, str]
"""Where a page of alerts ended: rank of severity, score, listing."""


class Alerts(Base):
    """Alerts, their events, and mutes."""

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
            "INSERT OR IGNORE INTO alert_event (id, listing, at, kind, observation, score, severity, news, why)"
            " VALUES (?,?,?,?,?,?,?,?,?)",
            [name, facts.listing, now, intent.kind, facts.observation, facts.score, facts.severity, intent.news, intent.why],
        ) > 0  # fmt: skip

    def _open(self, intent: AlertIntent, now: str) -> None:
        self.db.write(_OPEN, self._columns(intent, now))
        if intent.muted_by:
            self.db.write("UPDATE mute SET hits = hits + 1 WHERE id = ?", [intent.muted_by])

    def _update(self, intent: AlertIntent, now: str) -> None:
        self.db.write(_UPDATE, self._columns(intent, now))

    def _close(self, intent: AlertIntent, now: str) -> None:
        self.db.write(_UPDATE, {**self._columns(intent, now), "news_at": None})
        self.db.write(
            "UPDATE alert SET state='closed', closed_why=?, snooze_until=NULL WHERE listing=?",
            [intent.why, intent.facts.listing],
        )

    def _columns(self, intent: AlertIntent, now: str) -> dict[str, Any]:
        f = intent.facts
        return {
            "listing": f.listing, "title": f.title, "severity": f.severity, "rank": RANKS[f.severity], "score": f.score,
            "site": f.site, "country": f.country, "chip": f.chip, "unit_usd": f.unit_usd, "seller": f.seller,
            "signals": " ".join(f.signals), "observation": f.observation, "now": now, "news_at": now if intent.news else None,
            "relist_of": f.relist_of, "muted_by": intent.muted_by,
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
        """Put snoozed alerts whose time has come back into the queue, as news; how many."""
        now = utc(now, "now")
        with self.transaction():
            due = self.db.rows("SELECT * FROM alert WHERE state='snoozed' AND snooze_until <= ?", [now])
            for row in due:
                self._woke(row, now, f"snoozed until {row['snooze_until']}")
            self.db.write(
                "UPDATE alert SET state='new', snooze_until=NULL, news_at=?, version=version+1"
                " WHERE state='snoozed' AND snooze_until <= ?",
                [now, now],
            )
        return len(due)

    def _woke(self, row: Any, now: str, why: str) -> None:
        self.db.write(
            "INSERT OR IGNORE INTO alert_event (id, listing, at, kind, observation, score, severity, news, why)"
            " VALUES (?,?,?,'woke',?,?,?,1,?)",
            [short_hash("event", row["listing"], row["observation"], "woke", now), row["listing"], now, row["observation"],
             row["score"], row["severity"], why],
        )  # fmt: skip

    def standing_alerts(self, listings: Iterable[str]) -> dict[str, dict[str, Any]]:
        """The alerts of the given listings as they stand, by listing."""
        wanted, found = list(dict.fromkeys(listings)), {}
        for at in range(0, len(wanted), 500):
            part = wanted[at : at + 500]
            for row in self.db.rows(
                f"SELECT * FROM alert WHERE listing IN ({','.join('?' * len(part))})", part
            ):
                found[row["listing"]] = _alert(row)
        return found

    def alert(self, listing: str) -> dict[str, Any]:
        """One alert with its `events` and `decisions`, oldest first. Raises MissingError."""
        row = self.db.row("SELECT * FROM alert WHERE listing = ?", [listing])
        if row is None:
            raise MissingError("there is no alert for this listing", listing)
        found = _alert(row)
        found["events"] = [
            dict(r)
            for r in self.db.rows("SELECT * FROM alert_event WHERE listing=? ORDER BY at, rowid", [listing])
        ]
        found["decisions"] = [
            dict(r)
            for r in self.db.rows("SELECT * FROM decision WHERE listing=? ORDER BY at, seq, id", [listing])
        ]
        return found

    def alerts(
        self, chosen: Filter | None = None, *, after: Cursor | None = None, limit: int = 50
    ) -> list[dict[str, Any]]:
        """A page of alerts, severest first; each row's `cursor` begins the page after it. Rows are those of `alert_view`."""
        where, params = self._where(chosen or Filter())
        if after:
            where += " AND (a.rank < ? OR (a.rank = ? AND (a.score < ? OR (a.score = ? AND a.listing > ?))))"
            params += [after[0], after[0], after[1], after[1], after[2]]
        rows = self.db.rows(
            f"""SELECT v.*, a.rank, a.version, a.relist_of FROM (SELECT * FROM alert a WHERE {where}
                ORDER BY a.rank DESC, a.score DESC, a.listing LIMIT ?) a JOIN alert_view v ON v.listing = a.listing
                ORDER BY a.rank DESC, a.score DESC, a.listing""",
            [*params, limit],
        )
        return [{**_alert(row), "cursor": (row["rank"], row["score"], row["listing"])} for row in rows]

    def count_alerts(self, by: str, chosen: Filter | None = None) -> dict[str, int]:
        """How many alerts there are by state, severity, chip, site, country, seller or signal."""
        where, params = self._where(chosen or Filter())
        if by == "signal":
            counts: dict[str, int] = {}
            for row in self.db.rows(
                f"SELECT signals, count(*) AS n FROM alert a WHERE {where} GROUP BY signals", params
            ):
                for signal in row["signals"].split():
                    counts[signal] = counts.get(signal, 0) + row["n"]
            return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
        if by not in ("state", "severity", "chip", "site", "country", "seller"):
            raise StorageError(f"alerts are not counted by {by!r}", "alerts")
        return {row[0]: row[1] for row in self.db.rows(
            f"SELECT a.{by}, count(*) FROM alert a WHERE {where} AND a.{by} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1", params
        )}  # fmt: skip

    def news(self, *, everything: bool = False, limit: int = 50) -> list[dict[str, Any]]:
        """New alerts whose news no digest has told yet, severest first; with `everything` all that stand new."""
        return [_alert(row) for row in self.db.rows(_NEWS.format(chosen=_CHOSEN[everything]), [limit])]

    def count_news(self, *, everything: bool = False) -> dict[str, int]:
        """How many alerts `news` has, by severity."""
        rows = self.db.rows(
            f"SELECT rank, count(*) FROM alert {_CHOSEN[everything]} GROUP BY rank ORDER BY rank DESC"
        )
        return {_SEVERITIES[row[0]]: row[1] for row in rows}

    def untold(self) -> list[tuple[str, str]]:
        """Every alert with news that no digest has told, and when the news was: (listing, news_at)."""
        return [
            (row[0], row[1]) for row in self.db.rows(f"SELECT listing, news_at FROM alert {_CHOSEN[False]}")
        ]

    def mark_told(self, news: Iterable[tuple[str, str]]) -> None:
        """Note that a digest has told this news (of `untold`); what an alert has news of later is told again."""
        self.db.write_many("UPDATE alert SET told=?2 WHERE listing=?1", news)

    def _where(self, chosen: Filter) -> tuple[str, list[Any]]:
        parts, params = ["1"], list[Any]()
        for column, values in (("state", chosen.states), ("severity", chosen.severities)):
            if values is not None:
                parts.append(f"a.{column} IN ({','.join('?' * len(values))})")
                params += values
        for column in ("chip", "site", "country", "seller"):
            if (value := getattr(chosen, column)) is not None:
                parts.append(f"a.{column} = ?")
                params.append(value)
        for sign, value in ((">=", chosen.since), ("<=", chosen.until)):
            if value is not None:
                parts.append(f"coalesce(a.news_at, a.opened_at) {sign} ?")
                params.append(value)
        if chosen.signal is not None:
            parts.append("instr(' ' || a.signals || ' ', ?) > 0")
            params.append(f" {chosen.signal} ")
        if chosen.muted is not None:
            parts.append(f"a.muted_by IS {'NOT ' if chosen.muted else ''}NULL")
        if chosen.silent is not None:
            parts.append(f"a.news_at IS {'' if chosen.silent else 'NOT '}NULL")
        if chosen.text:
            parts.append("a.listing IN (SELECT value FROM json_each(?))")
            params.append(json.dumps(self.search(chosen.text, alerts_only=True)))
        return " AND ".join(parts), params

    def search(self, text: str, *, alerts_only: bool = False, limit: int = 10_000) -> list[str]:
        """Listings whose text holds the words; see `storage.search`."""
        raise NotImplementedError

    def mute(self, scope: str, value: str, *, reason: str, who: str, now: str, until: str) -> str:
        """Leave a site, seller, signal, chip or listing alone until a date; its id. New alerts it covers leave the queue."""
        if scope not in SCOPES:
            raise StorageError(f"{scope!r} cannot be muted; one of {', '.join(SCOPES)}", "mute")
        now = utc(now, "now")
        name = short_hash("mute", scope, value, now, who)
        with self.transaction():
            self.db.write(
                "INSERT OR IGNORE INTO mute (id, scope, value, reason, who, created_at, expires_at) VALUES (?,?,?,?,?,?,?)",
                [name, scope, value, reason, who, now, utc(until, "until")],
            )
            if scope == "signal":
                covered = self._all_signals_muted(now)
            else:
                covered = [r[0] for r in self.db.rows(
                    f"SELECT listing FROM alert WHERE {scope} = ? AND state='new' AND muted_by IS NULL", [value]
                )]  # fmt: skip
            self.db.write_many(
                "UPDATE alert SET muted_by=? WHERE listing=?", [(name, listing) for listing in covered]
            )
            self.db.write("UPDATE mute SET hits = hits + ? WHERE id = ?", [len(covered), name])
        return name

    def _all_signals_muted(self, now: str) -> list[str]:
        silenced = {mute["value"] for mute in self.mutes(now) if mute["scope"] == "signal"}
        rows = self.db.rows(
            "SELECT listing, signals FROM alert WHERE state='new' AND muted_by IS NULL AND signals <> ''"
        )
        return [row["listing"] for row in rows if silenced.issuperset(row["signals"].split())]

    def lift_mute(self, name: str, *, who: str, now: str) -> None:
        """End a mute before its time; what it hid comes back as news. Raises MissingError."""
        with self.transaction():
            if not self.db.write(
                "UPDATE mute SET lifted_at=?, lifted_by=? WHERE id=? AND lifted_at IS NULL",
                [utc(now, "now"), who, name],
            ):
                raise MissingError("there is no such mute", name)
            self.end_mutes(now)

    def end_mutes(self, now: str) -> int:
        """Bring back what lifted or expired mutes hid, as news; how many alerts. What another mute covers stays hidden by that."""
        now = utc(now, "now")
        with self.transaction():
            live = self.mutes(now)
            freed = 0
            for row in self.db.rows(_HIDDEN_NO_MORE, [now]):
                cover = _covering(row, live)
                if cover is None:
                    over = (
                        f"lifted by {row['lifted_by']}"
                        if row["lifted_by"]
                        else f"ended on {row['expires_at'][:10]}"
                    )
                    if row["state"] == "new":
                        self._woke(row, now, f"a mute ({row['reason']}) {over}")
                    self.db.write(
                        "UPDATE alert SET muted_by=NULL, news_at=? WHERE listing=?", [now, row["listing"]]
                    )
                    freed += 1
                else:
                    self.db.write("UPDATE alert SET muted_by=? WHERE listing=?", [cover, row["listing"]])
                    self.db.write("UPDATE mute SET hits = hits + 1 WHERE id=?", [cover])
        return freed

    def mutes(self, now: str | None = None) -> list[dict[str, Any]]:
        """Mutes in force at `now` with how many alerts each has hidden, or all that ever were."""
        where, params = ("WHERE lifted_at IS NULL AND expires_at > ?", [utc(now, "now")]) if now else ("", [])
        return [
            dict(row) for row in self.db.rows(f"SELECT * FROM mute {where} ORDER BY created_at, id", params)
        ]


def _alert(row: Any) -> dict[str, Any]:
    found = dict(row)
    found["signals"] = tuple((found.get("signals") or "").split())
    return found


def _covering(row: Any, live: Sequence[dict[str, Any]]) -> str | None:
    """Which of the mutes in force covers an alert: by place, or by signal where every sign of it is muted."""
    for mute in live:
        if mute["scope"] != "signal" and row[mute["scope"]] == mute["value"]:
            return str(mute["id"])
    silenced = {mute["value"]: str(mute["id"]) for mute in live if mute["scope"] == "signal"}
    signals = row["signals"].split()
    return silenced[signals[0]] if signals and silenced.keys() >= set(signals) else None


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
    relist_of=coalesce(excluded.relist_of, relist_of), muted_by=excluded.muted_by, closed_why=NULL, snooze_until=NULL,
    version=version+1"""

_UPDATE = """UPDATE alert SET title=:title, severity=:severity, rank=:rank, score=:score, country=:country, chip=:chip,
    unit_usd=:unit_usd, seller=:seller, signals=:signals, observation=:observation, news_at=coalesce(:news_at, news_at),
    relist_of=coalesce(:relist_of, relist_of), version=version+1 WHERE listing=:listing"""

_CHOSEN = {
    False: "INDEXED BY alert_untold WHERE state = 'new' AND muted_by IS NULL AND news_at IS NOT NULL AND told IS NOT news_at",
    True: "WHERE state = 'new' AND muted_by IS NULL",
}

# Those to show are chosen in the index alone; only they are joined.
_NEWS = """SELECT v.*, b.rank, b.version, b.relist_of FROM (
    SELECT listing, rank, score FROM alert {chosen} ORDER BY rank DESC, score DESC, listing LIMIT ?) n
  CROSS JOIN alert b ON b.listing = n.listing CROSS JOIN alert_view v ON v.listing = n.listing
  ORDER BY n.rank DESC, n.score DESC, n.listing"""

_HIDDEN_NO_MORE = """SELECT a.*, m.reason, m.expires_at, m.lifted_by FROM mute m JOIN alert a ON a.muted_by = m.id
  WHERE m.lifted_at IS NOT NULL OR m.expires_at <= ? ORDER BY a.listing"""

_DUE = """SELECT 1 WHERE EXISTS (SELECT 1 FROM alert WHERE state='snoozed' AND snooze_until <= ?)
  OR EXISTS (SELECT 1 FROM alert WHERE muted_by IN (SELECT id FROM mute WHERE lifted_at IS NOT NULL OR expires_at <= ?))"""
