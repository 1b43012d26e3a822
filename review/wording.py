"""Codes and stored figures as a person reads them: exchange rates, kinds of offer, control classes, reasons of events."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

KINDS = {"sale": "for sale", "rental": "for rent"}
"""Kinds of offers; the others are words already."""

MANY = {"accessory": "accessories", "service": "services"}

CLASSES = {"none": "no control found", "unknown": "not known", "letter": "licence required by letter"}
"""Control classes that are no classification number."""

PER = {"gpu_hour": "chip-hour", "gpu_month": "chip-month"}

_RATE = re.compile(r"(\w{3}) ([\d.e+-]+) (.+) (\d{4}-\d\d-\d\d)( \(stale\))?")
_CODE = re.compile(r"[a-z]+(?:_[a-z0-9]+)*")

SHORT = 160
"""Characters of a title in a list or a heading; the listing's own text has it whole."""


def shortened(text: str, most: int = SHORT) -> str:
    """`text`, or its beginning and an ellipsis where it is longer than `most` characters."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def kind_words(offer: str | None) -> str:
    """A kind of offer."""
    return KINDS.get(offer or "", offer or "not read yet")


def kinds_words(counts: Mapping[str, int]) -> str:
    """How many offers of each kind, the most first."""
    ordered = sorted(counts.items(), key=lambda kind: (-kind[1], kind[0]))
    return ", ".join(f"{n} {MANY.get(kind, kind_words(kind)) if n != 1 else kind_words(kind)}" for kind, n in ordered)


def class_words(control: str) -> str:
    """A control class."""
    return CLASSES.get(control, control)


def per_words(per: str) -> str:
    """What an amount is for."""
    return PER.get(per, per.replace("_", " "))


def rate_words(rate: str | None) -> str:
    """A stored rate ("CNY 7.2446 ECB 2025-03-27") as a sentence's end; "" for dollars, which need none."""
    found = _RATE.fullmatch(rate or "")
    if found is None:
        return rate or ""
    currency, figure, source, day, stale = found.groups()
    if currency == "USD":
        return ""
    whence = f"the {source} rate of {day}, the last one known" if stale else f"{source} of {day}"
    return f"{figure} {currency} a US dollar, {whence}"


def asked_words(price: Mapping[str, Any] | None) -> str:
    """The figure of a reading's price as it stands, in the currency it was read in; "" where that is dollars or there is none."""
    if not price or price.get("amount") is None or price.get("currency") in (None, "USD"):
        return ""
    per = price.get("per") or "unit"
    figure = f"{price['amount']:,.2f}".removesuffix(".00")
    return f"{figure} {price['currency']}{'' if per == 'unit' else f' a {per_words(per)}'} asked"


def titled(text: str, titles: Mapping[str, str]) -> str:
    """Words in which each signal's code is replaced by its title."""
    return _CODE.sub(lambda found: titles.get(found[0], found[0].replace("_", " ")), text)


def moment(stamp: str | None) -> str:
    """A stored time to the minute; it is UTC."""
    return f"{stamp[:10]} {stamp[11:16]}" if stamp else ""
