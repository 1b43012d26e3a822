"""The head of an answer is bounded too. Twisted bounds one line of it but not their number: a server that sends header after
header would fill the memory for as long as the time-out allows."""

from __future__ import annotations

from typing import Any

from twisted.web._newclient import HEADER, STATUS, HTTPClientParser

MAX_BYTES = 256 * 1024
"""Browsers stop at 256 KB or below; no shop comes near a tenth of it."""


class HeadTooLarge(ValueError):
    """Raised if the headers of an answer, those of interim answers (1xx) included, are larger than MAX_BYTES."""


_plain = HTTPClientParser.dataReceived


def _bounded(parser: Any, data: bytes) -> None:
    """Take bytes of an answer. Raises HeadTooLarge, which closes the connection."""
    if parser.state in (STATUS, HEADER):
        parser.head_bytes = getattr(parser, "head_bytes", 0) + len(data)
        if parser.head_bytes > MAX_BYTES:
            raise HeadTooLarge(f"headers of more than {MAX_BYTES // 1024} KB")
    _plain(parser, data)


def bound_heads() -> None:
    """Let every connection of this process end at the bound. Scrapy puts a parser class of its own in place, so the method of
    the class below it is replaced."""
    HTTPClientParser.dataReceived = _bounded  # type: ignore[method-assign]


def too_large(error: BaseException) -> bool:
    """Was it the bound that ended the answer? Scrapy wraps what Twisted wraps."""
    reasons = getattr(error.__cause__, "reasons", ())
    return any(reason.check(HeadTooLarge) for reason in reasons)
