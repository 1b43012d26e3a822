"""How many chips one priced article holds: machines and boards with several, told by name or by count."""

from __future__ import annotations

import re

from detector.reading import counts
from detector.reading.beside import FROM_NAME, TO_NAME, of_bus
from detector.reading.chips import Mention
from detector.reading.counts import Count
from detector.reading.page import Page
from detector.reading.text import fold_pattern

_MACHINE = re.compile(
    fold_pattern(
        r"server|服务器|伺服器|整机|卡机|模组|裸金属|baseboard|base board|ベースボード|サーバ|서버|сервер|servidor|sunucu|máy chủ|\bmáy\b|node\b|nodes\b|\bnod[oy]s?\b|\bnós?\b|\bноды?\b|knoten|düğüm|\bmesin\b|pelayan|节点|\bsystems?\b|platform|chassis|sled|机柜|supermicro|супермикро|poweredge|xe9680|超微|浪潮|h3c|新华三|超聚变|fusionserver|泰安|dgx|hgx|8卡|八卡|سيرفر|خادم|جهاز|máy trạm|dàn máy|\bkhối\b|equipo|máquina|maschine|gerät|rechner|станци|установк|узел|\bubb\b|枚組|枚搭載|枚[挿差刺]し|工作站整|一体机|\bmachine|\brack\b|компл|bare metal|anakart|ベアメタル|베어메탈|工作站|workstation with|底板|整板|\br7[0-9]0xa?\b|\bxe\d{4}l?\b|\bdl380|\bg[245]\d{2}-|\besc\d{4}|\b(?:sys|as)-\d{3,4}|\b4029gp|\b7049gp|\b4124gs|nf5\d{3}|g5500|\bsr6\d\d|\brig\b(?! pull)|threadripper|\bepyc\b|\bxeon\b|\bcluster\b|\bkasa\b|станци"
    )
)
_MACHINE_TEXT = re.compile(fold_pattern("整机|服务器|server|сервер|서버|サーバ"))
_CARDS_AFTER = re.compile(
    fold_pattern(
        r"\s?(?:(?P<ka>(?:张)?卡(?!片|时|/))|-?\s?(?:x\s?)?(?P<word>gpus?|way|card|枚搭載|枚組|枚[挿差刺]し|枚|基搭載|基|장|gpu搭載|карт\w*|كروت|كرت|cards?|con card|kart|karten|tarjetas|placas|cartes|видеокарт\w*|шт\.? |颗|张)(?![a-z]))"
    )
)
_CARD_FOR_MACHINE = re.compile(
    fold_pattern(
        r"(?:ai |gpu )?(?:server|workstation|rack|服务器|サーバー?|서버용?|серверн\w+)\s?(?:用|向け|용)?\s?(?:gpus?|graphics|video|cards?|accelerators?|pulls?|parts?|显卡|计算卡|加速卡|卡(?!机)|グラボ|gpu|글카|grade)"
    )
)
"""'server graphics card': the machine is only what the card is for."""
_ORIGIN = re.compile(
    fold_pattern(
        r"(?:\b(?:aus|from|out of|ex|из|с|со|de|del|do|da|dari|từ|من)\W{1,2}(?:[^\s,.;]+\s){0,2})[^\s,.;]*(?:server|cluster|node|rack|dgx|сервер|стойк|кластер|servid|cl[uú]ster|sunucu|máy chủ|rechner|سيرفر)[^\s,.;]*"
        r"|(?:tháo|rã|gỡ|bóc) (?:ra )?(?:từ )?(?:dàn |cụm )?(?:máy|server)(?: chủ)?|(?:copotan|cabutan|lepasan|bekas|ex) (?:dari )?(?:server|pelayan|rack|mesin)\b"
        r"|(?:服务器|整机|机器|\d卡机|八卡机|机柜)\s?(?:上)?(?:拆|退|下架)|(?:サーバー?|筐体|ワークステーション)(?:から|より|撤去|取り?外)|(?:서버|장비)(?:에서|철거)|sunucudan|sunucu çıkma|\b(?:server|rig|cluster|node) pulls?\b|server(?:rückbau|auflös|abbau)\w*"
    )
)
"""Where a loose card came from: 'pulled from an 8-GPU server' is no server."""
_NO_MACHINE_BEFORE = re.compile(
    fold_pattern(
        r"(?:支持|可上|能插|可插|能上|兼容|最多|最大|插|up to |supports? |fits |for |/|双|单|每|tested in |test(?:ed)? on |上"
        r"|拆自|拆于|来自|出自|从|原装在|(?:pulled |removed |taken |came |pull )?(?:from|out of) (?:an? |our |the )?|снят\w* (?:с|из) |\bиз |\bс |aus (?:einem |unserem )?|(?:retirad\w+|sacad\w+) de (?:un |una )?|(?:tháo|rã|gỡ) (?:từ |ra từ )?|(?:cabut|copotan|bekas)\w* (?:dari )?|\bdari |\btừ |من )\W{0,3}$"
    )
)
_BOARD = re.compile(r"\bnvl\W?(?P<n>8|16)(?![\w.])")
"""NVIDIA's own names of boards by the chips they join; NVL4 and NVL72 are catalogue rows of their own."""
_USUAL = frozenset({2, 4, 6, 8, 10, 16})
"""Chips that machines hold."""
_WORDS_ONLY = re.compile(r"\s?(?:[^\W\d]+\.?\s?){0,2}")
_LOOSE_AFTER = re.compile(
    fold_pattern(
        r"[^\d\n,.;]{0,3}(?:\d{2,3}\s?(?:gb?|гб)\W{0,3})?(?:pcie|sxm\d?)?\W{0,3}(?P<n>\d{1,2})\s?(?:шт|cái|con|card|كرت|كروت|adet|枚|장|units?|gpus?|x\b|piezas|unidades|stück)"
    )
)


def is_machine(page: Page) -> bool:
    """Whether the article is a machine or a board with several chips."""
    if "machine" not in page.memo:
        page.memo["machine"] = chips_in_machine(page, None) > 1
    return bool(page.memo["machine"])


def chips_in_machine(
    page: Page, chip: Mention | None, machine: Mention | None = None, *, whole: bool = False
) -> int:
    """Chips in the machine that is offered; 1 where it is none. What the text counts wins over the machine's usual."""
    others = (m.count for m in page.mentions if m.system or m.part)
    usual = machine.count if machine else max(others, default=1)
    key = f"chips in machine {whole or usual > 1}"
    if key not in page.memo:
        page.memo[key] = _counted(page, whole or usual > 1)
    number: int = page.memo[key]
    return number if number > 1 else usual


_CHINESE = {"双": 2, "两": 2, "三": 3, "四": 4, "八": 8, "十": 10}
_CARDS_MACHINE = re.compile(fold_pattern(r"(?<!支持)(?<!可上)(?P<n>双|两|三|四|八|十)卡(?:整?机|主机|服务器|工作站|节点)"))
"""A machine that is called by its cards: 双卡机."""


def _counted(page: Page, known: bool) -> int:
    title = page.description.text if page.disguised else page.title.text
    plain = _CARD_FOR_MACHINE.sub(" ", _ORIGIN.sub(" ", title)) if _MACHINE.search(title) else title
    known = known or bool(_MACHINE.search(plain))
    for name in ("title", "description"):
        if name in page.doc.fields and (cards := _CARDS_MACHINE.search(page.hits(name).text)):
            return _CHINESE[cards["n"]]
        if known and name in page.doc.fields and (board := _BOARD.search(page.hits(name).text)):
            return int(board["n"])
        if name in page.doc.fields and (number := _counted_in(page, name, known)) > 1:
            return number
    return 1


def _counted_in(page: Page, name: str, title_machine: bool) -> int:
    text = page.hits(name).text
    if name == "description" and not title_machine and not _MACHINE.search(text):
        return 1
    for count in counts.counts(page, name):
        if number := _cards_in(text, count, name == "title" or title_machine, name == "description"):
            return number
    if not title_machine:
        return 1
    found = counts.counts(page, name)
    for mention in (m for m in page.mentions if m.field == name and not m.part and not m.system):
        if number := _beside(text, mention, found):
            return number
    return 1


def _cards_in(text: str, count: Count, told: bool, below: bool) -> int:
    """The number where it counts a machine's cards: '8卡', '8-GPU', '8枚搭載'. `below`: the title names the machine."""
    if count.value not in _USUAL or not told:
        return 0
    noun = _CARDS_AFTER.match(text, count.end)
    if noun is None or _NO_MACHINE_BEFORE.search(text[max(0, count.start - 24) : count.start]):
        return 0
    near = bool(_MACHINE.search(text[max(0, count.start - 4) : noun.end() + 12]))
    if noun["ka"] and (count.value in (4, 8, 10, 16) or near):
        return count.value
    if near or (
        not noun["ka"] and noun["word"] not in ("card", "颗", "张") and (below or _MACHINE.search(text))
    ):
        return count.value
    return count.value if not count.digits and noun["word"] in ("gpu", "gpus") else 0


def _beside(text: str, mention: Mention, found: list[Count]) -> int:
    """A count beside the chip's name, in the title of a machine: '8x H200', 'H200 x8'."""
    count = counts.before(found, mention.start, text, TO_NAME, 40)
    if count and count.value in _USUAL and not count.doubtful:
        return count.value
    times = FROM_NAME.match(text, mention.end)
    if times and times["x"]:
        at = times.start("x")
        if int(times["x"]) in _USUAL and not of_bus(text, at - 1, times.end("x")):
            return int(times["x"])
    loose = counts.before(found, mention.start, text, _WORDS_ONLY, 26)
    if loose and loose.value in _USUAL and loose.digits:
        return loose.value
    after = _LOOSE_AFTER.match(text, mention.end)
    return int(after["n"]) if after and int(after["n"]) in _USUAL else 0
