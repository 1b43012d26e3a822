"""Finding listings and sellers by what a person has in hand, and the figures of the whole."""

from __future__ import annotations

from typing import Any

from storage.base import Base
from storage.errors import MissingError, StorageError
from storage.evidence import FOLDER, EvidenceRef
from storage.ids import listing_key
from storage.observation import evidence_of

SHORTEST = 4
"""Letters of a key's beginning that name it: fewer fit by chance."""


class Lookup(Base):
    """Read-only questions that no other part owns."""

    def listing(self, key: str) -> dict[str, Any]:
        """One listing with its current observation and reading (`listing_view`). Raises MissingError."""
        row = self.db.row("SELECT * FROM listing_view WHERE listing = ?", [key])
        if row is None:
            raise MissingError("there is no such listing", key)
        return dict(row)

    def find_listing(self, text: str) -> str:
        """The key of the one listing that `text` names: a key or its beginning (4 letters or more), site/listing_id (or with a space), or its address.

        The number that eBay shows stands for the id of its interface, `v1|NUMBER|0`.

        Raises MissingError, or StorageError where several fit.
        """
        site, _, name = text.partition("/" if "/" in text else " ")
        found = [
            row[0]
            for row in self.db.rows(
                "SELECT id FROM listing WHERE id IN (?, ?, ?)",
                [text, listing_key(site, name), listing_key(site, f"v1|{name}|0")],
            )
        ]
        if not found and len(text) >= SHORTEST and text.isalnum():
            low = text.lower()
            found = [
                row[0]
                for row in self.db.rows(
                    "SELECT id FROM listing WHERE id >= ? AND id < ? LIMIT 3", [low, low + "~"]
                )
            ]
        if not found:
            found = [
                row[0]
                for row in self.db.rows(
                    "SELECT id FROM listing WHERE listing_id = ?1 OR url = ?1 LIMIT 3", [text]
                )
            ]
        if not found:
            do = f"the beginning of a key is {SHORTEST} letters or more" if _short(text) else ""
            raise MissingError("no listing has this key, id or address", repr(text), do)
        if len(found) > 1:
            raise StorageError(f"names several listings: {', '.join(found)}", repr(text), "give more of it")
        return str(found[0])

    def find_seller(self, text: str) -> str:
        """The key of the one seller that `text` names: a key or its beginning (4 letters or more), as the desk shows it or bare.

        Raises MissingError, or StorageError where several fit.
        """
        low = text.strip().lower().removeprefix("seller ")
        found = [row[0] for row in self.db.rows("SELECT id FROM seller WHERE id = ?", [low])]
        if not found and len(low) >= SHORTEST and low.isalnum():
            found = [row[0] for row in self.db.rows("SELECT id FROM seller WHERE id >= ? AND id < ? LIMIT 3", [low, low + "~"])]
        if not found and _short(low):
            raise MissingError("is too short for the beginning of a seller's key", repr(text), f"give {SHORTEST} letters of it or more")
        if not found:
            raise MissingError("there is no such seller", repr(text))
        if len(found) > 1:
            raise StorageError(f"names several sellers: {', '.join(found)}", repr(text), "give more of it")
        return str(found[0])

    def seller(self, key: str) -> dict[str, Any]:
        """A seller's row with `listings`: what it offers or offered. Raises MissingError."""
        row = self.db.row("SELECT * FROM seller WHERE id = ?", [key])
        if row is None:
            raise MissingError("there is no such seller", key)
        listings = self.db.rows(
            "SELECT * FROM listing_view WHERE seller = ? ORDER BY first_seen, listing", [key]
        )
        return {**dict(row), "listings": [dict(listing) for listing in listings]}

    def last_sight(self, key: str) -> EvidenceRef | None:
        """The bytes that a listing was last seen in; None where it has no evidence."""
        row = self.db.row(
            "SELECT e.*, e.kind AS record_kind, e.url AS evidence_url FROM listing l JOIN evidence e ON e.id = l.last_evidence"
            " WHERE l.id = ?",
            [key],
        )
        return evidence_of(row) if row else None

    def counts(self) -> dict[str, int]:
        """Rows by table, for a person to see that something is there."""
        tables = (
            "site",
            "run",
            "listing",
            "observation",
            "reading",
            "alert",
            "decision",
            "evidence",
            "pending",
        )
        return {table: self.db.value(f"SELECT count(*) FROM {table}") for table in tables}

    def sizes(self) -> dict[str, float]:
        """Bytes of database and evidence, observations, and bytes of both for one observation."""
        observations = self.db.value("SELECT count(*) FROM observation")
        database = self.db.value("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        evidence = sum(path.stat().st_size for path in (self.home / FOLDER).glob("*.warc.gz"))
        each = max(1, observations)
        return {
            "database_bytes": database, "evidence_bytes": evidence, "observations": observations,
            "database_bytes_per_observation": round(database / each, 1), "evidence_bytes_per_observation": round(evidence / each, 1),
        }  # fmt: skip


def _short(text: str) -> bool:
    """Whether this may be the beginning of a key, but is too little of it."""
    return 0 < len(text) < SHORTEST and set(text.lower()) <= set("0123456789abcdef")
