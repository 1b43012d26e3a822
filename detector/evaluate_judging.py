"""Judging figures for labelled files: what the score ranks first, what the severities catch, what each part adds.

Two inputs: the reader's own readings (what a desk gets), or the gold labels as perfect readings (what judging alone
can do). `python -m detector.evaluate_judging FILE... [--gold] [--home HOME] [--part train|heldout|all] [--errors]`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from config.loader import Config
from detector.evaluate import Case, load
from detector.fx import Exchange
from detector.judge import Judge, Judgement
from detector.market import Answer, Book, NotEnough, answer_for, peer_of
from detector.reading.document import parse_time
from detector.reading.model import ChipOffer, Price, Reading, Signal
from storage.listing import Listing

HOURS_A_MONTH = 730


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares are None where nothing is to be shared out."""

    n: int
    red_flags: int
    average_precision: float | None
    precision_at_p: float | None
    caught: float | None
    """grade 2 among which medium or high"""
    alert_precision: float | None
    """grade at least 1 among medium and high"""
    high_precision: float | None
    """grade 2 among high"""
    alerts: int
    high: int


def reading_of_gold(listing: Listing, gold: dict[str, Any], exchange: Exchange, today: date) -> Reading:
    """The gold labels as a perfect reading; figure signals are left to the judge."""
    chips = tuple(
        ChipOffer(chip["chip"], chip["count"], "title", 0, 0, restricted=gold["restricted"]) for chip in gold["chips"]
    )
    signals = tuple(Signal(name, text=gold.get("spans", {}).get(name)) for name in gold["signals"])
    price = _gold_price(gold, chips, exchange, observed(listing, today))
    # Labels do not say that the article is a whole PC; the title of the examples does.
    notes = {"goods": "whole_pc"} if "pc" in listing.title.casefold().replace("/", " ").split() else {}
    return Reading(
        listing.site, listing.listing_id, gold["offer"], chips, gold["restricted"], price, gold["quantity"],
        gold["condition"], signals, notes=notes,
    )  # fmt: skip


def _gold_price(gold: dict[str, Any], chips: Sequence[ChipOffer], exchange: Exchange, on: date) -> Price | None:
    label = gold["price"]
    if label is None:
        return None
    amount = None if label["amount"] is None else Decimal(str(label["amount"]))
    unit = None
    if amount is not None and chips and label["kind"] in ("asking", "range"):
        dollars = exchange.to_usd(amount, label["currency"], on)
        count = chips[0].count if label["per"] in ("unit", "lot", "server_hour", "server_month") else 1
        hours = HOURS_A_MONTH if label["per"].endswith("month") else 1
        unit = dollars.usd / count / hours if dollars else None
    return Price(label["kind"], amount, label["currency"], label["per"], unit)


def observed(listing: Listing, today: date) -> date:
    """The day the listing was seen."""
    moment = parse_time(listing.observed_at) or parse_time(listing.posted_at)
    return moment.date() if moment else today


def judge_all(pairs: Iterable[tuple[Listing, Reading]], config: Config, today: date, part: str = "all", book: Book | None = None) -> list[Judgement]:
    """Each listing judged against the market of the file itself and of `book`, as after one import and `detect`."""
    book, judge = book or Book(config.market), Judge.from_config(config)
    normal = {row.id for row in config.market.region if row.dear_is_normal}
    known = list(pairs)
    for listing, reading in known:  # one import: all of it is known when the first is judged
        day, seller = observed(listing, today), listing.seller_id or listing.seller_name
        peer = peer_of(listing, reading, book, day=day, seller=seller, statistics=True)
        if peer is not None:
            book.add(peer)
    out = []
    for listing, reading in known:
        day, seller = observed(listing, today), listing.seller_id or listing.seller_name
        answer: Answer = NotEnough(0, "left out")
        if part in ("all", "price"):
            answer = answer_for(listing, reading, book, day=day, seller=seller)
        dear = book.region(listing.country) in normal
        out.append(judge.judge(listing, _only(reading, part), answer, dear_is_normal=dear))
    return out


def _only(reading: Reading, part: str) -> Reading:
    from dataclasses import replace

    return reading if part in ("all", "signals") else replace(reading, signals=())


def measure(cases: Sequence[Case], judged: Sequence[tuple[float, str]]) -> Figures:
    """The table of the targets, from each case's score and severity."""
    from sklearn.metrics import average_precision_score

    grades = [case.gold["grade"] for case in cases]
    scores = [score for score, _ in judged]
    red = sum(grade == 2 for grade in grades)
    ranked = sorted(range(len(cases)), key=lambda i: -scores[i])
    alerts = [i for i, (_, severity) in enumerate(judged) if severity in ("medium", "high")]
    high = [i for i in alerts if judged[i][1] == "high"]
    return Figures(
        len(cases), red,
        float(average_precision_score([grade == 2 for grade in grades], scores)) if red else None,
        _share(sum(grades[i] == 2 for i in ranked[:red]), red),
        _share(sum(grades[i] == 2 for i in alerts), red),
        _share(sum(grades[i] >= 1 for i in alerts), len(alerts)),
        _share(sum(grades[i] == 2 for i in high), len(high)),
        len(alerts), len(high),
    )  # fmt: skip


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def evaluate(cases: Sequence[Case], config: Config, *, gold: bool, today: date, part: str = "all") -> tuple[Figures, list[Judgement]]:
    """Figures of one labelled set under one part of the evidence."""
    exchange = Exchange(config.market.rate)
    listings = [Listing.from_dict(case.listing) for case in cases]
    if gold:
        readings = [reading_of_gold(listing, case.gold, exchange, today) for listing, case in zip(listings, cases, strict=True)]
    else:
        from detector.reading.read import Reader

        reader = Reader(config)
        readings = [reader.read(listing, today) for listing in listings]
    judged = judge_all(zip(listings, readings, strict=True), config, today, part)
    return measure(cases, [(one.score, one.severity) for one in judged]), judged


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures of each file and, asked for, the training listings judged wrongly."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--gold", action="store_true", help="take the labels as readings")
    parser.add_argument("--part", choices=("train", "heldout", "all"), default="all")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--errors", action="store_true", help="list training listings whose severity misses the grade")
    args = parser.parse_args(argv)
    today = datetime.now(UTC).date()
    config = Config(args.home)
    cases = [c for file in args.files for c in load([file]) if args.part in ("all", c.part) and "grade" in c.gold]
    for part in ("all", "signals", "price"):
        figures, judged = evaluate(cases, config, gold=args.gold, today=today, part=part)
        print(json.dumps({"evidence": part, **asdict(figures)}))
        if part == "all" and args.errors:
            _print_errors(cases, judged)
    return 0


def _print_errors(cases: Sequence[Case], judged: Sequence[Judgement]) -> None:
    wanted = {0: ("none", "low"), 1: ("medium",), 2: ("high",)}
    for case, judgement in zip(cases, judged, strict=True):
        if case.part == "train" and judgement.severity not in wanted[case.gold["grade"]]:
            reasons = [(r.evidence, r.contribution, r.detail) for r in judgement.reasons]
            print(case.file, case.line, case.gold["grade"], judgement.severity, judgement.score, case.listing["title"], case.gold["why"], reasons, judgement.notes, file=sys.stderr)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
