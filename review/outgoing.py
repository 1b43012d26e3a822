"""What is sent, in every form a channel may want, made from a stored digest; and the one error of sending."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from review.digest import Digest


class SendError(Exception):
    """Raised if a digest could not be sent. `what` says where and why, `do` what may be done; `lasting` if trying again within
    minutes is of no use (a setting is wrong)."""

    def __init__(self, what: str, do: str = "", *, lasting: bool = False) -> None:
        self.what, self.do, self.lasting = what, do, lasting
        super().__init__(f"{what}; {do}" if do else what)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A digest ready to be sent. `model` is the digest or the weekly summary itself."""

    id: str
    kind: str
    home: str
    made: datetime
    headline: str
    text: str
    html: str
    fragment: str
    """The HTML without the page round it."""
    model: Any
    severity: str | None
    """The highest severity in it; None where there is no alert."""


def outgoing(row: Mapping[str, Any], home: str) -> Outgoing:
    """The stored digest or weekly summary (a row of `Store.digest`) in the forms of mail."""
    document, made = row["document"], datetime.fromisoformat(row["document"]["made"])
    if row["kind"] == "weekly":
        from review import weekly_forms as forms
        from review.weekly import Weekly

        week = Weekly.from_dict(document)
        return Outgoing(
            row["id"], "weekly", home, made, week.headline, forms.text(week), forms.html(week), forms.fragment(week), week, None
        )  # fmt: skip
    from review import mail_page, plain

    digest = Digest.from_dict(document)
    severity = next((s for s in ("high", "medium") if digest.counts.get(s)), None)
    return Outgoing(
        row["id"], row["kind"], home, made, digest.headline, plain.text(digest), mail_page.html(digest), mail_page.fragment(digest), digest,
        severity,
    )  # fmt: skip
