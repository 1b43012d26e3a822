"""How well the generic extraction reads stored product pages, beside the rivals that read the same pages.

`python -m crawler.extraction.evaluate [FOLDER]`; FOLDER holds `html/*.html.gz`, `ground-truth.json` and `rivals.json` as
described in the recorded data's README. A third of the pages, by a fixed rule, is kept untouched: nobody looked at these
pages or at single errors on them while the extraction was written, and only totals are printed for them.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "product-pages"
FIELDS = ("price", "availability", "sku", "brand", "gtin", "mpn")
Predictions = dict[str, dict[str, str]]
"""By page, what a tool says of each field."""


def untouched(page: str) -> bool:
    """Is the page in the untouched third? By the SHA-256 of its key modulo 3."""
    return int(hashlib.sha256(page.encode()).hexdigest(), 16) % 3 == 0


@dataclass(slots=True)
class Score:
    """Counts of one field over pages."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Right among what was said."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 0.0

    @property
    def recall(self) -> float:
        """Right among what was there to say."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        total = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / total if total else 0.0

    def add(self, said: Any, truth: set[Any]) -> None:
        """Count one page. A wrong value counts against precision, and against recall where there was a right one."""
        if said is None:
            self.missed += bool(truth)
        elif said in truth:
            self.right += 1
        else:
            self.wrong += 1
            self.missed += bool(truth)


def score(
    field: str, truth: dict[str, dict[str, list[str]]], said: Predictions, pages: Iterable[str]
) -> Score:
    """The score of one tool on one field; prices are compared as decimals, all else as text."""
    read: Callable[[str], Any] = _decimal if field == "price" else str
    total = Score()
    for page in pages:
        value = said.get(page, {}).get(field)
        total.add(None if value is None else read(value), {read(row) for row in truth[page].get(field) or []})
    return total


def _decimal(value: str) -> Decimal | str:
    try:
        return Decimal(value)
    except InvalidOperation:
        return value


def _thousandths(truth: dict[str, dict[str, list[str]]], said: Predictions, pages: list[str]) -> list[str]:
    """How many prices count as wrong because the truth took a separator of thousands for a decimal point, as in `$3.340` of Chile
    for 3.34; and the F1 if these counted as right. No reader of markup that gives 3340 pesos there can score them."""
    mended: Predictions = {}
    for page in pages:
        price = said.get(page, {}).get("price")
        wanted = {_decimal(row): row for row in truth[page].get("price") or []}
        part = _decimal(price) if price else None
        taken = wanted.get(part / 1000) if isinstance(part, Decimal) and part not in wanted else None
        if taken is not None:
            mended[page] = {"price": taken}
    if not mended:
        return []
    f1 = score("price", truth, said | mended, pages).f1
    return [f"  of the wrong prices {len(mended)} are 1,000 times a truth that reads a separator of thousands as a point; without these {f1:.3f}"]


def predict(folder: Path, truth: dict[str, dict[str, Any]]) -> tuple[Predictions, float]:
    """What the extraction says of every page, and the CPU seconds it took (pages in memory, one core)."""
    from crawler.extraction.extract import extract_page

    said: Predictions = {}
    spent = 0.0
    for page, row in truth.items():
        body = gzip.decompress((folder / "html" / f"{page}.html.gz").read_bytes())
        begun = time.process_time()
        found = extract_page(body, url=row.get("url"))
        spent += time.process_time() - begun
        amount = found.price_amount
        values = {name: getattr(found, name) for name in FIELDS if name != "price"}
        values["price"] = None if amount is None else str(amount)
        said[page] = {name: value for name, value in values.items() if value is not None}
    return said, spent


def report(folder: Path) -> str:
    """The table: per part of the pages and field, F1 (precision/recall) of the extraction and F1 of each rival."""
    truth = json.loads((folder / "ground-truth.json").read_text(encoding="utf-8"))
    rivals = folder / "rivals.json"
    tools: dict[str, Predictions] = json.loads(rivals.read_text(encoding="utf-8")) if rivals.is_file() else {}
    said, spent = predict(folder, truth)
    parts = {
        "developed on": [page for page in truth if not untouched(page)],
        "untouched": [page for page in truth if untouched(page)], "all": list(truth),
    }  # fmt: skip
    lines = []
    for name, pages in parts.items():
        lines.append(f"{name}: {len(pages)} pages")
        lines.append(
            f"  {'field':<13}{'chipwatch F1':>13}{'P':>7}{'R':>7}" + "".join(f"{tool:>10}" for tool in tools)
        )
        for field in FIELDS:
            own = score(field, truth, said, pages)
            others = "".join(f"{score(field, truth, tools[tool], pages).f1:>10.3f}" for tool in tools)
            lines.append(f"  {field:<13}{own.f1:>13.3f}{own.precision:>7.3f}{own.recall:>7.3f}{others}")
        lines += _thousandths(truth, said, pages)
    lines.append(f"{spent / max(1, len(truth)) * 1000:.1f} ms CPU a page")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Print the table; 1 if the pages are not there."""
    folder = Path(arguments[0]) if arguments else FOLDER
    if not (folder / "ground-truth.json").is_file():
        print(
            f"{folder}: holds no ground-truth.json; give the folder of the recorded product pages",
            file=sys.stderr,
        )
        return 1
    print(report(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
