"""Which figure is the price: of the price as displayed, and of a text where none is displayed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain, pairwise

from detector.reading.amounts import Amount, Of, scan
from detector.reading.figures import PIECES
from detector.reading.money_book import Locale, MoneyBook
from detector.reading.numerals import CHINESE, read_chinese, read_words
from detector.reading.price_words import PriceWords
from detector.reading.text import Folded

_RANGE = re.compile(r"\s{0,3}(?:[-–—‑~〜−]|\.{2,3}|…|至|到|から|\bto\b|\bbis\b|\bдо\b|\ba\b|\bà\b|đến|hingga|sampai|ile|إلى|부터|and up to)\s{0,3}\W{0,2}\s{0,2}")
_BETWEEN = re.compile(r"\b(?:between|entre|zwischen|tra|fra|tussen|mellan|mellem|между|між|między|mezi)\s\W{0,2}$")
_AND = re.compile(r"\s{1,2}(?:and|et|und|y|e|en|och|og|и|та|a)\s\W{0,2}")
"""A range in words: entre 7 000 et 8 000 €."""
_COUNTED = re.compile(
    r"\s?(?:枚|张|片|台|个|块|颗|套|件|点|組|组|장|개|대|шт|pcs?\b|pieces?\b|units?\b|cards?\b|gpus?\b|x\b|×|卡|g\b|gb|tb|гб|w\b|watt|вт|%|年|月|日|期|か月|ヶ月|个月|개월|months?\b|years?\b|days?\b|bids?\b|入札|件|st(?:ü|ue)ck|stk|mhz|v\b|°|nm\b|mm\b|cm\b|核|pin|fps|u\b|号|楼|км|km\b|:\d|/\d)"
)
"""What a figure counts if it is no sum."""
_CODE = re.compile(r"[\\{}=<>\[\]\"|]")
_MODEL = re.compile(r"[2-5]0[5-9]0|6000|4000|5000|[ahlb]?\d00")
_MODEL_BEFORE = re.compile(r"(?:rtx|gtx|pro|ada|quadro|tesla|epyc|xeon|ryzen|i[3579]|mi|gb|model|型号)[\s-]?$")
_EACH_AFTER = re.compile(r"\s?(?:/|each|ea\b|obo|shipped|firm|local|一张|一台|一片|每|包邮|一口价|出\b|팝|で|за шт|/шт|vb|fest)")
_WORD_BEHIND = re.compile(r"\s?[^\W\d_]{1,12}\.?\s?")
_STRUCK = re.compile(r"~~[^~\n]{1,60}~~")
"""Struck through in a forum's markup."""
_ARROW = re.compile(r"[^\w\n]{0,3}(?:-+>|=+>|→|➔|➜|➡|⇒|>>+)[^\w\n]{0,3}")
"""Between a sum and the one that replaces it."""
_CHARACTERS = re.compile(rf"(?<![{CHINESE}\d])(?![万千百亿兆만천])[{CHINESE}]*[万千만천][{CHINESE}]*")
_OPENS = re.compile(r"[\n,.;:!?(，。；：！？、（] ?$")
_CLOSES = re.compile(r" ?(?:$|[\n,.;!?)，。；！？、）])")
"""Where a clause begins and ends."""
_PIECE = re.compile(r" ?(?:[/每]? ?一|[/每单]) ?[张台块片套颗枚件部个]")
_PIECE_BEFORE = re.compile(r"(?:[\n,.;:!?(，。；：！？、（ ]|^)[每一单] ?[张台块片套颗枚件部个] ?(?:只要|就|要|卖|出|价)? ?$")
"""What a sum in characters is for: 三万五一张, 每张三万五."""
_IF_AFTER = re.compile(r"[^.,;\n]{0,14}\b(?:if|when|otherwise|for (?:\d|all|the|both)|from \d|at \d|min|moq|wenn|ab|bei|если|от)\b")
"""Behind a price for one that holds under a condition only."""
_YEAR = re.compile(r"(?:19|20)\d\d")
_LEAST_IN_UNITS = 15
"""Smaller bare figures count something else."""
_BARE_LEAST = 5
"""Times the least that a working card is sold for: smaller bare figures count something else."""
_REFUSED = -3
"""Rating under which a sum is what was paid, shipping or a refund, and none that is asked."""
_RIVAL = 2
"""Difference of ratings up to which sums stand side by side, each for goods of its own."""
_LONE_LEAST = 20
"""As `_BARE_LEAST`, for a figure that no word of price stands beside."""
_LONE_CLOSES = re.compile(r" ?(?:$|[\n,;!)]|[.](?!\d)|[，。；！）])")
_WORD_BEFORE = re.compile(
    r"(?<!\bno)(?<!\bnr)(?<!\bto)(?<!\bin)(?<!driver)(?<!score)(?<!scores)(?<!ryzen)(?<!core)(?<!ryzen \d)(?<!serial)(?<!number)(?<!part)(?<!ddr\d)(?<!windows)(?<!ubuntu)(?<!feedback)(?<!id) $|[一-龥가-힣ぁ-ヿ] ?$|(?:^|[\n,;.!，。；！]) ?$"
)
_PLAIN = 7
"""Rating of a marked sum behind an asking word in the title."""
_LARGE_BARE = Decimal(10000)
"""A figure without any mark is taken for a price from a text only from here up, or with a separator."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A price found at folded positions of a field; `ranged` where it is the lower end of several."""

    field: str
    start: int
    end: int
    value: Decimal | None
    currency: str | None
    ranged: bool = False
    reason: str | None = None
    mark: str | None = None


class Chooser:
    """Chooses with the words of one config."""

    def __init__(self, book: MoneyBook, words: PriceWords) -> None:
        self.book, self.words = book, words

    def shown(self, folded: Folded, locale: Locale, *, of: Of) -> Figure | None:
        """The price that a displayed text shows, None where it shows no figure."""
        text = folded.text
        found = _standing(text, scan(folded, self.book, locale, of=of))
        if not found:
            return next(self._spelt("price_text", text, locale), None)
        asked = found if len(found) == 1 else [a for a in found if not self.words.ends_with("not_price", text, a.start, 12)] or found
        chosen = self._rank(text, asked)
        if not chosen:
            return None
        first = _reduced(text, chosen) or self._lowered(text, chosen) or chosen[0]
        pair = _ranged(text, found, first)
        low = pair or self._steps(text, chosen)
        figure = self._figure("price_text", low or first, first, locale, ranged=low is not None)
        return self._unclear(folded, figure, first, locale) or figure

    def _unclear(self, folded: Folded, figure: Figure, amount: Amount, locale: Locale) -> Figure | None:
        """A figure too small for a card, where a word that is not known parts it from its mark: it may be a thousand of any language."""
        row = self.book.currencies.get(figure.currency or "")
        word = _WORD_BEHIND.match(folded.text, amount.end)
        if figure.value is None or row is None or word is None or figure.value >= row.least or _COUNTED.match(folded.text, amount.end):
            return None
        mark = next((m for m in self.book.marks(folded, locale) if m.start == word.end()), None)
        if mark is None or any(self.words.find(says, word.group()) for says in ("negotiable", "closing", "asking")):
            return None
        return replace(figure, value=None, reason=f"{word.group().strip()} behind {folded.quote(amount.start, amount.end)} is no known word")

    def _lowered(self, text: str, chosen: Sequence[Amount]) -> Amount | None:
        """The sum that the first is said to have come down to: '$8,000 now $7,200'."""
        first = chosen[0]
        lower = (a for a in chosen[1:] if a.value and first.value and a.value < first.value and a.currency == first.currency)
        return next((a for a in lower if self.words.ends_with("reduced", text, a.start, 3)), None)

    def _rank(self, text: str, found: Sequence[Amount]) -> list[Amount]:
        """Sums with a mark; else multiplied ones; else bare figures that count nothing; else parts of a currency."""
        whole = [a for a in found if not a.minor]
        if marked := [a for a in whole if a.mark is not None]:
            return marked
        counted = [a for a in whole if not _COUNTED.match(text, a.end)]
        if multiplied := [a for a in counted if a.scale > 1]:
            return multiplied
        if counted and not _CODE.search(text) and sum(map(str.isalpha, text)) <= 40:
            return counted
        return [a for a in found if a.minor and a.mark is not None]

    def _steps(self, text: str, chosen: Sequence[Amount]) -> Amount | None:
        values = {a.value for a in chosen if a.value is not None}
        if len(values) < 2 or not self.words.find("step", text):
            return None
        return min((a for a in chosen if a.value is not None), key=lambda a: a.value or 0)

    def _figure(self, field: str, amount: Amount, first: Amount, locale: Locale, *, ranged: bool) -> Figure:
        currency = amount.currency or first.currency
        value, reason = amount.value, amount.reason if amount.currency is None else None
        marked = amount.mark or first.mark
        if currency is None and marked is None:
            currency = self.book.home(locale)
        if amount.minor:
            currency = self.book.part_of(amount.mark, locale)
        if currency is not None and amount.minor and value is not None:
            value, reason = value * amount.minor, None
        if value is not None and field != "price_text":
            value *= self._unsaid(amount, locale)
        if value is None:
            reason = amount.reason
        elif currency is None and reason is None:
            reason = first.reason or "no currency is said, and the place is not known"
        return Figure(field, amount.start, amount.end, value, currency, ranged, reason if value is None or currency is None else None, marked)

    # -- no price displayed -------------------------------------------------------------------------------------

    def told(
        self, fields: Sequence[tuple[str, Folded]], locale: Locale, *, rental: bool, plain: bool = False, kinds: int = 1
    ) -> Figure | None:
        """The price asked in title or description, None where none is: the best of all sums, the first among equals.
        `plain`: only what the title plainly asks (news and talk name sums as well). `kinds`: different goods on offer; of
        prices for each the lowest is the lower end."""
        sums: list[tuple[int, Figure]] = []
        steps: list[tuple[int, Amount]] = []
        for name, folded in fields:
            found = _standing(folded.text, scan(folded, self.book, locale, of="rent" if rental else "goods"))
            for amount in found:
                rating = self._rating(folded.text, amount, locale, name, rental)
                if rating is not None and self.words.ends_with("step", folded.text, amount.start, 14):
                    steps.append((rating, amount))
                if rating is not None and rating >= _REFUSED:
                    low = _ranged(folded.text, found, amount)
                    sums.append((rating, self._figure(name, low or amount, amount, locale, ranged=low is not None)))
        if not sums:
            return None if plain or rental else self._unmarked(fields, locale)
        top, best = max(sums, key=lambda pair: pair[0])
        if plain and (top < _PLAIN or best.field != "title"):
            return None
        lowest = min((a.value for rating, a in steps if rating >= 0 and a.value is not None), default=None)
        if lowest is not None and best.value is not None and best.value / 2 < lowest < best.value:
            return replace(best, value=lowest, ranged=True)
        rivals = [f for rating, f in sums if rating >= top - _RIVAL and f.value is not None and f.currency == best.currency]
        if kinds > 1 and len({f.value for f in rivals}) > 1:
            return replace(min(rivals, key=lambda f: f.value or 0), ranged=True)
        return best

    def _unmarked(self, fields: Sequence[tuple[str, Folded]], locale: Locale) -> Figure | None:
        """Where no word speaks of a price: one in words, else a round figure that ends a clause ('Tower 2650, with screen 3000.')."""
        if spelt := next((f for name, text in fields for f in self._spelt(name, text.text, locale)), None):
            return spelt
        lone = [f for name, text in fields for f in self._lone(name, text, locale) if f.value is not None]
        low, high = (pick(lone, key=lambda f: f.value or 0, default=None) for pick in (min, max))
        if low and high and low.value and high.value and low.value < high.value <= low.value * 2:
            return replace(low, ranged=True)
        return lone[0] if lone else None

    def _lone(self, name: str, folded: Folded, locale: Locale) -> Iterator[Figure]:
        home, text = self.book.home(locale), folded.text
        row = self.book.currencies.get(home or "")
        for amount in scan(folded, self.book, locale):
            written = text[amount.start : amount.end]
            if amount.value is None or row is None or amount.value < row.least * _LONE_LEAST or amount.value % 5:
                continue
            if amount.mark is not None or amount.scale > 1 or amount.minor or _MODEL.fullmatch(written) or _YEAR.fullmatch(written):
                continue
            if _LONE_CLOSES.match(text, amount.end) and _WORD_BEFORE.search(text[max(0, amount.start - 24) : amount.start]):
                yield self._figure(name, amount, amount, locale, ranged=False)

    def _rating(self, text: str, amount: Amount, locale: Locale, name: str, rental: bool) -> int | None:
        if amount.value is None or amount.minor or not self._worth(amount, locale, rental):
            return None
        asked = self.words.ends_with("asked", text, amount.start, 11)
        asking = asked or self.words.ends_with("asking", text, amount.start, 11)
        closed = self.words.starts_with("closing", text, amount.end)
        if amount.mark is None and not self._bare_price(text, amount, asking, asked, closed, locale):
            return None
        behind = closed or bool(_EACH_AFTER.match(text, amount.end))
        each = self.words.starts_with("each", text, amount.end) and not _IF_AFTER.match(text, amount.end)
        rating = 4 * asking + 5 * each + asked + 2 * (amount.mark is not None) + (name == "title") + behind
        if self.words.ends_with("not_price", text, amount.start, 15) or self.words.ends_with("deposit", text, amount.start, 13):
            rating -= 8
        if self.words.starts_with("gone", text, amount.end):
            rating -= 8
        before = text[max(0, amount.start - 2) : amount.start].strip()
        return rating - 4 * (before.endswith("+"))

    def _spelt(self, name: str, text: str, locale: Locale) -> Iterator[Figure]:
        """Prices in words without a mark that fill a clause: 'Sixty-eight hundred, insured', 六万二，可小议."""
        home = self.book.home(locale)
        row = self.book.currencies.get(home or "")
        spoken = self.book.number_words(locale.base)
        for match in chain(_CHARACTERS.finditer(text), spoken[0].finditer(text) if spoken else ()):
            start, end = match.span()
            before = text[max(0, start - 2) : start]
            opens = bool(_OPENS.search(before or "\n") or (name == "title" and before.endswith(" ")) or any(self.words.ends_with(says, text, start, 3) for says in ("asked", "asking")))
            piece = None
            if match.re is _CHARACTERS:
                end -= PIECES.match(text, end - 1) is not None
                piece, opens = _PIECE.match(text, end), bool(opens or _PIECE_BEFORE.search(text[max(0, start - 8) : start]))
            closes = piece.end() if piece else end
            ends = _CLOSES.match(text, closes) or self.words.starts_with("closing", text, closes) or (name == "title" and text[closes : closes + 1] == " ")
            if not opens or not ends:
                continue
            if match.re is _CHARACTERS:
                value = read_chinese(text[start:end])
            else:
                value = read_words(spoken[1].findall(match.group()), spoken[2], tens=spoken[3]) if spoken else None
            if value is not None and row is not None and value >= row.least * _BARE_LEAST:
                yield Figure(name, start, end, value, home)

    def _worth(self, amount: Amount, locale: Locale, rental: bool) -> bool:
        row = self.book.currencies.get(amount.currency or self.book.home(locale) or "")
        if rental or row is None or amount.value is None:
            return True
        return amount.value * self._unsaid(amount, locale) >= row.least

    def _unsaid(self, amount: Amount, locale: Locale) -> int:
        """What a bare figure is counted in where sellers leave the unit out: 95 for 95만."""
        row = self.book.currencies.get(self.book.home(locale) or "")
        if row is None or row.bare is None or amount.value is None or amount.mark is not None or amount.scale > 1:
            return 1
        return row.bare if _LEAST_IN_UNITS <= amount.value < row.least else 1

    def _bare_price(self, text: str, amount: Amount, asking: bool, asked: bool, closed: bool, locale: Locale) -> bool:
        """Whether a figure without a mark can be a sum of money."""
        if _COUNTED.match(text, amount.end) or _MODEL_BEFORE.search(text[max(0, amount.start - 9) : amount.start]):
            return False
        if amount.scale > 1:
            return asking or closed or not amount.doubtful or bool(_EACH_AFTER.match(text, amount.end))
        written = text[amount.start : amount.end]
        if amount.value is None or (_MODEL.fullmatch(written) and not (asked and closed)):
            return False
        row = self.book.currencies.get(self.book.home(locale) or "")
        if (asked or closed) and row is not None and amount.value * self._unsaid(amount, locale) >= row.least * _BARE_LEAST:
            return asked or not _YEAR.fullmatch(written)
        return asking and (amount.value >= _LARGE_BARE or any(c in written for c in ",. "))


def _standing(text: str, found: Sequence[Amount]) -> list[Amount]:
    """The sums that still hold: none struck through, none that an arrow replaces (5900 -> 5400)."""
    struck = [m.span() for m in _STRUCK.finditer(text)]
    kept = [a for a in found if not any(start <= a.start < end for start, end in struck)]
    return [a for a, b in pairwise([*kept, None]) if a and not (b and _ARROW.fullmatch(text, a.end, b.start))] or list(found)


def _reduced(text: str, chosen: Sequence[Amount]) -> Amount | None:
    """The lower of two sums that stand side by side without a word: a shop's old price, once struck through, and its new one."""
    if len(chosen) != 2 or chosen[0].currency != chosen[1].currency:
        return None
    first, second = chosen
    if first.value is None or second.value is None or text[first.end : second.start].strip(" \n") or second.start == first.end:
        return None
    low, high = sorted((first, second), key=lambda a: a.value or 0)
    return low if low.value and high.value and low.value < high.value < low.value * 2 else None


def _ranged(text: str, found: Sequence[Amount], first: Amount) -> Amount | None:
    """The lower end, where `first` and a neighbour are the ends of a range: $180 - $260, 16-18万."""
    at = found.index(first)
    for low, high in ((at, at + 1), (at - 1, at)):
        if low < 0 or high >= len(found):
            continue
        a, b = found[low], found[high]
        gap = text[a.end : b.start]
        between = _AND.fullmatch(gap) and _BETWEEN.search(text, max(0, a.start - 12), a.start)
        if a.value is None or b.value is None or not (between or _RANGE.fullmatch(gap)):
            continue
        if b.mark is None and (_COUNTED.match(text, b.end) or (a.mark is not None and b.value * 20 < a.value)):
            continue
        if b.scale > 1 and a.scale == 1 and a.value * b.scale <= b.value:
            a = replace(a, value=a.value * b.scale)
        if a.value is not None and a.value != b.value:
            return a if a.value < b.value else b
    return None
