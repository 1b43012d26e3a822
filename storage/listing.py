"""The raw listing: what a page said, before anyone thinks about what it means."""

from __future__ import annotations

import dataclasses
import difflib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

TEXT_FIELDS = (
    "title", "description", "price_text", "condition", "category", "seller_name", "location", "ships_to",
)  # fmt: skip


class ListingError(ValueError):
    """Raised if a record cannot be taken as a listing; `field` names what is missing or of a wrong type."""

    def __init__(self, field: str, problem: str) -> None:
        self.field, self.problem = field, problem
        super().__init__(f"{field}: {problem}")


@dataclass(frozen=True, slots=True)
class Listing:
    """One listing in the exchange format 'Listing (in)'; text is kept as shown, nothing is interpreted.

    Dates are ISO 8601 text as given. `price_amount` is kept as the decimal text of the structured figure.
    """

    site: str
    listing_id: str
    title: str
    url: str | None = None
    description: str | None = None
    price_text: str | None = None
    price_amount: str | None = None
    price_currency: str | None = None
    quantity: int | None = None
    condition: str | None = None
    category: str | None = None
    seller_id: str | None = None
    seller_name: str | None = None
    seller_since: str | None = None
    seller_ratings: int | None = None
    location: str | None = None
    ships_to: str | None = None
    country: str | None = None
    language: str | None = None
    image_urls: tuple[str, ...] = ()
    posted_at: str | None = None
    observed_at: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, record: Any) -> Listing:
        """Take a decoded JSON object; unknown keys go to `attributes`, absent and null are the same.

        Raises ListingError if a required field is missing or a value cannot be of its field's type.
        """
        if not isinstance(record, dict):
            raise ListingError("listing", f"is {type(record).__name__}, not an object")
        values: dict[str, Any] = {}
        attributes: dict[str, Any] = {}
        for key, value in record.items():
            if value is None:
                continue
            if key == "attributes":
                if not isinstance(value, dict):
                    raise ListingError(key, f"is {type(value).__name__}, not an object")
                attributes.update(value)
            elif key in _KINDS:
                values[key] = _KINDS[key](key, value)
            else:
                attributes[key] = value
        for required in ("site", "listing_id", "title"):
            if not values.get(required):
                raise ListingError(required, "is missing or empty")
        return cls(**values, attributes=attributes)

    def to_dict(self) -> dict[str, Any]:
        """The exchange form, without fields that are absent; `price_amount` as a JSON number."""
        record: dict[str, Any] = {}
        for entry in dataclasses.fields(self):
            value = getattr(self, entry.name)
            if value is None or value == () or value == {}:
                continue
            if entry.name == "price_amount":
                value = int(value) if value.lstrip("-").isdigit() else float(value)
            record[entry.name] = list(value) if isinstance(value, tuple) else value
        return record


def like_fields(record: Any) -> dict[str, str]:
    """Unknown keys of a record that look like a field's name, with that field: `Price` is kept aside and not read as a price."""
    if not isinstance(record, dict):
        return {}
    return {key: near for key in record if key not in _KINDS and key != "attributes" and (near := _like(key))}


def aside_words(key: str, near: str | None) -> str:
    """That a key or a column is no field, with the field that it looks like."""
    return f"{key!r} is no field and is kept among the attributes" + (f"; did you mean {near!r}?" if near else "") + " (docs/formats.md)"


@lru_cache(4096)
def _like(key: str) -> str | None:
    plain = key.strip().lower().replace(" ", "_")
    if plain in _KINDS:
        return plain
    near = [name for name in _KINDS if name.startswith(f"{plain}_") or name.endswith(f"_{plain}")] or difflib.get_close_matches(plain, _KINDS, 1, 0.8)
    return near[0] if near else None


def _text(key: str, value: Any) -> str:
    if isinstance(value, (dict, list)):
        raise ListingError(key, f"is {type(value).__name__}, not text")
    # Lone surrogates come out of broken JSON escapes; they cannot be stored or written as UTF-8.
    return str(value).encode("utf-8", "replace").decode("utf-8")


def _integer(key: str, value: Any) -> int | None:
    if isinstance(value, bool):
        raise ListingError(key, "is a truth value, not a number")
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise ListingError(key, f"{value!r} is not a whole number") from error
    if abs(number) >= 2**63:
        raise ListingError(key, "is larger than any stock or count")
    return number


def _number(key: str, value: Any) -> str:
    from decimal import Decimal, InvalidOperation

    if isinstance(value, bool):
        raise ListingError(key, "is a truth value, not a number")
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise ListingError(key, f"{value!r} is not a number") from error
    if not number.is_finite():
        raise ListingError(key, f"{value!r} is not a finite number")
    return f"{number.normalize():f}" if abs(number) < 10**30 else str(number)


def _strings(key: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, (list, tuple)):
        raise ListingError(key, f"is {type(value).__name__}, not a list")
    return tuple(_text(key, item) for item in value)


_KINDS: dict[str, Any] = {
    f.name: _text for f in dataclasses.fields(Listing) if f.name not in ("attributes", "image_urls")
}
_KINDS.update(quantity=_integer, seller_ratings=_integer, price_amount=_number, image_urls=_strings)
