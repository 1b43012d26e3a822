"""Recorded answers of eBay's search API as listings: a market of real offers to measure against."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chipwatch.app import UseError

if TYPE_CHECKING:
    from config.loader import Config
    from storage.listing import Listing


def recorded_listings(source: Path, config: Config) -> list[Listing]:
    """The items of a recorded answer (`.json`: a list of item summaries, or an answer that holds one), or of all in a folder.

    An answer tells no date of its own: it is as old as its newest item, and so is what it shows. Names of sellers are left
    out, since recordings carry made-up ones. In order of date. Raises UseError where nothing is found or is no such answer.
    """
    from crawler.families.ebay_browse import listing_of

    files = sorted(source.rglob("*.json")) if source.is_dir() else [source]
    if not files:
        raise UseError(f"{source}: holds no recorded answers (*.json)")
    site, found = config.sites["ebay"], []
    for path in files:
        items = _items(path)
        seen = max((item.get("itemCreationDate") or "" for item in items), default="")
        for item in items:
            seller = {key: value for key, value in (item.get("seller") or {}).items() if key != "username"}
            found.append(listing_of({**item, "seller": seller}, site, seen or "2000-01-01T00:00:00Z"))
    return sorted(found, key=lambda listing: listing.observed_at or "")


def _items(path: Path) -> list[dict[str, Any]]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UseError(f"{path}: is no JSON ({error})") from error
    items = data.get("itemSummaries") if isinstance(data, dict) else data
    if not isinstance(items, list) or not all(
        isinstance(item, dict) and item.get("itemId") for item in items
    ):
        raise UseError(f"{path}: is no answer of eBay's search API (a list of item summaries)")
    return items
