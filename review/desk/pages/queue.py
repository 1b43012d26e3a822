"""The queue: new alerts, the most severe first."""

from __future__ import annotations

from review.desk.visit import Answer, Page, Visit
from storage.alerts import Filter


def queue(visit: Visit) -> Answer:
    """The first page of the queue."""
    return visit.page(
        "queue.html",
        rows=visit.store.alerts(Filter(), limit=50),
        counts=visit.store.count_alerts("severity", Filter()),
    )


PAGES = (Page("/", queue, nav="Queue", order=1),)
