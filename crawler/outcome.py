"""How a run ended, decided from what it counted: named outcomes, so that silence is never read as "no listings"."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from config.schema.sites import Expect, Site
    from crawler.page import Reading
    from storage.listing import Listing


@dataclass(slots=True)
class Facts:
    """What a run counted while it went. `stops` are reasons why a host was left alone, `limits` bounds that were reached."""

    requests: int = 0
    pages: int = 0
    """Answers that were read as what they were asked as."""
    unrecognised: int = 0
    listings: int = 0
    """Distinct listings."""
    new: int = 0
    changed: int = 0
    seen: int = 0
    bytes: int = 0
    lists: int = 0
    """Recognised result pages, sitemaps or API answers."""
    filled: Counter[str] = field(default_factory=Counter)
    """Of how many distinct listings a field is filled."""
    stops: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    """Hosts that could not be reached, and so were asked for nothing but robots.txt."""
    limits: list[str] = field(default_factory=list)
    robots: int = 0
    """Addresses that robots.txt forbids."""
    refused: Counter[str] = field(default_factory=Counter)
    """Addresses that were not asked: other hosts, private addresses, schemes."""
    failed: Counter[str] = field(default_factory=Counter)
    """Requests without a usable answer, by cause."""
    gone: int = 0
    """Listing pages that answered 404 or 410."""
    problems: list[str] = field(default_factory=list)
    """Odd entries that were set aside; the first ones in words."""
    problem_count: int = 0
    entries: int = 0
    """Entries of recognised pages that were read, one seen twice counted twice."""
    set_aside: int = 0
    """Entries of recognised pages that could not be read."""
    errors: list[str] = field(default_factory=list)
    """Mistakes of this program."""
    remarks: list[str] = field(default_factory=list)
    """What is told of a run that met all that was expected: a list that went in circles, a start address asked before."""
    signal: str | None = None
    waited_s: float = 0.0
    erased: int = 0
    """Distinct listings that were met and passed over, because they were erased on request."""
    unchanged: int = 0
    """Pages that answered 304."""
    kept: int = 0
    """Pages of a killed run that were read from the archive instead of asked for again."""

    def count_page(self, url: str, reading: Reading) -> None:
        """Count what a page gave, and note in words what it did not."""
        for problem in reading.problems:
            self.problem(f"{url}: {problem}")
        if reading.recognised:
            self.pages += 1
            self.entries += len(reading.listings)
            self.set_aside += len(reading.problems)
        else:
            self.unrecognised += 1

    def problem(self, text: str) -> None:
        """Note an entry that was set aside."""
        self.problem_count += 1
        if len(self.problems) < 20:
            self.problems.append(text[:300])

    def count_fill(self, listing: Listing) -> None:
        """Count the fields of a listing seen for the first time in this run."""
        self.listings += 1
        for name in _FIELDS:
            value = (
                (listing.price_text or listing.price_amount) if name == "price" else getattr(listing, name)
            )
            if value not in (None, "", ()):
                self.filled[name] += 1


_FIELDS = (
    "title", "description", "price", "quantity", "condition", "category", "seller_id", "seller_name", "seller_since",
    "seller_ratings", "location", "ships_to", "image_urls", "posted_at", "url",
)  # fmt: skip
UNREADABLE, FEW = 0.25, 2
"""More entries than this share, and more than a few, that cannot be read are a layout that changed; a card selector that takes in
advertisements as well is to be narrowed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`name` is one of the eight; `detail` says in words where and why; `broken` lists expectations that did not hold."""

    name: str
    detail: str | None = None
    broken: tuple[str, ...] = ()

    @property
    def quarantine(self) -> bool:
        """Is the run kept but not judged?"""
        return bool(self.broken)


def decide(facts: Facts, site: Site, history: Sequence[int] = ()) -> Outcome:
    """The outcome of a crawl. `history` are listing counts of the site's last runs that came as far (see `health.usual`).

    Order: killed, then what kept us out, then what broke, then what the pages held. An expectation is held against a run
    that was not kept from meeting it.
    """
    if facts.signal:
        return Outcome("killed", f"stopped by {facts.signal} after {_so_far(facts)}")
    if facts.stops:
        return Outcome("blocked", f"{facts.stops[0]}, after {_so_far(facts)}")
    if facts.absent:
        return Outcome("partial" if facts.pages else "failed", f"{facts.absent[0]}, after {_so_far(facts)}")
    if not facts.pages and facts.robots and not facts.failed:
        return Outcome("blocked", f"robots.txt forbids all that was asked ({_addresses(facts.robots)})")
    if not facts.pages and not facts.unrecognised:
        if facts.limits and not facts.errors:
            return Outcome("partial", facts.limits[0])
        return Outcome("failed", _causes(facts) or "nothing was fetched")
    if not facts.listings and not facts.erased and (facts.unrecognised or not facts.lists):
        return Outcome("changed", _unrecognised(facts), ("no page was recognised",))
    mishaps = _mishaps(facts, site.expect.failures)
    cut = "; ".join(filter(None, (*dict.fromkeys(facts.limits), mishaps)))
    broken = broken_expectations(facts, site.expect, site.never, () if mishaps else history)
    if broken and (not cut or _whatever_the_length(broken)):
        return Outcome("changed", "; ".join(broken), tuple(broken))
    if cut:
        return Outcome("partial", cut)
    if not facts.listings:
        return Outcome("empty", "; ".join(filter(None, [f"{facts.pages} pages, no listing", passed_over(facts.erased)])))
    more = f" (and {len(facts.remarks) - 1} more of the kind)" if len(facts.remarks) > 1 else ""
    told = [_missed(facts), passed_over(facts.erased), *(text[:300] + more for text in facts.remarks[:1])]
    return Outcome("ok", "; ".join(filter(None, told)) or None)


def broken_expectations(
    facts: Facts, expect: Expect, never: Sequence[str], history: Sequence[int]
) -> list[str]:
    """The site's expectations that the run does not meet, in words."""
    broken = []
    if facts.listings + facts.erased < expect.listings:
        broken.append(f"{facts.listings} listings, expected at least {expect.listings}")
    if facts.pages < expect.pages:
        broken.append(f"{facts.pages} pages, expected at least {expect.pages}")
    usual = median(history) if len(history) >= 3 else 0
    if facts.listings < usual * expect.fall:
        broken.append(f"{facts.listings} listings, usually {usual:.0f}")
    for name, share in expect.fill.items():
        got = facts.filled[name] / facts.listings if facts.listings else 1.0
        if name not in never and got < share:
            broken.append(f"{name} filled in {got:.0%}, expected {share:.0%}")
    total = facts.entries + facts.set_aside
    if facts.set_aside > max(FEW, UNREADABLE * total):
        broken.append(f"{facts.set_aside} of {total} entries could not be read: {facts.problems[0] if facts.problems else ''}")
    if facts.unrecognised > facts.pages:
        broken.append(_unrecognised(facts))
    return broken


def _whatever_the_length(broken: Sequence[str]) -> bool:
    """Does any of the broken expectations hold for a run that stopped short as well: what pages hold, the fall from runs as long?"""
    return any(word in text for text in broken for word in ("filled", "not recognised", "could not be read", "usually"))


def _mishaps(facts: Facts, tolerated: float) -> str:
    """What the run could not have besides its bounds, in words; a few failed or forbidden addresses are told, but do not count."""
    parts = []
    missed = _missed(facts)
    if missed and (facts.failed.total() + facts.robots) > tolerated * (
        facts.pages + facts.failed.total() + facts.robots
    ):
        parts.append(missed)
    if facts.errors:
        parts.append(f"{len(facts.errors)} errors: {facts.errors[0]}")
    return "; ".join(parts)


def _missed(facts: Facts) -> str:
    parts = [_causes(facts)] if facts.failed else []
    if facts.robots:
        parts.append(f"robots.txt forbids {_addresses(facts.robots)}")
    if facts.unrecognised:
        parts.append(_unrecognised(facts))
    return "; ".join(parts)


def passed_over(erased: int) -> str:
    """That listings erased on request were met, in words."""
    return f"{erased} erased on request passed over" if erased else ""


def _addresses(count: int) -> str:
    return "1 address" if count == 1 else f"{count} addresses"


def _causes(facts: Facts) -> str:
    causes = facts.failed + facts.refused if not facts.pages else facts.failed
    return ", ".join(f"{count} × {cause}" for cause, count in causes.most_common(4)) or "; ".join(
        facts.errors[:1]
    )


def _unrecognised(facts: Facts) -> str:
    first = f": {facts.problems[0]}" if facts.problems else ""
    return f"{facts.unrecognised} pages were not recognised as what they were asked as{first}"


def _so_far(facts: Facts) -> str:
    return f"{facts.pages} pages and {facts.listings} listings"
