"""Article numbers: check digits of bar codes, and the number in a page's address."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlsplit

_LENGTHS = (8, 12, 13, 14)
_SUFFIX = re.compile(r"\.(?:html?|php|aspx?|jsp)$", re.I)
_WHOLE = re.compile(r"(?=.*\d)[A-Z0-9]{6,14}$|\d{4,}$")
_LEADING = re.compile(r"(?:[a-z]{1,3}-?)?(\d{5,})[-_]", re.I)
_TRAILING = re.compile(r"(?:^|[-_./,~])(?:[a-z]{1,4})?(\d{4,})$", re.I)
_CODE = re.compile(r"(?:^|[-_])([a-z]{0,4}\d[a-z0-9]{4,12})$", re.I)
_YEAR = re.compile(r"(?:19|20)\d\d$")
PARAMETERS = (
    "sku",
    "childsku",
    "variationid",
    "pid",
    "productid",
    "product_id",
    "itemid",
    "item_id",
    "goods_id",
    "id",
    "skuid",
    "prod",
    "item",
    "code",
    "artnr",
    "pd",
)
"""Names of query parameters that carry an article's number, the surest first."""


def gtin(value: str) -> str | None:
    """The digits of a GTIN-8, -12, -13 or -14 if its check digit is right (GS1 General Specifications 7.9)."""
    digits = re.sub(r"[\s-]", "", value)
    if len(digits) not in _LENGTHS or not digits.isascii() or not digits.isdigit() or not int(digits):
        return None
    total = sum(int(sign) * (3 if place % 2 else 1) for place, sign in enumerate(reversed(digits)))
    return digits if total % 10 == 0 else None


def in_address(url: str | None) -> str | None:
    """The article's number in its address, None if there is none that looks like one.

    A parameter with a telling name first, then from the path's end: a segment that is a number or code, a number at a
    segment's end or beginning.
    """
    if not url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    asked = {key.lower(): value for key, value in parse_qsl(parts.query)[:50]}
    for name in PARAMETERS:
        value = asked.get(name, "")
        if re.fullmatch(r"[\w-]{3,30}", value) and any(sign.isdigit() for sign in value):
            return value
    segments = [_SUFFIX.sub("", unquote(part)) for part in parts.path.split("/") if part]
    for pattern in (_WHOLE, _TRAILING, _LEADING, _CODE):
        for segment in reversed(segments[-5:]):
            found = pattern.search(segment) if pattern in (_TRAILING, _CODE) else pattern.match(segment)
            if found:
                number = found.group(found.lastindex or 0)
                if not _YEAR.match(number):
                    return number
    return None
