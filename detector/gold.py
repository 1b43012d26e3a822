"""What a labelled listing's `gold` may hold; a slip of the pen must not count as a fault of the reading."""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Sign = Literal[
    "serial_removed", "relabelled", "no_paperwork", "export_evasion", "transit_route", "restricted_destination",
    "bulk_inventory", "off_platform_contact", "engineering_sample", "modified_hardware", "placeholder_price",
]  # fmt: skip

SIGNALS: tuple[str, ...] = get_args(Sign)
"""The signals that are measured."""

Other = Literal[
    "price_below_market", "price_above_market", "rental_below_market", "disguised_goods", "probable_scam", "new_seller",
    "repeated_text", "listed_party", "first_chip_offer", "serial_words_dropped", "price_dropped", "stock_changed", "doubtful_offer", "serial_hint",
]  # fmt: skip
"""Those that need a market, a list or other listings: a label may name them, and is not measured by it."""


class _Part(BaseModel):
    model_config = ConfigDict(strict=True)


class _Chip(_Part):
    chip: str
    count: int = Field(ge=1)


class _Price(_Part):
    kind: Literal["asking", "range", "placeholder", "negotiable", "deposit"]
    amount: float | None = None
    currency: str | None = None
    per: Literal["unit", "lot", "gpu_hour", "gpu_month", "server_hour", "server_month"] | None = None


class _Gold(_Part):
    """Only the kind of offer must be there, and the chips where chips are offered; what is absent is not labelled."""

    offer: Literal["sale", "rental", "wanted", "accessory", "service", "other"]
    chips: list[_Chip] = []
    restricted: bool | None = None
    price: _Price | None = None
    quantity: int | None = None
    condition: Literal["new", "used", "refurbished", "parts", "unknown"] | None = None
    signals: list[Sign | Other] = []
    spans: dict[Sign | Other, str] = {}
    grade: Literal[0, 1, 2] | None = None

    @model_validator(mode="after")
    def _chips_are_said(self) -> _Gold:
        if self.offer in ("sale", "rental") and "chips" not in self.model_fields_set:
            raise ValueError(f"a {self.offer} names its chips, or []")
        return self


def check(gold: Any) -> None:
    """Raise ValueError with the first thing that is wrong: where it stands, and what it should be."""
    try:
        _Gold.model_validate(gold)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(f"gold{'.' + where if where else ''}: {first['msg'].removeprefix('Value error, ')}") from error
