"""The digest as HTML for mail programs, which drop style sheets, variables and modern layout: tables, styles on the element."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from review.plain import unlinked
from review.render import STRANGE, STRANGE_WHY, environment, stock_words

if TYPE_CHECKING:
    from jinja2 import Template

    from review.digest import Digest


def html(digest: Digest) -> str:
    """The digest as a page for mail: no script, no picture, nothing loaded."""
    return page("mail.html", digest=digest, stock_words=stock_words, strange=STRANGE, strange_why=STRANGE_WHY)


def fragment(digest: Digest) -> str:
    """The same without the page round it, for a feed."""
    return body("mail.html", digest=digest, stock_words=stock_words, strange=STRANGE, strange_why=STRANGE_WHY)


def page(template: str, **values: Any) -> str:
    """A mail template as a whole page; its filter `u` puts outside text on one line that no mail program finds an address in."""
    return _template(template).render(**values)


def body(template: str, **values: Any) -> str:
    """What stands in the body of a mail template."""
    found = _template(template)
    return "".join(found.blocks["body"](found.new_context(values)))


def _template(name: str) -> Template:
    env = environment()
    env.filters.setdefault("u", unlinked)
    return env.get_template(name)
