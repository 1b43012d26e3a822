"""The names that one row of a screening list gives: the party's own, and what stands behind "a.k.a." or in brackets.

A list writes "Acme Company; and any successor, sub-unit, or subsidiary thereof", "Acme Research Institute 13 (ARI 13)"
and "PEARL (A.K.A. NEI-CHIEN CHU) LI". A seller writes one of these names, never the whole row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SUCCESSORS = re.compile(
    r"(?:\s*[;,]\s*(?:and\s+)?|\s+and\s+)(?:any|all|its|their)\b[^;]*\b(?:successor|sub-?unit|subsidiar|affiliate)\w*.*$", re.I | re.S
)
_KNOWN_AS = re.compile(
    r"""[\s,;]*(?:
        \b(?:also|formerly|previously|now|better)\s+known\s+as\b | \bdoing\s+business\s+as\b | \bformerly\b
        | \b[afn]\s?[./]\s?k\s?[./]\s?a\b\.? | \bd\s?[./]\s?b\s?[./]\s?a\b\.? | (?<=[\s(])(?:aka|fka|nka|dba)\b\.?
    )[\s,:]*(?:the\s+following\s+(?:\w+\s+)?alias(?:es)?\s*:?)?""",
    re.I | re.X,
)
_BRACKET = re.compile(r"\(([^()]*)\)")
_BETWEEN = re.compile(r"\s*;\s*(?:and\s+)?")
_FIRMS = re.compile(r"\b(?:ltd|limited|inc|llc|co|corp|company|gmbh|group)\b", re.I)
_HAN = re.compile("[\u3400-\u9fff]")


def squeeze(text: str) -> str:
    """One line, one blank between words."""
    return " ".join(text.split())


def names(name: str, others: str, places: str) -> tuple[str, tuple[str, ...]]:
    """A party's own name and its other ones. `others` is the list's column of them, parted by semicolons, `places` its addresses."""
    own, *more = _apart(_SUCCESSORS.sub("", squeeze(name)), places)
    for part in _BETWEEN.split(squeeze(others)):
        more += _apart(_SUCCESSORS.sub("", part.removeprefix("and ")), places)
    own = own or squeeze(name)  # "D.B.A. Corp" is called so
    return own, tuple(dict.fromkeys(alias for alias in more if alias and alias != own))


def _apart(text: str, places: str) -> list[str]:
    """The name that is meant first, then those beside it. Empty parts are left out, but for the first."""
    found: list[str] = []
    known_as = [b for b in _BRACKET.finditer(text) if _KNOWN_AS.match(b[1]) or _KNOWN_AS.match(f"({b[1]}", 1)]
    for bracket in known_as:
        found += _KNOWN_AS.split(bracket[1])
    for bracket in reversed(known_as):
        text = text[: bracket.start()] + text[bracket.end() :]
    own, *behind = (part for piece in _KNOWN_AS.split(text) for part in _BETWEEN.split(piece))
    for part in (own, *behind):
        found += _without_brackets(part, places)
    return [_trim(own), *filter(None, map(_trim, (*behind, *found)))]


def _without_brackets(text: str, places: str) -> Iterator[str]:
    bare, brackets = _BRACKET.sub(" ", text), list(_BRACKET.finditer(text))
    named = [b[1] for b in brackets if _is_name(b[1], bare, places, last=not _BRACKET.sub("", text[b.end() :]).strip(" .,;"))]
    if brackets and (named or len(bare.split()) > 1):  # one word beside a nickname is a mere surname
        yield bare
    yield from named


def _is_name(words: str, outside: str, places: str, *, last: bool) -> bool:
    """A bracket is a name of its own, not a town, a branch or a nickname: "(CETC 13)", "(AASPT)", "(MNC International, Inc.)"."""
    if re.search(r"\d", words) or _FIRMS.search(words) or bool(_HAN.search(words)) != bool(_HAN.search(outside)):
        return re.search(r"[^\W\d]", words) is not None
    if " " in words.strip():
        return last and words.casefold() not in places.casefold()
    initials = iter(word[0].casefold() for word in re.findall(r"\w+", outside))
    return last and words.isupper() and all(letter in initials for letter in words.casefold())


def _trim(text: str) -> str:
    return squeeze(text).strip(" ;,-")
