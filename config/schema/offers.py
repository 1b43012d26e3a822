"""Words that tell what kind of thing is offered, how many and in what condition (`config/offers/*.toml`)."""

from __future__ import annotations

from config.loader import Row, Table


class Cue(Row):
    """Words of one meaning in one language. `cue` is the meaning the reader acts on.

    A word is matched folded. In alphabetic scripts it stands alone unless it ends in `*` (any ending) or begins with
    `*` (any beginning); in Chinese, Japanese and Korean it may stand anywhere. `patterns` are regular expressions for
    what plain words cannot say; they are folded too and have to be written lower case.
    """

    id: str
    cue: str
    words: list[str] = []
    patterns: list[str] = []
    why: str = ""


class Offers(Table):
    """All cues."""

    cue: list[Cue]
