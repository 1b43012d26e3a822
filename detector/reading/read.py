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

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from detector.controls import ControlBook
from detector.fx import Exchange
from detector.reading import money, quantity
from detector.reading.chips import Finder, Mention
from detector.reading.condition import ConditionReader
from detector.reading.context_signals import from_fields
from detector.reading.document import Document
from detector.reading.model import ChipOffer, Facts, Price, Reading
from detector.reading.offer import OfferReader
from detector.reading.quantity import QuantityReader
from storage.listing import Listing

if TYPE_CHECKING:
    from config.loader import Config

HOURS_A_MONTH = 730


class Reader:
    """Reads listings under one config; make it once, it compiles the knowledge."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.finder = Finder(config.catalogue)
        self.exchange = Exchange(config.market.rate)
        self.controls = ControlBook(config.catalogue, config.controls)
        self.offers = OfferReader(config.offers)
        self.quantities = QuantityReader(config.offers)
        self.conditions = ConditionReader(config.offers)

    def read(self, listing: Listing, today: date) -> Reading:
        """The reading; never raises on any text. `today` dates a listing that has no date."""
        doc = Document(listing, today)
        mentions = [m for name in ("title", "description") if name in doc.fields for m in self.finder.find(name, doc.fields[name])]
        verdict = self.offers.read(doc, mentions)
        lot = quantity.lot_size(doc) if verdict.offer == "sale" else None
        price = money.read_price(doc, offer=verdict.offer, config=self.config, lot=lot)
        chips: tuple[ChipOffer, ...] = ()
        if verdict.offer in ("sale", "rental"):
            chips = self._offered(doc, mentions, lot, price.per if price else None)
        offer = verdict.offer if chips or verdict.offer not in ("sale", "rental") else "other"
        price = self._in_dollars(price, offer, chips, doc.date)
        stock = None if offer in ("wanted", "service") else self.quantities.read(doc)
        if price and price.per == "lot" and stock is not None and lot and stock == lot:
            stock = 1
        facts = Facts(
            offer, chips, any(c.restricted for c in chips), price, stock, self.conditions.read(doc, offer),
            sum(c.count for c in chips) * stock if chips and stock is not None else None,
        )  # fmt: skip
        notes = {"offer": verdict.why, **({"goods": "whole_pc"} if verdict.whole_pc else {})}
        return Reading(
            listing.site, listing.listing_id, offer, chips, facts.restricted, price, stock, facts.condition,
            from_fields(doc, facts), language=listing.language, notes=notes,
        )  # fmt: skip

    def _in_dollars(self, price: Price | None, offer: str, chips: tuple[ChipOffer, ...], on: date) -> Price | None:
        """The price with USD for one chip, or one chip-hour, where it is a price of chips at all."""
        if price is None or price.amount is None or price.currency is None or not chips or price.kind not in ("asking", "range"):
            return price
        dollars = self.exchange.to_usd(price.amount, price.currency, on)
        if dollars is None:
            return replace(price, reason=f"no exchange rate for {price.currency}")
        count = 1 if price.per in ("gpu_hour", "gpu_month") else sum(c.count for c in chips) if price.per == "lot" else chips[0].count
        hours = HOURS_A_MONTH if price.per.endswith("month") else 1
        unit = (dollars.usd / count / hours).quantize(Decimal("0.0001"))
        return replace(price, unit_usd=unit, rate=dollars.text(price.currency))

    def _offered(self, doc: Document, mentions: Sequence[Mention], lot: int | None, per: str | None) -> tuple[ChipOffer, ...]:
        """The chip of the first strong name in title, else description; a machine takes its chip from the text."""
        texts = [doc.fields[name] for name in ("title", "description") if name in doc.fields]
        named = [m for m in mentions if m.chip] or []
        chosen = next((m for m in named if m.field == "title"), None) or next(iter(named), None)
        if chosen is None:
            return ()
        system = next((m for m in mentions if m.system and (m.chip is None or m.chip == chosen.base)), None)
        if system is not None and chosen.count == 1:
            chosen = replace(chosen, count=system.count, form=chosen.form or system.form)
        ident, memory = self.finder.resolve(chosen, texts)
        count = quantity.chips_in_unit(doc, chosen, lot=lot, per=per)
        finding = self.controls.find(ident, doc.date)
        a, b = doc.fields[chosen.field].span(chosen.start, chosen.end)
        return (ChipOffer(ident, count, chosen.field, a, b, memory, finding.control, finding.restricted),)
