"""Does the page prove to offer one article? A page that does not is never a listing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.extraction.shown_price import buy_places

if TYPE_CHECKING:
    from crawler.extraction.claims import Claim
    from crawler.extraction.fields import Filled, Sources

_LIST_FROM = 5
"""So many named articles, none of them the page's own, are a list."""


def of(page: Sources, claims: list[Claim], filled: Filled) -> tuple[bool, str]:
    """Whether, and why or why not."""
    values = filled.values
    if not values.get("title"):
        return False, "the page shows no title"
    marked = [claim for claim in page.own if claim.facts.get("name") or claim.facts.get("price")]
    if marked and (
        marked[0].facts.get("price") or marked[0].facts.get("availability") or marked[0].facts.get("sku")
    ):
        return True, f"{marked[0].origin} describes the article"
    others = {claim.facts["name"] for claim in claims if claim.facts.get("name")}
    if not marked and len(others) >= _LIST_FROM:
        return False, f"a list: {len(others)} articles in markup, none is the page's own"
    if page.card.facts.get("price"):
        return True, "the head's card gives a price"
    if "price_amount" in values:
        if buy_places(page.shown) or page.labels.facts.keys() & {"sku", "mpn", "gtin", "condition", "brand"}:
            return True, "a title, a price and a way to buy or a table of facts"
        if values.get("availability") == "OutOfStock" and filled.origins.get("availability") == "shown":
            return True, "a title, a price and words of being gone"
        return False, "a price, but neither a way to buy nor facts of an article"
    if filled.origins.get("availability") == "shown" and page.labels.facts.keys() & {
        "sku",
        "mpn",
        "gtin",
        "brand",
    }:
        return True, "an article that cannot be had: a title, facts and words of being gone"
    return False, "neither markup of an article nor a price"
