"""Which of the named chips are offered: not what it is compared with, fits, replaces, is labelled as, or is tagged with."""

from __future__ import annotations

import re
from collections.abc import Sequence

from detector.reading.chips import Mention
from detector.reading.machines import came_from
from detector.reading.page import Page
from detector.reading.text import fold_pattern
from detector.reading.true_name import true_name

_NOT_BEFORE = re.compile(
    fold_pattern(
        r"(?:\bnot (?:an? |the )?|\bno |\bnon[- ]|非|不是|别当|≠|!=|nicht (?:die |der )?|\bkein\w* |\bне |\bno (?:es )?(?:la |el |una? )?|\bnão (?:é )?(?:a |o |uma? )?|\bnao (?:e )?|mejor que (?:la )?|melhor que (?:a )?|diferente d[ae] |en vez de |em vez d[ae] |besser als |statt |вместо |чем |лучше |au lieu d[e'] ?|tốt hơn |thay vì |daripada |أفضل من |بدل |\bpas (?:la |le |une? )?|\bnon (?:è )?(?:la |una )?|không phải |\bkhông |\bbukan |\btak |ليست? |مو |مش |وليس |\bnahi |"
        r"\bvs\.?|\bversus|\bthan (?:an? |the )?|\blike (?:an? |the )|similar to (?:an? )?|equivalent to (?:an? )?|instead of (?:an? )?|faster than|平替|替代|对标|媲美|吊打|秒杀|秒|超越|堪比|接近|比|胜过|≈|代替|"
        r"alternative to (?:an? )?|replace(?:ment for|s)? (?:an? |my )?|upgrade(?:d)? (?:from|to) (?:an? )?|(?:跟|和|与)(?=\S{0,8}一样)|换(?:成|了)?|改(?:成)?|升级(?:到)?|bought (?:an? |the )|got (?:an? )(?:new )?|switch(?:ed|ing) to (?:an? )?)\W{0,3}$"
    )
)
_NOT_AFTER = re.compile(
    fold_pattern(
        r"\W{0,2}(?:(?:isn'?t|it'?s not|it is not)(?=\W*$|\s?[,.;!\n])|替代|平替|级别|级性能|の代わり|代わり|alternative|killer|replacement|대체|대용|equivalent|class\b|相当|じゃな|ではな|ではありません|でな|이 아|가 아|은 아|는 아|아니|아닙|아님|말고|değil|nahi\b|नहीं|涡轮一样|一样|同款|换的)"
    )
)
_LABEL_AFTER = re.compile(
    fold_pattern(
        r"\W{0,2}(?:的)?\W?(?:标签|马甲|壳|껍데기|껍질|외관|겉모습|바코드|外衣|на бумаге|по бумагам|по документам|(?:の)?(?:もの|ラベル|箱|シール)(?:に|が|です|を)|贴纸|标(?![准配价注题])|(?:的)?(?:包装)?盒子?里(?!有|附|还|配)|外壳|铭牌|皮|(?:\d{1,3}\s?gb? )?(?:sticker|label|shroud|ラベル|シール|라벨|스티커|наклейк|шильд|etikett|etiket))"
    )
)
_LABEL_BEFORE = re.compile(
    fold_pattern(
        r"(?:labell?(?:ed)?(?: as)?|re-?labell?ed(?: as)?|标签(?:换成|改成|是)?|换成|改成|报的也?是|报成|写(?:的|着)?是?|贴的?是|标着|标的是|印着|印的是|贴着|刷的?是|外装|(?:ラベル|化粧箱|外箱|箱|シール|銘板)(?:が|は|に|も)|外箱|外盒|箱子|盒子|包装|ラベルは|(?:housing|shroud|cover|case|shell|plate|outside|backplate) (?:is |was )?(?:marked|stamped|printed|labell?ed|engraved|says?|reads?)|外装とラベルは|(?:aufkleber|label|etikett|typenschild|lieferschein|karton|rechnung) (?:sagt|nennt|zeigt|lautet)(?: auf)?(?: eine?n?)?|(?:sticker|label|tag|box|papers|paperwork|invoice) (?:say|read|show|state|claim)s?(?: an?)?|ditempel label|marked as|badged as|sticker says|box says|under the name(?: of)?|declared as)\W*$"
    )
)
_FACE_BEFORE = re.compile(
    fold_pattern(
        r"(?:겉(?:은|면은?|에는|으론|으로는)|(?:라벨|스티커)(?:는|은|가|이|엔|에는)|на (?:коробке|наклейке|кожухе|шильдике|этикетке)|(?:наклейк|этикетк|шильд)\w*(?: на (?:коробке|кожухе|карте|корпусе)(?: и (?:на )?\w+)?)? от|(?:on|per) the (?:box|label|sticker|shroud)|auf (?:dem|der) (?:karton|aufkleber|etikett|verpackung|typenschild)|en la etiqueta|na etiqueta|etikette|etiketinde|trên (?:hộp|tem|vỏ)|di (?:label|stiker)|على (?:الكرتون|الملصق|العلبة))[ \t:\"'«„“(-]*$"
    )
)
"""What bears the name that follows, where the listing names another chip as well: `(на коробке L20)`."""
_FITS_BEFORE = re.compile(
    fold_pattern(
        r"(?:适用于?|适配|支持|兼容|通用|\bfits?|compatible with|suitable for|works with|\bfor (?:use (?:with|in) )?(?:an? |the |your )?(?:nvidia |tesla )?|对应|対応|für (?:die )?|\bдля |\bpara |\buntuk |\bcho |\biçin)\W{0,2}$"
    )
)
_LISTED = re.compile(
    fold_pattern(r"[\s/、,，+&|或和与]{0,3}(?:or|and|oder|und|или|и|y|o|ou|e|hoặc|atau|veya|ve)?[\s/]{0,2}")
)
_NOTHING_ELSE = re.compile(
    fold_pattern(
        r"(?:\W|\d{1,3}\s?gb?(?![a-z])|[x×*]\s?\d{1,3}|pcie|pci-e|sxm\d?|nvl|oam|hbm\d?e?|\d?[x×*]\d*|gpus?|cards?|baseboards?|servers?|和|与|及|または|や|と|and|und|oder|or|и|или|y|o|e|ou|và|hoặc|dan|atau|ve|veya|و|nvidia|tesla|rtx|geforce|hgx|dgx|amd|instinct|卡|版)*"
    )
)
_JOINED = re.compile(
    fold_pattern(
        r"\W{0,2}(?:/|、|,|，|\+|&|\||和|与|及|または|や|と|\band\b|\bund\b|\bи\b|\by\b|\be\b|\bvà\b|\bdan\b|\bve\b|و)\W{0,3}(?:nvidia |tesla |rtx |geforce |hgx |dgx )?|\d\s?gb?\W"
    )
)
_CHOICE = re.compile(
    fold_pattern(
        r"(?:actual(?: item)?|real item(?: is)?|item is|实品是?|实物是?|实际(?:插上|上机|识别|认到|跑起来|里面)?(?:是|为|就是)?|tatsächlich|in wirklichkeit|in reality|inside is|en verdad|na verdade|по факту|реально|под крышкой|실제로?는?|꽂아\s?보면|알맹이는?|까보면|gerçekte|thực tế|实为|其实是|中身は|実物は|실물은|на самом деле|eigentlich|en realidad|sebenarnya)\W{0,4}(?:\S+\s){0,3}$"
    )
)


_INSIDE_AFTER = re.compile(fold_pattern(r"\W{0,2}(?:внутри|inside\b|innen\b|drin\b|dentro\b|içinde|bên trong|di dalam|が中身|本体入り|inside the)"))
_FACE = re.compile(
    fold_pattern(r"铭牌|外衣|겉|껍|외관|на бумаге|по бумагам|outside|auf dem papier|en papeles|标签|贴纸|外壳|条码|包装|盒|ラベル|シール|箱|라벨|스티커|박스|label|sticker|shroud|\bbox\b|lieferschein|aufkleber|typenschild|karton|наклейк|коробк|документ|шильд|etiqueta|pegatina|caja|adesivo|tem\b|vỏ|etiket|kutu|ملصق|stiker")
)
"""What bears a name: a label, a box, papers."""


def offered(page: Page) -> tuple[list[Mention], Mention | None]:
    """One mention for each offered chip, in order of place, and another chip's name that their outside bears; a machine's own
    mention stands in where no chip is named."""
    roles = _roles(page)
    if (true := true_name(page, roles)) is not None:
        return [true.goods], true.outside
    return _plainly(page, roles), None


def _plainly(page: Page, roles: Sequence[Mention | None]) -> list[Mention]:
    plain = [m for m in roles if m is not None]
    if real := _really(page, plain, labelled=None in roles):
        return real
    title = [m for m in plain if m.field == "title"]
    text = [m for m in plain if m.field == "description"]
    if page.disguised:
        named = _chips(text)
        if named:
            return _several(page, named, [])[:1]
    chosen = _several(page, _chips(title), _chips(text)) if _chips(title) else _from_text(page, _chips(text))
    if chosen:
        return chosen
    return (title or text)[:1]


def _really(page: Page, plain: Sequence[Mention], *, labelled: bool) -> list[Mention]:
    """What the goods are said to be in truth, where label or papers name another chip: `the plate says L20, in fact it is an L40S`."""
    fields = page.doc.fields
    real = [m for m in plain if m.base and _is_real(fields[m.field].text, m, labelled)]
    if len({m.base for m in real}) != 1 or not any(_FACE.search(fields[m.field].text) for m in real):
        return []
    others = {m.base for m in page.mentions if m.base} - {real[0].base}
    return real[:1] if others else []


def _is_real(text: str, mention: Mention, labelled: bool) -> bool:
    """`in fact an L40S`; and `L40S inside` where another name is only a label's (a machine has cards inside too)."""
    if _CHOICE.search(text, max(0, mention.start - 30), mention.start):
        return True
    return labelled and _INSIDE_AFTER.match(text, mention.end) is not None


def machine(page: Page, chip: Mention) -> Mention | None:
    """The machine that holds the chip: named with it, or of a kind that is sold with several chips."""
    if chip.system:
        return chip
    systems = [m for m in page.mentions if m.system and not came_from(page, m)]
    return next((m for m in systems if m.base in (None, chip.base)), None) or next(
        (m for m in systems if m.field == chip.field), None
    )


def _chips(mentions: Sequence[Mention]) -> list[Mention]:
    """The first mention of each chip; a part number and a machine's default give way to a name in words."""
    named = [m for m in mentions if m.base]
    words = [m for m in named if not m.system] or named
    best: dict[str, Mention] = {}
    for mention in words:
        key = str(mention.base)
        if key not in best or (mention.chip != mention.base and best[key].chip == best[key].base):
            best[key] = mention
    if any(m.system for m in named) and words is not named:
        return list(best.values())
    for mention in named:
        if mention.system:
            best.setdefault(str(mention.base), mention)
    return sorted(best.values(), key=lambda m: (m.field != "title", m.start))


def _roles(page: Page) -> list[Mention | None]:
    """The believed mentions, None for those that are not offered. A refusal runs on through a list: 非L40/L40S."""
    out: list[Mention | None] = []
    before: Mention | None = None
    refused = False
    for mention in page.mentions:
        text = page.doc.fields[mention.field].text
        if before is not None and before.field == mention.field and refused:
            refused = bool(_LISTED.fullmatch(text[before.end : mention.start]))
        else:
            refused = False
        refused = refused or _refused(page, mention, text)
        out.append(None if refused else mention)
        before = mention
    return out


def _refused(page: Page, mention: Mention, text: str) -> bool:
    before, after = text[max(0, mention.start - 30) : mention.start], text[mention.end : mention.end + 14]
    if _CHOICE.search(before):
        return False
    tagged = re.search(r"#\W?\w{0,8}$", before) and not (mention.field == "title" and before.endswith("#") and after.startswith("#"))
    if tagged or _NOT_AFTER.match(after) or _LABEL_AFTER.match(after):
        return True
    bare = re.sub(r"(?:nvidia|tesla|geforce|rtx|英伟达|amd)\s?$", "", before)
    if _NOT_BEFORE.search(bare) or _LABEL_BEFORE.search(bare):
        return True
    if _FACE_BEFORE.search(bare) and any(m.base and m.base != mention.base for m in page.mentions):
        return True
    return mention.field == "description" and bool(_FITS_BEFORE.search(bare))


def _several(page: Page, title: list[Mention], text: list[Mention]) -> list[Mention]:
    """Which of several names of a title are offered: those the description takes up, or those joined as one list."""
    if len(title) < 2:
        return title
    taken_up = {m.base for m in text}
    both = [m for m in title if m.base in taken_up]
    if both:
        return both
    latin = page.doc.fields[title[0].field].text
    kept = title[:1]
    for mention in title[1:]:
        between = latin[kept[-1].end : mention.start]
        if not _JOINED.search(between) or not _NOTHING_ELSE.fullmatch(between):
            break
        kept.append(mention)
    return kept


def _from_text(page: Page, text: list[Mention]) -> list[Mention]:
    """Where the title names none: the first name, and others that stand at the head of a line or are joined to it."""
    if len(text) < 2:
        return text
    latin = page.doc.fields["description"].text
    kept = text[:1]
    for mention in text[1:]:
        line = latin[latin.rfind("\n", 0, mention.start) + 1 : mention.start]
        listed = re.fullmatch(
            r"[\W\d]*(?:x|×|\*|nvidia|tesla|hgx|dgx|pcs|units)?[\W\d]*(?:nvidia|tesla|hgx|dgx)?\W*", line
        )
        if (listed and "\n" in latin[kept[-1].end : mention.start]) or _JOINED.fullmatch(
            latin[kept[-1].end : mention.start]
        ):
            kept.append(mention)
    return kept
