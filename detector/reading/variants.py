"""How precisely a chip is named: form and memory as the text says them, and no more."""

from __future__ import annotations

import re
from collections.abc import Sequence

from config.schema.catalogue import Chip, Variant
from detector.reading.chips import Mention
from detector.reading.text import Folded, fold_pattern

_FORMS = (
    ("nvl", r"(?<![a-z])nvl(?![a-z0-9])"),
    ("sxm2", r"s[xm]{2}\s?-?2(?![0-9])"),
    ("sxm4", r"s[xm]{2}\s?-?4(?![0-9])"),
    ("sxm5", r"s[xm]{2}\s?-?5(?![0-9])"),
    ("sxm", r"(?<![a-z])s[xm]{2}(?![0-9a-z])|nvswitch|baseboard|(?:八|8)\s?卡模组|模组|hgx"),
    ("oam", r"(?<![a-z])oam(?![a-z])"),
    (
        "pcie",
        r"pc[il][\s\-]?-?e(?![a-z])|(?<![a-z])p c i e(?![a-z])|pci express|pci[\s-]?ex|直插|插卡式|差し込む|差し込み|ピーシーアイ|피씨아이|пси-?е|писи|بي سي اي",
    ),
)
_FORM = re.compile("|".join(f"(?P<{name}>{fold_pattern(pattern)})" for name, pattern in _FORMS))
_NEGATED = re.compile(fold_pattern(r"(?:\bno[tn]?\b|\bnon|非|不是|无|нет|не|kein\w*|nicht|ではな|아닌)\W{0,2}(?:the |an? |ein\w* )?$"))
# A module on an adapter stays a module; a slot or a version of the bus is no form.
_CONVERTED = re.compile(fold_pattern(r"(?:转|to|zu|→|->|(?<![a-z\d])2)\W{0,2}$"))

_NUMBERS = {
    "eighty": 80, "forty": 40, "八十": 80, "四十": 40, "восемьдесят": 80, "сорок": 40, "ثمانين": 80, "اربعين": 40,
    "achtzig": 80, "vierzig": 40, "ochenta": 80, "cuarenta": 40, "oitenta": 80, "quarenta": 40, "팔십": 80, "사십": 40,
    "seksen": 80, "kirk": 40, "tám mươi": 80, "bốn mươi": 40,
}  # fmt: skip
_UNIT = r"(?:g(?: ?b|ib|o|ig(?:a|abyte)?s?)?(?![a-z0-9])|гб|гиг\w*|г(?![а-я])|ギガ\w*|gb|기가\w*|个\s?g|g显存|قيقا\w*|جيجا\w*|جيقا\w*|قيغا\w*)"
_MEMORY = re.compile(
    fold_pattern(
        rf"(?<![\d.,])(?P<n>\d{{2,4}}|\d[\do]|\d [\do]|{'|'.join(_NUMBERS)})\s?-?{_UNIT}"
        rf"|(?<![\d.,])(?P<pair>\d{{2}})\s?/\s?\d{{2}}\s?g"
    )
)
# Memory of the machine, not of the chip.
_OTHER_MEMORY_AFTER = re.compile(fold_pattern(r"\s?(?:ddr[2345]|ram(?!\w)|内存|メモリ搭載|ssd|nvme|hdd|озу|оперативн|arbeitsspeicher|램(?!\w)|d4|d5|ecc ram|硬盘|reg\b|(?:gb?|gib)?\s?(?:yap[ıi]labil|yap[ıi]l[ıi]r|ya çıkar[ıi]labil|可改|能改|可升|能升|可以(?:改|升)|に(?:改造|増設)(?:可|でき)|(?:로|으로) ?(?:개조|증설) ?(?:가능|할 수)|можно (?:сделать|увелич)|(?:is |are )?possible|can be (?:done|made|fitted)))"))
_OTHER_MEMORY_BEFORE = re.compile(fold_pattern(r"(?:内存|ram|ddr[2345]|озу|램|メモリ|x|\*|×)\s?$"))
_BARE_AFTER_NAME = re.compile(r"^[\s\-]{0,2}(\d{2,3})(?![\d.,]|\s?(?:w\b|%|卡|张|pcs|units|[x*×]))")


def resolve(mention: Mention, chip: Chip, texts: Sequence[tuple[str, Folded]], count: int) -> tuple[str, int | None]:
    """(id as precise as the text says, memory in GB where told).

    `texts` are (field, folded text), title first; `count` is chips in one unit, for machines that state the sum.
    """
    if mention.chip != mention.base and mention.chip:
        own = next((v for v in chip.variants if v.id == mention.chip), None)
        return mention.chip, own.memory_gb[0] if own and own.memory_gb else None
    memory = _memory(mention, chip, [(name, text.text) for name, text in texts], count)
    if not chip.variants:
        return chip.id, memory
    if mention.part and mention.count > 1:  # a board's number tells its variant, or there is none: 94 GB SXM5
        return chip.id, memory
    form = mention.form or _form([text.latin for _, text in texts])
    if form == "pcie" and chip.id == "nvidia-h100" and memory == 94:
        form = "nvl"
    return _narrowed(chip, form, memory), memory


_RAM = r"(?:memory|memories|vram|\bram\b|显存|记忆体|内存|メモリー?|메모리|램|памят\w*|memoria|memória|speicher|bộ nhớ|bellek|belleğ\w*|الذاكرة|الرام)"
_TWICE = (
    r"(?:doubled|\bdouble\b|\btwice\b|翻倍|翻了?一倍|加倍|倍增|两倍|2倍|二倍|倍に|두 ?배|2배|удво\w+|вдвое|dobr\w+|duplic\w+|doblad\w+|verdoppel\w+|doppelt\w*|gấp đôi|iki kat\w*"
    r"|digandak\w*|digandain|ditambah|gandain|مضاعف\w*|ضعف)"
)
_DENIED = re.compile(
    fold_pattern(
        r"\bnot\b|n't\b|\bnever\b|\bno\b|没|未|不|\bне\b|\bнет\b|\bnicht\b|\bkein|않|(?<!\w)안 |없|ない|ません|\bsin\b|\bnunca\b|\bnão\b|\bsem\b|\bkhông\b|\bchưa\b|\btidak\b|\bbelum\b|\bbukan\b|\bdeğil\b|madı\b|\bلم\b|بدون|غير"
    )
)
_DOUBLED = re.compile(fold_pattern(rf"{_RAM}[^.。!?\n]{{0,24}}{_TWICE}|{_TWICE}[^.。!?\n]{{0,16}}{_RAM}"))


def _narrowed(chip: Chip, form: str | None, memory: int | None) -> str:
    fitting = [v for v in chip.variants if _fits(v, form, memory)]
    if len(fitting) != 1:
        return chip.id
    only = fitting[0]
    said_form = only.form is None or form is not None
    # A size that one variant alone has speaks for its form as well (94 GB is the NVL).
    telling = memory is not None and only.memory_gb and sum(memory in v.memory_gb for v in chip.variants) == 1
    if not said_form and not telling:
        return chip.id
    if only.memory_gb and memory is None and sum(v.form == only.form for v in chip.variants) > 1:
        return chip.id
    return only.id if said_form or only.form in ("nvl",) else chip.id


def _fits(variant: Variant, form: str | None, memory: int | None) -> bool:
    if variant.form is None:
        return memory is not None and memory in variant.memory_gb
    if form is not None and variant.form != form and not (form == "sxm" and variant.form.startswith("sxm")):
        return False
    return memory is None or not variant.memory_gb or memory in variant.memory_gb


def _form(texts: Sequence[str]) -> str | None:
    """The form said in the first text that says one; a module outweighs a bus, a name of a module a board word."""
    for text in texts:
        said: list[str] = []
        for found in _FORM.finditer(text):
            before = text[max(0, found.start() - 14) : found.start()]
            if not _NEGATED.search(before) and not (found.lastgroup == "pcie" and _CONVERTED.search(before)):
                said.append(str(found.lastgroup))
        for form in ("nvl", "sxm5", "sxm4", "sxm2", "oam"):
            if form in said:
                return form
        plain = [form for form in said if form in ("pcie", "sxm")]
        if plain:
            return "sxm" if ("sxm" in plain and _firm_sxm(text)) or "pcie" not in plain else "pcie"
    return None


def _firm_sxm(text: str) -> bool:
    for found in re.finditer(r"(?<![a-z])s[xm]{2}(?![0-9a-z])|hgx|nvswitch|baseboard", text):
        if not _NEGATED.search(text[max(0, found.start() - 14) : found.start()]):
            return True
    return False


def _memory(mention: Mention, chip: Chip, texts: Sequence[tuple[str, str]], count: int) -> int | None:
    """The size nearest after the name, else nearest before it, else anywhere; None where two are said as a choice."""
    sizes = {*chip.memory_gb, *(gb for v in chip.variants for gb in v.memory_gb)}
    altered = {gb for v in chip.variants if v.form is None for gb in v.memory_gb}
    for base in chip.memory_gb:
        if 2 * base in altered and any(_doubled(text, base) for _, text in texts):
            return 2 * base
    wanted = sizes | {gb * count for gb in sizes} if count > 1 else sizes
    ordered = sorted(texts, key=lambda pair: pair[0] != mention.field)
    for field, text in ordered:
        found = [(at, gb) for at, gb in _sizes(text) if gb in wanted]
        if field == mention.field:
            bare = _BARE_AFTER_NAME.match(text[mention.end : mention.end + 8])
            if bare and int(bare[1]) in sizes:
                found.append((mention.end, int(bare[1])))
            found.sort(key=lambda pair: (pair[0] < mention.start, abs(pair[0] - mention.end)))
        if found:
            if len({gb for _, gb in found[:2]}) == 2 and _choice(text, found):
                return None
            gb = found[0][1]
            return gb if gb in sizes else gb // count
    return None


def _doubled(text: str, base: int) -> bool:
    """Whether the text says that the memory was doubled: `24 became 48`, `memory doubled`."""
    if re.search(rf"(?<!\d){base}\s?(?:gb?)?\s?(?:became|becomes|→|->|=>|to|改|变|升|扩|到|zu|auf|в|a|para)\s?(?:了|成|到)?\s?{2 * base}(?!\d)", text):
        return True
    found = _DOUBLED.search(text)
    return found is not None and not _DENIED.search(text, max(0, found.start() - 14), found.end() + 12)


def _sizes(text: str) -> list[tuple[int, int]]:
    out = []
    for found in _MEMORY.finditer(text):
        if _OTHER_MEMORY_AFTER.match(text[found.end() : found.end() + 12]):
            continue
        if _OTHER_MEMORY_BEFORE.search(text[max(0, found.start() - 8) : found.start()]) and not re.search(r"\d\s?[x*×]\s?$", text[max(0, found.start() - 4) : found.start()]):
            continue
        number = found["n"]
        out.append((found.start(), _NUMBERS.get(number) or int(number.replace("o", "0").replace(" ", ""))) if number else (found.start(), int(found["pair"])))
    return out


def _choice(text: str, found: Sequence[tuple[int, int]]) -> bool:
    a, b = sorted(at for at, _ in found[:2])
    return bool(re.fullmatch(r"\d{2,3}\s?(?:gb?)?\s?[/或or|]{1,2}\s?", text[a:b]))
