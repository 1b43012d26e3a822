"""The displayed price of a listing, as a trader reads it: kind, amount, currency and what it is for.

A price that is displayed decides; the text says what kind of figure it is, and only where nothing is displayed is the
figure taken from the text. What is ambiguous stays null, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING

from detector.reading.document import Document
from detector.reading.model import Price
from detector.reading.text import fold_pattern

if TYPE_CHECKING:
    from config.loader import Config
    from config.schema.money import Money

_FIGURE = r"\d{1,3}(?:[ ,.'’٬\u00a0\u202f]\d{2,3})+(?:[.,]\d{1,2})?(?![\d])|\d+(?:[.,]\d+)?"
_UNIT_AFTER = re.compile(r"\s?(?:gb?\b|tb\b|гб|%|w\b(?=att)|mhz|年|个月|月\b|天|日|months?\b|years?\b|days?\b|hours?\b|°|nm\b|mm\b|cm\b|v\b|pin|核|线程|卡(?!时)|张|台|片|枚|cores?|threads?|件|x\b|bids?|u\b|位|号|楼|路|分钟|min\b|小时|fps|tdp|千瓦|kw|cuda)")


@dataclass(frozen=True, slots=True)
class Amount:
    """A figure of money at folded positions of a text. `sign` is the currency's word or sign, as folded."""

    value: Decimal
    currency: str | None
    sign: str | None
    start: int
    end: int
    multiplied: bool = False


class MoneyReader:
    """Compiled words of money.toml."""

    def __init__(self, money: Money) -> None:
        words = [(fold_pattern(w), c.code) for c in money.currency for w in c.words]
        signs = sorted({s for c in money.currency for s in c.signs})
        self._codes = [(re.compile(w), code) for w, code in words]
        self._by_country = {country: c for c in money.currency for country in c.countries}
        self._signs = {s: [c for c in money.currency if s in c.signs] for s in signs}
        any_sign = "|".join([w for w, _ in sorted(words, key=lambda p: -len(p[0]))] + [re.escape(s) for s in signs])
        times = sorted(((fold_pattern(w), Decimal(m.factor)) for m in money.multiplier for w in m.words), key=lambda p: -len(p[0]))
        self._times = [(re.compile(w), factor) for w, factor in times]
        any_time = "|".join(w for w, _ in times)
        self._money = re.compile(
            rf"(?P<before>(?:{any_sign})\s?)?(?<![\d.,])(?P<figure>{_FIGURE})"
            rf"(?:\s?(?P<times>{any_time})(?![a-zа-яё]))?(?P<rest>\d{{1,4}}(?!\d))?(?P<after>\s?(?:{any_sign}))?"
        )
        self._placeholders = frozenset(money.placeholders)
        kinds: dict[str, list[str]] = {}
        for row in money.phrases:
            kinds.setdefault(row.meaning, []).extend(fold_pattern(p) for p in row.patterns)
        self.phrases = {k: re.compile("|".join(f"(?:{p})" for p in v)) for k, v in kinds.items()}

    def says(self, meaning: str, text: str) -> re.Match[str] | None:
        """The first phrase of a meaning in a text."""
        return self.phrases[meaning].search(text)

    def amounts(self, text: str, country: str | None) -> Iterator[Amount]:
        """Figures of a text with the currency that is said or that the country's sites mean."""
        for found in self._money.finditer(text):
            sign = (found["before"] or found["after"] or "").strip()
            times = self._factor(found["times"])
            value = _decimal(found["figure"], bool(times))
            if value is None:
                continue
            if times:
                value *= times
                if found["rest"] and times == 10000:  # 2万5 is 25000
                    value += Decimal(found["rest"]) * (times / 10 ** len(found["rest"]))
            yield Amount(value.normalize(), self._code(sign, country) if sign else None, sign or None, found.start(), found.end(), bool(times))

    def _factor(self, word: str | None) -> Decimal | None:
        return next((factor for pattern, factor in self._times if pattern.fullmatch(word)), None) if word else None

    def _code(self, sign: str, country: str | None) -> str | None:
        for pattern, code in self._codes:
            if pattern.fullmatch(sign) or pattern.match(sign + "1"):
                return code
        mine = self._by_country.get(country or "")
        means = self._signs.get(sign, [])
        if mine in means or (mine and sign == "元" and mine.code in ("CNY", "TWD", "HKD")):
            return mine.code if mine else None
        if sign == "$":
            return "USD"
        if sign in ("¥", "元", "块") and means:
            return None if country in ("JP",) and sign != "¥" else "CNY"
        return None

    def home_currency(self, country: str | None) -> str | None:
        """The currency a bare figure means on sites of a country."""
        found = self._by_country.get(country or "")
        return found.code if found else None

    def is_placeholder(self, value: Decimal) -> bool:
        text = f"{value.normalize():f}"
        return text in self._placeholders


def _decimal(text: str, multiplied: bool) -> Decimal | None:
    """A figure with its separators understood; None where they are ambiguous in earnest."""
    text = re.sub(r"[ '’٬\u00a0\u202f]", "", text)
    seps = [c for c in text if c in ".,"]
    try:
        if not seps:
            return Decimal(text)
        if len(set(seps)) == 2:
            last = seps[-1]
            other = "." if last == "," else ","
            return Decimal(text.replace(other, "").replace(last, "."))
        tail = text.rsplit(seps[-1], 1)[1]
        if len(seps) > 1:
            if len(tail) == 3 or re.fullmatch(r"\d{1,2}(?:,\d{2})*,\d{3}", text):
                return Decimal(text.replace(seps[0], ""))
            return Decimal("".join(text.rsplit(seps[0], 1)[0].split(seps[0])) + "." + tail)
        if len(tail) == 3 and not multiplied and not text.startswith("0"):
            return Decimal(text.replace(seps[0], ""))
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None


@lru_cache(maxsize=8)
def _reader(config: Config) -> MoneyReader:
    return MoneyReader(config.money)


def read_price(doc: Document, *, offer: str, config: Config, lot: int | None = None) -> Price | None:
    """The listing's price, or None where no price is shown at all. `lot`: articles the text says are sold together."""
    reader = _reader(config)
    shown, country = doc.text("price_text"), doc.listing.country
    text = f"{doc.text('title')}\n{doc.text('description')}"
    per = _per(reader, doc, offer, shown, lot)
    if shown or doc.listing.price_amount is not None:
        return _displayed(reader, doc, offer, shown, text, per, lot, country)
    found = _from_text(reader, doc, country)
    if found is None:
        return None
    kind, amounts = found
    currency = amounts[0].currency or reader.home_currency(country)
    value = min(a.value for a in amounts)
    per = _per(reader, doc, offer, doc.text("description")[max(0, amounts[0].start - 20) : amounts[0].end + 30], lot)
    return Price(kind, value, currency, per, articles=lot if per == "lot" else None, reason=None if currency else "no currency is said")


def _displayed(
    reader: MoneyReader, doc: Document, offer: str, shown: str, text: str, per: str, lot: int | None, country: str | None
) -> Price:  # fmt: skip
    amounts = [a for a in reader.amounts(shown, country) if not _UNIT_AFTER.match(shown[a.end :]) or a.sign]
    articles = lot if per == "lot" else None
    structured = doc.listing.price_amount
    currency = doc.listing.price_currency or next((a.currency for a in amounts if a.currency), None)
    if currency is None and (amounts or structured):
        signed = next((a.sign for a in amounts if a.sign), None)
        currency = None if signed else reader.home_currency(country)
    if structured is not None:
        value = Decimal(structured)
    elif amounts:
        value = _lower(amounts, shown)[0]
    else:
        return Price("negotiable", None, None, "unit")
    ranged = bool(amounts) and len(_lower(amounts, shown)) > 1
    told = reader.says("placeholder", text) or reader.says("placeholder", shown)
    if reader.is_placeholder(value) or (told and offer != "rental"):
        return Price("placeholder", value, currency, per, articles=articles)
    if reader.says("deposit", shown) or _deposit_said(reader, text, value):
        return Price("deposit", value, currency, per, articles=articles)
    reason = None if currency else "the sign is ambiguous here"
    return Price("range" if ranged else "asking", value, currency, per, articles=articles, reason=reason)


def _lower(amounts: list[Amount], shown: str) -> list[Decimal]:
    """The lower end first, then the upper one where the text shows a span of prices."""
    first = amounts[0]
    for second in amounts[1:]:
        between = shown[first.end : second.start]
        if re.fullmatch(r"\s*(?:-|–|—|~|～|至|到|to|bis|до|a|à|đến|/)\s*(?:us)?\W{0,3}\s*", between) and second.value != first.value:
            low, high = first.value, second.value
            # "1.5-2万": the multiplier stands once and means both.
            low = low * 10000 if second.multiplied and not first.multiplied and low * 10000 < high else low
            return sorted([low, high])
    return [first.value]


def _deposit_said(reader: MoneyReader, text: str, value: Decimal) -> bool:
    """The text says that the displayed figure itself is a down payment."""
    figure = f"{value.normalize():f}"
    for found in reader.phrases["deposit"].finditer(text):
        around = re.sub(r"[ ,.'](?=\d{3}\b)", "", text[max(0, found.start() - 40) : found.end() + 40])
        if re.search(rf"(?<!\d){re.escape(figure)}(?!\d)", around) or re.search(r"标价|链接|拍的|显示|price (?:shown|listed)|listed price|表示|anzeige|anuncio|объявлени|giá (?:đăng|trên)|ilan|an[uú]ncio|표시|게시", around):
            return not re.search(r"no (?:reservation|hold\w*) without", around)
    return False


def _per(reader: MoneyReader, doc: Document, offer: str, shown: str, lot: int | None) -> str:
    title = doc.text("title")
    head = f"{title}\n{doc.text('description')}"
    if offer == "rental":
        hour, month = reader.says("hour", shown), reader.says("month", shown)
        if not hour and not month:
            hour, month = reader.says("hour", head), reader.says("month", head)
        time = "month" if month and not hour else "hour"
        gpu = reader.says("gpu", shown)
        server = reader.says("server", re.sub(r"gpu[ -]?h\w*", "", shown))
        if not gpu and not server:
            gpu, server = reader.says("gpu", head), reader.says("server", title)
        return f"{'server' if server and not gpu else 'gpu'}_{time}"
    if reader.says("each", shown) or (reader.says("each", head) and not reader.says("lot", title)):
        return "unit"
    if lot and lot > 1:
        return "lot"
    return "lot" if reader.says("lot", shown) else "unit"


def _from_text(reader: MoneyReader, doc: Document, country: str | None) -> tuple[str, list[Amount]] | None:
    for name in ("title", "description"):
        text = doc.text(name)
        found = [a for a in reader.amounts(text, country) if (a.sign or a.multiplied) and a.value >= 5 and not _UNIT_AFTER.match(text[a.end :])]
        asked = [a for a in found if not reader.says("not_price", text[max(0, a.start - 16) : a.start])]
        if asked:
            return "asking", asked[:1]
    return None
