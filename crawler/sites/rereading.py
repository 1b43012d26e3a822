"""Read a run's stored bytes again, after a parser or a site file was mended: no request leaves the house."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.naming import Names
from crawler.outcome import Facts, decide
from crawler.page import Page, merged

if TYPE_CHECKING:
    from config.loader import Config
    from config.schema.sites import Site
    from storage.evidence import EvidenceRef
    from storage.listing import Listing


@dataclass(frozen=True, slots=True)
class Reparsed:
    """What reading again gave: the new run, its outcome, and how its listings compare with what was known."""

    site: str
    of: str
    run: str
    outcome: str
    detail: str | None
    pages: int
    listings: int
    new: int
    changed: int
    seen: int


class ReparseError(ValueError):
    """Raised if a run cannot be read again: its site is not configured, or it kept no pages."""


def reparse(run: str, home: Path, config: Config, now: datetime | str | None = None) -> Reparsed:
    """Read the pages of `run` with today's site file and parser; observations point to the old bytes and bear their dates.

    A quarantined run stays so: the new run takes its place. Raises ReparseError, StorageError.
    """
    from crawler import health
    from crawler.screening import screen
    from storage.store import Store

    moment = datetime.fromisoformat(now) if isinstance(now, str) else now or datetime.now(UTC)
    stamp = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    settings = config.settings
    with Store.open(
        home,
        create=False,
        timeout=settings.health.writer_wait_s,
        keep_seller_names=not settings.privacy.hash_sellers,
    ) as store:
        store.recover_runs(stamp)
        screen(store, config)
        row = store.run(run)
        site = config.sites.get(row["site"])
        if site is None or site.family in ("archive", "files"):
            raise ReparseError(f"run {run}: site {row['site']!r} has no site file with a parser{_of_import(row)}")
        facts = Facts()
        found = read_again(pages_of(home, read_by(row)), site, facts, Names(store, facts))
        if not facts.pages and not facts.unrecognised:
            raise ReparseError(f"run {run} kept no pages that could be read again{_of_import(row)}")
        new = store.begin_run(
            site.key, "reparse", now=stamp, site_name=site.title, country=site.country, reparsed=run
        )
        for done in store.record_many(found, run=new, now=stamp):
            setattr(facts, done.kind, getattr(facts, done.kind) + 1)
        outcome = decide(facts, site, health.usual(store, site.key, settings.health.runs))
        store.end_run(
            new,
            outcome.name,
            stamp,
            health.numbers(facts),
            health.notes(facts, outcome),
            outcome.detail,
            quarantine=outcome.quarantine,
        )
    return Reparsed(
        site.key,
        run,
        new,
        outcome.name,
        outcome.detail,
        facts.pages,
        facts.listings,
        facts.new,
        facts.changed,
        facts.seen,
    )


def read_again(
    pages: Iterator[tuple[Page, EvidenceRef]], site: Site, facts: Facts, names: Names
) -> list[tuple[Listing, EvidenceRef]]:
    """Listings of stored pages with their evidence: cards first, so that a listing's own page is laid over its card."""
    from crawler.families import family_of

    family = family_of(site)
    cards: dict[str, tuple[Listing, EvidenceRef]] = {}
    whole: dict[str, tuple[Listing, EvidenceRef]] = {}
    for page, ref in pages:
        reading = family.read(page, site)
        facts.count_page(page.url, reading)
        if not reading.recognised:
            continue
        facts.lists += bool(reading.follow) or not reading.listings or len(reading.listings) > 1
        opened = {entry.card.listing_id for entry in reading.follow if entry.card is not None}
        for listing in map(names.name, reading.listings):
            (cards if listing.listing_id in opened else whole).setdefault(listing.listing_id, (listing, ref))
    found = []
    for key in dict.fromkeys((*cards, *whole)):
        card, detail = cards.get(key), whole.get(key)
        listing, ref = detail or card  # type: ignore[misc]
        listing = merged(card[0], listing) if card and detail else listing
        facts.count_fill(listing)
        found.append((listing, ref))
    return found


def _of_import(row: dict[str, Any]) -> str:
    """What to do about an import, whose file can be read anew; "" for other runs."""
    if row["kind"] != "import":
        return ""
    file = json.loads(row["facts"] or "{}").get("file", "the file")
    return f"; mend the site file, then `chipwatch import --site SITE {file}`, which reads it anew"


def read_by(row: dict[str, Any]) -> list[str]:
    """The run and the killed ones whose stored pages it read in place of asking again, the latest first."""
    kept = json.loads(row["counts"] or "{}").get("kept", True)
    return [row["id"], *(json.loads(row["facts"] or "{}").get("goes_on_with", ()) if kept else ())]


def pages_of(home: Path, runs: list[str]) -> Iterator[tuple[Page, EvidenceRef]]:
    """The answers that runs stored, in the order of their days, with the pointer to each; `runs` name the latest first.

    An address is taken from the latest run that stored it. Raises EvidenceError for damaged bytes; erased ones are passed over.
    """
    from storage.errors import ErasedError

    seen = set[str]()
    stored: list[list[EvidenceRef]] = []
    for run in runs:
        stored.append([ref for ref in records_of(home, run) if ref.url not in seen])
        seen.update(ref.url for ref in stored[-1])
    for ref in (ref for refs in reversed(stored) for ref in refs):
        with contextlib.suppress(ErasedError):
            yield page_of(home, ref), ref


def page_of(home: Path, ref: EvidenceRef) -> Page:
    """A stored answer as a parser takes it: where the server said that nothing has changed, it is the page that it meant.

    Raises EvidenceError.
    """
    from storage.evidence import read_answer

    headers, body = read_answer(home, ref)
    return Page(ref.url, body, ref.fetched_at, 200 if ref.status in (None, 304) else ref.status, headers)


def records_of(home: Path, run: str) -> Iterator[EvidenceRef]:
    """Pointers to the answers that a run stored, in order. Raises EvidenceError where the file is damaged."""
    from warcio.exceptions import ArchiveLoadFailed

    from storage.errors import EvidenceError
    from storage.evidence import evidence_path

    path = evidence_path(home, f"{run}.warc.gz")
    if not path.exists():
        return
    try:
        yield from _answers(path)
    except (ArchiveLoadFailed, zlib.error, EOFError, ValueError) as error:
        raise EvidenceError("cannot be read to its end: `chipwatch evidence verify` names the damage", path, do="restore it from a backup") from error


def _answers(path: Path) -> Iterator[EvidenceRef]:
    from warcio.archiveiterator import ArchiveIterator

    with open(path, "rb") as file:
        archive = ArchiveIterator(file)
        for record in archive:
            kind, head = record.rec_type, record.rec_headers
            if kind not in ("response", "revisit") or record.http_headers is None:
                continue
            offset = archive.get_record_offset()
            archive.read_to_end()
            status = int(record.http_headers.get_statuscode() or 0)
            yield _pointer(path, offset, archive.get_record_length(), kind, head, status)


def _pointer(path: Path, offset: int, length: int, kind: str, head: Any, status: int) -> EvidenceRef:
    """The pointer to a record as it was made when the record was written."""
    from storage.evidence import EvidenceRef

    with open(path, "rb") as file:
        file.seek(offset)
        raw = file.read(length)
    payload = base64.b32decode(
        _padded(str(head.get_header("WARC-Payload-Digest") or "").partition(":")[2])
    ).hex()
    url, date = str(head.get_header("WARC-Target-URI")), str(head.get_header("WARC-Date"))
    return EvidenceRef(
        path.name, offset, length, payload, url, date, hashlib.sha256(raw).hexdigest(), kind, status
    )


def _padded(text: str) -> str:
    return text + "=" * (-len(text) % 8)
