"""The CSV that Datasette gives out at the desk: no cell is a formula in any country's spreadsheet, numbers stay numbers."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest

from review.desk.inert_csv import InertCsv, records
from storage.listing import Listing
from storage.store import Store
from tests import handover
from tests.desking import Opened
from tests.hostile import FORMULAS
from tests.test_spreadsheet import FORMULA, NUMBER, sheets

NOW = "2026-03-03T21:00:00Z"
PLAIN = 'two "quoted", and 9" more'
SQL = "select+title+as+'%3D1%2B1',-1.5e-300+as+n,-7+as+m,title+from+listing+order+by+listing_id"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    home = handover.build(tmp_path_factory.mktemp("csv") / "made")
    with Store.open(home) as store:
        run = store.begin_run("board", now=NOW)
        offers = [Listing("board", f"f{at}", words, observed_at=NOW) for at, words in enumerate((PLAIN, *FORMULAS))]
        store.record_many([(offer, None) for offer in offers], run=run, now=NOW)
        store.end_run(run, "ok", NOW, {"pages": 1, "listings": 1, "new": 1})
    opened = Opened(home, tmp_path_factory.mktemp("desk") / "home")
    yield opened
    opened.close()


def live(text: str) -> list[str]:
    return [cell for line in sheets(text) for cell in line if FORMULA.match(cell) and not NUMBER.match(cell)]


@pytest.mark.parametrize(
    "path",
    [
        "/chipwatch/listing.csv?_size=max", "/chipwatch/listing.csv?_dl=1", "/chipwatch/listing.csv?_stream=on&_size=max&_labels=on", "/chipwatch/listing_view.csv",
        "/chipwatch/observation.csv?_stream=1", f"/chipwatch.csv?sql={SQL}", f"/chipwatch.csv?sql={SQL}&_header=off&_dl=1",
    ],
)  # fmt: skip
def test_no_csv_link_under_data_gives_out_a_formula(desk: Opened, path: str) -> None:
    answer = desk.person().get(path)
    assert answer.status_code == 200 and "HYPERLINK" in answer.text
    assert not live(answer.text), live(answer.text)[:5]
    lines = list(csv.reader(io.StringIO(answer.text, newline="")))
    assert len(lines) > 3 and len({len(line) for line in lines}) == 1


def test_numbers_stay_numbers_and_words_their_words(desk: Opened) -> None:
    text = desk.person().get(f"/chipwatch.csv?sql={SQL}").text
    head, *lines = csv.reader(io.StringIO(text, newline=""))
    assert head[0] == "'=1+1" and {tuple(line[1:3]) for line in lines} == {("-1.5e-300", "-7")} and ",-1.5e-300,-7," in text
    assert [PLAIN, "-1.5e-300", "-7", PLAIN] in lines


def test_errors_and_other_formats_are_left_as_they_are(desk: Opened) -> None:
    ana = desk.person()
    assert ana.get("/chipwatch/listing.json?_size=1&_sort_desc=title").json()["rows"]
    assert ana.get("/chipwatch/no-such-table.csv").status_code == 404


def test_records_may_come_in_any_pieces() -> None:
    text = 'a,b\r\n"=1\r\n+2, ""x""","ü\n=3"\r\n-5,\r\n'
    whole = '"a","b"\r\n"\'=1 +2, ""x""","ü =3"\r\n-5,\r\n'
    assert records(text) == whole and len(records(f'{"x" * 200_000}\r\n')) == 200_004
    sent = bytearray()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"Content-Type", b"text/csv"), (b"content-length", b"9")]})
        for byte in text.encode():
            await send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def send(message: Any) -> None:
        assert all(name != b"content-length" for name, _ in message.get("headers", ()))
        sent.extend(message.get("body", b""))

    asyncio.run(InertCsv(app)({"type": "http", "path": "/x.csv"}, None, send))  # type: ignore[arg-type]
    assert sent.decode() == whole


@pytest.mark.parametrize("text", ['=1+1"', '"=1+1', 'x"=1,2\r\n', "=cut off"])
def test_what_is_no_csv_is_one_inert_cell(text: str) -> None:
    assert not live(records(text))
