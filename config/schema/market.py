"""market.toml: price seeds, rental seeds, regions, exchange rates the bundled table lacks, how a reference is formed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field, model_validator

from config.tables import Row, Table

Share = Annotated[float, Field(gt=0, le=1)]


class Seed(Row):
    """A dated price in USD for one chip (sale) or one chip-hour (rental), standing in while peers are few.

    One figure (`low` = `high`) where the guide gives one; a band where sources differ or the name leaves form or
    memory open. Cheap is measured against the low end and dear against the high end, so a wide band stays silent
    longer.
    """

    id: str
    chips: tuple[str, ...]
    low: Annotated[float, Field(gt=0)]
    high: Annotated[float, Field(gt=0)]
    asof: date
    """The further from this day, the less the seed weighs against peers."""
    source: str

    @model_validator(mode="after")
    def _ordered(self) -> Seed:
        if self.low > self.high:
            raise ValueError(f"low {self.low:g} is above high {self.high:g}")
        return self


class Region(Row):
    """Countries whose offers form one market. `factor` lays a known premium on the seed until peers speak."""

    id: str
    title: str
    countries: tuple[str, ...]
    factor: Annotated[float, Field(gt=0)] = 1.0
    dear_is_normal: bool = False
    """Restricted chips sell above the world price here, so a dear offer says half as much."""
    why: str


class Rate(Row):
    """Units of `currency` for one USD on `date`; used where the European Central Bank publishes none."""

    id: str
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    date: date
    per_usd: Annotated[Decimal, Field(gt=0)]
    valid_days: Annotated[int, Field(ge=1)] = 200
    """Distance in days from `date` after which the rate is called stale; a peg holds long, a float does not."""
    source: str


class Forming(Table):
    """How peers become a reference."""

    window_days: Annotated[int, Field(ge=1)] = 90
    half_life_days: Annotated[float, Field(gt=0)] = 30.0
    """An offer this old weighs half of one from today."""
    min_peers: Annotated[float, Field(ge=2)] = 5
    """Voices below which peers alone make no reference."""
    seed_weight: Annotated[float, Field(ge=0)] = 15.0
    """How many voices the seed counts for on its own day."""
    seed_half_life_days: Annotated[float, Field(gt=0)] = 365.0
    """A seed this far from the day asked for weighs half."""
    level_weight: Annotated[float, Field(ge=0)] = 15.0
    """How many voices a wider segment counts for when a narrower one speaks."""
    spread: Annotated[float, Field(gt=0)] = 0.25
    """Prior spread (standard deviation of log price) of one chip's asking prices."""
    least_spread: Annotated[float, Field(gt=0)] = 0.08
    """Spread is never taken smaller: identical prices of a few dealers do not make the next dollar an outlier."""
    fault_ratio: Annotated[float, Field(gt=1)] = 200.0
    """A price this many times off the reference, either way, is a reading fault before it is a price."""


class Market(Table):
    """market.toml"""

    sale: list[Seed] = []
    rental: list[Seed] = []
    region: list[Region] = []
    rate: list[Rate] = []
    forming: Forming = Forming()

    @property
    def titles(self) -> dict[str, str]:
        """What each region is called, by its id."""
        return {region.id: region.title for region in self.region}
