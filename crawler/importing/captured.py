"""One entry of an imported file: its bytes, where it stands, and what it says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crawler.page import Page
    from storage.evidence import EvidenceRef, EvidenceWriter
    from storage.listing import Listing


class FileRefused(Exception):
    """Raised if a file cannot be imported at all: unknown kind, unreadable, broken beyond its first entry."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path, self.problem = path, problem
        super().__init__(f"{path}: {problem}")


@dataclass(frozen=True, slots=True)
class Captured:
    """An entry. Either `page` (an answer, archived as a response) or `raw` with its `uri` and `kind` (archived as a resource)."""

    listings: tuple[Listing, ...] = ()
    error: str | None = None
    line: int | None = None
    page: Page | None = None
    raw: bytes = b""
    uri: str = ""
    kind: str = "application/octet-stream"
    ip: str | None = None
    told: tuple[str, ...] = ()
    """What a person should know of it though it was read; told once a file."""

    def place(self) -> dict[str, Any]:
        """Where it stands, for an error."""
        if self.line is not None:
            return {"line": self.line}
        return {"url": self.page.url if self.page else self.uri}

    def archive(self, writer: EvidenceWriter, stamp: str, quotes: Iterable[str] | None = None, why: str = "") -> EvidenceRef:
        """Write its bytes to the archive; with `quotes` only their digest and those words, because they may not be kept (`why`)."""
        if quotes is not None:
            url, body, at = (self.page.url, self.page.body, self.page.fetched_at) if self.page else (self.uri, self.raw, stamp)
            return writer.write_quotes(url, body, quotes, at, why)
        if self.page is None:
            return writer.write_resource(self.uri, self.kind, self.raw, stamp)
        page = self.page
        return writer.write(page.url, page.status, page.headers, page.body, page.fetched_at, ip=self.ip)
