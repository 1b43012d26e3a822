"""Names on screening lists: candidates with a score, never a verdict.

Reads the Consolidated Screening List in both of its layouts and the Denied Persons List. A seller's name is compared
as it is seen at ingest, since it is forgotten there; what is kept is the candidate.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.importing.captured import FileRefused

if TYPE_CHECKING:
    from config.loader import Config
    from storage.store import Store

csv.field_size_limit(10_000_000)  # a consolidated row may list hundreds of aliases

MIN_CHARS, MIN_HAN = 5, 3
"""A shorter name matches half the world."""

_LEGAL_FORM_WORDS = """
co company corp corporation inc incorporated ltd limited llc llp lp plc gmbh ag kg sa srl sarl spa bv nv oy ab as pte pty
sdn bhd jsc ojsc pjsc ooo oao zao pao fze fzco fzc fz est trading group holdings holding the and of
公司 集团 株式会社 有限会社 주식회사 ооо зао оао пао ао ип
"""
_LEGAL_FORMS = frozenset(_LEGAL_FORM_WORDS.split())
_HAN_FORMS = re.compile("(股份)?有限(责任)?公司|集团|株式会社|有限会社|주식회사")


@dataclass(frozen=True, slots=True)
class Entry:
    """A listed party. `id` is stable over reloads of the same list."""

    id: str
    name: str
    aliases: tuple[str, ...]
    countries: tuple[str, ...]
    source: str
    program: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A listed party that a seller's name resembles. `score` 0 to 100."""

    entry: Entry
    matched: str
    score: float


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading a list file did: which list it is, and how many entries it has now."""

    file: str
    list: str
    entries: int


CONSOLIDATED, DENIED = "consolidated", "denied-persons"


def load(path: Path, store: Store, now: str) -> Loaded:
    """Put a list file in the place of the list of its kind. Sellers are held against it from then on. Raises FileRefused, StorageError."""
    kind, entries = read_list(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    rows = [asdict(entry) for entry in entries]
    return Loaded(str(path), kind, store.load_screening(kind, rows, title=path.name, sha256=digest, now=now))


def screen(store: Store, config: Config) -> None:
    """Have the store hold the names of new sellers against the lists of its home; nothing where none is loaded."""
    listed = [
        Entry(r["id"], r["name"], tuple(r["aliases"]), tuple(r["countries"]), r["source"] or "", r["program"] or "")
        for r in store.screening_entries()
    ]
    if not listed:
        return
    matcher, least = Matcher(listed), config.thresholds.screening.candidate
    store.match_seller = lambda name: [(c.entry.id, c.matched, c.score, c.entry.source) for c in matcher.candidates(name, least)]


def read_list(path: Path) -> tuple[str, list[Entry]]:
    """The kind of a list file (CONSOLIDATED or DENIED) and its entries. Raises FileRefused if it is in none of the known layouts."""
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise FileRefused(path, f"cannot be read ({error.strerror})") from error
    delimiter = "\t" if "\t" in text.split("\n", 1)[0] else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    fields = set(reader.fieldnames or ())
    if {"name", "source", "alt_names"} <= fields:
        kind, entries = CONSOLIDATED, [_consolidated(row) for row in reader if (row.get("name") or "").strip()]
    elif {"Name", "Effective_Date"} <= fields:
        kind, entries = DENIED, [_denied(row) for row in reader if (row.get("Name") or "").strip()]
    else:
        raise FileRefused(path, "is no screening list; expected the columns name, source, alt_names or Name, Effective_Date")
    if not entries:
        raise FileRefused(path, "is a screening list without any entry; the list loaded before stays")
    return kind, list({entry.id: entry for entry in entries}.values())


def _consolidated(row: dict[str, str]) -> Entry:
    name = _squeeze(row["name"])
    aliases = tuple(_squeeze(part) for part in (row.get("alt_names") or "").split(";") if part.strip())
    ends = (part.rsplit(",", 1)[-1].strip() for part in (row.get("addresses") or "").split(";"))
    countries = tuple(sorted({end for end in ends if re.fullmatch("[A-Z]{2}", end)}))
    source = _squeeze(row.get("source") or "")
    # The new layout has a key of its own; the old one has none that every source fills.
    key = row.get("_id") or f"{source}/{row.get('entity_number') or ''}/{name}"
    return Entry(key, name, aliases, countries, source, _squeeze(row.get("programs") or ""))


def _denied(row: dict[str, str]) -> Entry:
    name, country = _squeeze(row["Name"]), (row.get("Country") or "").strip()
    key = f"DPL/{name}/{row.get('Effective_Date') or ''}/{_squeeze(row.get('Street_Address') or '')}"
    return Entry(key, name, (), (country,) if country else (), "Denied Persons List (DPL) - Bureau of Industry and Security", "")


def _squeeze(text: str) -> str:
    return " ".join(text.split())


def key_of(name: str) -> str:
    """A name without legal form, punctuation and case: what is compared. "" where nothing telling is left."""
    folded = _HAN_FORMS.sub(" ", _plain(name))
    words = [word for word in re.split(r"[\W_]+", folded) if word and word not in _LEGAL_FORMS]
    key = " ".join(words)
    han = sum("一" <= c <= "鿿" for c in key)
    return key if han >= MIN_HAN or len(key.replace(" ", "")) >= MIN_CHARS else ""


def _plain(name: str) -> str:
    """Lower case, full-width letters narrowed, invisible characters dropped, Chinese characters in their simplified form."""
    shown = "".join(c for c in unicodedata.normalize("NFKC", name) if unicodedata.category(c) != "Cf").casefold()
    return str(_simplifier().convert(shown)) if any("\u3400" <= c <= "\u9fff" for c in shown) else shown


@cache
def _simplifier() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


class Matcher:
    """Finds the listed names that a seller's name resembles."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        pairs = [(key, entry, name) for entry in entries for name in (entry.name, *entry.aliases) if (key := key_of(name))]
        self._keys = [key for key, _, _ in pairs]
        self._pairs = pairs

    def candidates(self, name: str, least: float, most: int = 5) -> list[Candidate]:
        """Up to `most` listed parties whose name is at least `least` (0 to 100) similar, best first."""
        from rapidfuzz import fuzz, process

        key = key_of(name)
        if not key or not self._keys:
            return []
        best: dict[str, Candidate] = {}
        found = process.extract(key, self._keys, scorer=fuzz.token_sort_ratio, score_cutoff=least, limit=most * 4)
        for _, score, at in found:
            _, entry, matched = self._pairs[at]
            if entry.id not in best:
                best[entry.id] = Candidate(entry, matched, round(float(score), 1))
        return sorted(best.values(), key=lambda c: (-c.score, c.entry.id))[:most]
