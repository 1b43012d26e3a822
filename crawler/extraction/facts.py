"""Tables of facts as pages show them: a label and its value, in a row, a list or one text with a colon."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.extraction import words as w
from crawler.extraction.claims import Claim

if TYPE_CHECKING:
    from crawler.extraction.dom import Piece, Shown

_LONGEST_LABEL = 45
_LONGEST_VALUE = 120
_PARTED = re.compile(r"(.{2,45}?)\s*[:：]\s*(\S.*)$|(.{2,45}?(?:nr\.|no\.|#|n°))\s+(\S+)$", re.I | re.S)
_CODE = re.compile(r"[\w./+-]{2,40}(?: [\w./+-]{1,20}){0,3}$")
_EMPTY = " :：#*\u00a0\u200e\u200f–-"


def claim(shown: Shown) -> Claim:
    """The labelled facts of the article itself; the first value of a field wins."""
    said = Claim("labels")
    previous: tuple[str, Piece] | None = None
    labels, around = shown.words.labels, w.AROUND
    for piece, lower in zip(shown.pieces, shown.lower, strict=True):
        if piece.order in shown.others:
            previous = None
            continue
        text = piece.text
        if previous is not None:
            if not text.strip(_EMPTY):
                continue
            field, label = previous
            previous = None
            if len(text) <= _LONGEST_VALUE and _belongs(shown, label, piece):
                _keep(shown, said, field, label.text, text)
                continue
        if len(text) <= _LONGEST_LABEL:
            # What `field_of` does, for thousands of texts.
            folded = lower.strip(around)
            field_found = labels.get(folded)
            if field_found is None and folded.endswith(("-", " ")):
                field_found = shown.words.field_of(text)
            if field_found and (text[-1] in ":：-–" or _is_label(piece)):
                previous = (field_found, piece)
                continue
        if shown.cues[piece.order] & w.PARTED and len(text) <= _LONGEST_VALUE + _LONGEST_LABEL:
            _one_text(shown, said, piece)
    return said


def _one_text(shown: Shown, said: Claim, piece: Piece) -> None:
    parted = _PARTED.match(piece.text)
    if parted:
        field = shown.words.field_of(parted[1] or parted[3])
        if field and not shown.bits(piece.element) & w.RELATED:
            _keep(shown, said, field, parted[1] or parted[3], parted[2] or parted[4])


def _is_label(piece: Piece) -> bool:
    """Words such as `by` or `model` are labels only where they stand in a cell, a term or a mark-up for labels."""
    node = piece.element
    for _ in range(3):
        if node.tag in ("th", "dt", "td", "strong", "b", "label", "li", "tr", "dl"):
            return True
        name = (node.attributes.get("class") or "").lower()
        if any(
            sign in name
            for sign in (
                "label",
                "title",
                "name",
                "key",
                "term",
                "attr",
                "spec",
                "code",
                "sku",
                "artic",
                "ref",
            )
        ):
            return True
        parent = node.parent
        if parent is None:
            return False
        node = parent
    return False


def _belongs(shown: Shown, label: Piece, value: Piece) -> bool:
    """Do both stand in one row: a common ancestor a few levels up, and not among other goods?"""
    above = set()
    node = label.element
    for _ in range(4):
        above.add(node.mem_id)
        if node.parent is None or node.tag in ("table", "dl", "ul", "body"):
            break
        node = node.parent
    node = value.element
    for _ in range(4):
        if node.mem_id in above:
            return not shown.bits(label.element) & w.RELATED
        if node.parent is None:
            return False
        node = node.parent
    return False


def _keep(shown: Shown, said: Claim, field: str, label: str, value: str) -> None:
    """Keep the value; one with a sure label takes the place of one with a weak label."""
    text = " ".join(value.split()).strip(_EMPTY)
    if shown.words.says_nothing(text):
        return
    if field in ("sku", "mpn", "gtin") and (
        not _CODE.match(text) or not any(sign.isdigit() for sign in text)
    ):
        return
    weak = shown.words.is_weak(label)
    if field in said.weak and not weak:
        del said.facts[field]
        said.weak.discard(field)
    if weak and field not in said.facts:
        said.weak.add(field)
    said.put(field, text, _LONGEST_VALUE)
