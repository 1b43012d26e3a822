"""What people decided on alerts: kept for good, with who, when, why and what was seen; undone by another decision, never erased."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from storage.alerts import Alerts
from storage.errors import ConflictError, MissingError, StorageError
from storage.ids import short_hash, utc
from storage.mutes import covering
from storage.observation import as_json
from storage.queue import RANKS
from storage.standing import KNEW_OF_LISTING, STATE_AFTER, TAKEN_BACK, event_of, standing

__all__ = ["ACTIONS", "STATE_AFTER", "Decisions"]

ACTIONS = (*STATE_AFTER, "note")


class Decisions(Alerts):
    """Deciding, undoing, and reading the record of it."""

    def decide(
        self, listing: str, action: str, *, who: str, now: str, reason: str | None = None, note: str | None = None,
        until: str | None = None, expected_version: int | None = None,
    ) -> str:  # fmt: skip
        """Record a decision (confirm, dismiss, snooze, escalate, note) on a listing; its id.

        A listing without an alert may be decided too (one drawn at random for the recall estimate); found worthwhile, it gets one.
        `until` is for snooze.
        Raises ConflictError if somebody changed the alert since `expected_version`, MissingError for an unknown listing,
        StorageError for an unknown action or a snooze without its end.
        """
        if action not in ACTIONS:
            raise StorageError(f"{action!r} is no decision; one of {', '.join(ACTIONS)}", listing)
        if (action == "snooze") != (until is not None):
            raise StorageError("a snooze, and nothing else, needs the date it ends", listing)
        with self.transaction():
            seen = self._seen(listing)
            self._expect(listing, seen, expected_version)
            row = {
                "listing": listing, "at": utc(now, "now"), "who": who, "action": action, "reason": reason, "note": note,
                "until": utc(until, "until") if until else None, "undoes": None, **self._what_was_seen(seen),
            }  # fmt: skip
            name = self._insert_decision(row)
            if seen["state"] is None and action in ("confirm", "escalate"):
                self.db.write(_OPEN_UNFLAGGED, {"listing": listing, "now": row["at"]})
                self._note_event(
                    event_of(name, "opened"), row, "opened", f"{STATE_AFTER[action]} by {who}, though nothing had flagged it"
                )
                seen = self._seen(listing)
            if seen["state"] is not None and action in STATE_AFTER:
                self._set_state(listing, STATE_AFTER[action], row["until"], row["at"])
        return name

    def undo(
        self,
        listing: str,
        *,
        who: str,
        now: str,
        expected_version: int | None = None,
        note: str | None = None,
    ) -> str:
        """Take back the last decision that stands; the id of the undoing. The alert returns to the state before it; one whose page
        fell under the threshold since then closes.

        Raises MissingError where nothing is to be undone, StorageError where the alert has moved on since.
        """
        with self.transaction():
            seen = self._seen(listing)
            self._expect(listing, seen, expected_version)
            last = self.last_decision(listing)
            if last is None:
                raise MissingError("there is no decision to undo", listing)
            if seen["state"] is not None and seen["state"] != STATE_AFTER[last["action"]]:
                raise StorageError(
                    f"the alert is {seen['state']} by now", listing, "decide anew instead of undoing"
                )
            row = {
                "listing": listing, "at": utc(now, "now"), "who": who, "action": "undo", "reason": None, "note": note, "until": None,
                "undoes": last["id"], **self._what_was_seen(seen),
            }  # fmt: skip
            name = self._insert_decision(row)
            if seen["state"] is not None:
                back = standing(self._said(listing), self._moves(listing))
                self._set_state(listing, back.state, back.until, row["at"])
                if back.state == "closed":
                    self.db.write("UPDATE alert SET closed_why=? WHERE listing=?", [back.why, listing])
                if last["state_before"] is None:
                    self._note_event(event_of(name, "closed"), row, "closed", TAKEN_BACK)
                elif back.state == "new" and _rank(last) >= RANKS["medium"] > _rank(seen):
                    self._close_quiet(row)
        return name

    def last_decision(self, listing: str) -> dict[str, Any] | None:
        """The last decision on a listing that stands, notes and undone ones left out."""
        row = self.db.row(
            "SELECT * FROM decision d WHERE listing=? AND action NOT IN ('note', 'undo') AND NOT EXISTS"
            " (SELECT 1 FROM decision u WHERE u.undoes = d.id AND u.listing = d.listing) ORDER BY at DESC, seq DESC, id DESC LIMIT 1",
            [listing],
        )
        return dict(row) if row else None

    def opened_because(self, listing: str) -> str | None:
        """What opened a listing's alert last, or woke it; None where nothing is recorded."""
        found = [row["why"] for row in self._moves(listing) if row["kind"] in ("opened", "reopened", "woke")]
        return found[-1] if found else None

    def news_because(self, listing: str) -> str | None:
        """What made the last news of a listing's alert; None where it never had any."""
        found = [row["why"] for row in self._moves(listing) if row["news"]]
        return found[-1] if found else None

    def decisions(self, since: str | None = None, *, standing: bool = False) -> Iterator[dict[str, Any]]:
        """The record of decisions, oldest first; with `standing` the last of each listing that still holds."""
        for row in self.db.rows(
            f"SELECT * FROM decision WHERE at >= ? {_STANDING if standing else ''} ORDER BY at, seq, id",
            [since or ""],
        ):
            yield {**dict(row), "signals": tuple((row["signals"] or "").split())}

    def _said(self, listing: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self.db.rows("SELECT * FROM decision WHERE listing=? ORDER BY at, seq, id", [listing])]

    def _seen(self, listing: str) -> dict[str, Any]:
        row = self.db.row(_SEEN, [listing])
        if row is None:
            raise MissingError("there is no such listing", listing)
        return dict(row)

    def _expect(self, listing: str, seen: dict[str, Any], expected: int | None) -> None:
        if expected is None or seen["version"] in (None, expected):
            return
        last = self.db.row(
            "SELECT who, at, action FROM decision WHERE listing=? ORDER BY at DESC, seq DESC LIMIT 1",
            [listing],
        )
        event = self.db.row(
            "SELECT at, kind FROM alert_event WHERE listing=? ORDER BY at DESC, rowid DESC LIMIT 1", [listing]
        )
        who, when, action = "chipwatch", event["at"] if event else "", event["kind"] if event else ""
        if last and last["at"] >= when:
            who, when, action = last["who"], last["at"], last["action"]
        what = f"was changed meanwhile: {action} by {who} at {when}"
        raise ConflictError(what, listing, who=who, when=when, action=action, version=seen["version"])

    def _what_was_seen(self, seen: dict[str, Any]) -> dict[str, Any]:
        versions = {name: seen[name] for name in ("knowledge", "model", "thresholds") if seen[name]}
        return {
            "observation": seen["observation"], "score": seen["score"], "severity": seen["severity"], "signals": seen["signals"],
            "versions": as_json(versions), "state_before": seen["state"], "source": "alert" if seen["state"] else "sample",
        }  # fmt: skip

    def _insert_decision(self, row: dict[str, Any]) -> str:
        # The number tells a decision made, undone and made again within one second from its first making.
        number = self.db.value("SELECT count(*) FROM decision WHERE listing=?", [row["listing"]])
        knew = self.db.value(f"SELECT {KNEW_OF_LISTING}", [row["listing"]])
        content = (
            row[key] for key in ("listing", "at", "who", "action", "reason", "note", "until", "undoes")
        )
        name = short_hash("decision", *content, number)
        row = {"id": name, "seq": number, "knew": knew, **row}
        self.db.write(
            f"INSERT INTO decision ({','.join(row)}) VALUES ({','.join('?' * len(row))})", list(row.values())
        )
        return name

    def _close_quiet(self, row: dict[str, Any]) -> None:
        """Close an alert whose page fell under the threshold while a decision held it: nobody would close it later."""
        why = f"the page changed while it was decided: score {row['score'] or 0:.2f}, severity {row['severity']}"
        self.db.write("UPDATE alert SET state='closed', closed_why=?, muted_by=NULL, version=version+1 WHERE listing=?", [why, row["listing"]])
        self._note_event(short_hash("event", row["listing"], row["observation"], "closed", row["at"]), row, "closed", why)

    def _note_event(self, name: str, row: dict[str, Any], kind: str, why: str) -> None:
        """Note what a decision did to an alert that the judge had no part in."""
        self.db.write(
            "INSERT INTO alert_event (id, listing, at, kind, observation, score, severity, news, why, knew)"
            f" VALUES (?,?,?,?,?,?,?,0,?,{KNEW_OF_LISTING})",
            [name, row["listing"], row["at"], kind, row["observation"], row["score"] or 0.0,
             row["severity"] or "none", why, row["listing"]],
        )  # fmt: skip

    def _set_state(self, listing: str, state: str, until: str | None, now: str) -> None:
        """Mutes hide what waits in the queue and nothing else: what was decided on stands among the decided ones."""
        row = self.db.row("SELECT * FROM alert WHERE listing=?", [listing])
        muted = covering(row, self.mutes(now)) if state == "new" else None
        self.db.write(
            "UPDATE alert SET state=?, snooze_until=?, muted_by=?, measured=NULL, version=version+1 WHERE listing=?",
            [state, until, muted, listing],
        )


def _rank(row: dict[str, Any]) -> int:
    return RANKS[row["severity"] or "none"]


_SEEN = """SELECT l.id, a.state, a.version, coalesce(a.observation, l.observation) AS observation, coalesce(a.score, r.score) AS score,
    coalesce(a.severity, r.severity) AS severity, coalesce(a.signals, r.signals) AS signals, r.knowledge, r.model, r.thresholds
  FROM listing l LEFT JOIN alert a ON a.listing = l.id LEFT JOIN reading r ON r.observation = coalesce(a.observation, l.observation)
  WHERE l.id = ?"""

_OPEN_UNFLAGGED = """INSERT INTO alert (listing, title, state, severity, rank, score, site, country, chip, unit_usd, seller, signals,
    observation, opened_at)
  SELECT l.id, l.title, 'new', coalesce(r.severity, 'none'), CASE r.severity WHEN 'high' THEN 3 WHEN 'medium' THEN 2 WHEN 'low' THEN 1 ELSE 0 END,
    coalesce(r.score, 0.0), l.site, l.country, r.chip, r.unit_usd, l.seller, coalesce(r.signals, ''), l.observation, :now
  FROM listing l LEFT JOIN reading r ON r.observation = l.observation WHERE l.id = :listing"""

_STANDING = """AND action NOT IN ('note', 'undo') AND NOT EXISTS
    (SELECT 1 FROM decision u WHERE u.undoes = decision.id AND u.listing = decision.listing)
  AND NOT EXISTS (SELECT 1 FROM decision n WHERE n.listing = decision.listing AND n.action NOT IN ('note', 'undo')
    AND (n.at, n.seq, n.id) > (decision.at, decision.seq, decision.id) AND NOT EXISTS
    (SELECT 1 FROM decision u WHERE u.undoes = n.id AND u.listing = n.listing))"""
