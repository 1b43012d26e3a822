"""Accelerator-like names that the catalogue does not know, so that the next chip is not missed.

A name is told by its own shape, where a family has one (MI455X, Trainium2), by its vendor before it, with a word or two of
its generation between (NVIDIA Blackwell B500), or by the vendor's or an accelerator's word behind it (B30A 加速卡). Behind a maker of
processors and switches too it takes a word of accelerators: an Intel 8480 is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from detector.reading.anchored import Anchored
from detector.reading.page import TEXT_READ, TITLE_READ, Page
from detector.reading.text import fold, fold_pattern

MOST = 5
"""Names kept from one listing."""

# Cyrillic words as `Folded.latin` has them.
_MAKER = rf"nvidia|{fold('нвидиа').latin}|英伟达|辉达|엔비디아|エヌビディア|habana|寒武纪|cambricon|壁仞|biren|沐曦|metax"
_MAKER_OF_MORE = r"amd|intel|华为|huawei|海光|hygon"
_VENDOR = rf"{_MAKER}|amd instinct|instinct|radeon instinct|tesla|gaudi|ascend|昇腾|hgx|dgx|atlas|rtx pro|geforce rtx|geforce|rtx|quadro"
_BETWEEN = r"(?:(?:'s|new|next[- ]gen|blackwell|hopper|rubin|vera|feynman|ultra|ai|gpu|dcu|accelerator|module|全新|新款|最新|\d{2,3} ?gb?)[\s\-]{1,2}){0,3}"
_SHAPE = r"[a-z]{1,3}-?\d{2,4}[a-z]{0,2}|\d{3,4}[a-z]{0,2}"
_FAMILY = (
    r"mi-?\d{3}[a-z]{0,2}|gb-?[2-9]00|vr-?[2-9]00|mlu-?\d{3}|gaudi[\s\-]?\d|trainium[\s\-]?\d|inferentia[\s\-]?\d|tpu[\s\-]?v\d[a-z]{0,2}|rubin cpx|rubin ultra"
)
_ACCELERATOR = rf"加速卡|计算卡|算力卡|加速器|accelerators?|アクセラレータ|가속기|{fold('ускорител').latin}"
_NAME = Anchored(
    fold_pattern(
        rf"(?<![a-z0-9])(?:(?P<family>{_FAMILY})"
        rf"|(?:{_VENDOR})(?:'s)?[\s\-(]{{0,2}}{_BETWEEN}(?P<name>{_SHAPE})"
        rf"|(?:{_MAKER_OF_MORE})(?:'s)?[\s\-(]{{0,2}}(?:(?:ai|gpu|dcu|{_ACCELERATOR})[\s\-]{{0,2}}){{1,2}}(?P<ahead>{_SHAPE})"
        rf"|(?:{_MAKER_OF_MORE})(?:'s)?[\s\-(]{{0,2}}(?P<behind>{_SHAPE})(?=\s?(?:{_ACCELERATOR}))"
        rf"|(?P<told>[abhl]-?\d{{2,3}}[a-z]?)\s?(?:(?:{_ACCELERATOR})|(?:{_MAKER}|{_MAKER_OF_MORE})\s(?:gpu|cards?|显卡)))"
    )
)
_ENDS = re.compile(r"[a-z0-9]|-[a-z0-9]")
"""What makes a longer word of a name."""
# What stands in such a place and is no chip: memory, buses, drivers, boards, coolers' own numbers, years.
_NO_CHIP = re.compile(
    r"(?:hbm|gddr|ddr|sxm|pci|gen|rtx|gtx|cx|bf|v|x|ver|ed|no|rev|pg|p\d)-?\d+\w*|r-?(?![1-9]00$)\d+\w*|\d+(?:gb?|w|v|mm|tb|mhz|th)|20[12]\d|[a-z]{0,2}\d{2,3}th"
)


def unknown_accelerators(page: Page) -> tuple[str, ...]:
    """Names as written, in order, each once however it is typed; names the catalogue knows and their parts are none."""
    found: dict[str, str] = {}
    for field, most in (("title", TITLE_READ), ("description", TEXT_READ)):
        for name, start, end in _names(page, field, most):
            if not any(m.field == field and m.start < end and start < m.end for m in page.named):
                found.setdefault(re.sub(r"[\s\-]", "", name), page.doc.fields[field].quote(start, end))
    return tuple(found.values())[:MOST]


def _names(page: Page, field: str, most: int) -> Iterator[tuple[str, int, int]]:
    folded = page.doc.fields.get(field)
    if folded is None:
        return
    text = folded.latin
    for match in _NAME.finditer(text, most):
        group = next(name for name in ("family", "name", "ahead", "behind", "told") if match[name])
        start, end = match.span(group)
        if (group == "told" or not _ENDS.match(text, end)) and not _NO_CHIP.fullmatch(match[group]):
            yield match[group], start, end
