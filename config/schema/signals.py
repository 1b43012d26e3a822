"""What a signal is: `config/signals.toml`, a card a signal."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from config.schema.lexicon import CONCEPTS
from config.tables import Row, Table


class Example(Table):
    """A sentence that the signal finds, or must leave alone."""

    language: str
    text: str
    english: str = ""
    """Gloss, where `text` is not English."""
    listing: dict[str, str | int] = {}
    """Other fields of the listing that the example needs, e.g. `country`, `location`."""
    offer: Literal["sale", "rental"] = "sale"


class Card(Row):
    """What an analyst and the judge have to know about a signal."""

    id: str
    """Name of the signal in the exchange format."""
    title: str
    kind: Literal["text", "context", "figure", "network", "votes"]
    """`text`: from words; `context`: from words or fields; `figure`: from numbers; `network`: from other listings or lists;
    `votes`: from what examples teach of the whole offer."""
    weight: Annotated[float, Field(ge=-5, le=5)]
    """Log-odds that the signal adds at full strength, before any verdict has been learned from."""
    why: str
    innocent: tuple[str, ...]
    next: tuple[str, ...]
    gloss: str
    """The sign in one English sentence, for digest and mail."""
    words: dict[str, str] = {}
    """The concepts that the signal is made of, each with what its words mean here; a term of two of them has the first's meaning."""
    source: str = ""
    goods_only: bool = False
    """Only where a chip is offered (sale or rental)."""
    languages: tuple[str, ...] = ()
    """Languages in which the card claims to be found; each has a hit and a near miss."""
    hits: tuple[Example, ...] = ()
    near_misses: tuple[Example, ...] = ()

    @field_validator("words")
    @classmethod
    def _known(cls, value: dict[str, str]) -> dict[str, str]:
        if unknown := sorted(value.keys() - CONCEPTS.keys()):
            raise ValueError(
                f"{unknown[0]!r} is no concept; the concepts are listed in config/schema/lexicon.py"
            )
        return value


class Settings(Table):
    """Figures that the signals use: the table `counts` of thresholds.toml, where they are tuned."""

    bulk_chips: Annotated[int, Field(ge=2)] = 10
    """Chips (count times quantity) from which a stock is one that a private person does not have."""
    new_seller_days: Annotated[int, Field(ge=0)] = 60
    new_seller_ratings: Annotated[int, Field(ge=0)] = 3
    """An account with fewer ratings than this is new, where its age is not known."""
    price_drop: Annotated[float, Field(gt=0, lt=1)] = 0.8
    """Share of the unit price asked before from which a lower one is a drop: sellers haggle over less."""
    stock_rise: Annotated[float, Field(gt=1)] = 5.0
    """Times the stock claimed before from which it is another kind of offer; it must reach `bulk_chips` as well."""


class Signals(Table):
    """signals.toml"""

    settings: Settings = Settings()
    """Never in the file: the loader puts the counts of thresholds.toml here."""
    signal: list[Card] = []

    @model_validator(mode="before")
    @classmethod
    def _no_settings(cls, data: Any) -> Any:
        if isinstance(data, dict) and "settings" in data:
            raise ValueError("the figures of [settings] stand in thresholds.toml as [counts], where `chipwatch tune apply counts.KEY=VALUE` sets them")
        return data
