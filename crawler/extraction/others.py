"""Other goods on the page: what stands behind a heading such as "Related products", and cards that lead to other pages.

Their prices, buttons and words of stock are never the article's, however near they stand. Texts are told apart by order, for
a heading's part of the page may be running text without an element of its own.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urldefrag

from crawler.extraction.dom import OUTERMOST
from crawler.extraction.words import OTHERS, RELATED
from crawler.links import led_to

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from crawler.extraction.dom import Piece, Shown

Figure = tuple["LexborNode", int]
"""The element of a shown figure and its place by order of text."""
_RANKS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6, "legend": 6, "caption": 6}
_NAMED_RANK = 4
"""Rank of what only its class calls a heading."""
_HEADING_NAME = re.compile(r"\bh[1-5]\b|head(?:ing|line)|title")
_LONGEST_HEADING = 70
_BESIDE_HEADING = 3
"""Links beside a heading (`View all`, arrows), at most; more are its content."""
_HIGHEST = 8
"""Levels from a figure up to the card that holds it, and from a heading up to what it is over."""
_MOST_HEADINGS = 50
_MOST_TEXTS = 1_000
"""Texts behind a heading among which the next one is looked for."""
_DEEPEST = 80
"""Elements around a text that are climbed."""
_MOST_PARTS = 40
"""Parts of a card that may stand before its link."""
_LIST = 4
"""So many figures alike, each with a link near by, are those of a list."""
_NUMBERS = re.compile(r"\d+")


def behind_headings(shown: Shown, first: int, last: int) -> None:
    """Note as other goods what stands behind each heading over such, among the texts from `first` to `last`."""
    found = 0
    for order in range(first, min(last, len(shown.pieces))):
        piece = shown.pieces[order]
        if not shown.cues[order] & OTHERS or order in shown.others or not 2 <= len(piece.text) <= _LONGEST_HEADING:
            continue
        heading = _heading(piece) if _over_others(shown, " ".join(shown.lower[order].split())) else None
        if heading is not None and heading.mem_id not in shown.title_path:
            shown.others.update(range(order, _end(shown, order, heading)))
            found += 1
            if found == _MOST_HEADINGS:
                return


def _over_others(shown: Shown, text: str) -> bool:
    """Do words head other goods? `Recommended price` and its like in other languages label a price."""
    wording = shown.words.wording
    return wording["heading_related"].search(text) is not None and not wording["struck"].search(text)


def _heading(piece: Piece) -> LexborNode | None:
    """The heading that a text is, if it is one; a link is none, but may be the name of an article, as a first heading is."""
    node: LexborNode | None = piece.element
    for _ in range(2):
        if node is None or node.tag in ("a", "h1"):
            return None
        if node.tag in _RANKS or _named_heading(node.attributes.get("class") or ""):
            return node
        node = node.parent
    return None


@lru_cache(maxsize=4096)
def _named_heading(name: str) -> bool:
    return _HEADING_NAME.search(name[:200].lower()) is not None


def _end(shown: Shown, order: int, heading: LexborNode) -> int:
    """Where a heading's part of the page ends: with the element that holds it and more, or at the next heading of its rank
    there, or at the article's title."""
    pieces = shown.pieces
    part, end, unit = heading, order + 1, heading
    for _ in range(_HIGHEST):
        if part.parent is None:
            break
        unit, part = part, part.parent
        end = _last_inside(shown, order, part) + 1
        if part.tag in OUTERMOST or part.mem_id in shown.title_path or not _beside(pieces[order + 1 : end]):
            break
    if shown.title_order is not None and order < shown.title_order < end:
        end = _first_inside(shown, order, part)
    rank = _RANKS.get(heading.tag or "", _NAMED_RANK)
    for piece in pieces[order + 1 : min(end, order + _MOST_TEXTS)]:
        if _ends(piece.element, heading, unit, part, rank):
            return piece.order
    return end


def _beside(pieces: list[Piece]) -> bool:
    """Is this nothing, or only links and buttons beside a heading?"""
    return len(pieces) <= _BESIDE_HEADING and all(
        (node := piece.element).tag in ("a", "button") or (node.parent is not None and node.parent.tag in ("a", "button"))
        for piece in pieces
    )


def _last_inside(shown: Shown, order: int, part: LexborNode) -> int:
    """The last text inside an element that holds the text `order`."""
    if part.tag in OUTERMOST:
        return len(shown.pieces) - 1
    return bisect_left(shown.pieces, True, order + 1, key=lambda piece: not _inside(piece.element, part)) - 1


def _first_inside(shown: Shown, order: int, part: LexborNode) -> int:
    """The first text behind a heading in the branch that holds the title, below the element `part` that holds both."""
    branch = next((child for child in part.iter() if child.mem_id in shown.title_path), None)
    title = shown.title_order or 0
    if branch is None:
        return title
    return next((place for place in range(order + 1, title) if _inside(shown.pieces[place].element, branch)), title)


def _inside(element: LexborNode, part: LexborNode) -> bool:
    wanted = part.mem_id
    node: LexborNode | None = element
    for _ in range(_DEEPEST):
        if node is None:
            return False
        if node.mem_id == wanted:
            return True
        node = node.parent
    return False


def _ends(element: LexborNode, heading: LexborNode, unit: LexborNode, part: LexborNode, rank: int) -> bool:
    """Does a text begin the next part: a heading of the same rank or a higher one that stands where the first does, alone or
    in a wrapper like the first one's? Names of articles are links."""
    node: LexborNode | None = element
    found = None
    for _ in range(4):
        if node is None or node.tag == "a":
            return False
        if _RANKS.get(node.tag or "", 9) <= rank or (node.tag == heading.tag and _class(node) == _class(heading)):
            found = node
        if found is not None and (above := node.parent) is not None and above.mem_id == part.mem_id:
            alike = node.mem_id == found.mem_id or (node.tag, _class(node)) == (unit.tag, _class(unit))
            return alike and found.css_first("a") is None
        node = node.parent
    return False


def _class(node: LexborNode) -> str:
    return node.attributes.get("class") or ""


def cards(shown: Shown, figures: list[Figure], address: str | None) -> None:
    """Note as other goods the cards around shown figures: of two or more elements alike in one place that each begin with a
    link, those that lead to another page."""
    groups: dict[tuple[object, ...], dict[str, tuple[LexborNode, int]]] = {}
    seen: set[int] = set()
    for element, order in figures:
        node: LexborNode | None = element
        for _ in range(_HIGHEST):
            if node is None or node.mem_id in shown.title_path or node.tag in OUTERMOST or node.mem_id in seen:
                break
            seen.add(node.mem_id)
            target = _leads_to(node)
            parent = node.parent
            if target is not None and parent is not None:
                kind = _NUMBERS.sub("", _class(node)).split()[:1]
                groups.setdefault((parent.mem_id, node.tag, *kind), {}).setdefault(target, (node, order))
            node = parent
    for alike in groups.values():
        if len(alike) > 1:
            for target, (node, order) in alike.items():
                if order not in shown.others and _other_page(target, address):
                    _note(shown, node, order)


def lists(shown: Shown, figures: list[Figure]) -> None:
    """Note as other goods the figures alike, equally far from the title, each with a link beside it; prices by quantity have no
    links."""
    groups: dict[tuple[object, ...], list[Figure]] = {}
    for element, order in figures:
        groups.setdefault((*signature(element), shown.steps(element)), []).append((element, order))
    for group in groups.values():
        around = [_with_link(shown, element) for element, _ in group[:_LIST]]
        if len(group) < _LIST or not all(around):
            continue
        for element, order in group:
            if order not in shown.others:
                _note(shown, _with_link(shown, element) or element, order)


def signature(element: LexborNode) -> tuple[str, str, str]:
    """What elements alike have in common: tag, class, and the class of the element above."""
    parent = element.parent
    return element.tag or "", _class(element), _class(parent) if parent is not None else ""


def _with_link(shown: Shown, element: LexborNode) -> LexborNode | None:
    node: LexborNode | None = element
    for _ in range(4):
        if node is None or node.mem_id in shown.title_path or node.tag == "body":
            return None
        if node.tag == "a" or node.css_first("a[href]") is not None:
            return node
        node = node.parent
    return None


def _note(shown: Shown, card: LexborNode, order: int) -> None:
    """Note as other goods all texts of a card that holds the text `order`."""
    first = order
    while first > 0 and _inside(shown.pieces[first - 1].element, card):
        first -= 1
    shown.others.update(range(first, _last_inside(shown, order, card) + 1))


def _leads_to(node: LexborNode) -> str | None:
    """Where the link leads that a card is or begins with; None if it does not begin with one."""
    for part in islice(node.traverse(include_text=True, skip_empty=True), _MOST_PARTS):
        if part.tag == "a":
            return part.attributes.get("href") or ""
        if part.tag == "-text":
            return None
    return None


def _other_page(href: str, address: str | None) -> bool:
    """Does a link lead to another page? Choices of this article (`?colour=red`) do not."""
    if not href or href[0] in "#?" or href[:11].lower() == "javascript:":
        return False
    if not address:
        return True
    target = led_to(address, href)
    return target is not None and _bare(target) != _bare(address)


def _bare(address: str) -> str:
    return urldefrag(address).url.rstrip("/")


def holds(shown: Shown, piece: Piece) -> bool:
    """Is a text about other goods, by its place or by the names of the elements around it?"""
    return piece.order in shown.others or bool(shown.bits(piece.element) & RELATED)
