"""The money words of a config, compiled: which mark means which currency where, how figures are multiplied and written."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from ahocorasick_rs import AhoCorasick, MatchKind

from config.tables import ConfigError
from detector.reading.text import Folded, fold, fold_pattern

if TYPE_CHECKING:
    from config.schema.money import Currency, Money, Multiplier, NumberWords, SharedMark


MOST_MARKS = 400
"""Marks looked at in one text: no listing names more sums, and hostile text must not cost more."""


@dataclass(frozen=True, slots=True)
class Locale:
    """Who writes: language (BCP 47, lower case), country (ISO 3166), and the currency the site or page names."""

    language: str | None = None
    country: str | None = None
    currency: str | None = None
    rental: bool = False
    """The page offers rent."""
    here: str | None = None
    """Where the goods are, for a site that names no country: it tells that a shared mark is none of that country's own."""

    @property
    def base(self) -> str | None:
        return self.language.split("-")[0] if self.language else None


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign or word of money at folded positions. Exactly one of `iso`, `shared` and `minor` is set."""

    start: int
    end: int
    text: str
    iso: str | None = None
    shared: SharedMark | None = None
    minor: Decimal | None = None
    place: str = "both"
    alone: bool = False
    times: Decimal = Decimal(1)
    """What the letter before it multiplies the figure by, where they are written together: k€, tkr."""

    @property
    def reach(self) -> int:
        """Spaces that may part it from its figure: `r`, `kr` and other short words stand close."""
        return 1 if len(self.text) <= 2 and _cased(self.text[0]) else 3


@dataclass(frozen=True, slots=True)
class _Entry:
    iso: str | None = None
    shared: SharedMark | None = None
    minor: Decimal | None = None
    place: str = "both"
    alone: bool = False
    capitals: bool = False
    begins_cased: bool = False
    ends_cased: bool = False
    """Whether it begins and ends with a letter that must not go on a word."""
    currencies: tuple[str, ...] = ()
    times: Decimal = Decimal(1)


class MoneyBook:
    """Look-ups over one Money table."""

    def __init__(self, money: Money) -> None:
        self.money = money
        self.currencies: dict[str, Currency] = {c.id: c for c in money.currency}
        self._home = {country: c.id for c in money.currency for country in c.countries}
        self._languages = {row.id: row.language for row in money.home}
        self._cultures = {row.id: row for row in money.culture}
        self.words: dict[str, NumberWords] = {row.id: row for row in money.number_words}
        self._entries: dict[str, _Entry] = {}
        self._enter()
        self._known = list(self._entries.values())
        self._marks = AhoCorasick(list(self._entries), matchkind=MatchKind.LeftmostLongest)

    def _enter(self) -> None:
        for minor in self.money.minor:
            self._add(minor.marks, _Entry(minor=minor.value, place="after", alone=minor.alone, currencies=minor.currencies))
        for shared in self.money.shared:
            self._add(shared.marks, _Entry(shared=shared, place=shared.place))
        for row in self.money.currency:
            code = row.id.lower()
            if row.coded:
                self._add((code,), _Entry(row.id, capitals=row.capitals))
            self._add((f"{code}$", f"{code} $", f"$ {code}", f"{code}€", f"{code}¥", *row.marks), _Entry(row.id))
            self._add(row.after, _Entry(row.id, place="after"))
            # Marketplaces set a space there: `US $`. Single letters but C are words of their own: `a $100 bill`.
            spaced = (m for m in row.marks if m.endswith("$") and (len(m) > 2 or m == "c$") and m[:-1].isalpha())
            self._add((f"{m[:-1]} $" for m in spaced), _Entry(row.id))
        for joined in self.money.joined:
            for mark in joined.marks:
                plain = self._entries.get(fold(mark).text)
                if plain is None:
                    raise ConfigError("config/money", f"joined.{joined.id}", f"{mark!r} is no mark of a currency")
                self._add((joined.id + mark,), replace(plain, place="after", times=joined.value))

    def _add(self, marks: Iterable[str], entry: _Entry) -> None:
        for mark in marks:
            word = fold(mark).text
            self._entries[word] = replace(entry, begins_cased=_cased(word[0]), ends_cased=_cased(word[-1]))

    def marks(self, folded: Folded, locale: Locale) -> list[Mark]:
        """Marks of money in a text, in order; a mark made of letters stands alone or against a digit."""
        text, found = folded.text, []
        for number, start, end in self._marks.find_matches_as_indexes(text):
            entry = self._known[number]
            glued = (entry.begins_cased and start and _cased(text[start - 1])) or (entry.ends_cased and end < len(text) and _cased(text[end]))
            if glued and entry.times > 1:
                start += 1  # the letter belongs to the word before it
                glued = not _stands_alone(text, start, end)
            if glued:
                # `$ca` of `$cash` is a plain `$`.
                if _cased(text[start]) or text[start] not in self._entries:
                    continue
                end = start + 1
            word = text[start:end]
            entry = self._entries[word]
            if entry.capitals and not folded.quote(start, end).isupper():
                continue
            if entry.shared and entry.shared.known_only and self.shared(entry.shared, locale) is None:
                continue
            found.append(Mark(start, end, word, entry.iso, entry.shared, entry.minor, entry.place, entry.alone, entry.times))
            if len(found) == MOST_MARKS:
                break
        return found

    def shared(self, row: SharedMark, locale: Locale) -> str | None:
        """What a shared mark means to this writer; None where it cannot be known."""
        if locale.currency and locale.currency in {*row.by_country.values(), row.abroad}:
            return locale.currency
        if locale.rental and locale.language not in ("zh-hant", "zh-tw", "zh-hk") and locale.country in row.rent_by_country:
            return row.rent_by_country[locale.country]
        if locale.country in row.by_country:
            return row.by_country[locale.country]
        if locale.country and row.abroad:
            return row.abroad
        if not locale.country and locale.here and row.abroad and locale.here not in row.by_country:
            return row.abroad
        for language in (locale.language, locale.base):
            if language in row.by_language:
                return row.by_language[language]
        return None if locale.country else row.otherwise

    def names_code(self, text: str) -> bool:
        """Whether a folded text may name a currency by a mark of its own; a cheap gate."""
        return bool(self._marks.find_matches_as_indexes(text))

    def part_of(self, mark: str | None, locale: Locale) -> str | None:
        """The writer's currency, if a folded mark names a part of it: cents where euros are at home."""
        home, entry = self.home(locale), self._entries.get(mark or "")
        return home if entry and home in entry.currencies else None

    def is_shared(self, mark: str | None) -> bool:
        """Whether a folded mark means several currencies."""
        entry = self._entries.get(mark or "")
        return bool(entry and entry.shared)

    def home(self, locale: Locale) -> str | None:
        """Currency of an amount without any mark."""
        return locale.currency or self._home.get(locale.country or "")

    def locale(
        self, language: str | None, country: str | None, currency: str | None = None, *, rental: bool = False, here: str | None = None
    ) -> Locale:
        """The writer; a missing language is the country's."""
        country = country.upper() if country else None
        language = language.lower() if language else self._languages.get(country or "")
        return Locale(language, country, currency.upper() if currency else None, rental, here)

    def decimal(self, locale: Locale) -> str | None:
        """The decimal sign of the writer's language, None if unknown."""
        row = self._cultures.get(locale.base or "")
        if row is None:
            return None
        swapped = locale.country in row.otherwise
        return (".", ",")[(row.decimal == ",") != swapped]

    def whole(self, iso: str | None) -> bool:
        row = self.currencies.get(iso or "")
        return bool(row and row.whole)

    def hundredths(self, iso: str | None) -> bool:
        """A currency that is known, and counted in hundredths at the finest."""
        row = self.currencies.get(iso or "")
        return bool(row and not row.thousandths)

    @cached_property
    def qualifiers(self) -> re.Pattern[str]:
        """A country's adjective, whole: `kanadische`."""
        stems = sorted({fold_pattern(s) for row in self.money.qualifier for s in row.stems}, key=len, reverse=True)
        return re.compile(rf"(?:{'|'.join(map(re.escape, stems))})\w{{0,12}}")

    def qualified(self, word: str, row: SharedMark | None) -> str | None:
        """Currency of a shared noun beside a country's adjective."""
        for qualifier in self.money.qualifier:
            for name, iso in qualifier.nouns.items():
                if row is not None and name == row.id and any(word.startswith(fold(s).text) for s in qualifier.stems):
                    return iso
        return None

    @lru_cache(maxsize=64)  # noqa: B019 - a book lives as long as its config
    def multipliers(self, base: str | None, country: str | None) -> tuple[re.Pattern[str], dict[str, Multiplier]]:
        """Pattern of the multipliers a language uses, and the row of each spelling."""
        tags = {base, f"{base}-{(country or '').lower()}"}
        rows = [m for m in self.money.multiplier if not m.languages or base is None or tags & set(m.languages)]
        known = {fold(mark).text: row for row in rows for mark in row.marks}
        words = "|".join(re.escape(mark) for mark in sorted(known, key=len, reverse=True))
        return re.compile(rf"( {{0,2}})(?:de )?({words})"), known

    @cached_property
    def parts(self) -> dict[str, tuple[re.Pattern[str], dict[str, str]]]:
        """By place: the words (group 1) that add a part of a multiplier, and the decimals of each part."""
        found = {}
        for place in ("ahead", "between", "behind"):
            known = {fold(mark).text: f"{row.value}".partition(".")[2] for row in self.money.part if row.place == place for mark in row.marks}
            words = f"({'|'.join(map(re.escape, known))})"
            found[place] = re.compile(rf"(?<![^\W\d_]){words} $" if place == "ahead" else rf" {{0,2}}{words}(?![^\W\d_])"), known
        return found

    @lru_cache(maxsize=64)  # noqa: B019
    def number_words(self, base: str | None) -> tuple[re.Pattern[str], re.Pattern[str], dict[str, Decimal], bool] | None:
        """Run of number words of a language, one word of it, their values, and whether ten multiplies."""
        row = self.words.get(base or "")
        if row is None:
            return None
        values = {fold(w).text: v for w, v in row.words.items()}
        one = "|".join(re.escape(w) for w in sorted(values, key=len, reverse=True))
        glue = "|".join(re.escape(fold(g).text) for g in row.glue)
        joint = rf"[ -]{{0,2}}(?:(?:{glue})[ -]{{0,2}})?" if glue else "[ -]{0,2}"
        if not row.joined:
            joint = joint.replace("{0,2}", "{1,2}", 1)
            one = rf"(?:{one})(?![^\W\d_])"
        run = re.compile(rf"(?<![^\W\d_])(?:{one})(?:{joint}(?:{one})){{0,15}}(?![^\W\d_])")
        return run, re.compile(one), values, row.tens


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Latin and Cyrillic words are whole words; other signs need no border."""
    first, last = text[start], text[end - 1]
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (_cased(first) and _cased(before)) and not (_cased(last) and _cased(after))


def _cased(char: str) -> bool:
    """A letter of a script that parts words by spaces."""
    return char.isalpha() and not "\u2e80" <= char <= "\ud7ff" and not "\uff66" <= char <= "\uff9f"


def nearest(ends: list[int], at: int) -> int:
    """Index of the last position in sorted `ends` that is at or before `at`, -1 if none."""
    return bisect_left(ends, at + 1) - 1
