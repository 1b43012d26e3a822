"""Figures about an offer, against its market and its seller. NaN is a state of its own: the page does not say.

Signals are not among them: the forest is there for what no signal names.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from detector.changes import Said
from detector.comparable import offer_kind, unit_price
from detector.market import Reference
from detector.reading.document import parse_time

if TYPE_CHECKING:
    from detector.market import Answer
    from detector.reading.model import Reading
    from storage.listing import Listing

NAN = math.nan


@dataclass(frozen=True, slots=True)
class Feature:
    """A figure, and in one line what it means. `relative`: taken against the middle of its market segment.

    `scale`: `tens` and `doublings` are logarithms to 10 and 2, `log` is natural, `spreads` are of log price.
    """

    name: str
    meaning: str
    scale: Literal["tens", "doublings", "log", "share", "count", "spreads"]
    relative: bool = True

    @property
    def name_words(self) -> str:
        """The meaning without its unit."""
        return self.meaning.partition(" (")[0].removesuffix(", in usual spreads of log price").replace("log of the price over the listing's", "price against the listing's")


FEATURES = (
    Feature("price_deviation", "unit price against the market's reference, in usual spreads of log price", "spreads", relative=False),
    Feature("chips_per_unit", "chips in one priced unit (doublings)", "doublings"),
    Feature("stock", "priced units on offer (powers of ten)", "tens"),
    Feature("total_chips", "chips times units on offer (powers of ten)", "tens"),
    Feature("models", "different chips in one listing", "count"),
    Feature("title_length", "characters of the title (doublings)", "doublings"),
    Feature("text_length", "characters of the description (doublings)", "doublings"),
    Feature("digit_share", "share of digits in title and description", "share"),
    Feature("odd_characters", "share of invisible, full-width or look-alike characters", "share", relative=False),
    Feature("foreign_letters", "share of letters of a script that the marketplace's country does not use", "share", relative=False),
    Feature("pictures", "pictures shown (doublings)", "doublings"),
    Feature("round_price", "share of the price's digits that are trailing zeros", "share"),
    Feature("posted_days", "days between posting and observation (powers of ten)", "tens"),
    Feature("seller_days", "age of the seller's account in days (powers of ten)", "tens"),
    Feature("seller_ratings", "ratings of the seller (powers of ten)", "tens"),
    Feature("seller_offers", "other listings of the seller seen so far (doublings)", "doublings"),
    Feature("seller_unlike", "share of the seller's other listings that offer no chip", "share"),
    Feature("price_move", "log of the price over the listing's price before", "log", relative=False),
)

NAMES = tuple(feature.name for feature in FEATURES)

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class History:
    """What was known before this observation: the seller's other listings, those of them that offer no chip, what the listing said."""

    offers: int | None = None
    unlike: int | None = None
    before: Said | None = None

    @property
    def price_before(self) -> float | None:
        """USD that the listing asked for a chip."""
        return self.before.usd if self.before else None


_SCRIPTS = {
    "CN": ("CJK",), "HK": ("CJK",), "MO": ("CJK",), "TW": ("CJK", "BOPOMOFO"), "SG": ("CJK",), "MY": ("CJK",),
    "JP": ("CJK", "HIRAGANA", "KATAKANA"), "KR": ("HANGUL", "CJK"), "RU": ("CYRILLIC",), "BY": ("CYRILLIC",),
    "UA": ("CYRILLIC",), "KZ": ("CYRILLIC",), "AE": ("ARABIC",), "SA": ("ARABIC",), "IL": ("HEBREW",), "IN": ("DEVANAGARI",),
    "TH": ("THAI",), "GR": ("GREEK",),
}  # fmt: skip


def figures(listing: Listing, reading: Reading, answer: Answer, history: History = History()) -> Figures:
    """Every feature of FEATURES for one offer; NaN where it cannot be known."""
    text = f"{listing.title}\n{listing.description or ''}"
    usd = unit_price(reading)
    chips = sum(chip.count for chip in reading.chips)
    counts = Counter(text)
    return {
        "price_deviation": answer.deviation(usd) if usd and isinstance(answer, Reference) else NAN,
        "chips_per_unit": math.log2(chips) if chips > 0 else NAN,
        "stock": _log10(reading.quantity),
        "total_chips": _log10(chips * (reading.quantity or 1)) if chips > 0 else NAN,
        "models": float(len({chip.chip for chip in reading.chips})),
        "title_length": math.log2(1 + len(listing.title)),
        "text_length": math.log2(1 + len(listing.description)) if listing.description else NAN,
        "digit_share": sum(n for c, n in counts.items() if c.isdigit()) / len(text),
        "odd_characters": sum(n for c, n in counts.items() if _is_odd(c)) / len(text),
        "foreign_letters": _foreign(counts, listing.country),
        "pictures": math.log2(1 + len(listing.image_urls)) if listing.image_urls else NAN,
        "round_price": _roundness(reading),
        "posted_days": _days(listing.posted_at, listing.observed_at),
        "seller_days": _days(listing.seller_since, listing.observed_at),
        "seller_ratings": _log10(listing.seller_ratings),
        "seller_offers": NAN if history.offers is None else math.log2(1 + history.offers),
        "seller_unlike": history.unlike / history.offers if history.offers and history.unlike is not None else NAN,
        "price_move": math.log(usd / history.price_before) if usd and history.price_before else NAN,
    }


def segment(reading: Reading, region: str) -> str:
    """The market segment whose middle the relative features are taken against: offer kind and region.

    Finer ones (a chip each) were measured and left: their middles follow a few sellers, and what they would level out,
    the price, is taken against the chip's own reference already.
    """
    return f"{offer_kind(reading)}/{region}"


def _log10(value: float | None) -> float:
    return NAN if value is None or value < 0 else math.log10(1 + value)


def _days(start: str | None, end: str | None) -> float:
    a, b = parse_time(start), parse_time(end)
    return _log10((b - a).total_seconds() / 86400) if a and b and b >= a else NAN


def _roundness(reading: Reading) -> float:
    if reading.price is None or not reading.price.amount:
        return NAN
    digits = str(int(abs(reading.price.amount)))
    return 1 - len(digits.rstrip("0")) / len(digits)


@lru_cache(8192)
def _is_odd(char: str) -> bool:
    if char.isascii():
        return False
    return unicodedata.category(char) == "Cf" or (char.isalnum() and unicodedata.normalize("NFKC", char).isascii())


@lru_cache(8192)
def _script(char: str) -> str:
    """First word of a letter's Unicode name: LATIN, CJK, CYRILLIC ..."""
    return unicodedata.name(char, "").removeprefix("FULLWIDTH ").split(" ", 1)[0]


def _foreign(counts: Counter[str], country: str | None) -> float:
    letters = sum(n for c, n in counts.items() if c.isalpha())
    if not letters or not country:
        return NAN
    own = ("LATIN", *_SCRIPTS.get(country.upper(), ()))
    odd = sum(n for c, n in counts.items() if not c.isascii() and c.isalpha() and _script(c) not in own)
    return odd / letters
