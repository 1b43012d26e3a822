"""Reading figures for labelled files: the table of what was read rightly, and the errors by kind.

A labelled file is JSON Lines of `{"listing": ..., "gold": ...}`; gold is written by the rules of the labelling guide;
a field that it leaves out is not measured.
Every figure except offer kind is over the listings whose gold offer is a sale or a rental.
`python -m detector.evaluate FILE... [--part train|heldout|all] [--errors KIND]`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from config.loader import Config
from detector.gold import SIGNALS, check
from detector.reading.model import Reading, Signal
from detector.reading.read import Reader
from storage.listing import Listing

# A language with fewer priced listings says nothing about the language.
MIN_PRICED = 10

HELD_OUT_EVERY = 3
"""Of a file that does not name its part, every third line (index % 3 == 2) is kept untouched."""


@dataclass(frozen=True, slots=True)
class Case:
    """One labelled listing. `part` is train or heldout."""

    file: str
    line: int
    part: str
    listing: dict[str, Any]
    gold: dict[str, Any]


@dataclass(slots=True)
class Hits:
    """True positives, false positives, false negatives."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    def add(self, found: Iterable[str], gold: Iterable[str]) -> None:
        a, b = Counter(found), Counter(gold)
        both = (a & b).total()
        self.tp, self.fp, self.fn = self.tp + both, self.fp + a.total() - both, self.fn + b.total() - both

    @property
    def precision(self) -> float | None:
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else None

    @property
    def recall(self) -> float | None:
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else None

    @property
    def f1(self) -> float | None:
        total = 2 * self.tp + self.fp + self.fn
        return 2 * self.tp / total if total else None


@dataclass(slots=True)
class Share:
    """How many of how many."""

    good: int = 0
    n: int = 0

    def add(self, good: bool) -> None:
        self.good += bool(good)
        self.n += 1

    @property
    def rate(self) -> float | None:
        return self.good / self.n if self.n else None


@dataclass(slots=True)
class Table:
    """All figures of one run, and the errors: kind -> lines that say what was read and what is right."""

    cases: int = 0
    chips: Hits = field(default_factory=Hits)
    shares: dict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    price_by_language: dict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    signals: dict[str, Hits] = field(default_factory=lambda: defaultdict(Hits))
    spans: Share = field(default_factory=Share)
    errors: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def all_signals(self) -> Hits:
        hits = self.signals.values()
        return Hits(sum(h.tp for h in hits), sum(h.fp for h in hits), sum(h.fn for h in hits))


def part_of(path: Path, index: int, record: dict[str, Any]) -> str:
    """The part a line belongs to: as the record or the file name says, else by line index."""
    if "part" in record:
        return str(record["part"])
    for name in ("train", "heldout"):
        if path.name.startswith(name):
            return name
    return "heldout" if index % HELD_OUT_EVERY == HELD_OUT_EVERY - 1 else "train"


def load(paths: Iterable[Path], part: str = "all") -> Iterator[Case]:
    """Cases of labelled files; `part` is train, heldout or all. Raises ValueError naming file and line."""
    for path in paths:
        for index, line in enumerate(path.read_text(encoding="utf-8").split("\n")):  # a text may hold other line breaks
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                case = Case(str(path), index + 1, part_of(path, index, record), record["listing"], record["gold"])
                Listing.from_dict(case.listing)
                check(case.gold)
            except (KeyError, TypeError) as error:
                raise ValueError(f"{path}:{index + 1}: not a labelled listing ({error!r})") from error
            except ValueError as error:
                raise ValueError(f"{path}:{index + 1}: not a labelled listing: {error}") from error
            if part in ("all", case.part):
                yield case


def evaluate(cases: Iterable[Case], reader: Reader, today: date) -> Table:
    """Read every case and compare it with its gold."""
    table = Table()
    for case in cases:
        reading = reader.read(Listing.from_dict(case.listing), today)
        _score(table, case, reading)
    return table


def _score(table: Table, case: Case, reading: Reading) -> None:
    gold = case.gold
    table.cases += 1
    _share(table, case, "offer", reading.offer, gold["offer"])
    found = [chip.chip for chip in reading.chips]
    if gold["offer"] not in ("sale", "rental"):
        table.shares["non-offers given a chip"].add(bool(found))
        if found:
            _error(table, case, "non-offer", found, [])
        return
    wanted = [chip["chip"] for chip in gold["chips"]]
    table.chips.add(found, wanted)
    if sorted(found) != sorted(wanted):
        _error(table, case, "chip", found, wanted)
    _score_counts(table, case, reading)
    for name in ("quantity", "condition", "restricted"):
        if name in gold:
            _share(table, case, name, getattr(reading, name), gold[name])
    if "price" in gold:
        _score_price(table, case, reading)
    if "signals" in gold:
        _score_signals(table, case, reading)


def _share(table: Table, case: Case, kind: str, found: Any, gold: Any) -> None:
    table.shares[kind].add(found == gold)
    if found != gold:
        _error(table, case, kind, found, gold)


def _score_counts(table: Table, case: Case, reading: Reading) -> None:
    """Chips in one priced unit, for each gold chip: by id, else by place in the list."""
    by_id = {chip.chip: chip.count for chip in reading.chips}
    for at, chip in enumerate(case.gold["chips"]):
        by_place = reading.chips[at].count if at < len(reading.chips) else None
        _share(table, case, "count", by_id.get(chip["chip"], by_place), chip["count"])


def _score_price(table: Table, case: Case, reading: Reading) -> None:
    gold = case.gold.get("price")
    if gold is None:
        if reading.price is not None:
            _error(table, case, "price", reading.price.to_dict(), None)
        return
    keys = ("kind", "amount", "currency") if gold["kind"] == "negotiable" else ("kind", "amount", "currency", "per")
    found = reading.price.to_dict() if reading.price else {}
    good = bool(found) and all(found.get(key) == gold.get(key) for key in keys)
    table.shares["price"].add(good)
    table.price_by_language[str(case.listing.get("language"))].add(good)
    if not good:
        _error(table, case, "price", {k: found.get(k) for k in keys}, {k: gold.get(k) for k in keys})


def _score_signals(table: Table, case: Case, reading: Reading) -> None:
    found = {s.signal: s for s in reversed(reading.signals) if s.signal in SIGNALS}
    gold = set(case.gold["signals"]) & set(SIGNALS)
    for name in SIGNALS:
        table.signals[name].add([name] * (name in found), [name] * (name in gold))
    if set(found) != gold:
        quotes = {name: s.text for name, s in found.items() if name not in gold}
        _error(table, case, "signal", quotes, {n: case.gold.get("spans", {}).get(n) for n in gold - set(found)})
    for name, text in case.gold.get("spans", {}).items():
        places = [s for s in reading.signals if s.signal == name]
        if places and name in gold:
            good = any(_overlaps(case.listing, s, text) for s in places)
            table.spans.add(good)
            if not good:
                _error(table, case, "span", {name: places[0].text}, text)


def _overlaps(listing: dict[str, Any], signal: Signal, text: str) -> bool:
    if signal.start is None or signal.end is None or not signal.field:
        return False
    value = listing.get(signal.field)
    at = value.find(text) if isinstance(value, str) else -1
    while isinstance(value, str) and at >= 0:
        if signal.start < at + len(text) and at < signal.end:
            return True
        at = value.find(text, at + 1)
    return False


def _error(table: Table, case: Case, kind: str, found: Any, gold: Any) -> None:
    # The untouched part stays untouched only while nobody reads it.
    if case.part != "heldout":
        name = f"{Path(case.file).name}:{case.line}"
        table.errors[kind].append(f"{name} {case.listing.get('title', '')!r}: read {found}, right {gold}")


def render(table: Table) -> str:
    """The table as plain text, one figure a line."""
    lines = [f"{'listings':28}{table.cases}"]
    lines.append(f"{'chip id micro F1':28}{_rate(table.chips.f1)}  {_counts(table.chips)}")
    for name in ("non-offers given a chip", "offer", "price", "count", "quantity", "condition", "restricted"):
        share = table.shares[name]
        lines.append(f"{name:28}{_rate(share.rate)}  {share.good} of {share.n}")
        if name == "price":
            for language, own in sorted(table.price_by_language.items()):
                if own.n >= MIN_PRICED:
                    lines.append(f"  {language:26}{_rate(own.rate)}  {own.good} of {own.n}")
    total = table.all_signals
    lines.append(f"{'all signals micro F1':28}{_rate(total.f1)}  {_counts(total)}")
    for name in SIGNALS:
        hits = table.signals[name]
        lines.append(f"  {name:26}{_rate(hits.f1)}  P {_rate(hits.precision)} R {_rate(hits.recall)}  {_counts(hits)}")
    lines.append(f"{'spans overlap':28}{_rate(table.spans.rate)}  {table.spans.good} of {table.spans.n}")
    return "\n".join(lines)


def figures(table: Table) -> dict[str, Any]:
    """The table as plain JSON: rates of 0 to 1 (None where there is nothing to count), each with what it counts."""
    return {
        "listings": table.cases, "chips": _hits(table.chips), **{name: _part(share) for name, share in table.shares.items()},
        "price_by_language": {name: _part(share) for name, share in sorted(table.price_by_language.items())},
        "all_signals": _hits(table.all_signals), "signals": {name: _hits(table.signals[name]) for name in SIGNALS},
        "spans": _part(table.spans),
    }  # fmt: skip


def _hits(hits: Hits) -> dict[str, Any]:
    return {"f1": hits.f1, "precision": hits.precision, "recall": hits.recall, "tp": hits.tp, "fp": hits.fp, "fn": hits.fn}


def _part(share: Share) -> dict[str, Any]:
    return {"rate": share.rate, "good": share.good, "n": share.n}


def _rate(value: float | None) -> str:
    return "  -  " if value is None else f"{value:.3f}"


def _counts(hits: Hits) -> str:
    return f"tp {hits.tp} fp {hits.fp} fn {hits.fn}"


def render_errors(table: Table, kinds: Iterable[str] | None = None) -> str:
    """The errors by kind; `kinds` chooses, None takes all."""
    chosen = sorted(table.errors) if kinds is None else list(kinds)
    lines = []
    for kind in chosen:
        lines.append(f"\n{kind}: {len(table.errors.get(kind, ()))}")
        lines.extend("  " + line for line in table.errors.get(kind, ()))
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m detector.evaluate", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--part", choices=("train", "heldout", "all"), default="all")
    parser.add_argument("--errors", nargs="*", metavar="KIND", help="list errors (all kinds, or those named)")
    args = parser.parse_args(argv)
    table = evaluate(load(args.files, args.part), Reader(Config()), datetime.now(UTC).date())
    print(render(table))
    if args.errors is not None:
        print(render_errors(table, args.errors or None))
    return 0


if __name__ == "__main__":
    sys.exit(main())
