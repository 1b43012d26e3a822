"""How many articles title and description say there are: each number, how firmly, and of what."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from detector.reading import counts
from detector.reading.anchored import Anchored
from detector.reading.beside import FROM_NAME, TO_BRAND, TO_NAME, of_bus
from detector.reading.chips import Mention
from detector.reading.counts import MOST, Count
from detector.reading.cues import Hit
from detector.reading.left_over import left_over, packed
from detector.reading.machines import chips_in_machine
from detector.reading.no_stock import (
    MEASURE,
    PER_AFTER,
    RATE_BEFORE,
    TIERS_AFTER,
    clause,
    excluded,
    is_money,
    named,
    not_one,
    of_another,
    plain_one,
)
from detector.reading.page import Page
from detector.reading.text import fold_pattern

TO_COUNTER = re.compile(
    fold_pattern(
        r"\s?\+?\s?(?:(?:oam|sxm\d?|pcie)[-\s]?|多|来|余|几|x|×|\*|more |brand new |new |used |loose |sealed |original |spare |identical |working |complete |crated |boxed |tested |whole |x?\s?nvidia |full |seal |قطعه )?(?:(?:ubb|hgx|base)[ -])?\s?"
    )
)
_TO_WHOLE = re.compile(
    fold_pattern(r"\s(?:complete|whole|full|entire|fully assembled|assembled|fully populated|vollständige|komplette|ganze|полных|целых|полностью собранных)\s(?:x\s)?(?:nvidia |amd |intel |dell |supermicro |sealed |new |used )*")
)
"""From the number of machines to the name of their chips: 'two complete B300 HGX systems'."""
_MACHINE_BEHIND = re.compile(fold_pattern(r"[^,.;\n]{0,16}\b(?:systems?|servers?|nodes?|machines?|boxes|chassis|baseboards?|platforms?|racks?|server|knoten|серверов|сервера|систем|узлов)\b"))
_TITLE_TIMES = re.compile(
    fold_pattern(r"(?<![\w.])[x×]\s?(?P<n>\d{1,3})(?![\w.])|(?<![\w.])(?P<m>\d{1,3})\s?[x×](?![\w.])")
)
_FANS = re.compile(r"inno3d|ichill|\btwin x[23]\b")
_NAMED_X = re.compile(r"\b(?:intel|nic|ethernet|adapter|amd|asrock|msi|asus|gigabyte|chipset)\s$")
"""Before a part whose name begins so: Intel X710, AMD X570."""
_WORD_BEFORE = re.compile(r"(?<![a-z])[a-z]{4,}\s$")
_MACHINE_TIMES = re.compile(
    fold_pattern(r"(?:整机|服务器|机|server|system|set|台|模组|node|base ?board|底板|\btray)s?\s?[x×*]\s?(?P<n>\d{1,3})(?![\d.]|\s?[a-z]+\d)")
)
LOT_AFTER = re.compile(r"\W{0,3}")
_HAVING = re.compile(
    fold_pattern(
        r"\W{0,3}(?:(?:the|my|our|a|spare|last|remaining|other|another|only|exactly|just|about|around|roughly|approx\.?|some|still|over|约|大概|近|整整|还有|有|就|共|genau|noch|etwa|ca\.?|nur|insgesamt|đúng|chỉ|khoảng|tầm|все|всё|ещё|еще|ровно|около|примерно|всего|только|solo|sólo|unas|unos|cerca de|apenas|exatamente|yaklaşık|tam|toplam|lebih kurang|sekitar|cuma|hanya|lagi|حوالي|فقط|sirf|kul|karib)\W{0,2}){0,2}"
    )
)
"""Between a word of having and the number it has."""
_FROM = re.compile(r"\b(?:from|out of|of) (?:an?|the|my|our)?(?: (?:original|whole|larger|bigger))? ?$")
_SOON = 8
"""Letters from a word of what is still to come to its number."""
_OWN = re.compile(r"\W{0,3}")
_LABELLED = Anchored(
    fold_pattern(
        r"(?:\bqty|\bquantity|数量|库存|现货|在庫数?|재고|수량|количество|кол-во|в наличии|bestand|anzahl|cantidad|quantidade|estoque|miktar|\bstok|existencias?|disponibilidad|stückzahl|vorrat|menge|остаток|tersedia|\bbaki|\bready|재고량|số lượng|\bsl|jumlah|الكمية|العدد|عدد|\bstock|\bcount)\W{0,3}(?P<n>\d{1,5})(?![\d.,]*\s?(?:gb?|%|w\b|天|年|个月|月|日|小时|h\b|元|万|卡|x|点))"
    )
)
_OF_EACH = re.compile(
    fold_pattern(r"(?:\b(?:each|every|per) (?:set|board|unit|node|box|server|system|tray)|每(?:套|台|块|组|板)|各(?:セット|台)|mỗi (?:bộ|máy|board)|setiap (?:set|unit)|je(?:des?)? (?:set|board|system)|кажд\w+ (?:плат\w+|сервер\w*|комплект\w*))\W{0,2}$")
)
"""Before a number that each of several machines has: 'each set 8 pcs'."""
_BOX = re.compile(fold_pattern(r"(?:一|每|1)\s?(?P<box>托|箱|盒|柜|盘|板)\s?[(:]?$"))
_OF_CARDS = re.compile(r"\s?-?\s?(?:gpus?|way)\b")
"""Behind a number that counts a board's cards."""
_OF_CHIPS = frozenset(("张", "片", "块", "颗", "枚", "장", "매", "шт"))
"""Counters of chips, behind a machine's name."""
_BOXES = frozenset("箱盒托柜盘")
# A bare number behind a word of having counts articles where the clause ends, or says so.
_ENDS = re.compile(
    fold_pattern(
        r"\s*(?:$|[,.;:!?。，；、！)）\]\n|–—]|- |(?:из|out of|of|von|dari|trong số|من أصل)\s\w|(?:of (?:them|these|those)|left|available|remaining|in stock|on hand|total|together|now|atm|right now|at|@|for|to|on|here|there|sitting|and|im|in|am|auf|yesterday|today|so far|hi\b|по\s|da|hier|здесь|тут|aquí|aqui|ici|na|no|nas|nos|en|di|dalam|ở|tại|в|на)\b|(?:现货|可|在|出|都|全|一起|打包|左右)|$)"
    )
)
_STANDS = re.compile(
    fold_pattern(r"$|[\s,.;:!?。，；、！)）]|あり|ござ|ある|が|を|残|在庫|未|全新|现货|原封|打包|一起|都|出|可|だけ|のみ|きり")
)
"""What may follow a number word that stands for the articles themselves."""
_OPENS = re.compile(r"(?:^|[,.;:!?\n–—]\s?)$")
_CLOSES = re.compile(r"\s*(?:$|(?!\.\.)[,.;:!?)\]\n–—])")
_CJK_ENDS = re.compile(fold_pattern(r"\s(?!\d)"))
_SINGLE_CLAUSE = Anchored(
    fold_pattern(r"(?:^|(?<=[\s,.;:!?。，；：、！（(]))(?:单(?:张|卡|块|片|台)|single (?:card|gpu|unit)|одна (?:карта|штука)|eine einzelne karte|una sola (?:placa|tarjeta)|una sola|uma só|satu (?:kad|kartu|unit|keping|biji) (?:saja|sahaja|je|jer|aja|doang)|1枚のみ)(?=$|[,.;!?。，；、！）)\n]|,?\s(?:no|без|ohne|sin|sem)\s)")
)
"""A clause of its own that says there is one: 专票。单张。"""
_PRICED_ONE = frozenset(("单颗", "单片出", "单块出", "单张出"))
"""Words of the article that is priced, and of the one that there is where nobody says more."""
_ASK_STOCK = re.compile(
    fold_pattern(r"(?:先|请|咨|来|私|详)?[问询](?:一下|下|问)?(?:客服|我|店家|老板)?(?:还)?(?:有没有|是否有)?(?:库存|现货|存货|有货|货(?!源|运|期|款|币))|(?:库存|存货)(?:请|先|要|得)?(?:咨询|询问|先?问|私聊)|(?:可以?|能)(?:凑|配|攒)(?:齐|够|满|成)?\s?[\d一二两三四五六七八九十]")
)
STOCK = 2
"""How firmly a number is said that stands with words of stock; see `Said`."""
_MOST_IN_NODE = 16
"""Chips of the largest machine that is called by its cards."""
_OUT_OF = re.compile(
    fold_pattern(
        r"(?<!\w)[^\W_]{1,8} (?:out of|of|von|из|de|dari|من) (?P<all>[^\W_]{1,8}) (?:\w+ ){0,1}(?:left|remain|remaining|available|still|übrig|noch da|verfügbar|осталось|в наличии|quedan|restantes|tersisa|tinggal|متبقي)"
    )
)
"""'3 of 8 left': what is left of what there was."""
PARTING, _TOLD_ALONE = 5, 2
"""How firmly is said that one of several is sold, and a number that is a clause of the title; see `Said`."""
_TITLE_PAIR = re.compile(fold_pattern(r"(?:^|[-–—:,|/(]\s?)(?:a |an |ein |eine |one )?(?:matched |working )?(?:pair|paar|пара|一对|ペア|한 쌍|çift|cặp|sepasang)(?! of| von| de)\b(?=\W|$| )"))
"""A pair that is sold one by one is told in the title only: '- a pair, sold one by one'."""
_PAIRED = ("single", "one", "pair", "пара", "paar", "cặp", "sepasang", "çift", "dono", "زوج")
"""Doubtful words that count even in a title."""


@dataclass(frozen=True, slots=True)
class Said:
    """A number of articles the text states: how firmly (5 the one that is parted with, 4 worked out as what is left, 3 said to be left, 2 stock words, 1 a plain
    count, 0 what comes later), and whether of machines."""

    number: int
    firm: int
    kind: str
    at: int
    mark: str = ""
    """The counter behind the number, where it is one that sums of money share: 块, 个."""
    field: str = ""


def stated(page: Page, *, machine: bool) -> Iterator[Said]:
    """Numbers of articles that title and description state."""
    key = f"stated {machine}"
    if key not in page.memo:
        page.memo[key] = list(_stated(page, machine))
    return iter(page.memo[key])


def _stated(page: Page, machine: bool) -> Iterator[Said]:
    for name in ("title", "description"):
        if name in page.doc.fields and not (name == "title" and page.disguised):
            for way in (_beside_names, _counted, _had, _told, _worked_out):
                yield from (replace(said, field=name) for said in way(page, name, machine))


def _beside_names(page: Page, name: str, machine: bool) -> Iterator[Said]:
    """'4x A100', 'L40S x2', 'one H100', 'L40S 十二张': loose cards; in a machine such a number counts its chips."""
    text, found = page.hits(name).text, counts.counts(page, name)
    for mention in page.mentions:
        if mention.field != name:
            continue
        if machine and (mention.system or _MACHINE_BEHIND.match(text, mention.end)) and (whole := counts.before(found, mention.start, text, _TO_WHOLE, 40)) and not excluded(page, name, whole.start, mention.end):
            yield Said(whole.value, 1, "machine", whole.start)
        if machine and not mention.system:
            continue
        count = counts.before(found, mention.start, text, TO_NAME, 40)
        count = count or counts.before(found, mention.start, text, TO_BRAND, 40)
        if count and _counts_name(page, name, count, mention):
            yield Said(count.value, 1, "card", count.start)
        if times := FROM_NAME.match(text, mention.end):
            number = _times(text, times)
            if times["x"] and _is_edition(page, text, text.find("x", mention.end)):
                continue
            tier = TIERS_AFTER.match(text, times.end()) or PER_AFTER.match(text, times.end())
            if number and number <= MOST and not tier and not (machine and _counts_chips(page, text, times, number)):
                yield Said(number, 1, "card", times.start("x" if times["x"] else "c"))
    if name == "title" and not machine:
        for m in _TITLE_TIMES.finditer(text):
            if not (m["n"] and of_bus(text, m.start(), m.end())) and not _is_edition(page, text, m.start()):
                yield Said(int(m["n"] or m["m"]), 1, "card", m.start())
    if machine:
        for m in _MACHINE_TIMES.finditer(text):
            yield Said(int(m["n"]), 1, "machine", m.start())


def _is_edition(page: Page, text: str, start: int) -> bool:
    """Whether a number belongs to a card's edition: a word of Latin letters that is no chip's name stands before it (`Ventus 3X`), or its
    maker calls cards by their fans (`Inno3D X3`), or of another part (`Intel X710`)."""
    if text.startswith("x", start):
        return bool(_FANS.search(text) or _NAMED_X.search(text, 0, start))
    return bool(_WORD_BEFORE.search(text, 0, start)) and not any(m.field == "title" and 0 <= start - m.end <= 2 for m in page.mentions)


def _times(text: str, found: re.Match[str]) -> int:
    if found["x"]:
        return 0 if of_bus(text, found.start("x") - 1, found.end("x")) else int(found["x"])
    return int(found["c"]) if found["c"].isdigit() else counts.chinese(found["c"])


def _counts_chips(page: Page, text: str, times: re.Match[str], number: int) -> bool:
    """Whether a number behind a machine's name is that of its chips: `HGX H200 141GB×8`, `HGX H100 8颗`; 台 and 套 count machines."""
    return number == chips_in_machine(page, None) and (bool(times["x"]) or text[times.end("c") : times.end()].strip() in _OF_CHIPS)


def _counts_name(page: Page, name: str, count: Count, mention: Mention) -> bool:
    """Whether a number before a name counts it. '2 4090' is a count, '24090' none; the article of 'un A100' neither."""
    text = page.hits(name).text
    if count.doubtful and not text[count.start : count.end].startswith(_PAIRED):
        return False
    if count.value == 1 and not_one(page, name, text, count.start):
        return False
    if count.digits and (count.end == mention.start or count.value >= 2000):
        return False
    if mention.system and _OF_CARDS.match(text, count.end):
        return False  # '8 GPU HGX H100': one board
    return not excluded(page, name, count.start, mention.end)


def _counted(page: Page, name: str, machine: bool) -> Iterator[Said]:
    """Numbers with a counter after them, not excluded by what stands around."""
    hits, found = page.hits(name), counts.counts(page, name)
    if not found:
        return
    text = hits.text
    for kind in ("machine", "any", "card"):
        if machine and kind == "card":
            continue
        for hit in hits[f"counter-{kind}"]:
            word = text[hit.start : hit.end]
            if machine and word == "个":
                continue
            count = counts.before(found, hit.start, text, TO_COUNTER, 22)
            if (
                count is None
                or excluded(page, name, count.start, hit.end)
                or of_another(page, name, text, hit)
            ):
                continue
            if word == "卡" and count.value <= _MOST_IN_NODE:
                continue  # 八卡 is a machine, 闲64卡 a fleet
            if word in _BOXES and any(c.start == hit.end for c in found):
                continue
            if boxed := _BOX.search(text, max(0, count.start - 4), count.start):
                if RATE_BEFORE.search(text[max(0, boxed.start() - 12) : boxed.start()]):
                    continue  # 拿满一箱（十张）
                yield from _boxes(text, found, count, boxed["box"])
                continue
            if machine and (_OF_EACH.search(text, max(0, count.start - 20), count.start) or _inside(page, name, count, hit, kind)):
                continue
            firm = _firm(page, name, count.start, hit.end)
            if kind == "machine" and name == "title" and count.value > 1:
                firm = 2
            lone = count.value == 1 and (firm == 1 or not_one(page, name, text, count.start))
            if lone and not (plain_one(text, hit.end) and not not_one(page, name, text, count.start)):
                continue
            yield Said(count.value, firm, kind, count.start, word)


def _boxes(text: str, found: Sequence[Count], each: Count, box: str) -> Iterator[Said]:
    """'一箱6张 ... 20箱': a number of boxes times what one holds; one box where none is counted."""
    yield Said(each.value, 1, "card", each.start)
    for count in found:
        if count.value > 1 and text.startswith(box, count.end + (text[count.end : count.end + 1] == " ")):
            yield Said(count.value * each.value, 3, "packed", count.start)


def _inside(page: Page, name: str, count: Count, hit: Hit, kind: str) -> bool:
    """Whether a counted number is the chips in the machine: '4 adet H100', '8x node', '8-GPU server'."""
    text = page.hits(name).text
    if kind != "machine" and any(
        m.field == name and not m.system and hit.end <= m.start and TO_NAME.fullmatch(text, hit.end, m.start)
        for m in page.mentions
    ):
        return True
    return text[count.end : hit.start].strip() in ("x", "×", "-") and count.value == chips_in_machine(
        page, None
    )


def _had(page: Page, name: str, machine: bool) -> Iterator[Said]:
    """A bare number behind a word of having: 'have three', 'عندنا ثلاثة', '共24', 'left: 4'; or before one: '34 of them'."""
    hits, found = page.hits(name), counts.counts(page, name)
    if not found:
        return
    text = hits.text
    for hit in hits["had"]:
        count = counts.after(found, hit.end, text, _HAVING, 24)
        if count is None or count.doubtful or named(page, name, hit.start):  # 'ada' is 'have', and Ada
            continue
        ends = _ENDS.match(text, count.end) or (
            text[hit.start] > "\u2fff" and _CJK_ENDS.match(text, count.end)
        )
        packed = text[hit.start : hit.end].endswith(" of")
        if packed and _FROM.search(text[max(0, hit.start - 16) : hit.start]):
            continue  # '3 left from a batch of ten'
        if ends and (packed or not excluded(page, name, count.start, count.end)) and not is_money(text, count):
            yield Said(count.value, max(2, _firm(page, name, hit.start, count.end)), "any", count.start)
    for hit in hits["had-after"]:
        count = counts.before(found, hit.start, text, TO_COUNTER, 8)
        if text.startswith("of th", hit.start) and not _CLOSES.match(text, hit.end):
            continue  # 'two of them lost the sticker' is a part
        if count and not excluded(page, name, count.start, hit.end) and not is_money(text, count):
            yield Said(count.value, max(2, _firm(page, name, count.start, hit.end)), "any", count.start)
    if machine:
        return
    for hit in hits["all"]:
        count = counts.after(found, hit.end, text, LOT_AFTER, 3)
        if (
            count
            and count.value > 1
            and _ENDS.match(text, count.end)
            and not excluded(page, name, count.start, count.end)
        ):
            yield Said(count.value, 1, "any", count.start)


def _told(page: Page, name: str, machine: bool) -> Iterator[Said]:
    """A labelled number ('qty: 4'), and words that say one or two without a number."""
    hits = page.hits(name)
    for m in _LABELLED.finditer(hits.text):
        measures = MEASURE.match(hits.text, m.end())  # 'in stock. 30 days to return it'
        if 1 <= int(m["n"]) <= MOST and not measures and not excluded(page, name, m.start("n"), m.end()):
            yield Said(int(m["n"]), 2, "any", m.start("n"))
    for count in counts.counts(page, name):
        if hits.text[count.start : count.end] in page.cues.alone and _STANDS.match(hits.text, count.end):
            yield Said(count.value, _firm(page, name, count.start, count.end), "any", count.start)
        elif (
            not count.digits
            and count.value > 1
            and _CLOSES.match(hits.text, count.end)
            and _OPENS.search(hits.text, max(0, count.start - 3), count.start)
        ):  # 'Precintadas, cuatro.': a number word that is a clause
            yield Said(count.value, _TOLD_ALONE if name == "title" else 1, "any", count.start)
    for hit in hits["single"]:
        if hits.text[hit.start : hit.end] in _PRICED_ONE and _untold(page):
            continue
        if not MEASURE.match(hits.text, hit.end):  # 'sirf 1 saal': one year
            left = any(hit.start <= other.start and other.end <= hit.end for other in hits["left"])
            yield Said(1, 3 if left else 1, "any", hit.start)
    for some in counts.counts(page, name):
        said = _OUT_OF.match(hits.text, some.start)
        whole = _value(page, name, said.start("all")) if said else None
        if whole and some.value < whole:
            yield Said(some.value, 4, "any", some.start)
    kinds = len({m.base for m in page.mentions if m.base})
    for hit in hits["one-each"] if kinds > 1 else ():
        yield Said(kinds, STOCK, "any", hit.start)
    for hit in hits["sell-one"]:
        yield Said(1, PARTING, "any", hit.start)
    if name == "title" and not machine and (pair := _TITLE_PAIR.search(hits.text)):
        yield Said(2, 1, "any", pair.start())
    for m in _SINGLE_CLAUSE.finditer(hits.text):
        yield Said(1, 1, "any", m.start())
    for hit in hits["both-machines"] if machine else hits["both"]:
        if not PER_AFTER.match(hits.text, hit.end):  # 一张两张都是这价
            yield Said(2, 1, "any", hit.start)


def _untold(page: Page) -> bool:
    """Whether the number is to be asked for: `可凑8颗成套，先问库存`; 单颗 then tells what is priced, not how many there are."""
    return any(_ASK_STOCK.search(page.hits(name).text) for name in ("title", "description") if name in page.doc.fields)


def _value(page: Page, name: str, at: int) -> int | None:
    return next((c.value for c in counts.counts(page, name) if c.start == at), None)


def _worked_out(page: Page, name: str, machine: bool) -> Iterator[Said]:
    """What is left of a number of which some are gone, and boxes times what they hold."""
    text = page.hits(name).text

    counted = counts_goods(text)
    for number, at in left_over(page, name, counted):
        yield Said(number, 4, "any", at)
    if not machine and (boxes := packed(page, name, counted)):
        yield Said(boxes.boxes * boxes.each, 3, "packed", boxes.at)


def counts_goods(text: str) -> Callable[[Count], bool]:
    return lambda count: not (is_money(text, count) or RATE_BEFORE.search(text[max(0, count.start - 8) : count.start]))


def _firm(page: Page, name: str, start: int, end: int) -> int:
    """How firmly the clause of a number says that it is on hand: 3 what is left, 2 stock, 1 neither, 0 if it comes later."""
    low, high = clause(page.hits(name).text, start, end)
    found = counts.counts(page, name)
    for hit in page.hits(name)["later"]:
        if low <= hit.start < start and start - hit.end <= _SOON and not re.search(r"\d", page.hits(name).text[hit.end : start]):
            return 0
    for firm, cue in ((3, "left"), (2, "stock")):
        for hit in page.hits(name)[cue]:
            if low <= hit.start and hit.end <= high and not named(page, name, hit.start):
                own = hit.start >= end and counts.after(found, hit.end, page.hits(name).text, _OWN, 4)
                if not own:  # 'von 40 liegen noch 14': the word speaks of the next number
                    return firm
    return 1
