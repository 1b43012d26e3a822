"""Contact details that a listing's texts give, each in one form, so that two sellers with the same one can be tied.

Pure. The details leave this module only towards `storage`, which keeps a keyed hash of each and nothing else. They are
looked for only where the reading found a contact signal: elsewhere a number is a part number or a price.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from detector.reading.signals.contact import LINK
from detector.reading.text import fold

if TYPE_CHECKING:
    from detector.reading.model import Reading, Signal
    from storage.listing import Listing

SIGNAL = "off_platform_contact"

MOST = 8
"""Details kept of one listing; a text with more is a directory, and ties nobody."""

REACH = 40
"""Characters after the quoted words in which the account they announce stands."""

_MAIL = re.compile(r"[\w.+-]{2,40}@[\w-]{2,40}(?:\.[\w-]{2,40})+")
_PHONE = re.compile(r"(?<![\w.,/-])(?:\+\d|0\d|1[3-9]\d)(?:[ ().-]{0,2}\d){6,13}(?![\w*•-])")
_HANDLE = re.compile(r"(?<![\w.])@([a-z][\w.-]{3,31})")
# After "加V：" or "WeChat id": any word behind a colon, else one with a figure, a hyphen or an underscore in it.
_ACCOUNT = re.compile(
    r"\s*(?:id|号|號|handle)?\s*[:：]\s*@?(?!https?\b|www\.)([a-z0-9][a-z0-9_.-]{3,31})"
    r"|[^\w/]{0,3}(?=[a-z_.-]*[0-9_-])([a-z0-9][a-z0-9_.-]{4,31})",
    re.ASCII,
)
# What stands behind the words may be the goods again: "加V，RTX-4090 现货".
_GOODS = re.compile(
    r"rtx|gtx|nvidia|tesla|pcie|sxm|nvl|hgx|dgx|\d+gb|^[ablhv]\d{2,3}$|^gb?\d{3}$|^mi\d{3}", re.ASCII
)


def contacts(listing: Listing, reading: Reading) -> tuple[tuple[str, str], ...]:
    """(kind, detail) of each contact, sorted; kind is phone, mail, link or account. Empty without a contact signal."""
    signals = [signal for signal in reading.signals if signal.signal == SIGNAL]
    if not signals:
        return ()
    found = sorted(set(_of_texts(listing, signals)))
    return tuple(found) if len(found) <= MOST else ()


def _of_texts(listing: Listing, signals: Iterable[Signal]) -> Iterator[tuple[str, str]]:
    for name in {s.field for s in signals if s.field}:
        raw = getattr(listing, name, None)
        if not isinstance(raw, str):
            continue
        yield from _anywhere(fold(raw).text)
        for signal in signals:
            if signal.field == name and signal.end is not None:
                account = _ACCOUNT.match(fold(raw[signal.end : signal.end + REACH]).text)
                if account and not _GOODS.search(account[1] or account[2]):
                    yield from _account(account[1] or account[2])


def _anywhere(text: str) -> Iterator[tuple[str, str]]:
    """Details that show what they are wherever they stand."""
    for match in _MAIL.finditer(text):
        yield "mail", match[0].strip(".-")
    for match in LINK.finditer(text):
        service = match[0].partition("/")[0]
        if service == "wa.me":
            yield from _phone(match[1])
        elif service in ("t.me", "telegram.me"):
            yield from _account(match[1])
        else:
            yield "link", match[0].rstrip(".-")
    for match in _PHONE.finditer(text):
        yield from _phone(match[0])
    for match in _HANDLE.finditer(_MAIL.sub(" ", text)):
        yield from _account(match[1])


def _account(name: str) -> Iterator[tuple[str, str]]:
    name = name.strip("._-").casefold()
    if name.isdigit():
        yield from _phone(name)
    elif len(name) >= 4:
        yield "account", name


def _phone(text: str) -> Iterator[tuple[str, str]]:
    """The number without its country's exit and China's code, so that both ways of writing it meet; a stand-in is none."""
    figures = re.sub(r"\D", "", text).lstrip("0")
    if re.fullmatch(r"861[3-9]\d{9}", figures):
        figures = figures[2:]
    if 7 <= len(figures) <= 15 and len(set(figures)) >= 4:
        yield "phone", figures
