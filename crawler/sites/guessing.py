"""Where are the cards of a result page? The most convincing row of alike siblings with links and prices, as selectors."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler import dom
from crawler.links import base_of, led_to

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

    from config.schema.money import Money

LEAST = 4
"""Fewer alike siblings are a menu or chance."""
_MENU = re.compile(r"menu|nav|breadcrumb|footer|header|sidebar|filter", re.I)
"""Names that people give to what stands on every page of a shop."""
_HEADING = "h1, h2, h3, h4, h5, h6"
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


@dataclass(frozen=True, slots=True)
class Links:
    """Links of one kind: the folder they lead into ("/" where a shop has none), how to select them, and one of their addresses."""

    folder: str
    selector: str
    example: str


def price_signs(money: Money) -> re.Pattern[str]:
    """A figure beside any mark or code of a currency that config knows, or a word of scale behind it."""
    marks = {mark for row in money.currency for mark in row.marks} | {mark for row in money.shared for mark in row.marks}
    marks |= {mark for row in money.currency for mark in (row.id.lower(), *row.after)}
    # 6.5万 says by itself that it is a price.
    marks |= {mark for row in money.multiplier if row.tail and row.value >= 10_000 for mark in row.marks if not mark.isascii()}
    before = "|".join(_edge(mark[0], "(?<![^\\W\\d_])") + re.escape(mark) for mark in sorted(marks))
    after = "|".join(re.escape(mark) + _edge(mark[-1], "(?![^\\W\\d_])") for mark in sorted(marks))
    return re.compile(rf"(?:{before})\s*\d|\d[\s.,\u2013-]*(?:{after})", re.I)


def _edge(letter: str, bound: str) -> str:
    """Where a mark is a word, no other letter may stand beside it; signs and Chinese letters stand anywhere."""
    return bound if letter.lower() != letter.upper() else ""


def guess_cards(tree: LexborHTMLParser, prices: re.Pattern[str]) -> Guess | None:
    """The best guess, or None if the page shows no row of goods."""
    best: tuple[float, str, list[LexborNode]] | None = None
    for selector, nodes in _rows(tree):
        priced = sum(bool(prices.search(dom.visible_text(node))) for node in nodes)
        linked = sum(node.css_first("a[href]") is not None for node in nodes)
        # Goods have a name of their own and a picture; an entry of a menu is a link.
        dressed = sum((node.css_first(_HEADING) is not None) + (node.css_first("img") is not None) for node in nodes) / len(nodes)
        score = min(priced, linked) / len(nodes) * min(len(nodes), 40) * (1 + dressed)
        # An outer wrapper holds as many prices; the innermost row with the most members is the card.
        if priced * 2 >= len(nodes) and linked * 2 >= len(nodes) and (best is None or score > best[0]):
            best = (score, selector, nodes)
    if best is None:
        return None
    _, selector, nodes = best
    title = _common(nodes, _title_of)
    if title is None:
        return None
    return Guess(selector, title, _common(nodes, lambda card: _price_of(card, prices)), "a::attr(href)", next_link(tree), len(nodes), _id_of(nodes))


def guess_listing_links(tree: LexborHTMLParser, base: str, most: int = 3) -> list[Links]:
    """Where a shop's listing pages may live: the folders that the page links to most; of pages without a folder, where their links stand."""
    host, base = urlsplit(base).netloc, base_of(tree, base)
    found: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for node in tree.css("a[href]"):
        url = (led_to(base, node.attributes.get("href") or "") or "").partition("#")[0]
        parts = urlsplit(url)
        folder = folder_of(url)
        if parts.netloc != host or parts.path in ("", folder):
            continue
        selector = f'a[href*="{folder}"]::attr(href)'
        if folder == "/":
            holder = _holder(node)
            if holder is None:
                continue
            selector = f"{holder}::attr(href)"
        kind = found[folder, selector]
        kind[url] = max(kind.get(url, 0), len(dom.visible_text(node)))
    # Names of goods are long, those of a menu short.
    worth = {kind: sum(min(length, 60) for length in urls.values()) for kind, urls in found.items() if len(urls) >= LEAST}
    best = sorted(worth, key=lambda kind: -worth[kind])[:most]
    return [Links(*kind, max(found[kind], key=lambda url: found[kind][url])) for kind in best]


def folder_of(url: str) -> str:
    """The folder that an address lies in, with its slashes."""
    return urlsplit(url).path.rpartition("/")[0] + "/"


def _holder(link: LexborNode) -> str | None:
    """A selector of a link by its own class or that of what it stands in; None in a menu."""
    if _in_menu(link):
        return None
    node: LexborNode | None = link
    for _ in range(4):
        selector = _selector(node) if node is not None else None
        if selector is None or node is None:
            return None
        if "." in selector:
            return selector if node is link else f"{selector} a[href]"
        node = node.parent
    return None


def _in_menu(node: LexborNode | None) -> bool:
    """Does it stand in what every page of the site shows?"""
    while node is not None and node.tag not in ("body", "html"):
        names = f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''} {node.attributes.get('role') or ''}"
        if node.tag in ("nav", "header", "footer") or _MENU.search(names):
            return True
        node = node.parent
    return False


def _rows(tree: LexborHTMLParser) -> list[tuple[str, list[LexborNode]]]:
    groups: defaultdict[str, list[LexborNode]] = defaultdict(list)
    for node in tree.css("li, div, article, tr, section"):
        selector = _selector(node)
        if selector and "." in selector and not _in_menu(node):
            groups[selector].append(node)
    return [(selector, nodes) for selector, nodes in groups.items() if len(nodes) >= LEAST]


def _selector(node: LexborNode) -> str | None:
    names = [name for name in (node.attributes.get("class") or "").split() if _CLASS.match(name)]
    return f"{node.tag}.{names[0]}" if names else node.tag


def _title_of(card: LexborNode) -> str | None:
    for node in card.css(_HEADING):
        if dom.visible_text(node):
            return _selector(node)
    links = [(len(dom.visible_text(node)), _selector(node)) for node in card.css("a")]
    return max(links, key=lambda pair: pair[0])[1] if any(length for length, _ in links) else None


def _price_of(card: LexborNode, prices: re.Pattern[str]) -> str | None:
    found = [node for node in card.css("*") if prices.search(dom.visible_text(node))]
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
