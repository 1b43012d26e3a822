"""What every part of the store stands on: the home, its database, its secret."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from storage.database import Database
from storage.errors import translated
from storage.ids import SellerKeys, home_secret

if TYPE_CHECKING:
    from storage.evidence import EvidenceRef
    from storage.listing import Listing

MatchSeller = Callable[[str], Iterable[tuple[str, str, float, str | None]]]
"""A seller's name to candidates of a screening list: (entry, listed name, score 0 to 100, which list)."""


class Base:
    """Shared by the parts of `Store`; made by `Store.open` alone."""

    def __init__(self, home: Path, db: Database, *, keep_seller_names: bool, match_seller: MatchSeller | None) -> None:
        self.home, self.db = home, db
        self.keep_seller_names, self.match_seller = keep_seller_names, match_seller
        self.known_evidence: dict[str, EvidenceRef] = {}
        self.known_sellers: set[str] = set()

    def transaction(self) -> AbstractContextManager[None]:
        """Several changes as one: all or none are stored. Keep it short, others wait for it."""
        return self.db.transaction()

    @cached_property
    def home_id(self) -> str:
        """The home's random name; the origin of its runs."""
        return str(self.db.value("SELECT id FROM home"))

    @cached_property
    def seller_keys(self) -> SellerKeys:
        """Keyed hashes with this home's secret. A reader of a home that has none yet gets one that is forgotten: no row knows it."""
        if self.db.readonly and not (self.home / "key").exists() and not self.db.value("SELECT EXISTS (SELECT 1 FROM seller)"):
            return SellerKeys(secrets.token_bytes(32))
        return SellerKeys(home_secret(self.home, create=not self.db.readonly))

    def seller_key(self, listing: Listing) -> str | None:
        """The keyed hash a listing's seller is known by."""
        return self.seller_keys.key(listing.site, listing.seller_id, listing.seller_name)

    def sync_file(self, path: Path) -> None:
        """Put a file's bytes on the disk, whoever wrote them."""
        with translated(path), open(path, "rb") as file:
            os.fsync(file.fileno())
