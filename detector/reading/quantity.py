"""How many: chips in one priced unit, and priced units on offer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from detector.reading.chips import Mention
from detector.reading.document import Document
from detector.reading.text import fold_pattern

if TYPE_CHECKING:
    from config.schema.offers import Offers

_CJK_NUMBERS = {"一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10, "单": 1}
_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "ten": 10, "zwei": 2, "drei": 3, "vier": 4, "dos": 2, "duas": 2, "hai": 2, "iki": 2, "dört": 4, "два": 2, "две": 2}
_EIGHT = re.compile(r"(?<![\d.])(\d{1,2})\s?(?:卡|장)(?:整机|机|服务器|模组|准系统|裸金属|主机| ?서버|\b)|(八|四|双)卡|(?<![\d.])(\d{1,2})[- ]?(?:gpu|card)s?\b(?! hours)|[x*×]\s?(\d{1,2})\b|(?<![\d.])(\d{1,2})\s?(?:[x*×]|枚|基)\s?(?=nvidia|amd|tesla|[ahblm]\d|mi|rtx|gpu)")
_SERVER = re.compile(r"server|node|整机|服务器|裸金属|准系统|模组|baseboard|サーバ|서버|сервер|system|机箱|一体机|cụm|máy chủ|台/月|/台|单台|每台|chassis|ubb")
_LOT = re.compile(r"\b(?:lot|set|bundle|pack) of (\d{1,3})\b|(?<!\d)(\d{1,3})\s?(?:pcs?|x|枚|장|개|шт|stk|stück)\W{0,3}(?:\w+\W+){0,8}?lot\b|lot\b\W{0,3}(\d{1,3})\b|(\d{1,3})\s?枚(?:セット|まとめ)|(\d{1,3})\s?(?:er|-?pack)\b|一套(\d{1,2})|打包(\d{1,3})|一起(\d{1,2})")


class QuantityReader:
    """Compiled unit and stock words of offers.toml."""

    def __init__(self, offers: Offers) -> None:
        words: dict[str, list[str]] = {}
        for row in offers.words:
            words.setdefault(row.meaning, []).extend(fold_pattern(p) for p in row.patterns)
        unit = "|".join(sorted(words["unit"], key=len, reverse=True))
        number = rf"(?<![\d.,:/\-$€£¥₽])(\d{{1,5}}|[{''.join(_CJK_NUMBERS)}]|\b(?:{'|'.join(_WORDS)})\b)"
        self._counted = re.compile(rf"{number}\s?\+?(?:more )?(?:{unit})(?![a-z0-9])")
        self._bare = re.compile(rf"(?:{'|'.join(words['stock'])})\W{{0,3}}[x×]?\s?(\d{{1,4}})(?![\d.,]|\s?(?:gb?|w|%|年|个月|month|year|tb|day|天|hour|h\b))")
        self._stock = re.compile("|".join(words["stock"]))
        self._not_stock = re.compile("|".join(words["not_stock"]))

    def read(self, doc: Document) -> int | None:
        """Priced units on offer; a plain statement in the text wins over a field that only says 1."""
        field = doc.listing.quantity
        said = self._said(doc)
        if field is None or (field == 1 and said is not None and said > 1):
            return said
        return field

    def _said(self, doc: Document) -> int | None:
        found: list[tuple[bool, int]] = []
        for name in ("title", "description"):
            text = doc.text(name)
            for clause in re.split(r"[\n。；;!！?？]|\. ", text):
                found += self._in_clause(clause)
        sure = [n for certain, n in found if certain]
        if sure:
            return max(sure)
        return found[0][1] if found else None

    def _in_clause(self, clause: str) -> list[tuple[bool, int]]:
        out = []
        for match in self._counted.finditer(clause):
            around = clause[max(0, match.start() - 12) : match.end() + 10]
            if self._not_stock.search(around) or re.match(r"\s?(?:以上|起|/)", clause[match.end() :]):
                continue
            number = _number(match[1])
            if number and number < 100000:
                out.append((bool(self._stock.search(clause)), number))
        for match in self._bare.finditer(clause):
            if not self._not_stock.search(clause[max(0, match.start() - 12) : match.end() + 10]):
                out.append((True, int(match[1])))
        return out


def _number(text: str) -> int:
    return int(text) if text.isdigit() else _CJK_NUMBERS.get(text) or _WORDS.get(text, 0)


def chips_in_unit(doc: Document, mention: Mention, *, lot: int | None, per: str | None) -> int:
    """Chips in one priced unit: what the machine's name says, the cards of a server, the articles of a lot."""
    if per in ("gpu_hour", "gpu_month"):
        return 1
    base = mention.count
    title, description = doc.text("title"), doc.text("description")
    if base == 1 and not mention.part:
        for text in (title, description[:400]):
            if _SERVER.search(text) and (found := _EIGHT.search(text)):
                said = next(g for g in found.groups() if g)
                number = int(said) if said.isdigit() else {"八": 8, "四": 4, "双": 2}[said]
                if 2 <= number <= 16:
                    base = number
                    break
    return base * lot if per == "lot" and lot else base


def lot_size(doc: Document) -> int | None:
    """How many articles one price covers, where the text says so."""
    for name in ("title", "description"):
        if found := _LOT.search(doc.text(name)):
            return int(next(g for g in found.groups() if g))
    return None


def mention_count(mentions: Sequence[Mention]) -> int:
    """Distinct chips named."""
    return len({m.chip for m in mentions})
