"""How many: articles in one priced lot, chips in one priced unit, and priced units on offer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from detector.reading.chips import Mention
from detector.reading.cues import Hit
from detector.reading.page import Page
from detector.reading.text import fold_pattern

MOST = 20000
"""A larger number is no stock of cards."""

_CJK = {
    "一": 1,
    "两": 2,
    "俩": 2,
    "二": 2,
    "双": 2,
    "三": 3,
    "仨": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
    "十": 10,
    "十二": 12,
    "十五": 15,
    "廿": 20,
    "二十": 20,
    "卅": 30,
    "三十": 30,
    "五十": 50,
    "一百": 100,
    "百": 100,
}
_KOREAN = {
    "한": 1,
    "두": 2,
    "세": 3,
    "네": 4,
    "다섯": 5,
    "여섯": 6,
    "일곱": 7,
    "여덟": 8,
    "아홉": 9,
    "열": 10,
}
_WORDS = {
    "one": 1, "single": 1, "two": 2, "pair of": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "twelve": 12, "dozen": 12, "a dozen": 12, "fifteen": 15, "sixteen": 16, "twenty": 20, "thirty": 30, "forty": 40,
    "fifty": 50, "hundred": 100, "одна": 1, "один": 1, "одну": 1, "две": 2, "два": 2, "три": 3, "четыре": 4, "пять": 5, "шесть": 6,
    "семь": 7, "восемь": 8, "десять": 10, "десяток": 10, "двадцать": 20, "ein": 1, "eine": 1, "einen": 1, "zwei": 2, "drei": 3,
    "vier": 4, "fünf": 5, "sechs": 6, "acht": 8, "zehn": 10, "zwölf": 12, "un": 1, "una": 1, "uno": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5,
    "seis": 6, "ocho": 8, "diez": 10, "doce": 12, "um": 1, "uma": 1, "dois": 2, "duas": 2, "três": 3, "quatro": 4, "oito": 8, "dez": 10,
    "deux": 2, "trois": 3, "bir": 1, "iki": 2, "üç": 3, "dört": 4, "beş": 5, "sekiz": 8, "on": 10, "một": 1, "hai": 2, "ba": 3, "bốn": 4, "năm": 5,
    "tám": 8, "mười": 10, "satu": 1, "dua": 2, "tiga": 3, "empat": 4, "lima": 5, "lapan": 8, "delapan": 8, "sepuluh": 10, "واحد": 1,
    "واحدة": 1, "كرتين": 2, "اثنين": 2, "ثلاث": 3, "ثلاثة": 3, "اربع": 4, "اربعة": 4, "خمس": 5, "خمسة": 5, "ست": 6, "ثمانية": 8, "عشرة": 10, "عشر": 10, "ek": 1, "do": 2, "teen": 3, "char": 4,
}  # fmt: skip
_ARTICLES = frozenset({"un", "una", "uno", "um", "uma", "ein", "eine", "einen", "on", "do", "один", "bir"})
"""Number words that are as often an article or another word: only right before a counter or a name."""

_NUMBERS: dict[str, int] = {**_CJK, **_KOREAN, **_WORDS}
_CJK_PATTERN = "|".join(sorted({*_CJK, *_KOREAN}, key=len, reverse=True))
_WORD_PATTERN = "|".join(sorted(_WORDS, key=len, reverse=True))
_NUMBER = rf"(?<!\d:)(?<![\d.,/\-–$€£¥₽₹~₫a-z])(?P<n>\d{{1,5}}(?!\d)|(?<![一二三四五六七八九十百])(?:{_CJK_PATTERN})|(?<![^\W\d_])(?:{_WORD_PATTERN})(?![^\W\d_]))"
_BEFORE_COUNTER = re.compile(
    fold_pattern(
        rf"{_NUMBER}\s?\+?\s?(?:多|来|余|x|×|\*|more|brand new|new|used|loose|sealed|original|x?\s?nvidia|nvidia|full|seal|قطعه)?\s?$"
    )
)
_TIMES_NAME = re.compile(
    fold_pattern(
        rf"{_NUMBER}\s?(?:pcs?\.?|[x×*х]|枚|张|块|片|颗|台|장|шт\.?|stück|stk|adet|cái|con|units?|of)?\s?(?:of )?(?:the |loose |new |used |sealed |brand new |original |genuine )?(?:nvidia |tesla |geforce |amd |instinct |intel |supermicro |rtx |英伟达)*$"
    )
)
_NAME_TIMES = re.compile(
    fold_pattern(
        r"(?:[\s\-]*(?:\d{2,3}\s?gb?|pcie|pci-e|sxm\d?|oam|hbm\d?e?|nvl|hl-\d+\w?|turbo|fe|blower|gpus?|cards?|モジュール|모듈|模组|module|整机|八卡))*\s*[,，、(（-]?\s?(?:[x×*х]\s?(?P<x>\d{1,3})(?![\d.]|\s?(?:gb|mm|g\b))|(?P<c>\d{1,4})\s?(?:张|片|块|颗|枚|장|шт|pcs|台|套|组|個|个|adet|stück|units|cái|con|piezas|peças)|(?P<w>"
        + _CJK_PATTERN
        + r")\s?(?:张|片|块|颗|枚|장|台|套|组|个|개))"
    )
)
_TIMES_BRAND = re.compile(r"(?<![\w.])(?P<n>\d{1,3})\s?[x×]\s(?:[a-z]+ ){1,3}$")
_TITLE_TIMES = re.compile(
    fold_pattern(r"(?<![\w.])[x×]\s?(?P<n>\d{1,3})(?![\w.])|(?<![\w.])(?P<m>\d{1,3})\s?[x×](?![\w.])")
)
# 'PCIe 4.0 x16', 'Gen4 x16', 'x16 slot': lanes of the bus, no count of cards.
_LANES_BEFORE = re.compile(r"(?:pci(?:[\s\-]?e(?:xpress)?)?|gen\s?\d|[3-6]\.0)\s?$")
_LANES_AFTER = re.compile(r"\s?(?:pci|lanes?\b|slot|bus\b|通道)")
_MACHINE_TIMES = re.compile(
    fold_pattern(r"(?:整机|服务器|机|server|system|set|台|模组|node)s?\s?[x×*]\s?(?P<n>\d{1,3})(?![\d.])")
)
_LOT_OF = re.compile(r"(?:lot of|all) (\d{1,2})(?!\s?(?:gpu|x|gb|card))")
_LABELLED = re.compile(
    fold_pattern(
        r"(?:\bqty|\bquantity|数量|库存|现货|在庫数?|재고|수량|количество|в наличии|bestand|anzahl|cantidad|quantidade|estoque|miktar|\bstok|số lượng|\bsl|jumlah|الكمية|العدد|\bstock)\W{0,3}(?P<n>\d{1,5})(?![\d.,]*\s?(?:gb?|%|w\b|天|年|个月|月|日|小时|h\b|元|万|卡|x|点))"
    )
)
_PAIR = re.compile(
    fold_pattern(
        r"pair|both|一对|成对|两张|两|二枚|2枚|두 장|парой|пара|paar|ambas|las dos|as duas|cặp|sepasang|dua-dua|çift|ikisi|الاثنين|الثنتين|deux"
    )
)
_PACK = re.compile(
    fold_pattern(
        rf"(?:一|每|1)\s?(?P<box>托|箱|盒|柜|盘)\s?(?P<n>\d{{1,3}}|{_CJK_PATTERN})\s?(?:片|张|颗|块|个)"
    )
)
_TIERS_AFTER = re.compile(
    fold_pattern(r"\s?(?:以上|起|及以上|\+?\s?[:：]?\s?[¥$]|or more|이상|以上|\d*\s?(?:张|片)?以上)")
)
_PER_AFTER = re.compile(
    fold_pattern(
        r"\s?(?:(?:pcs|units|pieces|cards|片|张|台)\s?(?:per|/|a) |/|目|月|年|日|天|周|小时|多?月|g(?![a-z])|位|人|号|核|per|每|a (?:week|month)|pro |por |/月|в месяц|sebulan)"
    )
)
_MACHINE = re.compile(
    fold_pattern(
        r"server|服务器|伺服器|整机|卡机|模组|裸金属|baseboard|base board|ベースボード|サーバ|서버|сервер|servidor|sunucu|máy chủ|\bmáy\b|node\b|nodes\b|节点|\bsystems?\b|platform|chassis|sled|机柜|supermicro|супермикро|poweredge|xe9680|超微|浪潮|h3c|新华三|超聚变|fusionserver|泰安|dgx|hgx|8卡|八卡|سيرفر|خادم|جهاز|máy trạm|dàn máy|equipo|máquina|maschine|gerät|rechner|станци|установк|узел|\bubb\b|枚組|枚搭載|工作站整|一体机|\bmachine|\brack\b|компл"
    )
)
_CHIPS_IN_MACHINE = re.compile(
    fold_pattern(
        r"(?<![\d.,/\-])(?P<a>\d{1,2}|八|四|十|两|二|六)\s?(?:张)?卡(?!片|时|/)|(?<![\d.,/])(?P<b>\d{1,2})\s?-?\s?(?:x\s?)?(?:gpus?|way|card|枚搭載|枚組|枚|장|gpu搭載|карт\w*|كروت|كرت|cards?|con card|kart|karten|tarjetas|placas|cartes|видеокарт\w*|шт\.? )(?![a-z])"
        r"|(?<![\d.,])(?P<e>eight|four|ten|acht|ocho|oito|восемь)[\s-](?:gpu|card)"
    )
)
_CARD_FOR_MACHINE = re.compile(
    fold_pattern(
        r"(?:ai |gpu )?(?:server|workstation|rack|服务器|サーバー?|서버용?|серверн\w+)\s?(?:用|向け|용)?\s?(?:gpus?|graphics|video|cards?|accelerators?|pulls?|parts?|显卡|计算卡|加速卡|卡(?!机)|グラボ|gpu|글카|grade)"
    )
)
"""'server graphics card': the machine is only what the card is for."""
_NO_MACHINE_BEFORE = re.compile(
    fold_pattern(
        r"(?:支持|可上|能插|可插|能上|兼容|最多|最大|插|up to |supports? |fits |for |/|双|单|每|tested in |test(?:ed)? on |上)\W{0,3}$"
    )
)
_USUAL = frozenset({2, 4, 6, 8, 10, 16})
"""Chips that machines hold."""
_LOOSE_BEFORE = re.compile(r"(?<![\d.,/\-])(?P<n>\d{1,2})\s?(?:[^\W\d]+\.?\s?){0,2}$")
_LOOSE_AFTER = re.compile(
    fold_pattern(
        r"[^\d\n,.;]{0,3}(?:\d{2,3}\s?(?:gb?|гб)\W{0,3})?(?:pcie|sxm\d?)?\W{0,3}(?P<n>\d{1,2})\s?(?:шт|cái|con|card|كرت|كروت|adet|枚|장|units?|gpus?|x\b|piezas|unidades|stück)"
    )
)
_SMALL_WORDS = {"eight": 8, "four": 4, "ten": 10, "acht": 8, "ocho": 8, "oito": 8, "восемь": 8}


@dataclass(frozen=True, slots=True)
class Said:
    """A number of articles the text states: how firmly (2 stock words, 1 a plain count), and whether of machines."""

    number: int
    firm: int
    kind: str
    at: int


def is_machine(page: Page) -> bool:
    """Whether the article is a machine or a board with several chips."""
    if "machine" not in page.memo:
        page.memo["machine"] = chips_in_machine(page, None) > 1
    return bool(page.memo["machine"])


def chips_in_machine(
    page: Page, chip: Mention | None, machine: Mention | None = None, *, whole: bool = False
) -> int:
    """Chips in the machine that is offered; 1 where it is none. What the text counts wins over the machine's usual."""
    usual = (
        machine.count if machine else max((m.count for m in page.mentions if m.system or m.part), default=1)
    )
    known = whole or usual > 1 or bool(_MACHINE.search(_CARD_FOR_MACHINE.sub(" ", page.doc.text("title"))))
    for name in ("title", "description"):
        if (
            name in page.doc.fields
            and (number := _counted_in(page, name, page.doc.fields[name].text, known)) > 1
        ):
            return number
    return usual


def _counted_in(page: Page, name: str, text: str, title_machine: bool) -> int:
    for found in _CHIPS_IN_MACHINE.finditer(text):
        said = found["a"] or found["b"] or found["e"]
        number = int(said) if said.isdigit() else _SMALL_WORDS.get(said) or _CJK.get(said, 0)
        if number not in _USUAL or _NO_MACHINE_BEFORE.search(
            text[max(0, found.start() - 10) : found.start()]
        ):
            continue
        word = found.group()
        near = text[found.start() : found.end() + 12]
        if name == "title" or title_machine:
            if (found["a"] and (number in (4, 8, 10, 16) or _MACHINE.search(near))) or (
                _MACHINE.search(text) and not re.search(r"card$", word)
            ):
                return number
            if found["e"] or _MACHINE.search(near):
                return number
    if not title_machine and not (
        name == "description" and re.search(fold_pattern("整机|服务器|server|сервер|서버|サーバ"), text)
    ):
        return 1
    if name == "description" and not title_machine:
        return 1
    for mention in (m for m in page.mentions if m.field == name and not m.part and not m.system):
        before, after = text[max(0, mention.start - 26) : mention.start], text[mention.end : mention.end + 40]
        if (
            (m := _TIMES_NAME.search(before))
            and (n := _value(m["n"]))
            and n in _USUAL
            and _firm_times(m.group())
        ):
            return n
        m = _NAME_TIMES.match(after)
        if (
            m
            and m["x"]
            and int(m["x"]) in _USUAL
            and not _of_bus(text, mention.end + m.start("x") - 1, mention.end + m.end("x"))
        ):
            return int(m["x"])
        loose = _LOOSE_BEFORE.search(before) or _LOOSE_AFTER.match(after)
        if loose and int(loose["n"]) in _USUAL:
            return int(loose["n"])
    return 1


def _firm_times(text: str) -> bool:
    """'8x A100', '8 H100', 'ten A40': a count before a name; a lone article is none."""
    return not any(text.strip().startswith(word + " ") or text.strip() == word for word in _ARTICLES)


def _value(text: str) -> int | None:
    return int(text) if text.isdigit() else _NUMBERS.get(text)


def lot_size(page: Page) -> int | None:
    """How many articles the displayed price covers, where the text says that it covers them together."""
    title, text = page.title, page.description
    if not (title["lot"] or text["lot"]) or title["each"] or page.disguised:
        return None
    if text["each"] and not title["lot"]:
        return None
    alone = is_machine(page)
    if alone:
        found = _LOT_OF.search(title.text) or _LOT_OF.search(text.text)
        return int(found[1]) if found else None
    for hits in (title, text):
        for hit in hits["lot"]:
            near = hits.text[hit.end : hit.end + 14]
            if m := re.match(fold_pattern(rf"\W{{0,3}}{_NUMBER}(?!\s?(?:gb|%))"), near):
                number = _value(m["n"])
                if number and 2 <= number <= 1000:
                    return number
            if m := _BEFORE_COUNTER.search(hits.text[max(0, hit.start - 6) : hit.start]):
                number = _value(m["n"])
                if number and 2 <= number <= 1000:
                    return number
    said = [s for s in stated(page, machine=False) if s.number > 1]
    if said:
        return max(said, key=lambda s: s.firm).number
    return (
        2
        if any(_PAIR.search(hits.text[h.start : h.end]) for hits in (title, text) for h in hits["lot"])
        else None
    )


def read_quantity(page: Page, *, offer: str, per: str | None, chips: int) -> int | None:
    """Priced units on offer: the field, unless it is absent or says 1 and the text plainly says more."""
    if offer in ("wanted", "service"):
        return None
    field = page.doc.listing.quantity
    machine = is_machine(page)
    said = list(stated(page, machine=machine))
    if per == "lot":
        return field if field is not None else 1
    if offer == "rental":
        said = [s for s in said if s.firm > 1 and s.number > 1]
    best = _choose(said, chips)
    if field is None or (field == 1 and best is not None and best > 1):
        return best
    return field


def _choose(said: Sequence[Said], chips: int) -> int | None:
    if not said:
        return None
    firm = [s for s in said if s.firm == max(s.firm for s in said)]
    if chips > 1:
        listed = [s for s in firm if s.number < 1000]
        if len(listed) == chips:
            return sum(s.number for s in listed)
    return max(s.number for s in firm)


def stated(page: Page, *, machine: bool) -> Iterator[Said]:
    """Numbers of articles that title and description state."""
    key = f"stated {machine}"
    if key not in page.memo:
        page.memo[key] = list(_stated(page, machine))
    return iter(page.memo[key])


def _stated(page: Page, machine: bool) -> Iterator[Said]:
    for name in ("title", "description"):
        if name in page.doc.fields and not (name == "title" and page.disguised):
            yield from _beside_names(page, name, machine)
            yield from _counted(page, name, machine)


def _beside_names(page: Page, name: str, machine: bool) -> Iterator[Said]:
    """'4x A100', 'L40S x2', 'one H100', 'L40S 十二张': loose cards; in a machine such a number counts its chips."""
    text = page.doc.fields[name].text
    for mention in page.mentions:
        if mention.field != name or (machine and not mention.system):
            continue
        before, after = text[max(0, mention.start - 40) : mention.start], text[mention.end : mention.end + 44]
        m = _TIMES_NAME.search(before) or _TIMES_BRAND.search(before)
        if m and (number := _value(m["n"])) and number <= MOST:
            at = mention.start - len(before) + m.start()
            loose = m["n"] in _ARTICLES and name == "title"
            if number == 1 and _NOT_ONE.search(text[max(0, at - 4) : at]):
                loose = True
            if (
                not loose
                and not _named(page, name, at)
                and not _excluded(page, name, at, mention.end)
                and _parted(text, mention, m)
            ):
                yield Said(number, 1, "card", at)
        if m := _NAME_TIMES.match(after):
            if m["x"] and _of_bus(text, mention.end + m.start("x") - 1, mention.end + m.end("x")):
                continue
            number = int(m["x"] or m["c"]) if (m["x"] or m["c"]) else _value(m["w"])
            end = mention.end + m.end()
            if (
                number
                and number <= MOST
                and not _TIERS_AFTER.match(text[end : end + 8])
                and not _PER_AFTER.match(text[end : end + 6])
            ):
                yield Said(number, 1, "card", mention.end)
    if name == "title" and not machine:
        for m in _TITLE_TIMES.finditer(text):
            if m["n"] and _of_bus(text, m.start(), m.end()):
                continue
            yield Said(int(m["n"] or m["m"]), 1, "card", m.start())
    if machine:
        for m in _MACHINE_TIMES.finditer(text):
            yield Said(int(m["n"]), 1, "machine", m.start())


def _of_bus(text: str, start: int, end: int) -> bool:
    """Whether an 'x16' at `start` names the lanes of the card's bus."""
    return bool(
        _LANES_BEFORE.search(text[max(0, start - 14) : start]) or _LANES_AFTER.match(text[end : end + 8])
    )


def _named(page: Page, name: str, at: int) -> bool:
    """Whether a position lies in a chip's name (the 3 of Gaudi 3)."""
    return any(m.field == name and m.start <= at < m.end for m in page.named)


def _parted(text: str, mention: Mention, found: re.Match[str]) -> bool:
    """A number straight before a bare-number name needs a sign between: '2 4090' is a count, '24090' none."""
    return not found["n"].isdigit() or (
        bool(re.search(r"\D$", text[: mention.start])) and int(found["n"]) < 2000
    )


def _counted(page: Page, name: str, machine: bool) -> Iterator[Said]:
    """Numbers with a counter after them, not excluded by what stands around."""
    hits = page.hits(name)
    text = hits.text
    kinds = (
        [("machine", h) for h in hits["counter-machine"]]
        + [("any", h) for h in hits["counter-any"]]
        + [("card", h) for h in hits["counter-card"]]
    )
    for kind, hit in kinds:
        if machine and (kind == "card" or text[hit.start : hit.end] == "个"):
            continue
        low = max(0, hit.start - 22)
        m = _BEFORE_COUNTER.search(text[low : hit.start])
        number = _value(m["n"]) if m else None
        if m is None or number is None or not 1 <= number <= MOST:
            continue
        start = low + m.start()
        if _named(page, name, start) or _excluded(page, name, start, hit.end):
            continue
        if _of_another(page, name, text, hit):
            continue
        firm = 2 if _stock_near(page, name, start, hit.end) else 1
        if number == 1 and firm == 1 and not _plain_one(text, start, hit.end):
            continue
        yield Said(number, firm, kind, start)
    if pack := _PACK.search(text):
        each = _value(pack["n"]) or 0
        for m in re.finditer(fold_pattern(rf"{_NUMBER}\s?{pack['box']}"), text):
            if (boxes := _value(m["n"])) and boxes > 1 and each:
                yield Said(boxes * each, 3, "card", m.start())
    for m in _LABELLED.finditer(text):
        if 1 <= int(m["n"]) <= MOST and not _excluded(page, name, m.start("n"), m.end()):
            yield Said(int(m["n"]), 2, "any", m.start("n"))
    for hit in hits["single"]:
        yield Said(1, 1, "any", hit.start)


_OTHER_COUNTED = re.compile(
    fold_pattern(
        r"\s?(?:网卡|硬盘|电源|图|照片|固态|内存|口|接口|槽|插槽|孔|热管|屏|显示器|dp|hdmi|cpu|ssd|nvme|ib|cx|风扇|月|小时|点|朋友|人|问题|版本|世代|代)"
    )
)
_COUNTED_GOODS = re.compile(
    fold_pattern(
        r"\s?(?:$|[^\w]|现货|显卡|卡|gpu|全新|左右|可|在|都|出|起|整|模组|库存|打包|一起|每|价|有|，)"
    )
)


def _of_another(page: Page, name: str, text: str, hit: Hit) -> bool:
    """两张网卡, 2颗8358, 4个DP口: a counter of another thing. The general 个 needs goods or a pause after it."""
    word, after = text[hit.start : hit.end], text[hit.end : hit.end + 6]
    if _OTHER_COUNTED.match(after):
        return True
    if word in ("张", "块", "片", "颗", "台", "个"):
        begins = re.match(r"\s?[a-z0-9]", after)
        if (
            begins
            and not any(m.field == name and hit.end <= m.start <= hit.end + 10 for m in page.named)
            and not re.match(r"\s?gpu", after)
        ):
            return True
        return word == "个" and not _COUNTED_GOODS.match(after)
    return False


def _plain_one(text: str, start: int, end: int) -> bool:
    """'一张', 'one card': stock only where it closes a clause, not '一张图', and not the unit of a price: 16.5万一张."""
    if _NOT_ONE.search(text[max(0, start - 3) : start]):
        return False
    return bool(
        re.match(
            fold_pattern(r"\s?(?:$|[。.,，、!！\n；;)）(（]|です|예요|이에요|입니다|뿐|出|转|可|限)"),
            text[end : end + 4],
        )
    )


_NOT_ONE = re.compile(fold_pattern(r"(?:万|元|块|钱|\d|k|锁|拍|先|价|每|再|另|第|同|/)\s?$"))
_MONEY_BEFORE = re.compile(fold_pattern(r"(?:打包|价|报|整机|总|售|卖|出价|只要|仅要|收)\s?$"))
_RATE_BEFORE = re.compile(fold_pattern(r"(?:/|每|第|单|up to |≥|>=|per |ab |从|几|for |of )\s?$"))


def _excluded(page: Page, name: str, start: int, end: int) -> bool:
    """Whether a number is a minimum, a rate, room, a measure, a price in ten thousands, or counts things for the article."""
    hits = page.hits(name)
    text = hits.text
    after, before = text[end : end + 16], text[max(0, start - 8) : start]
    if _TIERS_AFTER.match(after) or _PER_AFTER.match(after) or _RATE_BEFORE.search(before):
        return True
    if text[start:end].endswith("个") and _MONEY_BEFORE.search(before):
        return True
    low, _ = _clause(text, start, end, 16)
    for hit in hits["not-stock"]:
        if end <= hit.start <= end + 2 or (
            low <= hit.start and hit.end <= start and not re.search(r"\d", text[hit.end : start])
        ):
            return True
    # 风扇三只, 2 fans: things that belong to the card.
    return any(
        (low <= hit.start and hit.end <= start and start - hit.end <= 4) or end <= hit.start <= end + 1
        for hit in hits["accessory"]
    )


def _clause(text: str, start: int, end: int, reach: int = 18) -> tuple[int, int]:
    """The words around a span up to the next pause, at most `reach` away."""
    low, high = max(0, start - reach), min(len(text), end + reach)
    before = max((text.rfind(mark, low, start) for mark in _PAUSES), default=-1)
    after = min((at for mark in _PAUSES if (at := text.find(mark, end, high)) >= 0), default=high)
    return max(low, before + 1), after


_PAUSES = "\n。；;!！?？,，、|"


def _stock_near(page: Page, name: str, start: int, end: int) -> bool:
    low, high = _clause(page.hits(name).text, start, end)
    return any(low <= hit.start and hit.end <= high for hit in page.hits(name)["stock"])


def numbers() -> Mapping[str, int]:
    """Number words that are understood."""
    return _NUMBERS
