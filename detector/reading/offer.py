"""What kind of offer a listing is, decided before any chip is believed: the head noun, the buyer's words, the look-alikes.

Order: wanted, service, look-alike and souvenir, accessory, rental, sale. Each step looks at the title first, since a
title names the article; the description only says what is not included or that the whole is something else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from config.schema.offers import Offers
from detector.reading.chips import Mention
from detector.reading.document import Document
from detector.reading.text import fold_pattern

_SYSTEM_WORDS = re.compile(r"dgx|hgx|server|服务器|整机|8卡|八卡|baseboard|サーバ|서버|сервер")
_BEFORE = 14
"""Folded characters before a chip's name in which 'for' makes it the thing fitted."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The kind, and the words it rests on."""

    offer: str
    why: str
    whole_pc: bool = False


class OfferReader:
    """Compiled words of offers.toml."""

    def __init__(self, offers: Offers) -> None:
        patterns: dict[str, list[str]] = {}
        for row in offers.words:
            patterns.setdefault(row.meaning, []).extend(fold_pattern(p) for p in row.patterns)
        self.patterns = {meaning: re.compile("|".join(f"(?:{p})" for p in parts)) for meaning, parts in patterns.items()}

    @cached_property
    def _fits(self) -> re.Pattern[str]:
        return re.compile(rf"(?:{self.patterns['fits'].pattern})")

    def _first(self, meaning: str, text: str) -> re.Match[str] | None:
        return self.patterns[meaning].search(text)

    def read(self, doc: Document, mentions: Sequence[Mention]) -> Verdict:
        """The kind of offer."""
        title, description, category = doc.text("title"), doc.text("description"), doc.text("category")
        in_title = [m for m in mentions if m.field == "title"]
        for meaning, offer in (("wanted", "wanted"), ("service", "service")):
            if found := self._first(meaning, title):
                return Verdict(offer, found[0])
        if found := self._first("wanted", description[:40]):
            return Verdict("wanted", found[0])
        if category and (found := self._first("service", category)):
            return Verdict("service", found[0])
        if (found := self._first("other", title)) and not self._card_in(title, in_title, description):
            return Verdict("other", found[0])
        if found := self._first("other_text", description):
            return Verdict("other", found[0])
        if accessory := self._accessory(title, description, in_title):
            return Verdict("accessory", accessory)
        if self._rental(doc):
            return Verdict("rental", "time on a machine")
        if not mentions:
            found = self._first("other", title + " " + category)
            return Verdict("other", found[0] if found else "no chip is named")
        return Verdict("sale", "a chip is named", whole_pc=self._is_pc(title, in_title))

    def _card_in(self, title: str, in_title: Sequence[Mention], description: str) -> bool:
        """A look-alike word in the title is a disguise or a by-word if a card is plainly named."""
        strong = [m for m in in_title if m.part or m.system]
        return bool(strong) or bool(in_title and self._first("goods", title) and re.search(r"\d{2,3}\s?gb?\b", title))

    def _accessory(self, title: str, description: str, in_title: Sequence[Mention]) -> str | None:
        said = self._first("accessory_text", title) or self._first("accessory_text", description)
        nouns = list(self.patterns["accessory"].finditer(title))
        if said and (nouns or said.string is title or re.search(r"box|盒|箱|박스|короб|karton|hộp|kotak|kutu|caja|caixa|核心|芯片", said[0])):
            return said[0]
        if not nouns:
            return None
        if any(m.system for m in in_title) or re.search(r"(?:with|w/|含|带|incl\w*|送|附|付き|포함|с|mit|kèm|con|com)\W{0,2}$", title[: nouns[0].start()]):
            return None
        noun = nouns[-1]
        if not in_title:
            return noun[0]
        first = in_title[0]
        goods = self._first("goods", title)
        if noun.start() > first.end and (goods is None or goods.start() > noun.start() or self._fits.search(title)):
            return noun[0]
        if nouns[0].start() < first.start:
            return nouns[0][0]
        if noun.start() > first.end and not re.search(r"\d\s?gb?\b", title[: noun.start()]):
            return noun[0]
        return None

    def _rental(self, doc: Document) -> bool:
        price = doc.text("price_text")
        if re.search(r"/\s?(?:gpu|卡|card)?\s?/?(?:hr|hour|h\b|时|小时|月|month|mo\b|시간|час|jam|giờ|saat|stunde|mes\b|hora)|卡时|per (?:gpu )?(?:hour|month)|時間|月額", price):
            return True
        return bool(self._first("rental", doc.text("title")) or self._first("rental", doc.text("category")))

    def _is_pc(self, title: str, in_title: Sequence[Mention]) -> bool:
        return bool(self._first("pc", title)) and not any(m.system for m in in_title) and not _SYSTEM_WORDS.search(title)
