"""In which condition: the displayed field, else a plain statement of the text."""

from __future__ import annotations

import re

from detector.reading.cues import Hits
from detector.reading.page import Page
from detector.reading.text import fold_pattern

ORDER = ("parts", "refurbished", "used", "new")
"""A field that says several things is read by the strongest."""

BARE = 5
"""Letters of a word that only says 'new', in whatever language; longer ones say how it is known."""

_NOT = re.compile(
    fold_pattern(
        r"(?:\bnot|\bno|\bnon|isn't|never|不是|非|无|没有?|未|不|不曾|\bне|\bkein\w*|\bnicht|\bkhông|\bchưa|\btidak|\bbukan|\bdeğil|\bsin|\bsem|\bnão|\bno|بدون|ではな|安|안|(?<!이)미)\W{0,2}(?:an?|the|eine?|una?|uma?)?\W?$"
    )
)
_NOT_SOLD = re.compile(
    fold_pattern(
        r"(?:\b(?:not|no|never|nunca|não|не|nicht|keine?n?|không|tidak)\b|n't)\W{1,2}(?:\w+\W{1,2})?(?:sell|stock|deal|handle|carry|vend|manej|trabaj|trabalh|ofrec|прода|торгу|verkauf|führ|bán|jual)\w*\W(?:any |producto\w* |artículo\w* |items? |goods |cards? |units? |used (?:or|and) )?$"
        r"|(?:不|没|从不)(?:卖|做|碰|经营)(?:任何)?$"
    )
)
"""A house that does not deal in such goods: 'no manejamos producto reacondicionado'."""
_NOT_AFTER = re.compile(fold_pattern(r"\W?(?:nahi|nahin|değil|아님|아닙|아니|ではな|じゃな)"))
"""Denials behind the word: used nahi hai."""
_ASKED = re.compile(r"[^.,!;\n。，！；]{0,12}[?？]")
"""'Brand new? No.': asked, not said."""
_WORKSHOP = re.compile(r"\W?(?:house|shop|cent|outfit|guy|people|compan|service|market)")
_RENEWED_PART = re.compile(
    fold_pattern(r"(?:macun\w*|pasta\w*|pad\w*|fan\w*|cooler\w*|lüfter\w*|wärmeleit\w*|термопаст\w*|паст\w*|вентилятор\w*|паста|硅脂|导热垫?|散热|风扇|グリス|ファン|써멀\w*|쿨러\w*|keo|tản nhiệt|quạt|kipas)\W{0,2}(?:\w+\W)?$")
)
"""What was renewed is a part of it: the paste, the pads, a fan."""
# 'new' of another thing: a part of it, the papers, a fan, a driver, a season.
_OTHER_NEW = re.compile(
    fold_pattern(
        r"\s?(?:pcb|显存|风扇|硅脂|thermal|fan|driver|price|year|york|jersey|mexico|delhi|batch|bracket|accounts?|paste|term|user|用户|散热|固件|firmware|板|blower|cooler|shroud|heatsink|pads?\b|bios|home\b|owner|house|apartment|job|rig\b|build\b|pc\b|laptop|monitor|generation|gen\b|psu\b|case\b)"
    )
)
_BEFORE_NEW = re.compile(
    fold_pattern(
        r"(?:almost |like |near |nearly |as |几乎|近|准|接近|近乎|成色|换了?|신|거의 |почти |как |wie |fast |como |quase |come |comme |neredeyse |gần như |như |seperti |macam |شبه |换过)\s?$"
    )
)
# Dead, faulty and 'for parts' of something that is not the article.
_OTHER_PARTS = re.compile(
    fold_pattern(r"\s?(?:pixel|link|fan|包|换|修|不|保)|.{0,6}(?:除外|免费|全额|返修|包退)")
)


def read_condition(page: Page, offer: str) -> str:
    """new, used, refurbished, parts or unknown. Time on a machine has no condition."""
    if offer == "rental":
        return "unknown"
    text = page.doc.text("condition")
    field = _strongest(page.cues.find(text), (*ORDER[:3], "used-field", "new")) if text else None
    told = _strongest(page.title, ("parts", "refurbished")) or _strongest(page.description, ("refurbished",))
    if (
        field in ("used", "new")
        and told in ("refurbished", "parts")
        and (told == "refurbished" or offer == "sale")
    ):
        return told
    if field:
        return field
    return told or _from_text(page) or "unknown"


def _from_text(page: Page) -> str | None:
    """Title before description; what only hints at use in a title ('stock clearance') yields to a description that is plain."""
    if kind := _strongest(page.title, ("parts",)):
        return kind
    for hits, words in ((page.title, ("used",)), (page.description, ("used", "used-text"))):
        used, new = _strongest(hits, words), _strongest(hits, ("new",))
        if new and not (used and hits is page.description and _used_first(hits)):
            return "new"
        if used:
            return "used"
    return _strongest(page.title, ("used-text",)) or _strongest(page.description, ("parts",))


def _used_first(hits: Hits) -> bool:
    """Whether use is said before newness. A bare 'new' yields to any word of use before it, 'never used' to firm ones."""
    told = any(hit.end - hit.start > BARE or hits.text[hit.start] > "\u2fff" for hit in hits["new"])
    return _first(hits, *(("used",) if told else ("used", "used-text"))) < _first(hits, "new")


def _first(hits: Hits, *cues: str) -> int:
    return min((hit.start for cue in cues for hit in hits[cue]), default=1 << 30)


def _strongest(hits: Hits, order: tuple[str, ...]) -> str | None:
    for kind in order:
        for hit in hits[kind]:
            before, after = hits.text[max(0, hit.start - 9) : hit.start], hits.text[hit.end : hit.end + 9]
            if _NOT.search(before) and not hits.text[hit.start : hit.end].startswith(("未", "不", "not")):
                continue
            if kind == "new" and (_OTHER_NEW.match(after) or _BEFORE_NEW.search(before)):
                continue
            if kind == "refurbished" and (_WORKSHOP.match(after) or _NOT_SOLD.search(hits.text[max(0, hit.start - 40) : hit.start])):
                continue
            if kind == "parts" and _OTHER_PARTS.match(after):
                continue
            if _ASKED.match(hits.text, hit.end):
                continue
            if _NOT_AFTER.match(after) or (kind == "refurbished" and _RENEWED_PART.search(hits.text[max(0, hit.start - 24) : hit.start])):
                continue
            return kind.partition("-")[0]
    return None
