"""Why a person decided as they did: `config/decisions.toml`. Few codes, so that they can be counted; a note says the rest."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from config.tables import Row, Table


class Reason(Row):
    """One code and the decisions it may stand on."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    title: str
    """What a person reads when choosing."""
    on: Annotated[tuple[Literal["confirm", "dismiss", "snooze", "escalate"], ...], Field(min_length=1)]
    why: str
    """When to choose it, and what its count tells."""


class Decisions(Table):
    """decisions.toml"""

    reason: list[Reason] = []

    def on(self, action: str) -> list[Reason]:
        """The reasons for an action, in their order."""
        return [reason for reason in self.reason if action in reason.on]

    def title(self, code: str | None) -> str:
        """The title of a reason, or the code where no row has it (a home may have dropped it); empty for None."""
        return next((reason.title for reason in self.reason if reason.id == code), code or "")
