"""What people had decided on an offer that stands in the queue again: who, when, why, and what has changed since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from review.digest import score_words
from review.masking import masked
from review.wording import titled

if TYPE_CHECKING:
    from config.schema.decisions import Decisions
    from storage.store import Store

PAST = {"dismiss": "dismissed", "confirm": "confirmed", "escalate": "escalated", "snooze": "snoozed"}


@dataclass(frozen=True, slots=True)
class Again:
    """An earlier decision on an open alert. `relist`: it was made on the offer that this one is a relist of (`listing`)."""

    action: str
    who: str
    at: str
    score: float | None
    """What the offer scored when it was decided on."""
    reason: str
    """The title of its reason; empty where none was given."""
    note: str | None
    why: str
    """What opened the alert again; of a relist what made it an alert."""
    listing: str
    relist: bool

    @property
    def words(self) -> str:
        """The same in a sentence; text from outside as it is."""
        code = f" ({self.reason})" if self.reason else ""
        said = f": “{self.note}”" if self.note else ""
        seen = "" if self.score is None else f" at score {score_words(self.score)}"
        before = "" if self.relist else " before"
        decided = f"{PAST[self.action]}{before} by {self.who} on {self.at[:10]}{seen}{code}{said}"
        why = masked(self.why)
        if self.relist:
            return f"Relist of an offer {decided}. Opened because of {why}"
        return f"{decided[0].upper() + decided[1:]}. Opened again: {why}"


def again(store: Store, alert: Mapping[str, Any], decisions: Decisions, titles: Mapping[str, str]) -> Again | None:
    """The decision that an open alert had before, on itself or else on what it is a relist of; None where there is none.

    `alert` needs `listing`, `state` and `relist_of`; `decisions` word the reason, `titles` the signals.
    """
    if alert["state"] != "new":
        return None
    for listing in (alert["listing"], alert.get("relist_of")):
        # A decision that stands on an open alert is one that something has overtaken, whatever the clocks say.
        last = store.last_decision(listing) if listing else None
        if last is not None and last["action"] in PAST:
            relist = listing != alert["listing"]
            why = titled(store.opened_because(alert["listing"]) or "not recorded", titles)
            return Again(
                last["action"], last["who"], last["at"], last["score"], decisions.title(last["reason"]), last["note"], why, str(listing), relist
            )  # fmt: skip
    return None
