"""The HTTP message of an archived response: cheap looks first, decoding only where a page has passed the gates."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?\s+200\b")
_TEXT = re.compile(rb"\ncontent-type:[^\r\n]*?(?:html|json|xml)", re.I)
_CODED = re.compile(rb"\n(?:content|transfer)-encoding:[ \t]*(?!identity)[^\r\n]", re.I)
_UNDONE = ("content-encoding", "transfer-encoding", "content-length")
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

    @property
    def body(self) -> bytes:
        """The body, without chunks and compression."""
        return self.data[self.start : self.end]

    @property
    def headers(self) -> dict[str, str]:
        """Header names in lower case, without those that were undone with the body's coding."""
        found = {}
        for line in self.head.split(b"\n")[1:]:
            name, mark, value = line.partition(b":")
            if mark and (key := name.strip().lower().decode("latin-1")) not in _UNDONE:
                found[key] = value.strip().decode("utf-8", "replace")
        return found


def message(data: bytes, start: int = 0, end: int | None = None) -> Message | None:
    """The message that stands in `data`, its body decoded from chunks and compression; None where it is no answer with text.

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
    body = _decoded(head, data[at:end])
    return Message(head, body, 0, len(body))


def _decoded(head: bytes, body: bytes) -> bytes:
    """The body out of its chunks and compression; as it is where it turns out not to be coded."""
    from warcio.bufferedreaders import ChunkedDataReader

    found = re.search(rb"\ncontent-encoding:[ \t]*([a-z-]+)", head, re.I)
    coding = found[1].decode().lower() if found else None
    out = []
    try:
        reader = ChunkedDataReader(
            io.BytesIO(body), decomp_type=coding if coding in ("gzip", "deflate", "br") else None
        )
        while piece := reader.read(1 << 20):
            out.append(piece)
    except (
        Exception
    ):  # what a broken coding leaves is looked at as far as it goes; the readers raise many kinds
        return b"".join(out) or body
    return b"".join(out)
