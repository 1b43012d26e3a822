"""The displayed price of a listing, as a trader reads it: kind, amount, currency and what it is for.

1. The figure: of the displayed price, of structured data where the display is silent or unclear, and of the text only
   where no price is displayed. What can be read two ways stays null, with the reason.
2. Its kind: a down payment if the text says that the figure shown is one, a stand-in by its figure or by words, a range,
   or asked. A running bid is asked, however small.
3. What it is for. Rent by the day, week or year fits no term of the contract: the amount is null, `per` the nearest
   term (hour for a day, else month), and the reason names the amount.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from detector.reading.amounts import scan
from detector.reading.auction import is_bid
from detector.reading.document import Document
from detector.reading.model import Price
from detector.reading.money_book import Locale, MoneyBook
from detector.reading.numerals import CHINESE, read_chinese
from detector.reading.price_terms import Term, Terms
from detector.reading.price_words import PriceWords
from detector.reading.shown_price import Chooser, Figure
from detector.reading.text import fold, fold_pattern

if TYPE_CHECKING:
    from config.loader import Config
    from config.schema.money import Money

_PAUSE = re.compile(r"[,，、。!！?？;；\n]|\.(?=\s|$)")
_SENTENCE = re.compile(r"[。!！?？;；\n]|\.(?=\s|$)")
MOST_EXPLAINED = 4
"""Places in which a stand-in is explained."""
_REACH = 24
"""Characters between a deposit word and the words or the figure that tie it to the displayed price."""
_BESIDE = 12
_OF_PRICE = re.compile(
    fold_pattern(
        r"\b(?:price[ds]?|sold|whole|preis|preise|precio|preço|prix|prezzo|prijs|harga|rate|fiyat\w*|bán|giá|цена|стоимость|продаю|продаём)\b|価格|値段|金額|単位|价|按|가격|값|단위|السعر|سعر"
    )
)
_LEAST_STAND_IN_RENT = 10_000
"""A chip-hour may well cost 0.95 or 1 of something; only figures like 88888 stand in for a rent."""
_BARE, _LEAST_BARE = re.compile(r"\s*\d+(?:[.,]\d+)?\s*"), 15
"""A figure with no mark beside it; smaller ones fill the form."""
_LEAST_TIMES = 1000
"""Between a figure and what data say it is, where a word multiplies it; a hundred times as much is the same sum in cents."""
_LEAST_DEPOSIT = 100
"""Smaller figures beside a deposit's word count something else: 96G, 2 cards."""
_IS_ONE = re.compile(fold_pattern(r"\s*(?:です|だけです|のみです|になります|となります|입니다|only|nur|是)?\s*"))
"""Behind a deposit's word that is all that its clause says: the figure shown is one."""
_SHARE = re.compile(r"\d\s?%")
_SAID = re.compile(rf"[{CHINESE}]+")


def read_price(
    doc: Document, *, offer: str, config: Config, lot: int | None = None, systems_hint: int | None = None, kinds: int = 1, here: str | None = None
) -> Price | None:  # fmt: skip
    """The listing's price; None where no price is shown at all.

    `offer` is the offer kind (sale, rental, wanted, accessory, service, other). `systems_hint` is the number of chips in
    the machine that the listing names, where known: it decides between rent of a chip and of a machine. `kinds`: different
    chips on offer. `lot` is the
    number of articles that others read from the text, used where the price is for a lot of unsaid size. `here`: the country where
    the goods are (ISO 3166), for sites that tell none. `unit_usd` is left to the judging of prices.
    """
    price = _reader(config).read(doc, offer, systems_hint, _site_currency(doc, config), kinds, here)
    if price and price.per == "lot" and not price.articles:  # a lot of an unsaid size is one article
        return replace(price, per="lot" if lot else "unit", articles=lot)
    return price


def by_the_box(doc: Document, price: Price, config: Config) -> bool:
    """Whether the price is said to be for a full box."""
    return _reader(config).by_the_box(doc, price)


def money_book(config: Config) -> MoneyBook:
    """The compiled money words of a config, for `find_amounts`."""
    return _reader(config).book


@lru_cache(maxsize=8)
def _reader(config: Config) -> PriceReader:
    return PriceReader(config.money)


def _site_currency(doc: Document, config: Config) -> str | None:
    site = config.sites.get(doc.listing.site)
    return site.currency if site else None


class PriceReader:
    """Compiled money words; make it once."""

    def __init__(self, money: Money) -> None:
        self.book = MoneyBook(money)
        self.words = PriceWords(money)
        self.chooser = Chooser(self.book, self.words)
        self.terms = Terms(self.book, self.words)
        self._stand_ins = [(re.compile(row.pattern), row.weak) for row in money.stand_in]

    def read(self, doc: Document, offer: str, machine: int | None, site_currency: str | None, kinds: int = 1, here: str | None = None) -> Price | None:
        listing = doc.listing
        locale = self.book.locale(listing.language, listing.country, listing.price_currency or site_currency, rental=offer == "rental", here=here)
        if (listing.price_text or "").strip() or listing.price_amount is not None:
            return self._displayed(doc, offer, machine, locale)
        return self._told(doc, offer, machine, locale, kinds)

    def by_the_box(self, doc: Document, price: Price) -> bool:
        """In the display any box is what is priced; in the text one beside the sum or a word of price: not '4 pcs per carton'."""
        if self.words.find("box", doc.text("price_text")):
            return True
        for text in (doc.text("title"), doc.text("description")):
            for match in self.words.all("box", text):
                before = text[max(0, match.start() - _BESIDE) : match.start()]
                if _OF_PRICE.search(before + match.group()) or price.amount in self._sums(before):
                    return True
        return False

    # -- a price is displayed -----------------------------------------------------------------------------------

    def _displayed(self, doc: Document, offer: str, machine: int | None, locale: Locale) -> Price:
        shown = doc.fields.get("price_text")
        figure = self.chooser.shown(shown, locale, of="rent" if offer == "rental" else "goods") if shown else None
        figure = self._restated(doc, self._structured(doc, figure, locale), locale)
        figure = self._counted_in(figure, doc.text("price_text")) if figure and offer != "rental" else figure
        if figure is None:
            known = self.words.find("negotiable", doc.text("price_text"))
            return Price("negotiable", None, None, "unit", reason=None if known else "no figure is shown")
        kind = self._kind(doc, offer, figure)
        price = self._price(doc, figure, kind, self._term(doc, offer, figure, machine, locale))
        if kind != "placeholder":
            return price
        return replace(price, stands_in=self._explained(doc), little=not self._looks_held_down(figure) and not self._says_stand_in(doc))

    def _explained(self, doc: Document) -> tuple[tuple[str, int, int], ...]:
        """The words that explain a stand-in, else those that speak of the figure shown; title and description."""
        for says in ("fake", "hidden", "displayed"):
            found = [(name, *m.span()) for name in ("title", "description") for m in self.words.all(says, doc.text(name))]
            if found:
                return tuple(found[:MOST_EXPLAINED])
        return ()

    def _restated(self, doc: Document, figure: Figure | None, locale: Locale) -> Figure | None:
        """The text's own word for the currency of the displayed figure, where its mark is shared: `$950`, '950 USD'."""
        if figure is None or figure.value is None or doc.listing.price_currency or not self.book.is_shared(figure.mark):
            return figure
        for name in ("title", "description"):
            if name not in doc.fields or not self.book.names_code(doc.fields[name].text):
                continue
            for said in scan(doc.fields[name], self.book, locale):
                if said.value == figure.value and said.currency and not self.book.is_shared(said.mark):
                    return replace(figure, currency=said.currency, reason=None)
        return figure

    def _counted_in(self, figure: Figure, shown: str) -> Figure:
        """A bare figure in the unit that sellers of the currency leave unsaid; one that may be a stand-in stays as it is."""
        row = self.book.currencies.get(figure.currency or "")
        if row is None or row.bare is None or figure.value is None or not _LEAST_BARE <= figure.value < row.least:
            return figure
        plain = f"{figure.value.normalize():f}"
        if not _BARE.fullmatch(shown) or any(pattern.fullmatch(plain) for pattern, _ in self._stand_ins):
            return figure
        return replace(figure, value=figure.value * row.bare)

    def _structured(self, doc: Document, figure: Figure | None, locale: Locale) -> Figure | None:
        """Structured data fill what the display leaves open and mend what it only seems to say; else the display decides."""
        listing = doc.listing
        currency = listing.price_currency.upper() if listing.price_currency else None
        if listing.price_amount is None:
            return figure
        amount = Decimal(listing.price_amount)
        if figure is None:
            currency = currency or self.book.home(locale)
            return Figure("price_amount", 0, 0, amount, currency, reason=None if currency else "no currency is said, and the place is not known")
        if figure.value is not None and not self._misread(figure, amount):
            return figure
        found = figure.currency or currency
        return Figure(figure.field, figure.start, figure.end, amount, found, figure.ranged, None if found else figure.reason)

    def _misread(self, figure: Figure, amount: Decimal) -> bool:
        """Whether the figure is no price of a card and the data say it a thousand, a million times over: the
        display says its thousands in a way that is not known."""
        row = self.book.currencies.get(figure.currency or "")
        if row is None or not figure.value or figure.value >= row.least:
            return False
        times = amount / figure.value
        return times >= _LEAST_TIMES and times == Decimal(10) ** times.adjusted()

    def _kind(self, doc: Document, offer: str, figure: Figure) -> str:
        if offer != "rental" and self._is_deposit(doc, figure):
            return "deposit"
        if self._is_stand_in(doc, offer, figure):
            return "placeholder"
        return "range" if figure.ranged else "asking"

    def _is_deposit(self, doc: Document, figure: Figure) -> bool:
        shown = doc.text("price_text")
        if self.words.find("deposit", shown) and not self.words.find("no_deposit", shown):
            return True
        title, description = doc.text("title"), doc.text("description")
        texts = (title, description)
        return any(self._ties_deposit(text, figure) or self._holds(text, figure) for text in texts) or self._on_account(title, description)

    def _ties_deposit(self, text: str, figure: Figure) -> bool:
        """Whether a deposit word in the text stands beside the displayed figure, or in one clause with words for it."""
        matches = self.words.all("deposit", text)
        refused = [m.span() for m in self.words.all("no_deposit", text)] if matches else []
        for match in matches:
            if any(a <= match.start() < b or match.start() <= a < match.end() for a, b in refused):
                continue
            low, high = _clause(text, match)
            beside = self._sums(text[max(low, match.start() - 10) : min(high, match.end() + 10)])
            if figure.value in beside or (not beside and self.words.find("displayed", text, low, high)):
                return True
            alone = not text[low : match.start()].strip() and _IS_ONE.fullmatch(text, match.end(), high)
            if alone and self.words.find("balance", text):  # 手付金です。残金は95万円
                return True
        return False

    def _holds(self, text: str, figure: Figure) -> bool:
        """Whether the displayed figure is said to hold the article: '$25,000 holds it'."""
        clauses = (_clause(text, match) for match in self.words.all("holding", text))
        return any(figure.value in self._sums(text[low:high]) for low, high in clauses)

    def _on_account(self, title: str, description: str) -> bool:
        """Whether the title offers a deposit or a place and the text speaks of a balance. A share of the price (30 %) is a
        term of payment: there the price itself may be shown."""
        offers = self.words.find("deposit", title) or self.words.find("holding", title)
        if not offers or self.words.find("no_deposit", f"{title}\n{description}") or _SHARE.search(description):
            return False
        return bool(self.words.find("balance", title) or self.words.find("balance", description))

    def _sums(self, text: str) -> set[Decimal | None]:
        """Figures of a few words, in digits or characters."""
        values: set[Decimal | None] = {a.value for a in scan(fold(text), self.book, Locale("zh", "CN"))}
        values |= {read_chinese(m.group()) for m in _SAID.finditer(text) if len(m.group()) > 1}
        return {value for value in values if value is not None and value >= _LEAST_DEPOSIT}

    def _is_stand_in(self, doc: Document, offer: str, figure: Figure) -> bool:
        if figure.value is None:
            return False
        strength = self._patterns(figure)
        if offer == "rental" and figure.value < _LEAST_STAND_IN_RENT:
            return False
        row = self.book.currencies.get(figure.currency or "")
        too_little = offer == "sale" and row is not None and figure.value < row.least
        if (False in strength or too_little) and not figure.ranged:
            return not self._says("real", doc) and not self._says("bid", doc, ("price_text", "title"))
        doubted = (offer != "rental" and self._says("fake", doc)) or (bool(strength) and self._says("hidden", doc))
        return doubted and not self._says("bid", doc, ("price_text", "title")) and not self._says("real", doc)

    def _patterns(self, figure: Figure) -> list[bool]:
        """For each pattern of stand-ins that a figure is typed like, whether it is a weak one."""
        plain = f"{figure.value.normalize():f}" if figure.value is not None else ""
        return [weak for pattern, weak in self._stand_ins if pattern.fullmatch(plain)]

    def _looks_held_down(self, figure: Figure) -> bool:
        return False in self._patterns(figure)

    def _says_stand_in(self, doc: Document) -> bool:
        return self._says("fake", doc) or self._says("hidden", doc)

    def _says(self, says: str, doc: Document, fields: tuple[str, ...] = ("title", "description")) -> bool:
        return any(self.words.find(says, doc.text(name)) for name in fields)

    # -- no price displayed -------------------------------------------------------------------------------------

    def _told(self, doc: Document, offer: str, machine: int | None, locale: Locale, kinds: int) -> Price | None:
        fields = [(name, doc.fields[name]) for name in ("title", "description") if name in doc.fields]
        figure = self.chooser.told(fields, locale, rental=offer == "rental", plain=offer == "other", kinds=kinds)
        if figure is None and offer == "other":
            return None
        if figure is None:
            said = any(self.words.find("hidden", folded.text) for _, folded in fields)
            return Price("negotiable", None, None, "unit") if said else None
        kind = "range" if figure.ranged else "asking"
        return self._price(doc, figure, kind, self._term(doc, offer, figure, machine, locale))

    # -- both ---------------------------------------------------------------------------------------------------

    def _term(self, doc: Document, offer: str, figure: Figure, machine: int | None, locale: Locale) -> Term:
        near = doc.text(figure.field) if figure.field in doc.fields else ""
        if figure.field != "price_text":
            low, high = max(0, figure.start - 12), min(len(near), figure.end + 24)
            low = max((m.end() for m in _SENTENCE.finditer(near, low, figure.start)), default=low)
            near = near[low : next((m.start() for m in _SENTENCE.finditer(near, figure.end, high)), high)]
        if offer == "rental":
            return self.terms.rent(doc, near, figure.value, figure.currency, machine)
        return self.terms.sale(doc, offer, near, figure.value, locale)

    def _price(self, doc: Document, figure: Figure, kind: str, term: Term) -> Price:
        field = figure.field if figure.field in doc.fields else None
        start, end = doc.fields[field].span(figure.start, figure.end) if field else (None, None)
        reason, value = figure.reason, figure.value
        if term.reason and value is not None:
            reason, value = f"{term.reason} ({value:f} {figure.currency or ''})".replace(" )", ")"), None
        return Price(
            kind, value, figure.currency, term.per, articles=term.articles, reason=reason, field=field, start=start, end=end,
            bid=is_bid(doc, figure, self.words),
        )  # fmt: skip


def _clause(text: str, match: re.Match[str]) -> tuple[int, int]:
    """The words around a match up to the next pause, within reach."""
    low, high = max(0, match.start() - _REACH), min(len(text), match.end() + _REACH)
    low = max((m.end() for m in _PAUSE.finditer(text, low, match.start()) if not _in_number(text, m)), default=low)
    return low, next((m.start() for m in _PAUSE.finditer(text, match.end(), high) if not _in_number(text, m)), high)


def _in_number(text: str, match: re.Match[str]) -> bool:
    """A comma between digits is no pause: 5,000."""
    return match.group() == "," and text[match.start() - 1 : match.start()].isdigit() and text[match.end() : match.end() + 1].isdigit()
