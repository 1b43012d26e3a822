"""A site's health: what its runs counted, what is usual, and how it stands at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crawler.outcome import Facts, Outcome
    from storage.store import Store


def usual(store: Store, site: str, runs: int) -> list[int]:
    """Listing counts of the site's last healthy crawls, the latest first."""
    healthy = [
        r for r in store.runs(site) if r["kind"] == "crawl" and r["outcome"] == "ok" and not r["quarantined"]
    ]
    return [row["listings"] for row in healthy[:runs] if row["listings"] is not None]


def numbers(facts: Facts) -> dict[str, Any]:
    """The run's numbers as the database keeps them."""
    return {
        "pages": facts.pages, "listings": facts.listings, "new": facts.new, "changed": facts.changed, "seen": facts.seen,
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
        "stops": facts.stops, "limits": facts.limits, "remarks": facts.remarks[:20], "errors": facts.errors[:20], "broken": list(outcome.broken),
        "waited_s": round(facts.waited_s, 2),
    }  # fmt: skip
