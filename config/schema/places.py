"""Where goods go: `config/places.toml`, a row a country, with its towns as sellers write them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from config.tables import Row, Table


class Place(Row):
    """A country or territory."""

    id: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    """ISO 3166 alpha-2."""
    name: str
    hub: bool = False
    """Goods are known to be re-exported from here."""
    restricted: bool = False
    """A destination on the desk's list."""
    names: tuple[str, ...] = ()
    """The country's name in the languages that are read. `*` at the end: any ending."""
    towns: tuple[str, ...] = ()
    """Towns, provinces, districts, ports, free zones."""
    weak: tuple[str, ...] = ()
    """Names that mean the place only beside words of sending or storing: `CN`, `SG`, `mainland`."""
    flag: str = ""
    source: str


class Places(Table):
    """places.toml"""

    place: list[Place] = []
