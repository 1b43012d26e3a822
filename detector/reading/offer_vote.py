"""The offer kind by all that a listing shows: which rules of `offer` speak, cues and their places, the price, and the letters of
title and opening. Learned from labelled listings by `python -m detector.learn_offers`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from detector.reading.page import OPENING, Page
from detector.reading.votes import Votes

CUES = (
    "accessory", "accessory-weak", "brand", "buyer", "buyer-firm", "cloud", "credit", "disguise", "each", "fee", "fits", "hardware",
    "hardware-weak", "homonym", "job", "lot", "memory-size", "new", "news", "not-selling", "parts", "pay", "question", "refurbished",
    "rental", "sale", "service", "service-weak", "souvenir", "stock", "used", "used-text", "wanted", "with", "without-chip", "your-card",
)  # fmt: skip
_PLACED = ("wanted", "service", "accessory", "rental", "sale", "fits", "without-chip")
"""Cues whose place in the title tells: at its start, before the chip, behind it."""
_SHARES = (
    (0.01, "under 1 %"),
    (0.06, "under 6 %"),
    (0.15, "under 15 %"),
    (0.3, "under 30 %"),
    (1.0, "under 100 %"),
)
_QUESTION = re.compile(r"[?？]\s*$")
AT_START = 2


def features(page: Page, steps: Mapping[str, object]) -> dict[str, float]:
    """Named facts of a page. `steps` says which rules of `offer` spoke, each asked by itself."""
    found = {f"rule {name}": 1.0 for name, spoke in steps.items() if spoke}
    found[f"price {_bracket(page.price_share)}"] = 1.0
    for field in ("title", "description"):
        hits = page.hits(field)
        present = hits.cues()
        for cue in CUES:
            if cue not in present:
                continue
            if number := len(hits[cue]):
                found[f"{field} {cue}"] = float(min(number, 2))
    chips = [m for m in page.named if m.field == "title"]
    found["chips in title"] = float(min(3, len({m.base for m in chips})))
    for cue in _PLACED:
        hits_of = page.title[cue]
        if hits_of:
            found[f"{cue} at start"] = float(hits_of[0].start <= AT_START)
            if chips:
                found[f"{cue} before chip"] = float(hits_of[0].start < chips[0].start)
                found[f"{cue} after chip"] = float(hits_of[-1].start > chips[-1].end)
        if any(hit.start < OPENING for hit in page.description[cue]):
            found[f"opening {cue}"] = 1.0
    flags = {
        "no price": page.no_price, "believed": bool(page.mentions), "machine": any(m.system for m in page.mentions),
        "question": bool(_QUESTION.search(page.title.text)), "hardware": page.hardware, "homonymous": page.homonymous,
        "told disguise": page.told, "price of time": bool(page.price["rental-price"]),
    }  # fmt: skip
    found.update({name: 1.0 for name, holds in flags.items() if holds})
    return {name: value for name, value in found.items() if value}


def _bracket(share: float | None) -> str:
    if share is None:
        return "unknown"
    return next((name for limit, name in _SHARES if share < limit), "a chip's or more")


def vote(votes: Votes, page: Page, found: Mapping[str, float]) -> dict[str, float]:
    """The probability of each kind, by `features` and by the letters of title and opening."""
    import numpy as np

    logits = votes.logits([texts(page)], [found.items()])[0]
    chances = np.exp(logits - logits.max())
    return dict(zip(votes.labels, (chances / chances.sum()).tolist(), strict=True))


def texts(page: Page) -> dict[str, str]:
    """What the letters are taken from: the title, and the opening of the description."""
    return {"t": page.title.text, "d": page.description.text[:OPENING_LETTERS]}


OPENING_LETTERS = 160
"""Letters in which a description says what is wanted or offered."""
