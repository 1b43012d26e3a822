"""Of two chips that a listing names, the one that the goods are, where the other is only what their outside bears: `the sticker is
an M40's, underneath sits an A100`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from detector.reading.chips import Mention
from detector.reading.page import Page
from detector.reading.text import fold_pattern

LEAST = 3
"""Letters and figures of a model's number that stands for its name."""
_NUMBER = re.compile(r"[a-z]{0,3}\d{2,5}[a-z]{0,2}$")
AROUND = 60
"""Letters before a name in which what bears it, or what shows it in truth, is looked for."""

_FACE = (
    r"sticker|label|decal|shroud|\bbox\b|carton|sleeve|\bplate|packaging|packing|\bslip\b|backplate|outside|"
    r"标签|贴纸|铭牌|外壳|外观|外面|外包装|包装|盒|箱|罩|壳|条码|单据|单子|[贴挂]标|标(?=[是写的])|ラベル|シール|箱|銘板|外装|外観|カバー|라벨|스티커|박스|겉|외관|명판|"
    r"наклейк|этикет|короб|кожух|шильд|накладн|aufkleber|etikett|typenschild|karton|verpackung|gehäuse|haube|lieferschein|optisch|"
    r"etiqueta|pegatina|adesivo|caja|caixa|carcasa|carcaça|capa\b|placa de identif|plaqueta|etiket|kutu|\btem\b|vỏ|hộp|nhãn|stiker|kotak|kardus|pelekat|ملصق|علبة|كرتون|غلاف|étiquette|boîte"
)
"""What bears a name that need not be that of the goods."""
_BEARS = (
    r"sa(?:y|id)|read|call|name|claim|state|bear|carr|mark|print|stamp|show|\bis\b|\bare\b|\bwas\b|belong|"
    r"[是为成用写印贴标刷做按套叫]|は|が|も|に|と書|表記|印字|는|은|이|가|엔|라고|적혀|표기|"
    r"\bот\b|написан|указан|стоит|знач|sagt|steht|laute|nenn|zeig|\bist\b|\bvon\b|\bdice|\bpone|\bdiz|\bes\b|\bson\b|\bé\b|\bsão\b|\bde\b|yazıyor|\bghi\b|\blà\b|tertulis|مكتوب|indique|\bd'"
)
_INSIDE_CLAUSE = r"[^,;.!?。，；！？\n]"
_BORNE_BEFORE = re.compile(
    fold_pattern(
        rf"(?:(?:{_FACE}){_INSIDE_CLAUSE}{{0,30}}?(?:{_BEARS})(?:(?!from\b){_INSIDE_CLAUSE}){{0,12}}"
        r"|optisch eine?r? |looks? like an? |(?:dressed|disguised|sold|listed|posted|titled|wrapped) (?:up )?as (?:an? )?|\bsays (?:an? )?|im (?:kleid|gewand|gehäuse|karton) (?:einer |von )?|"
        r"(?:伪装|装扮|打扮|包装)成|看着(?:像|是)|под видом |vestida de |disfrazada de |\bin (?:an? )?)(?:nvidia |tesla |quadro |geforce |rtx |gtx |amd |英伟达|丽台|技嘉|华硕)*$"
    )
)
_BORNE_AFTER = re.compile(
    fold_pattern(
        r"\W{0,2}(?:['’]s |的|の|의|s )?\W?(?:卡|显卡)?(?:clothing|clothes|costume|disguise|outfit|wrapper|carton|sleeve|shroud|decal|sticker|label|packaging|retail box|box(?! (?:included|and|incl|intact))|"
        r"包装(?!完|齐|在|都)|盒子?(?![^,。，]{0,4}[齐全在有])|标签?(?![^,。，]{0,3}[完在清准配价注])|铭牌|外壳|罩子?|皮|马甲|壳子?|贴纸|箱(?!あり|付|有)|ラベル|シール|外装|박스(?! 있)|스티커|껍데기|-?(?:aufkleber|etikett|karton|haube|gehäuse)|наклейк|коробк|кожух)"
    )
)
_BARE_IN = re.compile(r"\bin (?:an? )?(?:nvidia |tesla |quadro |geforce |rtx |gtx |amd )*$")
"""`in A4000 clothing`: nothing by itself, `in an HGX` is a place."""
_REAL_BEFORE = re.compile(
    fold_pattern(
        r"(?:\bit(?:['’]|\si)s (?:really |actually |in fact )?an? |(?:chip|core|card|die|gpu|silicon) is (?:really |actually )?(?:an? )?|really an? |report\w* (?:itself )?(?:as )?(?:an? )?|detected as (?:an? )?|identif\w+ as (?:an? )?|\bcomes up as (?:an? )?|"
        r"(?:underneath|inside|behind it)\W{0,2}(?:sits |is |lives )?(?:an? )?|芯片是?|核心是?|本体是?|里面(?:是|装的是?)?|里头是?|实测是?|认(?:出来|到|的)?(?:是|就是)?|识别(?:为|到|出来?是?|成)?|读(?:出来)?(?:是|为)|其实是|"
        r"中身は|実体は|認識は?|コアは|チップは|칩은|코어는|알맹이는|실제로?는?|인식은?|technisch eine? |meldet sich als (?:eine? )?|erkannt als (?:eine? )?|(?:drin|darin) (?:ist|steckt|sitzt) (?:eine? )?|"
        r"чип |кристалл |ядро |определяется как |видится как |внутри |на деле |по факту |(?:el )?chip es (?:una? )?|reconoce como (?:una? )?|o chip é (?:uma? )?|mas é (?:uma? )?|pero es (?:una? )?)"
        r"(?:nvidia |tesla |quadro |geforce |rtx |gtx |amd |英伟达)*$"
    )
)


@dataclass(frozen=True, slots=True)
class TrueName:
    """What the goods are (`goods`), and a name of another chip that stands on their outside (`outside`)."""

    goods: Mention
    outside: Mention


_REAL_AFTER = re.compile(fold_pattern(r"\W{0,2}(?:\d{2,3}\s?gb?\W{0,2})?(?:로 ?(?:잡|인식|뜹|뜨|나옵)|として認識|と認識|でした|agrees|confirmed)"))
_LIKENED = re.compile(fold_pattern(r"\b(?:than|same|size|fits?|compatible|if)\b|больше|меньше|размер|größer|kleiner|比|一样大|サイズ"))
"""What is compared by its size or fit bears no name."""


def true_name(page: Page, roles: Sequence[Mention | None]) -> TrueName | None:
    """Where every name that is believed (`roles`, None for those that are not) but one stands on the outside alone; else None. Two names
    of a title are both on offer, unless one of them is said there to be the outside's; a name that stands in the text alone has to be said
    to be the goods, or the title to be none of them."""
    named = [m for m in roles if m is not None and m.base and not m.system]
    bases = {m.base for m in named}
    everywhere = [m for m in page.mentions if m.base and not m.system]
    if len({m.base for m in everywhere}) < 2:
        return None
    shown = [(m, _seen(page, m)) for m in (*everywhere, *_again(page, everywhere))]
    real = {m.base for m, seen in shown if seen == "real"}
    borne = [m for m, seen in shown if seen == "borne" and m.base not in real]
    outside = {m.base for m in borne}
    left = bases - outside
    if not borne or len(left) != 1:
        return None
    titled = {m.base for m in everywhere if m.field == "title"}
    feigned = {m.base for m in borne if m.field == "title"}
    if left.isdisjoint(real) and not titled - left <= feigned:
        return None
    return TrueName(next(m for m in sorted(named, key=lambda m: m.field != "title") if m.base in left), borne[-1])


def _again(page: Page, named: Sequence[Mention]) -> Iterator[Mention]:
    """Where the description takes up a name of the title by its number alone, which is no name by itself: `Quadro P2000 ... the box of a P2000`."""
    text = page.doc.text("description")
    for mention in named:
        number = _NUMBER.search(page.doc.text("title"), mention.start, mention.end) if mention.field == "title" else None
        if number is None or len(number[0]) < LEAST:
            continue
        for found in re.finditer(rf"(?<![a-z0-9]){re.escape(number[0])}(?![a-z0-9])", text):
            yield replace(mention, field="description", start=found.start(), end=found.end())


def _seen(page: Page, mention: Mention) -> str:
    """`borne` by the outside, `real`, or "" where the words around the name say neither."""
    if mention.field == "title" and page.description["disguise"] and not page.title["disguise"]:
        return "borne"  # the text says that the title is not the article; `read description` in a title says nothing
    text = page.doc.fields[mention.field].text
    low = max(0, mention.start - AROUND)
    if _REAL_BEFORE.search(text, low, mention.start) or _REAL_AFTER.match(text, mention.end):
        return "real"
    behind = _BORNE_AFTER.match(text, mention.end)
    if behind or ((before := _BORNE_BEFORE.search(text, low, mention.start)) and not _BARE_IN.fullmatch(before[0]) and not _LIKENED.search(before[0])):
        return "borne"
    return ""
