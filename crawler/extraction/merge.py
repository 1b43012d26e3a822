"""Which of a page's sources is believed, field by field.

Markup comes first (JSON-LD, microdata, RDFa, OpenGraph), then labelled facts, then embedded state, then the address. The
price is the exception: what the page shows is what a buyer pays, so a shown price that is clearly the asked one wins over
markup that no shown figure confirms. Every disagreement is a conflict on record.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from crawler.extraction import prices
from crawler.extraction import words as w
from crawler.extraction.claims import Claim

if TYPE_CHECKING:
    from crawler.extraction.candidate import Candidate

CLEAR = 7.0
"""Points from which a shown price is believed against markup that nothing shown confirms."""
FAR = 4.0
"""Points by which the likeliest shown price must lead the one that confirms markup, to be believed against it."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two sources that disagree: the field, what was kept, and what the other said."""

    field: str
    kept: str
    kept_from: str
    other: str
    other_from: str


@dataclass(frozen=True, slots=True)
class PriceChoice:
    """The believed price: text as shown (None if only markup has it), amount, currency, source."""

    text: str | None
    amount: Decimal | None
    currency: str | None
    origin: str | None
    conflicts: tuple[Conflict, ...] = ()
    order: int | None = None
    """Where it is shown."""


def likeness(one: str, other: str) -> float:
    """Shared words over the words of the shorter name, 0..1."""
    a, b = set(_WORD.findall(one.lower())), set(_WORD.findall(other.lower()))
    return len(a & b) / min(len(a), len(b)) if a and b else 0.0


def main_claims(claims: list[Claim], names: list[str]) -> list[Claim]:
    """The claims about the page's own article: those named as the title or the head name it, and nameless ones.

    A single named article is taken as it is. Where several are named and none is like the title, all are other goods.
    """
    named = [claim for claim in claims if claim.facts.get("name")]
    nameless = [claim for claim in claims if not claim.facts.get("name")]
    distinct = {claim.facts["name"].lower() for claim in named}
    if len(distinct) <= 1 or not any(names):
        best = distinct and named[0].facts["name"].lower()
        return [c for c in claims if not c.facts.get("name") or c.facts["name"].lower() == best]
    scores = [max(likeness(claim.facts["name"], name) for name in names if name) for claim in named]
    top = max(scores)
    if top < 0.4:
        return nameless[:1]
    first = named[scores.index(top)]
    name = first.facts["name"]
    kept = [first]
    for claim in named:
        again = (
            claim.facts["name"] == name
            if claim.origin == first.origin
            else likeness(claim.facts["name"], name) >= 0.75
        )
        if claim is not first and again:
            kept.append(claim)
    return kept + [c for c in nameless if c.origin not in {k.origin for k in kept if "price" in k.facts}]


def choose_price(
    claims: list[Claim],
    stated: list[Claim],
    shown: list[Candidate],
    enough: float,
    place: prices.Place,
    reader: prices.PriceReader,
) -> PriceChoice:
    """The price by the rule of the module; None where neither markup nor page gives one."""
    marked = [m for claim in claims if (m := _marked(claim, place, reader)) is not None]
    top = shown[0] if shown and shown[0].points >= enough else None
    if not marked:
        if top is None:
            return _stated(stated, shown, place, reader)
        return PriceChoice(top.price.text, top.price.amount, top.price.currency, "shown", (), top.order)
    amount, currency, origin = marked[0]
    confirmed = next((c for c in shown if _same(c.price.amount, amount) and not c.struck), None)
    if confirmed is None:
        scaled = next((c for c in shown if c.points >= enough and c.price.amount == amount * 1000), None)
        confirmed = scaled
        amount = scaled.price.amount if scaled else amount
    conflicts = [
        Conflict("price", str(amount), origin, str(other), source)
        for other, _, source in marked[1:] if not _same(other, amount)
    ]  # fmt: skip
    lead = top.points - confirmed.points if top and confirmed else 0.0
    if top is not None and not _same(top.price.amount, amount):
        if top.points >= CLEAR and (confirmed is None or lead >= FAR):
            code = _shown_currency(top.price, currency, reader)
            against = [Conflict("price", str(top.price.amount), "shown", str(amount), origin)]
            if code and currency and code != currency:
                against.append(Conflict("price_currency", code, "shown", currency, origin))
            return PriceChoice(top.price.text, top.price.amount, code, "shown", tuple(against), top.order)
        if confirmed is None or lead >= FAR:
            conflicts.append(Conflict("price", str(amount), origin, str(top.price.amount), "shown"))
    text = confirmed.price.text if confirmed else None
    order = confirmed.order if confirmed else None
    code = _shown_currency(confirmed.price, currency, reader) if confirmed else None
    if code and currency and code != currency:
        conflicts.append(Conflict("price_currency", currency, origin, code, "shown"))
    currency = currency or code
    return PriceChoice(text, amount, currency, origin, tuple(conflicts), order)


def _stated(
    stated: list[Claim], shown: list[Candidate], place: prices.Place, reader: prices.PriceReader
) -> PriceChoice:
    """A price of embedded state where the page shows no clear one: only if some figure shown is the same, or if state writes
    decimals and a currency beside it, or the price as it is shown. A bare whole number may be in cents."""
    for claim in stated:
        marked = _marked(claim, place, reader)
        if marked is None:
            continue
        amount, currency, origin = marked
        same = next((c for c in shown if c.price.amount == amount and not c.struck), None)
        if same is not None:
            return PriceChoice(
                same.price.text, amount, currency or same.price.currency, origin, (), same.order
            )
        written = claim.facts["price"]
        if (currency and "." in written) or reader.of(place).find(written, place):
            return PriceChoice(None, amount, currency, origin)
    return PriceChoice(None, None, None, None)


def _shown_currency(price: prices.Price, marked: str | None, reader: prices.PriceReader) -> str | None:
    """The currency of a shown price: markup's where the sign shown may mean that one, else what it means here."""
    return marked if price.currency is None or (marked and marked in reader.meanings(price.mark)) else price.currency


def _same(one: Decimal, other: Decimal) -> bool:
    return one == other


def _marked(
    claim: Claim, place: prices.Place, reader: prices.PriceReader
) -> tuple[Decimal, str | None, str] | None:
    written = claim.facts.get("price")
    amount = reader.marked(written, place) if written else None
    if written is None or amount is None or amount <= 0:
        return None
    code = reader.currency(claim.facts.get("currency", "").strip(), place)
    if code is None:
        found = reader.find(written, place)
        code = found[0].currency if found else None
    return amount, code, claim.origin


def choose(field: str, claims: list[Claim], words: w.Words) -> tuple[str | None, str | None, list[Conflict]]:
    """The first claim's value of a field that says something, its source, and who disagrees."""
    kept: str | None = None
    source: str | None = None
    conflicts: list[Conflict] = []
    for claim in claims:
        value = claim.facts.get(field)
        if value is None or words.says_nothing(value):
            continue
        if kept is None or source is None:
            kept, source = value, claim.origin
        elif claim.origin != source and value.casefold() != kept.casefold():
            conflicts.append(Conflict(field, kept, source, value, claim.origin))
    return kept, source, conflicts
