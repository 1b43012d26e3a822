"""Reading: the gate over texts without a chip, listings wholly read, matching against the same names in `re`.

`python -m bench.reading`. One core, processor time. The mix: the labelled listings for reading, most of them written to be hard, and recorded titles, as most of what a desk gathers is; for the gate their texts without names, joined
and cut to about 1 kB, two thirds of them not ASCII. What limits it is said beside each figure.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

LABELLED = Path(__file__).resolve().parents[1] / "tests" / "labelled"
RECORDED = LABELLED.parents[2] / "shared" / "data" / "ebay-browse" / "search"
DAY = date(2025, 6, 1)
KILOBYTE = 1_000
ROUNDS = 3


def listings() -> list[Any]:
    """The labelled listings that may be looked at."""
    from storage.listing import Listing

    files = sorted([*LABELLED.glob("train-*.jsonl"), LABELLED / "offers.jsonl"])
    return [
        Listing.from_dict(json.loads(line)["listing"])
        for path in files
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def plain_texts(some: list[Any], finder: Any) -> list[str]:
    """Texts of about 1 kB (UTF-8) that name no chip, made of the listings' own sentences."""
    pieces = [
        part
        for one in some
        for part in re.split(r"[。.!\n]", one.description or "")
        if part.strip() and not finder.gate(part)
    ]
    texts, text = [], ""
    for piece in pieces * 4:
        text += piece + ". "
        if len(text.encode()) >= KILOBYTE:
            if not finder.gate(text):
                texts.append(text)
            text = ""
    return texts


def best(act: Callable[[], object]) -> float:
    """Processor seconds of the fastest of a few rounds: the machine is shared, so the clock on the wall says little."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        act()
        times.append(time.process_time() - start)
    return min(times)


def run(words: list[str] | None = None) -> dict[str, float]:
    """All figures; printed and returned."""
    from config.loader import Config
    from detector.reading.read import Reader
    from detector.reading.text import fold

    reader, some = Reader(Config()), listings()
    finder, out = reader.finder, {}
    texts = plain_texts(some, finder)
    size = sum(len(text.encode()) for text in texts) / len(texts)
    out["gate_texts_per_s"] = len(texts) / best(lambda: [finder.gate(text) for text in texts])
    print(
        f"gate: {out['gate_texts_per_s']:,.0f} texts of {size:,.0f} bytes a second; limited by numpy's calls, a dozen a text, and the automaton"
    )

    named = [one for one in some if finder.gate(f"{one.title} {one.description or ''}")]
    for one in named:
        reader.read(one, DAY)  # words of each script are compiled when it is first met
    out["read_listings_per_s"] = len(named) / best(lambda: [reader.read(one, DAY) for one in named])
    print(
        f"read: {out['read_listings_per_s']:,.0f} listings with a chip a second, wholly; limited by cue words and signals in Python"
    )

    if RECORDED.is_dir():
        from chipwatch.recorded import recorded_listings

        titles = [one for one in recorded_listings(RECORDED, reader.config) if finder.gate(one.title)]
        out["read_titles_per_s"] = len(titles) / best(lambda: [reader.read(one, DAY) for one in titles])
        print(f"read: {out['read_titles_per_s']:,.0f} titles a second, as an API's search gives them")

    folded = [fold(f"{one.title} {one.description or ''}").squeezed for one in some]
    pattern = re.compile("|".join(re.escape(name) for name in sorted(finder.spellings(), key=len, reverse=True)))
    ours = best(lambda: [finder.match(text) for text in folded])
    theirs = best(lambda: [pattern.findall(text) for text in folded])
    out["matching_times_re"] = theirs / ours
    print(
        f"matching: {out['matching_times_re']:,.0f} times `re` over {len(finder.spellings()):,} names; limited by making the list of hits"
    )
    return out


def main(words: list[str] | None = None) -> None:
    run(words)


if __name__ == "__main__":
    main()
