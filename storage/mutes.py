"""Mutes: what is left alone until a day, and what comes back when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from storage.base import Base
from storage.errors import MissingError, StorageError
from storage.ids import short_hash, utc
from storage.standing import KNEW_OF_LISTING

SCOPES = ("site", "seller", "signal", "chip", "listing")


class Mutes(Base):
    """Muting, and its end."""

    def mute(self, scope: str, value: str, *, reason: str, who: str, now: str, until: str) -> str:
        """Leave a site, seller, signal, chip or listing alone until a date; its id. New alerts it covers leave the queue.

        Another mute of the same thing stands beside, and what both cover stays hidden until the later is over. The very same again,
        within one second and while it stands, is the one that is there.
        """
        if scope not in SCOPES:
            raise StorageError(f"{scope!r} cannot be muted; one of {', '.join(SCOPES)}", "mute")
        now, until = utc(now, "now"), utc(until, "until")
        content = [scope, value, reason, who, now, until]
        with self.transaction():
            # The number tells a mute set again from one that was set and lifted within the same second.
            number = self.db.value(_LIFTED_ALIKE, content)
            name = short_hash("mute", *content, number)
            self.db.write(
                "INSERT OR IGNORE INTO mute (id, scope, value, reason, who, created_at, expires_at) VALUES (?,?,?,?,?,?,?)",
                [name, *content],
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
                cover = covering(row, live)
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
            dict(row) for row in self.db.rows(f"{_MUTES} {where} ORDER BY created_at, id", params)
        ]

    def _woke(self, row: Any, now: str, why: str, *, news: bool = True) -> None:
        self.db.write(
            "INSERT OR IGNORE INTO alert_event (id, listing, at, kind, observation, score, severity, news, why, knew)"
            f" VALUES (?,?,?,'woke',?,?,?,?,?,{KNEW_OF_LISTING})",
            [short_hash("event", row["listing"], row["observation"], "woke", now), row["listing"], now, row["observation"],
             row["score"], row["severity"], news, why, row["listing"]],
        )  # fmt: skip


def covering(row: Any, live: Sequence[dict[str, Any]]) -> str | None:
    """Which of the mutes in force covers an alert: by place, or by signal where every sign of it is muted."""
    for mute in live:
        if mute["scope"] != "signal" and row[mute["scope"]] == mute["value"]:
            return str(mute["id"])
    silenced = {mute["value"]: str(mute["id"]) for mute in live if mute["scope"] == "signal"}
    signals = row["signals"].split()
    return silenced[signals[0]] if signals and silenced.keys() >= set(signals) else None


_LIFTED_ALIKE = """SELECT count(*) FROM mute WHERE (scope, value, reason, who, created_at, expires_at) = (?,?,?,?,?,?)
  AND lifted_at IS NOT NULL"""

# Merging lets a mute cover what other homes brought in, without counting; so it hides at the least what it hides now.
_MUTES = """SELECT id, scope, value, reason, who, created_at, expires_at, lifted_at, lifted_by,
    max(hits, (SELECT count(*) FROM alert WHERE muted_by = mute.id)) AS hits FROM mute"""

_HIDDEN_NO_MORE = """SELECT a.*, m.reason, m.expires_at, m.lifted_by FROM mute m JOIN alert a ON a.muted_by = m.id
  WHERE m.lifted_at IS NOT NULL OR m.expires_at <= ? ORDER BY a.listing"""
