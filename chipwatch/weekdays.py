"""The weekday field of a cron expression, for APScheduler, which counts from Monday and knows no week that begins on another day."""

from __future__ import annotations

NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
"""As cron counts them; 7 is Sunday once more."""


def weekdays(field: str) -> str:
    """The days of a field (`1-5`, `sun`, `0,6`, `fri-mon`, `*/2`) by their names. Raises ValueError."""
    days: set[int] = set()
    for part in field.lower().split(","):
        span, stepped, step = part.partition("/")
        first, dash, last = span.partition("-")
        begin, end = (0, 6) if span == "*" else (_day(first), _day(last) if dash else 6 if stepped else _day(first))
        if stepped and not (step.isdecimal() and int(step)):
            raise ValueError(f"{part!r}: the step after / is a number from 1")
        days.update(day % 7 for day in range(begin, end + (7 if end < begin else 0) + 1, int(step or 1)))
    return "*" if len(days) == 7 else ",".join(NAMES[day] for day in sorted(days))


def _day(text: str) -> int:
    if text in NAMES:
        return NAMES.index(text)
    if len(text) != 1 or text not in "01234567":
        raise ValueError(f"{text!r} is no weekday; write 0 to 7 (0 and 7 are Sunday) or {', '.join(NAMES)}")
    return int(text)
