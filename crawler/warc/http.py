"""The HTTP message of an archived response: cheap looks first, decoding only where it is an answer with text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.coding import HEADERS, codings, undone
from crawler.warc.pieces import LARGEST

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?\s+200\b")
_TEXT = re.compile(rb"\ncontent-type:[^\r\n]*?(?:html|json|xml)", re.I)
_CODED = re.compile(rb"\n(?:content|transfer)-encoding:[ \t]*(?!identity)[^\r\n]", re.I)
_CODING = re.compile(rb"\n(content|transfer)-encoding:[ \t]*([^\r\n]*)", re.I)
_FOLD = re.compile(rb"[ \t]*\r?\n(?=[ \t])")
"""Where a header goes on in the next line, as old servers write long ones."""
_HEAD = 64 << 10
"""Bytes in which the head has to end."""


@dataclass(frozen=True, slots=True)
class Message:
    """A response with status 200 and text: its head, and its body, which stands in `data` from `start` up to `end`. It is not
    cut out, since most bodies are looked at once and forgotten."""

    head: bytes
    data: bytes
    start: int
    end: int
    cut: bool = False
    """Whether there was more than is ever read; such a body is unpacked no further."""
    problem: str | None = None
    """What is broken of the body's coding: the rest is missing."""

    @property
    def body(self) -> bytes:
        """The body, without chunks and compression."""
        return self.data[self.start : self.end]

    @property
    def headers(self) -> dict[str, str]:
        """Header names in lower case, without those that were undone with the body's coding."""
        found = {}
        for line in _FOLD.sub(b"", self.head).split(b"\n")[1:]:
            name, mark, value = _text(line).partition(":")
            if mark and (key := name.strip().lower()) not in HEADERS:
                found[key] = value.strip()
        return found


def _text(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def message(data: bytes, start: int = 0, end: int | None = None, most: int = LARGEST) -> Message | None:
    """The message that stands in `data`, its body decoded from chunks and compression up to `most` bytes (one that is not packed stays
    as it is, however long); None where it is no answer with text. Raises `crawler.coding.CodingError` for a body that cannot be decoded.

    Archives made by crawlers hold bodies already decoded, so the common case costs a search in some hundred bytes.
    """
    end = len(data) if end is None else end
    if not _STATUS.match(data, start, end):
        return None
    limit, size = min(end, start + _HEAD), 4
    over = data.find(b"\r\n\r\n", start, limit)
    if over < 0:
        over, size = data.find(b"\n\n", start, limit), 2
        if over < 0:
            return None
    head, at = data[start:over], over + size
    if not _TEXT.search(head):
        return None
    if not _CODED.search(head):
        return Message(head, data, at, end)
    told = {b"content": "", b"transfer": ""}
    for kind, value in _CODING.findall(head):
        told[kind.lower()] += f",{value.decode('latin-1')}"
    body = undone(data[at:end], codings(told[b"content"], told[b"transfer"]), most)
    return Message(head, body.data, 0, len(body.data), body.cut, body.problem)
