"""JSON-LD scripts: read, repaired where the damage is a common one, else that script alone is skipped and counted."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from crawler.extraction import schema_org
from crawler.extraction.claims import Claim
from crawler.extraction.json_text import loads
from crawler.extraction.mending import strict

_COMMENT = re.compile(r"/\*[^*]{0,200}\*/|<!--|-->|//\s*<!\[CDATA\[|//\s*\]\]>|<!\[CDATA\[|\]\]>")
_BLANK = re.compile(r"[\x00-\x20\u00a0\ufeff]+")
_TRAILING = re.compile(r",\s*([}\]])")
_MISSING = re.compile(r"([}\]\"])\s+(\"[\w@]{1,40}\"\s*:)")
_MOST_NODES = 20_000
_LARGEST = 4_000_000
"""Characters of one script that are read."""
_LARGEST_BROKEN = 300_000
"""Characters of a broken script that are worth mending."""
_LARGEST_GUESSED, _MOST_GUESSED = 100_000, 10
"""Characters of a broken script that are worth guessing at, and how many of a page's scripts: a tenth of a second each at most."""
ELSEWHERE = frozenset((
    "isrelatedto", "issimilarto", "isaccessoryorsparepartfor", "isconsumablefor", "review", "reviews", "aggregaterating",
    "itemreviewed", "isvariantof", "hasvariant",
))  # fmt: skip
"""Properties under which other articles stand."""


def load(script: str, *, guess: bool = True) -> Any:
    """The JSON of a script; None if it is none even after repair, by guessing as well if wished. Nesting is bounded by the parser (1,024)."""
    if len(script) > _LARGEST:
        return None
    try:
        return loads(script)
    except ValueError:
        pass
    for candidate in _repairs(script, guess and len(script) <= _LARGEST_GUESSED) if len(script) <= _LARGEST_BROKEN else ():
        try:
            return loads(candidate)
        except ValueError:
            continue
    return None


def _repairs(script: str, guess: bool) -> Iterator[str]:
    """The script with comments, control signs, trailing commas and a trailing semicolon taken away, entities read,
    commas put between members, objects that follow each other made a list, brackets closed or surplus ones dropped; at last as `strict` guesses it."""
    text = _BLANK.sub(" ", _COMMENT.sub(" ", script)).strip().rstrip(";").strip()
    if "&quot;" in text and '"' not in text:
        text = html.unescape(text)
    text = _MISSING.sub(r"\1,\2", _TRAILING.sub(r"\1", text))
    yield text
    yield "[" + re.sub(r"\}\s*,?\s*\{", "},{", text) + "]"
    yield _balanced(text)
    yield re.sub(r"\\(?![\"\\/bfnrtu])", r"\\\\", text)
    if guess:
        guessed = strict(text)
        yield guessed
        yield _balanced(guessed)


def _balanced(text: str) -> str:
    """The text with the brackets that are missing at its end, or without those too many."""
    wanted: list[str] = []
    quoted = escaped = False
    for place, sign in enumerate(text):
        if quoted:
            quoted, escaped = sign != '"' or escaped, sign == "\\" and not escaped
        elif sign == '"':
            quoted = True
        elif sign in "{[":
            wanted.append("}" if sign == "{" else "]")
            if len(wanted) > 1000:
                return text
        elif sign in "}]":
            if not wanted or wanted.pop() != sign:
                return text[:place]
            if not wanted:
                return text[: place + 1]
    return text.rstrip(", ") + ('"' if quoted else "") + "".join(reversed(wanted))


def claims(scripts: list[str], problems: list[str]) -> list[Claim]:
    """Product claims of all scripts in order; scripts beyond repair are named in `problems`."""
    documents = []
    for number, script in enumerate(scripts, 1):
        document = load(script, guess=number <= _MOST_GUESSED)
        if document is None and script.strip():
            problems.append(f"json-ld script {number} cannot be read")
        documents.append(document)
    products, offers, by_id = _nodes(documents)
    for node in products:
        _resolve(node, by_id)
    found = [schema_org.product_claim(node, "json-ld") for node in products]
    return found or [schema_org.offer_claim(node, "json-ld") for node in offers[:5]]


def _nodes(documents: list[Any]) -> tuple[list[Any], list[Any], dict[str, Any]]:
    products: list[Any] = []
    offers: list[Any] = []
    by_id: dict[str, Any] = {}
    stack: list[Any] = list(reversed(documents))
    seen = 0
    while stack and seen < _MOST_NODES:
        node = stack.pop()
        seen += 1
        if isinstance(node, list):
            stack.extend(reversed(node[:_MOST_NODES]))
        elif isinstance(node, dict):
            if isinstance(node.get("@id"), str) and len(node) > 1:
                by_id.setdefault(node["@id"], node)
            if schema_org.is_product(node):
                products.append(node)
            elif schema_org.kinds(node) & schema_org.OFFERS:
                offers.append(node)
            stack.extend(
                value for key, value in reversed(node.items())
                if isinstance(value, (dict, list)) and key.lower() not in ELSEWHERE
            )  # fmt: skip
    return products, offers, by_id


def _resolve(node: dict[str, Any], by_id: dict[str, Any]) -> None:
    """Put the nodes that `{"@id": ...}` points to in the place of the pointer."""
    for key in ("offers", "brand", "seller", "manufacturer"):
        value = node.get(key)
        if isinstance(value, dict) and len(value) == 1 and "@id" in value:
            node[key] = by_id.get(value["@id"] if isinstance(value["@id"], str) else "", value)
