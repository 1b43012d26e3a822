"""The queue: alerts by severity and score, filtered and counted; decisions on one or many of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from review.desk.cards import cards
from review.desk.decide import CHOOSE, MOST, UNSEEN, decide_many, reasons
from review.desk.facets import Choice, Found
from review.desk.sessions import Notice
from review.desk.visit import Answer, Page, Refused, Visit
from review.desk.words import title as title_words
from storage.errors import LockedError, StorageError

if TYPE_CHECKING:
    from storage.store import Store

PAGE = 50
"""Alerts of one page. More than a person reads in a morning helps nobody; the page says how many there are."""

SHOWN_VALUES = 7
"""Values of a filter shown at once; the rest is a click away."""

STATES = ("new", "escalated", "snoozed", "confirmed", "dismissed", "closed")
SPANS = {"1": "last day", "7": "last 7 days", "30": "last 30 days"}
SILENT = "opened without notice"
"""Alerts that no digest wrote out: judged anew, or relists of what is known."""
FILTERS = {"severity": "Severity", "signal": "Signal", "chip": "Chip", "site": "Site", "country": "Country"}


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a filter: how many it would show, whether it is chosen, and the address that turns it on or off."""

    title: str
    count: int
    chosen: bool
    address: str


def choice_of(args: Mapping[str, list[str]], now: str) -> Choice:
    """The filters in an address. What is not known there is left out; without a state the new ones are meant."""
    state = tuple(value for value in args.get("state", []) if value in STATES or value == "any")
    days = next((value for value in args.get("days", []) if value in SPANS), "")
    since = (
        (datetime.fromisoformat(now.replace("Z", "+00:00")) - timedelta(days=int(days)))
        .astimezone(UTC)
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        if days
        else ""
    )
    chosen: dict[str, Any] = {name: tuple(filter(None, args.get(name, []))) for name in (*FILTERS, "seller")}
    return Choice(
        state=() if "any" in state else state or ("new",),
        since=since,
        muted="muted" in args,
        silent="silent" in args,
        **chosen,
    )


def query_of(args: Mapping[str, list[str]], **changes: list[str] | None) -> str:
    """The filters as an address's query, some of them changed."""
    kept = {
        name: args[name]
        for name in ("state", "days", "muted", "silent", *FILTERS, "seller")
        if args.get(name)
    }
    kept |= {name: values for name, values in changes.items() if values is not None}
    kept = {
        name: values
        for name, values in kept.items()
        if values and name not in {n for n, v in changes.items() if v is None}
    }
    return urlencode([(name, value) for name, values in kept.items() for value in values])


def queue(visit: Visit) -> Answer:
    """A page of the queue. Alerts whose snooze or mute is over are back in it."""
    if visit.store.anything_due(visit.now):
        visit.desk.write_soon(lambda store: store.wake(visit.now))
    chosen = choice_of(visit.args, visit.now)
    found = visit.desk.facets.find(visit.store, chosen)
    number = int(visit.arg("page")) if visit.arg("page").isdecimal() and len(visit.arg("page")) < 7 else 1
    last = max((len(found) + PAGE - 1) // PAGE, 1)
    number = min(max(number, 1), last)
    rows = visit.store.alerts_by_key(found.part((number - 1) * PAGE, PAGE))
    return visit.page(
        "queue.html", cards=cards(rows, visit.config, visit.names), total=len(found), first=(number - 1) * PAGE + 1, number=number, last=last,
        muted=found.muted, counts=found.counts, states=_states(visit, found), filters=_filters(visit, found), spans=_spans(visit, found), chosen=chosen,
        reasons=reasons(visit.config), query=query_of(visit.args), query_of=lambda **changes: query_of(visit.args, **changes),
        week=(datetime.fromisoformat(visit.now.replace("Z", "+00:00")) + timedelta(days=7)).date().isoformat(), active=_active(visit),
    )  # fmt: skip


def _address(visit: Visit, **changes: list[str] | None) -> str:
    query = query_of(visit.args, **changes)
    return "/" + (f"?{query}" if query else "")


def _states(visit: Visit, found: Found) -> list[Option]:
    chosen = choice_of(visit.args, visit.now).state
    counts = found.counts["state"]
    options = [
        Option(state, counts.get(state, 0), chosen == (state,), _address(visit, state=[state]))
        for state in STATES
    ]
    return [*options, Option("any", sum(counts.values()), not chosen, _address(visit, state=["any"]))]


def _filters(visit: Visit, found: Found) -> list[tuple[str, list[Option], list[Option]]]:
    """Title, the values shown at once, and the rest, of each filter."""
    titles = {"signal": visit.names.signal, "chip": visit.names.chip, "country": visit.names.country}
    out = []
    for name, title in FILTERS.items():
        held, counts = visit.args.get(name, []), found.counts[name]
        if name == "severity":
            counts = {value: counts[value] for value in ("high", "medium", "low", "none") if value in counts}
        values = [*counts, *(value for value in held if value not in counts)]
        options = [
            Option(
                titles.get(name, str)(value), counts.get(value, 0), value in held,
                _address(visit, **{name: [v for v in held if v != value] if value in held else [*held, value]}),
            )
            for value in values
        ]  # fmt: skip
        first = [option for at, option in enumerate(options) if at < SHOWN_VALUES or option.chosen]
        out.append((title, first, [option for option in options if option not in first]))
    return out


def _spans(visit: Visit, found: Found) -> list[Option]:
    held, silent = visit.arg("days"), "silent" in visit.args
    spans = [
        Option(title, 0, held == days, _address(visit, days=None if held == days else [days]))
        for days, title in SPANS.items()
    ]
    return [*spans, Option(SILENT, found.silent, silent, _address(visit, silent=None if silent else ["1"]))]


def _active(visit: Visit) -> list[tuple[str, str]]:
    """The chosen filters by words, each with the address without it."""
    titles = {"signal": visit.names.signal, "chip": visit.names.chip, "country": visit.names.country}
    out = []
    for name in (*FILTERS, "seller"):
        for value in visit.args.get(name, []):
            rest = [v for v in visit.args[name] if v != value]
            out.append((f"{name}: {titles.get(name, str)(value)}", _address(visit, **{name: rest or None})))
    if "silent" in visit.args:
        out.append((SILENT, _address(visit, silent=None)))
    if visit.arg("days") in SPANS:
        out.append((SPANS[visit.arg("days")], _address(visit, days=None)))
    return out


def decide(visit: Visit) -> Answer:
    """One decision on the marked alerts; what somebody else changed meanwhile is left and told."""
    back = visit.value("back", "/")
    marked = [tuple(value.rpartition(":")[::2]) for value in visit.form.get("alert", [])]
    if not marked:
        raise Refused("Nothing was marked, so nothing was changed.")
    seen = [(key, int(version)) for key, version in marked if version.isdecimal() and len(version) < 19 and key]
    if len(seen) < len(marked):
        raise Refused(UNSEEN)
    return visit.go(back, *decide_many(visit, seen))


def undo(visit: Visit) -> Answer:
    """Take back the decisions that a notice offered, where they are still the last word."""
    pairs = [value.partition(":")[::2] for value in visit.form.get("decision", [])]

    def change(store: Store) -> list[str | None]:
        with store.transaction():
            return [_undo_one(store, listing, decision, visit) for listing, decision in pairs[:MOST]]

    left = visit.write(change)
    done = left.count(None)
    first = next((listing for (listing, _), why in zip(pairs, left, strict=False) if why is None), None)
    told = []
    if first is not None:
        title, others = (
            title_words(visit.store.title_of(first))[:70],
            f" and {done - 1} more" if done > 1 else "",
        )
        told = [Notice(f"{done} decision{'s' if done != 1 else ''} taken back: “{title}”{others}.")]
    back = visit.value("back", "/")
    if done == 1 and back.startswith("/alert/"):
        # From the alert that came next, back to the one in question, in the same list.
        back = f"/alert/{first}{back[back.index('?') :] if '?' in back else ''}"
    return visit.go(back, *told, *(Notice(words, "problem") for words in left if words))


def _undo_one(store: Store, listing: str, decision: str, visit: Visit) -> str | None:
    """Why it was not undone, or None. Within a transaction."""
    last = store.last_decision(listing)
    if last is None or last["id"] != decision:
        who = f"{'you' if last['who'] == visit.person else last['who']} decided since ({last['action']})" if last else "it was taken back already"
        return f"Not undone: {who}."
    try:
        store.undo(listing, who=visit.person, now=visit.now)
    except LockedError:
        raise
    except StorageError as error:
        return f"Not undone: {error.what}."
    return None


PAGES = (
    Page("/", queue, nav="Queue", order=1),
    Page("/decide", decide, method="POST", choose=CHOOSE),
    Page("/undo", undo, method="POST"),
)
