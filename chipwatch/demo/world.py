"""The demo marketplace's goods: seeded, with planted truth, and a clock that moves a day at a time.

A world is a pure function of (seed, day): the same two numbers give the same listings, texts and prices. The truth is
kept beside the marketplace and is never read by the detector.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

FIRST_DAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""Observation time of the demo's day 1; a fixed date keeps runs comparable."""

SITES = ("demo-dealer", "demo-board", "demo-api")
SIZE = {"demo-dealer": 140, "demo-board": 230, "demo-api": 230}
CNY_PER_USD = 7.2
RESTRICTED = frozenset(
    ["nvidia-a100-pcie-40gb", "nvidia-a100-pcie-80gb", "nvidia-a100-sxm4-80gb", "nvidia-h100-pcie-80gb", "nvidia-h100-sxm5-80gb", "nvidia-h200", "nvidia-h20", "nvidia-l40s", "nvidia-l40", "nvidia-rtx-4090", "nvidia-rtx-5090", "nvidia-rtx-6000-ada", "amd-mi300x"]
)
STRONG = frozenset({"serial_removed", "relabelled", "export_evasion", "disguised_goods", "price_below_market", "rental_below_market"})
RENTAL_USD = {"nvidia-a100-pcie-80gb": 1.3, "nvidia-h100-sxm5-80gb": 2.4, "nvidia-h200": 3.2, "nvidia-rtx-4090": 0.4}


@dataclass(frozen=True, slots=True)
class Goods:
    """One listing of the demo on one day, with what was planted in it."""

    site: str
    listing_id: str
    title: str
    description: str
    price: float
    currency: str
    condition: str
    seller: str
    seller_since: str
    seller_ratings: int
    location: str
    country: str
    quantity: int | None
    posted_at: str
    price_suffix: str
    offer: str
    chip: str | None
    signals: tuple[str, ...]
    grade: int
    """0 benign, 1 worth a look, 2 clear red flag: what the demo planted."""


@cache
def texts() -> dict[str, Any]:
    """The sellers' words, from texts.toml beside this file."""
    return tomllib.loads((Path(__file__).parent / "texts.toml").read_text(encoding="utf-8"))


def observed_at(day: int) -> datetime:
    """The demo's clock on its `day`th day (1 is the first)."""
    return FIRST_DAY + timedelta(days=day - 1)


def world(seed: int, day: int) -> list[Goods]:
    """Every listing that stands on the three sites on `day`, in site order."""
    return [goods for site in SITES for goods in _site(seed, day, site)]


def truth(seed: int, day: int) -> list[dict[str, Any]]:
    """What was planted in each listing of the day: offer, chip, signals, grade."""
    return [
        {"site": g.site, "listing_id": g.listing_id, "offer": g.offer, "chip": g.chip, "signals": list(g.signals), "grade": g.grade}
        for g in world(seed, day)
    ]


def _site(seed: int, day: int, site: str) -> Iterator[Goods]:
    for number in range(SIZE[site]):
        yield from _life(seed, day, site, number, born=1)
    for later in range(2, day + 1):  # some new goods each day
        for number in range(SIZE[site] // 30):
            yield from _life(seed, day, site, later * 1000 + number, born=later)


def _life(seed: int, day: int, site: str, number: int, born: int) -> Iterator[Goods]:
    """A listing as it stands on `day`: price moves, relists, edits and removal since it was born."""
    rng = random.Random(f"{seed}/{site}/{number}")
    goods = _make(rng, site, number, born)
    for today in range(born + 1, day + 1):
        move = random.Random(f"{seed}/{site}/{number}/{today}")
        roll = move.random()
        if roll < 0.02:
            return
        if roll < 0.04:
            goods = replace(goods, listing_id=f"{goods.listing_id.split('r')[0]}r{today}", posted_at=_stamp(today))
        elif roll < 0.06:
            goods = _edited(goods)
        elif roll < 0.14:
            price = goods.price * move.uniform(0.93, 1.04)
            goods = replace(goods, price=round(price, 2) if goods.offer == "rental" else _round(price, goods.currency))
    yield goods


def _edited(goods: Goods) -> Goods:
    """The seller drops the last sentence: now and then that is the one that told."""
    sentences = goods.description.split("\n")
    return replace(goods, description="\n".join(sentences[:-1])) if len(sentences) > 2 else goods


def _make(rng: random.Random, site: str, number: int, born: int) -> Goods:
    language = "zh" if site == "demo-board" else "en"
    kind = rng.choices(
        ["clean", "unrestricted", "planted", "weak", "accessory", "wanted", "service", "other", "rental", "rental_bad"],
        [34, 14, 12, 9, 11, 5, 3, 5, 4, 2] if site != "demo-dealer" else [48, 20, 3, 2, 22, 0, 3, 1, 1, 0],
    )[0]
    maker = {"clean": _sale, "unrestricted": _sale, "planted": _sale, "weak": _sale, "rental": _rental, "rental_bad": _rental}.get(kind, _not_offer)
    return maker(rng, site, number, born, language, kind)


def _frame(rng: random.Random, site: str, number: int, born: int, language: str, risky: bool) -> dict[str, Any]:
    places = texts()["places"]
    pool = places["zh"] if language == "zh" else places["en_risky"] if risky and site == "demo-api" and rng.random() < 0.5 else places["en"]
    location, country = ("Dallas, Texas, United States", "US") if site == "demo-dealer" else rng.choice(pool)
    seller = "Demo Dealer" if site == "demo-dealer" else f"{'卖家' if language == 'zh' else 'seller'}{rng.randrange(90):02d}"
    since = FIRST_DAY - timedelta(days=rng.randrange(30, 4000) if not risky or rng.random() < 0.6 else rng.randrange(2, 25))
    return {
        "site": site, "listing_id": f"{ {'demo-dealer': 1, 'demo-board': 2, 'demo-api': 3}[site] }{number:06d}",
        "location": location, "country": country, "seller": seller, "seller_since": since.date().isoformat(),
        "seller_ratings": rng.randrange(0, 5) if risky and rng.random() < 0.5 else rng.randrange(20, 5000),
        "posted_at": _stamp(born, rng.randrange(0, 240)), "currency": "CNY" if language == "zh" else "USD",
    }  # fmt: skip


def _sale(rng: random.Random, site: str, number: int, born: int, language: str, kind: str) -> Goods:
    words, catalogue = texts()[language], texts()["chips"]
    pool = sorted(set(catalogue) - RESTRICTED) if kind == "unrestricted" else sorted(RESTRICTED)
    chip = rng.choice(pool)
    frame = _frame(rng, site, number, born, language, risky=kind == "planted")
    name, usd = catalogue[chip][1 if language == "zh" else 0], float(catalogue[chip][2])
    factor, signals, sentences = rng.lognormvariate(0, 0.07), [], rng.sample(words["plain"], rng.randrange(2, 5))
    title = rng.choice(words["title"]).format(chip=name)
    quantity: int | None = rng.choice([None, 1, 1, 2])
    in_china = frame["country"] in ("CN", "HK")
    if in_china and chip in RESTRICTED:
        factor *= 1.12
        signals.append("restricted_destination")
    if kind == "planted":
        planted = rng.choice(["serial_removed", "serial_removed", "relabelled", "export_evasion", "cheap", "bulk_pair", "disguised"])
        sentences = [s for s in sentences if not _says_papers(s)]
        if planted == "cheap":
            factor, signals = factor * rng.uniform(0.28, 0.5), [*signals, "price_below_market"]
        elif planted == "bulk_pair":
            quantity = rng.randrange(20, 150)
            sentences += [rng.choice(words["bulk_inventory"]), rng.choice(words["no_paperwork"])]
            signals += ["bulk_inventory", "no_paperwork"]
        elif planted == "disguised":
            title, signals = rng.choice(words["disguised"]), [*signals, "disguised_goods"]
            sentences.insert(0, f"{name}.")
        else:
            sentences.append(rng.choice(words[planted]))
            signals.append(planted)
    elif kind == "weak":
        extra = rng.choice(["no_paperwork", "off_platform_contact", "bulk_inventory"])
        sentences = [s for s in sentences if not _says_papers(s)] + [rng.choice(words[extra])]
        signals.append(extra)
        quantity = 40 if extra == "bulk_inventory" else quantity
    elif rng.random() < 0.35:
        sentences.append(rng.choice(words["negated"]))
    elif kind == "unrestricted" and rng.random() < 0.3:
        sentences.append(rng.choice(words["serial_removed"]))
        signals.append("serial_removed")
    price = usd * factor * (CNY_PER_USD if frame["currency"] == "CNY" else 1)
    return Goods(
        **frame, title=title, description="\n".join(sentences), price=_round(price, frame["currency"]),
        condition=rng.choice(["轻微使用痕迹", "几乎全新"] if language == "zh" else ["Used", "Used", "Seller refurbished"]),
        quantity=quantity, price_suffix="", offer="sale", chip=chip, signals=tuple(sorted(set(signals))),
        grade=_grade(chip, signals),
    )  # fmt: skip


def _says_papers(sentence: str) -> bool:
    return any(word in sentence for word in ("invoice", "arranty", "Serial", "发票", "在保", "Returns"))


def _grade(chip: str, signals: list[str]) -> int:
    if chip not in RESTRICTED or not signals:
        return 0
    held = set(signals)
    pair = "bulk_inventory" in held and held & {"no_paperwork", "transit_route", "restricted_destination"}
    return 2 if held & STRONG or pair else 1


def _rental(rng: random.Random, site: str, number: int, born: int, language: str, kind: str) -> Goods:
    words = texts()[language]
    chip = rng.choice(sorted(RENTAL_USD))
    frame = _frame(rng, site, number, born, language, risky=kind == "rental_bad")
    bad = kind == "rental_bad"
    signals = ["restricted_destination"] if frame["country"] in ("CN", "HK") or bad else []
    sentences = rng.sample(words["rental_plain"], 2)
    factor = rng.lognormvariate(0, 0.06)
    if bad:
        sentences, factor = [rng.choice(words["rental_bad"])], factor * 0.45
        signals += ["export_evasion", "rental_below_market"]
    price = round(RENTAL_USD[chip] * factor * (CNY_PER_USD if frame["currency"] == "CNY" else 1), 2)
    return Goods(
        **frame, title=rng.choice(words["rental"]).format(chip=texts()["chips"][chip][1 if language == "zh" else 0]),
        description="\n".join(sentences), price=price, condition="", quantity=None,
        price_suffix="/卡时" if language == "zh" else " per GPU hour", offer="rental", chip=chip,
        signals=tuple(sorted(signals)), grade=_grade(chip, signals),
    )  # fmt: skip


def _not_offer(rng: random.Random, site: str, number: int, born: int, language: str, kind: str) -> Goods:
    words, catalogue = texts()[language], texts()["chips"]
    frame = _frame(rng, site, number, born, language, risky=False)
    name = catalogue[rng.choice(sorted(RESTRICTED))][1 if language == "zh" else 0]
    usd = {"accessory": rng.uniform(8, 300), "service": rng.uniform(30, 200), "other": rng.uniform(20, 400)}.get(kind, 1.0)
    sentences = rng.sample([s for s in words["plain"] if not _says_papers(s)], 2)
    if rng.random() < 0.3:
        sentences.append(rng.choice(words["serial_removed"]))
    return Goods(
        **frame, title=rng.choice(words[kind]).format(chip=name), description="\n".join(sentences),
        price=_round(usd * (CNY_PER_USD if frame["currency"] == "CNY" else 1), frame["currency"]),
        condition="全新" if language == "zh" else "New", quantity=None, price_suffix="", offer=kind, chip=None,
        signals=(), grade=0,
    )  # fmt: skip


def _round(price: float, currency: str) -> float:
    step = 100 if price > 20000 else 10 if price > 1000 else 1
    return max(float(round(price / step) * step), 1.0)


def _stamp(day: int, hours_before: int = 0) -> str:
    return (observed_at(day) - timedelta(hours=hours_before)).strftime("%Y-%m-%dT%H:%M:%SZ")
