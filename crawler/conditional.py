"""Conditional requests: a page that has not changed since the last run is not sent again.

For every archived page that came with ETag or Last-Modified the home remembers both and where its bytes are, in
HOME/state/validators/<site>.json. On 304 the stored bytes are read again, so that the page counts as seen today.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.page import Page
from storage.whole import write_whole

if TYPE_CHECKING:
    from storage.evidence import EvidenceRef

MOST = 50_000
"""Addresses remembered for a site; the oldest are forgotten first."""


@dataclass(slots=True)
class Validators:
    """What is remembered of a site's pages, by address."""

    home: Path
    site: str
    known: dict[str, dict[str, Any]] = field(default_factory=dict)
    fresh: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def load(cls, home: Path, site: str) -> Validators:
        """Those of the last run; a file that cannot be read says nothing."""
        try:
            data = json.loads(_path(home, site).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            data = {}
        entries = data.items() if isinstance(data, dict) else ()
        return cls(home, site, {url: entry for url, entry in entries if isinstance(entry, dict)})

    def headers(self, url: str) -> dict[str, str]:
        """Headers that make a request for `url` conditional; none where nothing is remembered."""
        entry = self.known.get(url, {})
        names = (("If-None-Match", "etag"), ("If-Modified-Since", "modified"))
        return {name: entry[key] for name, key in names if entry.get(key) and isinstance(entry[key], str)}

    def stored(self, page: Page, url: str) -> Page | None:
        """The page with the bytes of the last time; None if they are gone or not what they were."""
        from storage.errors import StorageError
        from storage.evidence import EvidenceRef, read

        entry = self.known.get(url)
        if entry is None:
            return None
        try:
            ref = EvidenceRef(**entry["ref"])
            body = read(self.home, ref)
        except (StorageError, TypeError, KeyError):
            return None
        headers = {**page.headers, "content-type": entry.get("type", "")}
        return dataclasses.replace(page, body=body, status=200, headers=headers, unchanged=(page.headers, ref))

    def remember(self, url: str, page: Page, ref: EvidenceRef) -> None:
        """Note an archived page; one that asks not to be archived has no bytes to come back to."""
        etag, modified = page.headers.get("etag"), page.headers.get("last-modified")
        if (etag or modified) and ref.kind in ("response", "revisit"):
            pointer = {entry.name: getattr(ref, entry.name) for entry in dataclasses.fields(ref)}
            self.fresh[url] = {"etag": etag, "modified": modified, "type": page.headers.get("content-type", ""), "ref": pointer}

    def save(self) -> None:
        """Write what this run learned, after its evidence and observations are safe."""
        if not self.fresh:
            return
        merged = {url: entry for url, entry in self.known.items() if url not in self.fresh} | self.fresh
        write_whole(_path(self.home, self.site), json.dumps(dict(list(merged.items())[-MOST:])))


def _path(home: Path, site: str) -> Path:
    return home / "state" / "validators" / f"{site}.json"
