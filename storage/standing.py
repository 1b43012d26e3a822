"""What follows from the record: the state of an alert, the state of a run in quarantine, and which decisions were made apart.

Pure functions of the whole record, in whichever homes it was made: the order in which homes were merged is not in it. A row's
`knew` names the decisions that its home held when it was made. What the program did in a home that knew nothing of a decision
does not count against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from storage.ids import short_hash
from storage.observation import Row

STATE_AFTER = {"confirm": "confirmed", "dismiss": "dismissed", "snooze": "snoozed", "escalate": "escalated"}

KNEW = "(SELECT coalesce(group_concat(id, ' '), '') FROM (SELECT id FROM {table} WHERE {of} = ?{notes} ORDER BY id))"
KNEW_OF_LISTING = KNEW.format(table="decision", of="listing", notes=" AND action <> 'note'")
KNEW_OF_RUN = KNEW.format(table="run_decision", of="run", notes="")
"""What `knew` is for a row that is written now: SQL with one parameter, the listing or the run."""

RUN_DECIDED = "d.at, length(d.knew), d.id"
"""Decisions on one run (`d`) in their order: of one second, the one that knew of the other is the later."""

TAKEN_BACK = "the decision that had opened it was taken back"

_MOVES = {"opened": "new", "reopened": "new", "woke": "new", "closed": "closed"}
"""Events that change a state; the others tell."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An alert's state; `until` where it is snoozed, `why` where it is closed."""

    state: str
    until: str | None = None
    why: str | None = None


def event_of(decision: str, kind: str) -> str:
    """The name of the event by which a decision opened an alert that nothing had flagged, or closed it again."""
    return short_hash("event", decision, kind)


def words(decisions: Iterable[Row]) -> list[Row]:
    """The decisions that hold a verdict and were not taken back, in their order."""
    found = list(decisions)
    undone = {row["undoes"] for row in found if row["action"] == "undo"}
    return [row for row in found if row["action"] in STATE_AFTER and row["id"] not in undone]


def standing(decisions: Sequence[Row], events: Sequence[Row]) -> Standing:
    """The state of an alert from its decisions by time and its events in the order in which they happened.

    The last decision that stands counts, and after it the last event that knew of it. Without a decision the last event counts.
    """
    said = words(decisions)
    own = {event_of(row["id"], kind) for row in decisions for kind in ("opened", "closed")}
    moves = [row for row in events if row["kind"] in _MOVES and row["id"] not in own]
    if said:
        actions = {row["id"]: row["action"] for row in said}
        moves = [row for row in moves if _counts(row, said[-1], actions)]
    if moves:
        last = moves[-1]
        state = _MOVES[last["kind"]]
        return Standing(state, None, last["why"] if state == "closed" else None)
    if said:
        return Standing(STATE_AFTER[said[-1]["action"]], said[-1]["until"])
    taken_back = any(row["action"] == "undo" for row in decisions)
    return Standing("closed", None, TAKEN_BACK) if taken_back else Standing("new")


def _counts(event: Row, decision: Row, actions: Mapping[str, str]) -> bool:
    """Whether an event moves what was decided: it knew of it, or what brought a listing back after a like decision came later."""
    knew = event["knew"].split()
    if decision["id"] in knew:
        return True
    alike = any(actions.get(name) == decision["action"] for name in knew)
    return bool(event["kind"] == "reopened" and event["at"] > decision["at"] and alike)


def apart(said: Sequence[Row]) -> list[tuple[Row, Row]]:
    """Pairs of decisions that contradict each other and were made without knowing of each other, the earlier first.

    The last words of each side alone: what somebody said otherwise himself later is no quarrel with others. A decision that knew
    both settles the matter and leaves the pair in the record.
    """
    knew = {row["id"]: set(row["knew"].split()) for row in said}

    def last_word(one: Row, other: Row) -> bool:
        return not any(one["id"] in known and other["id"] not in known for known in knew.values())

    return [
        (one, other)
        for at, one in enumerate(said)
        for other in said[at + 1 :]
        if one["action"] != other["action"] and one["id"] not in knew[other["id"]] and other["id"] not in knew[one["id"]]
        and last_word(one, other) and last_word(other, one)
    ]  # fmt: skip


def run_note(decision: Row) -> str:
    """What a run says of the last decision on it."""
    done = {"release": "released", "discard": "discarded"}[decision["action"]]
    return f"{done} by {decision['who']} on {decision['at']}: {decision['why']}"
