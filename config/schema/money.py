"""What sellers' money words mean: `config/money/*.toml`. Words are written as sellers write them; readers fold them."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from config.tables import Row, Table

Iso = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Currency(Row):
    """A currency and the marks that mean it wherever they stand. The lower-cased id is one of them unless `coded` is false."""

    id: Iso
    countries: tuple[str, ...] = ()
    """Where an amount without any mark is in this currency (ISO 3166 alpha-2)."""
    marks: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    """Marks that only follow a figure: 円."""
    capitals: bool = False
    """The code is a word as well, and counts in capitals only: TRY, MAD."""
    coded: bool = True
    """False: the code names something else in this trade, and is never read as money."""
    whole: bool = False
    """No hundredths in use, so one separator before three digits parts thousands."""
    thousandths: bool = False
    """Three decimals are in use."""
    least: Decimal
    """No working accelerator is sold for less (about 15 USD): a displayed price under it is a stand-in."""
    bare: int | None = None
    """What a figure under `least` without any mark is counted in: sellers in Korea write 265 for 265만."""
    why: str


class SharedMark(Row):
    """Marks that several currencies use: decided by country, then by language, else by `otherwise`."""

    id: str
    marks: tuple[str, ...]
    place: Literal["before", "after", "both"] = "both"
    by_country: dict[str, Iso] = {}
    by_language: dict[str, Iso] = {}
    rent_by_country: dict[str, Iso] = {}
    """What it means on pages that offer rent, where that differs from the country's shops; not in traditional Chinese."""
    abroad: Iso | None = None
    """What it means in a country that is not named."""
    otherwise: Iso | None = None
    """What it means where neither country nor language is known."""
    known_only: bool = False
    """No sign of money at all where its currency is not known: `r` outside South Africa."""
    at_least: Decimal = Decimal(0)
    """Smaller figures before it count something else: 8块 is eight cards."""
    why: str


class Minor(Row):
    """A hundredth or tenth of a currency, after the figure."""

    id: str
    marks: tuple[str, ...]
    value: Decimal
    alone: bool = False
    """May stand without the whole currency before it: 50 centavos."""
    currencies: tuple[Iso, ...] = ()
    """Whose part it is; elsewhere a lone part keeps its count and has no currency."""
    why: str


class Qualifier(Row):
    """Country adjectives (by their beginning) beside a shared noun: `kanadische Dollar`. `id` is the country."""

    id: str
    stems: tuple[str, ...]
    nouns: dict[str, Iso]
    """Shared mark (its id) -> currency."""
    why: str


class Multiplier(Row):
    """A word or letter that multiplies the figure before it."""

    id: str
    value: Decimal
    marks: tuple[str, ...]
    languages: tuple[str, ...] = ()
    """Only in texts of these languages; empty: in all."""
    tail: bool = False
    """Digits straight behind continue the figure: 4tr5 is 4.5 million, 1w2 is 12,000."""
    close: bool = False
    """Must touch the figure: 185k, not '5 k'."""
    spoken: bool = False
    """Digits behind a blank continue the figure as well where they end what is said of money: 1 tỷ 2."""
    doubtful: bool = False
    """Measures something else as well (350w are watts): counts only beside a mark or where a price is displayed."""
    why: str


class Joined(Row):
    """A letter (`id`) that multiplies and is written together with the mark behind it: k€, tkr, TEUR."""

    id: Annotated[str, Field(pattern=r"^[^\W\d_]$")]
    value: Decimal
    marks: tuple[str, ...]
    why: str


class Part(Row):
    """A word that adds a part (`value`, 0.5 or 0.25) of the multiplier: `behind` it (12 triệu rưỡi), `ahead` of the figure
    (साढ़े 7 लाख) or `between` both (2 buçuk milyon)."""

    id: str
    value: Decimal
    place: Literal["behind", "ahead", "between"]
    marks: tuple[str, ...]
    why: str


class Culture(Row):
    """Decimal sign by language (`id`); `otherwise` lists countries that write the other way."""

    id: str
    decimal: Literal[",", "."]
    otherwise: tuple[str, ...] = ()
    why: str


class Home(Row):
    """Language most sites of a country (`id`) are written in; used where a listing names none."""

    id: str
    language: str
    why: str


class NumberWords(Row):
    """Numbers written out in a language (`id`). `glue` joins parts and adds nothing."""

    id: str
    words: dict[str, Decimal]
    glue: tuple[str, ...] = ()
    joined: bool = False
    """Parts are written as one word: siebenundzwanzig."""
    tens: bool = False
    """A digit before ten multiplies it: hai mươi."""
    why: str


class Phrase(Row):
    """Patterns (regular expressions over folded text, lower case) and what they say about the price.

    `{n}` in a pattern is a number of articles; `{p}` is a figure of money.
    """

    id: str
    says: Literal[
        "negotiable", "fake", "hidden", "real", "deposit", "no_deposit", "displayed", "bid", "buy_now", "each", "lot", "lot_of",
        "system", "gpu", "server", "dedicated", "hour", "day", "week", "month", "year", "step", "not_price", "asking",
        "asked", "closing", "gone", "holding", "balance", "box", "reduced",
        "per_gpu", "per_server",
    ]  # fmt: skip
    patterns: tuple[str, ...]
    languages: tuple[str, ...] = ()
    """Where they are used; for the reader of the file, all are tried on every text."""
    why: str


class StandIn(Row):
    """Whole figures, as regular expressions over their digits, that stand for no price."""

    id: str
    pattern: str
    weak: bool = False
    """Counts only where words say that the figure is none."""
    why: str


class Money(Table):
    """money/*.toml"""

    currency: list[Currency] = []
    shared: list[SharedMark] = []
    minor: list[Minor] = []
    qualifier: list[Qualifier] = []
    multiplier: list[Multiplier] = []
    joined: list[Joined] = []
    part: list[Part] = []
    culture: list[Culture] = []
    home: list[Home] = []
    number_words: list[NumberWords] = []
    phrase: list[Phrase] = []
    stand_in: list[StandIn] = []
