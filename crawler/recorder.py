"""From a page to the archive and the database: evidence first, then observations, in batches of one transaction each."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from crawler.erased import Erased
from crawler.naming import Names
from crawler.outcome import Facts
from storage.errors import LockedError

if TYPE_CHECKING:
    from crawler.conditional import Validators
    from crawler.page import Page, Reading
    from storage.evidence import EvidenceRef, EvidenceWriter, Sealed
    from storage.listing import Listing
    from storage.store import Store

logger = logging.getLogger(__name__)

BATCH = 200
"""Listings a transaction; larger ones keep other writers waiting."""
_OF_DETAIL = ("description", "quantity", "condition", "location", "ships_to")
LONGEST_S = 5.0
"""A listing waits no longer than this for its batch."""


class Recorder:
    """One run's way into the store. Killed at any moment it leaves whole records and whole batches."""

    def __init__(self, store: Store, run: str, writer: EvidenceWriter, facts: Facts, validators: Validators) -> None:
        self.validators = validators
        self.store, self.run, self.writer, self.facts = store, run, writer, facts
        self._waiting: list[tuple[Listing, EvidenceRef | None]] = []
        self._since = time.monotonic()
        self._ids: set[str] = set()
        self._names = Names(store, facts)
        self._erased = Erased(store)

    def without_erased(self, reading: Reading) -> Reading:
        """The reading without listings that were erased on request; the same object where it names none."""
        cut = self._erased.cut(reading)
        self.facts.erased = len(self._erased.met)
        return cut

    def keep(
        self, page: Page, *, request_headers: Iterable[tuple[str, str]] = (), ip: str | None = None,
        robots: dict[str, str] | None = None, tls: dict[str, str] | None = None, quotes: Iterable[str] | None = None,
        why: str = "",
    ) -> EvidenceRef:  # fmt: skip
        """Archive a page; with `quotes` only its digest and those words, because it may not be kept (`why`)."""
        if quotes is not None:
            return self.writer.write_quotes(page.url, page.body, quotes, page.fetched_at, why)
        status, (headers, before) = (304, page.unchanged) if page.unchanged else (page.status, (page.headers, None))
        return self.writer.write(
            page.url, status, headers, page.body, page.fetched_at, request_headers=list(request_headers), ip=ip,
            robots=robots, tls=tls, unchanged=before,
        )  # fmt: skip

    def take(self, listings: Iterable[Listing], evidence: EvidenceRef | None) -> int:
        """Record listings of one page; how many of them this run had not seen.

        A run sees a listing once: the first page wins. Searches overlap and now and then disagree by a cent; a run that
        was killed and done again must end in the same state.
        """
        fresh = 0
        for listing in map(self._names.name, listings):
            if listing.listing_id not in self._ids:
                self._ids.add(listing.listing_id)
                self.facts.count_fill(listing)
                self._waiting.append((listing, evidence))
                fresh += 1
        if len(self._waiting) >= BATCH or time.monotonic() - self._since > LONGEST_S:
            try:
                self.flush()
            except LockedError as error:
                # Nothing is lost: the batch waits for the next page, at the latest for the end of the run.
                logger.warning("%s; the batch waits", error)
        return fresh

    def take_card(self, card: Listing, evidence: EvidenceRef | None) -> None:
        """Record what a list said of a listing whose own page could not be had.

        What only that page tells is carried over from the last time, so that a failed request is no change of the offer.
        """
        from storage.ids import listing_key

        history = self.store.history(listing_key(card.site, card.listing_id))
        if history:
            last = history[-1].listing
            missing = {name: getattr(last, name) for name in _OF_DETAIL if getattr(card, name) is None}
            note = {"detail_from": history[-1].observed_at}
            card = dataclasses.replace(card, **missing, attributes={**card.attributes, **note})
        self.take([card], evidence)

    def flush(self) -> None:
        """Commit what is waiting; it goes on waiting where it cannot be stored. Raises StorageError."""
        self._since = time.monotonic()
        if not self._waiting:
            return
        now = max(listing.observed_at or "" for listing, _ in self._waiting)
        stored = self.store.record_many(self._waiting, run=self.run, now=now)
        self._waiting = []
        for done in stored:
            if done.kind == "new":
                self.facts.new += 1
            elif done.kind == "changed":
                self.facts.changed += 1
            elif done.kind == "seen":
                self.facts.seen += 1

    def close(self) -> Sealed:
        """Commit the rest and seal the archive file."""
        self.flush()
        sealed = self.writer.close()
        self.validators.save()
        return sealed
