"""Fills the fields of one page from its sources, by the order that `merge` states."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crawler.extraction import availability, brands, identifiers, merge
from crawler.extraction.claims import Claim

if TYPE_CHECKING:
    from crawler.extraction.dom import Shown
    from crawler.extraction.merge import Conflict, PriceChoice
    from crawler.extraction.words import Words

_DIGITS = re.compile(r"\d{1,9}")


@dataclass(frozen=True, slots=True)
class Sources:
    """All that was read of a page: the article's own claims, the head's card, labelled facts, the price chosen."""

    shown: Shown
    own: list[Claim]
    card: Claim
    labels: Claim
    choice: PriceChoice
    url: str | None
    words: Words
    extra: tuple[Claim, ...] = ()
    """Claims of embedded state."""

    def all(self) -> list[Claim]:
        """Claims in the order in which they are believed."""
        return [*self.own, self.card, self.labels, *self.extra]


@dataclass(slots=True)
class Filled:
    """Values by field, their sources, and disagreements."""

    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)

    def put(self, name: str, value: Any, origin: str | None) -> None:
        """Keep a value with its source; None is not kept."""
        if value is not None and origin is not None:
            self.values[name] = value
            self.origins[name] = origin


def fill(page: Sources) -> Filled:
    """Every field of the page that some source gives."""
    filled = Filled()
    _price(page, filled)
    _title(page, filled)
    for name in ("description", "mpn", "category", "seller_name", "location"):
        value, origin, conflicts = merge.choose(name, page.all(), page.words)
        filled.put(name, value, origin)
        filled.conflicts += conflicts if name == "mpn" else []
    _sku(page, filled)
    _gtin(page, filled)
    _brand(page, filled)
    _availability(page, filled)
    _condition(page, filled)
    _quantity(page, filled)
    return filled


def _price(page: Sources, filled: Filled) -> None:
    choice = page.choice
    filled.put("price_amount", choice.amount, choice.origin)
    filled.put("price_currency", choice.currency, choice.origin)
    filled.put("price_text", choice.text, "shown")
    filled.conflicts += choice.conflicts


def _title(page: Sources, filled: Filled) -> None:
    if page.shown.title:
        filled.put("title", page.shown.title, "shown")
        return
    value, origin, _ = merge.choose("name", page.all(), page.words)
    filled.put("title", value, origin)


def _sku(page: Sources, filled: Filled) -> None:
    """The number the shop shows for the article, else the marked SKU, else the marked product's, else a weaker label's,
    else the address's. Marked numbers are often those of one colour or size, which nobody sees."""
    sure = [page.labels] if "sku" not in page.labels.weak else []
    numbers = [
        Claim(claim.origin, {"sku": claim.product})
        for claim in page.own
        if claim.product and " " not in claim.product
    ]
    address = identifiers.in_address(page.url)
    last = [Claim("address", {"sku": address})] if address else []
    named = [Claim(claim.origin, {"sku": claim.product.split()[0]}) for claim in page.own if claim.product]
    order = [*sure, *page.own, page.card, *numbers, page.labels, *last, *page.extra, *named]
    value, origin, conflicts = merge.choose("sku", order, page.words)
    filled.put("sku", value, origin)
    filled.conflicts += [conflict for conflict in conflicts if conflict.other_from != "address"]


def _gtin(page: Sources, filled: Filled) -> None:
    for claim in page.all():
        digits = identifiers.gtin(claim.facts.get("gtin", ""))
        if digits:
            filled.put("gtin", digits, claim.origin)
            return


def _brand(page: Sources, filled: Filled) -> None:
    value, origin, conflicts = merge.choose("brand", [*page.own, page.card], page.words)
    if value is None:
        value, origin, _ = merge.choose("brand", [page.labels, *page.extra], page.words)
    if value is None:
        value, origin = brands.shown(page.shown), "shown"
    filled.put("brand", value, origin)
    filled.conflicts += conflicts


def _availability(page: Sources, filled: Filled) -> None:
    said = availability.shown(page.shown, page.choice.order)
    marked = None
    origin = ""
    for claim in [*page.own, page.card, *page.extra]:
        name = availability.bare(claim.facts.get("availability", ""), page.words)
        if name and marked is None:
            marked, origin = availability.coarse(name), claim.origin
    kept, source = _weigh(marked, origin, said, page.choice.amount is not None)
    filled.put("availability", kept, source)
    told = said.name or ("InStock" if said.button else None)
    if marked is None and source == "buy button" and said.name == "OutOfStock":
        filled.conflicts.append(merge.Conflict("availability", str(kept), "buy button", said.name, "shown"))
    if marked and told and kept and marked != told:
        other, other_from = (marked, origin) if source != origin else (told, "shown")
        filled.conflicts.append(merge.Conflict("availability", kept, str(source), other, other_from))


def _weigh(
    marked: str | None, origin: str, said: availability.Said, priced: bool
) -> tuple[str | None, str | None]:
    if marked is None:
        if said.name == "OutOfStock" and (said.sure or not said.button):
            return said.name, "shown"
        if said.button:
            return ("InStock" if said.name in (None, "OutOfStock") else said.name), "buy button"
        # An offer with a price and no word of being gone stands.
        return (said.name, "shown") if said.name else ("InStock", "offered") if priced else (None, None)
    if marked != "OutOfStock" and said.name == "OutOfStock" and (said.sure or not said.button):
        return "OutOfStock", "shown"
    if marked == "OutOfStock" and said.button and said.name != "OutOfStock":
        return "InStock", "buy button"
    return marked, origin


def _condition(page: Sources, filled: Filled) -> None:
    value, origin, _ = merge.choose("condition", [page.labels, *page.own, page.card, *page.extra], page.words)
    if value:
        bare = value.rstrip("/").rsplit("/", 1)[-1]
        filled.put("condition", page.words.conditions.get(bare, value if bare == value else bare), origin)


def _quantity(page: Sources, filled: Filled) -> None:
    value, origin, _ = merge.choose("quantity", page.all(), page.words)
    found = _DIGITS.search(value or "")
    filled.put("quantity", int(found.group()) if found else None, origin)
