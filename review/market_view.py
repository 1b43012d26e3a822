"""What the desk shows of markets: each chip's reference by region over time, with how many sellers spoke, and where too few did.

From the references that judging stored; where a home has none yet, from what its judged offers were measured against.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from detector.market import ELSEWHERE
from review.desk.cards import Names

if TYPE_CHECKING:
    from config.loader import Config
    from storage.store import Store

KINDS = ("sale", "rental")

DAYS = 180
"""How far back a market's page looks unless asked."""

LATEST = 200
"""Judged offers of a chip that the list of markets is read from where no references are stored."""

EVERYWHERE, SEED = "all markets", "seed"

NOT_SAID = "condition not said"


@dataclass(frozen=True, slots=True)
class Reference:
    """One region's reference on one day, USD for one chip or chip-hour. `low` None: not enough peers, and no seed price.

    `n` sellers spoke; with `seeded` they were too few, and a dated price of the list stands in. `condition` is new, used, `NOT_SAID`, or any: all together.
    """

    day: str
    region: str
    condition: str
    low: float | None
    high: float | None
    n: int
    spread: float | None = None
    seeded: bool = False

    @property
    def enough(self) -> bool:
        """Whether peers made it, and not the seed alone."""
        return self.low is not None and not self.seeded


@dataclass(frozen=True, slots=True)
class Market:
    """A chip's market, sale or rental, as the list shows it. `now` is the reference with the most sellers on the latest day."""

    offer: str
    chip: str
    name: str
    offers: int
    now: Reference | None
    regions: int

    @property
    def unit(self) -> str:
        """What the price is for."""
        return "a chip-hour" if self.offer == "rental" else "a chip"


def name_of(known: Mapping[str, str], chip: str) -> str:
    """The name of a chip as a market calls it: `id` or `id@80gb`."""
    plain, _, memory = chip.partition("@")
    return known.get(plain, plain) + (f" {memory.removesuffix('gb')} GB" if memory else "")


def markets(store: Store, config: Config) -> list[Market]:
    """Every chip that is offered or has a stored reference, the most offered first."""
    offers = {(row["offer"], row["chip"]): row["offers"] for row in store.markets_judged()}
    stored = {(row["offer"], row["chip"]): row["as_of"] for row in store.markets()}
    known, out, least = Names(config).chips, [], config.market.forming.min_peers
    for offer, chip in offers.keys() | stored.keys():
        if (offer, chip) in stored:
            rows = [_stored(row, least) for row in store.market_days(offer, chip, stored[offer, chip])]
        else:
            rows = _judged(store.references_judged(offer, chip, "", most=LATEST), config)
        latest = latest_by_region(rows)
        best = broadest(latest)
        regions = len({r.region for r in latest if r.enough and r.region not in (EVERYWHERE, SEED)})
        out.append(Market(offer, chip, name_of(known, chip), offers.get((offer, chip), 0), best, regions))
    return sorted(out, key=lambda m: (m.offer, -m.offers, m.name))


def references(
    store: Store, config: Config, offer: str, chip: str, since: str
) -> tuple[list[Reference], bool]:
    """References of a chip from `since` (YYYY-MM-DD) on, oldest first, and whether they are stored ones."""
    latest = next(
        (row["as_of"] for row in store.markets() if (row["offer"], row["chip"]) == (offer, chip)), None
    )
    if latest is None or latest < since:
        return _judged(store.references_judged(offer, chip, since), config), False
    # The past of each region as a whole; new and used apart on the latest day, which is all that is told of them.
    rows = [row for row in store.market_days(offer, chip, since, whole=True) if row["as_of"] < latest]
    rows += store.market_days(offer, chip, latest)
    return [_stored(row, config.market.forming.min_peers) for row in rows], True


def _stored(row: Mapping[str, Any], least: float) -> Reference:
    """A row of `market_reference`: region and condition `all` are everywhere and any; fewer than `least` sellers made nothing.

    Its condition `any` holds the offers alone that say none, a part of the region and not the whole.
    """
    region = EVERYWHERE if row["region"] == "all" else row["region"]
    condition = {"all": "any", "any": NOT_SAID}.get(row["condition"], row["condition"])
    low, high, seed = row["low_usd"], row["high_usd"], row["seed_usd"]
    # Sellers of long ago weigh less than one each: then the list's price stands although they are enough by number.
    is_seed = row["n"] < least or (
        seed is not None and row["centre_usd"] is not None and abs(row["centre_usd"] / seed - 1) < 1e-6
    )
    return Reference(
        row["as_of"][:10], region, condition, low, high, row["n"], row["spread"], low is not None and is_seed
    )


def _judged(rows: Iterable[Mapping[str, Any]], config: Config) -> list[Reference]:
    """References that offers were measured against; those without one count for their own region."""
    home = {country: region.id for region in config.market.region for country in region.countries}
    found: dict[tuple[str, str, str], Reference] = {}
    for row in rows:
        own = home.get(row["country"] or "", ELSEWHERE)
        region, _, condition = (row["segment"] or own).partition(", ")
        one = Reference(
            row["day"],
            region,
            condition or "any",
            row["low"],
            row["high"],
            row["n"] or 0,
            row["spread"],
            seeded=row["low"] is not None and not row["n"],
        )
        key = one.day, one.region, one.condition
        if key not in found or (one.low is not None, one.n) > (found[key].low is not None, found[key].n):
            found[key] = one
    return sorted(found.values(), key=lambda r: (r.day, r.region, r.condition))


def by_region(rows: Iterable[Reference]) -> dict[str, list[Reference]]:
    """For each region one reference a day, the one most sellers made; regions with most sellers first, seeds last."""
    best: dict[tuple[str, str], Reference] = {}
    for row in rows:
        key = row.region, row.day
        if key not in best or (row.low is not None, row.n) > (best[key].low is not None, best[key].n):
            best[key] = row
    grouped: dict[str, list[Reference]] = {}
    for row in sorted(best.values(), key=lambda r: r.day):
        grouped.setdefault(row.region, []).append(row)
    order = sorted(grouped, key=lambda region: (region == SEED, -max(r.n for r in grouped[region]), region))
    return {region: grouped[region] for region in order}


def latest_by_region(rows: Iterable[Reference]) -> list[Reference]:
    """The last reference of each region and condition, most sellers first."""
    last: dict[tuple[str, str], Reference] = {}
    for row in rows:
        key = row.region, row.condition
        if key not in last or row.day >= last[key].day:
            last[key] = row
    return sorted(last.values(), key=lambda r: (r.region == SEED, -r.n, r.region, r.condition))


def told(latest: Sequence[Reference]) -> list[Reference]:
    """The rows of a short table: each region once, and a condition by itself only where peers made it a price of its own."""
    whole = {row.region: row for row in latest if row.condition == "any"}
    return [
        row for row in latest
        if row.condition == "any" or row.region not in whole
        or (row.enough and row.low and abs(row.low / (whole[row.region].low or row.low * 2) - 1) > 0.001)
    ]  # fmt: skip


def broadest(rows: Iterable[Reference]) -> Reference | None:
    """The reference that most sellers made; a list's price where peers made none, and what has no price last."""
    return max(rows, key=lambda r: (r.enough, r.low is not None, r.n, r.region == EVERYWHERE), default=None)


def title_of(config: Config, region: str) -> str:
    """A region in words."""
    words = {EVERYWHERE: "All markets together", SEED: "Price list (seed)", ELSEWHERE: "Elsewhere"}
    words |= {row.id: row.title for row in config.market.region}
    return words.get(region, region)


def span(rows: Sequence[Reference]) -> tuple[date, date] | None:
    """First and last day that anything is known of."""
    days = [date.fromisoformat(row.day) for row in rows]
    return (min(days), max(days)) if days else None


def since(last_day: str | None, days: int) -> str:
    """The day `days` before the last one observed, YYYY-MM-DD; from the beginning where nothing was."""
    return (date.fromisoformat(last_day) - timedelta(days=days)).isoformat() if last_day else ""
