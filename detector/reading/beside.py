"""What stands between a number and a chip's name where the number counts the chip: '4x NVIDIA A100', 'L40S 48GB x2'."""

from __future__ import annotations

import re

from detector.reading.text import fold_pattern

TO_NAME = re.compile(
    fold_pattern(
        r"\)?\s?(?:[+多余来])?\s?(?:pcs?\.?|pieces|[x×*х]|枚|张|块|片|颗|台|장|шт\.?|stück|stk|adet|cái|con|chiếc|units?|unidades|unit|keping|biji|buah|قطع|كروت|كرت|حبات|of)?\s?(?:of )?(?:the |my |our |these |loose |new |used |sealed |brand new |original |genuine |spare |refurbished |видеокарт\w* |карт\w* |tarjetas |placas |gráficas |karten |grafikkarten |card |kartu |kad |ekran kartı |كروت |gpus? |cards? )?(?:nvidia |tesla |geforce |amd |instinct |intel |supermicro |dell |hpe |pny |rtx |英伟达|엔비디아 |엔비디아)*"
    )
)
"""From the number to the name."""
TO_BRAND = re.compile(r"\s?[x×]\s(?:[a-z]+ ){1,3}")
"""From the number to the name over a maker's words: '2 x Gigabyte Aorus RTX 4090'."""
FROM_NAME = re.compile(
    fold_pattern(
        r"(?:[\s\-]*(?:\d{2,3}\s?gb?|pcie|pci-e|sxm\d?|oam|hbm\d?e?|nvl|hl-\d+\w?|turbo|fe|blower|gpus?|cards?|モジュール|모듈|модул\w+|模组|module|整机|八卡|涡轮|公版|单卡|显卡))*\s*[,，、(（-]?\s?(?:(?:一共|共|共计|总共|现货|库存|剩|还有|手里|残り|計|全|총|재고|всего|осталось|noch|còn|ada|عدد)\s?)?(?:[x×*х]\s?(?P<x>\d{1,3})(?![\d.]|\s?(?:gb|mm|g\b))|(?P<c>\d{1,4}|[一二两三四五六七八九十俩仨百]{1,3})\s?(?:张|片|块|颗|枚|장|шт|pcs|台|套|组|個|个|매|adet|stück|units|cái|con|chiếc|em|piezas|peças|keping|biji|unit|قطع|كروت|حبات)(?![a-z]))"
    )
)
"""From the name to the number, which is group x after a sign of multiplication and c before a counter."""
_LANES_BEFORE = re.compile(r"(?:pci(?:[\s\-]?e(?:xpress)?)?|gen\s?\d|[3-6]\.0)\s?$")
_LANES_AFTER = re.compile(r"\s?(?:pci|lanes?\b|slot|bus\b|通道)")


def of_bus(text: str, start: int, end: int) -> bool:
    """Whether an 'x16' at `start` names the lanes of the card's bus."""
    before = text[max(0, start - 14) : start]
    return bool(_LANES_BEFORE.search(before) or _LANES_AFTER.match(text, end))
