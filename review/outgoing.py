"""What is sent, in every form a channel may want, made from a stored digest; and the one error of sending."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from review.digest import Digest


class SendError(Exception):
    """Raised if a digest could not be sent. `what` says where and why, `do` what may be done; `lasting` if trying again within
    minutes is of no use (a setting is wrong)."""

    def __init__(self, what: str, do: str = "", *, lasting: bool = False) -> None:
        self.what, self.do, self.lasting = what, do, lasting
        super().__init__(f"{what}; {do}" if do else what)


@dataclass(frozen=True)
class Outgoing:
    """A digest ready to be sent; each form is made when first asked for. `model` is the digest or the weekly summary itself."""

    id: str
    kind: str
    home: str
    made: datetime
    headline: str
    model: Any
    severity: str | None
    """The highest severity in it; None where there is no alert."""

    @cached_property
    def text(self) -> str:
        """As plain text."""
        from review import plain, weekly_forms

        return weekly_forms.text(self.model) if self.kind == "weekly" else plain.text(self.model)

    @cached_property
    def html(self) -> str:
        """As a page that mail programs show."""
        from review import mail_page, weekly_forms

        return weekly_forms.html(self.model) if self.kind == "weekly" else mail_page.html(self.model)

    @cached_property
    def fragment(self) -> str:
        """The HTML without the page round it."""
        from review import mail_page, weekly_forms

        return weekly_forms.fragment(self.model) if self.kind == "weekly" else mail_page.fragment(self.model)


def outgoing(row: Mapping[str, Any], home: str) -> Outgoing:
    """The stored digest or weekly summary (a row of `Store.digest`), ready to be sent."""
    document, made = row["document"], datetime.fromisoformat(row["document"]["made"])
    if row["kind"] == "weekly":
        from review.weekly import Weekly

        week = Weekly.from_dict(document)
        return Outgoing(row["id"], "weekly", home, made, week.headline, week, None)
    digest = Digest.from_dict(document)
    severity = next((s for s in ("high", "medium") if digest.counts.get(s)), None)
    return Outgoing(row["id"], row["kind"], home, made, digest.headline, digest, severity)
