"""A listing with its names and cue words found once, for every question that is asked of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from detector.reading.chips import Finder, Mention
from detector.reading.cues import Cues, Hits
from detector.reading.document import Document
from detector.reading.model import Price

if TYPE_CHECKING:
    from detector.reading.votes import Votes

TITLE_READ, TEXT_READ = 800, 30_000
"""Folded characters of a title and of a description in which the article, its number and its state are looked for: no
seller's are longer, and patterns stay within bounded time."""

OPENING = 70
"""Folded characters of a description that count as its opening: where a buyer or a workshop says what it is."""

SPOKEN_NUMBERS = 3060
"""Cards from this number on are called by it alone (4090); nothing else in a market place is."""

_LIST = re.compile(
    r"\s?(?:\d{1,3}\s?gb?)?\s?(?:[/、,，+&|]|\b(?:and|und|oder|or|y|e|o|и|или|và|hoặc|dan|atau|ve|veya|et|ou)\b|和|与|及|と|や|및|و)\s?"
)
"""What joins the names of a list."""

NOUN = 20
"""Folded characters before a word that dismisses, in which what is dismissed is named."""

_LAST_WORD = re.compile(r"([\u3040-\u30ff\u3400-\u9fff]|[\uac00-\ud7af]{2,}|[^\W\d_]{3,})(?=\W?$)")
"""A word of an alphabet, or the last letter of one in a script that does not part words."""
_NEXT_WORD = re.compile(r"\W?([\u3040-\u30ff\u3400-\u9fff]|[\uac00-\ud7af]{2,}|[^\W\d_]{4,})")
"""The same, first behind a denial."""

LEAST_LETTERS, BESIDE = 2, 8
"""Characters of a short name that its memory speaks for (`A2 16GB` is a card for cameras too), and between the two."""

_SIZE = re.compile(r"\d+")

_OF_SELLERS = ("sale", "new", "used", "used-text", "disguise", "dismissed", "each", "lot", "stock", "had", "number", "counter-any", "counter-card", "memory-size")
"""Cues of what sellers say of any goods."""

_NOUN = re.compile(r"[^\W\d_\u3040-\u9fff\uac00-\ud7af]{4,}|[\u30a0-\u30ff]{3,}|[\u3400-\u9fff\uac00-\ud7af]{2,}")
"""A word that may name an article."""

DEAR = 5
"""Share over which a price says nothing for the chip."""

NO_CHIP, CHIP = 0.05, 0.2
"""Shares of a chip's usual price: nothing under the first is the chip, what is over the second may well be."""


def _counted(text: str, at: int) -> bool:
    """Whether a number stands right before a position."""
    return bool(re.search(r"(?:\d|[^\W\d_]{3,})\s?$", text[max(0, at - 12) : at]))


@dataclass(frozen=True)
class Page:
    """A document seen through the catalogue and the cue words.

    `price_of` reads the displayed price as a sale's, `in_dollars` converts it, `worth` is what one chip of a catalogue
    row costs in USD: by these a fan is told from a card.
    """

    doc: Document
    finder: Finder
    cues: Cues
    price_of: Callable[[Document], Price | None] | None = None
    in_dollars: Callable[[Price, Document], float | None] | None = None
    worth: Mapping[str, float] = field(default_factory=dict)
    votes: Votes | None = None
    """The learned votes on offer kinds."""
    memo: dict[str, Any] = field(default_factory=dict)
    """Answers that several readers ask for."""

    @cached_property
    def rough_price(self) -> Price | None:
        """The displayed price, read as if one article were for sale."""
        return self.price_of(self.doc) if self.price_of else None

    @cached_property
    def price_share(self) -> float | None:
        """The displayed price as a share of the dearest chip that the title names; None where either is unknown, and for
        stand-ins that look like one, deposits, prices of time, and bids under the chip's price: these say nothing yet."""
        named = [m for m in self.named if m.base and m.field == "title"] or [m for m in self.named if m.base]
        return self._share(max((self.worth.get(str(m.base), 0.0) for m in named), default=0.0))

    @cached_property
    def least_share(self) -> float | None:
        """The same of the cheapest of the believed chips; None where one's price is unknown."""
        return self._share(
            min((self.worth.get(str(m.base), 0.0) for m in self.mentions if m.base), default=0.0)
        )

    def share_of(self, base: str | None) -> float | None:
        """The displayed price as a share of one chip's, by its row in the catalogue; None as for `price_share`."""
        return self._share(self.worth.get(base or "", 0.0))

    def _share(self, worth: float) -> float | None:
        price = self.rough_price if worth and not self.price["rental-price"] else None
        if (
            price is None
            or price.amount is None
            or price.currency is None
            or not (price.kind in ("asking", "range") or (price.little and not self.told))
        ):
            return None
        dollars = self.in_dollars(price, self.doc) if self.in_dollars else None
        share = dollars / worth if dollars is not None else None
        return None if price.bid and share is not None and share < 1 else share

    @cached_property
    def title(self) -> Hits:
        return self.cues.find(self.doc.text("title")[:TITLE_READ])

    @cached_property
    def description(self) -> Hits:
        return self.cues.find(self.doc.text("description")[:TEXT_READ])

    @cached_property
    def category(self) -> Hits:
        return self.cues.find(self.doc.text("category")[:TITLE_READ])

    @cached_property
    def price(self) -> Hits:
        return self.cues.find(self.doc.text("price_text")[:TITLE_READ])

    @cached_property
    def named(self) -> list[Mention]:
        """Every chip name of title and description, in order; what tells a chip indirectly only where none is named."""
        found = [
            mention
            for name, most in (("title", TITLE_READ), ("description", TEXT_READ))
            if name in self.doc.fields
            for mention in self.finder.find(name, self.doc.fields[name])
            if mention.end <= most
        ]
        return [m for m in found if not m.indirect] or found

    def hits(self, name: str) -> Hits:
        """Cue hits of title or description."""
        return self.title if name == "title" else self.description

    def opening(self, cue: str) -> bool:
        """Whether a cue stands in the first words of the description."""
        return any(hit.start < OPENING for hit in self.description[cue])

    @cached_property
    def hardware(self) -> bool:
        """Whether something speaks for graphics hardware: a firm word or a maker, or two things that are less."""
        parts = (self.title, self.description, self.category)
        if any(part["hardware"] or part["brand"] for part in parts) or self.price["rental-price"]:
            return True
        weak = {word for part in parts for word in part.words("hardware-weak")}
        return len(weak) + any(part["memory-size"] for part in parts) >= 2

    @cached_property
    def no_price(self) -> bool:
        return not self.doc.text("price_text").strip() and self.doc.listing.price_amount is None

    def believe_all(self) -> bool:
        """Take every name for a chip's, where none is believed. Returns whether there is one."""
        if not self.mentions:
            self.__dict__["mentions"] = list(self.named)
        return bool(self.mentions)

    @cached_property
    def mentions(self) -> list[Mention]:
        """The names that are believed: with hardware around them, and no other article that shares the name."""
        believed = {id(m): m for m in self.named if self._believed(m)}
        if not believed or len(believed) == len(self.named):
            return list(believed.values())
        for mention in self.named:
            if id(mention) not in believed and self._listed(mention, believed.values()):
                believed[id(mention)] = mention
        bases = {m.base for m in believed.values() if m.base}
        return [
            m for m in self.named if id(m) in believed or (m.base in bases and not self._homonym_beside(m))
        ]

    def _listed(self, mention: Mention, believed: Iterable[Mention]) -> bool:
        """A short name in one list with a believed one, which speaks for it: V100、T4、A10."""
        if self._homonym_beside(mention):
            return False
        text = self.hits(mention.field).text
        for other in believed:
            if other.field == mention.field and other.base and mention.base:
                between = (
                    text[other.end : mention.start]
                    if other.end <= mention.start
                    else text[mention.end : other.start]
                )
                if _LIST.fullmatch(between):
                    return True
        return False

    def _believed(self, mention: Mention) -> bool:
        if mention.system or mention.part:
            return True
        beside = self._homonym_beside(mention)
        if mention.sure or beside:
            return not beside
        if mention.key.isdigit() and int(mention.key) >= SPOKEN_NUMBERS:
            # Under a car's or a lamp's title that shares a chip's name, another chip is an aside ('swap for a PC with a 4090').
            # Nobody lets those by the hour: '4090s, solar powered, $0.14/hr'.
            return not self.homonymous or bool(self.price["rental-price"]) or (mention.field == "description" and not self.named_in_title)
        own = self.hits(mention.field)
        if any(
            0 <= mention.start - hit.end <= 1 and _counted(own.text, hit.start) for hit in own["counter-card"]
        ):
            return True  # '18 cards A40'
        if mention.field == "title" and own["homonym"] and not own["hardware"]:
            return False
        if self.told and mention.field == "description" and not self.named_in_title:
            return True
        if self.homonymous:  # a chip under another article's name
            told = own["hardware"] or own["brand"] or own["memory-size"] or len(own["hardware-weak"]) > 1
            return (
                mention.field == "description"
                and bool(told)
                and not self.named_in_title
                and (mention.strong or bool(own["hardware"]))
            )
        if mention.strong:
            return self.hardware or self._unshared or (not self._any_homonym and self._has_own_memory(mention))
        if self._unshared and self._has_own_memory(mention):
            return True
        if own["hardware"] or self.title["hardware"] or self.category["hardware"]:
            return True
        return (self.hardware and bool(own["memory-size"] or self.price["rental-price"])) or (
            self._unshared
            and self._chip_price
            and (bool(own["hardware-weak"] or own["memory-size"]) or self._plausible)
        )

    def _has_own_memory(self, mention: Mention) -> bool:
        """Whether a short name of letters has the chip's own memory right behind it: `A40 48GB`, `L4 24G`."""
        chip = self.finder.chips.get(mention.base or "")
        if chip is None or len(mention.key) < LEAST_LETTERS or mention.key.isdigit():
            return False
        own = self.hits(mention.field)
        behind = (hit for hit in own["memory-size"] if 0 <= hit.start - mention.end <= BESIDE)
        return any(int(size[0]) in chip.memory_gb for hit in behind if (size := _SIZE.search(own.text, hit.start, hit.end)))

    @cached_property
    def _unshared(self) -> bool:
        """Whether no word of another article stands anywhere and the price is no trifle."""
        if self._any_homonym or (self.description["homonym"] and not self._chip_price):
            return False
        return self.price_share is None or self.price_share > NO_CHIP

    @cached_property
    def _chip_price(self) -> bool:
        """Whether the price is one that a chip of the name has; a lamp's or a phone's is not."""
        return self.price_share is not None and self.price_share > CHIP

    @cached_property
    def _plausible(self) -> bool:
        """Whether nothing at all speaks of another article, and the price lies close to the chip's own."""
        return not self.description["homonym"] and self.price_share is not None and self.price_share < DEAR

    def _homonym_beside(self, mention: Mention) -> bool:
        """A homonym's word right beside the name: Coolpix A100, T4灯管, H100 helmet."""
        return any(
            (0 <= mention.start - hit.end <= 2) or (0 <= hit.start - mention.end <= 1)
            for hit in self.hits(mention.field)["homonym"]
        )

    @cached_property
    def named_in_title(self) -> bool:
        return any(m.field == "title" for m in self.named)

    @cached_property
    def _any_homonym(self) -> bool:
        return bool(self.title["homonym"] or self.category["homonym"])

    @cached_property
    def told(self) -> bool:
        """Whether the seller says that the title is not the article."""
        return bool(self.title["disguise"] or self.description["disguise"]) or self._dismissed

    @cached_property
    def _dismissed(self) -> bool:
        """Whether the text waves away what the title names, before it says what there is: 'the toaster is a decoy'."""
        if self.named_in_title:
            return False
        title, text = self.title.text, self.description.text
        before = (_LAST_WORD.search(text, max(0, hit.start - NOUN), hit.start) for hit in self.description["dismissed"])
        behind = (_NEXT_WORD.match(text, hit.end) for hit in self.description["not-this"])
        return any(word is not None and word[1] in title for word in (*before, *behind))

    @cached_property
    def disguised(self) -> bool:
        """Whether the title is said, or plainly seen, not to name the article."""
        return self.told or (self.homonymous and not self.named_in_title)

    @cached_property
    def feigned(self) -> bool:
        """Whether the title stands for another article, whatever it is: it names no chip and no hardware, its words are more than a
        seller's, and the section is one of other goods (a sewing machine among household goods), or the seller says so."""
        if self._dismissed:
            return True
        if self.named_in_title or any(self.title[cue] for cue in ("hardware", "hardware-weak", "brand")) or (self.title["computers"] and not self.description["disguise"]):
            return False
        elsewhere = bool(self.doc.text("category").strip()) and not any(
            self.category[cue] for cue in ("hardware", "hardware-weak", "market-category", "computers")
        )
        return (elsewhere or self.told) and _NOUN.search(self.title.without(_OF_SELLERS)) is not None

    @cached_property
    def homonymous(self) -> bool:
        """Whether the title speaks of another article and of no graphics hardware."""
        return self._any_homonym and not self.title["hardware"]
