"""Answers that cost by the size of the home, kept while nothing was judged or decided since."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from review.desk.app import Desk
    from review.desk.visit import Visit

T = TypeVar("T")

KEEP_S = 60.0
"""A rescore that moves no alert leaves no mark to see: so long an answer may be the old one."""

MOST = 64
"""Answers kept of one desk; beyond, the oldest goes."""

_KEPT: WeakKeyDictionary[Desk, dict[Hashable, tuple[Any, float, Any]]] = WeakKeyDictionary()
_LOCK = threading.Lock()


def kept(visit: Visit, name: Hashable, make: Callable[[], T]) -> T:
    """What `make` gives, or gave under this name while the home and its config stood as now."""
    # The config is a new object whenever a file of it changed, and is kept here, so that no other takes its place.
    stamp, now = (visit.store.stamp(), visit.config), time.monotonic()
    with _LOCK:
        answers = _KEPT.setdefault(visit.desk, {})
        found = answers.get(name)
    if found is not None and found[0] == stamp and now < found[1]:
        return found[2]
    value = make()
    with _LOCK:
        answers.pop(name, None)
        answers[name] = stamp, now + KEEP_S, value
        while len(answers) > MOST:
            del answers[next(iter(answers))]
    return value
