"""Does a stored page name a listing? Asked before an erasure, when all is still known that a page may name it by."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

LEAST = 5
"""Bytes from which on an id or the end of an address says by itself which listing is meant."""
LEAST_TITLE = 8
LEAST_CODED = 4
"""Bytes of a name in a charset that the page need not be in: two Chinese letters. Fewer stand in any text."""
LINE = 20_000
"""Bytes of a record up to which it may be a line of an imported file; pages of others have many figures."""
_CHARSETS = ("gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "cp1251", "koi8_r", "cp1252", "utf-16-le", "utf-16-be")
"""In which pages of the trade's languages come; the bytes are stored as they came."""
_JSON_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\(/)")
_TAG = re.compile(r"<[^<>]{0,2000}>")
_SPACE = re.compile(r"\s+")
_WIDE = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
"""Kana, Han and Hangul, which stand against the next word without a space."""
_GOES_ON = rf"[^\W_{_WIDE}]"
"""What after a name makes another name of it."""
_BETWEEN = rb"(?:[\s\0]|&nbsp;|<[^<>]{0,2000}>)+"


class Named:
    """What pages name a listing by. Falsely taken for it is at worst a page that bears its words as well.

    `addresses`, `ids` and `titles` are as the observations have them; of `titles` only those that no other listing of the site
    bears, the rest are `shared`. A short id counts where a record says that it is the listing's (`"listing_id": "77"`), or
    stands in one line with a shared title. What a person has `given` counts as a word of its own, if it `says_enough`.
    """

    def __init__(
        self, addresses: Iterable[str], ids: Iterable[str], titles: Iterable[str], shared: Iterable[str] = (), given: Iterable[str] = ()
    ) -> None:  # fmt: skip
        names = {word for address in addresses for word in _of_address(address)}
        short: set[str] = set()
        for name in ids:
            (names if len(name.encode()) >= LEAST else short).add(name)
        words = {_plain(title) for title in titles}
        names |= {word for word in words if len(word) >= LEAST_TITLE}
        said = {_plain(text) for text in given if says_enough(text)}
        bounded = [*map(_by_itself, sorted(said, key=len, reverse=True)), *(_bounded(name) for name in sorted(names, key=len, reverse=True)),
                   *(rf'"listing_id"\s*:\s*"?{re.escape(name)}"?\s*[,}}]' for name in sorted(short))]  # fmt: skip
        self._text = re.compile("|".join(bounded)) if bounded else None
        self._id = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(short))) if short else None
        self._shared = [_plain(title) for title in shared]
        coded = sorted({code for name in names | said if not name.isascii() for code in _coded(name) if len(code) >= LEAST_CODED})
        self._bytes = re.compile(b"|".join(coded)) if coded else None

    def in_(self, plain: bytes) -> bool:
        """Whether these bytes name the listing, in whatever charset and with the escapes of HTML, JSON and addresses."""
        if self._text is None and self._id is None:
            return False
        text = plain.decode("utf-8", "replace")
        unescaped = html.unescape(_JSON_ESCAPE.sub(_character, text))
        # Words stand in running text; addresses in the tags between.
        looked = (text, unescaped, unquote(unescaped), _plain(_TAG.sub(" ", unescaped)), _plain(_TAG.sub("", unescaped)))
        if self._id and len(plain) < LINE and self._id.search(unescaped.partition("\r\n\r\n")[2]) and any(title in looked[3] for title in self._shared):
            return True
        return bool(self._text and any(self._text.search(found) for found in looked)) or bool(self._bytes and self._bytes.search(plain))


def _of_address(address: str) -> set[str]:
    """An address as pages write it: whole, from the root of its host, or from the page's own folder."""
    parts = urlsplit(address)
    query = f"?{parts.query}" if parts.query else ""
    path, last = parts.path + query, parts.path.rpartition("/")[2] + query
    found = {address, unquote(address)}
    found |= {path} if len(parts.path.strip("/")) and len(path) > LEAST else set()
    # Without a figure it is the name of a page that every shop has.
    return found | ({last} if len(last) >= LEAST and re.search(r"\d", last) else set())


def _bounded(name: str) -> str:
    """The name as a pattern: no end of a longer figure, no beginning of a longer word."""
    before = r"(?<!\d)" if name[0].isdigit() else ""
    after = "" if re.match(f"[{_WIDE}]", name[-1]) else f"(?!{_GOES_ON})"
    return f"{before}{re.escape(name)}{after}"


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def says_enough(word: str) -> bool:
    """Whether a word that a person gives may name a listing: `Ли` does, a letter or a short number stands on every page."""
    plain = _plain(word)
    return len(plain) >= (LEAST if plain.isdecimal() else 2)


def _by_itself(word: str) -> str:
    """The word with no letter or figure beside it; in scripts without spaces others may touch it."""
    before, after = ("" if edge.lower() == edge.upper() and not edge.isdigit() else bound for edge, bound in
                     ((word[0], r"(?<!\w)"), (word[-1], r"(?!\w)")))  # fmt: skip
    return f"{before}{re.escape(word)}{after}"


def _character(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16)) if escape[1] else "/"


def _coded(name: str) -> set[bytes]:
    """The name in each charset, as patterns; between its words may stand more than a space."""
    found = set()
    for charset in _CHARSETS:
        try:
            found.add(_BETWEEN.join(re.escape(word.encode(charset)) for word in name.split()))
        except UnicodeEncodeError:
            continue
    return found
