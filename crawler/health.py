"""A site's health: what its runs counted, what is usual, and how it stands at a glance."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.outcome import Facts, Outcome
    from storage.store import Store

RUNS_LOOKED_AT = 50
"""Further back nothing is usual any more."""


def usual(store: Store, site: str, runs: int, limits: Sequence[str] = ()) -> list[int]:
    """Listing counts of the site's last crawls that nothing cut short, or that ended at the same `limits`; the latest first.

    A person who released a run said that what it saw is right: what was usual before is so no more.
    """
    counts: list[int] = []
    for row in store.runs(site, limit=RUNS_LOOKED_AT):
        same = row["kind"] == "crawl" and not row["quarantined"] and row["outcome"] in ("ok", "empty", "changed", "partial" if limits else "")
        if same and set(json.loads(row["stats"] or "{}").get("limits", ())) == set(limits):
            counts.append(row["listings"] or 0)
        if len(counts) == runs or (same and row["outcome"] == "changed"):
            break
    return counts


def numbers(facts: Facts) -> dict[str, Any]:
    """The run's numbers as the database keeps them."""
    return {
        "pages": facts.pages, "listings": facts.listings, "new": facts.new, "changed": facts.changed, "seen": facts.seen, "erased": facts.erased,
        "requests": facts.requests, "unrecognised": facts.unrecognised, "robots": facts.robots, "gone": facts.gone,
        "failed": facts.failed.total(), "unchanged": facts.unchanged, "kept": facts.kept, "bytes": facts.bytes, "problems": facts.problem_count,
    }  # fmt: skip


def notes(facts: Facts, outcome: Outcome) -> dict[str, Any]:
    """What a person wants to know of a run beyond its numbers."""
    share = (
        {name: round(number / facts.listings, 3) for name, number in sorted(facts.filled.items())}
        if facts.listings
        else {}
    )
    return {
        "fill": share, "problem_texts": facts.problems, "failed": dict(facts.failed), "refused": dict(facts.refused),
        "stops": facts.stops, "absent": facts.absent, "limits": facts.limits, "remarks": facts.remarks[:20], "errors": facts.errors[:20], "broken": list(outcome.broken),
        "waited_s": round(facts.waited_s, 2),
    }  # fmt: skip
