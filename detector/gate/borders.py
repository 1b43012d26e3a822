"""What stands right before and after a name, as bytes: `a100` inside a digest is no name, and `h-100` is a class of many pages."""

from __future__ import annotations

import re
from functools import cache

from detector.gate.literals import STRONG_NAME, Literal

REACH = 24
"""Bytes before and after a literal that are looked at."""
_NEAR = 12
_CLASS_REACH, CLASS_NEAR = 400, 40
"""Bytes in which the class attribute of a hyphened name would begin, and in which it is remembered."""
_MOST_KNOWN = 20_000

BORDERED = 5
"""Weak literals of plain letters up to this length are looked for with their border where the engine can: most hits of an
ordinary page are of them, inside digests, scripts and style sheets, and each costs a call into Python. Others are so rare that
the border only makes the engine's tables larger: with the borders of all they take twice the memory."""

_ESCAPE = rb"%[0-9a-f]{2}|\\u[0-9a-f]{4}|\\[nrtb]|[\x80-\xff]."
"""What ends in a letter or digit and is none; the last: the second byte of a wide character."""
_VENDORS = rb"nvidia|tesla|rtx|gpu|amd|geforce|quadro"
_GLUE_BEFORE = re.compile(rb"(?:[a-z]{2}|[0-9]\s?[x*]|(?<![a-z0-9])[a-z]|" + _ESCAPE + rb")$", re.I)
_VENDOR_BEFORE = re.compile(rb"(?:" + _VENDORS + rb"|[0-9]\s?[x*]|" + _ESCAPE + rb")$", re.I)
_GLUE_AFTER = re.compile(rb"[a-z]{2}|[a-z](?![a-z0-9])|x[0-9]|[0-9]{2,3}\s?gb?(?![a-z0-9])", re.I)
_WEAK_AFTER = re.compile(
    rb"s(?![a-z0-9])|pcie|pci|sxm|nvl|gpu|x[0-9](?![a-z0-9])|cards?|[0-9]{2,3}\s?gb?(?![a-z0-9])|ti(?![a-z0-9])",
    re.I,
)
_SELECTOR_BEFORE = re.compile(rb"[\x00-\x20,>;{}*/]\.")
_TAG_SIGN = re.compile(rb"[<>]")
_CLASS = re.compile(rb"""class(?:name)?\s*=\s*\\?(["'])""", re.I)
_MAKERS = (
    b"nvidia", b"nvda", b"tesla", b"geforce", b"quadro", b"rtx", b"gtx", b"amd", b"radeon", b"instinct", b"intel", b"habana", b"gpu", b"dgx", b"hgx",
)  # fmt: skip
_FORM_AFTER = re.compile(rb"[^a-z0-9]{0,16}(?:pci|sxm|hbm|nvl|gpu|card|[0-9]{2,3}\s{0,3}g)", re.I)
_PARTED_REACH = 16
_SIGNS = bytes(code for code in range(128) if not chr(code).isalnum())
_ALNUM = frozenset(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def stands(body: bytes, base: int, start: int, end: int, one: Literal) -> bool:
    """Whether letters and digits glued to a literal leave it a name. The page begins at `base`."""
    strong = one.kind == STRONG_NAME
    if end < len(body) and body[end] in _ALNUM and not _follows(body, end, one, strong):
        return False
    return start <= base or body[start - 1] not in _ALNUM or _precedes(body, base, start, one, strong)


def _follows(body: bytes, end: int, one: Literal, strong: bool) -> bool:
    if (_GLUE_AFTER if strong else _WEAK_AFTER).match(body, end):
        return True
    return bool(one.after) and body[end : end + REACH].lower().startswith(one.after)


def _precedes(body: bytes, base: int, start: int, one: Literal, strong: bool) -> bool:
    near = body[max(base, start - _NEAR) : start]
    if (_GLUE_BEFORE if strong else _VENDOR_BEFORE).search(near):
        return True
    return bool(one.before) and near.lower().endswith(one.before)


def is_count(body: bytes, base: int, start: int, end: int, one: Literal) -> bool:
    """Whether a parted literal is surely no name: the reader wants a maker before it, or a form, memory or card behind
    (`detector.reading.chips._word_and_number`). Half of what ordinary pages hold is of this kind. The page begins at `base`."""
    first, last = max(base, start - _PARTED_REACH), end + _PARTED_REACH
    near = body[first:last]
    if not near.isascii() or b"&" in near or b"\\" in near or b"%" in near:
        return False  # something may stand for other letters: the reader tells
    if _FORM_AFTER.match(body, end, last):
        return False
    if one.after and body[end:last].lower().lstrip(_SIGNS).startswith(one.after):
        return False
    before = body[first:start].lower().rstrip(_SIGNS)
    return not before.endswith(_MAKERS) and not (one.before and before.endswith(one.before))


class Classes:
    """Tells names with a hyphen or an underscore that are classes of a style sheet, or stand among those of a tag."""

    def __init__(self) -> None:
        self.known: set[bytes] = set()
        """Ends of class attributes, as they come again on every page of a site."""

    def holds(self, body: bytes, base: int, start: int, end: int) -> bool:
        """Whether the name that stands there is one."""
        near = body[max(base, end - CLASS_NEAR) : end]
        if near in self.known or _SELECTOR_BEFORE.match(body, max(base, start - 2), start):
            return True
        return self._is_one(body, base, end, near)

    def _is_one(self, body: bytes, base: int, end: int, near: bytes) -> bool:
        reach = body[max(base, end - _CLASS_REACH) : end]
        at = reach.rfind(b"class")
        opened = _CLASS.match(reach, at) if at >= 0 else None
        if opened is None or opened[1] in reach[opened.end() :] or _TAG_SIGN.search(reach, opened.end()):
            return False
        if len(reach) - at <= len(near):
            if len(self.known) >= _MOST_KNOWN:
                self.known.clear()
            self.known.add(near)
        return True


def is_sign(body: bytes, base: int, start: int, end: int, one: Literal) -> bool:
    """Whether a trigger stands where it may be a part of a name. The page begins at `base`."""
    if one.entities is not None:
        # An engine tells the end of the whole or of its beginning.
        return _compiled(one.entities.exact).search(body, max(base, end - REACH), end + REACH) is not None
    if one.sign is None:
        return True
    if not _compiled(one.sign.after).match(body, end):
        return False
    return _compiled(one.sign.before + rb"\Z").search(body[max(base, start - 2) : start]) is not None


@cache
def _compiled(source: bytes) -> re.Pattern[bytes]:
    return re.compile(source, re.I | re.S)


def pattern(one: Literal) -> bytes | None:
    """A short weak literal with what has to stand before it, for an engine of regular expressions without a look behind; None
    where it is looked for as it is. It lets pass all that `stands`, `Classes` and `is_sign` let pass, and little else."""
    if one.sign is not None:
        return one.sign.before + hexed(one.data) if one.sign.before else None
    if one.entities is not None:
        return one.entities.quick
    if [codec for codec, _ in one.ways] != ["ascii"] or len(one.data) > BORDERED or one.kind == STRONG_NAME:
        return None
    ways = [rb"^", _ESCAPE, _VENDORS, rb"[x*]", *(re.escape(part) for part in one.before)]
    if one.hyphened:
        ways += [rb"[^a-z0-9.]", rb"[^\x00-\x20,>;{}*/]\.", rb"^\."]
    else:
        ways += [rb"[^a-z0-9]"]
    return rb"(?:" + rb"|".join(ways) + rb")" + hexed(one.data)


def hexed(data: bytes) -> bytes:
    """A regular expression for just these bytes."""
    return b"".join(b"\\x%02x" % byte for byte in data)
