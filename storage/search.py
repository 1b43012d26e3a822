"""Search over all texts, in every script, Chinese words of two characters included.

SQLite's trigram index cannot find two characters and its word index finds no Chinese inside a run of text. So the index holds
terms we cut ourselves: words in scripts with spaces (found by their beginning, also where digits begin), and pairs of neighbouring
characters in scripts without. What it finds is checked against the text itself, so nothing is shown that does not hold the words.
A number is found whole, H20 not in H200, unless a star asks for its beginning: H20*.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from storage.alerts import Alerts
from storage.listing import TEXT_FIELDS
from storage.readings import Readings

MAX_CHARS = 20_000
"""Of each text so much is searched; nobody looks for a word behind ten pages."""

FEW = 5_000
"""So many listings without an index entry are read through at search time rather than missed."""

# Scripts written without spaces: kana, Han, Hangul (particles stick to words), Thai, Lao, Khmer, Burmese.
_DENSE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0002fa1f"
_RUN = re.compile(f"([{_DENSE}]+)|([^\\W_{_DENSE}]+)")
_ASKED = re.compile(f"{_RUN.pattern}(\\*?)")
_INNER = re.compile(r"(?<=[^\W\d])(?=\d)|(?<=\d)(?=[^\W\d])")
_TEXTS = tuple(name for name in TEXT_FIELDS if name != "seller_name")


def fold(text: str) -> str:
    """Width, case and compatibility forms made one."""
    return unicodedata.normalize("NFKC", text[:MAX_CHARS]).casefold()


def terms(text: str) -> Iterator[str]:
    """The terms a text is found by."""
    for dense, word in dict.fromkeys(_RUN.findall(fold(text))):
        # Words come back; runs longer than words do not, and would fill the memory.
        yield from _known(dense, word) if len(dense) + len(word) < 24 else _cut(dense, word)


def _cut(dense: str, word: str) -> tuple[str, ...]:
    if dense:
        # A single character is found as the beginning of a pair; the last one begins none.
        return (*(dense[i : i + 2] for i in range(len(dense) - 1)), dense[-1])
    if word.isalpha() or word.isdigit():
        return (word,)
    return (word, *(word[cut.start() :] for cut in _INNER.finditer(word)))


_known = lru_cache(maxsize=100_000)(_cut)


def match(query: str) -> str:
    """The FTS5 expression for what a person typed: every word must be there. Empty where nothing can be looked up."""
    parts = []
    for dense, word, _ in _ASKED.findall(fold(query)):
        if len(dense) > 1:
            parts += [f'"{dense[i : i + 2]}"' for i in range(len(dense) - 1)]
        else:
            parts.append(f'"{dense or word}"*')
    return " ".join(dict.fromkeys(parts))


def patterns(query: str) -> list[re.Pattern[str]]:
    """For each word of what a person typed, what a folded text must hold."""
    found = dict.fromkeys(
        ("" if dense or not word[0].isdigit() else r"(?<!\d)") + (dense or word) + (r"(?!\d)" if word and word[-1].isdigit() and not star else "")
        for dense, word, star in _ASKED.findall(fold(query))
    )
    return [re.compile(one) for one in found]


class Search(Alerts, Readings):
    """Filling and asking the index."""

    def index_search(self, limit: int | None = None) -> int:
        """Bring the index up to date with the current observations; how many listings were indexed. Commits as it goes."""
        done = 0
        while limit is None or done < limit:
            with self.transaction():
                rows = self.db.rows(f"{_WAITING} LIMIT ?", [min(2000, limit - done) if limit else 2000])
                if not rows:
                    break
                self._index(rows)
                done += len(rows)
        return done

    def _index(self, rows: list[Any]) -> None:
        self._unindex([row["listing"] for row in rows if row["n"] is not None])
        self.db.write_many(
            "INSERT INTO search_doc (listing, observation) VALUES (?,?)", [(row["listing"], row["id"]) for row in rows if row["id"]]
        )
        self.db.write_many(
            "INSERT INTO search_text (rowid, terms) SELECT n, ? FROM search_doc WHERE listing = ?",
            [(_document(row), row["listing"]) for row in rows if row["id"]],
        )
        self.db.write_many("DELETE FROM search_pending WHERE listing = ?", [(row["listing"],) for row in rows])

    def _unindex(self, listings: list[str]) -> None:
        """Take listings out of the index; it must be told the terms it holds, since it keeps no text of its own."""
        for listing in listings:
            row = self.db.row(
                f"SELECT d.n, {_COLUMNS} FROM search_doc d JOIN observation o ON o.id = d.observation WHERE d.listing = ?", [listing]
            )
            if row is not None:
                self.db.write(
                    "INSERT INTO search_text (search_text, rowid, terms) VALUES ('delete', ?, ?)", [row["n"], _document(row)]
                )
                self.db.write("DELETE FROM search_doc WHERE n = ?", [row["n"]])

    def search(self, text: str, *, alerts_only: bool = False, limit: int = 2000) -> list[str]:
        """Keys of at most `limit` listings whose current texts hold every word of `text`, the latest indexed first.

        Words of scripts with spaces are found by their beginning, numbers at their end whole but before a star; other texts anywhere.
        """
        if not self.db.readonly:
            self.index_search(FEW)
        expression, words = match(text), patterns(text)
        if not expression:
            return []
        only = "JOIN alert a ON a.listing = d.listing" if alerts_only else ""
        # Pairs of characters prove a longer run, and a beginning a whole number, only together with the text itself.
        check = any(len(dense) > 2 or (word[-1:].isdigit() and not star) for dense, word, star in _ASKED.findall(fold(text)))
        held = [row for row in self.db.rows(f"{_WAITING} LIMIT ?", [FEW]) if row["id"] and _holds(row, words)]
        keys = dict.fromkeys(row["listing"] for row in held)
        for row in self.db.stream((_CHECKED if check else _FOUND).format(only=only), [expression]):
            if len(keys) >= limit:
                break
            if not check or _holds(row, words):
                keys[row["listing"]] = None
        return list(keys)[:limit]


def _document(row: Any) -> str:
    return " ".join(dict.fromkeys(term for name in _TEXTS if row[name] for term in terms(row[name])))


def _holds(row: Any, words: list[re.Pattern[str]]) -> bool:
    text = "\n".join(fold(row[name]) for name in _TEXTS if row[name])
    return all(word.search(text) for word in words)


_COLUMNS = ", ".join(f"o.{name}" for name in _TEXTS)
# What waits is few: it leads, whatever the planner believes of the tables.
_WAITING = f"""SELECT p.listing, o.id, d.n, {_COLUMNS} FROM search_pending p CROSS JOIN listing l ON l.id = p.listing
  LEFT JOIN observation o ON o.id = l.observation LEFT JOIN search_doc d ON d.listing = p.listing"""
_FOUND = """SELECT d.listing FROM search_text t CROSS JOIN search_doc d ON d.n = t.rowid {only}
  WHERE search_text MATCH ? ORDER BY t.rowid DESC"""
_CHECKED = f"""SELECT d.listing, {_COLUMNS} FROM search_text t CROSS JOIN search_doc d ON d.n = t.rowid {{only}}
  JOIN observation o ON o.id = d.observation WHERE search_text MATCH ? ORDER BY t.rowid DESC"""
