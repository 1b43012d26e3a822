"""The little of HTML that result lists need: select, attribute, visible text. Built on lexbor, eight times parsel's speed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

DEEPEST = 1000
"""Open elements at once. lexbor's time grows with the square of the depth: 0.16 s at 10,000, minutes at a million."""
_TAG = re.compile(rb"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_VOID = frozenset(
    b"area base br col embed hr img input link meta source track wbr p li td tr th option dt dd path".split()
)
"""Tags that do not nest: void ones, and those which the parser closes by itself."""
_PIECE = 200_000
"""Bytes looked at in one go when depth is counted."""
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_UNSEEN = frozenset(("script", "style", "noscript", "template", "-comment", "head"))


_NOT_PLAIN = ", ".join(sorted(_BLOCKS | {"script", "style", "noscript", "template"}))
"""What makes an element more than running text."""


class TooDeep(ValueError):
    """Raised if a page nests deeper than any honest page does; parsing it would take minutes."""


def parse(text: str) -> LexborHTMLParser:
    """The page's tree. Raises TooDeep."""
    if too_deep(text.encode("utf-8", "replace")):
        raise TooDeep(f"elements nest deeper than {DEEPEST}")
    return LexborHTMLParser(text)


def too_deep(body: bytes, tags: int | None = None) -> bool:
    """Does the page nest deeper than DEEPEST? Counting first, so that ordinary pages cost microseconds; `tags` is how often `<` stands in it."""
    tags = body.count(b"<") if tags is None else tags
    if tags < DEEPEST or tags - 2 * body.count(b"</") < DEEPEST:
        return False
    depth = 0
    for piece in _pieces(body):
        for closing, name in _TAG.findall(piece):
            if name.lower() not in _VOID:
                depth += -1 if closing else 1
                if depth > DEEPEST:
                    return True
                depth = max(depth, 0)
    return False


def _pieces(body: bytes) -> Iterator[bytes]:
    """The page in pieces that begin with a tag, so that a page of nothing but tags does not fill the memory."""
    start = 0
    while start < len(body):
        end = body.find(b"<", start + _PIECE)
        yield body[start : end if end >= 0 else len(body)]
        start = end if end >= 0 else len(body)


@lru_cache(maxsize=512)
def split(selector: str) -> tuple[str, str]:
    """`a.next::attr(href)` -> (`a.next`, `href`); `h3::text` -> (`h3`, `#text`); a bare selector -> (`h3`, ``).

    The site file's model has checked the form."""
    path, sign, pseudo = selector.partition("::")
    if not sign:
        return path.strip(), ""
    return path.strip(), "#text" if pseudo == "text" else pseudo[len("attr(") : -1].strip()


def select(node: LexborNode, selector: str) -> Iterator[str]:
    """Values of a selector inside a node, in page order; a selector without path means the node itself."""
    path, part = split(selector)
    for found in node.css(path) if path else (node,):
        if part == "#text":
            value = found.text(deep=False)
        elif part:
            value = found.attributes.get(part) or ""
        else:
            value = visible_text(found)
        value = value.strip()
        if value:
            yield value


def first(node: LexborNode, selectors: tuple[str, ...]) -> str | None:
    """The first value that any of the selectors, tried in order, gives."""
    return next((value for selector in selectors for value in select(node, selector)), None)


def visible_text(node: LexborNode) -> str:
    """Text as a reader sees it: inline parts joined as they stand, blocks on lines of their own."""
    inner = node.first_child
    alone = inner is None or (inner.is_text_node and inner.next is None)
    if alone or node.css_first(_NOT_PLAIN) is None:
        return " ".join((node.text(deep=True) or "").split())
    pieces: list[str] = []
    stack = [iter(node.iter(include_text=True))]
    closing = [False]
    while stack:
        child = next(stack[-1], None)
        if child is None:
            stack.pop()
            if closing.pop():
                pieces.append("\n")
        elif child.tag == "-text":
            # A line end inside running text is only a space; those between blocks stand alone in the list.
            pieces.append((child.text_content or "").replace("\n", " "))
        elif child.tag not in _UNSEEN:
            block = child.tag in _BLOCKS
            if block:
                pieces.append("\n")
            stack.append(iter(child.iter(include_text=True)))
            closing.append(block)
    lines = (" ".join(line.split()) for line in "".join(pieces).split("\n"))
    return "\n".join(line for line in lines if line)
