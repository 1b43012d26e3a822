"""Going on with a crawl that was killed half-way: its stored pages are read from the archive instead of asked for again.

Nothing more than the evidence is needed for that. A run is the same walk from the same start addresses; where the walk comes to
an address that the killed run stored, its bytes stand in for the answer, and only what lies beyond is fetched.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawler.page import Page
    from storage.evidence import EvidenceRef
    from storage.store import Store


@dataclass(slots=True)
class Kept:
    """What killed runs of a site stored: address -> pointer. `runs` names them, the latest first."""

    home: Path
    runs: tuple[str, ...] = ()
    pages: dict[str, EvidenceRef] = field(default_factory=dict)

    def page(self, url: str) -> tuple[Page, EvidenceRef] | None:
        """The stored answer of an address with its pointer; None if none was stored or its bytes are gone."""
        from crawler.sites.rereading import page_of
        from storage.errors import StorageError

        ref = self.pages.get(url)
        if ref is None:
            return None
        try:
            return page_of(self.home, ref), ref
        except StorageError:
            return None


def kept_by_killed_runs(store: Store, home: Path, site: str, now: datetime, hours: float) -> Kept:
    """The pages of the site's last crawls, if they were killed no more than `hours` ago, one after the other.

    A run that came to its end in any other way says what it has to say: nothing of it is taken over.
    """
    from crawler.sites.rereading import records_of
    from storage.errors import StorageError

    kept = Kept(home)
    oldest = now - timedelta(hours=hours)
    for row in store.runs(site):
        if row["kind"] != "crawl" or row["outcome"] == "skipped":
            continue
        if row["outcome"] != "killed" or datetime.fromisoformat(row["started_at"]) < oldest:
            break
        kept.runs += (row["id"],)
        try:
            for ref in records_of(home, row["id"]):
                # What was fetched last stands; within a run the first answer of an address is what was recorded.
                kept.pages.setdefault(ref.url, ref)
        except StorageError:
            continue
    return kept
