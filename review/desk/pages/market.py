"""Markets: what each chip costs where, over time, and how many sellers say so; rental too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from review import charts
from review import market_view as view
from review.desk.cards import Names
from review.desk.kept import kept
from review.desk.visit import Answer, NotHere, Page, Visit
from review.desk.words import title

if TYPE_CHECKING:
    from config.loader import Config
    from storage.store import Store

SPANS = (30, 90, 180, 365)

LINES = 6
"""Regions drawn in one chart; the rest stands in the table."""


ROWS = 150
"""Rows of the table of days; Datasette shows all of them."""


def markets(visit: Visit) -> Answer:
    """All chips with their reference now; with `chip` that one's market, for sale if it is sold at all."""
    rows = kept(visit, "markets", lambda: view.markets(visit.store, visit.config))
    if chip := visit.arg("chip"):
        kinds = [row.offer for row in rows if row.chip == chip]
        return visit.go(address("rental" if kinds == ["rental"] else "sale", chip))
    return visit.page(
        "market.html",
        groups=[(kind, [row for row in rows if row.offer == kind]) for kind in view.KINDS],
        region=lambda region: view.title_of(visit.config, region),
        address=address,
        needed=visit.config.market.forming.min_peers,
    )


def market(visit: Visit) -> Answer:
    """One chip's market."""
    offer, chip = visit.vars["offer"], visit.vars["chip"]
    if offer not in view.KINDS:
        raise NotHere("A market is sale or rental.")
    days = next((span for span in SPANS if str(span) == visit.arg("days")), view.DAYS)
    facts = kept(
        visit, ("market", offer, chip, days), lambda: _facts(visit.store, visit.config, offer, chip, days)
    )
    return visit.page("market-chip.html", **facts)


def _facts(store: Store, config: Config, offer: str, chip: str, days: int) -> dict[str, Any]:
    """What the page of a chip's market is made of. Raises NotHere for a chip that nobody knows."""
    known_chips, observed = Names(config).chips, store.days_observed()
    name = view.name_of(known_chips, chip)
    since = view.since(observed[-1] if observed else None, days)
    rows, stored = view.references(store, config, offer, chip, since)
    prices = store.prices(offer, chip)
    if not rows and not prices and chip.partition("@")[0] not in known_chips:
        raise NotHere(f"The catalogue knows no chip {chip}, and nothing was offered under that name.")
    regions, latest = view.by_region(rows), view.latest_by_region(rows)
    titles = {region: view.title_of(config, region) for region in regions}
    best = view.broadest(latest)
    now = best if best and best.low is not None else None
    seeds = config.market.sale if offer == "sale" else config.market.rental
    return {
        "offer": offer, "chip": chip, "name": name, "days": days, "spans": SPANS, "stored": stored, "latest": view.told(latest),
        "titles": titles, "now": now, "seed": next((seed for seed in seeds if chip in seed.chips), None),
        "needed": config.market.forming.min_peers, "window": config.market.forming.window_days,
        "unit": "a chip-hour" if offer == "rental" else "a chip", "lines": _lines(name, regions, titles, offer),
        "sellers": _sellers(name, regions, titles), "hidden": [titles[region] for region in _drawn(regions)[LINES:]],
        "table": _table(regions, titles), "known": sum(map(len, regions.values())), "prices": prices, "strip": _strip(name, prices, now),
    }  # fmt: skip


def _strip(name: str, prices: Sequence[dict[str, Any]], now: view.Reference | None) -> charts.Markup:
    return charts.strip(
        [charts.Dot(p["unit_usd"], f"{p['site']}: {title(p)[:60]}") for p in prices],
        title=f"Prices asked now for {name}", low=now.low if now else None, high=now.high if now else None,
        n=now.n if now and now.enough else None, usual=_usual(now),
    )  # fmt: skip


def _table(
    regions: dict[str, list[view.Reference]], titles: dict[str, str]
) -> list[tuple[str, view.Reference]]:
    """The latest days as rows, so many that a person may read them."""
    rows = [(titles[region], row) for region, past in regions.items() for row in past]
    return sorted(rows, key=lambda pair: pair[1].day, reverse=True)[:ROWS]


def _usual(now: view.Reference | None) -> tuple[float, float] | None:
    """One robust deviation round the reference, where peers made it."""
    if now is None or now.low is None or now.high is None or not (now.enough and now.spread):
        return None
    return now.low * math.exp(-now.spread), now.high * math.exp(now.spread)


def _drawn(regions: dict[str, list[view.Reference]]) -> list[str]:
    """Regions that have a price on any day; the others stand in the tables, with how many sellers they had."""
    return [region for region, rows in regions.items() if any(row.low is not None for row in rows)]


def _lines(
    name: str, regions: dict[str, list[view.Reference]], titles: dict[str, str], offer: str
) -> charts.Markup:
    series = []
    for tone, region in enumerate(_drawn(regions)[:LINES], 1):
        points = []
        for row in regions[region]:
            if row.low is None or row.high is None:
                continue
            spread = math.exp(row.spread or 0.0)
            # The usual spread of asking prices, of the first line alone: six bands over each other show nothing.
            low, high = (row.low / spread, row.high * spread) if tone == 1 else (None, None)
            words = f"{row.day}, {titles[region]}: {charts.axes.money(math.sqrt(row.low * row.high))}, {row.n or 'no'} sellers{', list price' if row.seeded else ''}"
            points.append(charts.Point(_ordinal(row.day), math.sqrt(row.low * row.high), low, high, words))
        series.append(charts.Series(titles[region], tuple(points), tone))
    kind = "Rental price for a chip-hour" if offer == "rental" else "Reference price"
    return charts.line(series, title=f"{kind} of {name} by region", days=True, log=True, y_words="money")


def _sellers(name: str, regions: dict[str, list[view.Reference]], titles: dict[str, str]) -> charts.Markup:
    series = [
        charts.Series(
            titles[region],
            tuple(charts.Point(_ordinal(r.day), r.n, label=f"{r.day}: {r.n} sellers") for r in rows),
            tone,
        )
        for tone, (region, rows) in enumerate(list(regions.items())[:LINES], 1)
        if region != view.SEED
    ]
    most = max((p.y for s in series for p in s.points), default=1)
    return charts.line(
        series,
        title=f"Sellers behind the reference of {name}",
        days=True,
        height=130,
        y_high=max(most * 1.1, 5),
    )


def _ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()


def address(offer: str, chip: str) -> str:
    """The address of a chip's market."""
    return f"/market/{offer}/{quote(chip, safe='')}"


PAGES: Sequence[Page] = (
    Page("/market", markets, nav="Market", order=20),
    Page("/market/<offer>/<chip>", market),
)
