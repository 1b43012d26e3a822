"""Small helpers for JSON answers of other people's servers: nothing has the type it should have."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

DEEP = 200
"""No honest answer nests deeper; a deeper one would exhaust the stack."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Secrets of an API by the name of their environment variable, and the token got with them.

    They go into requests only: never into an address that is stored, a log or an error.
    """

    values: dict[str, str] = field(repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """One JSON object, asked for members of a kind."""

    data: dict[str, Any]

    def dict(self, key: str) -> dict[str, Any]:
        """The member if it is an object, else an empty one."""
        value = self.data.get(key)
        return value if isinstance(value, dict) else {}


def decode_json(body: bytes) -> Any:
    """The decoded JSON, or None if it is none. Amounts written as numbers keep all their digits (Decimal text)."""
    if not shallow(body):
        return None
    try:
        return json.loads(body, parse_float=str)
    except (ValueError, RecursionError):
        return None


def shallow(body: bytes | str) -> bool:
    """Is the nesting of brackets below DEEP? Brackets in strings count too, which only makes the answer stricter."""
    data = body.encode("utf-8", "replace") if isinstance(body, str) else body
    if data.count(b"[") + data.count(b"{") < DEEP:
        return True
    depth = 0
    quoted = escaped = False
    for code in data:
        if quoted:
            quoted, escaped = (code != 0x22 or escaped), (code == 0x5C and not escaped)
        elif code == 0x22:
            quoted = True
        elif code in (0x5B, 0x7B):
            depth += 1
            if depth > DEEP:
                return False
        elif code in (0x5D, 0x7D):
            depth -= 1
    return True


def text_of(value: Any) -> str:
    """Text of a scalar; lists and objects give nothing."""
    return "" if value is None or isinstance(value, (dict, list)) else str(value)


def amount(money: dict[str, Any]) -> tuple[str | None, str | None]:
    """`{"value": "6288.00", "currency": "USD"}` -> amount text and currency; nothing that is no number passes."""
    from decimal import Decimal, InvalidOperation

    try:
        figure = Decimal(text_of(money.get("value")))
    except InvalidOperation:
        return None, None
    return (
        (text_of(money["value"]), text_of(money.get("currency")) or None)
        if figure.is_finite()
        else (None, None)
    )


def plain_text(markup: Any) -> str | None:
    """Visible text of an HTML fragment, one line a block; None if there is none."""
    if not isinstance(markup, str) or not markup.strip():
        return None
    if "<" not in markup and "&" not in markup:
        return markup.strip()
    from crawler import dom

    try:
        body = dom.parse(markup).body
    except dom.TooDeep:
        return None
    return dom.visible_text(body) or None if body else None
