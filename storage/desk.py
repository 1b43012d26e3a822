"""What the desk asks that nobody else does: alerts as columns, a page of them by key, peers, the record of decisions.

Each question costs by what it answers, not by how much the home holds; only `alert_facts` without keys walks all alerts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from storage.base import Base
from storage.errors import MissingError
from storage.evidence import EvidenceRef
from storage.observation import evidence_of


@dataclass(frozen=True, slots=True)
class Stamp:
    """How far the record of alerts had come: the last event, the last decision, and what mutes had hidden."""

    event: int
    decision: int
    mutes: tuple[int, ...]


# Where in a title the seller's contact stands, so that it can be masked; `r` is the reading of the title's observation.
_CONTACTS = """CASE WHEN instr(r.signals, 'off_platform_contact') THEN (
    SELECT json_group_array(json_array(json_extract(s.value, '$.start'), json_extract(s.value, '$.end')))
    FROM json_each(r.document, '$.signals') s WHERE json_extract(s.value, '$.signal') = 'off_platform_contact'
    AND json_extract(s.value, '$.field') = '{field}' AND json_extract(s.value, '$.start') IS NOT NULL) END"""
_TITLE_CONTACTS = f"{_CONTACTS.format(field='title')} AS title_contacts"
_TEXT_CONTACTS = f"{_CONTACTS.format(field='description')} AS text_contacts"


class DeskQuestions(Base):
    """Read-only questions of the desk. Where a title is told, `title_contacts` (JSON) says what in it is to be masked."""

    def alert_stamp(self) -> Stamp:
        """The record as it stands. Every change of an alert writes an event or a decision, or is a mute's."""
        mutes = self.db.row("SELECT count(*), coalesce(sum(hits), 0), count(lifted_at) FROM mute")
        return Stamp(
            self.db.value("SELECT max(rowid) FROM alert_event") or 0,
            self.db.value("SELECT max(rowid) FROM decision") or 0,
            tuple(mutes or ()),
        )

    def alert_facts(self, since: Stamp | None = None) -> Iterator[Any]:
        """Rows of listing, state, severity, rank, score, site, country, chip, seller, signals, muted, silent, news.

        All alerts, or those with an event or decision after `since`. `news` is the last news, else the opening; `silent`: there is none.
        """
        where, params = "", list[Any]()
        if since is not None:
            where = """WHERE listing IN (SELECT listing FROM alert_event WHERE rowid > ?
                UNION SELECT listing FROM decision WHERE rowid > ?)"""
            params = [since.event, since.decision]
        return self.db.stream(
            f"""SELECT listing, state, severity, rank, score, site, country, chip, seller, signals, muted_by IS NOT NULL AS muted,
                news_at IS NULL AS silent, coalesce(news_at, opened_at) AS news FROM alert {where}""",
            params,
        )

    def alerts_by_key(self, listings: Sequence[str]) -> list[dict[str, Any]]:
        """Alerts with what a list shows of each: `alert_view` with version, place and the reading's `document`, in the given order."""
        rows = self.db.rows(
            f"""SELECT v.*, a.version, a.relist_of, a.closed_why, l.listing_id, o.location, o.ships_to, r.document,
               {_TITLE_CONTACTS}
               FROM json_each(?) k CROSS JOIN alert a ON a.listing = k.value JOIN alert_view v ON v.listing = a.listing
               JOIN listing l ON l.id = a.listing JOIN observation o ON o.id = a.observation
               LEFT JOIN reading r ON r.observation = a.observation ORDER BY k.key""",
            [json.dumps(list(listings))],
        )
        return [
            {
                **dict(row),
                "signals": tuple(row["signals"].split()),
                "document": json.loads(row["document"] or "{}"),
            }
            for row in rows
        ]

    def listings_by_key(self, listings: Sequence[str]) -> list[dict[str, Any]]:
        """Rows of `listing_view` with `description`, and the alert's state and severity where there is one, in the given order."""
        rows = self.db.rows(
            f"""SELECT v.*, o.description, a.state AS alert_state, a.severity AS alert_severity, a.score AS alert_score,
                 {_TITLE_CONTACTS}, {_TEXT_CONTACTS}
               FROM json_each(?) k CROSS JOIN listing_view v ON v.listing = k.value
               LEFT JOIN reading r ON r.observation = v.observation
               LEFT JOIN observation o ON o.id = v.observation LEFT JOIN alert a ON a.listing = v.listing ORDER BY k.key""",
            [json.dumps(list(listings))],
        )
        return [{**dict(row), "signals": tuple((row["signals"] or "").split())} for row in rows]

    def peers(self, chip: str, offer: str, *, limit: int = 300) -> list[dict[str, Any]]:
        """Current offers of a chip with a unit price, the latest read first: listing, site, country, title, unit_usd, condition, observed_at."""
        rows = self.db.rows(
            """SELECT l.id AS listing, l.site, l.country, l.title, r.unit_usd, r.condition, o.observed_at FROM reading r
               JOIN listing l ON l.id = r.listing AND l.observation = r.observation JOIN observation o ON o.id = r.observation
               WHERE r.chip = ? AND r.offer = ? AND r.unit_usd IS NOT NULL ORDER BY r.rowid DESC LIMIT ?""",
            [chip, offer, limit],
        )
        return [dict(row) for row in rows]

    def offers_of_seller(
        self, seller: str, *, besides: str = "", limit: int = 12
    ) -> tuple[int, list[dict[str, Any]]]:
        """How many other listings a seller has, and the latest seen of them with their alert's state."""
        total = self.db.value("SELECT count(*) FROM listing WHERE seller = ? AND id <> ?", [seller, besides])
        rows = self.db.rows(
            f"""SELECT l.id AS listing, l.site, l.title, l.state, l.last_seen, r.chip, r.offer, r.unit_usd, r.quantity,
                 a.state AS alert_state, a.severity, {_TITLE_CONTACTS}
               FROM (SELECT * FROM listing WHERE seller = ? AND id <> ? ORDER BY last_seen DESC, id LIMIT ?) l
               LEFT JOIN reading r ON r.observation = l.observation LEFT JOIN alert a ON a.listing = l.id
               ORDER BY l.last_seen DESC, l.id""",
            [seller, besides, limit],
        )
        return total, [dict(row) for row in rows]

    def relists(self, listing: str, seller: str | None) -> list[dict[str, Any]]:
        """Alerts on later listings of the same seller that are this offer again: listing, title, state, opened_at."""
        rows = self.db.rows(
            f"""SELECT a.listing, a.title, a.state, a.opened_at, {_TITLE_CONTACTS} FROM alert a
                LEFT JOIN reading r ON r.observation = a.observation
                WHERE a.seller = ? AND a.relist_of = ? ORDER BY a.opened_at, a.listing""",
            [seller, listing],
        )
        return [dict(row) for row in rows]

    def copies(self, listing: str, *, limit: int = 12) -> list[dict[str, Any]]:
        """Listings of others with nearly this text, before or after it, the likest first: listing, title, site, similarity."""
        rows = self.db.rows(
            f"""SELECT l.id AS listing, l.title, l.site, l.seller, k.similarity, k.later, a.state AS alert_state, {_TITLE_CONTACTS} FROM (
                 SELECT other AS listing, similarity, 0 AS later FROM likeness WHERE listing = ?1
                 UNION ALL SELECT listing, similarity, 1 FROM likeness WHERE other = ?1) k
               JOIN listing l ON l.id = k.listing LEFT JOIN reading r ON r.observation = l.observation
               LEFT JOIN alert a ON a.listing = l.id
               ORDER BY k.similarity DESC, l.id LIMIT ?2""",
            [listing, limit],
        )
        return [dict(row) for row in rows]

    def title_of(self, listing: str) -> dict[str, Any]:
        """A listing's key, site and current title. Raises MissingError."""
        row = self.db.row(
            f"""SELECT l.id AS listing, l.site, l.title, {_TITLE_CONTACTS} FROM listing l
                LEFT JOIN reading r ON r.observation = l.observation WHERE l.id = ?""",
            [listing],
        )
        if row is None:
            raise MissingError("there is no such listing", listing)
        return dict(row)

    def decisions_on(self, listing: str) -> list[dict[str, Any]]:
        """Everything decided on a listing, oldest first; `undone` tells those taken back."""
        rows = self.db.rows(
            """SELECT d.*, EXISTS (SELECT 1 FROM decision u WHERE u.undoes = d.id AND u.listing = d.listing) AS undone
               FROM decision d WHERE d.listing = ? ORDER BY d.at, d.seq, d.id""",
            [listing],
        )
        return [dict(row) for row in rows]

    def decision_record(
        self, *, who: str | None = None, action: str | None = None, before: int | None = None, limit: int = 50
    ) -> list[dict[str, Any]]:
        """The record of decisions over all listings, the latest first, with title and site; `n` of the last row continues."""
        rows = self.db.rows(
            f"""SELECT d.rowid AS n, d.*, l.title, l.site, {_TITLE_CONTACTS} FROM decision d JOIN listing l ON l.id = d.listing
               LEFT JOIN reading r ON r.observation = l.observation
               WHERE d.rowid < coalesce(?1, 9223372036854775807) AND d.who = coalesce(?2, d.who) AND d.action = coalesce(?3, d.action)
               ORDER BY d.rowid DESC LIMIT ?4""",
            [before, who, action, limit],
        )
        return [{**dict(row), "signals": tuple((row["signals"] or "").split())} for row in rows]

    def waits_for_search(self) -> bool:
        """Whether the search index does not hold all current texts yet."""
        return self.db.value("SELECT 1 FROM search_pending LIMIT 1") is not None

    def evidence_of(self, name: str) -> EvidenceRef:
        """One evidence record's pointer. Raises MissingError."""
        row = self.db.row(
            "SELECT e.*, e.kind AS record_kind, e.url AS evidence_url FROM evidence e WHERE e.id = ?", [name]
        )
        ref = evidence_of(row) if row else None
        if ref is None:
            raise MissingError("there is no such evidence record", name)
        return ref
