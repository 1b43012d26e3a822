"""An alert at a glance, as the queue shows it: the quoted words, the unit price against its market, how many, where."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any

from detector import explain
from detector.market import compared
from review.masking import masked
from review.wording import asked_words

if TYPE_CHECKING:
    from config.loader import Config

CONTACT = "off_platform_contact"

QUOTES = 3
"""Quotes of a card; a fourth is read on the alert's page."""

STRONGEST = 3
"""Reasons of a card that are told with their share of the score."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Words that carry a signal, contacts masked, and the signal's title."""

    signal: str
    title: str
    text: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Price:
    """A unit price (USD for one chip or chip-hour) against its market's reference."""

    unit_usd: float | None
    market_usd: float | None
    n: int | None
    hourly: bool
    shown: str | None
    """As the page displays it."""
    asked: str = ""
    """The figure it was reckoned from, where that is not in US dollars."""

    @property
    def ratio(self) -> float | None:
        """Unit price over reference."""
        if not self.unit_usd or not self.market_usd or self.unit_usd <= 0:
            return None
        return self.unit_usd / self.market_usd

    @property
    def place(self) -> float:
        """Where the price stands on a log scale from a tenth (0) over the reference (50) to ten times (100)."""
        ratio = self.ratio
        return 50.0 if ratio is None else min(max(50 + 50 * math.log10(ratio), 0.0), 100.0)

    @property
    def words(self) -> str:
        """The comparison in words."""
        if self.unit_usd is None:
            return "no price to compare"
        if self.ratio is None:
            return "not enough peers"
        peers = f"{self.n} peers" if self.n else "list price, too few peers"
        share = 100 * self.ratio
        return (
            f"{share:.0f} % of market ({peers})"
            if share < 1000
            else f"{self.ratio:.0f} times the market ({peers})"
        )


@dataclass(frozen=True, slots=True)
class Card:
    """One row of the queue."""

    row: Mapping[str, Any]
    chip: str
    price: Price
    place: str
    quotes: tuple[Quote, ...]
    more_quotes: int
    tags: tuple[str, ...]
    """Titles of the other reasons without a quote here."""
    reasons: tuple[explain.Line, ...]
    """The strongest, as the digest names them."""

    @property
    def quoted(self) -> list[tuple[str, list[Quote]]]:
        """The quotes by the title of their signal, in their order."""
        found: dict[str, list[Quote]] = {}
        for quote in self.quotes:
            found.setdefault(quote.title, []).append(quote)
        return list(found.items())


def _form(form: str) -> str:
    return "PCIe" if form == "pcie" else form.upper()


class Names:
    """Titles of codes, as a person reads them."""

    def __init__(self, config: Config) -> None:
        self.config = config

    @cached_property
    def chips(self) -> dict[str, str]:
        """Catalogue names by id, variants as name and what tells them apart."""
        found = {}
        for chip in self.config.catalogue.chip:
            found[chip.id] = chip.name
            for variant in chip.variants:
                memory = f" {variant.memory_gb[0]} GB" if len(variant.memory_gb) == 1 else ""
                found[variant.id] = f"{chip.name}{memory}{' ' + _form(variant.form) if variant.form else ''}"
        return found

    @cached_property
    def signals(self) -> dict[str, str]:
        """Titles of the signal cards and of the pairs of signals that count as one."""
        pairs = {pair.id: pair.title for pair in self.config.thresholds.pair}
        return {"forest": "odd figures"} | pairs | {card.id: card.title for card in self.config.signals.signal}

    @cached_property
    def countries(self) -> dict[str, str]:
        """Names of countries by ISO code: ours, and for all others those of the tz database."""
        lines = (
            (resources.files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8").splitlines()
        )
        every = dict(line.split("\t", 1) for line in lines if line and not line.startswith("#"))
        return every | {place.id: place.name for place in self.config.places.place}

    def chip(self, ident: str | None) -> str:
        """A chip's name; an id the catalogue lacks is shown as it is."""
        return self.chips.get(ident or "", ident or "no chip named")

    def signal(self, ident: str) -> str:
        """A signal's title."""
        return self.signals.get(ident, ident.replace("_", " "))

    def country(self, ident: str | None) -> str:
        """A country's name."""
        return self.countries.get(ident or "", ident or "")


def quotes(document: Mapping[str, Any], names: Names) -> list[Quote]:
    """The quotes of a reading, each text once, strongest reason first."""
    weight = {reason["evidence"]: float(reason["contribution"]) for reason in document.get("reasons") or []}
    found: dict[str, Quote] = {}
    for signal in sorted(document.get("signals") or [], key=lambda s: -weight.get(s["signal"], 0.0)):
        if text := signal.get("text"):
            shown = masked(text, contact=signal["signal"] == CONTACT)
            found.setdefault(
                shown, Quote(signal["signal"], names.signal(signal["signal"]), shown, signal.get("language"))
            )
    return list(found.values())


def price_of(document: Mapping[str, Any], unit_usd: float | None, shown: str | None) -> Price:
    """The price of a reading against the market it was judged by."""
    market = document.get("market") or {}
    return Price(
        unit_usd, compared(unit_usd, market), market.get("n"), document.get("offer") == "rental", shown, asked_words(document.get("price"))
    )


def card(row: Mapping[str, Any], config: Config, names: Names) -> Card:
    """The card of a row of `alerts_by_key`."""
    document = row["document"]
    told = quotes(document, names)
    quoted = {quote.signal for quote in told[:QUOTES]}
    lines = [
        line for line in explain.lines(document, config) if line.evidence != "bias" and line.contribution > 0
    ]
    tags = [line.title for line in lines[STRONGEST:] if line.evidence not in quoted]
    place = place_words(row["location"], row["country"], names)
    return Card(
        row, names.chip(row["chip"]), price_of(document, row["unit_usd"], row["price_text"]), masked(place), tuple(told[:QUOTES]),
        max(len(told) - QUOTES, 0), tuple(tags), tuple(lines[:STRONGEST]),
    )  # fmt: skip


def place_words(location: str | None, country: str | None, names: Names) -> str:
    """Where the goods are, as the page says it, and the country where that does not name it."""
    land = names.country(country)
    if not location:
        return land or "place not said"
    named = not land or land.casefold() in location.casefold() or re.search(rf"\b{country}\b", location)
    return location if named else f"{location}, {land}"


def cards(rows: Iterable[Mapping[str, Any]], config: Config, names: Names) -> list[Card]:
    """The cards of a page."""
    return [card(row, config, names) for row in rows]
