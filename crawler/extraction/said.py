"""What the words around a shown figure say of it: the price, a former one, or a sum for something else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from crawler.extraction import words as w

if TYPE_CHECKING:
    from crawler.extraction.dom import Shown

    Wording = dict[str, re.Pattern[str]]

AGAINST = {"struck": 5.0, "listed": 5.0, "shipping": 5.0, "instalment": 5.0, "saving": 5.0, "per_measure": 5.0, "per_time": 8.0, "untaxed": 3.0}
"""Points that words in the figure's text, or in the label before it, take. A page that shows nothing but a sum by time shows no price."""
LED_AGAINST = {"deposit": 8.0, "service": 8.0, "threshold": 8.0, "reward": 8.0, "tax": 8.0, "plan": 5.0, "conditional": 3.0}
"""Points that words take which stand right before the figure or right behind it. A page that shows nothing but a sum of the
first five shows no price."""
_BESIDE_THE_PRICE = frozenset(("shipping", "instalment", "saving"))
"""Words that are said of the figure right beside them alone: `14 € plus shipping` costs 14 €."""
_BEHIND = frozenset(("instalment", "per_measure", "per_time"))
"""What the text behind a figure may say of it."""
_COLONS = (":", "：")
_PAUSES = " .:：\u00a0"
_BESIDE = 40
"""Characters of a label before the figure."""
_LONGEST_LABEL = 60
_LED = 60
"""Characters before a figure that say what it is."""
_DIFFERENCE = re.compile(r"\s?[-+−–±]\s?[^\s\d]{0,4}$")
"""What an option adds or takes: `(-40.00€)`, `+ 5 €`."""
_SIGNED = re.compile(r"[-+−–±]")
_CONVERTED = re.compile(r"[≈≅≃~∼]\s?$")
"""Stands before what the asked price comes to in another currency."""
_DAYS = re.compile(r"\b30\b")
_COUNTS = re.compile(r"(?<![.,\d])\d{1,2}(?![.,]?\d|\s?%)")
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
_BRACKETS = re.compile(r"\s*\([^()]*\)$")
_OPENINGS = " (（/–-+*\u00a0"
_PART = re.compile(r"[^\d()（）,;|+]{1,25}")
"""Words behind a figure up to the next sign or figure."""
_CLAUSE = re.compile(r"[,;|.。，、]\s?")


class About(NamedTuple):
    """Points for and against the figure, and whether words call it a former price, the price of a list, or one without tax."""

    points: float
    struck: bool
    listed: bool
    untaxed: bool


def of(shown: Shown, order: int, lead: str, trail: str) -> About:
    """What is said of a figure of the text `order`; `lead` and `trail` are the words before and behind it there."""
    wording = shown.words.wording
    lead, trail = lead.lower(), trail.lower()
    own, label, behind = f"{lead} {trail}", _label(shown, order - 1), _label(shown, order + 1)
    counted = _label(shown, order - 1, _COUNTS) if not label else ""
    texts = (own, label or counted, behind)
    bits, may = shown.words.wording_bits, 0
    for cue in shown.words.sums.of(list(texts)) if any(texts) else ():
        may |= cue
    against = {
        name
        for name in AGAINST
        if may & bits[name] and (
            (_in_own(wording, name, lead, trail) if name in _BESIDE_THE_PRICE else wording[name].search(own))
            or (len(label) <= _BESIDE and wording[name].search(label) and name != "per_time" and not (name == "shipping" and _sent_free(wording, label)))
            # `$417` `/ month` `$14,999`: the words are those of the figure before.
            or (name == "per_time" and wording[name].search(label or counted) and not _figure(shown, order - 2))
            or (name in _BEHIND and len(behind) <= 25 and wording[name].match(behind))
        )
    }  # fmt: skip
    points = -sum(AGAINST[name] for name in against) + (AGAINST["listed"] if against >= {"struck", "listed"} else 0.0)
    led = (name for name in LED_AGAINST if may & bits[name] and _led(wording, name, lead, trail, label or counted))
    points -= sum(LED_AGAINST[name] for name in led)
    points += _price(wording, own, lead, label)
    if wording["added"].search(label):
        points -= 4.0
    if _DIFFERENCE.search(lead) or _SIGNED.match(lead.strip(" (")):
        points -= 4.0
    if _CONVERTED.search(lead):
        points -= 3.0
    points -= 1.0 if len(own.split()) > 6 else 0.0
    return About(points, "struck" in against, "listed" in against, "untaxed" in against)


def _figure(shown: Shown, order: int) -> bool:
    """Is a text a sum: a figure with a currency's mark, or nothing but a figure?"""
    text = shown.lower[order] if order >= 0 else ""
    return _DIGIT.search(text) is not None and bool(shown.cues[order] & w.MONEY or not _LETTER.search(text))


def _in_own(wording: Wording, name: str, lead: str, trail: str) -> bool:
    """Do the words beside a figure in its own text say that it is something else?"""
    before, behind = _CLAUSE.split(lead.rstrip(_PAUSES))[-1], trail.lstrip(_OPENINGS)
    if wording[name].search(before):
        return True
    # `14 € plus shipping`, `14 € + shipping`, `14 € free delivery`, `14 € (10 % off)`
    with_it = trail.lstrip().startswith("+") or wording["aside"].match(behind) or wording["free"].search(behind[:_BESIDE])
    if with_it and name != "instalment":
        return False
    part = _PART.match(behind)
    return wording[name].match(behind) is not None or (not with_it and part is not None and wording[name].search(part[0]) is not None)


def _sent_free(wording: Wording, label: str) -> bool:
    """`Free delivery` stands above a price; behind `Free delivery from` stands what must be bought."""
    return wording["free"].search(label) is not None and wording["or_more"].fullmatch(label.split()[-1]) is None


def _led(wording: Wording, name: str, lead: str, trail: str, label: str) -> bool:
    """Do words right before or behind the figure say that it is a deposit, a service, a threshold? The text before the one of
    the figure must end with them, or with a colon."""
    pattern = wording[name]
    if _LETTER.search(lead) or not label:
        before, anywhere = _CLAUSE.split(lead.rstrip(_PAUSES))[-1][-_LED:], True
    else:
        before, anywhere = _BRACKETS.sub("", label.rstrip(_PAUSES)), label.endswith(_COLONS)
    for found in pattern.finditer(before):
        if anywhere or (name != "service" and found.end() == len(before)):
            return True
    return pattern.match(trail.lstrip(_OPENINGS)) is not None


def _price(wording: Wording, own: str, lead: str, label: str) -> float:
    """Points for the words of a price: most where they are the whole label, so that `Price` stands before `Catalogue price`.
    Words that speak of no price and no tax are about something else."""
    asked = lead if _LETTER.search(lead) else label
    if wording["price"].fullmatch(asked.strip(w.AROUND)):
        return 2.0
    if wording["price"].search(own) or wording["price"].search(label[-30:]):
        return 1.5
    return -0.5 if _LETTER.search(own) and not wording["free"].search(own) and not wording["taxed"].search(own) else 0.0


def _label(shown: Shown, order: int, allowed: re.Pattern[str] = _DAYS) -> str:
    """A neighbouring text, if it is one that says something of this figure and not another figure. The 30 days whose lowest
    price shops of the European Union must show are no such figure."""
    if not 0 <= order < len(shown.pieces):
        return ""
    text = shown.lower[order]
    return "" if len(text) > _LONGEST_LABEL or _DIGIT.search(allowed.sub("", text)) else text
