"""Which steps of an alert a person is told, on the desk as in `alerts show`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from detector.alerts import NOTHING_MATERIAL


def steps(events: Sequence[dict[str, Any]], decisions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The events of an alert, oldest first, without those in which nothing material changed before anybody had decided or noted anything."""
    first = min((row["at"] for row in decisions), default=None)
    return [
        event for event in events
        if event["kind"] != "updated" or event["news"] or event["why"] != NOTHING_MATERIAL or (first is not None and first < event["at"])
    ]  # fmt: skip
