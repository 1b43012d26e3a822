"""Which chips a text names: one pass of an automaton over the squeezed text, borders and gaps checked in the written one.

A mention is a name that stands as a word; whether the chip is offered is decided elsewhere. `H 1 O O`, `Ｈ１００`,
Cyrillic `Н100` and `A1OO` are one name here, since all are matched without separators, width and look-alikes, and then
held against how they were typed: a name may be run together, parted where letters meet digits, or spaced throughout.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from ahocorasick_rs import AhoCorasick, Implementation

from config.schema.catalogue import Catalogue, Chip, Spoken
from detector.reading.text import Folded, fold, squeeze

MOST = 200
"""Names kept of one field: a text with more is stuffed with keywords, and time stays bounded."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A name at folded positions of a field.

    `base` is the catalogue row; None for a machine whose chip the text must say. `chip` is the id the name itself
    gives (a part number gives a variant). `count` is chips in one such article (8 for a DGX). `strong` names need little
    around them, weak ones (short codes) need hardware words; `sure` ones have the vendor's word right before them.
    """

    field: str
    start: int
    end: int
    chip: str | None
    base: str | None
    count: int = 1
    form: str | None = None
    strong: bool = True
    system: bool = False
    part: bool = False
    sure: bool = False
    key: str = ""
    indirect: bool = False
    """Told by its make and size alone."""


@dataclass(frozen=True, slots=True)
class _Name:
    """A catalogue name: `key` squeezed, `typed` the same with its own letters, `breaks` where its words part."""

    key: str
    typed: str
    breaks: frozenset[int]
    chip: str | None
    base: str | None
    count: int = 1
    form: str | None = None
    strong: bool = True
    system: bool = False
    part: bool = False
    said: bool = False
    """Whether it is said aloud: letters or numbers in words."""
    head: int = 0
    """Of a name said aloud, the characters of the word for its letter, if it begins with one."""
    everyday: bool = False
    """Whether that is a word of the language as well: `a` of `a one hundred`."""
    indirect: bool = False
    plain: str = ""
    """`typed` with letters of other scripts as they are written, not as the Latin ones they look like."""


# What may follow a name without a separator: plural, form, memory, counts and the nouns of traders.
_AFTER = re.compile(
    r"(?:s|'s|es)(?![a-z0-9])|pcie|pci|sxm|nvl|oam|hbm|gpu|x\d|[-]?\d{2,3}\s?gb?(?![a-z0-9])|cards?(?![a-z])|turbo|oc(?![a-z])|fe(?![a-z])"
    r"|\d{2,3}gb?(?![a-z])|ti(?![a-z])|[àâäáéèêëíìîïóòôöúùûüçñğışž]"
)
_COUNTED = re.compile(r"(?<![a-z0-9])\d{1,3}\s?[x*×х]$")
_SAYABLE = re.compile(r"(?P<before>(?:(?:rtx|pro) )*)(?P<letter>(?P<mi>mi)|[a-z]?)(?P<number>\d{2,4}) ?(?P<suffix>[sd]?(?(mi)x?))(?P<behind>(?: ada)?)")
"""Names that have a spoken form: H100, L40S, 4090 D, RTX 6000 Ada."""
# What makes a number in words no name: money, time, a share, a longer word or number. 万图师 and 万丽 are cards, 分期 is a payment.
_NOT_SAID_AFTER = re.compile(
    r"[\s\-]{0,2}(?:万(?![图丽])|亿|元|块|円|원(?![가-힣])|тыс|руб|₽|лет\b|%|(?:usd|eur)\b(?!\s?\d)|euros?\b|dollars?\b|bucks?\b|pounds?\b|per\s?cent|prozent|por ciento"
    r"|процент|million|thousand|degree|watts?\b|days?\b|tage\b)|[货度年]|分(?![期批开])|화점"
)
_OTHER_LETTERS = re.compile("[\u0370-\u04ff]")
"""Greek and Cyrillic, whose letters are matched as the Latin ones that they look like."""
_ODD_FOR = ("h", "a")
"""Letters of the chips that are hidden most, by every trick; the others are said as usual."""
_MEMORY_OR_FORM = re.compile(r"\W{0,2}(?:\d{2,3}\s?[gгجギ기]|pci|sxm|hbm|nvl)")
_RUNS_ON = (re.compile("[가-힣]"), re.compile("[ァ-ヺー]"), re.compile("[ء-ي]"))
"""Letters of scripts: such a word for a letter is none at the end of a longer word (가성비 100, ノエル40)."""
_VENDORS = {
    "nvidia": re.compile(
        r"(?:nvidia|nvda|tesla|geforce|quadro|rtx|gtx|gpu|dgx|hgx|英伟达|辉达|n卡|エヌビディア|엔비디아|نفيديا|지포스|테슬라|テスラ|特斯拉|тесла)(?:®|™)?[\s\-_]*$"
    ),
    "amd": re.compile(r"(?:amd|radeon|instinct)(?:®|™)?[\s\-_]*$"),
    "intel": re.compile(r"(?:intel|habana|arc)(?:®|™)?[\s\-_]*$"),
}
_OTHER_VENDOR = re.compile(
    r"(?:amd|intel|apple|samsung|galaxy|三星|苹果|삼성|huawei|honor|oppo|vivo|canon|sony|nikon|epson|brother|audi|bmw|pentax|snapdragon|ryzen|athlon|core|celeron|xeon)[\s\-_]*$"
)
_VENDOR_BEFORE = re.compile(
    r"(?:nvidia|nvda|tesla|geforce|quadro|rtx|gtx|amd|radeon|instinct|intel|habana|gpu|dgx|hgx|英伟达|辉达|n卡|エヌビディア|엔비디아|نفيديا|지포스|테슬라|テスラ|特斯拉|тесла)(?:®|™)?[\s\-_]*$"
)
_OWN_VENDOR = ("tesla", "geforce", "quadro", "nvidia", "radeon", "instinct", "habana")
"""Names of makers and their lines that are part of a chip's name: `Tesla T4`."""
# Units that make a bare number no name: money, length, speed, capacity.
_NOT_NAME_AFTER = re.compile(
    r"\s?(?:元|円|원|руб|₽|usd|eur|€|\$|k\b|km|mm|cm|ml|mah|rpm|v\b|w\b|hz|nm|лет|年|fps|points?|pts|円|块钱|tr\b|triệu)"
)
_NOT_NAME_BEFORE = re.compile(r"(?:[$€£¥₽₹]\s?|rp\s?|rm\s?|[.,#/]\d*|hk\$\s?|usd\s?|eur\s?|\d[.,]?)$")
_PUNCT_GAP = re.compile(r"[\s\-_.·•*'’~/|\"“”«»\u3000]+")
_WORD_GAP = re.compile(r"[\s\-_®™]{1,3}|[.·•*]")
_LOOSE_GAP = re.compile(r"[\s\-_®™,，、/·|()（）]{1,3}")
"""Between what tells a chip without naming it: `80GB PCIe, Hopper`."""
_RUN_IN = {"0": "o", "1": "li"}
"""Letters typed for a digit."""


class Finder:
    """The catalogue's names, compiled."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.chips: dict[str, Chip] = {chip.id: chip for chip in catalogue.chip}
        self.series: set[str] = set()
        """Ids that are made by a series rather than by a row."""
        self._names: dict[str, _Name] = {}
        self._written: dict[str, str] = {}
        """How they are written, where several are matched alike (Н двести in Cyrillic and in Latin letters), to how they are matched."""
        for chip in catalogue.chip:
            self._add(chip.strong, chip.id, chip.id)
            self._add(chip.weak, chip.id, chip.id, strong=False)
        for architecture in catalogue.architecture:
            for name, ident in architecture.told():
                self._add([name], ident, ident, strong=False, indirect=True)
        for ident, name, strong, head, everyday in self._spoken(catalogue):
            self._add([name], ident, ident, strong=strong, said=True, head=head, everyday=everyday)
        for series in catalogue.series:
            for number in series.numbers:
                for suffix in ["", *series.suffixes]:
                    ident = series.ident(number, suffix)
                    self.series.add(ident)
                    self._add((f"{p} {number} {suffix}" for p in series.prefixes), ident, ident)
                    if number in series.bare:
                        self._add([f"{number} {suffix}"], ident, ident, strong=False)
        for system in catalogue.system:
            facts = {"count": system.count, "form": system.form, "system": True}
            self._add(system.strong, system.chip, system.chip, **facts)
            self._add(system.weak, system.chip, system.chip, strong=False, **facts)
        bases = {v.id: chip.id for chip in catalogue.chip for v in chip.variants}
        for part in catalogue.part:
            self._add([part.number], part.chip, bases.get(part.chip, part.chip), count=part.count, part=True)
        keys = [(key, key) for key in self._names]
        keys += [(alike, key) for key in self._names for alike in _alikes(key) if alike not in self._names]
        self._keys, self._meant = [k for k, _ in keys], [m for _, m in keys]
        self._automaton = AhoCorasick(self._keys, implementation=Implementation.DFA)

    @staticmethod
    def _spoken(catalogue: Catalogue) -> Iterator[tuple[str, str, bool, int, bool]]:
        """(chip, name said aloud, whether it is strong, `head`, `everyday`).

        A short code that needs hardware words as it is typed needs them as it is said; four digits in words are no price.
        """
        for chip in catalogue.chip:
            known = {*chip.strong, *chip.weak}
            for name in (*chip.strong, *chip.weak):
                parts = _SAYABLE.fullmatch(name)
                # `rtx 4090` is found by the `4090` in it; an `a6000 ada` is a mistake that is made in figures only.
                if parts is None or parts["number"] in known - {name} or (parts["letter"] and parts["behind"]):
                    continue
                strong = name in chip.strong or parts["number"] == name
                for row in catalogue.spoken:
                    for said, head, everyday in _said(row, parts):
                        yield chip.id, said, strong and not everyday, head, everyday

    def _add(self, names: Iterable[str], chip: str | None, base: str | None, **facts: object) -> None:
        for name in names:
            folded = [_word(word) for word in re.split(r"[\s\-]+", name.strip())]
            words = [typed for typed, _, _ in folded]
            typed, key, plain = ("".join(parts) for parts in zip(*folded, strict=True))
            at, breaks = 0, set()
            for word in words[:-1]:
                at += len(word)
                breaks.add(at)
            # Traders part letters from digits as they please: H-100, L 40S, MI 300X.
            breaks |= {i for i in range(1, len(typed)) if typed[i - 1].isalpha() and typed[i].isdigit()}
            if len(key) >= 2:
                named = _Name(key, typed, frozenset(breaks), chip, base, plain=plain, **facts)  # type: ignore[arg-type]
                known = self._names.setdefault(key, named)
                self._written.setdefault(plain, key)
                if known.chip == chip and known.typed == typed:  # `4090 d` parts where `4090d` does not
                    self._names[key] = replace(known, breaks=known.breaks | named.breaks)

    def catalogued(self) -> Iterable[_Name]:
        """Every name of the catalogue, for who looks for them in bytes."""
        return (replace(self._names[key], plain=plain) for plain, key in self._written.items())

    def gate(self, raw: str) -> bool:
        """Whether a raw text may name a chip at all: the cheap step before all others. Never false where `find` finds."""
        return bool(self._automaton.find_matches_as_indexes(squeeze(raw)))

    def spellings(self) -> list[str]:
        """Every spelling that is matched, squeezed."""
        return list(self._keys)

    def match(self, squeezed: str) -> list[tuple[int, int, int]]:
        """The matching step by itself: (number of the spelling, start, end) in a squeezed text, borders unchecked."""
        return self._automaton.find_matches_as_indexes(squeezed, overlapping=True)

    def find(self, field: str, text: Folded) -> list[Mention]:
        """Mentions of a field in order of place, none inside a longer one."""
        kept: list[Mention] = []
        for mention in sorted(self._matches(field, text), key=lambda m: (m.start, -m.end)):
            if not kept or mention.start >= kept[-1].end:
                kept.append(mention)
        return kept[:MOST]

    def _matches(self, field: str, text: Folded) -> Iterator[Mention]:
        for number, start, end in self.match(text.squeezed):
            name = self._names[self._meant[number]]
            places = text.kept[start:end]
            if _stands(name, text, places):
                a, b = places[0], places[-1] + 1
                before = text.latin[max(0, a - 14) : a]
                vendor = (name.base or "").partition("-")[0]
                if not name.strong and vendor == "nvidia" and _OTHER_VENDOR.search(before):
                    continue
                sure = not name.part and vendor in _VENDORS and (bool(_VENDORS[vendor].search(before)) or name.key.startswith(_OWN_VENDOR))
                yield Mention(
                    field, a, b, name.chip, name.base, name.count, name.form,
                    name.strong, name.system, name.part, sure, name.key, name.indirect,
                )  # fmt: skip


@lru_cache(maxsize=4096)
def _word(word: str) -> tuple[str, str, str]:
    """A word of a name as typed (with look-alikes as Latin letters), squeezed, and plain."""
    folded = fold(word)
    kept = folded.kept
    return "".join(folded.latin[at] for at in kept), folded.squeezed, "".join(folded.text[at] for at in kept)


def _alikes(key: str) -> set[str]:
    """Spellings with `l` or `i` for every 1 (`al00`); `o` for 0 is squeezed already."""
    return (
        {key.replace("1", letter) for letter in "li"}
        if "1" in key and any(c.isalpha() for c in key)
        else set()
    )


def _stands(name: _Name, text: Folded, places: list[int]) -> bool:
    """Whether the name stands as a word and is typed as a name is."""
    latin, start, end = text.latin, places[0], places[-1] + 1
    return (
        _borders(name, latin, start, end)
        and _spelled(name, text, places)
        and _gaps(name, latin, places)
        and (not name.key.isdigit() or _bare_number(latin, start, end))
        and (not name.said or _said_as_name(name, text, places))
    )


def _said(row: Spoken, parts: re.Match[str]) -> Iterator[tuple[str, int, bool]]:
    """(name, `head`, `everyday`) for a name in its parts, as a language says it."""
    around = [[word, *row.letters.get(word, ())] for word in (*parts["before"].split(), *parts["suffix"], *parts["behind"].split())]
    middle = len(parts["before"].split())
    for core, head, everyday in _said_core(row, parts["letter"], parts["number"]):
        for words in itertools.product(*around) if core not in row.left_out else ():
            yield " ".join((*words[:middle], core, *words[middle:])), head, everyday


def _said_core(row: Spoken, letter: str, number: str) -> Iterator[tuple[str, int, bool]]:
    """The same for letter and number."""
    if not letter:
        yield from ((said, 0, False) for said in (*row.usual(number), *row.odd(number)))
        return
    for word in row.letters.get(letter, ()):
        # Two tricks in one name are one too many: an odd number goes with the letter as it is typed.
        numbers = [*row.usual(number), *(row.odd(number) if word == letter and letter in _ODD_FOR else ())]
        # One letter of another script with figures is a look-alike, which is the same name already.
        numbers += [number] if row.figures and not word.isascii() and not (len(word) == 1 and _OTHER_LETTERS.match(word)) else []
        yield from ((f"{word} {said}", len(word), word in row.everyday) for said in numbers)
    whole = row.numbers.get(number, ())
    for form, letters in row.forms.items():
        if letter in letters and whole:
            yield from ((form.format(letter=letter, number=said), 0, False) for said in (*whole, number))


def _borders(name: _Name, latin: str, start: int, end: int) -> bool:
    before, after = latin[max(0, start - 10) : start], latin[end : end + 10]
    if before and _glues(before[-1]) and not (_COUNTED.search(before) or _VENDOR_BEFORE.search(before)):
        return False
    if re.match(r"(?:-[a-z]|['’])[a-z]", after) and re.search(r"[\s\-][a-z]$", latin[start:end]):  # RX580 X-Serial, 4090 d'occasion
        return False
    if name.part or not after or not _glues(after[0]):
        # A hyphen and more letters or digits make a part number of it: A-10L, T4-D2, P4-3966.
        tail = re.match(r"[-_][a-z0-9]+", after)
        short = len(name.key) <= 3 and not name.part
        return not (
            short
            and tail
            and not re.match(r"[-_](?:\d{1,3}gb?\b|pcie|sxm|gpu|hbm|nvidia|server|16q|24g|48g)", after)
        ) and not (
            short
            and re.search(r"[a-z0-9][-_/]$", before)
            and not _VENDOR_BEFORE.search(before)
            and not re.search(r"[ablmtvhp]\d{1,3}s?/$|(?:nvidia|gpu|tesla)[-_/]$", before)
        )
    return bool(_AFTER.match(after))


def _glues(char: str) -> bool:
    """Whether a neighbouring character would make the name part of a longer word."""
    return (
        (char.isascii() and char.isalnum())
        or ("\u00c0" <= char <= "\u024f" and char not in "×÷")
        or "\u0400" <= char <= "\u04ff"
    )


def _spelled(name: _Name, text: Folded, places: list[int]) -> bool:
    """Every character is the name's own, or a letter typed for its digit; all letters only where shouted (`AIOO`)."""
    digits = 0
    swapped = False
    for char, at in zip(name.typed, places, strict=True):
        typed = text.latin[at]
        if typed == char:
            digits += char.isdigit()
        elif typed in _RUN_IN.get(char, "") or (char == "o" and typed == "0"):
            swapped = True
        else:
            return False
    if swapped and not digits and any(c.isdigit() for c in name.typed):
        return text.quote(places[0], places[-1] + 1).isupper() and len(name.key) >= 4
    return True


def _said_as_name(name: _Name, text: Folded, places: list[int]) -> bool:
    """Whether a name in words is no part of a longer word or number, and no everyday phrase."""
    end, before = places[-1] + 1, text.latin[max(0, places[0] - 14) : places[0]]
    if _NOT_SAID_AFTER.match(text.text, end):
        return False
    if _OTHER_LETTERS.search(name.plain) and not any(_OTHER_LETTERS.match(text.text[at]) for at in places):
        return False  # X-ACTO is no ха сто
    vendor = _VENDOR_BEFORE.search(before)
    if name.head and not vendor and any(letters.match(name.plain) and letters.match(before[-1:]) for letters in _RUNS_ON):
        return False
    if not name.everyday or vendor:
        return True
    gap = text.text[places[name.head - 1] + 1 : places[name.head]]
    return "-" in gap or (not gap and name.head == 1) or bool(_MEMORY_OR_FORM.match(text.text, end))


def _gaps(name: _Name, latin: str, places: list[int]) -> bool:
    """Whether the blanks, dots and hyphens inside the name stand where a name has them."""
    gaps = {i for i in range(1, len(places)) if places[i] > places[i - 1] + 1}
    if not gaps:
        return True
    between = {i: latin[places[i - 1] + 1 : places[i]] for i in gaps}
    if len(gaps) == len(places) - 1 and len(places) >= 3:  # H 1 0 0, A.1.0.0
        return all(_PUNCT_GAP.fullmatch(gap) for gap in between.values())
    if not all((_LOOSE_GAP if name.indirect else _WORD_GAP).fullmatch(gap) for gap in between.values()):
        return False
    if gaps <= name.breaks:
        return (
            _word_and_number(name, latin, places)
            if len(gaps) == 1 and not name.breaks - gaps and len(name.key) <= 4
            else True
        )
    if _parted(name, gaps, between, latin[places[-1] + 1 : places[-1] + 2]):
        return True
    extra = gaps - name.breaks  # spaced inside one word, plain elsewhere: R T X 4090, B-l-a-c-k
    return len(extra) >= 2 and all(_PUNCT_GAP.fullmatch(between[i]) for i in extra) and len(name.key) >= 4


def _parted(name: _Name, gaps: set[int], between: dict[int, str], behind: str) -> bool:
    """Blanks wherever letters meet digits (L 40 S), or in the middle of a card's four digits as they are said (RTX 40 90).
    An x apart multiplies: A 100 X 4."""
    if not all(gap in (" ", "-") for gap in between.values()) or behind.isalpha():
        return False
    turns = {i for i in range(1, len(name.typed)) if name.typed[i - 1].isdigit() != name.typed[i].isdigit()}
    if len(turns) > 1 and gaps == turns | (name.breaks & gaps) and not name.typed.endswith("x"):
        return True
    return name.typed.startswith(("rtx", "gtx", "geforce")) and gaps == (name.breaks & gaps) | {len(name.typed) - 2} and name.typed[-4:].isdigit()


def _word_and_number(name: _Name, latin: str, places: list[int]) -> bool:
    """`a 100` may be an article and a number: a blank parts a short name only before a form, memory or hardware word,
    or after a vendor's."""
    start, end = places[0], places[-1] + 1
    if "-" in latin[start:end] or not latin[start].isalpha() or latin[start + 1].isalpha():
        return True
    if _VENDOR_BEFORE.search(latin[max(0, start - 14) : start]):
        return True
    return bool(
        re.match(
            r"\W{0,2}(?:\d{2,3}\s?g|pcie|pci-e|sxm|hbm|nvl|显卡|gpu|cards?\b|计算卡|加速卡)",
            latin[end : end + 10],
        )
    )


def _bare_number(latin: str, start: int, end: int) -> bool:
    """A name of digits alone (4090) is none where it is money, a measure or part of a figure."""
    return not _NOT_NAME_AFTER.match(latin[end : end + 8]) and not _NOT_NAME_BEFORE.search(
        latin[max(0, start - 5) : start]
    )
