"""The morning's digest as one frozen model; every form of it (terminal, Markdown, HTML, JSON) is written from this.

What is new since the last digest by severity, each alert with its reasons in words; then coverage, so that silence is
never read as "no listings".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from detector.explain import score_words
from review.wording import kind_words, kinds_words, moment

SEVERITIES = ("high", "medium", "low")

UNKNOWN_NAMES = 20
"""Unknown accelerators written out; the JSON form holds them all."""


def desk_link(desk: str, key: str) -> str | None:
    """The page of a listing, flagged or not, on the desk at this address; None without one."""
    return f"{desk}/alert/{quote(key, safe='')}" if desk else None


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of the seller that carry a signal, contact details masked."""

    signal: str
    field: str
    text: str
    title: str = ""
    """The signal's title; "" in digests of earlier days."""
    contribution: float | None = None
    """How much of the score, where no reason tells it."""

    @property
    def words(self) -> str:
        """What the signal is called, and how much of the score it is where no reason tells that."""
        figure = "" if self.contribution is None else f" ({self.contribution:+.2f})"
        return (self.title or self.signal.replace("_", " ")) + figure


@dataclass(frozen=True, slots=True)
class DigestAlert:
    """One alert as an analyst reads it. Money in US dollars for one chip (sale) or chip-hour (rental)."""

    alert: int | str
    severity: str
    score: float
    title: str
    chip: str
    offer: str
    site: str
    listing_id: str
    url: str | None
    place: str | None
    quantity: int | None
    unit_usd: float | None
    market_usd: float | None
    market_n: int | None
    opened: str
    why_now: str
    reasons: tuple[str, ...]
    quotes: tuple[Quote, ...]
    innocent: tuple[str, ...]
    evidence: Mapping[str, Any] | None
    chip_name: str = ""
    """The catalogue's name of the chip; "" in digests of earlier days."""
    before: str | None = None
    """What had been decided on it before, by whom, and what opened it again; else what is new of it since it was opened."""
    asked: str = ""
    """The figure that `unit_usd` was reckoned from, where it is not in US dollars."""

    def desk_link(self, desk: str) -> str | None:
        """The alert's page on the desk at this address; None without one."""
        return desk_link(desk, str(self.alert))

    @property
    def score_words(self) -> str:
        """The score as it is shown."""
        return score_words(self.score)

    @property
    def chip_words(self) -> str:
        """The chip by name."""
        return self.chip_name or self.chip

    @property
    def kind_words(self) -> str:
        """For sale or for rent."""
        return kind_words(self.offer)

    @property
    def further_quotes(self) -> tuple[Quote, ...]:
        """Quoted words that no reason tells already."""
        return tuple(
            quote for quote in self.quotes if not any(quote.text in reason for reason in self.reasons)
        )

    @property
    def market_words(self) -> str:
        """Unit price against its market, in words."""
        if self.unit_usd is None:
            return "no price to compare"
        price = f"${self.unit_usd:,.2f}" if self.unit_usd < 100 else f"${self.unit_usd:,.0f}"
        if self.offer == "rental":
            price += " an hour"
        if self.asked:
            price += f" ({self.asked})"
        if not self.market_usd:
            return f"{price}, not enough peers"
        market = f"${self.market_usd:,.2f}" if self.market_usd < 100 else f"${self.market_usd:,.0f}"
        peers = f"{self.market_n} peers" if self.market_n else "a list price, too few peers"
        return f"{price}, {100 * self.unit_usd / self.market_usd:.0f} % of the market's {market} ({peers})"


@dataclass(frozen=True, slots=True)
class SiteCoverage:
    """A site's last run. `outcome` None: it never ran; `imported`: it is known from files, of which none is to be read whole."""

    site: str
    last_run: str | None
    outcome: str | None
    pages: int
    listings: int
    new: int
    changed: int
    errors: int
    quarantined: bool
    detail: str | None

    @property
    def healthy(self) -> bool:
        return self.outcome in ("ok", "imported") and not self.quarantined


@dataclass(frozen=True, slots=True)
class Digest:
    """One digest. `more` alerts of each severity are beyond the cap; `since` None means everything so far."""

    made: str
    since: str | None
    alerts: tuple[DigestAlert, ...]
    more: Mapping[str, int]
    counts: Mapping[str, int]
    """New or re-opened alerts by severity."""
    listings: int
    by_offer: Mapping[str, int]
    coverage: tuple[SiteCoverage, ...]
    unknown_accelerators: Mapping[str, int] = field(default_factory=dict)
    muted: int = 0
    samples: tuple[Mapping[str, Any], ...] = ()
    """Unflagged listings drawn at random for a decision, so that what is missed can be estimated."""
    strange: tuple[Mapping[str, Any], ...] = ()
    """Offers with the strangest figures that would be no alerts without the forest, and its reasons in words."""
    notes: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    chain: str | None = None
    """Head of the evidence chain when the digest was made."""
    desk: str = ""
    """Address of the desk, to which each alert is linked; "" for no links."""
    queue: Mapping[str, int] = field(default_factory=dict)
    """Alerts that stand undecided, by severity; those of this digest are among them."""
    silent: int = 0
    """How many of the queue were opened without notice: judged anew, or relists of what is known."""
    previous: Mapping[str, Any] | None = None
    """Where this digest holds no alert, the last one that does: `made`, `alerts`, `file` (its name beside this one, without ending)."""

    @property
    def troubled(self) -> tuple[SiteCoverage, ...]:
        """Sites whose last run was not whole: read their silence with care."""
        return tuple(site for site in self.coverage if not site.healthy)

    @property
    def troubled_words(self) -> str:
        """How many sites were not read whole, or that none was read at all; "" where all were."""
        if not self.coverage:
            return "No site has been read yet: this silence says nothing."
        bad = len(self.troubled)
        if not bad:
            return ""
        verb, whose = ("was", "its") if bad == 1 else ("were", "their")
        return f"{bad} of {len(self.coverage)} sites {verb} not read whole: {whose} silence says nothing."

    @property
    def since_words(self) -> str:
        """From when the news is, and what is known in all."""
        # What people do in the demo, whose days are its own, or by another clock, may be news of a day to come.
        since = "the last digest" if self.since and self.since > self.made else f"{moment(self.since)} UTC"
        span = f"New since {since}." if self.since else "First digest: everything so far."
        kinds = kinds_words(self.by_offer)
        return f"{span} {self.listings} listings known{f': {kinds}' if kinds else ''}."

    @property
    def unknown_words(self) -> str:
        """Accelerators that the catalogue does not know, with their listings; "" where there are none."""
        names = [f"{name} ({count})" for name, count in self.unknown_accelerators.items()]
        more = [f"and {len(names) - UNKNOWN_NAMES} more names"] if len(names) > UNKNOWN_NAMES else []
        return ", ".join(names[:UNKNOWN_NAMES] + more)

    @property
    def told(self) -> int:
        """Alerts that this digest tells of, those beyond the cap among them."""
        return sum(self.counts.values())

    @property
    def queue_words(self) -> str:
        """How the alerts of this digest and the queue's agree."""
        total = sum(self.queue.values())
        if not total:
            return "The queue is empty."
        earlier = total - self.told - self.silent
        parts = [
            f"{self.told} in this digest{self._written_words}" if self.told else "",
            f"{earlier} told before" if earlier > 0 else "",
            f"{self.silent} opened without notice (judged anew, also once more, or a relist of what is known)"
            if self.silent
            else "",
        ]
        return f"{total} alert{'s' if total != 1 else ''} in the queue: {', '.join(filter(None, parts))}."

    @property
    def _written_words(self) -> str:
        """How many of those told are written out, where not all are."""
        beyond = sum(self.more.values())
        return f" ({self.told - beyond} written out, {beyond} counted)" if beyond else ""

    @property
    def previous_words(self) -> str:
        """The last digest that held alerts, in words; "" where this one does or there is none."""
        return (
            f"The last digest with alerts is of {moment(self.previous['made'])} UTC, with {self.previous['alerts']}."
            if self.previous
            else ""
        )

    def queue_link(self, severity: str) -> str | None:
        """The queue of one severity on the desk; None without an address."""
        return f"{self.desk}/?severity={severity}" if self.desk else None

    def more_words(self, severity: str) -> str:
        """How many alerts of a severity are beyond the cap, in words; "" where none is."""
        more = self.more.get(severity)
        return f"and {more} more of {severity} severity" if more else ""

    def listing_link(self, key: str) -> str | None:
        """A listing's page on the desk; None without an address."""
        return desk_link(self.desk, key)

    @property
    def silent_link(self) -> str | None:
        """The alerts opened without notice on the desk; None without an address."""
        return f"{self.desk}/?silent=1" if self.desk and self.silent else None

    @property
    def headline(self) -> str:
        """One line for a subject or a title."""
        parts = [f"{self.counts.get(s, 0)} {s}" for s in SEVERITIES[:2]]
        trouble = f", {len(self.troubled)} of {len(self.coverage)} sites not read whole" if self.troubled else ""
        if not self.coverage:
            trouble = ", no site read yet"
        if held := [site.site for site in self.coverage if site.quarantined]:
            trouble += f", in quarantine: {', '.join(held)}"
        return f"chipwatch {self.made[:10]}: {' and '.join(parts)} severity{trouble}"

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        out = dataclasses.asdict(self)
        out["headline"] = self.headline
        return out

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Digest:
        """The digest that `to_dict` gave, read back from the record of digests."""
        values = {name: document[name] for name in cls.__dataclass_fields__ if name in document}
        values["alerts"] = tuple(
            DigestAlert(
                **{
                    **a,
                    "reasons": tuple(a["reasons"]),
                    "innocent": tuple(a["innocent"]),
                    "quotes": tuple(Quote(**q) for q in a["quotes"]),
                }
            )
            for a in document["alerts"]
        )
        values["coverage"] = tuple(SiteCoverage(**site) for site in document["coverage"])
        for name in ("samples", "strange", "notes"):
            values[name] = tuple(document.get(name) or ())
        return cls(**values)
