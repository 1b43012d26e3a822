"""Alerts as tables for a spreadsheet, CSV or XLSX, in which no text can become a formula or a link.

CSV has no types: whatever begins like a formula gets an apostrophe before it, also behind a sign that some country's spreadsheet
takes for the separator. XLSX has: text is written as text, whatever it begins with.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from review.masking import masked

if TYPE_CHECKING:
    from config.loader import Config
    from storage.alerts import Filter
    from storage.store import Store

COLUMNS = (
    "listing", "site", "listing_id", "title", "state", "severity", "score", "offer", "chip", "control", "quantity", "price_text", "price_amount",
    "price_currency", "unit_usd", "market_usd", "market_n", "condition", "country", "location", "ships_to", "seller", "signals", "quotes", "reasons", "url",
    "opened_at", "news_at", "observed_at", "decision", "decided_by", "decided_at", "decision_reason", "decision_note", "evidence_file",
    "evidence_offset", "evidence_sha256",
)  # fmt: skip
REASON_COLUMNS = (
    "listing",
    "site",
    "listing_id",
    "evidence",
    "title",
    "words",
    "value",
    "weight",
    "contribution",
)

WIDTHS = {
    "title": 48,
    "reasons": 60,
    "quotes": 40,
    "words": 60,
    "url": 36,
    "signals": 30,
    "listing": 22,
    "chip": 24,
}

MAX_TEXT = 32_767
"""Characters that a cell of Excel holds."""

PAGE = 500

_BEGINS = re.compile(r"[\s\u200b\u2060\ufeff'\"]*[=+\-@＝＋－＠﹢﹣]")
_BEHIND = re.compile(r"([;|])(?=[\s\u200b\u2060\ufeff'\"]*[=+\-@＝＋－＠﹢﹣])")


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert: its cells by column, and its reasons by REASON_COLUMNS. Money in US dollars for one chip or chip-hour."""

    cells: dict[str, Any]
    reasons: tuple[dict[str, Any], ...]


def rows(store: Store, config: Config, chosen: Filter, *, contacts: bool = False) -> Iterator[AlertRow]:
    """The chosen alerts, severest first, a page at a time. `contacts` leaves contact details of sellers readable."""
    after = None
    while page := store.alerts(chosen, after=after, limit=PAGE):
        for alert in page:
            yield _row(store, config, alert, contacts)
        after = page[-1]["cursor"]


def _row(store: Store, config: Config, alert: Mapping[str, Any], contacts: bool) -> AlertRow:
    from detector import explain

    reading = store.reading(alert["observation"]) or {}
    document, seen = reading.get("document") or {}, store.observation(alert["observation"])
    said, market, listing = (
        seen.listing if seen else None,
        document.get("market") or {},
        store.listing(alert["listing"]),
    )

    def shown(text: str | None, contact: bool = False) -> str | None:
        return text if text is None or contacts else masked(text, contact=contact)

    terms = {reason["evidence"]: reason for reason in document.get("reasons") or []}
    ident = {"listing": alert["listing"], "site": alert["site"], "listing_id": listing["listing_id"]}
    reasons = tuple(
        {**ident, "evidence": line.evidence, "title": line.title, "words": shown(line.words, line.evidence == "off_platform_contact"),
         **{name: terms[line.evidence][name] for name in ("value", "weight", "contribution")}}
        for line in explain.lines(document, config)
    )  # fmt: skip
    quotes = [
        f"{s['signal']}: {shown(s['text'], s['signal'] == 'off_platform_contact')}"
        for s in document.get("signals") or []
        if s.get("text")
    ]
    decided = store.last_decision(alert["listing"]) or {}
    chips = document.get("chips") or []
    cells = {
        **ident, **{name: alert[name] for name in ("state", "severity", "score", "offer", "chip", "quantity", "unit_usd", "opened_at", "news_at", "observed_at",
                                                   "seller", "url", "evidence_file", "evidence_offset", "evidence_sha256")},
        "title": shown(alert["title"]), "control": chips[0]["control"] if chips else None, "market_usd": market.get("centre"), "market_n": market.get("n"),
        "price_text": shown(said.price_text) if said else None, "price_amount": float(said.price_amount) if said and said.price_amount else None,
        "price_currency": said.price_currency if said else None, "condition": document.get("condition"), "country": alert["country"],
        "location": shown(said.location) if said else None, "ships_to": shown(said.ships_to) if said else None, "signals": " ".join(alert["signals"]),
        "quotes": "; ".join(quotes), "reasons": "; ".join(f"{r['title']}: {r['words']} ({r['contribution']:+.2f})" for r in reasons),
        "decision": decided.get("action"), "decided_by": decided.get("who"), "decided_at": decided.get("at"), "decision_reason": decided.get("reason"),
        "decision_note": shown(decided.get("note")),
    }  # fmt: skip
    return AlertRow({name: cells[name] for name in COLUMNS}, reasons)


def inert(value: Any) -> Any:
    """A value for a CSV cell: numbers as they are; text on one line, and never the beginning of a formula."""
    if not isinstance(value, str):
        return value
    flat = " ".join(_clean(value).split())
    flat = _BEHIND.sub(r"\1'", flat)
    return f"'{flat}" if _BEGINS.match(flat) else flat


def write_csv(found: Iterable[AlertRow], out: IO[str]) -> int:
    """CSV with a header, every text quoted (RFC 4180); how many alerts."""
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    count = 0
    for row in found:
        writer.writerow(["" if value is None else inert(value) for value in row.cells.values()])
        count += 1
    return count


def write_xlsx(found: Iterable[AlertRow], path: Path, about: Mapping[str, str]) -> int:
    """A workbook of three sheets (alerts, reasons, about); how many alerts. Rows are written as they come: memory stays small."""
    import xlsxwriter

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        alerts, reasons, note = (book.add_worksheet(name) for name in ("alerts", "reasons", "about"))
        for sheet, columns in ((alerts, COLUMNS), (reasons, REASON_COLUMNS)):
            sheet.freeze_panes(1, 0)
            for at, name in enumerate(columns):
                sheet.set_column(at, at, WIDTHS.get(name, 13))
                sheet.write_string(0, at, name, bold)
        count, line = 0, 0
        for count, row in enumerate(found, 1):
            _write_row(alerts, count, row.cells.values())
            for reason in row.reasons:
                line += 1
                _write_row(reasons, line, (reason[name] for name in REASON_COLUMNS))
        alerts.autofilter(0, 0, max(count, 1), len(COLUMNS) - 1)
        reasons.autofilter(0, 0, max(line, 1), len(REASON_COLUMNS) - 1)
        note.set_column(0, 0, 16)
        note.set_column(1, 1, 100)
        for at, (name, value) in enumerate(about.items()):
            _write_row(note, at, (name, value))
    return count


def _write_row(sheet: Any, at: int, values: Iterable[Any]) -> None:
    for column, value in enumerate(values):
        if isinstance(value, str):
            sheet.write_string(at, column, _clean(value)[:MAX_TEXT])
        elif value is not None:
            sheet.write_number(at, column, value)


def _clean(text: str) -> str:
    """Text without control characters and what reverses its direction."""
    return "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text)
