"""What the words around a shown figure say of it: the price, a former one, or a sum for something else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from crawler.extraction import words as w

if TYPE_CHECKING:
    from crawler.extraction.dom import Shown

AGAINST = {
    "struck": 5.0,
    "listed": 5.0,
    "shipping": 5.0,
    "instalment": 5.0,
    "saving": 5.0,
    "per_measure": 5.0,
    "untaxed": 3.0,
}
"""Points that words anywhere in the figure's text, or in the label before it, take."""
LED_AGAINST = {"deposit": 8.0, "service": 8.0, "threshold": 8.0, "reward": 8.0, "plan": 5.0}
"""Points that words take which stand right before the figure or right behind it; elsewhere they speak of another sum. A page
that shows nothing but such a sum shows no price."""
_BEHIND = frozenset(("instalment", "per_measure"))
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
_DAYS = re.compile(r"\b30\b")
_COUNTS = re.compile(r"(?<![.,\d])\d{1,2}(?![.,]?\d|\s?%)")
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
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
            wording[name].search(own)
            or (len(label) <= _BESIDE and wording[name].search(label))
            or (name in _BEHIND and len(behind) <= 25 and wording[name].match(behind))
        )
    }  # fmt: skip
    points = -sum(AGAINST[name] for name in against) + (AGAINST["listed"] if against >= {"struck", "listed"} else 0.0)
    led = (name for name in LED_AGAINST if may & bits[name] and _led(wording[name], name, lead, trail, label or counted))
    points -= sum(LED_AGAINST[name] for name in led)
    points += _price(wording, own, lead, label)
    if wording["added"].search(label):
        points -= 4.0
    if _DIFFERENCE.search(lead) or _SIGNED.match(lead.strip(" (")):
        points -= 4.0
    points -= 1.0 if len(own.split()) > 6 else 0.0
    return About(points, "struck" in against, "listed" in against, "untaxed" in against)


def _led(pattern: re.Pattern[str], name: str, lead: str, trail: str, label: str) -> bool:
    """Do words right before or behind the figure say that it is a deposit, a service, a threshold? The text before the one of
    the figure must end with them, or with a colon."""
    if _LETTER.search(lead) or not label:
        before, anywhere = _CLAUSE.split(lead.rstrip(_PAUSES))[-1][-_LED:], True
    else:
        before, anywhere = label.rstrip(_PAUSES), label.endswith(_COLONS)
    for found in pattern.finditer(before):
        if anywhere or (name != "service" and found.end() == len(before)):
            return True
    return pattern.match(trail.lstrip(" (/–-+*")) is not None


def _price(wording: dict[str, re.Pattern[str]], own: str, lead: str, label: str) -> float:
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
