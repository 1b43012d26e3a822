"""The words of `config/extraction.toml`, compiled once for fast reading of pages."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from crawler.extraction.cues import Cues
from crawler.extraction.prices import DASHES, PriceReader

if TYPE_CHECKING:
    from config.schema.extraction import Extraction
    from config.schema.money import Money

PRICE, CURRENT, STRUCK, RELATED, TILE, SHIPPING, INSTALMENT, SAVING, PER_MEASURE, STOCK, HIDDEN, BRAND, OTHER_GOODS = (
    1 << bit for bit in range(13)
)
"""What a part of a page is for, as bits; the names are those of `Naming` rows."""
BITS = {
    "price": PRICE, "current": CURRENT, "struck": STRUCK, "related": RELATED, "tile": TILE, "shipping": SHIPPING, "instalment": INSTALMENT,
    "saving": SAVING, "per_measure": PER_MEASURE, "stock": STOCK, "hidden": HIDDEN, "brand": BRAND, "other_goods": OTHER_GOODS | RELATED,
}  # fmt: skip
PRESSED, OTHERS, PARTED, MONEY, UNPRICED, SAYS = 1, 2, 4, 8, 16, 32
"""Bits of cues: a button's words, a heading over other goods, a label and its value in one text, a currency's mark, a price
told on request, and from `SAYS` on one bit for each row of availability."""
SUMS = (
    "struck", "listed", "shipping", "instalment", "saving", "per_measure", "per_time", "untaxed", "deposit", "service", "threshold", "reward", "plan",
    "tax", "conditional",
)  # fmt: skip
"""Wordings that say that a figure is not the asked price."""
PARTINGS = (":", "：", "#", "°", r"nr\.", r"no\.")
"""What stands between a label and its value."""
_TOKEN = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![^\W\d_A-Z])")
AROUND = " :：*–\u00a0\u200e\u200f"
"""Signs around a label that are no part of it."""
_NOISE = re.compile(r"[\s\-_]+")
_LONGEST_NAME = 300
"""Characters of a class attribute that are looked at; longer ones are a hostile page or generated style names."""


class Words:
    """Compiled words; one instance serves any number of pages."""

    def __init__(self, knowledge: Extraction, money: Money) -> None:
        self.prices = PriceReader(money, knowledge.local_mark)
        self.tokens: dict[str, int] = {}
        self.tags: dict[str, int] = {}
        for row in knowledge.naming:
            for token in row.tokens:
                self.tokens[token] = self.tokens.get(token, 0) | BITS[row.id]
            for tag in row.tags:
                self.tags[tag] = self.tags.get(tag, 0) | BITS[row.id]
        self.stems = [
            (re.compile("|".join(map(re.escape, row.stems))), BITS[row.id])
            for row in knowledge.naming
            if row.stems
        ]
        self.wording: dict[str, re.Pattern[str]] = {row.id: _any(row.patterns) for row in knowledge.wording}
        self.pressed = _any(
            tuple(p for row in knowledge.wording if row.id in ("buy", "ask") for p in row.patterns)
        )
        """What buttons say that buy or ask."""
        self.on_request = re.compile(rf"(.{{0,25}}?)[\s:：]*(?:{self.wording['on_request'].pattern})")
        """What stands in the place of a price, with a label before it."""
        more, pieces = self.wording["or_more"].pattern, self.wording["pieces"].pattern
        self.tier = re.compile(rf"(?:(?:{more})\s?)?(\d{{1,6}})\s?([-–—~〜～]\s?\d{{1,6}})?\s?((?:{pieces})\.?)?\s?({more})?")
        """The label of a price that is asked for so many: `5-9`, `10+`, `from 50 pcs`; the first group is the least of them, the
        others are empty where it is a bare number."""
        said = [row for row in knowledge.availability if row.patterns]
        self.says = [(_any(row.patterns), row.id, SAYS << place) for place, row in enumerate(said)]
        patterns: dict[str, tuple[str, ...]] = {row.id: row.patterns for row in knowledge.wording}
        self.cues = Cues(
            {PRESSED: patterns["buy"] + patterns["ask"], OTHERS: patterns["heading_related"], PARTED: PARTINGS}
            | {MONEY: tuple(map(re.escape, (*self.prices.marks, *DASHES))), UNPRICED: patterns["unpriced"] + patterns["on_request"]}
            | {SAYS << place: row.patterns for place, row in enumerate(said)}
        )
        """Which of the wordings above may stand in a text."""
        self.wording_bits: dict[str, int] = {row.id: 1 << place for place, row in enumerate(knowledge.wording)}
        self.sums = Cues({self.wording_bits[name]: patterns[name] for name in SUMS})
        """Which of the wordings about a figure may stand in the words around it."""
        self.values = {value: row.id for row in knowledge.availability for value in row.values}
        self.labels: dict[str, str] = {
            word: row.id for row in knowledge.label for word in (*row.words, *row.weak)
        }
        self.weak_labels = frozenset(word for row in knowledge.label for word in row.weak)
        self.keys: dict[str, dict[str, int]] = {
            row.id: {name: rank for rank, name in enumerate(row.names)} for row in knowledge.key
        }
        self._fields_by_key = {
            name: (row.id, rank) for row in knowledge.key for rank, name in enumerate(row.names)
        }
        self.key_of = lru_cache(maxsize=8192)(self._key_of)
        self.conditions = {row.id: row.says for row in knowledge.condition}
        self.brand_phrases = [re.compile(phrase, re.I) for phrase in knowledge.brand_phrases]
        self.placeholder = re.compile(f"(?:{'|'.join(knowledge.placeholder)})$", re.I)
        self.marks_of = lru_cache(maxsize=4096)(self._marks_of)

    def _key_of(self, key: str) -> tuple[str, int] | None:
        """The field that a key of embedded state stands for, and how sure it is (0 = surest)."""
        return self._fields_by_key.get(squeezed(key))

    def _marks_of(self, name: str) -> int:
        """Bits of a class name, id or itemprop."""
        name = name[:_LONGEST_NAME]
        bits = 0
        for token in _TOKEN.findall(name):
            bits |= self.tokens.get(token.lower(), 0)
        lower = name.lower()
        for pattern, bit in self.stems:
            if pattern.search(lower):
                bits |= bit
        # 'discountPrice' is the price after the discount.
        return bits & ~SAVING | CURRENT if bits & PRICE and bits & SAVING else bits

    def field_of(self, label: str) -> str | None:
        """The field that a label in a table of facts stands for."""
        folded = label.strip(AROUND).lower()
        found = self.labels.get(folded)
        return self.labels.get(folded.rstrip(" -")) if found is None and folded.endswith((" ", "-")) else found

    def is_weak(self, label: str) -> bool:
        """Does the label mean other things as well?"""
        return _folded(label) in self.weak_labels or _folded(label).rstrip(" -") in self.weak_labels

    def says_nothing(self, value: str) -> bool:
        """Is the value a stand-in such as `n/a`?"""
        return not value or self.placeholder.match(value) is not None


def _folded(label: str) -> str:
    return label.strip(AROUND).lower()


def _any(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """For text in lower case: the flag for any case makes alternations three times slower."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


def squeezed(text: str) -> str:
    """Lower case without blanks, `-` and `_`: how keys and markup values are compared."""
    return _NOISE.sub("", text).lower()


@lru_cache(maxsize=1)
def shipped() -> Words:
    """The words that the program ships with."""
    from config.loader import Config

    config = Config()
    return Words(config.extraction, config.money)
