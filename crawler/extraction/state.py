"""Embedded state: the JSON that scripts carry for themselves (`__NEXT_DATA__`, `window.__STATE__ = {...}`, data layers).

State names things as it likes and holds many articles; only an object that is named like the page's title, or whose number
stands in the page's address, speaks of the page's own. Its price may be in cents, so it is believed only where the page
confirms it (see `merge`).
"""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from crawler.extraction.claims import Claim
from crawler.extraction.json_text import loads
from crawler.extraction.merge import likeness
from crawler.extraction.words import squeezed

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from crawler.extraction.words import Words

_ASSIGNED = re.compile(r"=\s{0,5}(?=[{\[]\s{0,20}[\"{\[])")
_PUSHED = re.compile(r"ata[lL]ayer\w{0,20}(?:\.push\(|\s{0,3}=)\s{0,5}(?=[{\[])")
_SIGNS = ("rice", "sku", "Sku", "SKU", "brand")
"""One of these stands in every script that tells of an article."""
_PARSED = re.compile(r"JSON\.parse\(\s{0,3}(\"(?:[^\"\\]|\\.){20,2000000}\")\s{0,3}\)")
_BARE_KEY = re.compile(r"([{,]\s{0,20})([A-Za-z_$][\w$]{0,40})\s{0,5}:")
_LARGEST = 3_000_000
_LARGEST_LOOSE = 20_000
"""Characters of an object written as a script rather than as JSON that are worth mending."""
_MOST_SCRIPTS = 120
_MOST_OBJECTS = 40
_MOST_TRIES = 200
_MOST_LOOSE = 20
"""Beginnings of objects in one script that are tried: each try of a hostile one costs up to a millisecond."""
_MOST_NODES = 40_000
_ENOUGH_LIKE = 0.6
_decoder = json.JSONDecoder()


def documents(scripts: list[LexborNode]) -> list[Any]:
    """The JSON values in the page's scripts, in order; what cannot be read is passed over."""
    found: list[Any] = []
    for script in scripts[:_MOST_SCRIPTS]:
        kind = (script.attributes.get("type") or "").lower()
        if "ld+json" in kind or "src" in script.attributes:
            continue
        text = script.text(deep=True) or ""
        if not 20 <= len(text) <= _LARGEST or not any(sign in text for sign in _SIGNS):
            continue
        if "json" in kind:
            found += _strict(text)
        elif not kind or "javascript" in kind or kind == "module":
            found += _assigned(text)
        if len(found) >= _MOST_OBJECTS:
            break
    return found


def _strict(text: str) -> list[Any]:
    try:
        return [loads(text)]
    except ValueError:
        return []


def _assigned(text: str) -> list[Any]:
    """Objects behind an equals sign that are JSON, data layers that are nearly so, and JSON in a string."""
    found: list[Any] = []
    end = 0
    for match in islice(_ASSIGNED.finditer(text), _MOST_TRIES):
        if match.end() < end or len(found) >= _MOST_OBJECTS:
            continue
        try:
            value, end = _decoder.raw_decode(text, match.end())
        except (ValueError, RecursionError):
            continue
        found.append(value)
    for match in islice(_PUSHED.finditer(text), _MOST_LOOSE) if "ata" in text else ():
        value = _loose(text[match.end() : match.end() + _LARGEST_LOOSE]) if match.end() >= end else None
        if isinstance(value, (dict, list)) and len(found) < _MOST_OBJECTS:
            found.append(value)
    for match in islice(_PARSED.finditer(text), _MOST_LOOSE) if "JSON.parse" in text else ():
        try:
            found += _strict(loads(match[1]))
        except (ValueError, TypeError):
            continue
    return found


def _loose(text: str) -> Any:
    """An object with bare keys, single quotes or trailing commas, cut at its closing bracket; None if it is more than that."""
    depth = 0
    quote = ""
    for place, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote and text[place - 1] != "\\" else quote
        elif sign in "\"'`":
            quote = sign
        elif sign in "{[":
            depth += 1
        elif sign in "}]":
            depth -= 1
            if depth == 0:
                text = text[: place + 1]
                break
    else:
        return None
    if '"' not in text:
        text = text.replace("'", '"')
    text = re.sub(r",\s{0,50}([}\]])", r"\1", _BARE_KEY.sub(r'\1"\2":', text))
    values = _strict(text)
    return values[0] if values else None


def claims(found: list[Any], titles: list[str], url: str | None, words: Words) -> list[Claim]:
    """What state says of the page's own article, the fullest object first; at most two objects are asked."""
    scored: list[tuple[float, int, Claim]] = []
    stack = list(reversed(found))
    seen = 0
    while stack and seen < _MOST_NODES:
        node = stack.pop()
        seen += 1
        if isinstance(node, dict):
            claim = _claim(node, words)
            points = _points(claim, titles, url or "") if claim else 0.0
            if claim and points > 0:
                scored.append((points, -len(scored), claim))
            stack.extend(value for value in reversed(node.values()) if isinstance(value, (dict, list)))
        elif isinstance(node, list):
            stack.extend(value for value in reversed(node[:2000]) if isinstance(value, (dict, list)))
    scored.sort(key=lambda row: row[:2], reverse=True)
    return [claim for _, _, claim in scored[:2]]


def _claim(node: dict[str, Any], words: Words) -> Claim | None:
    """The facts of one object by the names of its keys; None if it names nothing, or has no number, price or maker."""
    best: dict[str, tuple[int, Any]] = {}
    for key, value in list(node.items())[:300]:
        if value is None or value == "" or len(key) > 40:
            continue
        known = words.key_of(key)
        if known is not None and (known[0] not in best or known[1] < best[known[0]][0]):
            best[known[0]] = (known[1], value)
    if not best.keys() & {"price", "sku", "brand", "mpn", "gtin"} or not best.keys() & {"name", "sku"}:
        return None
    claim = Claim("state")
    for field, (_, value) in best.items():
        if field == "price":
            _put_price(claim, value, words)
        elif field == "availability":
            claim.put(field, str(value).lower() if isinstance(value, bool) else value)
        elif field == "gone" and isinstance(value, bool):
            claim.put("availability", "OutOfStock" if value else "InStock")
        elif field not in ("price_part", "gone"):
            claim.put(field, _literal(value))
    return claim


def _literal(value: Any) -> Any:
    if isinstance(value, dict):
        return next(
            (value[key] for key in ("name", "value", "label", "title") if isinstance(value.get(key), str)),
            None,
        )
    return value


def _put_price(claim: Claim, value: Any, words: Words) -> None:
    if isinstance(value, dict):
        parts = {squeezed(key): part for key, part in list(value.items())[:100]}
        for name in words.keys["price_part"]:
            # A price written out says where its decimals are; a bare number may be in cents.
            if isinstance(part := parts.get(name), str) and len(part) <= 40 and words.prices.has_mark(part):
                claim.put("price", part)
        for name in words.keys["price_part"]:
            part = parts.get(name)
            if isinstance(part, dict):
                part = part.get("value") or part.get("amount")
            if isinstance(part, (int, float, str)) and not isinstance(part, bool):
                claim.put("price", part)
        for name in words.keys["currency"]:
            claim.put("currency", parts.get(name))
    else:
        claim.put("price", value)


def _points(claim: Claim, titles: list[str], url: str) -> float:
    name = claim.facts.get("name", "")
    like = max((likeness(name, title) for title in titles if title), default=0.0) if len(name) > 3 else 0.0
    number = claim.facts.get("sku", "")
    in_url = len(number) >= 5 and number.lower() in url.lower()
    if like < _ENOUGH_LIKE and not in_url:
        return 0.0
    if " " not in name.strip() and like >= _ENOUGH_LIKE and not in_url:
        return 0.0
    return (
        like
        + in_url
        + 0.5 * len(claim.facts.keys() & {"price", "sku", "brand", "mpn", "gtin", "availability"})
    )
