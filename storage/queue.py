"""The queue's questions: which alerts stand, which are news, how many of what. Nothing here changes an alert's state."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from storage.base import Base
from storage.errors import MissingError, StorageError

RANKS = {"none": 0, "low": 1, "medium": 2, "high": 3}
_SEVERITIES = {rank: severity for severity, rank in RANKS.items()}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which alerts to show; None means any. `since` and `until` are about the last news; `text` is searched in the listings.

    `silent`: opened without notice, because they were judged anew or are relists of what is known: no digest writes them out.
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


MOVES = "FROM alert_event e JOIN observation o ON o.id = e.observation"
MOVED = "e.at, e.kind <> 'woke', o.recorded_at, o.observed_at, o.id, instr('opened reopened linked updated closed', e.kind), e.id"
"""Events in the order in which they happened. In one detection of one moment what was put off wakes first, then observations are
judged as they became known; so the order is the same in a home that others were merged into."""


class Queue(Base):
    """Alerts as an analyst works through them, and what digests have told of them."""

    def standing_alerts(self, listings: Iterable[str], *, chain: bool = False) -> dict[str, dict[str, Any]]:
        """The alerts of the given listings as they stand, by listing; with `chain` also of those they are relists of, and so on."""
        rows = self.db.rows(_CHAIN if chain else _STANDING, [json.dumps(list(dict.fromkeys(listings)))])
        return {row["listing"]: _alert(row) for row in rows}

    def stranded_alerts(self) -> list[dict[str, Any]]:
        """Alerts on pages that are in quarantine, closed ones too: such a page may have closed them. `current` is what the listing's current page was
        judged (observation, title, country, seller, chip, usd, score, severity, document), None where there is none."""
        found = []
        for row in self.db.rows(_STRANDED):
            current = {name[2:]: row[name] for name in row.keys() if name.startswith("c_")}  # noqa: SIM118 - a row has no items
            if (document := current["document"]) is not None:
                current["document"] = json.loads(document)
            found.append(_alert(row) | {"current": current if document is not None else None})
        return found

    def alert(self, listing: str) -> dict[str, Any]:
        """One alert with its `events` and `decisions`, oldest first. Raises MissingError."""
        row = self.db.row("SELECT * FROM alert WHERE listing = ?", [listing])
        if row is None:
            raise MissingError("there is no alert for this listing", listing)
        found = _alert(row)
        found["events"] = self._moves(listing)
        found["decisions"] = [
            dict(r)
            for r in self.db.rows("SELECT * FROM decision WHERE listing=? ORDER BY at, seq, id", [listing])
        ]
        return found

    def _moves(self, listing: str) -> list[dict[str, Any]]:
        """What happened to a listing's alert, oldest first."""
        return [dict(row) for row in self.db.rows(f"SELECT e.* {MOVES} WHERE e.listing=? ORDER BY {MOVED}", [listing])]

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

    def strange(self, tail: float, *, now: str, everything: bool = False) -> Iterator[dict[str, Any]]:
        """Live offers of the share `tail` that the forest finds strangest, the strangest first, flagged or not.

        Left out is what is decided, muted at `now`, or (but with `everything`) listed as strange by a digest before. Rows have listing,
        site, listing_id, title, chip, observation and `replay`, what the run kept of the offer.
        """
        chosen = _STRANGE.format(told="" if everything else _TOLD_STRANGE)
        for row in self.db.stream(chosen, {"tail": tail, "now": now}):
            yield {**dict(row), "replay": json.loads(row["replay"])}

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


def _alert(row: Any) -> dict[str, Any]:
    found = dict(row)
    found["signals"] = tuple((found.get("signals") or "").split())
    if found.get("measured") is not None:
        found["measured"] = json.loads(found["measured"])
    return found


_STANDING = "SELECT a.* FROM json_each(?) k CROSS JOIN alert a ON a.listing = k.value"

_STRANDED = """SELECT a.*, c.id AS c_observation, c.title AS c_title, c.country AS c_country, c.seller AS c_seller, g.chip AS c_chip,
    json_extract(g.features, '$.said.usd') AS c_usd, g.score AS c_score, g.severity AS c_severity, g.document AS c_document
  FROM run r CROSS JOIN observation o ON o.run = r.id CROSS JOIN alert a ON a.listing = o.listing AND a.observation = o.id
  JOIN listing l ON l.id = a.listing LEFT JOIN observation c ON c.id = l.observation LEFT JOIN reading g ON g.observation = c.id
  WHERE r.quarantined = 1 AND l.state <> 'erased' ORDER BY a.listing"""

_CHAIN = """WITH RECURSIVE chain (listing) AS (
    SELECT value FROM json_each(?) UNION
    SELECT a.relist_of FROM chain c CROSS JOIN alert a ON a.listing = c.listing WHERE a.relist_of IS NOT NULL)
  SELECT a.* FROM chain c CROSS JOIN alert a ON a.listing = c.listing"""

_CHOSEN = {
    False: "INDEXED BY alert_untold WHERE state = 'new' AND muted_by IS NULL AND news_at IS NOT NULL AND told IS NOT news_at",
    True: "WHERE state = 'new' AND muted_by IS NULL",
}

_STRANGE = """SELECT l.id AS listing, l.site, l.listing_id, l.title, r.chip, l.observation, json_extract(r.features, '$.replay') AS replay
  FROM listing l JOIN reading r ON r.observation = l.observation
  WHERE r.restricted = 1 AND r.chip IS NOT NULL AND l.state = 'live' AND json_extract(r.features, '$.replay.tail') <= :tail
    AND NOT EXISTS (SELECT 1 FROM alert a WHERE a.listing = l.id AND (a.state NOT IN ('new', 'closed') OR a.muted_by IS NOT NULL))
    AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.listing = l.id AND d.action IN ('confirm', 'escalate', 'dismiss')
      AND NOT EXISTS (SELECT 1 FROM decision u WHERE u.undoes = d.id AND u.listing = d.listing))
    AND NOT EXISTS (SELECT 1 FROM mute m WHERE m.lifted_at IS NULL AND m.expires_at > :now AND m.value =
      CASE m.scope WHEN 'site' THEN l.site WHEN 'seller' THEN l.seller WHEN 'chip' THEN r.chip WHEN 'listing' THEN l.id END)
    {told}
  ORDER BY json_extract(r.features, '$.replay.tail'), r.score DESC, l.id"""

_TOLD_STRANGE = """AND l.id NOT IN (SELECT json_extract(s.value, '$.listing') FROM digest g, json_each(g.document, '$.strange') s WHERE g.kind = 'daily')"""

# Those to show are chosen in the index alone; only they are joined.
_NEWS = """SELECT v.*, b.rank, b.version, b.relist_of FROM (
    SELECT listing, rank, score FROM alert {chosen} ORDER BY rank DESC, score DESC, listing LIMIT ?) n
  CROSS JOIN alert b ON b.listing = n.listing CROSS JOIN alert_view v ON v.listing = n.listing
  ORDER BY n.rank DESC, n.score DESC, n.listing"""
