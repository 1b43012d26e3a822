"""How a run ended, decided from what it counted: named outcomes, so that silence is never read as "no listings"."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from config.schema.sites import Expect, Site
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
    errors: list[str] = field(default_factory=list)
    """Mistakes of this program."""
    remarks: list[str] = field(default_factory=list)
    """What is told of a run that met all that was expected: a list that went in circles, a start address asked before."""
    signal: str | None = None
    waited_s: float = 0.0
    unchanged: int = 0
    """Pages that answered 304."""
    kept: int = 0
    """Pages of a killed run that were read from the archive instead of asked for again."""

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
    """The outcome of a crawl. `history` are listing counts of the site's last healthy runs.

    Order: killed, then what kept us out, then what broke, then what the pages held. An expectation is held against a run
    that was not kept from meeting it.
    """
    if facts.signal:
        return Outcome("killed", f"stopped by {facts.signal} after {_so_far(facts)}")
    if facts.stops:
        return Outcome("blocked", f"{facts.stops[0]}, after {_so_far(facts)}")
    if not facts.pages and facts.robots and not facts.failed:
        return Outcome("blocked", f"robots.txt forbids all that was asked ({_addresses(facts.robots)})")
    if not facts.pages and not facts.unrecognised:
        if facts.limits and not facts.errors:
            return Outcome("partial", facts.limits[0])
        return Outcome("failed", _causes(facts) or "nothing was fetched")
    cut = _cut(facts, site.expect.failures)
    broken = broken_expectations(facts, site.expect, site.never, history if not cut else ())
    if not facts.listings:
        if facts.unrecognised or not facts.lists:
            return Outcome("changed", _unrecognised(facts), ("no page was recognised",))
        return Outcome("partial", cut) if cut else Outcome("empty", f"{facts.pages} pages, no listing")
    if broken and not (cut and not _layout(broken)):
        return Outcome("changed", "; ".join(broken), tuple(broken))
    if cut:
        return Outcome("partial", cut)
    more = f" (and {len(facts.remarks) - 1} more of the kind)" if len(facts.remarks) > 1 else ""
    told = [_missed(facts), *(text[:300] + more for text in facts.remarks[:1])]
    return Outcome("ok", "; ".join(filter(None, told)) or None)


def broken_expectations(
    facts: Facts, expect: Expect, never: Sequence[str], history: Sequence[int]
) -> list[str]:
    """The site's expectations that the run does not meet, in words."""
    broken = []
    if facts.listings and facts.listings < expect.listings:
        broken.append(f"{facts.listings} listings, expected at least {expect.listings}")
    if facts.pages < expect.pages:
        broken.append(f"{facts.pages} pages, expected at least {expect.pages}")
    usual = median(history) if len(history) >= 3 else 0
    if facts.listings and facts.listings < usual * expect.fall:
        broken.append(f"{facts.listings} listings, usually {usual:.0f}")
    for name, share in expect.fill.items():
        got = facts.filled[name] / facts.listings if facts.listings else 1.0
        if name not in never and got < share:
            broken.append(f"{name} filled in {got:.0%}, expected {share:.0%}")
    if facts.unrecognised > facts.pages:
        broken.append(_unrecognised(facts))
    return broken


def _layout(broken: Sequence[str]) -> bool:
    """Do any of the broken expectations speak of what pages hold, and not of how many there were?"""
    return any("filled" in text or "not recognised" in text for text in broken)


def _cut(facts: Facts, tolerated: float) -> str | None:
    """Where the run stopped short, in words; a few failed or forbidden addresses are told, but do not count."""
    parts = list(dict.fromkeys(facts.limits))
    missed = _missed(facts)
    if missed and (facts.failed.total() + facts.robots) > tolerated * (
        facts.pages + facts.failed.total() + facts.robots
    ):
        parts.append(missed)
    if facts.errors:
        parts.append(f"{len(facts.errors)} errors: {facts.errors[0]}")
    return "; ".join(parts) or None


def _missed(facts: Facts) -> str:
    parts = [_causes(facts)] if facts.failed else []
    if facts.robots:
        parts.append(f"robots.txt forbids {_addresses(facts.robots)}")
    if facts.unrecognised:
        parts.append(_unrecognised(facts))
    return "; ".join(parts)


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
