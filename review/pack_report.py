"""The report of a hand-over pack: one self-contained page made for printing, every word from outside inert."""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib import resources
from typing import TYPE_CHECKING, Any

from detector.market import compared, seen_words
from review.digest import SEVERITIES
from review.marks import pieces
from review.render import environment
from review.wording import rate_words, titled

if TYPE_CHECKING:
    from review.desk.cards import Names
    from review.pack import Pack

SHOWN = ("title", "description", "price_text", "condition", "category", "location", "ships_to", "quantity")
"""Fields of a listing that are printed, in the order of a page."""


_NAMES = {"quantity": "stock field"}


def report(pack: Pack) -> str:
    """The pack as HTML: no script, nothing loaded from anywhere; one alert begins on one sheet."""
    style = resources.files("review").joinpath("templates/pack.css").read_text(encoding="utf-8")
    titles = {card["id"]: card["title"] for card in pack.versions["cards"]}
    cases = [{"number": n, **_case(alert, titles, pack.names)} for n, alert in enumerate(pack.alerts, 1)]
    records = [
        taken
        for taken in pack.extract.records
        if taken.kind in ("response", "resource", "revisit") or taken.problem
    ]
    return environment().get_template("pack.html").render(
        pack=pack, cases=cases, records=records, severities=SEVERITIES, style=style, cards=pack.versions["cards"], side=_side, log=_log(pack),
        chip=pack.names.chip, country=pack.names.country, titled=lambda text: titled(text, pack.names.signals),
    )  # fmt: skip


def _log(pack: Pack) -> list[dict[str, Any]]:
    """The versions with the day `since` which each is in force: what stood before the first change is only noted with that change."""
    return [{**row, "since": _stood(row) if row["stood"] else row["at"]} for row in pack.versions["log"]]


def _stood(row: Mapping[str, Any]) -> str:
    shipped = not row["content"]["file"].strip()
    return f"the beginning{', as shipped' if shipped else ''} (noted {row['at'][:10]})"


def _case(alert: Mapping[str, Any], titles: Mapping[str, str], names: Names) -> dict[str, Any]:
    """What the template needs of one alert, computed here so that it holds no logic."""
    judged = next(
        (seen for seen in alert["observations"] if seen["observation"] == alert["judged_observation"]), None
    )
    reading = (judged or {}).get("reading") or {}
    said = (judged or {}).get("said") or {}
    meanings = {(row["signal"], row["text"]): row["meanings"] for row in alert["explained"]["glosses"]}
    total = sum(reason["contribution"] for reason in alert["explained"]["reasons"])
    return {
        "alert": alert, "judged": judged, "reading": reading, "said": said, "total": total, "score": reading.get("score"),
        "severity": reading.get("severity", "none"), "price": _price(said), "unit": _money(reading),
        "texts": [(_NAMES.get(name, name.replace("_", " ")), pieces(str(said[name]), reading.get("signals") or [], name)) for name in SHOWN if said.get(name) not in (None, "")],
        "quotes": [{**s, "title": titles.get(s["signal"], s["signal"].replace("_", " ")), "meanings": meanings.get((s["signal"], s["text"]), ())} for s in reading.get("signals") or [] if s.get("text")],
        "bars": _bars(alert["explained"]["reasons"]), "scale": _scale(reading, names.config.market.titles), "changes": _changes(alert["observations"]),
    }  # fmt: skip


def _price(said: Mapping[str, Any]) -> str:
    if said.get("price_text"):
        return str(said["price_text"])
    return (
        f"{said['price_amount']} {said.get('price_currency') or ''}".strip()
        if said.get("price_amount") is not None
        else "not stated"
    )


def _money(reading: Mapping[str, Any]) -> str:
    price = reading.get("price") or {}
    if price.get("unit_usd") is None:
        return f"no unit price ({price.get('kind') or 'no figure'})"
    what = "chip-hour" if reading.get("offer") == "rental" else "chip"
    usd = price["unit_usd"]
    return (
        f"${usd:,.{2 if usd < 100 else 0}f} for one {what} ({rate_words(price.get('rate')) or 'no exchange rate needed'})"
    )


def _bars(reasons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each reason with its share of the widest bar, in percent of half the width."""
    widest = max((abs(reason["contribution"]) for reason in reasons), default=1.0) or 1.0
    return [
        {
            **reason,
            "width": round(50 * abs(reason["contribution"]) / widest, 2),
            "up": reason["contribution"] >= 0,
        }
        for reason in reasons
    ]


def _scale(reading: Mapping[str, Any], regions: Mapping[str, str]) -> dict[str, Any] | None:
    """Where the offer stands against its market on a logarithmic line, in percent from the left."""
    market, own = reading.get("market") or {}, (reading.get("price") or {}).get("unit_usd")
    centre = market.get("centre")
    if not centre or not own or own <= 0:
        return None
    low, high = market.get("low") or centre, market.get("high") or centre
    # As the reason has it, so that a share is the same wherever it is shown.
    against = compared(own, market) or centre
    least, most = math.log(min(low, own, centre / 2)), math.log(max(high, own, centre * 2))

    def place(usd: float) -> float:
        return round(10 + 80 * (math.log(usd) - least) / (most - least), 2)

    return {
        "own": place(own), "low": place(low), "high": place(high), "centre": place(against), "usd": own, "centre_usd": against,
        "share": round(100 * own / against),
        "peers": seen_words(market, regions),
    }  # fmt: skip


def _side(place: float) -> str:
    """The class that keeps a mark's words on the sheet."""
    return " start" if place < 25 else " end" if place > 75 else ""


def _changes(observations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What each observation said anew: name, before, after."""
    out: list[dict[str, Any]] = []
    before: Mapping[str, Any] = {}
    for seen in observations:
        said = seen["said"]
        names = [name for change in seen["changed"] for name in _FIELDS.get(change, (change,))]
        diffs = [
            (name.replace("_", " "), before.get(name), said.get(name))
            for name in names
            if before.get(name) != said.get(name)
        ]
        out.append({"seen": seen, "price": _price(said), "diffs": diffs, "first": not before})
        before = said
    return out


_FIELDS = {"price": ("price_text", "price_amount", "price_currency"), "seller": ("seller_id",)}
