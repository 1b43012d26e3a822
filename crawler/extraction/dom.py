"""The shown page: visible pieces of text in reading order, and what the parts of the page around each are for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from crawler.extraction import prices
from crawler.extraction.words import HIDDEN, OTHER_GOODS, RELATED, Words

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

UNSEEN = [
    "script",
    "style",
    "svg",
    "noscript",
    "template",
    "iframe",
    "object",
    "canvas",
    "video",
    "audio",
    "math",
]
MOST_NODES = 60_000
"""Nodes of a page that are walked; the largest shop pages have some 30,000."""
_DEEPEST = 80
"""Ancestors that are climbed."""
_HIDES = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
OUTERMOST = frozenset(("body", "html", "-document"))
_NOTED = frozenset(("h1", "h2", "button", "input"))
_WORD = re.compile(r"\w+")


class Piece(NamedTuple):
    """A run of shown text and the element that holds it; `order` counts from the top of the page."""

    order: int
    text: str
    element: LexborNode


@dataclass(slots=True)
class Shown:
    """The page as shown: texts, first headings, and where the article's title stands."""

    words: Words
    pieces: list[Piece] = field(default_factory=list)
    lower: list[str] = field(default_factory=list)
    """The same texts in lower case."""
    cues: list[int] = field(default_factory=list)
    """Which wordings may stand in each, as bits of `words`."""
    headings: list[tuple[int, LexborNode]] = field(default_factory=list)
    buttons: list[tuple[int, str, LexborNode]] = field(default_factory=list)
    title: str = ""
    title_order: int | None = None
    title_path: frozenset[int] = frozenset()
    """Elements around the title, by address in memory."""
    others: set[int] = field(default_factory=set)
    """Texts about other goods, by order: behind headings over such, and in cards that lead elsewhere."""
    buys: list[int] | None = None
    """Where buttons buy or ask, once looked for."""
    dead: set[int] = field(default_factory=set)
    """Those of them that cannot be pressed: they show where the article is bought, not that it can be."""
    _bits: dict[int, int] = field(default_factory=dict)
    _sums: dict[int, int] = field(default_factory=dict)
    """Bits of elements with those around them."""

    def bits(self, element: LexborNode, levels: int = _DEEPEST) -> int:
        """What the element and the elements around it are for, up to the first that holds the title as well."""
        bits = 0
        path: list[LexborNode] = []
        known, title_path = self._sums if levels == _DEEPEST else {}, self.title_path
        node: LexborNode | None = element
        while node is not None and len(path) < levels:
            key = node.mem_id
            if key in known:
                bits = known[key]
                break
            if key in title_path or node.tag in OUTERMOST:
                break
            path.append(node)
            node = node.parent
        for node in reversed(path):
            bits |= self._own(node)
            known[node.mem_id] = bits
        return bits

    def set_aside(self, scopes: set[int]) -> None:
        """Take elements (addresses in memory) for other goods."""
        self._sums.clear()
        for scope in scopes:
            self._bits[scope] = self._bits.get(scope, 0) | RELATED | OTHER_GOODS

    def _own(self, node: LexborNode) -> int:
        known = self._bits.get(node.mem_id)
        if known is not None:
            return known
        words = self.words
        bits = words.tags.get(node.tag or "", 0)
        attributes = node.attributes
        for name in ("class", "id", "itemprop", "data-testid", "data-qa"):
            value = attributes.get(name)
            if value:
                bits |= words.marks_of(value)
        style = attributes.get("style")
        if "hidden" in attributes or (style and _HIDES.search(style[:500])):
            bits |= HIDDEN
        self._bits[node.mem_id] = bits
        return bits

    def steps(self, element: LexborNode) -> int:
        """Levels from the element up to the first that holds the title as well."""
        node: LexborNode | None = element
        for level in range(_DEEPEST):
            if node is None or node.mem_id in self.title_path:
                return level
            node = node.parent
        return _DEEPEST


def read(tree: LexborHTMLParser, words: Words) -> Shown:
    """The shown page. The tree loses its scripts, styles and the like."""
    tree.strip_tags(UNSEEN)
    shown = Shown(words)
    body = tree.body
    if body is None:
        return shown
    # A named tuple's own constructor is a function in Python, and there are thousands of pieces.
    pieces, new = shown.pieces, tuple.__new__
    for count, node in enumerate(body.traverse(include_text=True, skip_empty=True)):
        if node.is_text_node:
            text = (node.text_content or "").strip()
            if text and (parent := node.parent) is not None:
                pieces.append(new(Piece, (len(pieces), text, parent)))
        elif (tag := node.tag) in _NOTED:
            if tag in ("h1", "h2"):
                shown.headings.append((len(pieces), node))
            else:
                shown.buttons.append((len(pieces), tag, node))
        if count > MOST_NODES:
            break
    shown.lower = [piece.text.lower() for piece in pieces]
    shown.cues = words.cues.of(shown.lower)
    return shown


def short_text(node: LexborNode, longest: int) -> str:
    """The text of an element, up to so many characters; cents that stand in an element of their own get their point."""
    text = ""
    for count, part in enumerate(node.traverse(include_text=True)):
        if part.tag == "-text":
            text = prices.joined(text, " ".join((part.text_content or "")[: 2 * longest + 200].split()))
        if len(text) > longest or count > 400:
            break
    return text[:longest]


def place_title(shown: Shown, hints: list[str]) -> None:
    """Find the title: the heading most like what markup and head call the article, else any text that is just that."""
    wanted = [(set(_WORD.findall(hint.lower())), hint) for hint in hints if hint]
    best, best_score = None, 0.0
    for order, heading in shown.headings[:60]:
        text = short_text(heading, 300)
        tokens = set(_WORD.findall(text.lower()))
        likeness = max((_likeness(tokens, want) for want, _ in wanted), default=0.0)
        score = likeness + (0.3 if heading.tag == "h1" else 0.0)
        if tokens and score > best_score and (heading.tag == "h1" or likeness > 0.6):
            best, best_score = (order, heading, text), score
    if best is None or best_score < 0.5:
        best = _titled_piece(shown, wanted) or best
    if best is None:
        return
    shown.title_order, element, shown.title = best
    path, node = [], element
    for _ in range(_DEEPEST):
        path.append(node.mem_id)
        parent = node.parent
        if parent is None:
            break
        node = parent
    shown.title_path = frozenset(path)


def _likeness(tokens: set[str], wanted: set[str]) -> float:
    return (
        len(tokens & wanted) / min(len(tokens), len(wanted))
        if len(tokens & wanted) > 1 or (tokens and tokens == wanted)
        else 0.0
    )


def _titled_piece(shown: Shown, wanted: list[tuple[set[str], str]]) -> tuple[int, LexborNode, str] | None:
    names = [hint.strip().lower() for _, hint in wanted]
    for piece in shown.pieces:
        if 8 <= len(piece.text) <= 300:
            text = piece.text.lower()
            if any(text == name or (len(text) > 15 and name.startswith(text)) for name in names):
                return piece.order, piece.element, piece.text
    return None
