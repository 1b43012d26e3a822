"""Which chips a text names: one pass of an automaton over the squeezed text, borders checked in the written one.

A mention is a name that stands as a word; whether the chip is offered is decided elsewhere. `H 1 O O`, `Ｈ１００` and
Cyrillic `Н100` are one name here, since all are matched without separators, width and look-alikes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick

from config.schema.catalogue import Catalogue, Chip
from detector.reading.text import Folded, fold


@dataclass(frozen=True, slots=True)
class Mention:
    """A name at folded positions of a field. `count` is chips in one such article (8 for a DGX); `chip` None is a
    machine whose chip the text must say. `form` and `memory_gb` are what the name itself says."""

    field: str
    start: int
    end: int
    chip: str | None
    base: str | None
    count: int = 1
    form: str | None = None
    memory_gb: int | None = None
    strong: bool = True
    system: bool = False
    part: bool = False


@dataclass(frozen=True, slots=True)
class _Name:
    chip: str | None
    base: str | None
    count: int = 1
    form: str | None = None
    strong: bool = True
    system: bool = False
    part: bool = False


# What may follow a name without a separator: plural, form, memory, unit words of traders.
_AFTER = re.compile(r"(?:s|'s)(?![a-z0-9])|pcie|pci|sxm|nvl|oam|hbm|gpu|x\d|cards?|\d{2,3}g|gb?(?![a-z])|turbo|48g|ti(?![a-z])")
_COUNTED = re.compile(r"(?<![a-z0-9])\d{1,3}[x*×]$")
_VENDOR = re.compile(
    r"nvidia|nvda|英伟达|老黄|geforce|tesla|gpu|显卡|计算卡|加速卡|graphics|accelerator|グラボ|グラフィック|gpu카드|그래픽|видеокарт|grafikkart"
    r"|sxm|pcie|pci-e|hbm|nvlink|cuda|hgx|dgx|算力|服务器|server|サーバ|서버|сервер|显存|模组|vram|inference|推理|训练|\bai\b|大模型|llm"
    r"|\d{2,3}\s?gb?\b|ускорител|card đồ họa|\bvga\b|ekran kart|placa de v|tarjeta gr|كرت|بطاقة|instinct|amd|rtx|blackwell|hopper|ampere"
)
_FORMS = (
    ("nvl", re.compile(r"(?<![a-z])nvl(?![a-z0-9])")), ("sxm5", re.compile(r"sxm\s?-?5")), ("sxm4", re.compile(r"sxm\s?-?4")),
    ("sxm2", re.compile(r"[sx]{1,2}[xm]{1,2}\s?-?2")), ("sxm", re.compile(r"(?<![a-z])(?:sxm|smx)(?![0-9a-z])")),
    ("pcie", re.compile(r"pci\s?-?e(?![a-z])|pcie|pcle|\bpci express")), ("oam", re.compile(r"(?<![a-z])oam(?![a-z])")),
)  # fmt: skip
_MEMORY = re.compile(r"(?<![\d.,])(\d{2,4})\s?(?:gb?|гб|g显存|기가)(?![a-z0-9])")


class Finder:
    """The catalogue, compiled. Weak names count only beside hardware words."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.chips: dict[str, Chip] = {chip.id: chip for chip in catalogue.chip}
        self._names: dict[str, _Name] = {}
        for chip in catalogue.chip:
            self._add(chip.strong, _Name(chip.id, chip.id))
            self._add(chip.weak, _Name(chip.id, chip.id, strong=False))
        for series in catalogue.series:
            for number in series.numbers:
                for suffix in ["", *series.suffixes]:
                    ident = "-".join([series.stem, number, *suffix.split()])
                    self._add((f"{p} {number} {suffix}" for p in series.prefixes), _Name(ident, ident))
                    if number in series.bare:
                        self._add([f"{number} {suffix}"], _Name(ident, ident, strong=False))
        for system in catalogue.system:
            base = system.chip
            self._add(system.strong, _Name(base, base, system.count, system.form, system=True))
            self._add(system.weak, _Name(base, base, system.count, system.form, strong=False, system=True))
        bases = {v.id: chip.id for chip in catalogue.chip for v in chip.variants}
        for part in catalogue.part:
            self._add([part.number], _Name(part.chip, bases.get(part.chip, part.chip), part.count, part=True))
        self._keys = sorted(self._names)
        self._automaton = AhoCorasick(self._keys)

    def _add(self, names: Iterable[str], entry: _Name) -> None:
        for name in names:
            key = fold(name).squeezed
            if len(key) >= 2:
                self._names.setdefault(key, entry)

    def find(self, field: str, text: Folded) -> list[Mention]:
        """Mentions of a field in order of place, none inside a longer one."""
        squeezed = text.squeezed
        found = list(self._matches(field, text, squeezed))
        kept: list[Mention] = []
        reach = -1
        for m in sorted(found, key=lambda m: (m.start, -m.end)):
            if m.end > reach:
                kept.append(m)
                reach = m.end
        return kept

    def _matches(self, field: str, text: Folded, squeezed: str) -> Iterator[Mention]:
        for number, start, end in self._automaton.find_matches_as_indexes(squeezed, overlapping=True):
            entry = self._names[self._keys[number]]
            a, b = text.kept[start], text.kept[end - 1] + 1
            if _stands(entry, self._keys[number], text.latin, a, b):
                yield Mention(
                    field, a, b, entry.chip, entry.base, entry.count, entry.form, None, entry.strong, entry.system, entry.part
                )  # fmt: skip

    def resolve(self, mention: Mention, texts: Iterable[Folded]) -> tuple[str, int | None]:
        """(id as precise as the text says and no more, memory in GB where told)."""
        base = self.chips.get(mention.base or "")
        if base is None:
            return mention.chip or "", None
        if mention.chip != mention.base:
            variant = next((v for v in base.variants if v.id == mention.chip), None)
            return mention.chip or "", variant.memory_gb[0] if variant and variant.memory_gb else None
        latin = [t.latin for t in texts]
        form, memory = mention.form or _form(latin), _memory(latin, base)
        if not base.variants:
            return base.id, memory
        fitting = [v for v in base.variants if _fits_form(v.form, form) and (memory is None or not v.memory_gb or memory in v.memory_gb)]
        told = [v for v in fitting if (v.form and form) or (v.form is None and memory in v.memory_gb)]
        if memory is not None and not form:
            told = told or [v for v in base.variants if memory in v.memory_gb and sum(memory in w.memory_gb for w in base.variants) == 1 and v.form == "nvl"]
        return (told[0].id, memory) if len({v.id for v in told}) == 1 else (base.id, memory)


def _stands(entry: _Name, key: str, text: str, start: int, end: int) -> bool:
    """Whether the name stands as a word, typed as a name is, with context where it is weak."""
    before, after = text[max(0, start - 6) : start], text[end : end + 8]
    if before and before[-1].isascii() and before[-1].isalnum() and not _COUNTED.search(before):
        return False
    if after and after[0].isascii() and after[0].isalnum() and not _AFTER.match(after):
        return False
    written = text[start:end]
    gaps = len(re.findall(r"[a-z0-9](?=[^a-z0-9]+[a-z0-9])", written))
    if gaps and not entry.part and not entry.system and len(key) <= 6:
        spread = gaps == len(key) - 1
        hyphened = gaps == 1 and re.fullmatch(r"[a-z]+[-_.·]?\d+[a-z]*|[a-z]+ ?\d+ ?[a-z]*|\d+ ?[a-z]", written)
        if not spread and not hyphened:
            return False
        if re.match(r"[al] \d", written) and not _VENDOR.search(text[max(0, start - 12) : start]):
            return False
    around = text[max(0, start - 60) : start] + " " + text[end : end + 60]
    return entry.strong or bool(_VENDOR.search(around))


def _form(texts: list[str]) -> str | None:
    """The first form said, in the first text that says one."""
    for text in texts:
        said = [(found.start(), name) for name, pattern in _FORMS if (found := pattern.search(text))]
        if said:
            names = {name for _, name in said}
            if "pcie" in names and len(names) > 1:  # 'PCIe Gen5' is said of NVL cards and of servers' slots too
                said = [pair for pair in said if pair[1] != "pcie"] or said
            return min(said)[1]
    return None


def _fits_form(of_variant: str | None, said: str | None) -> bool:
    return of_variant is None or said is None or of_variant == said or (said == "sxm" and of_variant.startswith("sxm"))


def _memory(texts: list[str], chip: Chip) -> int | None:
    sizes = {*chip.memory_gb, *(gb for v in chip.variants for gb in v.memory_gb)}
    for text in texts:
        for found in _MEMORY.finditer(text):
            if int(found[1]) in sizes:
                return int(found[1])
    return None
