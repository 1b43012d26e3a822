"""Names of other cards and goods that a label, a box or a paper may carry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from detector.reading.signals.vocabulary import Hit
from detector.reading.text import fold_pattern

# Card names as labels print them; memory sizes, part numbers and part of them are none.
_CARD = re.compile(
    r"(?<![a-z0-9/.-])(?:(?:rtx|gtx|gt|rx|quadro|tesla|nvs|titan|radeon|geforce|firepro|arc)[\s-]{0,2}(?:pro[\s-]?|ada[\s-]?)?[a-z]{0,2}\d{1,4}|(?:[aptlkmhv]\d{2,4}|[tlp]4|[al]2|[pm]6|k[12])|(?:10|16|20|30|40|50)[5-9]0)"
    r"(?:[\s-]?(?:ti|super|ada|d|s|g|x))?(?![a-z0-9]|\s?gb|\.\d)"
)
_NUMBER = re.compile(r"([a-z]{0,2})(\d{1,4})")
_LETTERS = frozenset("aptlkmhv")
_QUOTED = re.compile(
    r"[\"“”„«»「」『』][^\"“”„«»「」『』\n]{2,40}[\"“”„«»「」『』]|(?<!\w)['‘’][^'‘’\n]{2,40}['‘’](?!\w)"
)


# What is declared to customs, or travels with goods over a border.
BORDER_PAPER = re.compile(
    fold_pattern(
        r"declar|customs|commercial invoice|pro ?forma|export|manifest|way ?bill|awb|bill of lading|cmr|zoll|fracht|ausfuhr|deklar|aduan|douan|alf[aâ]ndeg|manifiesto|conocimiento|conhecimento|"
        r"тамож|деклар|накладн|gümrük|beyan|konşimento|kastam|pabean|isytihar|manifes|hải quan|khai|vận đơn|جمرك|بيان|بوليصة|税関|通関|申告|送り状|세관|통관|신고|"
        r"报关|报单|申报|清关|海关|提单|运单|空运单|海运单|舱单|出口|hs|报$|报的|报成|品名"
    )
)


def quoted(text: str, start: int, end: int) -> Iterator[Hit]:
    """What stands in quotation marks between two positions."""
    for match in _QUOTED.finditer(text, start, end):
        yield Hit("quoted", match.start(), match.end(), ("en",), "names.quoted")


def other_cards(text: str, start: int, end: int, offered: Iterable[str]) -> Iterator[Hit]:
    """Card names between two positions that are none of the offered chips (ids such as `nvidia-a100-pcie-40gb`)."""
    parts = {part for chip in offered for part in chip.split("-") if not part.endswith("gb")}
    own = {number for part in parts for number in re.findall(r"\d{1,4}", part)}
    for match in _CARD.finditer(text, start, end):
        name = _NUMBER.search(match.group())
        if name is None:
            continue
        letter, number = name.groups()
        # `P100` is not `H100`; but a bare `4090`, and `A6000` beside `6000`, may be the offered card.
        lettered = letter in _LETTERS and any(
            part[:1].isalpha() and part[1:].startswith(number) for part in parts
        )
        if number not in own or (lettered and not any(part.startswith(letter + number) for part in parts)):
            yield Hit("other_card", match.start(), match.end(), ("en",), "names.card")
