"""What one source on a page says of the article, before the sources are weighed against each other."""

from __future__ import annotations

from dataclasses import dataclass, field

TEXT_FIELDS = (
    "name", "description", "price", "currency", "availability", "sku", "brand", "gtin", "mpn", "condition",
    "seller_name", "location", "category", "quantity", "url",
)  # fmt: skip


@dataclass(slots=True)
class Claim:
    """Facts by field, as text of the source, with the source's name (`json-ld`, `microdata`, `opengraph`, ...).

    `price` is the figure as written, `availability` and `condition` the value as written. `product` is the article's
    number in a source that tells it apart from the SKU of one variant. `images` are addresses as written.
    """

    origin: str
    facts: dict[str, str] = field(default_factory=dict)
    images: list[str] = field(default_factory=list)
    product: str | None = None
    scope: int | None = None
    """The element that the claim was read from, by its address in memory, where there is one."""
    weak: set[str] = field(default_factory=set)
    """Fields whose label means other things as well."""
    variants: list[Claim] = field(default_factory=list)
    """Offers beside the first, each with what it says by itself."""

    def put(self, key: str, value: object, longest: int = 400) -> None:
        """Keep a fact unless the field has one; objects, truth values and endless texts are no facts."""
        if key in self.facts or isinstance(value, (dict, list, bool)) or value is None:
            return
        # Halves of surrogate pairs come out of broken escapes; they cannot be stored or written.
        text = " ".join(str(value).encode("utf-8", "replace").decode("utf-8").split())
        if text:
            self.facts[key] = text[:longest]
