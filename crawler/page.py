"""What goes into a family's parser and what comes out: pure facts, no network, no clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from storage.listing import Listing

if TYPE_CHECKING:
    from storage.evidence import EvidenceRef

Role = Literal["list", "detail", "sitemap"]


@dataclass(frozen=True, slots=True)
class Page:
    """One answer as stored: body decompressed, header names in lower case, `fetched_at` ISO 8601 UTC."""

    url: str
    body: bytes
    fetched_at: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    role: Role | None = None
    """What it was asked as; None when read again from the archive, then the parser tells by its looks."""
    card: Listing | None = None
    """Detail pages: what the list said of the listing."""
    unchanged: tuple[dict[str, str], EvidenceRef] | None = None
    """Where the server said "304 Not Modified": the headers of that answer, and where the bytes stand that `body` holds."""


@dataclass(frozen=True, slots=True)
class Follow:
    """An address that the page leads to."""

    url: str
    role: Role
    card: Listing | None = None
    page: int = 1
    """Number of the result page within its list, 1 = first."""
    fully: bool = False
    """Ask for the whole page, whatever was stored of it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a page gave.

    `recognised` is False when the page does not look like what it was asked as: a page that does not prove to be a
    list or a listing is never one. `problems` name odd entries that were set aside.
    """

    listings: tuple[Listing, ...] = ()
    follow: tuple[Follow, ...] = ()
    recognised: bool = True
    problems: tuple[str, ...] = ()


def merged(card: Listing | None, detail: Listing) -> Listing:
    """The card's facts with those of the detail page laid over; the card's id and site stay."""
    import dataclasses

    if card is None:
        return detail
    over: dict[str, Any] = {}
    for entry in dataclasses.fields(Listing):
        value = getattr(detail, entry.name)
        if entry.name == "attributes":
            over[entry.name] = {**card.attributes, **detail.attributes}
        elif value is not None and value != () and entry.name not in ("site", "listing_id"):
            over[entry.name] = value
    return dataclasses.replace(card, **over)
