"""What an observation is, how listings become rows and back, and what counts as a change. No database here."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from storage.evidence import EvidenceRef
from storage.ids import short_hash
from storage.listing import Listing

CONTENT = (
    "title", "description", "price_text", "price_amount", "price_currency", "quantity", "condition", "location", "ships_to",
    "seller",
)  # fmt: skip
"""The fields whose change makes a new observation; every other field only updates the listing."""

OTHER = ("category", "country", "language", "url", "posted_at")
COLUMNS = (
    "id", "listing", "observed_at", "recorded_at", "run", "evidence", "changed", "content", *CONTENT, *OTHER, "extra",
)  # fmt: skip

_SAID, _REST = attrgetter(*CONTENT[:-1]), attrgetter(*OTHER)
_ENCODE = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str).encode

Row = sqlite3.Row | dict[str, Any]

NAMES = {"price_text": "price", "price_amount": "price", "price_currency": "price"}
"""What a change of a field is called, where it is not by the field's own name."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recording a listing did. `kind` is new, changed, seen, or erased (it was
    erased on request and is not kept again); `listing_id` is the listing's key in the database;
    `changed` names what is other than before (price, title, description, quantity, condition, location, ships_to, seller)."""

    kind: str
    listing_id: str
    observation_id: str
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """What a page said at a moment. In `listing` the seller's id is the keyed hash and the name is absent, unless the desk
    keeps names. `changed` is empty for a listing's first observation."""

    id: str
    listing_key: str
    listing: Listing
    observed_at: str
    recorded_at: str
    run: str
    seller_key: str | None
    evidence: EvidenceRef | None
    run_quarantined: bool = False
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A listing on its way into the database. `content` and `extra_hash` are digests that tell changes."""

    key: str
    observed_at: str
    content: str
    extra_hash: str
    values: dict[str, Any]
    seller: str | None
    listing: Listing

    @property
    def id(self) -> str:
        return observation_id(self.key, self.observed_at, self.content)

    @property
    def order(self) -> tuple[str, int, str]:
        return order(self.observed_at, self.values["description"], self.content)


def observation_id(key: str, observed_at: str, content: str) -> str:
    """The same observation has the same name in every home."""
    return short_hash("observation", key, observed_at, content)


def order(observed_at: str, description: str | None, content: str) -> tuple[str, int, str]:
    """A listing's observations in their order: by time, then the fuller text (an item page after its search card), then by
    digest, so that the order of arrival never matters."""
    return observed_at, len(description or ""), content


def draft(listing: Listing, key: str, observed_at: str, seller: str | None, *, keep_names: bool) -> Draft:
    """Lay a listing out in columns; the seller becomes the keyed hash."""
    extra = {
        "attributes": listing.attributes, "image_urls": list(listing.image_urls), "seller_since": listing.seller_since,
        "seller_ratings": listing.seller_ratings,
    }  # fmt: skip
    if keep_names:
        extra |= {"seller_id": listing.seller_id, "seller_name": listing.seller_name}
    extra = {name: value for name, value in extra.items() if value not in (None, [], {})}
    said, rest = (*_SAID(listing), seller), (*_REST(listing), as_json(extra) if extra else None)
    values = dict(zip(CONTENT, said, strict=True)) | dict(zip((*OTHER, "extra"), rest, strict=True))
    return Draft(key, observed_at, short_hash("content", *said), short_hash("rest", *rest), values, seller, listing)


def as_json(value: Any) -> str:
    """JSON whose bytes depend on the value alone."""
    text = _ENCODE(value)
    # A lone surrogate from a broken escape is no text; SQLite could not store it.
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of what differs, a price once, in a fixed order."""
    return tuple(dict.fromkeys(NAMES.get(name, name) for name in CONTENT if old[name] != new[name]))


def listing_of(row: Row) -> Listing:
    """The listing as the page gave it, from an observation's columns joined with `site` and `listing_id`."""
    extra = json.loads(row["extra"]) if row["extra"] else {}
    return Listing(
        site=row["site"], listing_id=row["listing_id"], title=row["title"], url=row["url"], description=row["description"],
        price_text=row["price_text"], price_amount=row["price_amount"], price_currency=row["price_currency"],
        quantity=row["quantity"], condition=row["condition"], category=row["category"],
        seller_id=extra.get("seller_id") or row["seller"], seller_name=extra.get("seller_name"),
        seller_since=extra.get("seller_since"), seller_ratings=extra.get("seller_ratings"), location=row["location"],
        ships_to=row["ships_to"], country=row["country"], language=row["language"],
        image_urls=tuple(extra.get("image_urls", ())), posted_at=row["posted_at"], observed_at=row["observed_at"],
        attributes=extra.get("attributes", {}),
    )  # fmt: skip


SELECT = """SELECT o.*, l.site, l.listing_id, r.quarantined, e.file, e.offset, e.length, e.sha256, e.record_sha256, e.kind AS record_kind,
    e.url AS evidence_url, e.status, e.fetched_at
  FROM observation o JOIN listing l ON l.id = o.listing JOIN run r ON r.id = o.run LEFT JOIN evidence e ON e.id = o.evidence"""


def observation_of(row: Row) -> Observation:
    """An observation from a row of SELECT."""
    return Observation(
        row["id"], row["listing"], listing_of(row), row["observed_at"], row["recorded_at"], row["run"], row["seller"],
        evidence_of(row), bool(row["quarantined"]), tuple(row["changed"].split()),
    )  # fmt: skip


def evidence_of(row: Row) -> EvidenceRef | None:
    """The evidence pointer of a row of SELECT."""
    if row["file"] is None:
        return None
    return EvidenceRef(
        row["file"], row["offset"], row["length"], row["sha256"], row["evidence_url"] or "", row["fetched_at"],
        row["record_sha256"], row["record_kind"], row["status"],
    )  # fmt: skip
