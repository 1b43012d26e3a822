"""The digest as HTML for mail programs, which drop style sheets, variables and modern layout: tables, styles on the element."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from review.plain import unlinked
from review.render import environment, stock_words

if TYPE_CHECKING:
    from review.digest import Digest


def html(digest: Digest) -> str:
    """The digest as a page for mail: no script, no picture, nothing loaded."""
    return render("mail.html", digest=digest, stock_words=stock_words)


def render(template: str, **values: Any) -> str:
    """A mail template; its filter `u` puts text from outside on one line that no mail program finds an address in."""
    env = environment()
    env.filters.setdefault("u", unlinked)
    return env.get_template(template).render(**values)
