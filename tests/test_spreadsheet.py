"""Spreadsheets of alerts: what is in them, and that no cell is ever a formula, whatever program opens the file how."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from config.loader import Config
from review.spreadsheet import COLUMNS, MAX_TEXT, REASON_COLUMNS, AlertRow, inert, rows, write_csv, write_xlsx
from storage.alerts import Filter
from storage.store import Store
from tests import handover, hostile

NS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
FORMULA = re.compile(r"[\s\u200b\u2060\ufeff]*[=+\-@＝＋－＠﹢﹣]")
NUMBER = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?$")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = handover.build(tmp_path_factory.mktemp("sheet") / "home")
    with Store.open(home) as store:
        store.decide(
            handover.key(store, "1"),
            "confirm",
            who="ada",
            now="2026-03-04T10:00:00Z",
            reason="serial-removed",
            note="=1+1",
        )
    return home


def found(home: Path, chosen: Filter | None = None, *, contacts: bool = False) -> list[AlertRow]:
    with Store.open(home, readonly=True) as store:
        return list(rows(store, Config(home), chosen or Filter(states=None), contacts=contacts))


def cells(path: Path, number: int) -> list[list[tuple[str, str]]]:
    """The rows of a sheet: (type, text) of each cell that is there."""
    with zipfile.ZipFile(path) as book:
        root = etree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
        shared = [
            "".join(item.itertext()) for item in etree.fromstring(book.read("xl/sharedStrings.xml"))
        ] if "xl/sharedStrings.xml" in book.namelist() else []  # fmt: skip
    out = []
    for row in root.iter(f"{NS}row"):
        line = []
        for cell in row.iter(f"{NS}c"):
            kind, text = cell.get("t", "n"), "".join(cell.itertext())
            line.append(("s", shared[int(text)]) if kind == "s" else (kind, text))
        out.append(line)
    return out


def hostile_row(words: str) -> AlertRow:
    reason = dict.fromkeys(REASON_COLUMNS, words) | {"value": 1.0, "weight": -2.5, "contribution": -2.5}
    return AlertRow(dict.fromkeys(COLUMNS, words) | {"score": 0.5, "unit_usd": -1.5}, (reason,))


def test_a_row_holds_the_offer_its_market_reasons_decision_and_evidence(made: Path) -> None:
    first, second = (row.cells for row in found(made))
    one = next(row for row in (first, second) if row["listing_id"] == "1")
    assert tuple(one) == COLUMNS
    assert (one["site"], one["state"], one["chip"], one["control"], one["price_amount"], one["price_currency"]) == (
        "board", "confirmed", "nvidia-h100-pcie-80gb", "3A090.a", 7500.0, "USD",
    )  # fmt: skip
    assert (
        one["unit_usd"] == 7500.0
        and one["market_usd"] > one["unit_usd"]
        and "serial number removed" in one["reasons"]
    )
    assert (one["decision"], one["decided_by"], one["decision_reason"]) == (
        "confirm",
        "ada",
        "serial-removed",
    )
    assert one["evidence_file"].endswith(".warc.gz") and len(one["evidence_sha256"]) == 64


def test_the_reasons_of_each_alert_add_up_to_its_score(made: Path) -> None:
    from math import exp

    for row in found(made):
        total = sum(reason["contribution"] for reason in row.reasons)
        assert round(1 / (1 + exp(-total)), 6) == row.cells["score"]


def test_contacts_are_masked_unless_asked_for(made: Path) -> None:
    assert handover.CONTACT not in str(found(made)) and "WeChat" in str(found(made))


def test_filters_choose_and_pages_join(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("review.spreadsheet.PAGE", 1)
    assert {row.cells["listing_id"] for row in found(made)} == {"1", "2"}
    assert [row.cells["listing_id"] for row in found(made, Filter(states=("confirmed",)))] == ["1"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(1)", "'@SUM(1)"), ("\t=1", "'=1"), ("\r=1", "'=1"), (" =1", "'=1"), ("\u200b=1", "'=1"), ("＝1", "'＝1"),
        ("'=1", "''=1"), ('"=1', "'\"=1"), ("H100;=1+1;", "H100;'=1+1;"), ("a|=1", "a|'=1"), ("a\n=1", "a =1"), ("H100 -20 %", "H100 -20 %"), ("8=8", "8=8"), ("RTX 4090 + box", "RTX 4090 + box"),
        ("现货=有", "现货=有"),
    ],
)  # fmt: skip
def test_what_begins_like_a_formula_is_made_inert_and_nothing_else_is_touched(text: str, shown: str) -> None:
    assert inert(text) == shown


def test_numbers_stay_numbers() -> None:
    assert inert(-2.5) == -2.5 and inert(3) == 3


def sheets(text: str) -> list[list[str]]:
    """The file as programs of different countries cut it into cells."""
    return [line for sign in ",;\t|" for line in csv.reader(io.StringIO(text, newline=""), delimiter=sign)]


@hostile.PAYLOADS
def test_no_cell_of_the_csv_is_a_formula_however_it_is_cut(payloads: tuple[str, ...]) -> None:
    for words in payloads:
        out = io.StringIO(newline="")
        write_csv([hostile_row(words)], out)
        text = out.getvalue()
        assert text.count("\r\n") == 2 and not any(ord(sign) < 32 and sign not in "\r\n" for sign in text), (
            words
        )
        live = [
            cell for line in sheets(text) for cell in line if FORMULA.match(cell) and not NUMBER.match(cell)
        ]
        assert not live, (words, live)
        assert len(list(csv.reader(io.StringIO(text, newline="")))[1]) == len(COLUMNS), words


@given(st.text())
def test_no_text_at_all_becomes_a_formula(text: str) -> None:
    out = io.StringIO(newline="")
    write_csv([hostile_row(text)], out)
    assert not [
        c for line in sheets(out.getvalue()) for c in line if FORMULA.match(c) and not NUMBER.match(c)
    ]


@hostile.PAYLOADS
def test_no_cell_of_the_workbook_is_a_formula_or_a_link(payloads: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    assert write_xlsx((hostile_row(words) for words in payloads), path, {"made": "=1+1"}) == len(payloads)
    with zipfile.ZipFile(path) as book:
        names, parts = (
            book.namelist(),
            b"".join(book.read(name) for name in book.namelist() if name.endswith((".xml", ".rels"))),
        )
    assert not [name for name in names if "external" in name.lower() or "vba" in name.lower()]
    for element in (b"<f>", b"<f ", b"<hyperlink", b"ddeLink", b"oleLink"):
        assert element not in parts
    for number, numeric in ((1, 2), (2, 3), (3, 0)):
        for row in cells(path, number)[1:]:
            assert sum(kind == "n" for kind, _ in row) == numeric
            assert {kind for kind, _ in row} <= {"n", "s", "inlineStr", "str"}
            assert "str" not in {kind for kind, _ in row}  # the type of a formula's result
    assert cells(path, 3) == [[("inlineStr", "made"), ("inlineStr", "=1+1")]]


def test_the_workbook_holds_the_text_as_it_was_and_cuts_what_no_cell_can_hold(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_xlsx([hostile_row("=SUM(1)"), hostile_row("_x0041_ 现货 ✓"), hostile_row("x" * 40_000)], path, {})
    column = COLUMNS.index("title")
    titles = [row[column][1] for row in cells(path, 1)[1:]]
    assert (
        titles[0] == "=SUM(1)"
        and titles[1] in ("_x0041_ 现货 ✓", "_x005F_x0041_ 现货 ✓")
        and len(titles[2]) == MAX_TEXT
    )


def run(home: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "chipwatch.cli", "--home", str(home), "export", *words],
        capture_output=True,
        check=False,
    )


def test_the_command_writes_both_kinds_and_refuses_others(made: Path, tmp_path: Path) -> None:
    shown = run(made, "alerts", "--state", "confirmed")
    assert shown.returncode == 0 and shown.stdout.count(b"\r\n") == 2 and shown.stderr == b"1 alert\n"
    assert run(made, "alerts", "--out", str(tmp_path / "a.csv")).returncode == 0
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert run(made, "alerts", "--out", str(tmp_path / "a.xlsx"), "--contacts").returncode == 0
    assert len(cells(tmp_path / "a.xlsx", 1)) == 3 and {p.name for p in tmp_path.iterdir()} == {
        "a.csv",
        "a.xlsx",
    }
    kept = (tmp_path / "a.csv").read_bytes()
    for what in ("alerts", "stix"):
        refused = run(made, what, "--state", "confirmed", "--out", str(tmp_path / "a.csv"))
        assert refused.returncode == 2 and b"a.csv is there already" in refused.stderr and b"--force" in refused.stderr
        nowhere = run(made, what, "--force", "--out", str(tmp_path / "none" / "b.csv"))
        assert nowhere.returncode == 2 and f"{tmp_path / 'none'}: no such folder".encode() in nowhere.stderr
        folder = run(made, what, "--force", "--out", str(tmp_path))
        assert folder.returncode == 2 and b"is a folder; name a file in it" in folder.stderr
        assert b"none is named" in run(made, what, "--force").stderr
    assert (tmp_path / "a.csv").read_bytes() == kept
    assert run(made, "alerts", "--state", "confirmed", "--force", "--out", str(tmp_path / "a.csv")).returncode == 0
    assert len((tmp_path / "a.csv").read_bytes()) < len(kept)
    wrong = run(made, "alerts", "--out", str(tmp_path / "a.ods"))
    assert wrong.returncode == 2 and b"ends in .csv or .xlsx" in wrong.stderr
    assert run(made, "nothing").returncode == 2


def test_readings_are_the_exchange_format_still(made: Path) -> None:
    import json

    lines = [json.loads(line) for line in run(made, "readings").stdout.splitlines()]
    assert [line["listing_id"] for line in lines] == ["1", "2", "3"] and {
        "offer",
        "score",
        "versions",
        "evidence",
    } <= set(lines[0])
    assert run(made).stdout == run(made, "readings").stdout and shutil.which("true")
