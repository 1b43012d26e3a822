"""A listing read as a trader would, in a fixed order:

1. prepare the document: fields folded once, date and place at hand;
2. chip names as they stand in title and description;
3. offer kind, before any name is believed;
4. price, with what it is for;
5. the chips that are offered, how many in one priced unit, under which control on the date;
6. quantity and condition;
7. signals, which need all of the above.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from detector.controls import ControlBook
from detector.fx import Exchange
from detector.reading import money
from detector.reading.chips import Finder, Mention
from detector.reading.condition import read_condition
from detector.reading.cues import Cues
from detector.reading.document import Document
from detector.reading.lots import UNKNOWN_LOT, box_size, is_unknown_lot, lot_size
from detector.reading.machines import chips_in_machine, is_machine
from detector.reading.model import ChipOffer, Facts, Price, Reading
from detector.reading.offer import read_offer
from detector.reading.offered import machine, offered
from detector.reading.page import Page
from detector.reading.quantity import counted, read_quantity
from detector.reading.search_words import search_words, without_search_words
from detector.reading.signals import SignalReader
from detector.reading.text import fold_pattern
from detector.reading.unknown import unknown_accelerators
from detector.reading.variants import resolve
from detector.reading.votes import Votes
from storage.listing import Listing

if TYPE_CHECKING:
    from config.loader import Config

HOURS_A_MONTH = 730
TOO_MUCH = Decimal(10) ** 15
"""No sum of any currency that a listing shows; a digit string of such length is none."""
SCRAP, TWO = 0.2, 1.5
"""Shares of a chip's price: no working card is sold under the first, one card hardly over the second."""
SURELY_GOODS = 0.9
"""Probability of an offer from which a name is believed that has no hardware around it: something is sold, and nothing else is named."""
NEAR_ONE = (0.4, 3.0)
"""Shares that a price of one card has, in cheap and dear markets."""

# A laptop's chip is another one than the card of the same number.
_LAPTOP = re.compile(
    fold_pattern(
        r"laptop|notebook|笔记本|游戏本|ノートpc|ノートパソコン|노트북|ноутбук|portátil|dizüstü|\bmxm\b|zbook|for (?:dell )?precision \d|thinkpad|\bmobile\b"
    )
)


class Reader:
    """Reads listings under one config; make it once, it compiles the knowledge."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.signals = SignalReader(config)
        self.finder = Finder(config.catalogue)
        self.cues = Cues(config.offers)
        self.exchange = Exchange(config.market.rate)
        self.controls = ControlBook(config.catalogue, config.controls)
        self.votes = Votes(config.learned("offers"))
        self._worth = _worth(config)
        self._search_words = search_words(config.offers)

    def read(self, listing: Listing, today: date) -> Reading:
        """The reading; never raises on any text. `today` dates a listing that has no date."""
        doc = without_search_words(Document(listing, today), self._search_words)
        page = self._page(doc)
        verdict = read_offer(page)
        named, outside = offered(page) if verdict.offer in ("sale", "rental") else ([], None)
        if not named and verdict.offer in ("sale", "rental") and (verdict.goods or 0.0) >= SURELY_GOODS and page.believe_all():
            named, outside = offered(page)
        offer = verdict.offer if named or verdict.offer not in ("sale", "rental") else "other"
        lot = lot_size(page) if offer == "sale" else None
        kinds = len({m.base for m in named})
        plain = offer == "sale" and not lot and kinds == 1
        known = page.rough_price if plain and "rough_price" in page.__dict__ else None
        hint = (
            chips_in_machine(page, named[0], machine(page, named[0])) if offer == "rental" and named else None
        )
        price = known or money.read_price(doc, offer=offer, config=self.config, lot=lot, systems_hint=hint, kinds=kinds, here=self._here(doc))
        # The title's number counts the article it feigns; a computer that is not parted from its cards is one article.
        if price and price.per == "lot" and (page.disguised or verdict.whole_pc):
            price = replace(price, per="unit", articles=None)
        boxed = box_size(page, money.by_the_box(doc, price, self.config)) if price and offer == "sale" else None
        if price and boxed:
            price = replace(price, per="lot", articles=boxed)
        if price and offer == "sale" and kinds == 1 and not is_machine(page):
            undivided = bool(page.title["undivided"] or page.description["undivided"])
            each = bool(page.price["each"] or page.title["each"] or page.description["each"])
            price = _lot_or_each(price, lot, page.share_of(named[0].base), undivided=undivided, each=each)
        chips = tuple(chip for chip in (self._chip(page, m, price, lot) for m in named) if chip)
        if price and chips and offer == "sale" and is_unknown_lot(page, price, chips, lot):
            price = replace(price, reason=UNKNOWN_LOT)
        else:
            price = self._in_dollars(price, offer, chips, doc.date)
        stock = read_quantity(page, offer=offer, price=price, chips=len(chips), boxed=bool(boxed))
        total = _total(chips, stock, price)
        facts = Facts(
            offer, chips, any(c.restricted for c in chips), price, stock, read_condition(page, offer), total,
            counted(page, {stock, total, *(c.count for c in chips)} - {None, 1}), page.feigned, outside,
        )  # fmt: skip
        notes = {"offer": verdict.why, **({"goods": "whole_pc"} if verdict.whole_pc else {})}
        return Reading(
            listing.site, listing.listing_id, offer, chips, facts.restricted, price, stock, facts.condition,
            self.signals.find(doc, facts), language=listing.language, unknown_accelerators=unknown_accelerators(page), goods=verdict.goods,
            notes=notes,
        )  # fmt: skip

    def page(self, listing: Listing, today: date) -> Page:
        """The listing seen through the catalogue and the cue words, before anything is decided."""
        return self._page(without_search_words(Document(listing, today), self._search_words))

    def _page(self, doc: Document) -> Page:
        return Page(
            doc,
            self.finder,
            self.cues,
            self._rough_price,
            self._dollars,
            self._worth,
            self.votes,
        )

    def _here(self, doc: Document) -> str | None:
        """The country that the location names, where the site tells none."""
        place = None if doc.listing.country else self.signals.gazetteer.located(doc.fields.get("location"), "US")
        return place.id if place else None

    def _rough_price(self, doc: Document) -> Price | None:
        return money.read_price(doc, offer="sale", config=self.config, here=self._here(doc))

    def _dollars(self, price: Price, doc: Document) -> float | None:
        if price.amount is None or price.currency is None:
            return None
        dollars = self.exchange.to_usd(price.amount, price.currency, doc.date)
        return float(dollars.usd) if dollars else None

    def _in_dollars(
        self, price: Price | None, offer: str, chips: tuple[ChipOffer, ...], on: date
    ) -> Price | None:
        """The price with USD for one chip, or one chip-hour, where it is a price of chips at all."""
        if (
            price is None
            or price.amount is None
            or price.currency is None
            or not chips
            or price.kind not in ("asking", "range")
        ):
            return price
        if price.amount > TOO_MUCH:
            return replace(price, reason="no price is so large")
        dollars = self.exchange.to_usd(price.amount, price.currency, on)
        if dollars is None:
            return replace(price, reason=f"no exchange rate for {price.currency}")
        count = (
            1
            if price.per in ("gpu_hour", "gpu_month")
            else sum(c.count for c in chips)
            if price.per == "lot"
            else chips[0].count
        )
        hours = HOURS_A_MONTH if price.per.endswith("month") else 1
        unit = (dollars.usd / count / hours).quantize(Decimal("0.0001"))
        return replace(price, unit_usd=unit, rate=dollars.text(price.currency))

    def _chip(self, page: Page, mention: Mention, price: Price | None, lot: int | None) -> ChipOffer | None:
        """The offered chip: as precise as the text, with how many a priced unit holds and its control on the date."""
        if mention.base is None:
            return None
        host = machine(page, mention)
        count = chips_in_machine(
            page, mention, host, whole=price is not None and price.per.startswith("server")
        )
        row = self.finder.chips.get(mention.base)
        ident, memory = mention.chip or mention.base, None
        if row is not None:
            form = mention.form or (host.form if host else None)
            texts = [
                (name, page.doc.fields[name]) for name in ("title", "description") if name in page.doc.fields
            ]
            ident, memory = resolve(replace(mention, form=form), row, texts, count)
            if ident != row.id and ident in self.finder.chips and len({m.base for m in page.named if m.base}) > 1:
                ident = row.id  # a chip of its own, and the form may be another's: A100, and V100 SXM2
        if _LAPTOP.search(page.doc.text("title")) and (
            f"{ident}-laptop" in self.finder.chips or f"{ident}-laptop" in self.finder.series
        ):
            ident = f"{ident}-laptop"
        finding = self.controls.find(ident, page.doc.date)
        a, b = page.doc.fields[mention.field].span(mention.start, mention.end)
        return ChipOffer(
            ident,
            _in_unit(count, price, lot),
            mention.field,
            a,
            b,
            memory,
            finding.control,
            finding.restricted,
        )


def _lot_or_each(price: Price, lot: int | None, share: float | None, *, undivided: bool = False, each: bool = False) -> Price:
    """What a price of loose cards is for, by what a card costs: fifty cards for the price of one are sold each, two for
    the price of two together. `share` is the price as a share of one chip's; `undivided`: the seller parts with all or none;
    `each`: a price for one is spoken of."""
    if undivided and not each and price.per == "unit" and lot and lot > 1:
        return replace(price, per="lot", articles=lot)
    if share is None:
        return price
    several = price.articles or lot or 1
    if price.per == "lot" and several > 1 and not undivided and share / several < SCRAP and NEAR_ONE[0] <= share <= NEAR_ONE[1]:
        return replace(price, per="unit", articles=None)
    if price.per == "unit" and lot and lot > 1 and share > TWO and share / lot >= NEAR_ONE[0]:
        return replace(price, per="lot", articles=lot)
    return price


def _worth(config: Config) -> dict[str, float]:
    """Lowest seed price in USD by catalogue row, over its variants."""
    by_chip = {chip: seed.low for seed in config.market.sale for chip in seed.chips}
    worth = {}
    for row in config.catalogue.chip:
        prices = [by_chip[i] for i in (row.id, *(v.id for v in row.variants)) if i in by_chip]
        if prices:
            worth[row.id] = min(prices)
    return worth


def _in_unit(count: int, price: Price | None, lot: int | None) -> int:
    """Chips one price pays for."""
    per = price.per if price else "unit"
    if per in ("gpu_hour", "gpu_month"):
        return 1
    if per == "lot":
        articles = (price.articles if price else None) or lot or 1
        return articles if count == 1 or articles == count else count * articles
    return count


def _total(chips: tuple[ChipOffer, ...], stock: int | None, price: Price | None) -> int | None:
    """Chips over all units: each chip once where one number counts several kinds of articles."""
    if not chips or stock is None:
        return None
    return (
        stock * chips[0].count
        if len(chips) > 1 and (price is None or price.per != "lot")
        else stock * sum(c.count for c in chips)
    )
