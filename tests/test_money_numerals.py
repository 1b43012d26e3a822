"""Numbers in digits, characters and words."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.reading.numerals import read_chinese, read_figure

CULTURES = {"en": (",", "."), "de": (".", ","), "ru": (" ", ","), "ch": ("'", ".")}


@pytest.fixture(scope="module")
def cases(shared: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((shared / "data/amounts/cn2an_cases.json").read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize(("mode", "kind"), [
    ("strict", "strict"), ("normal", "strict"), ("normal", "normal"),
    ("smart", "strict"), ("smart", "normal"), ("smart", "smart"), ("direct", "direct"),
])  # fmt: skip
def test_every_listed_numeral_is_read(cases: dict[str, Any], mode: Any, kind: str) -> None:
    rows = cases["cn2an_test"][f"{kind}_data_dict"]
    wrong = [(text, gold, read) for text, gold in rows if (read := read_chinese(text, mode)) != Decimal(str(gold))]
    assert rows and not wrong


@pytest.mark.parametrize("mode", ["strict", "normal", "smart"])
def test_every_listed_error_is_refused(cases: dict[str, Any], mode: Any) -> None:
    rows = cases["cn2an_test"][f"error_{mode}_datas"]
    assert rows and [text for text in rows if read_chinese(text, mode) is not None] == []


def test_written_numbers_are_read_back(cases: dict[str, Any]) -> None:
    for value, (low, upper, rmb, direct) in cases["an2cn_test"]["input_data"]:
        exact = Decimal(str(value))
        assert read_chinese(low, "strict") == exact
        assert read_chinese(upper, "strict") == exact
        assert read_chinese(direct, "direct") == exact
        # Money is written to the hundredth, the rest cut off.
        assert read_chinese(rmb, "strict") == exact.quantize(Decimal("0.01"), rounding="ROUND_DOWN"), rmb


# Written by us: token, decimal sign of the language, value (None: cannot be told).
FIGURES = [
    ("1,85,000", ".", 185000), ("12,34,56,789", ".", 123456789), ("1'250.00", ".", 1250), ("1’250", ".", 1250),
    ("2 050 000", ",", 2050000), ("78.000.000", ",", 78000000), ("12,5", ",", "12.5"), ("12,5", ".", "12.5"),
    ("1.234", ".", None), ("1,234", ",", None), ("1.234", ",", 1234), ("1,234", ".", 1234), ("1.234", None, None),
    ("0.125", ".", "0.125"), ("1.0753", ".", "1.0753"), ("9,800.00", ".", 9800), ("9.800,00", ",", 9800),
    ("9,800.00", ",", 9800), ("1.23.456", ".", None), ("1,2,3", ".", None), ("1.234,567.8", ",", None), ("185", None, 185),
]  # fmt: skip


@pytest.mark.parametrize(("token", "decimal", "value"), FIGURES)
def test_separators(token: str, decimal: str | None, value: Any) -> None:
    assert read_figure(token, decimal=decimal) == (None if value is None else Decimal(str(value)))


def test_three_decimals_where_they_are_likely() -> None:
    assert read_figure("1.895", decimal=".", fine=True) == Decimal("1.895")
    assert read_figure("1.895", decimal=".", whole=True) == 1895


@given(value=st.decimals(0, 10**12, places=2), culture=st.sampled_from(sorted(CULTURES)))
def test_a_figure_formatted_in_a_culture_is_read_back(value: Decimal, culture: str) -> None:
    group, decimal = CULTURES[culture]
    text = f"{value:,.2f}".translate(str.maketrans({",": group, ".": decimal}))
    assert read_figure(text, decimal=decimal) == value


@given(value=st.integers(0, 10**13 - 1))
def test_a_chinese_numeral_is_read_back(value: int) -> None:
    assert read_chinese(_chinese(value), "strict") == value


def _chinese(value: int) -> str:
    """Schoolbook spelling, written apart from the reader."""
    if value == 0:
        return "零"
    groups, text, at = [], "", 0
    while value:
        value, low = divmod(value, 10000)
        groups.append(low)
    for at in range(len(groups) - 1, -1, -1):
        low = groups[at]
        if low == 0:
            continue
        below = text and (low < 1000 or groups[at + 1] == 0)
        text += ("零" if below else "") + _group(low) + ["", "万", "亿", "万亿"][at]
    # 万亿 followed by 亿 shares the unit: 一万亿零二亿 is not written, 一万零二亿 is.
    return text if len(groups) < 4 or not groups[2] else text.replace("万亿", "万", 1)


def _group(value: int) -> str:
    text, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, unit)
        if digit:
            text += ("零" if gap and text else "") + "零一二三四五六七八九"[digit] + name
        gap = not digit
    return text


@given(st.text(alphabet="零一二三十百千万亿点元角分整负.0123456789-", max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    for mode in ("strict", "normal", "smart", "direct"):
        value = read_chinese(text, mode)  # type: ignore[arg-type]
        assert value is None or value.is_finite()
