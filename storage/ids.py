"""Keys derived from content and origin, so that homes which never met give the same thing the same name."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from datetime import UTC, datetime
from pathlib import Path

from storage.errors import ReadOnlyError
from storage.listing import ListingError

# 80 bits: at a hundred million rows the odds of two alike are one in 10^8; 20 letters still fit a command line.
_LETTERS = 20
_SEPARATOR = "\x1f"
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def short_hash(*parts: object) -> str:
    """20 hexadecimal letters for the parts in their order; None and "" differ."""
    text = _SEPARATOR.join(["\x00" if part is None else str(part) for part in parts])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_LETTERS]


def listing_key(site: str, listing_id: str) -> str:
    """The key of a marketplace's listing, the same in every home."""
    return short_hash("listing", site, listing_id)


def run_key(site: str, home_id: str, now: str) -> str:
    """A new run's name: when, where, and whose; it is also the stem of the run's evidence file."""
    slug = re.sub(r"[^a-z0-9-]+", "_", site.lower())[:24].strip("_") or "site"
    stamp = now.replace("-", "").replace(":", "")
    return f"{stamp}-{slug}-{home_id[:4]}{secrets.token_hex(3)}"


def new_home_id() -> str:
    """A random name for a new home."""
    return secrets.token_hex(_LETTERS // 2)


class SellerKeys:
    """Turns sellers into keyed hashes: without the home's secret nobody can test a name against them."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def key(self, site: str, seller_id: str | None, seller_name: str | None) -> str | None:
        """The seller's key on that site; None where the page names nobody."""
        if not (seller_id or seller_name):
            return None
        who = f"id:{seller_id}" if seller_id else f"name:{seller_name}"
        return self.keyed(site, who)

    def keyed(self, *parts: str) -> str:
        """A keyed hash of any personal detail, e.g. a contact."""
        text = _SEPARATOR.join(parts).encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, text, "sha256").hex()[:_LETTERS]


def home_secret(home: Path, *, create: bool) -> bytes:
    """The home's secret (32 random bytes, in HOME/key as hex, readable by its owner alone).

    Raises ReadOnlyError if it is not there and may not be made, or cannot be understood.
    """
    path = home / "key"
    if not path.exists() and create:
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(32) + "\n")
    try:
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise ReadOnlyError("the secret for keyed hashes cannot be read", path, "restore it from a backup") from error


def utc(text: str, field: str = "observed_at") -> str:
    """ISO 8601 as UTC to the second with a Z, so that text order is time order. Without a zone UTC is meant.

    Raises ListingError if it is no date.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ListingError(field, f"{text!r} is not an ISO 8601 date") from error
    if _STAMP.fullmatch(text):
        return text
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)
    except OverflowError as error:
        raise ListingError(field, f"{text!r} is outside the calendar") from error
