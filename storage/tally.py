"""Counts over a span of days, for summaries: what was gathered, flagged, decided, and how each site's runs went.

A span takes in its start and leaves out its end. What an observation in quarantine said counts for nothing.
"""

from __future__ import annotations

from typing import Any

from storage.base import Base
from storage.ids import utc


class Tally(Base):
    """Read-only counts."""

    def gathered(self, since: str, until: str) -> dict[str, int]:
        """`observations` made, `listings` seen for the first time, and `judged`: those of them that offered a restricted chip."""
        span = [utc(since, "since"), utc(until, "until")]
        listings, judged = self.db.rows(_NEW_LISTINGS, span)[0]
        return {
            "observations": self.db.value(_OBSERVATIONS, span),
            "listings": listings,
            "judged": judged or 0,
        }

    def flagged(self, since: str, until: str) -> list[dict[str, Any]]:
        """Listings whose alert opened, opened again or woke in the span, each once: `listing`, whether it was first seen in the span
        too (`new`), the highest `severity` it had then, and the `action` that stands on it (None while undecided)."""
        span = {"since": utc(since, "since"), "until": utc(until, "until")}
        return [{**dict(row), "new": bool(row["new"])} for row in self.db.rows(_FLAGGED, span)]

    def runs_by_site(self, since: str, until: str) -> list[dict[str, Any]]:
        """Each site with its `runs` in the span, how many were `whole`, `listings` new in them, and the `outcomes` of the others."""
        return [dict(row) for row in self.db.rows(_RUNS, [utc(since, "since"), utc(until, "until")])]

    def queue(self) -> dict[str, Any]:
        """Alerts that wait for a decision: how many, and since when the oldest."""
        row = self.db.rows(
            "SELECT count(*), min(opened_at) FROM alert WHERE state='new' AND muted_by IS NULL"
        )[0]
        return {"waiting": row[0], "oldest": row[1]}


_OBSERVATIONS = """SELECT count(*) FROM observation o JOIN run r ON r.id = o.run
  WHERE o.observed_at >= ? AND o.observed_at < ? AND r.quarantined = 0"""

_NEW_LISTINGS = """SELECT count(*), sum(EXISTS (SELECT 1 FROM reading g WHERE g.observation = l.observation AND g.restricted = 1))
  FROM listing l JOIN observation o ON o.id = l.observation JOIN run r ON r.id = o.run
  WHERE l.first_seen >= ? AND l.first_seen < ? AND r.quarantined = 0"""

_FLAGGED = """SELECT e.listing, l.first_seen >= :since AND l.first_seen < :until AS new,
    CASE max(CASE e.severity WHEN 'high' THEN 2 ELSE 1 END) WHEN 2 THEN 'high' ELSE 'medium' END AS severity,
    (SELECT d.action FROM decision d WHERE d.listing = e.listing AND d.action NOT IN ('note', 'undo')
      AND NOT EXISTS (SELECT 1 FROM decision u WHERE u.undoes = d.id AND u.listing = d.listing)
      ORDER BY d.at DESC, d.seq DESC, d.id DESC LIMIT 1) AS action
  FROM alert_event e JOIN listing l ON l.id = e.listing
  WHERE e.kind IN ('opened', 'reopened', 'woke') AND e.at >= :since AND e.at < :until AND e.severity IN ('high', 'medium')
  GROUP BY e.listing ORDER BY e.listing"""

_RUNS = """SELECT site, count(*) AS runs, sum(outcome = 'ok' AND quarantined = 0) AS whole, coalesce(sum(new), 0) AS listings,
    group_concat(CASE WHEN outcome <> 'ok' OR quarantined = 1 THEN coalesce(outcome, 'running') || CASE quarantined WHEN 1 THEN ' (quarantined)' ELSE '' END END, ', ')
      AS outcomes
  FROM run WHERE kind = 'crawl' AND started_at >= ? AND started_at < ? AND coalesce(outcome, '') <> 'skipped' GROUP BY site ORDER BY site"""
