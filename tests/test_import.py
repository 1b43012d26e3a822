"""Import: lines and captured pages become observations with their own bytes as evidence, once."""

from __future__ import annotations

import base64
import csv
import gzip
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.loader import Config
from crawler.importing import FileRefused, ImportResult, import_file, import_files, lines
from crawler.sites import reparse
from crawler.sites.rereading import ReparseError
from storage.evidence import read
from storage.ids import listing_key
from storage.store import Store
from storage.verify import verify

NOW = "2026-11-02T08:00:00Z"
PRODUCT = {
    "@context": "https://schema.org", "@type": "Product", "name": "NVIDIA A100 80GB PCIe", "sku": "A100-80",
    "offers": {"@type": "Offer", "price": "9800.00", "priceCurrency": "USD", "availability": "https://schema.org/InStock"},
}  # fmt: skip
PAGE = f"""<!DOCTYPE html><!-- saved from url=(0031)https://dealer.example/p/a100-80 -->
<html><head><title>A100</title><script type="application/ld+json">{json.dumps(PRODUCT)}</script></head>
<body><h1>NVIDIA A100 80GB PCIe</h1><p class=price>$9,800.00</p></body></html>"""
BOARD = """title = "Board"
family = "cards"
start = "https://board.example/list"
country = "CN"
currency = "CNY"
language = "zh"
id_pattern = "/i/([0-9]+)"
[list]
card = "li.item"
[list.fields]
title = "h3"
price = ".price"
url = "a::attr(href)"
"""


def listing(number: int, **more: Any) -> dict[str, Any]:
    return {"site": "captured", "listing_id": f"x{number}", "title": f"H100 number {number}", "observed_at": NOW, **more}


def observations(home: Path) -> list[Any]:
    with Store.open(home, readonly=True) as store:
        return list(store.iter_observations())


def run_import(path: Path, home: Path, **more: Any) -> tuple[ImportResult, list[dict[str, Any]]]:
    errors: list[dict[str, Any]] = []
    return import_file(path, home, Config(home), NOW, on_error=errors.append, **more), errors


def test_jsonl_gives_observations_whose_evidence_is_the_line(tmp_path: Path) -> None:
    lines = [json.dumps(listing(n, price_text="¥18.5万"), ensure_ascii=False) for n in range(3)]
    file = tmp_path / "got.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    result, errors = run_import(file, tmp_path / "home")
    assert (result.outcome, result.listings, result.new, errors) == ("ok", 3, 3, [])
    found = {o.listing.listing_id: o for o in observations(tmp_path / "home")}
    for number, line in enumerate(lines):
        assert read(tmp_path / "home", found[f"x{number}"].evidence).decode() == line


def test_the_same_file_twice_adds_nothing(tmp_path: Path) -> None:
    file = tmp_path / "got.jsonl"
    file.write_text(json.dumps(listing(1)), encoding="utf-8")
    first, _ = run_import(file, tmp_path / "home")
    before = sorted(p.name for p in (tmp_path / "home" / "evidence").iterdir())
    second, _ = run_import(file, tmp_path / "home")
    assert second.already == first.run
    assert (second.new, second.changed, second.listings) == (0, 0, 0)
    assert sorted(p.name for p in (tmp_path / "home" / "evidence").iterdir()) == before
    assert len(observations(tmp_path / "home")) == 1


BAD_LINES = [
    ("{not json", "no JSON"),
    ("[1, 2]", "not an object"),
    ('{"site": "a", "title": "no id"}', "listing_id"),
    ('{"site": "a", "listing_id": "1", "title": ["x"]}', "title"),
    ('{"site": "a", "listing_id": "1", "title": "x", "price_amount": NaN}', "price_amount"),
    ('{"site": "a", "listing_id": "1", "title": "x", "observed_at": "yesterday"}', "observed_at"),
    ("[" * 100_000, ""),
]


@pytest.mark.parametrize(("line", "says"), BAD_LINES, ids=[line[:60] for line, _ in BAD_LINES])
def test_a_bad_line_is_named_and_the_others_are_kept(tmp_path: Path, line: str, says: str) -> None:
    file = tmp_path / "got.jsonl"
    file.write_text("\n".join([json.dumps(listing(1)), line, "", json.dumps(listing(2))]), encoding="utf-8")
    result, errors = run_import(file, tmp_path / "home")
    assert [error["line"] for error in errors] == [2]
    assert says in errors[0]["error"]
    assert (result.outcome, result.new, result.errors) == ("partial", 2, 1)


def test_bytes_that_are_no_utf8_are_a_bad_line(tmp_path: Path) -> None:
    file = tmp_path / "got.jsonl"
    file.write_bytes('{"site":"a","listing_id":"1","title":"显卡"}\n'.encode("gb18030") + json.dumps(listing(1)).encode())
    result, errors = run_import(file, tmp_path / "home")
    assert [error["line"] for error in errors] == [1]
    assert result.new == 1


def test_csv_with_a_column_map(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "config" / "sites").mkdir(parents=True)
    (home / "config" / "sites" / "sheet.toml").write_text(
        'title = "Sheet"\nfamily = "files"\n[columns]\n"Titel" = "title"\n"Preis" = "price_text"\n"Nr" = "listing_id"\n', encoding="utf-8"
    )
    file = tmp_path / "liste.csv"
    file.write_text('Nr;Titel;Preis;Farbe\n7;"A100 80GB,\nneu";9.800 €;grün\n8;;1 €;rot\n9;H100;22.000 €;\n', encoding="cp1252")
    result, errors = run_import(file, home, site="sheet")
    found = {o.listing.listing_id: o for o in observations(home)}
    assert sorted(found) == ["7", "9"]
    assert found["7"].listing.title == "A100 80GB,\nneu"
    assert found["7"].listing.price_text == "9.800 €"
    assert found["7"].listing.attributes == {"Farbe": "grün"}
    assert read(home, found["7"].evidence).decode() == '7;"A100 80GB,\nneu";9.800 €;grün'
    assert [error["line"] for error in errors] == [4]
    assert result.outcome == "partial"


def test_csv_by_field_names_without_ids(tmp_path: Path) -> None:
    file = tmp_path / "market.csv"
    file.write_text("title,url,price_text\nA100,https://x.example/1,$9000\nH100,,\n", encoding="utf-8")
    run_import(file, tmp_path / "home")
    found = [o.listing for o in observations(tmp_path / "home")]
    assert {entry.site for entry in found} == {"market"}
    assert any(entry.listing_id == "https://x.example/1" for entry in found)
    assert any(entry.listing_id.startswith("row-") for entry in found)


def test_csv_rows_without_ids_keep_their_names_when_the_price_moves(tmp_path: Path) -> None:
    """Named by title, condition and seller; rows alike in these are told apart by all they hold. What the site file knows is filled in."""
    home = tmp_path / "home"
    (home / "config" / "sites").mkdir(parents=True)
    (home / "config" / "sites" / "sheet.toml").write_text(
        'title = "Sheet"\nfamily = "files"\ncountry = "DE"\nlanguage = "de"\n[columns]\n"Titel" = "title"\n"Preis" = "price_text"\n"Land" = "country"\n', encoding="utf-8"
    )
    file = tmp_path / "liste.csv"
    file.write_text("Titel;Preis;Land\nA100 80GB;9.000 €;\nH100;20.000 €;AT\nV100;1.000 €;\nV100;2.000 €;\n", encoding="utf-8")
    first, _ = run_import(file, home, site="sheet")
    file.write_text("Titel;Preis;Land\nV100;2.000 €;\nV100;1.000 €;\nH100;20.000 €;AT\nA100 80GB;8.500 €;\n", encoding="utf-8")
    second, _ = run_import(file, home, site="sheet")
    assert (first.new, second.new, second.changed, second.seen) == (4, 0, 1, 3)
    found = {(o.listing.title, o.listing.country, o.listing.language) for o in observations(home)}
    assert found == {("A100 80GB", "DE", "de"), ("H100", "AT", "de"), ("V100", "DE", "de")}


def test_csv_without_a_title_column_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "market.csv"
    file.write_text("name,price\nA100,1\n", encoding="utf-8")
    result, errors = run_import(file, tmp_path / "home")
    assert result.outcome == "failed"
    assert "title" in errors[0]["error"]


def test_a_saved_page_is_read_and_named_by_its_host(tmp_path: Path) -> None:
    file = tmp_path / "a100.html"
    file.write_text(PAGE, encoding="utf-8")
    run_import(file, tmp_path / "home")
    [found] = observations(tmp_path / "home")
    assert (found.listing.site, found.listing.listing_id) == ("dealer.example", "A100-80")
    assert (found.listing.price_amount, found.listing.price_currency) == ("9800", "USD")
    assert read(tmp_path / "home", found.evidence) == PAGE.encode()


def test_a_saved_list_of_a_known_site_is_read_by_its_selectors(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "config" / "sites").mkdir(parents=True)
    (home / "config" / "sites" / "board.toml").write_text(BOARD, encoding="utf-8")
    body = "<!-- saved from url=(0026)https://board.example/list --><ul>" + "".join(
        f"<li class=item><h3>A100 显卡 {n}</h3><a href=/i/{n}>看</a><span class=price>¥{n}万</span></li>" for n in (6, 7)
    )
    file = tmp_path / "list.html"
    file.write_bytes(body.encode("gb18030"))
    run_import(file, home)
    found = sorted(observations(home), key=lambda o: o.listing.listing_id)
    assert [(o.listing.site, o.listing.listing_id, o.listing.title) for o in found] == [
        ("board", "6", "A100 显卡 6"), ("board", "7", "A100 显卡 7"),
    ]  # fmt: skip


def test_mhtml(tmp_path: Path) -> None:
    file = tmp_path / "a100.mhtml"
    file.write_bytes(
        b"From: <Saved>\r\nDate: Sun, 1 Nov 2026 09:30:00 +0100\r\nSnapshot-Content-Location: https://dealer.example/p/a100-80\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/related; type="text/html"; boundary="--b"\r\n\r\n----b\r\nContent-Type: text/html\r\n'
        b"Content-Transfer-Encoding: base64\r\nContent-Location: https://dealer.example/p/a100-80\r\n\r\n"
        + base64.encodebytes(PAGE.encode())
        + b"\r\n----b--\r\n"
    )
    result, errors = run_import(file, tmp_path / "home")
    assert (result.new, errors) == (1, [])
    [found] = observations(tmp_path / "home")
    assert found.listing.url is not None and "dealer.example" in found.listing.url
    assert found.observed_at == "2026-11-01T08:30:00Z"
    assert read(tmp_path / "home", found.evidence) == file.read_bytes()


def har(entries: list[dict[str, Any]]) -> str:
    return json.dumps({"log": {"version": "1.2", "entries": entries}})


def har_entry(url: str, text: str, kind: str = "text/html", status: int = 200, **content: Any) -> dict[str, Any]:
    return {
        "startedDateTime": "2026-11-01T10:00:00.123+01:00", "serverIPAddress": "192.0.2.7", "request": {"url": url, "method": "GET"},
        "response": {"status": status, "headers": [{"name": "Content-Type", "value": kind}],
                     "content": {"mimeType": kind, "text": text, **content}},
    }  # fmt: skip


def test_har_keeps_each_answer_under_its_own_address_and_time(tmp_path: Path) -> None:
    file = tmp_path / "visit.har"
    file.write_text(
        har([
            har_entry("https://dealer.example/p/a100-80", PAGE),
            har_entry("https://dealer.example/logo.png", "aGk=", "image/png", encoding="base64"),
            har_entry("https://dealer.example/p/gone", "<h1>gone</h1>", status=404),
            {"request": None},
        ]),
        encoding="utf-8",
    )  # fmt: skip
    result, errors = run_import(file, tmp_path / "home")
    assert (result.new, result.unread, errors) == (1, 1, [])
    [found] = observations(tmp_path / "home")
    assert found.observed_at == "2026-11-01T09:00:00Z"
    assert found.evidence.url == "https://dealer.example/p/a100-80"


def test_a_page_of_a_har_that_the_browser_had_already_is_read_and_one_without_text_is_told(tmp_path: Path) -> None:
    file = tmp_path / "visit.har"
    old = har_entry("https://dealer.example/p/a100-80", PAGE, status=304)
    file.write_text(har([old, har_entry("https://dealer.example/p/2", "", status=304), har_entry("https://dealer.example/p/3", "")]), encoding="utf-8")
    result, errors = run_import(file, tmp_path / "home")
    assert (result.new, result.unread, errors) == (1, 2, [])
    [found] = observations(tmp_path / "home")
    assert (found.observed_at, found.evidence.kind) == ("2026-11-01T09:00:00Z", "resource")
    assert read(tmp_path / "home", found.evidence) == PAGE.encode()


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "sep=,"])
def test_the_first_line_by_which_excel_names_the_separator(tmp_path: Path, first: str) -> None:
    file = tmp_path / "market.csv"
    sign = first.strip('"')[-1]
    file.write_text(f"{first}\r\ntitle{sign}listing_id{sign}price_text\r\nA100{sign}1{sign}9000\r\n{sign}2{sign}x\r\n", encoding="utf-8-sig")
    result, errors = run_import(file, tmp_path / "home")
    assert result.new == 1 and [error["line"] for error in errors] == [4]
    [found] = observations(tmp_path / "home")
    assert found.evidence.url.endswith("market.csv#line=3")


def test_warc_of_others(tmp_path: Path) -> None:
    from io import BytesIO

    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    file = tmp_path / "crawl.warc.gz"
    with open(file, "wb") as out:
        writer = WARCWriter(out, gzip=True)
        for url, body in (("https://dealer.example/p/a100-80", PAGE), ("https://dealer.example/about", "<h1>About us</h1>")):
            head = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
            writer.write_record(writer.create_warc_record(url, "response", payload=BytesIO(body.encode()), http_headers=head,
                                warc_headers_dict={"WARC-Date": "2025-01-02T03:04:05Z"}))  # fmt: skip
    result, errors = run_import(file, tmp_path / "home")
    assert (result.new, result.unread, errors) == (1, 1, [])
    [found] = observations(tmp_path / "home")
    assert found.observed_at == "2025-01-02T03:04:05Z"
    again, _ = run_import(file, tmp_path / "home")
    assert again.already == result.run


def warc(*records: tuple[str, bytes, dict[str, str]]) -> bytes:
    """A web archive of answers: address, body as sent, headers."""
    from io import BytesIO

    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    out = BytesIO()
    writer = WARCWriter(out, gzip=True)
    for url, body, headers in records:
        head = StatusAndHeaders("200 OK", list({"Content-Type": "text/html", **headers}.items()), protocol="HTTP/1.1")
        writer.write_record(writer.create_warc_record(url, "response", payload=BytesIO(body), http_headers=head,
                            warc_headers_dict={"WARC-Date": "2025-01-02T03:04:05Z"}))  # fmt: skip
    return out.getvalue()


def test_a_har_of_a_site_that_is_not_crawled_is_read_by_its_selectors(tmp_path: Path) -> None:
    """What an analyst saw in a browser: pages of a list, one of them seen twice, and the site's file says own_capture."""
    home = tmp_path / "home"
    (home / "config" / "sites").mkdir(parents=True)
    (home / "config" / "sites" / "board.toml").write_text(BOARD + '[access]\nbasis = "own_capture"\n', encoding="utf-8")

    def cards(*numbers: int) -> str:
        return "<ul>" + "".join(f"<li class=item><h3>A100 {n}</h3><a href=/i/{n}>x</a><span class=price>¥{n}万</span></li>" for n in numbers) + "</ul>"

    first, second = cards(1, 2), base64.b64encode(cards(3).encode()).decode()
    entries = [
        har_entry("https://board.example/list?page=1", first), har_entry("https://board.example/list?page=1", first),
        har_entry("https://board.example/list?page=2", second, encoding="base64"),
    ]  # fmt: skip
    file = tmp_path / "visit.har"
    file.write_text(har(entries), encoding="utf-8")
    run_import(file, home)
    found = sorted((o.listing.site, o.listing.listing_id, o.listing.price_text) for o in observations(home))
    assert found == [("board", "1", "¥1万"), ("board", "2", "¥2万"), ("board", "3", "¥3万")]


@pytest.mark.parametrize("name", ["visit.har", "list.html"])
def test_a_capture_that_was_not_understood_is_read_once_its_site_file_is_mended(tmp_path: Path, name: str) -> None:
    home = tmp_path / "home"
    (home / "config" / "sites").mkdir(parents=True)
    board = home / "config" / "sites" / "board.toml"
    board.write_text(BOARD.replace("li.item", "li.old") + '[access]\nbasis = "own_capture"\n', encoding="utf-8")
    cards = "".join(f"<li class=item><h3>A100 {n}</h3><a href=/i/{n}>x</a><span class=price>¥{n}万</span></li>" for n in (1, 2))
    body = f"<!-- saved from url=(0026)https://board.example/list --><ul>{cards}</ul>"
    file = tmp_path / name
    file.write_text(har([har_entry("https://board.example/list", body)]) if name.endswith("har") else body, encoding="utf-8")
    first, _ = run_import(file, home)
    again, _ = run_import(file, home)
    assert (first.listings, again.already, again.outcome) == (0, first.run, first.outcome) and first.outcome in ("empty", "partial")
    with pytest.raises(ReparseError, match=f"`chipwatch import --site SITE {name}`"):
        reparse(first.run or "", home, Config(home), NOW)
    board.write_text(board.read_text(encoding="utf-8").replace("li.old", "li.item"), encoding="utf-8")
    mended, errors = run_import(file, home)
    assert (mended.outcome, mended.new, errors) == ("ok", 2, [])
    board.write_text(board.read_text(encoding="utf-8") + 'notes = "nothing is left to read"\n', encoding="utf-8")
    assert run_import(file, home)[0].already == mended.run


def test_a_web_archive_in_its_package_and_with_packed_bodies(tmp_path: Path) -> None:
    packed = gzip.compress(PAGE.replace("A100-80", "A100-81").encode())
    bomb = gzip.compress(b"<p>" * 20_000_000)
    data = warc(
        ("https://dealer.example/p/a100-80", PAGE.encode(), {}), ("https://dealer.example/p/a100-81", packed, {"Content-Encoding": "gzip"}),
        ("https://dealer.example/p/bomb", bomb, {"Content-Encoding": "gzip"}),
    )  # fmt: skip
    file = tmp_path / "visit.wacz"
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("archive/data.warc.gz", data)
        package.writestr("datapackage.json", "{}")
        package.writestr("pages/pages.jsonl", '{"format": "json-pages-1.0"}')
    result, errors = run_import(file, tmp_path / "home")
    assert (result.outcome, result.new, errors) == ("ok", 2, [])
    assert {o.listing.listing_id for o in observations(tmp_path / "home")} == {"A100-80", "A100-81"}
    assert {o.observed_at for o in observations(tmp_path / "home")} == {"2025-01-02T03:04:05Z"}


def test_a_torn_archive_gives_what_stands_before_the_tear(tmp_path: Path) -> None:
    data = warc(("https://dealer.example/p/a100-80", PAGE.encode(), {}), ("https://dealer.example/p/b", PAGE.replace("A100-80", "B").encode() * 3, {}))
    file = tmp_path / "torn.warc.gz"
    file.write_bytes(data[: len(data) - 60])
    result, errors = run_import(file, tmp_path / "home")
    assert (result.outcome, result.new) == ("partial", 1) and [error["error"] for error in errors] == ["the file is cut short"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1251"])
def test_csv_as_spreadsheets_write_it(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "market.csv"
    file.write_bytes("title;listing_id;price_text\r\nВидеокарта А100 новая;1;650 000 ₽\r\n".replace("₽", "руб").encode(encoding))
    result, errors = run_import(file, tmp_path / "home")
    assert (result.new, errors) == (1, [])
    [found] = observations(tmp_path / "home")
    assert (found.listing.title, found.listing.price_text) == ("Видеокарта А100 новая", "650 000 руб")


@pytest.mark.parametrize("name", ["a.har", "a.warc.gz", "a.mhtml", "a.wacz", "a.csv", "a.jsonl"])
def test_rubbish_is_refused_and_the_next_file_is_taken(tmp_path: Path, name: str) -> None:
    bad, good = tmp_path / name, tmp_path / "good.jsonl"
    bad.write_bytes(b"\x00\xff\x1f\x8bnothing of the kind" * 50)
    good.write_text(json.dumps(listing(1)), encoding="utf-8")
    errors: list[dict[str, Any]] = []
    results = import_files([bad, good], tmp_path / "home", Config(), NOW, on_error=errors.append)
    assert errors
    assert [r.new for r in results] == [0, 1]


def test_an_unknown_kind_says_which_are_known(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="jsonl"):
        import_file(tmp_path / "a.docx", tmp_path / "home", Config(), NOW)


def test_recorded_forum_page(tmp_path: Path, shared: Path) -> None:
    """The forum's JSON, as an analyst's browser would record it."""
    home = tmp_path / "home"
    (home / "config" / "sites").mkdir(parents=True)
    (home / "config" / "sites" / "swap.toml").write_text(
        'title = "Swap"\nfamily = "feed"\nstart = "https://www.reddit.com/r/swap/new.json"\n', encoding="utf-8"
    )
    body = (shared / "data" / "reddit" / "new.json").read_text(encoding="utf-8")
    file = tmp_path / "visit.har"
    file.write_text(har([har_entry("https://www.reddit.com/r/swap/new.json", body, "application/json")]), encoding="utf-8")
    result, _ = run_import(file, home)
    names = {child["data"]["name"] for child in json.loads(body)["data"]["children"]}
    assert {o.listing.listing_id for o in observations(home)} == names
    assert result.new == len(names)


def archived(home: Path) -> bytes:
    """All that the evidence holds, unpacked."""
    return b"".join(gzip.decompress(path.read_bytes()) for path in sorted((home / "evidence").glob("*.gz")))


def erase(home: Path, site: str, name: str, **more: Any) -> Any:
    with Store.open(home) as store:
        return store.erase_listing(listing_key(site, name), who="ann", why="request", now=NOW, **more)


def test_a_session_of_the_analyst_is_in_no_evidence(tmp_path: Path) -> None:
    entry = har_entry("https://dealer.example/p/1", PAGE)
    entry["response"]["headers"] = [*entry["response"].get("headers", ()), {"name": "Set-Cookie", "value": "SESSION=SECRET"}, {"name": "X-Kept", "value": "word"}]
    path = tmp_path / "visit.har"
    path.write_text(har([entry]), encoding="utf-8")
    run_import(path, tmp_path)
    assert b"SECRET" not in archived(tmp_path) and b"set-cookie: (withheld)" in archived(tmp_path) and b"x-kept: word" in archived(tmp_path)


def test_an_erasure_finds_every_sighting_and_no_import_stores_it_again(tmp_path: Path) -> None:
    """No address and a short id: the lines between the first and the last sighting are known by their words alone."""
    path = tmp_path / "day.jsonl"
    other = listing(5)
    for number in range(5):
        secret = listing(0, listing_id="7", title='H100 von "Zorblax" Müller', seller_name="Ivan Zorblax", seller_ratings=number)
        secret["observed_at"] = f"2026-11-0{number + 1}T08:00:00Z"
        path.write_text(json.dumps(secret) + "\n" + json.dumps({**other, "observed_at": secret["observed_at"]}) + "\n", encoding="utf-8")
        run_import(path, tmp_path)
    erase(tmp_path, "captured", "7")
    assert b"Zorblax" not in archived(tmp_path) and b"H100 number 5" in archived(tmp_path)
    result, told = run_import(path, tmp_path, site="captured")
    assert (result.outcome, result.listings, result.erased, told) == ("ok", 1, 1, [])
    assert b"Zorblax" not in archived(tmp_path)
    with Store.open(tmp_path) as store:
        assert verify(tmp_path, store) == []
        assert store.run(result.run or "")["detail"] == "1 erased on request passed over"


def test_an_erased_listing_among_others_of_an_imported_page_leaves_their_words_alone(tmp_path: Path) -> None:
    sites = tmp_path / "config" / "sites"
    sites.mkdir(parents=True)
    (sites / "board.toml").write_text(BOARD, encoding="utf-8")
    cards = "".join(f"<li class=item><h3>Zorb{n} A100</h3><a href='/i/{n}'>x</a><span class=price>¥6万</span></li>" for n in (1, 2))
    path = tmp_path / "list.har"
    for at in (1, 2):
        path.write_text(har([har_entry("https://board.example/list", f"<html><body>{cards}<p>day {at}</p></body></html>")]), encoding="utf-8")
        result, _ = run_import(path, tmp_path)
        if at == 1:
            erase(tmp_path, "board", "1")
    assert (result.listings, result.erased) == (1, 1)
    assert b"Zorb1" not in archived(tmp_path) and b"quote: Zorb2 A100" in archived(tmp_path)


def csv_of(tmp_path: Path, text: str) -> tuple[ImportResult, list[dict[str, Any]], dict[str, Any]]:
    path = tmp_path / "market.csv"
    path.write_text(text, encoding="utf-8")
    result, errors = run_import(path, tmp_path / "home")
    return result, errors, {o.listing.title: o.listing for o in observations(tmp_path / "home")}


FIGURES = [
    ("quantity", "1,000", 1000), ("quantity", "1.000", 1000), ("quantity", "1 000 000", 1000000), ("quantity", "2 pcs", 2), ("quantity", "8块", 8),
    ("quantity", "-3", None), ("quantity", "some", None), ("quantity", "1,00", None), ("quantity", "12,34,567", None),
    ("price_amount", "14000.50", "14000.5"), ("price_amount", "14,000.50", None), ("price_amount", "14.000", None), ("price_amount", "1e400", None),
]  # fmt: skip


@pytest.mark.parametrize(("field", "given", "meant"), FIGURES, ids=[f"{field} {given}" for field, given, _ in FIGURES])
def test_a_figure_as_people_write_it_loses_no_row_of_a_csv(tmp_path: Path, field: str, given: str, meant: object) -> None:
    _, errors, found = csv_of(tmp_path, f"title;{field};price_currency\nH100;{given};EUR\nA100;1;EUR\n")
    got = getattr(found["H100"], field)
    assert (str(got) if isinstance(meant, str) else got) == meant and len(found) == 2
    as_text = {"14,000.50": "14,000.50 EUR", "14.000": "14.000 EUR"}.get(given)
    assert found["H100"].price_text == as_text
    assert bool(errors) == (meant is None and as_text is None)
    if errors:
        assert found["H100"].attributes[f"{field} as given"] == given


def test_a_quote_that_is_never_closed_costs_its_own_line(tmp_path: Path) -> None:
    text = 'title;price_text\n"two\nlines";1 €\nGeForce 5" case;2 €\n"unclosed H100;14.000 €\nA100 80GB;9.000 €\nL40S;7000 €\n'
    result, errors, found = csv_of(tmp_path, text)
    assert set(found) == {"two\nlines", 'GeForce 5" case', "A100 80GB", "L40S"} and result.outcome == "partial"
    assert [error["line"] for error in errors] == [5] and "never closed" in errors[0]["error"]
    assert [o.evidence.url for o in observations(tmp_path / "home") if o.listing.title == "L40S"] == ["file:///market.csv#line=7"]


@pytest.mark.parametrize(("rows", "letters"), [(600, 20), (300, 1000)], ids=["lines of a row", "letters of a cell"])
def test_a_quote_that_is_never_closed_costs_its_own_line_of_a_long_file(tmp_path: Path, rows: int, letters: int) -> None:
    before = csv.field_size_limit(131_072)  # what the module begins with
    try:
        text = "\n".join(["title;price_text", '"unclosed H100;14.000 €', *(f"{number} {'x' * letters};9 €" for number in range(rows))])
        result, errors, found = csv_of(tmp_path, text)
    finally:
        csv.field_size_limit(before)
    assert len(found) == result.listings == rows
    assert [error["line"] for error in errors] == [2] and "never closed" in errors[0]["error"]


def test_quotes_that_are_never_closed_are_read_in_bounded_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST_ROW", 20)
    # Each line leaves a quote open, whether it is read by itself or within the one before.
    path = tmp_path / "toggling.csv"
    path.write_text("title;price_text\n" + 'a"b;"c\n' * 20_000 + "H100;1\n")
    began = time.process_time()
    pieces = list(lines.read_csv(path, None, "desk", NOW))
    assert time.process_time() - began < 10
    assert [listing.title for piece in pieces for listing in piece.listings] == ["H100"]
    assert sum(piece.error is not None for piece in pieces) == 20_000


def test_a_row_with_more_cells_than_columns_is_named(tmp_path: Path) -> None:
    result, errors, found = csv_of(tmp_path, "title,price_text\nH100,$14,000\nA100,$9000,,\n")
    assert set(found) == {"A100"} and result.errors == 1 and "3 cells for 2 columns" in errors[0]["error"]


@pytest.mark.parametrize("told", ["snapshot", "start"])
def test_mhtml_whose_first_part_is_a_frame(tmp_path: Path, told: str) -> None:
    head = "Snapshot-Content-Location: https://dealer.example/p/a100-80\r\n" if told == "snapshot" else ""
    start = '; start="<page@x>"' if told == "start" else ""
    frame = PAGE.replace("A100", "RTX").replace("a100", "rtx")
    parts = "".join(
        f"----b\r\nContent-Type: text/html\r\nContent-ID: <{name}@x>\r\nContent-Location: {url}\r\n\r\n{text}\r\n"
        for name, url, text in (("ad", "https://ads.example/frame", frame), ("page", "https://dealer.example/p/a100-80", PAGE))
    )
    path = tmp_path / "page.mhtml"
    path.write_text(f'{head}MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="--b"{start}\r\n\r\n{parts}----b--\r\n', encoding="utf-8", newline="")
    run_import(path, tmp_path / "home")
    assert [o.listing.site for o in observations(tmp_path / "home")] == ["dealer.example"]


def flipped(place: int, by: int) -> Callable[[bytearray], None]:
    """Change the second file's entry in the list of files of a package: its way of packing, its place (farther on, whatever the
    files' sizes are: a little nearer, the file before it would be one that overlaps)."""

    def change(data: bytearray) -> None:
        data[data.find(b"PK\1\2", data.find(b"PK\1\2") + 1) + place] ^= by

    return change


BROKEN = {"packing": flipped(10, 99), "place": flipped(43, 0x40), "encrypted": flipped(8, 1)}


@pytest.mark.parametrize("what", BROKEN)
def test_a_file_of_a_package_that_cannot_be_had_is_told_and_the_next_is_read(tmp_path: Path, what: str) -> None:
    path = tmp_path / "visit.wacz"
    with zipfile.ZipFile(path, "w") as package:
        for number in range(3):
            text = PAGE.replace("A100-80", f"A100-8{number}").encode()
            package.writestr(f"archive/{number}.warc.gz", warc((f"https://dealer.example/p/{number}", text, {})))
    data = bytearray(path.read_bytes())
    BROKEN[what](data)
    path.write_bytes(data)
    result, errors = run_import(path, tmp_path / "home")
    assert {o.listing.listing_id for o in observations(tmp_path / "home")} == {"A100-80", "A100-82"}
    assert result.outcome == "partial" and [error["url"] for error in errors] == ["archive/1.warc.gz"]


def test_a_package_of_packages_is_read_and_a_broken_archive_stops_none(tmp_path: Path) -> None:
    inner, outer = tmp_path / "inner.wacz", tmp_path / "visit.wacz"
    with zipfile.ZipFile(inner, "w") as package:
        package.writestr("archive/data.warc.gz", warc(("https://dealer.example/p/a100-80", PAGE.encode(), {})))
    with zipfile.ZipFile(outer, "w") as package:
        package.writestr("archive/a.warc.gz", b"this is no archive")
        package.writestr("archive/b.wacz", inner.read_bytes())
        package.writestr("archive/c.warc.gz", warc(("https://dealer.example/p/b", PAGE.replace("A100-80", "B").encode(), {})))
    result, errors = run_import(outer, tmp_path / "home")
    assert (result.outcome, result.new) == ("partial", 2) and [error["url"] for error in errors] == ["archive/a.warc.gz"]
    empty = tmp_path / "empty.wacz"
    with zipfile.ZipFile(empty, "w") as package:
        package.writestr("datapackage.json", "{}")
    assert run_import(empty, tmp_path / "home")[0].outcome == "failed"


def test_a_har_says_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "visit.har"
    path.write_text('{"log": {"entries": {}}}', encoding="utf-8")
    result, errors = run_import(path, tmp_path / "home")
    assert result.outcome == "failed" and "no list" in errors[0]["error"]
    path.write_text(har([har_entry("https://dealer.example/p/1", PAGE[:200], status=206)]), encoding="utf-8")
    assert run_import(path, tmp_path / "home")[0].unread == 1


def test_columns_and_keys_that_are_no_field_are_told(tmp_path: Path) -> None:
    table, lines_ = tmp_path / "mine.csv", tmp_path / "mine.jsonl"
    table.write_text("Title,Price,Location,Qty,URL\nH100,\"$18,000\",Dubai,64,https://a.example/1\nH200,$1,,2,https://a.example/2\n", encoding="utf-8")
    lines_.write_text("\n".join(json.dumps(listing(n, Price="$1", colour="red")) for n in (1, 2)), encoding="utf-8")
    told = run_import(table, tmp_path / "home")[0].told
    assert [line.partition(" is no field")[0] for line in told] == ["column 'Price'", "column 'Qty'"]
    assert "did you mean 'price_text'?" in told[0] and "[columns]" in told[0]
    (line,) = run_import(lines_, tmp_path / "home")[0].told
    assert line.startswith("'Price' is no field") and "'price_text'" in line


def test_a_saved_page_of_unknown_address_is_told_and_read_under_the_one_given(tmp_path: Path) -> None:
    home, path = tmp_path / "home", tmp_path / "list.html"
    (home / "config" / "sites").mkdir(parents=True)
    (home / "config" / "sites" / "board.toml").write_text(BOARD.replace("/i/", "/no/"), encoding="utf-8")
    path.write_text("<html><body><ul><li class=item><a href='/i/7'><h3>H100 80GB</h3></a><b class=price>90000</b></li></ul></body></html>", encoding="utf-8")
    (line,) = run_import(path, home, site="board")[0].told
    assert "--url" in line
    done, _ = run_import(path, home, site="board", url="https://board.example/list")
    assert (done.new, done.told) == (1, ())
    assert {o.listing.url for o in observations(home)} == {"file:///i/7", "https://board.example/i/7"}
