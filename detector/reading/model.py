"""What a reading is: the exchange format 'Reading (out)' as frozen facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from detector.reading.chips import Mention


@dataclass(frozen=True, slots=True)
class ChipOffer:
    """A chip that is offered. `start` and `end` are code points into the raw text of `field`."""

    chip: str
    count: int
    field: str
    start: int
    end: int
    memory_gb: int | None = None
    control: str = "unknown"
    restricted: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {
            "chip": self.chip, "count": self.count, "memory_gb": self.memory_gb, "control": self.control,
            "field": self.field, "start": self.start, "end": self.end,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Price:
    """A displayed price. `amount` is in `currency`, for what `per` says; `articles` is how many articles one
    price covers where the text says so (a lot of five: 5). `reason` says why a part is null."""

    kind: str
    amount: Decimal | None
    currency: str | None
    per: str
    unit_usd: Decimal | None = None
    articles: int | None = None
    reason: str | None = None
    field: str | None = None
    start: int | None = None
    end: int | None = None
    bid: bool = False
    """The figure is the bid of a running auction: it may be read, and says nothing of what the goods will cost."""
    rate: str | None = None
    """Exchange rate and its date, e.g. "CNY 7.18 ECB 2025-03-27"."""
    stands_in: tuple[tuple[str, int, int], ...] = ()
    """Where the text says of a stand-in that it is one: field, folded start and end."""
    little: bool = False
    """A stand-in for a card by nothing but its size: what a cable, a manual or an errand may well cost."""

    def to_dict(self) -> dict[str, Any]:
        out: dict[str, Any] = {
            "kind": self.kind, "amount": _number(self.amount), "currency": self.currency, "per": self.per,
            "unit_usd": _number(self.unit_usd),
        }  # fmt: skip
        for name in ("reason", "rate"):
            if getattr(self, name) is not None:
                out[name] = getattr(self, name)
        return out


@dataclass(frozen=True, slots=True)
class Signal:
    """A sign. Text signals carry their place; figure signals `value`, `expected`, `n`."""

    signal: str
    field: str | None = None
    start: int | None = None
    end: int | None = None
    text: str | None = None
    language: str | None = None
    value: float | None = None
    expected: float | None = None
    n: int | None = None
    strength: float = 1.0
    detail: Any = None

    def to_dict(self) -> dict[str, Any]:
        if self.value is not None:
            out: dict[str, Any] = {"signal": self.signal, "value": self.value, "expected": self.expected, "n": self.n}
        else:
            out = {
                "signal": self.signal, "field": self.field, "start": self.start, "end": self.end,
                "text": self.text, "language": self.language,
            }  # fmt: skip
        if self.detail is not None:
            out["detail"] = self.detail
        return out


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about an offer before its signals are read. `total_chips` is count times quantity over all
    offered chips, None where the quantity is not said. `counted`: where each field states these numbers, as folded spans."""

    offer: str
    chips: tuple[ChipOffer, ...] = ()
    restricted: bool = False
    price: Price | None = None
    quantity: int | None = None
    condition: str = "unknown"
    total_chips: int | None = None
    counted: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    feigned: bool = False
    """The title stands for another article."""
    outside: Mention | None = None
    """Another chip's name that label, box or papers bear."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a trader would read from one listing, before it is judged against any market."""

    site: str
    listing_id: str
    offer: str
    chips: tuple[ChipOffer, ...] = ()
    restricted: bool = False
    price: Price | None = None
    quantity: int | None = None
    condition: str = "unknown"
    signals: tuple[Signal, ...] = ()
    language: str | None = None
    unknown_accelerators: tuple[str, ...] = ()
    """Accelerator-like names that the catalogue does not know, as written."""
    goods: float | None = None
    """Probability that a chip is offered at all, by what examples teach; None where they were not asked. No part of the exchange format."""
    notes: dict[str, str] = field(default_factory=dict)
    """Why a field is null or was decided as it was: field -> reason."""

    def to_dict(self) -> dict[str, Any]:
        return {
            "site": self.site, "listing_id": self.listing_id, "offer": self.offer,
            "chips": [chip.to_dict() for chip in self.chips], "restricted": self.restricted,
            "price": self.price.to_dict() if self.price else None, "quantity": self.quantity,
            "condition": self.condition, "signals": [signal.to_dict() for signal in self.signals],
            "unknown_accelerators": list(self.unknown_accelerators), "notes": dict(self.notes),
        }  # fmt: skip


def _number(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)
