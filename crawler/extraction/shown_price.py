"""The asked price among all figures a page shows: near the title and the buy button, not a former price, not another
article's, not shipping, not an instalment.

Every candidate gets points for and against; the weights were set by hand on pages of many shops and are the only figures
here that were tuned. A candidate under `ENOUGH` is no price.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING

from crawler.extraction import dom, others, said, tiers, unpriced
from crawler.extraction import words as w
from crawler.extraction.candidate import Candidate

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from crawler.extraction.dom import Piece, Shown
    from crawler.extraction.prices import Place, Price, PriceReader

ENOUGH = 3.0
_REPEATED = 4
"""So many figures in elements alike are those of several articles, or of one at several quantities."""
_MOST_MORE = 8.0
"""Points that words and distance can add; a figure too far behind to reach ENOUGH with them is not looked at again."""
_LONG_TEXT = 120
"""Characters of a text that may hold a price; running prose is no price tag."""
_TAG_LENGTH = 45
"""Characters of an element that is a price tag in several parts."""
_LABEL = 20
"""Characters of a label."""
_BESIDE = 12
"""Texts between a former price and the asked one, at most."""
_BEFORE_TITLE, _BEHIND_TITLE = 150, 450
"""Texts around the title that are looked at; what stands farther away is about other goods."""
_MOST = 300
_CENTS = re.compile(r"\d[.,]\d\d(?!\d)")
_CENTS_ALONE = re.compile(r"[.,]?\d\d$")
_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
_DISABLED = re.compile(r"(?:^|\s)(?:[a-z]{2,4}-+|\w+--)?disabled(?:\s|$)", re.I)
"""Class names of buttons that cannot be pressed: `disabled`, `is-disabled`, `btn-disabled`, `button--disabled`; no `disabled:opacity-50`."""

AGAINST = {
    w.STRUCK: 6.0, w.RELATED: 5.0, w.TILE: 1.0, w.SHIPPING: 5.0, w.INSTALMENT: 5.0, w.SAVING: 5.0, w.PER_MEASURE: 4.0,
    w.HIDDEN: 1.5,
}  # fmt: skip


def candidates(shown: Shown, place: Place, address: str | None = None) -> list[Candidate]:
    """All figures that may be the price, the likeliest first; none of nothing or of other goods, none behind words that the
    price is told on request."""
    found = _collect(shown, place)
    figures = [(candidate.element, candidate.order) for candidate in found]
    others.cards(shown, figures, address)
    others.lists(shown, figures)
    on_request = unpriced.order(shown) if found else None
    found = [c for c in found if c.price.amount and c.order not in shown.others and (on_request is None or c.order < on_request)]
    buys = buy_places(shown)
    repeated = Counter(others.signature(candidate.element) for candidate in found)
    for candidate in found:
        candidate.points = _points(shown, candidate, buys, repeated)
    if len(found) > 1:
        tiers.weigh(shown, found)
    _pardon(found)
    return sorted(found, key=lambda candidate: (-candidate.points, candidate.order))


def _pardon(found: list[Candidate]) -> None:
    """A former price stands beside the asked one: a figure that only its element's name calls old, or that is the list price,
    is asked where it is alone."""
    for candidate in found:
        if candidate.pardon and not any(
            other is not candidate
            and not other.struck
            and not other.untaxed
            and abs(other.order - candidate.order) <= _BESIDE
            and other.points >= ENOUGH
            for other in found
        ):
            candidate.points += candidate.pardon
            candidate.struck = False


def _collect(shown: Shown, place: Place) -> list[Candidate]:
    first, last = zone(shown)
    reader = shown.words.prices.of(place)
    # A country's own marks are among the cues only if they are known everywhere.
    cue = w.MONEY if reader is shown.words.prices else -1
    found: list[Candidate] = []
    taken: set[int] = set()
    known: dict[str, list[Price]] = {}
    for piece in shown.pieces[first:last]:
        if len(piece.text) > _LONG_TEXT or piece.order in shown.others or not _DIGIT.search(piece.text):
            continue
        prices = known.get(piece.text)
        if prices is None:
            prices = known[piece.text] = reader.find(piece.text, place) if cue < 0 or shown.cues[piece.order] & cue else []
        if prices:
            more = len(prices) == 1 and _more_follows(shown, piece, place)
            split = _joined(shown, piece, place, taken, reader) if more else None
            gained = split is not None and split.price.amount != prices[0].amount
            found += [split] if split and gained else _each(piece, prices[:3])
        elif reader.only_figures(piece.text, place) and _expected(shown, piece, reader):
            joined = _joined(shown, piece, place, taken, reader)
            if joined is not None:
                found.append(joined)
        if len(found) >= _MOST:
            break
    return found


def _each(piece: Piece, prices: list[Price]) -> list[Candidate]:
    """The figures of one text, each with the words that are its own: those between two figures are said of the next one
    where the text begins with words (`Deposit $500, total $14,000`) or ends with a figure (`$900 or 4 parts of $225`), else of
    the one before (`$35 ex VAT $42 inc VAT`)."""
    text = piece.text
    ends = [0, *(price.end for price in prices)]
    starts = [*(price.start for price in prices), len(text)]
    leads = _LETTER.search(text, 0, starts[0]) is not None or _LETTER.search(text, ends[-1]) is None
    return [
        Candidate(
            price, piece.order, piece.element,
            text[ends[n] : price.start] if leads or n == 0 else "",
            text[price.end : starts[n + 1]] if not leads or n + 1 == len(prices) else "",
        )
        for n, price in enumerate(prices)
    ]  # fmt: skip


def _more_follows(shown: Shown, piece: Piece, place: Place) -> bool:
    """May the next text be the cents of this one's figure, or its word of scale?"""
    if piece.order + 1 >= len(shown.pieces):
        return False
    behind = shown.pieces[piece.order + 1].text
    if shown.words.prices.only_figures(f"1 {behind}", place) and not _DIGIT.search(behind):
        return True
    return not _CENTS.search(piece.text) and (behind in (".", ",") or _CENTS_ALONE.match(behind) is not None)


def _expected(shown: Shown, piece: Piece, reader: PriceReader) -> bool:
    """May a bare figure be part of a price? Only beside a currency's mark, or where the page's names say price."""
    cue = w.MONEY if reader is shown.words.prices else -1
    beside = (
        shown.pieces[max(0, piece.order - 2) : piece.order] + shown.pieces[piece.order + 1 : piece.order + 3]
    )
    if any((cue < 0 or shown.cues[other.order] & cue) and len(other.text) <= 10 and reader.has_mark(other.text) for other in beside):
        return True
    return bool(shown.bits(piece.element, 3) & w.PRICE) or _labelled(shown, piece)


def _labelled(shown: Shown, piece: Piece) -> bool:
    """Does the text before say nothing but that this is the price: `Price:` in a table of facts?"""
    before = shown.lower[piece.order - 1].strip(w.AROUND) if piece.order else ""
    return len(before) <= _LABEL and shown.words.wording["price"].fullmatch(before) is not None


def _joined(
    shown: Shown, piece: Piece, place: Place, taken: set[int], reader: PriceReader
) -> Candidate | None:
    """A price whose sign, whole part and cents stand in elements of their own; a bare figure where a price is expected."""
    node: LexborNode | None = piece.element
    best: Candidate | None = None
    for _ in range(4):
        if node is None or node.tag in ("body", "-document"):
            break
        text = dom.short_text(node, _TAG_LENGTH + 1)
        if len(text) > _TAG_LENGTH:
            break
        prices = reader.find(text, place)
        if best is not None:
            cents = prices and best.price.amount == prices[0].amount // 1 != prices[0].amount
            if cents or (prices and prices[0].scaled and not best.price.scaled):
                best = _first(prices[0], piece, node, text)
            break
        if prices:
            best = _first(prices[0], piece, node, text)
        node = node.parent
    if best is not None:
        if best.element.mem_id in taken:
            return None
        taken.add(best.element.mem_id)
        return best
    if shown.bits(piece.element, 3) & w.PRICE or _labelled(shown, piece):
        prices = reader.find(piece.text, place, bare=True)
        if prices:
            return _first(prices[0], piece, piece.element, piece.text)
    return None


def _first(price: Price, piece: Piece, element: LexborNode, text: str) -> Candidate:
    return Candidate(price, piece.order, element, text[: price.start], text[price.end :])


def buy_places(shown: Shown) -> list[int]:
    """Where the page has a button that buys or asks, by order of text."""
    if shown.buys is None:
        shown.buys = sorted(_find_buys(shown))[:50]
    return shown.buys


def _find_buys(shown: Shown) -> list[int]:
    pressed, buy = shown.words.pressed, shown.words.wording["buy"]
    first, last = zone(shown)
    found = []
    for order in range(first, min(last, len(shown.pieces))):
        if shown.cues[order] & w.PRESSED:
            piece = shown.pieces[order]
            button = _pressable(piece.element) if 1 < len(piece.text) <= 40 and pressed.search(shown.lower[order]) else None
            if button is not None and order not in shown.others and not shown.bits(piece.element) & w.OTHER_GOODS:
                found.append(order)
                if _disabled(piece.element, button):
                    shown.dead.add(order)
    for order, tag, node in shown.buttons:
        if first <= order <= last and order not in shown.others:
            value = node.attributes.get("value" if tag == "input" else "title") or ""
            if 2 < len(value) <= 40 and buy.search(value.lower()):
                found.append(order)
                if _disabled(node, node):
                    shown.dead.add(order)
    return found


def zone(shown: Shown) -> tuple[int, int]:
    """The texts among which the article's price and button stand: around the title, the whole page if there is none."""
    if shown.title_order is None:
        return 0, len(shown.pieces)
    return max(0, shown.title_order - _BEFORE_TITLE), shown.title_order + _BEHIND_TITLE


def _pressable(element: LexborNode) -> LexborNode | None:
    """The button that a text is on; None if it is on none."""
    node: LexborNode | None = element
    for _ in range(4):
        if node is None:
            return None
        if (
            node.tag in ("button", "a", "input", "label")
            or "btn" in (name := (node.attributes.get("class") or "").lower())
            or "button" in name
            or "cart" in name
        ):
            return node
        node = node.parent
    return None


def _disabled(element: LexborNode, button: LexborNode) -> bool:
    """Can a button not be pressed? Its own element or one inside it, around its text, may say so."""
    node: LexborNode | None = element
    for _ in range(4):
        if node is None:
            return False
        given = node.attributes
        if "disabled" in given or given.get("aria-disabled") == "true" or _DISABLED.search(given.get("class") or ""):
            return True
        if node.mem_id == button.mem_id:
            return False
        node = node.parent
    return False


def _points(
    shown: Shown, candidate: Candidate, buys: list[int], repeated: Counter[tuple[str, str, str]]
) -> float:
    near = shown.bits(candidate.element, 3)
    points = _by_place(shown, candidate, near)
    if repeated[others.signature(candidate.element)] >= _REPEATED:
        points -= 1.0
    if points + _MOST_MORE < ENOUGH and not near & w.STRUCK:
        return points
    if _inside_link(candidate.element):
        points -= 1.5
    about = said.of(shown, candidate.order, candidate.lead, candidate.trail)
    candidate.pardon = (AGAINST[w.STRUCK] if near & w.STRUCK else 0.0) + (said.AGAINST["listed"] if about.listed else 0.0)
    against = about.points + (said.AGAINST["listed"] if about.listed else 0.0)
    if about.struck or against < 0 or _crossed_out(candidate.element):
        candidate.pardon = 0.0
    candidate.struck |= about.struck or about.listed
    candidate.untaxed |= about.untaxed
    return points + about.points + _distance(shown, candidate, buys)


def _by_place(shown: Shown, candidate: Candidate, near: int) -> float:
    """Points for what the parts of the page around the figure are for, and for the figure itself."""
    bits = shown.bits(candidate.element)
    points = 1.0 if candidate.price.mark else 0.0 if _CENTS.search(candidate.price.text) else -1.0
    points += 3.0 if near & w.PRICE else 1.0 if bits & w.PRICE else 0.0
    points += 1.0 if near & w.CURRENT else 0.0
    points -= sum(
        weight
        for bit, weight in AGAINST.items()
        if (near if bit in (w.STRUCK, w.TILE, w.SAVING) else bits) & bit
    )
    candidate.struck = bool(near & w.STRUCK)
    return points


def _crossed_out(element: LexborNode) -> bool:
    node: LexborNode | None = element
    for _ in range(3):
        if node is None:
            return False
        if node.tag in ("del", "s", "strike"):
            return True
        node = node.parent
    return False


def _inside_link(element: LexborNode) -> bool:
    node: LexborNode | None = element
    for _ in range(5):
        if node is None:
            return False
        if node.tag == "a":
            return len(node.attributes.get("href") or "") > 1
        node = node.parent
    return False


def _distance(shown: Shown, candidate: Candidate, buys: list[int]) -> float:
    """Points for standing behind the title, in the same part of the page, and close to a button that buys."""
    points = 0.0
    if shown.title_order is not None:
        behind = candidate.order - shown.title_order
        points += 4.0 * math.exp(-behind / 40) if behind >= 0 else 2.5 * math.exp(behind / 12) - 1.5
        steps = shown.steps(candidate.element)
        points -= 0.15 * min(steps, 12)
        # Classified advertisements often write the price over the title, in the same part of the page.
        points += 2.5 if -4 <= behind < 0 and steps <= 2 else 0.0
        points -= 2.0 if behind > 250 else 0.0
    if buys:
        gap = min(abs(candidate.order - buy) for buy in buys)
        points += 2.0 * math.exp(-gap / 15)
    return points
