"""The record of decisions: who, when, what, and what was seen then."""

from __future__ import annotations

from review.desk.decide import ACTIONS
from review.desk.visit import Answer, Page, Visit

PAGE = 100


def record(visit: Visit) -> Answer:
    """Decisions over all listings, the latest first."""
    who, action = visit.arg("who"), visit.arg("action")
    before = (
        int(visit.arg("before"))
        if visit.arg("before").isdecimal() and len(visit.arg("before")) < 19
        else None
    )
    rows = visit.store.decision_record(
        who=who or None,
        action=action if action in (*ACTIONS, "undo") else None,
        before=before,
        limit=PAGE + 1,
    )
    people = sorted(
        {person.name for person in visit.desk.people.all()}
        | {row["who"] for row in rows}
        | ({who} if who else set())
    )
    return visit.page(
        "record.html",
        rows=rows[:PAGE],
        more=rows[PAGE - 1]["n"] if len(rows) > PAGE else None,
        people=people,
        who=who,
        action=action,
        actions=(*ACTIONS, "undo"),
        reason=visit.config.decisions.title,
    )


PAGES = (Page("/record", record),)
