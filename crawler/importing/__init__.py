"""`chipwatch import`: listings and captured pages become observations, with the given bytes as their evidence.

`.jsonl` and `.csv` hold listings, and each line is its own evidence. `.html`, `.mhtml`, `.har`, `.warc[.gz]` and `.wacz` hold
pages; the parser of the site they come from reads them, else the generic extraction. The same file twice adds nothing;
what was left unread of it is read once a site file or a parser is another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.archiving import quotes
from crawler.erased import WHY, Erased
from crawler.importing.captured import Captured, FileRefused
from crawler.outcome import passed_over

if TYPE_CHECKING:
    from config.loader import Config
    from storage.evidence import EvidenceRef, EvidenceWriter
    from storage.listing import Listing
    from storage.store import Store

__all__ = ["Captured", "FileRefused", "ImportResult", "import_file", "import_files", "import_pieces", "kind_of"]

BATCH = 500
MOST_TOLD = 50
"""Remarks on one file; a file of which each line has keys of its own says no more with more."""
_KINDS = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".tsv": "csv", ".html": "html", ".htm": "html", ".mhtml": "mhtml",
    ".mht": "mhtml", ".har": "har", ".warc": "warc", ".wacz": "wacz",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What a file gave. `already` names the run that imported the same bytes before, whose outcome it is; then nothing was done.

    `unread` counts answers inside a HAR or WARC that no parser takes for a listing or a list, or that are too large to be read; `erased` entries that were passed over, because
    they are of listings that were erased on request.
    """

    file: str
    run: str | None
    outcome: str
    listings: int = 0
    new: int = 0
    changed: int = 0
    seen: int = 0
    errors: int = 0
    unread: int = 0
    already: str | None = None
    erased: int = 0
    told: tuple[str, ...] = ()
    """What a person should know though it was read: columns that are no field, a page whose address is unknown."""


def kind_of(path: Path) -> str:
    """The format of a file, by its name. Raises FileRefused."""
    name = path.name.lower()
    suffix = Path(name.removesuffix(".gz")).suffix
    if suffix not in _KINDS or (name.endswith(".gz") and suffix not in (".warc", ".jsonl", ".csv", ".html")):
        raise FileRefused(path, f"is none of {', '.join(sorted(_KINDS))}; rename it or convert it")
    return _KINDS[suffix]


def import_files(
    paths: Iterable[Path], home: Path, config: Config, now: datetime | str | None = None, *, site: str | None = None,
    url: str | None = None, on_error: Callable[[dict[str, Any]], None] | None = None,
) -> list[ImportResult]:  # fmt: skip
    """Import files one after the other; a file that cannot be read at all is reported like a bad line, as outcome `failed`."""
    results = []
    for path in paths:
        try:
            results.append(import_file(path, home, config, now, site=site, url=url, on_error=on_error))
        except FileRefused as error:
            if on_error:
                on_error({"error": str(error), "file": str(path)})
            results.append(ImportResult(str(path), None, "failed", errors=1))
    return results


def import_file(
    path: Path, home: Path, config: Config, now: datetime | str | None = None, *, site: str | None = None,
    url: str | None = None, on_error: Callable[[dict[str, Any]], None] | None = None,
) -> ImportResult:  # fmt: skip
    """Import one file. `site` is the site of lines and pages that name none; by default a page's host or the file's name.
    `url` is the address of a saved page that does not tell its own.

    `on_error` gets {"error", "line"} (or "url") for each entry that cannot be read. Raises FileRefused if the file cannot
    be read at all, StorageError.
    """
    kind = kind_of(path)
    moment = datetime.fromisoformat(now) if isinstance(now, str) else now or datetime.now(UTC)
    stamp = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    facts = {"file": path.name, "file_sha256": _digest(path), "given_site": site, "given_url": url}
    return import_pieces(
        lambda: _read(kind, path, config, stamp, site, url), home, config, stamp, source=path, label=site or _label(path, kind),
        facts=facts, on_error=on_error,
    )  # fmt: skip


def import_pieces(
    pieces: Callable[[], Iterator[Captured]], home: Path, config: Config, stamp: str, *, source: Path, label: str,
    facts: dict[str, Any], on_error: Callable[[dict[str, Any]], None] | None = None, again: bool = False,
) -> ImportResult:  # fmt: skip
    """Import what `pieces` yields as one run, filed under the site `label`. `stamp` is ISO 8601 UTC. Raises StorageError.

    Nothing is done where a run with the same `file_sha256` and `given_site` among its `facts` came to its end before, unless it left
    something unread and site files or parsers are others now; with `again` nor where something could not be read, as what the pieces
    come from may have been away.
    """
    from crawler.screening import screen
    from storage.store import Store

    settings = config.settings
    home.mkdir(parents=True, exist_ok=True)
    with Store.open(
        home, timeout=settings.health.writer_wait_s, keep_seller_names=not settings.privacy.hash_sellers
    ) as store:
        store.recover_runs(stamp)
        screen(store, config)
        facts = {**facts, "readers": _readers(config)}
        already = _before(store, facts, again)
        if already:
            return ImportResult(str(source), None, already["outcome"], already=already["id"])
        run = store.begin_run(label, "import", now=stamp, **facts)
        return _Session(store, run, home, stamp, source, on_error).take(pieces())


def _read(kind: str, path: Path, config: Config, stamp: str, site: str | None, url: str | None) -> Iterator[Captured]:
    if kind == "jsonl":
        from crawler.importing.lines import read_jsonl

        return read_jsonl(path, site)
    if kind == "csv":
        from crawler.importing.lines import read_csv

        return read_csv(
            path, config.sites.get(site) if site else None, site or path.name.split(".")[0], stamp
        )
    if kind in ("warc", "wacz"):
        from crawler.importing import archives

        return (archives.read_wacz if kind == "wacz" else archives.read_warc)(path, config, site)
    from crawler.importing import pages

    if kind == "har":
        return pages.read_har(path, config, stamp, site)
    return pages.read_saved(path, config, stamp, site, url)


class _Session:
    """One import run: archive, record in batches, report."""

    def __init__(
        self,
        store: Store,
        run: str,
        home: Path,
        stamp: str,
        path: Path,
        on_error: Callable[[dict[str, Any]], None] | None,
    ) -> None:
        from storage.evidence import EvidenceWriter

        self.store, self.run, self.stamp, self.path, self.on_error = store, run, stamp, path, on_error
        self.writer: EvidenceWriter = EvidenceWriter(
            home, run, stamp, facts={"imported": path.name}, known=store.find_payload
        )
        self.waiting: list[tuple[Listing, EvidenceRef | None]] = []
        self.kinds = {"new": 0, "changed": 0, "seen": 0, "erased": 0}
        self.known = Erased(store)
        self.told: dict[str, None] = {}
        self.listings = self.errors = self.unread = self.pages = 0

    def take(self, pieces: Iterator[Captured]) -> ImportResult:
        failure: str | None = None
        try:
            for piece in pieces:
                self._piece(piece)
            self._flush()
        except FileRefused as error:
            failure = error.problem
            self._complain({"error": str(error), "file": str(self.path)})
            self._flush()
        outcome = (
            "failed"
            if failure and not self.listings
            else "partial"
            if self.errors
            else "ok"
            if self.listings or self.kinds["erased"]
            else "empty"
        )
        counts = {
            "pages": self.pages,
            "listings": self.listings,
            **self.kinds,
            "errors": self.errors,
            "unread": self.unread,
        }
        unread = f"{self.errors} entries could not be read" if self.errors else ""
        detail = "; ".join(filter(None, (failure or unread, passed_over(self.kinds["erased"])))) or None
        self.store.end_run(self.run, outcome, self.stamp, counts, {}, detail, evidence=self.writer.close())
        return ImportResult(
            str(self.path), self.run, outcome, self.listings, self.kinds["new"], self.kinds["changed"], self.kinds["seen"],
            self.errors, self.unread, erased=self.kinds["erased"], told=tuple(self.told),
        )  # fmt: skip

    def _piece(self, piece: Captured) -> None:
        from storage.listing import ListingError

        self.pages += 1
        if len(self.told) < MOST_TOLD:
            self.told |= dict.fromkeys(piece.told)
        if piece.error is not None:
            self._complain({"error": piece.error, **piece.place()})
        if not piece.listings:
            self.unread += piece.error is None
            return
        dated = []
        for listing in piece.listings:
            try:
                dated.append(_dated(listing))
            except ListingError as error:
                self._complain({"error": str(error), **piece.place()})
        left = self.known.left(dated)
        self.kinds["erased"] += len(dated) - len(left)
        if not left:
            return
        words = quotes(left) if len(left) < len(dated) else None
        ref = piece.archive(self.writer, self.stamp, words, WHY)
        self.waiting += [(listing, ref) for listing in left]
        self.listings += len(left)
        if len(self.waiting) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        batch, self.waiting = self.waiting, []
        if batch:
            for done in self.store.record_many(batch, run=self.run, now=self.stamp):
                self.kinds[done.kind] += 1

    def _complain(self, record: dict[str, Any]) -> None:
        self.errors += 1
        if self.on_error:
            self.on_error(record)


def _dated(listing: Listing) -> Listing:
    """The listing, if its date is one. Raises ListingError; a bad date must not undo the lines beside it."""
    from storage.ids import utc

    if listing.observed_at is not None:
        utc(listing.observed_at)
    return listing


def _digest(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FileRefused(path, f"cannot be read: {error.strerror or error}") from error


def _before(store: Store, facts: dict[str, Any], again: bool) -> dict[str, Any] | None:
    """The run that imported the same bytes under the same site to its end, and left nothing that might be read by now."""
    import json

    for row in store.runs(limit=1_000_000):
        if row["kind"] == "import" and row["outcome"] in ("ok", "partial", "empty"):
            was, counts = json.loads(row["facts"] or "{}"), json.loads(row["counts"] or "{}")
            same = all(was.get(name) == facts.get(name) for name in ("file_sha256", "given_site", "given_url"))
            same = same and not (again and counts.get("errors"))
            if same and (was.get("readers") == facts["readers"] or not (counts.get("unread") or counts.get("errors"))):
                return row
    return None


def _readers(config: Config) -> str:
    """One digest over what decides how a page is read: every site file, and the parsers themselves."""
    digest = hashlib.sha256(_parsers())
    for key in sorted(config.sites):
        digest.update(config.sites[key].model_dump_json().encode())
    return digest.hexdigest()[:20]


@cache
def _parsers() -> bytes:
    files = sorted(Path(__file__).parents[1].rglob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).digest()


def _label(path: Path, kind: str) -> str:
    """The site a run is filed under: the only one that its lines name, else `import`."""
    if kind != "jsonl":
        return "import"
    from crawler.importing.lines import sites_named

    names = sites_named(path)
    return names.pop() if len(names) == 1 else "import"
