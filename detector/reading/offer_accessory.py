"""Things for a chip: coolers, cables, boxes, boards without one. Told by points; and the verdict that all rules of `offer` give."""

from __future__ import annotations

import re
from dataclasses import dataclass

from detector.reading.chips import Mention
from detector.reading.cues import Hit
from detector.reading.page import Page
from detector.reading.text import fold_pattern

ACCESSORY_AT = 3
"""Points from which a listing is an accessory; see `accessory`."""
A_TRIFLE = 0.03
"""Share of a chip's price under which the article is hardly the chip: fans, cables and boxes cost 0.1 to 3 %."""
HARDLY_A_CHIP = 0.15
"""Share under which a word that sellers of cards use too (box, case, motherboard) is believed to be the article."""
A_CHIP = 0.3
"""Share from which the article is hardly a thing for a chip."""
HEAD = 6
"""Letters between a machine's name and the noun that it only tells of: HGX H100 风冷散热器."""
CARD_NOUN = re.compile(
    fold_pattern(
        r"graphics? cards?|video cards?|accelerators?|\bgpus?\b|显卡|计算卡|加速卡|推理卡|グラフィックボード|グラボ|그래픽카드|видеокарт\w*|grafikkarte|\bcard\b|\bmodule\b|模组|一体卡|整机"
    )
)
_PROPERTY = re.compile(
    fold_pattern(
        r"(?:[23]|single|dual|triple|twin|双|三|两|2x|3x|デュアル|트리플|듀얼|три|два|двумя|тремя|passive|active|被动|主动)[\s-]?$"
    )
)
"""Before the noun of a thing: three fans are a property of a card."""
_WITHOUT = re.compile(
    fold_pattern(
        r"(?:without|no|missing|w/o|ohne|без|sin|sem|없는|無|无|没有|不含|sans|senza|không|tanpa|بدون)\s?$"
    )
)
_MOUNTED = re.compile(
    fold_pattern(
        r"\W?(?:装着|取り?付け?済|取付|搭載|仕様|交換済|換装|장착|일체형|已装|已上|已换|装好|一体版|(?:pre-?)?(?:installed|fitted|mounted|attached)|montiert|verbaut|installiert|установлен|стоит|instalad[oa]|montad[oa]|đã lắp|đã gắn|gắn sẵn|lắp sẵn|takılı|monteli|terpasang|dipasang|مركب)"
    )
)
"""Behind the noun of a thing: it sits on the card that is sold."""
_INSIDE = re.compile(
    fold_pattern(r"(?<!\w)(?:в(?: (?:родной|оригинальной|заводской|своей|новой|старой|чужой))?|(?:in|w) (?:ovp|oryginaln\w+|original|its|the original)|in der|im)\s?$")
)
"""Before the noun of a thing: a card that lies in it, `в коробке`."""
_DAMAGED = re.compile(
    fold_pattern(
        r"(?:cracked|broken|bent|warped|burnt|burned|damaged|snapped|scorched|torn|dead|bad|faulty|断|裂|烧|坏|弯|破|gebrochene?s?|verbogene?s?|defekte?s?|треснут\w+|сломан\w+|погнут\w+|割れた?|破損|rot[oa]|doblad[oa]|quebrad[oa]|깨진|휜)\s?(?:的|の)?$"
    )
)
"""Before the noun of a thing: it is a fault of the card that is sold for parts."""
_RUN_WORDS = re.compile(
    fold_pattern(
        r"nvidia-smi|gpu-burn|压测|跑分|跑训练|跑大模型|烤机|双烤|满载|stress|benchmark|furmark|dcgm|vram (?:test|ok)|ran (?:llama|training)|训练|추론|벤치|동작확인|動作確認|負荷テスト|тест\w* под нагрузкой"
    )
)
_WHOLE_PC = re.compile(
    fold_pattern(
        r"gaming (?:pc|tower|rig)|custom pc|desktop|prebuilt|整机|主机|台式|laptop|notebook|笔记本|ゲーミングpc|ゲーミングパソコン|自作パソコン|自作pc|パソコン本体|bilgisayar[ıi]?(?! ?parça)|デスクトップ|컴퓨터|데스크탑|본체|сборка|игровой комп|системный блок|ноутбук|gaming-pc|komplett-pc|pc gamer|pc gaming|thinkstation|precision (?:tower )?\d{4}|precision \d{4}塔式|bộ máy|máy tính|kasa|rakitan|كمبيوتر|i[579]-?\d{4}|14900k|13900k|9950x3d|7950x|9800x3d|7800x3d|ryzen"
    )
)
_WORKSTATION = re.compile(
    fold_pattern(r"(?P<holds>(?:workstation|工作站) ?(?:with|w/|mit|con|com|incl|from|c/|с|带|配|搭载))|workstation(?! ?(?:video|graphic|gpu|card|edition|版|カード|卡))|工作站(?!版|级|卡|显卡|专用|gpu|用)")
)
_PARTS = re.compile(
    fold_pattern(
        r"xeon|至强|threadripper|线程撕裂者|\bepyc\b|core ultra|\bcpu\b|处理器|\d+ ?g[bo]? ?(?:\w+ )?(?:ram\b|ddr\d|内存|記憶體|メモリ)|\bddr[45]\b|\bnvme\b|\bssd\b|\bhdd\b|硬盘|主板|motherboard|mainboard|\bpsu\b|windows|\bwin1[01]\b|precision|\bhp z\d|\bz[468] g\d|\bp\d{3} tower|lambda|puget|boxx|双路|build\b|(?:complete|whole) (?:machine|unit|system|pc)|整机出"
    )
)
"""What a computer has besides its card: a card for workstations has none of it."""
_CONVERTED = re.compile(
    fold_pattern(r"(?:sxm\d?|oam|mxm)(?:\s?\d+gb?)?\s?(?:→|->|⇒|>|to|から|を|改|转|轉)?\s?pci-?e\s?(?:に|へ)?(?:変換|改造|転換|换装)(?!\s?(?:基板|ボード|アダプ|キット|カード|板|卡|ケーブル|用))")
)
"""A card that was converted is no converter: SXM2→PCIe変換."""
CHEAP = 0.15
"""Share of a chip's price under which a noun behind the chip's memory is the article: 4090 24G 供电线."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The kind, and the words it rests on."""

    offer: str
    why: str
    whole_pc: bool = False
    formal: bool = False
    """Said by the form of the title, which leaves nothing to weigh."""
    goods: float | None = None
    """Probability that a chip is offered at all; None where the votes were not asked."""


def is_whole_pc(page: Page) -> bool:
    """Whether the title names a computer; `workstation` also says what a card is for, and needs a computer's other parts."""
    title = page.title.text
    if _WHOLE_PC.search(title):
        return True
    named = _WORKSTATION.search(title)
    return named is not None and bool(named["holds"] or _PARTS.search(title) or _PARTS.search(page.description.text))


def trifle(page: Page) -> bool:
    """Whether the displayed price is far too small for the chip that is named."""
    return costs_under(page, A_TRIFLE)


def costs_under(page: Page, share: float) -> bool:
    return page.price_share is not None and page.price_share < share


def accessory(page: Page) -> Verdict | None:
    """Points for and against a thing that is for a chip.

    For: said not to hold the chip (title 4, text 3), a noun of such things in the title (2, 1 more for each other up to
    2), a word for 'for' between noun and chip (2), a list of chips (3 from three on, 1 for two), the noun before the
    chip or last of all (1). Against: a machine by name with no such noun right behind it, a card named after the noun, the chip's memory beside it, talk
    of running it. Nouns that come `with` the card do not count.
    """
    title = page.title
    if page.told and page.mentions and not page.named_in_title:
        return None  # the title's article is said not to be the one
    nouns = _own_nouns(page)
    without_title, without_text = bool(title["without-chip"]), bool(page.description["without-chip"])
    if is_whole_pc(page) and page.mentions and not without_title and not without_text:
        return None
    if not nouns and not without_title:
        return _empty_case(page, without_text)
    points = 4 * without_title + 3 * without_text
    chips = [m for m in page.named if m.field == "title"]
    if nouns:
        points += 1 + min(len({title.text[h.start : h.end] for h in nouns}), 3)
        points += 2 * _linked(page, nouns, chips)
        points += _ordered(title.text, nouns, chips)
    families = len({m.base for m in chips})
    points += not page.named and bool(title["hardware"])
    points += 3 if families >= 3 else int(families == 2)
    if any(m.system and not any(0 <= n.start - m.end <= HEAD for n in nouns) for m in chips):
        points -= 2
    if not without_title and not without_text:
        points -= 2 * bool(
            title["memory-size"]
            and chips
            and not _linked(page, nouns, chips)
            and not _leads(nouns, chips)
            and not costs_under(page, CHEAP)
        )
        points -= bool(_RUN_WORDS.search(page.description.text))
    word = title.first("without-chip", "accessory") or page.description.first("without-chip") or ""
    points += 2 * trifle(page)
    if not without_title and not without_text and (page.price_share or 0) > A_CHIP and len(chips) == 1:
        points -= 4
    if points < ACCESSORY_AT:
        return None
    # A computer whose card was taken out is no thing for a card.
    return Verdict("other" if is_whole_pc(page) and not nouns else "accessory", word)


def _own_nouns(page: Page) -> list[Hit]:
    """Nouns of things in the title, without those that come along with a card ('+ adapter', 'w/ heatsink')."""
    title = page.title
    withs = title["with"]
    chips = [m for m in page.mentions if m.field == "title"]
    kept = []
    weak = title["accessory-weak"]
    told = weak and (
        page.title["without-chip"]
        or page.description["without-chip"]
        or page.title["fits"]
        or costs_under(page, HARDLY_A_CHIP)
    )
    nouns = sorted([*title["accessory"], *(weak if told else [])], key=lambda hit: hit.start)
    for noun in nouns:
        if _PROPERTY.search(title.text[: noun.start]):
            continue
        if _WITHOUT.search(title.text, max(0, noun.start - 10), noun.start):
            continue
        if chips and (_MOUNTED.match(title.text, noun.end) or _CONVERTED.search(title.text, max(0, noun.start - 16), noun.end)):
            continue
        if chips and _INSIDE.search(title.text, max(0, noun.start - 24), noun.start):
            continue
        if chips and title["parts"] and _DAMAGED.search(title.text, max(0, noun.start - 16), noun.start):
            continue
        along = any(
            0 <= noun.start - w.end <= 32
            and any(c.end <= w.start for c in chips)
            and not any(n.start < w.start for n in title["accessory"])
            for w in withs
        )
        if not along:
            kept.append(noun)
    return kept


def _linked(page: Page, nouns: list[Hit], chips: list[Mention]) -> bool:
    """Whether a word for 'for' stands between a noun and a chip, in either order."""
    text = page.title.text
    for hit in page.title["fits"]:
        for chip in chips:
            if 0 <= chip.start - hit.end <= 24 and any(n.end <= hit.start + 1 for n in nouns):
                return True
            if 0 <= hit.start - chip.end <= 10 and any(0 <= n.start - hit.end <= 24 for n in nouns):
                return True
            if (
                0 <= chip.start - hit.end <= 6
                and any(n.start >= chip.end for n in nouns)
                and text[: hit.start].strip(" [【(") == ""
            ):
                return True
    return False


def _leads(nouns: list[Hit], chips: list[Mention]) -> bool:
    return bool(nouns and chips and nouns[0].start < chips[0].start)


def _ordered(title: str, nouns: list[Hit], chips: list[Mention]) -> int:
    """1 where the noun comes before the chip or closes the title, less 1 where a card's noun comes after it."""
    last_card = max((m.start() for m in CARD_NOUN.finditer(title)), default=-1)
    closes = bool(chips) and nouns[-1].start > chips[-1].end and nouns[-1].start > last_card
    return int(_leads(nouns, chips) or closes) - int(last_card > nouns[-1].start and not _leads(nouns, chips))


def _empty_case(page: Page, without_text: bool) -> Verdict | None:
    """A description that says no chip is inside, for a title that names no thing for one."""
    if (
        without_text
        and (not page.mentions or (costs_under(page, A_CHIP) and not page.title["parts"]))
        and (page.hardware or page.named)
    ):
        return Verdict("accessory", page.description.first("without-chip") or "")
    return None
