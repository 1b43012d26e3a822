"""JSON that templates wrote by hand, made strict: quotes and backslashes within texts, members without a value, words and numbers
that only JavaScript knows. One pass, so that hostile text costs no more than its length."""

from __future__ import annotations

import re

_TEXT = re.compile(r'[^"\\]*')
_BETWEEN = re.compile(r'[^"]*')
_SIGNS = re.compile(r"[{}\[\],:]")
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})')
_ENDS = {
    "key": re.compile(r"\s*:"),
    "{": re.compile(r'\s*(?:,\s*(?:"|\}|$)|\}|$)'),
    "[": re.compile(r'\s*(?:,\s*(?:["{\[\]\d-]|true\b|false\b|null\b|$)|\]|$)'),
    "": re.compile(""),
}
"""What follows the quote that ends a text, by where the text stands."""
_NO_VALUE = re.compile(r":\s*(?=[,}\]])")
_NOTHING = re.compile(r"(?<![\w.+-])(?:undefined|NaN|None|-?Infinity)(?!\w)")
_TRUTH = re.compile(r"(?<!\w)(?:True|False)(?!\w)")
_ZEROS = re.compile(r"(?<![\w.+-])0\d+(?![\w.])")


def strict(text: str) -> str:
    """The text as strict JSON, as far as it can be guessed; not balanced, and not checked."""
    out: list[str] = []
    open_signs: list[str] = []
    last, place = "", 0
    while place < len(text):
        between = _BETWEEN.match(text, place)
        assert between is not None
        for sign in _SIGNS.findall(between[0]):
            last = sign
            if sign in "{[":
                open_signs.append(sign)
            elif sign in "}]" and open_signs:
                open_signs.pop()
        out.append(_plain(between[0]))
        place = between.end()
        if place < len(text):
            inside = open_signs[-1] if open_signs else ""
            place = _quoted(text, place, _ENDS["key" if inside == "{" and last in "{," else inside], out)
            last = ""
    return "".join(out)


def _quoted(text: str, place: int, ends: re.Pattern[str], out: list[str]) -> int:
    """Take the text that begins with the quote at `place`; the place behind its last quote."""
    out.append('"')
    place += 1
    while place < len(text):
        part = _TEXT.match(text, place)
        assert part is not None
        out.append(part[0])
        place = part.end()
        if text[place : place + 1] == '"':
            place += 1
            if ends.match(text, place):
                break
            out.append(r"\"")
        elif place < len(text):
            known = _ESCAPE.match(text, place)
            # No escape at all: `C:\pics`; one of another language: `it\'s`.
            out.append(known[0] if known else "" if text[place + 1 : place + 2] == "'" else r"\\")
            place = known.end() if known else place + 1
    out.append('"')
    return place


def _plain(text: str) -> str:
    """What stands between texts: signs, numbers and words."""
    text = _NO_VALUE.sub(":null", _TRUTH.sub(lambda found: found[0].lower(), _NOTHING.sub("null", text)))
    return _ZEROS.sub(lambda found: f'"{found[0]}"', text)
