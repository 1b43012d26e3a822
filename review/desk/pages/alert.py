"""One alert: the text with its signals, the price against the market, reasons, law, evidence, and what was decided."""

from __future__ import annotations

from datetime import datetime, timedelta

from detector.market import list_words, segment_words
from review.desk.case import Case, case_of
from review.desk.decide import CHOOSE, DONE, MAX_NOTE, UNSEEN, decide_one, reasons, said_with, wish_of
from review.desk.pages.queue import choice_of, query_of
from review.desk.sessions import Notice
from review.desk.visit import Answer, NotHere, Page, Refused, Visit
from review.desk.words import title as title_words
from review.tuning_view import to_decide
from review.wording import titled
from storage.errors import ConflictError, MissingError, StorageError
from storage.listing import ListingError


def alert(visit: Visit) -> Answer:
    """The page of a listing, whether it has an alert or not; a beginning of its key, or site/id in `q`, is enough."""
    key = _key(visit)
    case = case_of(visit.store, visit.config, visit.names, visit.desk.glossary, key)
    at, before, after = visit.desk.facets.find(visit.store, choice_of(visit.args, visit.now)).around(key)
    now = datetime.fromisoformat(visit.now.replace("Z", "+00:00"))
    waiting = to_decide(visit.store) if case.alert is None else []
    return visit.page(
        "alert.html", key=key, case=case, at=at, before=before, after=after, query=query_of(visit.args), reasons=reasons(visit.config, flagged=case.alert is not None),
        week=(now + timedelta(days=7)).date().isoformat(), month=(now + timedelta(days=30)).date().isoformat(), scopes=_scopes(visit, case),
        drawn=len(waiting) if key in waiting else 0, reason=visit.config.decisions.title, segment=lambda name: segment_words(name, visit.config.market.titles), titled=lambda text: titled(text, visit.names.signals), list_words=list_words,
    )  # fmt: skip


def _key(visit: Visit) -> str:
    try:
        return visit.store.find_listing(visit.vars["key"])
    except (MissingError, ListingError, ValueError) as error:
        raise NotHere("No listing has this key.") from error
    except StorageError as error:
        raise NotHere(str(error)) from error


def _scopes(visit: Visit, case: Case) -> list[tuple[str, str, str]]:
    """What may be muted from here: scope, value, words."""
    row, standing = case.listing, case.alert or {}
    found = [
        ("listing", row["listing"], "this listing"),
        ("seller", row["seller"], "this seller"),
        ("site", row["site"], f"the site {row['site']}"),
    ]
    found.append(("chip", standing.get("chip"), f"the chip {visit.names.chip(standing.get('chip'))}"))
    found += [
        ("signal", signal, f"the signal “{visit.names.signal(signal)}”")
        for signal in standing.get("signals", ())
        if signal != "forest"
    ]
    return [(scope, value, words) for scope, value, words in found if value]


def decide(visit: Visit) -> Answer:
    """Record a decision as the form bears it; where somebody else was faster, both are shown and nothing is changed."""
    key = _key(visit)
    query = visit.value("query")
    here = f"/alert/{key}" + (f"?{query}" if query else "")
    wish = wish_of(visit)
    version = _version(visit, key, needed=wish.action != "note")
    after = visit.value("after")
    drawn = to_decide(visit.store) if version is None else []
    try:
        decision = visit.write(lambda store: decide_one(store, key, version, wish, visit))
    except ConflictError as error:
        return _conflict(visit, key, query, error)
    title = title_words(visit.store.title_of(key))[:70]
    extra = said_with(visit.config, wish)
    undo = () if wish.action == "note" else (f"{key}:{decision}",)
    onward = (
        f"/alert/{after}" + (f"?{query}" if query else "")
        if after.isalnum() and wish.action != "note"
        else None
    )
    if key in drawn and wish.action != "note":
        onward = next((f"/alert/{other}" for other in drawn if other != key), "/tuning")
    return visit.go(
        onward or (here if wish.action == "note" else "/" + (f"?{query}" if query else "")),
        Notice(f"“{title}” {DONE[wish.action]}{extra}.", undo=undo),
    )


def _version(visit: Visit, key: str, *, needed: bool = True) -> int | None:
    """The version of the alert that was seen; None where there was no alert. Raises Refused where there is one now and the form bears none."""
    said = visit.value("version")
    if said.isdecimal() and len(said) < 19:
        return int(said)
    if needed and visit.store.standing_alerts([key]):
        raise Refused(UNSEEN)
    return None


def _conflict(visit: Visit, key: str, query: str, error: ConflictError) -> Answer:
    return visit.page(
        "conflict.html", status=409, key=key, query=query, error=error, listing=visit.store.title_of(key), alert=visit.store.alert(key),
        decisions=visit.store.decisions_on(key), after=visit.value("after"),
        wish={name: visit.value(name) for name in ("action", "reason_dismiss", "reason", "until", "note")}, reasons=reasons(visit.config),
    )  # fmt: skip


def undo(visit: Visit) -> Answer:
    """Take back the last decision, as seen: the form bears the version."""
    key = _key(visit)
    query = visit.value("query")
    here = f"/alert/{key}" + (f"?{query}" if query else "")
    version = _version(visit, key)
    try:
        visit.write(
            lambda store: store.undo(
                key,
                who=visit.person,
                now=visit.now,
                expected_version=version,
                note=visit.text("note", MAX_NOTE, "The note") or None,
            )
        )
    except ConflictError as error:
        return _conflict(visit, key, query, error)
    except StorageError as error:
        return visit.go(here, Notice(f"Not undone: {error.what}.", "problem"))
    return visit.go(
        here, f"The last decision on “{title_words(visit.store.title_of(key))[:70]}” is taken back."
    )


PAGES = (
    Page("/alert/<key>", alert),
    Page("/alert/<key>/decide", decide, method="POST", choose=CHOOSE),
    Page("/alert/<key>/undo", undo, method="POST"),
)
