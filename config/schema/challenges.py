"""`config/challenges.toml`: by what pages a site tells automatic visitors to prove that they are human, or to log in."""

from __future__ import annotations

from typing import Literal

from config.tables import Row, Table


class Mark(Row):
    """One sign. `text` is matched without regard to case."""

    id: str
    kind: Literal["challenge", "login"] = "challenge"
    where: Literal["header", "title", "body", "path"]
    """`header`: name or `name: value` of a response header; `path`: part of the address after redirects."""
    text: str
    statuses: tuple[int, ...] = ()
    """Only for these status codes; empty = any."""
    max_kb: int | None = None
    """Only on pages this small: real pages carry the same scripts for their forms."""
    why: str
    """Whose page it is, and where that was learned."""


class Challenges(Table):
    """challenges.toml"""

    mark: list[Mark] = []
