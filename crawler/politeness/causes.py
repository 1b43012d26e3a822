"""Why no answer came, in words: a person who reads how a run ended knows no class names."""

from __future__ import annotations

_WORDS = {
    "DownloadTimeoutError": "no complete answer in time", "DownloadConnectionRefusedError": "connection refused",
    "CannotResolveHostError": "host name not found or not public", "ResponseDataLossError": "answer cut short",
    "DownloadFailedError": "connection broken", "BadGzipFile": "answer cannot be decompressed", "NoRouteError": "no route to the host",
    "TCPTimedOutError": "no complete answer in time", "ConnectError": "no connection",
}  # fmt: skip
_NOT_REACHED = frozenset(("DownloadConnectionRefusedError", "CannotResolveHostError", "NoRouteError", "TCPTimedOutError", "ConnectError"))
"""Not DownloadTimeoutError: a server that takes the connection and says nothing keeps crawlers out."""


def in_words(error: BaseException) -> str:
    """A failure to get an answer, in words; the name of its class for one that has none."""
    return _WORDS.get(type(error).__name__, type(error).__name__)


def not_reached(error: BaseException, *, answered: bool) -> bool:
    """Was nobody there to answer? `answered`: the head of an answer came, though not all of it, or a redirect did."""
    return not answered and type(error).__name__ in _NOT_REACHED
