"""Where are the cards of a result page? The most convincing row of alike siblings with links and prices, as selectors."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from crawler import dom

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

LEAST = 4
"""Fewer alike siblings are a menu or chance."""
_PRICE = re.compile(r"[$€£¥₽₩₹元円万]|\b(?:USD|EUR|RMB|CNY|JPY|HKD|TWD|KRW)\b")
_CLASS = re.compile(r"^[A-Za-z][\w-]*$")


@dataclass(frozen=True, slots=True)
class Guess:
    """Selectors of a result list; `cards` is how many cards they find."""

    card: str
    title: str
    price: str | None
    url: str | None
    next: str | None
    cards: int
    id: str | None = None


def guess_cards(tree: LexborHTMLParser) -> Guess | None:
    """The best guess, or None if the page shows no row of goods."""
    best: tuple[float, str, list[LexborNode]] | None = None
    for selector, nodes in _rows(tree):
        priced = sum(bool(_PRICE.search(dom.visible_text(node))) for node in nodes)
        linked = sum(node.css_first("a[href]") is not None for node in nodes)
        score = min(priced, linked) / len(nodes) * min(len(nodes), 40)
        # An outer wrapper holds as many prices; the innermost row with the most members is the card.
        if priced * 2 >= len(nodes) and linked * 2 >= len(nodes) and (best is None or score > best[0]):
            best = (score, selector, nodes)
    if best is None:
        return None
    _, selector, nodes = best
    title = _common(nodes, _title_of)
    if title is None:
        return None
    return Guess(selector, title, _common(nodes, _price_of), "a::attr(href)", next_link(tree), len(nodes), _id_of(nodes))


def guess_listing_folders(tree: LexborHTMLParser, base: str, most: int = 3) -> list[tuple[str, str]]:
    """Folders that the page links to most, as (folder, an address in it): where a shop's listing pages may live."""
    host = urlsplit(base).netloc
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for node in tree.css("a[href]"):
        url = urljoin(base, node.attributes.get("href") or "").partition("#")[0]
        parts = urlsplit(url)
        folder = parts.path.rpartition("/")[0] + "/"
        if parts.netloc == host and len(folder) > 1 and parts.path != folder:
            found[folder][url] = max(found[folder].get(url, 0), len(dom.visible_text(node)))
    # Names of goods are long, those of a menu short.
    worth = {folder: sum(min(length, 60) for length in urls.values()) for folder, urls in found.items() if len(urls) >= LEAST}
    best = sorted(worth, key=lambda folder: -worth[folder])[:most]
    return [(folder, max(found[folder], key=lambda url: found[folder][url])) for folder in best]


def _rows(tree: LexborHTMLParser) -> list[tuple[str, list[LexborNode]]]:
    groups: defaultdict[str, list[LexborNode]] = defaultdict(list)
    for node in tree.css("li, div, article, tr, section"):
        selector = _selector(node)
        if selector and "." in selector:
            groups[selector].append(node)
    return [(selector, nodes) for selector, nodes in groups.items() if len(nodes) >= LEAST]


def _selector(node: LexborNode) -> str | None:
    names = [name for name in (node.attributes.get("class") or "").split() if _CLASS.match(name)]
    return f"{node.tag}.{names[0]}" if names else node.tag


def _title_of(card: LexborNode) -> str | None:
    for node in card.css("h1, h2, h3, h4, h5, h6"):
        if dom.visible_text(node):
            return _selector(node)
    links = [(len(dom.visible_text(node)), _selector(node)) for node in card.css("a")]
    return max(links, key=lambda pair: pair[0])[1] if any(length for length, _ in links) else None


def _price_of(card: LexborNode) -> str | None:
    found = [node for node in card.css("*") if _PRICE.search(dom.visible_text(node)) and re.search(r"\d", dom.visible_text(node))]
    return _selector(min(found, key=lambda node: len(dom.visible_text(node)))) if found else None


def _common(nodes: list[LexborNode], of: object) -> str | None:
    counted = Counter(selector for node in nodes[:40] if (selector := of(node)))  # type: ignore[operator]
    return counted.most_common(1)[0][0] if counted else None


def _id_of(nodes: list[LexborNode]) -> str | None:
    """The attribute that names each card: on all of them, and different on each."""
    for name in nodes[0].attributes:
        values = {node.attributes.get(name) for node in nodes}
        if re.fullmatch(r"data-(?:[\w-]+-)?(?:id|sku|asin)", name) and None not in values and len(values) == len(nodes):
            return f"::attr({name})"
    return None


def next_link(tree: LexborHTMLParser) -> str | None:
    """The link to the next result page, by the names it goes by."""
    for selector in ("a[rel=next]", "link[rel=next]", "a.next", "li.next a", "a.pagination-next"):
        if tree.css_first(selector) is not None:
            return f"{selector}::attr(href)"
    return None
