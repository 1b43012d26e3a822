"""How figures and dates are put into words for a person; Jinja filters of the desk."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from review.digest import score_words
from review.masking import masked, masked_text
from review.render import weblink
from review.wording import class_words, kind_words, moment, per_words, rate_words, shortened

DIGEST = re.compile(r"\b([0-9a-f]{64})\b")
"""A SHA-256 in words, as the note on a pack has one."""

if TYPE_CHECKING:
    from markupsafe import Markup


def usd(value: float | None) -> str:
    """US dollars: cents below 100, thousands grouped."""
    if value is None:
        return "–"
    return f"${value:,.2f}" if abs(value) < 100 else f"${value:,.0f}"


def count(value: int | None, one: str = "", many: str = "") -> str:
    """A grouped number, with its noun in the right form where one is given."""
    shown = "–" if value is None else f"{value:,}"
    return f"{shown} {one if value == 1 else many or one + 's'}" if one else shown


def score(value: float | None) -> str:
    """A score to two digits; what is nearly sure is not shown as sure."""
    return "–" if value is None else score_words(value)


def a_day(value: float) -> str:
    """So many a day: a decimal only where it says something."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"


def day(value: str | None) -> str:
    """The date of a timestamp."""
    return (value or "")[:10] or "–"


def minute(value: str | None) -> str:
    """A timestamp to the minute, UTC."""
    return moment(value) or "–"


def plain(name: str | None) -> str:
    """A code as words."""
    return (name or "").replace("_", " ").replace("-", " ")


def visible(text: Any) -> str:
    """Text from outside with control and direction-changing characters made visible; line ends stay."""
    return "".join(
        c
        if c.isprintable() or c in "\n\u200d\ufe0f"
        else " "
        if c in "\t\r\u00a0\u3000"
        else f"\\u{ord(c):04x}"
        for c in str(text)
    )


def title(row: Mapping[str, Any]) -> str:
    """The title of a row of `storage.desk`, contacts masked; a long one by its beginning."""
    return visible(shortened(masked_text(row["title"], json.loads(row["title_contacts"] or "[]"))))


def short_digests(text: str | None) -> Markup:
    """Words, escaped, in which a SHA-256 is shown by its first twelve digits and whole in its title."""
    from markupsafe import Markup, escape

    parts = DIGEST.split(visible(text or ""))
    return Markup("").join(
        Markup('<abbr class="digest" title="{}">{}…</abbr>').format(part, part[:12]) if at % 2 else escape(part) for at, part in enumerate(parts)
    )  # fmt: skip


FILTERS = {
    "title_of": title,
    "score": score, "a_day": a_day, "class_words": class_words, "kind_words": kind_words, "per_words": per_words, "rate_words": rate_words,
    "usd": usd, "count": count, "day": day, "minute": minute, "plain": plain, "visible": visible, "short_digests": short_digests, "masked": masked, "weblink": weblink, "shortened": shortened,
}  # fmt: skip
