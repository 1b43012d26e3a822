"""Words by which the parts of a shop's page are known: `config/extraction.toml`."""

from __future__ import annotations

from typing import Literal

from config.tables import Row, Table

Mark = Literal[
    "price", "current", "struck", "related", "tile", "shipping", "instalment", "saving", "per_measure", "stock", "hidden", "brand",
    "other_goods",
]  # fmt: skip
FieldName = Literal["sku", "brand", "gtin", "mpn", "condition", "seller_name", "location", "category", "quantity", "site_id"]


class Naming(Row):
    """Pieces of class names and ids that tell what a part of a page is for. Compared in lower case.

    `tokens` are whole words of a name (`old-price`, `oldPrice` and `old_price` are `old` and `price`); `stems` may stand
    anywhere in it (`priceblock`).
    """

    id: Mark
    tokens: tuple[str, ...] = ()
    stems: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    """HTML elements that mean the same."""
    why: str


class Wording(Row):
    """Shown words (regular expressions, no case) that tell what a price beside them is, or what can be done."""

    id: Mark | Literal[
        "buy", "heading_related", "ask", "untaxed", "taxed", "added", "free", "on_request", "unpriced", "listed", "deposit", "service",
        "threshold", "reward", "plan", "per_time", "pieces", "or_more", "aside",
        "tax", "conditional",
    ]  # fmt: skip
    patterns: tuple[str, ...]
    why: str


class Availability(Row):
    """Shown words or markup values for a schema.org ItemAvailability (`id`)."""

    id: str
    values: tuple[str, ...] = ()
    """Values in markup and embedded state, lower case without spaces, `-` and `_`."""
    patterns: tuple[str, ...] = ()
    """Shown words, regular expressions without case."""
    why: str


class Label(Row):
    """Labels before a value in tables of facts, by field; compared in lower case without a colon."""

    id: FieldName
    words: tuple[str, ...]
    weak: tuple[str, ...] = ()
    """Labels that mean other things as well: believed only where no better label and no markup speaks."""
    why: str


class Key(Row):
    """Keys of embedded state and data attributes by field; compared in lower case without `-` and `_`."""

    id: str
    names: tuple[str, ...]
    why: str


class Condition(Row):
    """schema.org OfferItemCondition (`id`) and the word a listing says for it."""

    id: str
    says: str
    why: str


class LocalMark(Row):
    """Marks of a currency that mean it only on the pages of one country (`id`, ISO 3166), lower case."""

    id: str
    currency: str
    """ISO 4217."""
    before: tuple[str, ...] = ()
    """Marks before a figure."""
    after: tuple[str, ...] = ()
    """Marks behind a figure."""
    why: str


class Extraction(Table):
    """extraction.toml"""

    naming: list[Naming] = []
    wording: list[Wording] = []
    availability: list[Availability] = []
    label: list[Label] = []
    key: list[Key] = []
    local_mark: list[LocalMark] = []
    condition: list[Condition] = []
    placeholder: tuple[str, ...] = ()
    """Values of brands, SKUs and the like that say nothing: regular expressions on the whole value, no case."""
    brand_phrases: tuple[str, ...] = ()
    """Sentences that name the maker in their first group: regular expressions on the whole text, no case."""
