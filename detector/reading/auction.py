"""Whether the price shown is the bid of a running auction: it says nothing of what the goods will cost.

What stands beside the figure decides, then how the listing says that it is sold (its attributes), then the title. A
buy-it-now price beside a bid is a price.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from detector.reading.document import Document
from detector.reading.price_words import PriceWords
from detector.reading.text import fold, fold_pattern

if TYPE_CHECKING:
    from detector.reading.shown_price import Figure

_BESIDE = 24
"""Characters around a figure in a text that speak of it; a displayed price is looked at whole."""

_WAYS = frozenset((
    "buyingoptions", "buyingoption", "listingtype", "listingformat", "saleformat", "saletype", "sellingtype", "offertype",
    "pricetype", "format", "type",
))  # fmt: skip
"""Attributes that name how a listing is sold, without case and joints."""
_FLAGS = frozenset(("auction", "isauction", "onauction", "inauction", "auctionrunning"))
_BIDS = frozenset((
    "bidcount", "bids", "bidscount", "numberofbids", "numbids", "currentbid", "currentbidprice", "highestbid", "startingbid",
    "startbid", "minimumbid", "minbid",
))  # fmt: skip
"""Attributes that only an auction has. One without bids yet is the worst case: its price is the least that is taken."""
_BUY_NOW = frozenset(("buynow", "buyitnow", "buynowprice", "buyitnowprice", "binprice"))

_NUMBER = re.compile(r"\d(?<![\d.,]\d)[\d.,' ]{0,14}\d(?!\d)")  # begun by the digit, so that digits alone are looked at
_CENTS = re.compile(r"[.,]\d\d$")
_MOST_NUMBERS = 60
"""Numbers of a description that are compared with the displayed price."""
_NO = frozenset(("", "0", "false", "no", "none", "null"))
_GOT_AT = re.compile(fold_pattern(r"\b(?:from|at|in|via|ex|by|won|bought|aus|auf|bei|von|из|с|со|на|de|en|em|dari|di|từ)\b[^,;:|/()\n–—-]{0,20}$"))
"""Before a word of auctions: where the goods were bought."""
_GOT_SO = re.compile(fold_pattern("[得来回]|所得|获得"))
"""The same behind it: 拍卖得来."""


def is_bid(doc: Document, figure: Figure, words: PriceWords) -> bool:
    """Whether `figure` is a bid. `words` know the phrases of bids and of prices to buy at once."""
    for said in (_beside(doc, figure, words), sold_by_auction(doc.listing.attributes, words), _told(doc, figure, words)):
        if said is not None:
            return said
    title = doc.text("title")
    return any(not _bought(title, m) for m in words.all("bid", title)) and not words.find("buy_now", title)


def _beside(doc: Document, figure: Figure, words: PriceWords) -> bool | None:
    """What the words say that stand nearest to the figure, before it or else behind it; None where they say nothing."""
    shown = doc.text("price_text")
    text = shown or doc.text(figure.field)
    start = figure.start if not shown or figure.field == "price_text" else 0
    return _nearest(text, start, words, None if shown else _BESIDE)


def _told(doc: Document, figure: Figure, words: PriceWords) -> bool | None:
    """The same of a displayed figure where the description names it again: 'current bid $500'."""
    if figure.field != "price_text" or figure.value is None:
        return None
    text, whole = doc.text("description"), str(int(figure.value))
    for number in islice(_NUMBER.finditer(text), _MOST_NUMBERS):
        if re.sub(r"\D", "", _CENTS.sub("", number[0])) == whole:
            said = _nearest(text, number.start(), words, _BESIDE)
            if said is not None:
                return said
    return None


def _nearest(text: str, start: int, words: PriceWords, reach: int | None) -> bool | None:
    found = [(m.start() - start, says) for says in ("bid", "buy_now") for m in words.all(says, text)]
    near = [one for one in found if reach is None or abs(one[0]) < reach]
    before = [one for one in near if one[0] < 0]
    return (max(before) if before else min(near))[1] == "bid" if near else None


def sold_by_auction(attributes: Mapping[str, Any], words: PriceWords) -> bool | None:
    """What a listing's attributes say: by auction alone (True), at a price (False), nothing of it (None)."""
    known = {re.sub(r"[\W_]+", "", str(key)).lower(): value for key, value in attributes.items()}
    if any(_yes(known[name]) for name in known.keys() & _BUY_NOW):
        return False
    for name in sorted(known.keys() & _FLAGS):
        value = known[name]
        if isinstance(value, Mapping) and "running" in value:
            return bool(value["running"]) and not value.get("buy_now")
        if _yes(value):
            return True
    said = [way for name in sorted(known.keys() & _WAYS) if (way := _way(known[name], words)) is not None]
    if said:
        return all(said)
    return True if any(known[name] not in (None, "") for name in known.keys() & _BIDS) else None


def _way(value: object, words: PriceWords) -> bool | None:
    """A way of selling by its name: an auction and nothing else, or one with a price beside it or without a bid."""
    name = fold(re.sub(r"[_\W]+", " ", str(value))).text
    fixed = "fixed" in name or words.find("buy_now", name) is not None
    if "auction" in name or words.find("bid", name):
        return not fixed
    return False if fixed else None


def _yes(value: object) -> bool:
    return str(value).strip().lower() not in _NO


def _bought(title: str, match: re.Match[str]) -> bool:
    return bool(_GOT_AT.search(title, 0, match.start()) or _GOT_SO.match(title, match.end()))
