"""What is offered (`config/offers.toml`): words that tell a card from a cooler, a seller from a buyer, stock from sales."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import field_validator

from config.loader import Row, Table

Meaning = Literal[
    "accessory", "accessory_text", "wanted", "service", "other", "other_text", "rental", "rental_text", "goods", "fits", "pc",
    "new", "used", "refurbished", "parts", "not_condition", "unit", "stock", "not_stock", "each", "dead_board",
]  # fmt: skip


class Words(Row):
    """Patterns with one meaning. They are regular expressions on folded text; `title_only` ones look at the title alone."""

    id: str
    meaning: Meaning
    patterns: tuple[str, ...]
    reason: str

    @field_validator("patterns")
    @classmethod
    def _compile(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
        return value


class Cue(Row):
    """Words and patterns with one meaning, found in one pass over a text. `cue` names the meaning."""

    id: str
    cue: str
    words: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    reason: str = ""


class Offers(Table):
    """offers.toml"""

    words: list[Words] = []
    cue: list[Cue] = []
