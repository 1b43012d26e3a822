"""Numbers as people write them: digits with any separators, Chinese characters, words. Text in, Decimal or None out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

Mode = Literal["strict", "normal", "smart", "direct"]

_DIGITS = {c: d for d, chars in enumerate([
    "零〇○영공", "一壹弌幺일", "二贰貳弍两兩이", "三叁參弎삼", "四肆사", "五伍오", "六陆陸육륙", "七柒칠", "八捌팔", "九玖구",
]) for c in chars}  # fmt: skip
_SMALL = {"十": 10, "拾": 10, "십": 10, "百": 100, "佰": 100, "백": 100, "千": 1000, "仟": 1000, "천": 1000}
_LARGE = {"万": 10**4, "萬": 10**4, "만": 10**4, "亿": 10**8, "億": 10**8, "억": 10**8, "兆": 10**12, "조": 10**12}
CHINESE = "".join([*_DIGITS, *_SMALL, *_LARGE, "廿卅"])
"""Every character of a number written in Chinese, Japanese or Korean."""

_TOKEN = re.compile(rf"\d+(?:\.\d+)?|[{CHINESE}]")
_MONEY = re.compile(r"(?:(.+?)[元圆圓])?零?(?:(.)角)?零?(?:(.)分)?[整正]?")
_LONGEST = 64
"""No number in words or characters is longer; anything longer is not worth a look."""


def read_figure(token: str, *, decimal: str | None, whole: bool = False, fine: bool = False) -> Decimal | None:
    """A figure written in digits; None where its separators cannot be told apart.

    `decimal` is the decimal sign of the writer's language, None if unknown. `whole`: the currency knows no hundredths.
    `fine`: a third decimal is likely (an hourly rate, a figure before a multiplier). Lakhs (1,85,000), Swiss (1'850.-)
    and spaced groups are understood.
    """
    plain = re.sub(r"[ '’]", "", token)
    signs = re.findall(r"[.,]", plain)
    if not signs:
        return Decimal(plain)
    last = signs[-1]
    head, tail = plain.rsplit(last, 1)
    if len(set(signs)) == 2:
        if signs.count(last) > 1 or not _grouped(head):
            return None
        return Decimal(re.sub(r"[.,]", "", head) + "." + tail)
    if len(signs) > 1:
        return Decimal(re.sub(r"[.,]", "", plain)) if _grouped(plain) else None
    if len(tail) != 3 or head in ("", "0") or len(head) > 3 or " " in token or "'" in token:
        return Decimal(f"{head or '0'}.{tail}")
    if fine and (last == decimal or decimal is None):
        return Decimal(f"{head}.{tail}")
    if whole or (decimal is not None and last != decimal):
        return Decimal(head + tail)
    return None


def _grouped(text: str) -> bool:
    groups = re.split(r"[.,]", text)
    if not 1 <= len(groups[0]) <= 3 or len(groups) == 1:
        return len(groups) == 1
    by_three = all(len(g) == 3 for g in groups[1:])
    by_two = "." not in text and len(groups[0]) <= 2 and len(groups[-1]) == 3 and all(len(g) == 2 for g in groups[1:-1])
    return by_three or by_two


def read_chinese(text: str, mode: Mode = "smart") -> Decimal | None:
    """A number in Chinese characters, None where it is none.

    `strict` takes what a schoolbook takes; `normal` also digit strings (一七二零), the spoken short forms (三万五) and
    dropped zeros; `smart` also Arabic digits among the characters (200亿零四千230); `direct` digit by digit only.
    Sums in 元角分 are understood in every mode but `direct`.
    """
    if not text or len(text) > _LONGEST:
        return None
    text = text.replace("廿", "二十").replace("卅", "三十")
    sign = 1
    if text[0] in "负負" or (mode == "smart" and text[0] == "-"):
        sign, text = -1, text[1:]
    value = _direct(text) if mode == "direct" else _sum(text, mode)
    return None if value is None else sign * value


def _direct(text: str) -> Decimal | None:
    plain = "".join(str(_DIGITS.get(c, c)) for c in text).replace("点", ".").replace("點", ".")
    return Decimal(plain) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", plain) else None


def _sum(text: str, mode: Mode) -> Decimal | None:
    money = _MONEY.fullmatch(text)
    if not money or not any(money.groups()):
        return _number(text, mode)
    whole = _number(money[1], mode) if money[1] else Decimal(0)
    parts = [_DIGITS.get(part) if part else 0 for part in (money[2], money[3])]
    if whole is None or parts[0] is None or parts[1] is None:
        return None
    return whole + Decimal(parts[0]) / 10 + Decimal(parts[1]) / 100


def _number(text: str, mode: Mode) -> Decimal | None:
    head, point, tail = text.replace("點", "点").partition("点")
    if point:
        return _with_point(head, tail, mode)
    if mode != "strict" and len(text) > 1 and all(c in _DIGITS for c in text):
        return _direct(text)
    found = _TOKEN.findall(text)
    if not found or "".join(found) != text or (mode != "smart" and re.search(r"\d", text)):
        return None
    if "." in found[0]:
        factors = [_LARGE.get(t) or _SMALL.get(t) for t in found[1:]]
        value = Decimal(found[0])
        for factor in factors:
            if factor is None:
                return None
            value *= factor
        return value
    return _large(found, mode == "strict") if not any("." in t for t in found) else None


def _with_point(head: str, tail: str, mode: Mode) -> Decimal | None:
    whole = _number(head, mode) if head and "点" not in tail else None
    digits = "".join(str(_DIGITS.get(c, c)) for c in tail)
    if whole is None or not re.fullmatch(r"[0-9]+", digits) or (mode != "smart" and re.search(r"\d", tail)):
        return None
    return whole + Decimal(f"0.{digits}")


def _large(tokens: list[str], strict: bool) -> Decimal | None:
    """Parts by 兆, 亿, 万; a lone digit at the end counts tenths of the unit before it (三万五) unless strict."""
    units = [(value, at) for at, t in enumerate(tokens) if (value := _LARGE.get(t))]
    if not units:
        return _section(tokens, strict)
    unit = max(value for value, _ in units)
    at = max(at for value, at in units if value == unit)
    # 万亿 is one unit: the left part may itself end in a smaller unit.
    left, right = _large(tokens[:at], strict), tokens[at + 1 :]
    if not tokens[:at] or left is None:
        return None
    if not right:
        return left * unit
    if len(right) == 1 and _digit(right[0]) and len(right[0]) == 1:
        return None if strict else left * unit + Decimal(_digit(right[0]) or 0) * unit / 10
    rest = _large(right, strict)
    return left * unit + rest if rest is not None and rest < unit else None


def _digit(token: str) -> int | None:
    return _DIGITS.get(token, int(token) if token.isdigit() else None)


def _section(tokens: list[str], strict: bool) -> Decimal | None:
    """A number under ten thousand: digits and 千 百 十."""
    total, pending, last, zero = 0, None, 10**4, False
    for token in tokens:
        unit = _SMALL.get(token)
        if unit is None:
            digit = _digit(token)
            if digit is None or pending is not None or (digit >= last and len(tokens) > 1):
                return None
            zero, pending = (True, None) if digit == 0 and len(tokens) > 1 else (zero, digit)
            continue
        bare = pending is None and not zero and (unit != 10 or total) and strict
        gap = strict and total and unit * 10 < last and not zero
        if unit >= last or bare or gap:
            return None
        total, pending, last, zero = total + (1 if pending is None else pending) * unit, None, unit, False
    if pending is None:
        return Decimal(total) if not zero else None
    if total and not zero and last > 10 and pending < 10 and len(tokens[-1]) == 1:
        return None if strict else Decimal(total + pending * last // 10)
    return Decimal(total + pending)


def read_words(parts: list[str], words: Mapping[str, Decimal], *, tens: bool = False) -> Decimal | None:
    """Number words in order, each known to `words`: `["sieben", "hundert"]` is 700. `tens`: a digit before ten
    multiplies it (に じゅう), else they add (drei zehn)."""
    total = group = Decimal(0)
    unit = Decimal(0)
    for part in parts:
        value = words[part]
        if value >= 1000:
            if not group and 0 < total < value:
                total *= value
            else:
                total += (group or Decimal(1)) * value
            group = unit = Decimal(0)
        elif value == 100:
            group, unit = (group or Decimal(1)) * 100 if group < 100 else group + 100, Decimal(0)
        elif value == 10 and tens and unit:
            group, unit = group - unit + unit * 10, Decimal(0)
        else:
            group, unit = group + value, value if value < 10 else Decimal(0)
    return total + group if parts else None
