"""A listing prepared for reading: its text fields folded once, its date and place at hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property

from detector.reading.text import Folded, fold
from storage.listing import TEXT_FIELDS, Listing


@dataclass(frozen=True)
class Document:
    """A listing with its folded fields. `today` stands in where the listing has no date."""

    listing: Listing
    today: date

    @cached_property
    def fields(self) -> dict[str, Folded]:
        """Folded text of every text field that is present."""
        return {
            name: fold(value) for name in TEXT_FIELDS if (value := getattr(self.listing, name)) is not None
        }

    @cached_property
    def date(self) -> date:
        """Observation date (UTC), else the posting date, else `today`."""
        for value in (self.listing.observed_at, self.listing.posted_at):
            if parsed := parse_time(value):
                return parsed.date()
        return self.today

    def text(self, name: str) -> str:
        """Folded text of a field, "" where absent."""
        folded = self.fields.get(name)
        return folded.text if folded else ""


def parse_time(value: str | None) -> datetime | None:
    """ISO 8601 text as UTC; None where it cannot be read. A time without zone is taken as UTC."""
    if not value:
        return None
    try:
        parsed = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
