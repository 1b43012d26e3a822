"""Everything an alert's page shows of one listing, gathered from the store; contacts masked, law of the day computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from detector import explain
from detector.controls import ControlBook, ControlFinding
from review import charts, marks
from review.again import Again, again
from review.desk import diffs
from review.desk.cards import CONTACT, Names, Price, price_of
from review.desk.glossary import Glossary
from review.masking import masked, masked_text
from review.pack import masked_listing
from review.steps import steps
from storage.listing import TEXT_FIELDS

if TYPE_CHECKING:
    from config.loader import Config
    from config.schema.controls import Rule
    from config.schema.signals import Card
    from storage.observation import Observation
    from storage.store import Store

SEEN = 30
"""Observations told in full; the rest stands in Datasette."""

PEERS = 200
"""Dots of the price strip."""

MOST_TEXT = 20_000
"""Characters of a field on the page; the stored page has the rest."""


Difference = tuple[str, tuple[tuple[str, str], ...]]
"""A field's name, and its text as (kind, piece) of `review.desk.diffs`."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the listing, cut where signals stand."""

    name: str
    pieces: tuple[marks.Piece, ...]
    cut: bool


@dataclass(frozen=True, slots=True)
class Sign:
    """One signal of the reading with what its card and the lexicon say. `number` ties it to its marks in the text."""

    number: int
    signal: str
    title: str
    gloss: str
    texts: tuple[tuple[str, str | None, tuple[tuple[str, str], ...]], ...]
    """(quote, language, what its words mean)."""
    detail: str
    figures: str
    innocent: tuple[str, ...]
    next: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Law:
    """What an offered chip fell under on the day it was seen."""

    chip: str
    count: int
    on: str
    finding: ControlFinding
    rule: Rule | None


@dataclass(frozen=True, slots=True)
class Seen:
    """One observation: what was new, with differences. `unit_usd` is one chip's price as it was read then."""

    observation: Observation
    first: bool
    unit_usd: float | None
    score: float | None
    diffs: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One listing with all that is known of it."""

    listing: dict[str, Any]
    title: str
    alert: dict[str, Any] | None
    document: dict[str, Any]
    observation: Observation | None
    fields: tuple[Field, ...]
    signs: tuple[Sign, ...]
    reasons: tuple[explain.Line, ...]
    bars: Markup | None
    price: Price
    strip: Markup | None
    apart: str
    """Why the offers on the strip make no reference; "" where peers made one."""
    history: tuple[Seen, ...]
    earlier: int
    line: Markup | None
    law: tuple[Law, ...]
    why_not: tuple[str, ...]
    decisions: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    """What happened to its alert, oldest first."""
    offers: tuple[int, list[dict[str, Any]]]
    copies: list[dict[str, Any]]
    relists: list[dict[str, Any]]
    relist_of: dict[str, Any] | None
    again: Again | None
    """What had been decided on it before it was opened again."""

    @property
    def unjudged(self) -> str:
        """Why the offer carries no score, in words; "" where it was judged."""
        return str((self.document.get("notes") or {}).get("judge") or "")

    @property
    def newer(self) -> bool:
        """Whether the page said something else since what is shown here was judged."""
        shown, last = self.observation, self.listing["observation"]
        return shown is not None and last is not None and shown.id != last

    @property
    def standing(self) -> dict[str, Any] | None:
        """The last decision that holds; none on an alert that was opened again since."""
        if self.again is not None and not self.again.relist:
            return None
        held = [row for row in self.decisions if row["action"] not in ("note", "undo") and not row["undone"]]
        return held[-1] if held else None


def case_of(store: Store, config: Config, names: Names, glossary: Glossary, key: str) -> Case:
    """Gather one listing. Raises MissingError for an unknown key."""
    listing = store.listing(key)
    alert = store.alert(key) if key in store.standing_alerts([key]) else None
    observations = store.history(key)
    judged = alert["observation"] if alert else listing["observation"]
    seen = next((o for o in observations if o.id == judged), observations[-1] if observations else None)
    reading = store.reading(judged) if judged else None
    document: dict[str, Any] = (reading or {}).get("document") or {}
    reasons = tuple(explain.lines(document, config)) if document else ()
    price = price_of(
        document, (document.get("price") or {}).get("unit_usd"), seen.listing.price_text if seen else None
    )
    history = _history(store, observations)
    beside, decisions = _beside(store, document, price, key), store.decisions_on(key)
    relist_of = alert["relist_of"] if alert else None
    title = "".join(
        piece.text for field in _fields(seen, document) if field.name == "title" for piece in field.pieces
    ) or masked(listing["title"])
    return Case(
        listing, title, alert, document, seen, _fields(seen, document), _signs(seen, document, config, names, glossary), reasons,
        _bars(reasons), price, _strip(names, document, price, beside), _apart(beside, document, seen, config), tuple(reversed(history)), max(len(observations) - SEEN, 0),
        _line(history), _law(document, seen, config), tuple(explain.why_not(document, config, listing["country"])) if document else ("not read yet",),
        decisions, steps(alert["events"], decisions) if alert else [], store.offers_of_seller(listing["seller"], besides=key) if listing["seller"] else (0, []),
        store.copies(key), store.relists(key, listing["seller"]), store.title_of(relist_of) if relist_of else None,
        again(store, alert, config.decisions, names.signals) if alert else None,
    )  # fmt: skip


def _fields(seen: Observation | None, document: Mapping[str, Any]) -> tuple[Field, ...]:
    if seen is None:
        return ()
    signals = [
        *(document.get("signals") or []),
        *({**chip, "signal": "chip"} for chip in document.get("chips") or []),
    ]
    out = []
    for name in TEXT_FIELDS:
        text = getattr(seen.listing, name)
        if text and name != "seller_name":
            contacts = [
                (s["start"], s["end"])
                for s in signals
                if s["signal"] == CONTACT and s.get("field") == name and s.get("start") is not None
            ]
            shown = masked_text(text, contacts)[:MOST_TEXT]
            out.append(Field(name, tuple(marks.pieces(shown, signals, name)), len(text) > MOST_TEXT))
    if seen.listing.quantity is not None:
        out.append(Field("stock field", (marks.Piece(str(seen.listing.quantity), ()),), False))
    return tuple(out)


def _signs(
    seen: Observation | None, document: Mapping[str, Any], config: Config, names: Names, glossary: Glossary
) -> tuple[Sign, ...]:
    cards: dict[str, Card] = {card.id: card for card in config.signals.signal}
    by_name: dict[str, list[Mapping[str, Any]]] = {}
    for signal in document.get("signals") or []:
        by_name.setdefault(signal["signal"], []).append(signal)
    out = []
    for number, (name, rows) in enumerate(by_name.items(), 1):
        card = cards.get(name)
        contact = name == CONTACT
        texts = {masked(text, contact=contact): language for text, language in _quotes(seen, rows)}
        details = [
            _detail(masked(row["detail"], contact=contact), names) for row in rows if isinstance(row.get("detail"), str)
        ]
        figures = next(
            (
                explain.figure_words(row)
                for row in rows
                if row.get("value") is not None and not isinstance(row.get("detail"), str)
            ),
            "",
        )
        out.append(
            Sign(
                number, name, names.signal(name), card.gloss if card else "",
                tuple((text, lang, tuple(glossary.words(text, lang, name))) for text, lang in texts.items()),
                "; ".join(dict.fromkeys(words for words in details if words not in texts)), figures, tuple(card.innocent) if card else (), tuple(card.next) if card else (),
            )
        )  # fmt: skip
    return (*out, *_figured(document, by_name, config, len(out) + 1))


def _figured(document: Mapping[str, Any], told: Mapping[str, Any], config: Config, number: int) -> Iterator[Sign]:
    """What speaks for an alert and is no signal of the reading, such as its figures or two signals together: as its bar names it."""
    rest = [line for line in explain.lines(document, config) if line.evidence not in (*told, "bias") and line.contribution > 0]
    for at, line in enumerate(rest, number):
        yield Sign(at, line.evidence, line.title, "", (), line.words, "", line.innocent, line.next)


def _detail(detail: str, names: Names) -> str:
    """What a signal says beside its quote; a country by its name."""
    return names.country(detail) if detail.isupper() and len(detail) == 2 else detail


def _quotes(seen: Observation | None, rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str | None]]:
    """(text, language) of what one signal stands on, one for places that are one mark; those without a place as they are."""
    placed: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        if seen and row.get("field") in TEXT_FIELDS and row.get("start") is not None and row.get("end"):
            placed.setdefault(row["field"], []).append(row)
        elif row.get("text"):
            yield row["text"], row.get("language")
    for field, found in placed.items():
        text = getattr(seen.listing, field) or "" if seen else ""
        for start, end in marks.joined(text, ((row["start"], row["end"]) for row in found)):
            languages = [
                row.get("language") for row in found if start <= row["start"] < end and row.get("language")
            ]
            yield text[start:end], languages[0] if languages else None


def _bars(reasons: Sequence[explain.Line]) -> Markup | None:
    """The reasons as bars that end where the next begins, from the starting point to the sum."""
    if not reasons:
        return None
    rows = [line for line in reasons if line.evidence == "bias"] + [
        line for line in reasons if line.evidence != "bias" and line.contribution
    ]
    bars = [charts.Bar(line.title, line.contribution) for line in rows]
    return charts.bars(bars, title="Reasons that add up to the score, in log-odds", total="sum")


def _beside(store: Store, document: Mapping[str, Any], price: Price, key: str) -> list[dict[str, Any]]:
    """The other offers of the same chip, as they are now."""
    chips = document.get("chips") or []
    if not chips or price.unit_usd is None:
        return []
    return [row for row in store.peers(chips[0]["chip"], document["offer"], limit=PEERS) if row["listing"] != key]


def _apart(beside: Sequence[Mapping[str, Any]], document: Mapping[str, Any], seen: Observation | None, config: Config) -> str:
    """Why these offers made no reference: what is too old, what was seen only later, and that a seller is one voice."""
    market, forming = document.get("market") or {}, config.market.forming
    if not beside or seen is None or not market or (market.get("n") and market.get("centre")):
        return ""
    day = date.fromisoformat(seen.observed_at[:10])
    ages = [(day - date.fromisoformat(row["observed_at"][:10])).days for row in beside]
    old, later = sum(age > forming.window_days for age in ages), sum(age < 0 for age in ages)
    rest = len(ages) - old - later
    parts = [
        f"{old} older than {forming.window_days} days" if old else "",
        f"{later} seen only after this one" if later else "",
        f"{rest} of the {forming.window_days} days before it" if rest else "",
    ]
    needed = f"; a seller counts once, and about {forming.min_peers:g} are needed" if rest else ""
    return f"Not enough peers. Other offers shown: {', '.join(filter(None, parts))}{needed}."


def _strip(names: Names, document: Mapping[str, Any], price: Price, beside: Sequence[Mapping[str, Any]]) -> Markup | None:
    chips = document.get("chips") or []
    if not chips or price.unit_usd is None:
        return None
    market = document.get("market") or {}
    dots = [charts.Dot(row["unit_usd"], f"{row['site']}, {names.country(row['country']) or 'place not said'}") for row in beside]
    dots.append(charts.Dot(price.unit_usd, "this offer", own=True))
    return charts.strip(
        dots,
        title=f"Offers of {names.chip(chips[0]['chip'])}",
        low=market.get("low"),
        high=market.get("high"),
        n=market.get("n"),
        height=124,
    )


def _history(store: Store, observations: Sequence[Observation]) -> list[Seen]:
    """The last observations, oldest first, each with what it says anew."""
    out: list[Seen] = []
    before: dict[str, Any] | None = None
    for at, seen in enumerate(observations):
        if at < len(observations) - SEEN - 1:
            continue
        reading = store.reading(seen.id)
        signals = reading["document"].get("signals") or [] if reading else []
        said = masked_listing(seen.listing.to_dict(), signals)
        if at >= len(observations) - SEEN:
            unit, score = (reading["unit_usd"], reading["score"]) if reading else (None, None)
            if reading and (reading["document"].get("notes") or {}).get("judge"):
                score = None  # not judged: its 0 is no score
            out.append(Seen(seen, at == 0, unit, score, _diffs(before, said, seen.changed)))
        before = said
    return out


_SAID = {"price": ("price_text", "price_amount", "price_currency"), "seller": ("seller_id",)}


def _diffs(
    before: dict[str, Any] | None, said: dict[str, Any], changed: Sequence[str]
) -> tuple[Difference, ...]:
    if before is None:
        return ()
    names = [name for change in changed for name in _SAID.get(change, (change,))]
    pairs = [(name, str(before.get(name, "")), str(said.get(name, ""))) for name in names]
    return tuple(
        (name.replace("_", " "), tuple(diffs.changes(old, new))) for name, old, new in pairs if old != new
    )


def _line(history: Sequence[Seen]) -> Markup | None:
    points = [
        charts.Point(date.fromisoformat(s.observation.observed_at[:10]).toordinal(), s.unit_usd, label=f"{s.observation.observed_at[:10]}: ${s.unit_usd:,.2f}")
        for s in history if s.unit_usd
    ]  # fmt: skip
    if len({point.x for point in points}) < 2:
        return None
    return charts.line(
        [charts.Series("unit price", tuple(points), steps=True)],
        title="Unit price of this offer",
        days=True,
        y_words="money",
        height=170,
    )


def _law(document: Mapping[str, Any], seen: Observation | None, config: Config) -> tuple[Law, ...]:
    if seen is None or not document.get("chips"):
        return ()
    book, on = ControlBook(config.catalogue, config.controls), date.fromisoformat(seen.observed_at[:10])
    rules = {rule.id: rule for rule in config.controls.rule}
    out: dict[str, Law] = {}
    for chip in document["chips"]:
        found = book.find(chip["chip"], on)
        out.setdefault(
            chip["chip"],
            Law(
                chip["chip"],
                chip["count"],
                on.isoformat(),
                found,
                rules.get((found.rule or "").split(" ")[0]),
            ),
        )
    return tuple(out.values())
