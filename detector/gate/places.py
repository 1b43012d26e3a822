"""Where on a page a name stands: the extraction reads neither styles nor code nor addresses, so a name there is none."""

from __future__ import annotations

import re

_STYLE, _SCRIPT = b"<style", b"<script"
_TELLING = (b"rice", b"sku", b"Sku", b"SKU", b"brand")
"""One of these stands in each script from which the extraction takes an article (`crawler.extraction.state`)."""
_JSON = re.compile(rb"<script[^>]{0,300}json", re.I)
_UNREAD = re.compile(
    rb"""[\s"'/](?:class|style|href|xlink:href|src|srcset|d|points|id|action|data-[a-z0-9_-]+|on[a-z]+)\s*=\s*"""
    rb"""(?:"[^"]*|'[^']*|[^\s"'>]*)$""",
    re.I,
)
"""Attributes that are not read, up to a place in their value. A picture in base64 stands in one."""
_TAG_REACH = 200_000


class Places:
    """Tells places of one page apart; it begins at `base` of `body`. Make one for each page that holds anything."""

    __slots__ = ("base", "body", "known")

    def __init__(self, body: bytes, base: int = 0) -> None:
        self.body, self.base = body, base
        self.known: dict[bytes, tuple[int, int, bool]] = {}
        """By kind of element: from where to where it is known to stand or not to stand, and which."""

    def is_read(self, at: int) -> bool:
        """Whether what stands there may come into a listing. It errs to yes."""
        return not (self._inside(_SCRIPT, at) or self._inside(_STYLE, at) or self._in_attribute(at))

    def _inside(self, tag: bytes, at: int) -> bool:
        first, last, unread = self.known.get(tag, (0, -1, False))
        if not first <= at < last:
            first, last, unread = self.known[tag] = self._around(tag, at)
        return unread

    def _around(self, tag: bytes, at: int) -> tuple[int, int, bool]:
        """The stretch around a place that is one element of that kind, or has none; and whether it is one that is not read."""
        body = self.body
        opened = body.rfind(tag, self.base, at)
        closed = _closing(body, tag, opened, at) if opened >= 0 else -1
        if opened < 0 or closed >= 0:
            after = body.find(tag, at)
            return max(closed, self.base), (after if after >= 0 else len(body)), False
        closing = _closing(body, tag, at, len(body))
        last = closing if closing >= 0 else len(body)
        return opened, last, tag == _STYLE or not self._tells(opened, last)

    def _tells(self, opened: int, last: int) -> bool:
        if _JSON.match(self.body, opened, last):
            return True
        return any(self.body.find(sign, opened, last) >= 0 for sign in _TELLING)

    def _in_attribute(self, at: int) -> bool:
        body = self.body
        opened = body.rfind(b"<", max(self.base, at - _TAG_REACH), at)
        if opened < 0 or not body[opened + 1 : opened + 2].isalpha():
            return False
        return body.find(b">", opened, at) < 0 and _UNREAD.search(body, opened, at) is not None


def _closing(body: bytes, tag: bytes, start: int, end: int) -> int:
    """Where an element's end begins, in any case of letters, -1 where there is none."""
    name = tag[1:]
    at = body.find(b"</", start, end)
    while at >= 0 and body[at + 2 : at + 2 + len(name)].lower() != name:
        at = body.find(b"</", at + 2, end)
    return at
