"""Words that tell what kind of thing is offered, how many and in what condition (`config/offers/*.toml`)."""

from __future__ import annotations

from config.tables import Row, Table


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


class Number(Row):
    """Number words of one language that count articles.

    `words` gives each its value; `doubtful` ones mean something else as often (an article, `on` in English), and count
    only right before a counter or a name; `alone` ones (俩, 三つ, a dozen sealed) count articles without a counter.
    """

    id: str
    words: dict[str, int]
    doubtful: list[str] = []
    alone: list[str] = []
    why: str = ""


class Offers(Table):
    """All cues and number words."""

    cue: list[Cue]
    number: list[Number] = []
