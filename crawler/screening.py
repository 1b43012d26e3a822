"""Names on screening lists: candidates with a score, never a verdict.

Reads the Consolidated Screening List in both of its layouts and the Denied Persons List. A seller's name is compared
as it is seen at ingest, since it is forgotten there; what is kept is the candidate. One party is one candidate, on however
many lists and rows it stands.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.importing.captured import FileRefused
from crawler.listed_names import names, squeeze

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
    ends: str | None = None
    """The last day of the order; None where it names none."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A listed party that a seller's name resembles: which of its names, how much (`score` 0 to 100), on which lists until when."""

    party: str
    matched: str
    score: float
    lists: tuple[tuple[str, str | None], ...]

    @property
    def detail(self) -> str:
        """What is kept beside name and score; `detector.others.listed_parties` reads it."""
        return json.dumps({"party": self.party, "lists": self.lists}, ensure_ascii=False)

    @property
    def key(self) -> str:
        """Names the candidate with what the lists said of it: an order prolonged makes another one, a list loaded again does not."""
        return hashlib.sha256(self.detail.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading a list file did: which list it is, and how many entries it has now."""

    file: str
    list: str
    entries: int


CONSOLIDATED, DENIED = "consolidated", "denied-persons"


def load(paths: Sequence[Path], store: Store, now: str) -> list[Loaded]:
    """Put list files in the place of the lists of their kinds, those of one kind together as one list. Sellers are held against them
    from then on. Raises FileRefused, before anything is replaced, and StorageError."""
    read: dict[str, list[tuple[Path, list[Entry]]]] = {}
    for path in paths:
        kind, entries = read_list(path)
        read.setdefault(kind, []).append((path, entries))
    return [_replace(kind, files, store, now) for kind, files in read.items()]


def _replace(kind: str, files: Sequence[tuple[Path, list[Entry]]], store: Store, now: str) -> Loaded:
    entries = {entry.id: entry for _, some in files for entry in some}.values()
    digest = hashlib.sha256(b"".join(path.read_bytes() for path, _ in files)).hexdigest()
    rows = [asdict(entry) | {"document": {"ends": entry.ends} if entry.ends else None} for entry in entries]
    title = ", ".join(path.name for path, _ in files)
    loaded = store.load_screening(kind, rows, title=title, sha256=digest, now=now)
    return Loaded(", ".join(str(path) for path, _ in files), kind, loaded)


def screen(store: Store, config: Config) -> None:
    """Have the store hold the names of new sellers against the lists of its home; nothing where none is loaded."""
    listed = [
        Entry(
            r["id"], r["name"], tuple(r["aliases"]), tuple(r["countries"]), r["source"] or "", r["program"] or "",
            json.loads(r["document"] or "{}").get("ends"),
        )
        for r in store.screening_entries()
    ]
    if not listed:
        return
    matcher, least = Matcher(listed), config.thresholds.screening.candidate
    store.match_seller = lambda name: [(c.key, c.matched, c.score, c.detail) for c in matcher.candidates(name, least)]


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
    addresses = row.get("addresses") or ""
    name, aliases = names(row["name"], row.get("alt_names") or "", addresses)
    last_parts = (part.rsplit(",", 1)[-1].strip() for part in addresses.split(";"))
    countries = tuple(sorted({part for part in last_parts if re.fullmatch("[A-Z]{2}", part)}))
    source, ends = squeeze(row.get("source") or ""), _day(row.get("end_date"))
    # The new layout has a key of its own; the old one has none that every source fills.
    key = row.get("_id") or f"{source}/{row.get('entity_number') or ''}/{squeeze(row['name'])}/{row.get('start_date') or ''}/{addresses}"
    return Entry(key, name, aliases, countries, source, squeeze(row.get("programs") or ""), ends)


def _denied(row: dict[str, str]) -> Entry:
    country, listed = (row.get("Country") or "").strip(), squeeze(row["Name"])
    name, aliases = names(listed, "", f"{row.get('Street_Address') or ''} {row.get('City') or ''}")
    key = f"DPL/{listed}/{row.get('Effective_Date') or ''}/{squeeze(row.get('Street_Address') or '')}"
    source = "Denied Persons List (DPL) - Bureau of Industry and Security"
    return Entry(key, name, aliases, (country,) if country else (), source, "", _day(row.get("Expiration_Date")))


def _day(text: str | None) -> str | None:
    """YYYY-MM-DD of the two date forms of the lists; None where there is none to be read, so that the entry stays in force."""
    year_first = re.sub(r"^(\d\d)/(\d\d)/(\d{4})$", r"\3-\1-\2", (text or "").strip())
    try:
        return date.fromisoformat(year_first).isoformat()
    except ValueError:
        return None


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
    """Finds the listed parties whose names a seller's name resembles."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._parties: dict[str, list[Entry]] = {}
        self._names: list[tuple[str, str]] = []
        self._keys: list[str] = []
        for entry in entries:
            party = _party(entry)
            self._parties.setdefault(party, []).append(entry)
            for name in (entry.name, *entry.aliases):
                if key := key_of(name):
                    self._names.append((party, name))
                    self._keys.append(key)

    def candidates(self, name: str, least: float, most: int = 5) -> list[Candidate]:
        """Up to `most` listed parties whose name is at least `least` (0 to 100) similar, best first."""
        from rapidfuzz import fuzz, process

        key = key_of(name)
        if not key or not self._keys:
            return []
        best: dict[str, tuple[str, float]] = {}
        for listed, score, at in process.extract(key, self._keys, scorer=fuzz.token_sort_ratio, score_cutoff=least, limit=None):
            party, matched = self._names[at]
            if party not in best and not _other_numbers(key, listed):
                best[party] = matched, round(float(score), 1)
        found = [self._candidate(party, *like) for party, like in best.items()]
        return sorted(found, key=lambda c: (-c.score, c.party))[:most]

    def _candidate(self, party: str, matched: str, score: float) -> Candidate:
        entries = self._parties[party]
        lists = sorted({(e.source, e.ends) for e in entries}, key=lambda at: (at[0], at[1] or "9"))
        return Candidate(min(e.name for e in entries), matched, score, tuple(lists))


def _party(entry: Entry) -> str:
    """What rows of one party have in common, in whichever order a list writes the parts of its name."""
    return " ".join(sorted(key_of(entry.name).split())) or entry.id


def _other_numbers(one: str, other: str) -> bool:
    """Both names carry numbers, and not the same: the 13th institute is not the 14th."""
    mine, theirs = (set(re.findall(r"\d+", key)) for key in (one, other))
    return bool(mine and theirs and mine != theirs)
