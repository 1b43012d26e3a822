"""Accelerator-like names that the catalogue does not know, so that the next chip is not missed."""

from __future__ import annotations

import re

from detector.reading.page import Page
from detector.reading.text import fold_pattern

MOST = 5
"""Names kept from one listing."""

_VENDOR = r"nvidia|amd instinct|instinct|radeon instinct|tesla|intel|habana|gaudi|ascend|昇腾|英伟达|寒武纪|cambricon|hgx|dgx|atlas|rtx pro|geforce rtx|geforce|rtx|quadro"
_NAME = re.compile(fold_pattern(rf"(?<![a-z0-9])(?:{_VENDOR})[\s\-]{{0,2}}(?P<name>[a-z]{{1,3}}-?\d{{2,4}}[a-z]{{0,2}}|\d{{3,4}}[a-z]{{0,2}})(?![a-z0-9\-])"))
# What stands in such a place and is no chip: memory, buses, drivers, coolers' own numbers, years.
_NO_CHIP = re.compile(r"(?:hbm|gddr|ddr|sxm|pci|gen|rtx|gtx|cx|bf|v|r|x|ver|ed|no|rev)-?\d+\w*|\d+(?:gb?|w|v|mm|tb|mhz|th)|20[12]\d|[a-z]{0,2}\d{2,3}th")


def unknown_accelerators(page: Page) -> tuple[str, ...]:
    """Names as written, in order, each once; names the catalogue knows and their parts are none."""
    found: dict[str, str] = {}
    for field in ("title", "description"):
        folded = page.doc.fields.get(field)
        if folded is None:
            continue
        for match in _NAME.finditer(folded.latin):
            start, end = match.span("name")
            known = any(m.field == field and m.start < end and start < m.end for m in page.named)
            if not known and not _NO_CHIP.fullmatch(match["name"]):
                found.setdefault(match["name"], folded.quote(start, end))
    return tuple(found.values())[:MOST]
