"""Counts and rows that the desk's overview pages are made of. Each answers from an index, so that size does not show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from storage.base import Base
from storage.desk import _TITLE_CONTACTS

INDEXED_SCORE = 0.1
"""The lowest score in the index `reading_score`; offers below carry no sign worth a threshold."""

SAMPLED = 3_000
"""Readings of one chip that its market's past is read from where no references were stored, the latest ones."""


_TELLING = ("reading", "alert_event", "decision", "link_decision", "version", "run", "digest")
"""Tables that get a row whenever anything is judged, decided, gathered or drawn at random."""


class Overview(Base):
    """Questions of the pages on thresholds, markets, sites and sellers. Where a listing's title is told, `title_contacts` says what to mask."""

    def score_counts(self) -> list[tuple[int, int]]:
        """How many current offers have which score: (thousandths of the score, offers), from `INDEXED_SCORE` on."""
        return [(row[0], row[1]) for row in self.db.rows(_SCORES, [INDEXED_SCORE])]

    def stamp(self) -> tuple[Any, ...]:
        """How far the home had come: the last reading, event of an alert, decision, decision on a tie, version, run and digest."""
        return tuple(self.db.value(f"SELECT max(rowid) FROM {table}") for table in _TELLING)

    def days_observed(self) -> list[str]:
        """The days (YYYY-MM-DD) on which anything was observed, oldest first."""
        return [row[0] for row in self.db.rows(_DAYS)]

    def reviewed(self) -> list[dict[str, Any]]:
        """Every listing with a verdict that stands: listing, action (confirm, escalate, dismiss), score of its current reading, highest first."""
        return [dict(row) for row in self.db.rows(_REVIEWED)]

    def offers_named(self, listings: Sequence[str]) -> list[dict[str, Any]]:
        """The given listings as `offers_scored` tells them, in the given order."""
        rows = self.db.rows(_NAMED, [json.dumps(list(listings))])
        return [{**dict(row), "signals": tuple((row["signals"] or "").split())} for row in rows]

    def offers_scored(
        self, low: float, high: float, *, limit: int, lowest_first: bool = False
    ) -> list[dict[str, Any]]:
        """Current offers with low <= score < high: listing, title, site, chip, unit_usd, score, severity, signals, alert (its state)."""
        rows = self.db.rows(
            _SCORED.format(order="" if lowest_first else "DESC"), [max(low, INDEXED_SCORE), high, limit]
        )
        return [{**dict(row), "signals": tuple((row["signals"] or "").split())} for row in rows]

    def judged_by(self) -> dict[str, int]:
        """Versions that readings are by, as {thresholds: 1}; more than one while a rescore is still to be done."""
        return {row[0]: 1 for row in self.db.rows("SELECT version FROM reading_version")}

    def runs_by_day(self, since: str) -> list[dict[str, Any]]:
        """Runs from `since` (YYYY-MM-DD) on, by site and day: site, day, runs, outcomes (words), whole (how many read all there was and
        are not in quarantine), listings (most), new, changed, held. An import that failed says nothing of a site."""
        return [dict(row) for row in self.db.rows(_RUN_DAYS, [since])]

    def seen_in(self, run: str, *, limit: int = 6) -> list[dict[str, Any]]:
        """The first observations of a run: listing, title, price_text, changed (what differs from before; empty for a new one)."""
        return [dict(row) for row in self.db.rows(
            "SELECT listing, title, price_text, changed FROM observation WHERE run=? ORDER BY rowid LIMIT ?", [run, limit]
        )]  # fmt: skip

    def markets(self) -> list[dict[str, Any]]:
        """Chips with stored references: offer, chip, as_of (the latest day)."""
        found: list[dict[str, Any]] = []
        at = ["", ""]
        # From one chip to the next through the index: as many steps as there are chips.
        while row := self.db.row(
            "SELECT offer, chip FROM market_reference WHERE (offer, chip) > (?, ?) ORDER BY offer, chip LIMIT 1",
            at,
        ):
            at = [row["offer"], row["chip"]]
            latest = self.db.value("SELECT max(as_of) FROM market_reference WHERE offer=? AND chip=?", at)
            found.append({"offer": at[0], "chip": at[1], "as_of": latest})
        return found

    def market_days(self, offer: str, chip: str, since: str, *, whole: bool = False) -> list[dict[str, Any]]:
        """Stored references of a chip from `since` on, oldest first; the columns of `market_reference`. `whole`: of all conditions together."""
        condition = "AND condition = 'all'" if whole else ""
        return [dict(row) for row in self.db.rows(
            f"SELECT * FROM market_reference WHERE offer=? AND chip=? AND as_of >= ? {condition} ORDER BY as_of, region, condition",
            [offer, chip, since],
        )]  # fmt: skip

    def markets_judged(self) -> list[dict[str, Any]]:
        """Chips that current readings name: chip, offer (sale or rental), offers."""
        return [dict(row) for row in self.db.rows(
            "SELECT chip, offer, count(*) AS offers FROM reading INDEXED BY reading_chip WHERE chip IS NOT NULL AND offer IN ('sale', 'rental')"
            " GROUP BY chip, offer ORDER BY offers DESC, chip"
        )]  # fmt: skip

    def references_judged(
        self, offer: str, chip: str, since: str, *, most: int = SAMPLED
    ) -> list[dict[str, Any]]:
        """What was known of a chip's market when its offers were judged: day, country, low, high, n, segment, note; per day and segment
        the reference with the most peers. Of the `most` latest readings."""
        return [dict(row) for row in self.db.rows(_JUDGED_MARKET, [chip, offer, most, since])]

    def prices(self, offer: str, chip: str, *, limit: int = 200) -> list[dict[str, Any]]:
        """Prices of live current offers of a chip: listing, title, site, country, unit_usd, condition, observed_at; the latest first."""
        return [dict(row) for row in self.db.rows(_PRICES, [chip, offer, limit])]

    def sellers_ranked(
        self, *, site: str | None = None, keys: Sequence[str] | None = None, limit: int = 50, offset: int = 0
    ) -> list[dict[str, Any]]:
        """Sellers by alerts that stand: seller, label, site, open, confirmed, top (highest score), listings, since, ratings. `keys`: of these."""
        chosen = None if keys is None else json.dumps(list(keys))
        return [dict(row) for row in self.db.rows(_SELLERS, [site, limit, offset, chosen])]

    def find_sellers(self, text: str, *, limit: int = 50) -> list[str]:
        """Keys of sellers that `text` names: a key's beginning (4 letters or more) or a label's."""
        text = text.strip()
        if len(text) < 4:
            return []
        return [row[0] for row in self.db.rows(
            "SELECT id FROM seller WHERE id >= ?1 AND id < ?1 || '~' UNION SELECT id FROM seller WHERE label >= ?2 AND label < ?2 || '~'"
            " ORDER BY 1 LIMIT ?3", [text.lower().removeprefix("seller "), text, limit]
        )]  # fmt: skip

    def offers_of(self, parties: Sequence[str], *, limit: int = 200) -> list[dict[str, Any]]:
        """Listings of parties (`storage.ties`) with what stands on them: party, listing, title, site, country, state, first_seen,
        last_seen, offer, chip, quantity, unit_usd, score, severity, alert; the highest score first."""
        return [dict(row) for row in self.db.rows(_OFFERS, [json.dumps(list(parties)), limit])]


_SCORES = """SELECT CAST(r.score * 1000 + 1e-6 AS INTEGER) AS bin, count(*) FROM reading r INDEXED BY reading_score
  JOIN listing l ON l.id = r.listing AND l.observation = r.observation WHERE r.score >= 0.1 AND r.score >= ? GROUP BY bin ORDER BY bin"""

# From one day to the next through the index of times: as many steps as there are days, whatever lies between.
_DAYS = """WITH RECURSIVE day (d) AS (
    SELECT substr(min(observed_at), 1, 10) FROM observation
    UNION ALL
    SELECT (SELECT substr(min(observed_at), 1, 10) FROM observation WHERE observed_at >= date(day.d, '+1 day')) FROM day WHERE day.d IS NOT NULL
  ) SELECT d FROM day WHERE d IS NOT NULL"""

# Of each listing the last verdict that was not undone; SQLite takes the other columns from the row with the maximum.
_REVIEWED = """SELECT d.listing, d.action, coalesce(r.score, d.score, 0.0) AS score FROM (
    SELECT listing, action, score, max(at || printf('%09d', seq) || id) FROM decision
    WHERE action NOT IN ('note', 'undo') AND id NOT IN (SELECT undoes FROM decision WHERE undoes IS NOT NULL) GROUP BY listing) d
  CROSS JOIN listing l ON l.id = d.listing LEFT JOIN reading r ON r.observation = l.observation
  WHERE d.action IN ('confirm', 'escalate', 'dismiss') ORDER BY score DESC, d.listing"""

_OFFER = f"""SELECT l.id AS listing, l.title, {_TITLE_CONTACTS}, l.site, r.chip, r.unit_usd, r.score, r.severity, r.signals,
    a.state AS alert"""

_NAMED = f"""{_OFFER} FROM json_each(?) k CROSS JOIN listing l ON l.id = k.value LEFT JOIN reading r ON r.observation = l.observation
  LEFT JOIN alert a ON a.listing = l.id ORDER BY k.key"""

_SCORED = f"""{_OFFER}
  FROM reading r INDEXED BY reading_score JOIN listing l ON l.id = r.listing AND l.observation = r.observation
  LEFT JOIN alert a ON a.listing = l.id
  WHERE r.score >= 0.1 AND r.score >= ? AND r.score < ? ORDER BY r.score {{order}}, r.listing LIMIT ?"""

_RUN_DAYS = """SELECT site, substr(started_at, 1, 10) AS day, count(*) AS runs, group_concat(DISTINCT coalesce(outcome, 'running')) AS outcomes,
    coalesce(sum(outcome IN ('ok', 'empty') AND quarantined = 0 AND kind <> 'import'), 0) AS whole,
    max(listings) AS listings, sum(new) AS new, sum(changed) AS changed, sum(quarantined) AS held
  FROM run WHERE started_at >= ? AND (kind = 'crawl' OR (kind = 'import' AND coalesce(outcome, '') <> 'failed')) GROUP BY site, day ORDER BY site, day"""

_JUDGED_MARKET = """WITH latest AS (
    SELECT o.observed_at, o.country, json_extract(r.document, '$.market') AS market FROM reading r JOIN observation o ON o.id = r.observation
    WHERE r.chip = ? AND r.offer = ? ORDER BY r.rowid DESC LIMIT ?)
  SELECT substr(observed_at, 1, 10) AS day, country, json_extract(market, '$.low') AS low, json_extract(market, '$.high') AS high,
    max(coalesce(json_extract(market, '$.n'), 0)) AS n, json_extract(market, '$.segment') AS segment, json_extract(market, '$.note') AS note,
    json_extract(market, '$.spread') AS spread
  FROM latest WHERE market IS NOT NULL AND observed_at >= ? GROUP BY day, segment, iif(segment IS NULL OR segment IN ('seed', 'all markets'), '', country)
  ORDER BY day, segment"""

_PRICES = f"""SELECT l.id AS listing, l.title, {_TITLE_CONTACTS}, l.site, l.country, r.unit_usd, r.condition, r.quantity, o.observed_at
  FROM reading r JOIN listing l ON l.observation = r.observation AND l.id = r.listing JOIN observation o ON o.id = r.observation
  WHERE r.chip = ? AND r.offer = ? AND r.unit_usd > 0 AND l.state = 'live' ORDER BY r.rowid DESC LIMIT ?"""

_SELLERS = """SELECT t.seller, s.label, t.site, s.since, s.ratings, t.open, t.confirmed, t.top,
    (SELECT count(*) FROM listing WHERE seller = t.seller) AS listings
  FROM (SELECT seller, sum(state = 'new') AS open, sum(state IN ('confirmed', 'escalated')) AS confirmed, max(score) AS top, min(site) AS site
        FROM alert INDEXED BY alert_by_seller
        WHERE seller IS NOT NULL AND state IN ('new', 'confirmed', 'escalated', 'snoozed') AND (?1 IS NULL OR site = ?1)
          AND (?4 IS NULL OR seller IN (SELECT value FROM json_each(?4)))
        GROUP BY seller ORDER BY confirmed DESC, open DESC, top DESC, seller LIMIT ?2 OFFSET ?3) t
  JOIN seller s ON s.id = t.seller ORDER BY t.confirmed DESC, t.open DESC, t.top DESC, t.seller"""

_OFFERS = f"""SELECT p.value AS party, l.id AS listing, l.title, {_TITLE_CONTACTS}, l.site, l.country, l.state, l.first_seen, l.last_seen, l.url, r.offer, r.chip,
    r.quantity, r.unit_usd, r.score, r.severity, r.signals, a.state AS alert
  FROM json_each(?) p JOIN listing l ON (l.seller = p.value OR (substr(p.value, 1, 8) = 'listing:' AND l.id = substr(p.value, 9)))
  LEFT JOIN reading r ON r.observation = l.observation LEFT JOIN alert a ON a.listing = l.id
  ORDER BY r.score DESC, l.last_seen DESC, l.id LIMIT ?"""
