"""The desk's pages: what they show of an alert, and what a decision, an undo or a mute does, also where two people work at once."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from config.loader import Config
from detector import explain
from detector.alerts import NOTHING_MATERIAL
from detector.run import detect
from review.desk import app as desk_app
from review.desk.pages import all_pages
from storage.errors import LockedError
from storage.evidence import EvidenceRef
from storage.listing import Listing
from storage.store import Store
from tests import handover
from tests.desking import Browser, Opened

CHINESE = {
    "listing_id": "4", "title": "英伟达 H100 80G PCIe 显卡", "description": "序列号已磨掉，无发票。支持发往俄罗斯，无需出口许可证。", "price_text": "¥65,000", "price_amount": "65000",
    "price_currency": "CNY", "location": "深圳", "country": "CN", "seller_id": "s9", "quantity": 12,
}  # fmt: skip


PHONE = "+86 138 0013 8000"
TALKATIVE = {
    "listing_id": "5", "title": f"NVIDIA H100 80GB PCIe {PHONE}", "description": f"no invoice, serial removed, call {PHONE}", "price_text": f"US $8,000 ({PHONE})", "price_amount": "8000",
    "price_currency": "USD", "condition": f"used {PHONE}", "category": PHONE, "location": f"Shenzhen, {PHONE}", "country": "CN", "seller_id": "s5",
}  # fmt: skip


WORDS = "serial numbers removed, no invoice, pulled from a data centre in spring, forty of them in a warehouse, tested for an hour each, no questions please"
COPIES = tuple(
    {
        **TALKATIVE,
        "listing_id": n,
        "seller_id": f"s{n}",
        "title": "NVIDIA H100 80GB PCIe",
        "description": WORDS,
        "condition": "used",
        "category": None,
    }
    for n in ("6", "7")
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return handover.build(
        tmp_path_factory.mktemp("home") / "home", (*handover.OFFERS, CHINESE, TALKATIVE, *COPIES)
    )


@pytest.fixture
def desk(home: Path, tmp_path: Path) -> Iterator[Opened]:
    opened = Opened(home, tmp_path / "home")
    yield opened
    opened.close()


def ask(desk: Opened, question: Any) -> Any:
    with Store.open(desk.home, readonly=True) as store:
        return question(store)


def key_of(desk: Opened, listing_id: str = "1") -> str:
    return str(ask(desk, lambda store: handover.key(store, listing_id)))


def alert(desk: Opened, listing_id: str = "1") -> dict[str, Any]:
    return dict(ask(desk, lambda store: store.alert(handover.key(store, listing_id))))


# -- what is shown


def test_the_queue_tells_why_at_a_glance(desk: Opened) -> None:
    page = desk.person().page("/")
    rows = page.css(".alerts > li")
    keys = [r["listing"] for r in ask(desk, lambda s: s.alerts())]
    assert [row.attributes["data-href"] for row in rows] == [f"/alert/{key}" for key in keys]
    text = next(row.text(separator=" ") for row in rows if "英伟达" in row.text())
    assert "NVIDIA H100" in text and "12 pieces" in text and "深圳, China" in text
    assert "serial number removed" in text and "序列号" in text and "% of market" in text


def test_the_queue_names_the_strongest_reasons_as_the_digest_does(desk: Opened) -> None:
    ana = desk.person()
    for row in ask(desk, lambda s: s.alerts_by_key([r["listing"] for r in s.alerts()])):
        strongest = [line for line in explain.lines(row["document"], Config(desk.home)) if line.evidence != "bias"][:3]
        shown = ana.page("/").css_first(f'li[data-href="/alert/{row["listing"]}"] .because')
        assert " ".join(shown.text().split()) == ", ".join(f"{line.title} ({line.contribution:+.2f})" for line in strongest)


def test_every_bar_of_an_alert_has_its_reason_with_a_number(desk: Opened) -> None:
    key = key_of(desk)
    with sqlite3.connect(desk.home / "chipwatch.db") as db:
        (text,) = db.execute("SELECT document FROM reading WHERE observation = ?", [alert(desk)["observation"]]).fetchone()
        document = json.loads(text)
        document["reasons"].append({"evidence": "forest", "value": 1, "weight": 1, "contribution": 0.5, "detail": {"tail": 0.01}})
        db.execute("UPDATE reading SET document = ? WHERE observation = ?", [json.dumps(document), alert(desk)["observation"]])
    page = desk.person().page(f"/alert/{key}")
    numbered = page.css_first(".signs").text()
    assert "odd figures" in numbered and "stranger than 99.0 %" in numbered
    titles = [line.title for line in explain.lines(document, Config(desk.home)) if line.evidence != "bias" and line.contribution > 0]
    assert all(title in numbered for title in titles)
    assert [li.attributes["value"] for li in page.css(".signs > li")] == [str(n + 1) for n in range(len(page.css(".signs > li")))]


def test_the_queue_counts_filter_and_leave_each_other_out(desk: Opened) -> None:
    ana = desk.person()
    total = len(ask(desk, lambda s: s.alerts()))
    assert f"of {total} alerts" in ana.page("/").css_first(".queue-head").text()
    one = ana.page("/?country=HK")
    assert len(one.css(".alerts > li")) == 1
    countries = {
        a.css_first("span").text(): a.css_first(".number").text()
        for a in one.css('a[href*="country="]')
        if a.css_first(".number")
    }
    assert countries["China"] == str(total - 1)  # what choosing it would show, not what is shown
    assert "Nothing to decide" in ana.page("/?chip=none").text()
    assert len(ana.page("/?state=any&state=nonsense&severity=x%27%22%3E").css(".alerts > li")) == 0
    assert len(ana.page("/?page=99999&state=any").css(".alerts > li")) == total


def test_an_alert_marks_every_signal_where_it_stands(desk: Opened) -> None:
    key = key_of(desk, "4")
    page = desk.person().page(f"/alert/{key}")
    reading = ask(desk, lambda s: s.reading(s.alert(key)["observation"]))["document"]
    marked = "".join(node.text() for node in page.css(".said mark"))
    placed = [s for s in reading["signals"] if s.get("start") is not None]
    assert placed and all(all(sign in marked for sign in s["text"]) for s in placed)
    assert "".join(node.text(deep=False) for node in page.css(".said .long")[0].css("*")).count("序") <= 1
    glossed = page.css_first(".signs").text(separator=" ")
    assert "序列号 : serial number" in glossed and "磨掉 : ground off" in glossed


def test_an_alert_adds_up_and_names_market_law_evidence_and_what_may_be_innocent(desk: Opened) -> None:
    key = key_of(desk)
    page = desk.person().page(f"/alert/{key}")
    text = page.css_first("main").text(separator=" ")
    reasons = ask(desk, lambda s: s.reading(s.alert(key)["observation"]))["document"]["reasons"]
    total = sum(reason["contribution"] for reason in reasons)
    assert f"Sum {total:+.2f} in log-odds" in " ".join(text.split())
    shown = page.css_first("svg.c-bars").text(separator=" ")
    assert all(f"{reason['contribution']:+.2f}" in shown for reason in reasons if reason["contribution"])
    for words in (
        "3A090.a",
        "88 FR 73458",
        "May be innocent",
        "What would make it higher or lower",
        "peers",
        "WARC record",
        "1 other offer",
        "first seen",
    ):
        assert words in text, words
    assert page.css_first("svg.c-strip .c-own") is not None


def test_offers_beside_a_list_price_say_why_they_are_no_peers(desk: Opened) -> None:
    ana, key = desk.person(), key_of(desk)
    reading = ask(desk, lambda s: s.reading(s.alert(key)["observation"]))
    market, day = reading["document"]["market"], str(ask(desk, lambda s: s.observation(reading["observation"])).observed_at)
    others = [row for row in ask(desk, lambda s: s.peers(reading["chip"], "sale")) if row["listing"] != key]
    assert others and market["n"] == 0 and market["heard"] < 5
    price = '[aria-labelledby="price-title"]'
    assert f"a list price, {market['heard'] or 'no'} peer" in ana.page(f"/alert/{key}").css_first(price).text() and "peers yet" not in ana.page("/").text()
    assert f"{len(others)} of the 90 days before it; a seller counts once" in ana.page(f"/alert/{key}").css_first("#apart").text()
    with sqlite3.connect(desk.home / "chipwatch.db") as db:
        db.execute("UPDATE observation SET observed_at = '2025-01-01T08:00:00Z' WHERE listing <> ?", [key])
    old = ana.page(f"/alert/{key}").css_first("#apart").text()
    assert day and f"{len(others)} older than 90 days" in old and "counts once" not in old


def test_a_change_of_price_is_told_with_its_difference(desk: Opened) -> None:
    page = desk.person().page(f"/alert/{key_of(desk)}")
    diffs = [node.text(separator="|", strip=True) for node in page.css(".diff")]
    assert any("price text" in diff and "9" in diff and "7" in diff for diff in diffs), diffs
    assert page.css_first("svg.c-line-chart") is not None


def test_copies_and_relists_are_named_on_both_sides(desk: Opened) -> None:
    ana, one, two = desk.person(), key_of(desk, "6"), key_of(desk, "7")
    for key, other in ((one, two), (two, one)):
        section = ana.page(f"/alert/{key}").css_first('[aria-labelledby="copies-title"]')
        assert section is not None and "% alike" in section.text()
        assert section.css_first(f'a[href="/alert/{other}"]') is not None
    first, again = key_of(desk, "1"), key_of(desk, "2")  # of one seller
    with Store.open(desk.home) as store:
        store.db.write("UPDATE alert SET relist_of = ? WHERE listing = ?", [first, again])
    assert (
        "relisted as" in ana.page(f"/alert/{first}").text()
        and "Relist of" in ana.page(f"/alert/{again}").text()
    )


def test_contacts_are_masked_everywhere_but_in_the_stored_page(desk: Opened) -> None:
    ana, key = desk.person(), key_of(desk)
    for path in ("/", f"/alert/{key}", "/search?q=H100", "/record"):
        assert handover.CONTACT not in ana.get(path).text, path
    key = key_of(desk, "5")
    for path in ("/?state=any", f"/alert/{key}", "/search?q=H100"):
        page = ana.get(path).text
        assert PHONE not in page and "0013" not in page, path
    key = key_of(desk)
    name = ask(desk, lambda s: s.history(key)[0].evidence.id)
    assert handover.CONTACT in ana.get(f"/evidence/{name}").text


def test_contacts_are_masked_in_what_changed_too(desk: Opened) -> None:
    other = handover.CONTACT.replace("00", "17")
    said = {
        **handover.OFFERS[0],
        "description": f"Serial numbers removed, no invoice. Add WeChat: {other} only",
    }
    with Store.open(desk.home) as store:
        now = "2026-03-04T08:00:00Z"
        run = store.begin_run("board", now=now)
        store.record_many(
            [(Listing(site="board", url="https://board.example/item/1", **said), None)], run=run, now=now
        )
        store.end_run(run, "ok", now)
        detect(store, Config(desk.home), now=now)
    page = desk.person().get(f"/alert/{key_of(desk)}").text
    assert (
        "<ins>only</ins>" in page.replace(" only", "only")
        and handover.CONTACT not in page
        and other not in page
    )


def test_a_listing_without_an_alert_has_its_page_and_says_why_not(desk: Opened) -> None:
    text = desk.person().page(f"/alert/{key_of(desk, '3')}").css_first("main").text()
    assert "no alert" in text and "not judged" in text and "accessory: no chip is offered" in text
    assert "0.00" not in text and "none" not in text and "add up to the score" not in text


@pytest.mark.parametrize(
    "path",
    ["/alert/nothing", "/alert/%00", "/alert/%2e%2e", "/evidence/x", "/evidence/x/record", "/alert/%C3%A9"],
)
def test_what_is_not_there_is_said(desk: Opened, path: str) -> None:
    assert desk.person().get(path).status_code == 404


def test_a_huge_title_is_whole_in_the_listings_text_alone(home: Path, tmp_path: Path) -> None:
    huge = f"NVIDIA H100 80GB PCIe serial removed {'quite a long title ' * 320}END OF IT"
    folder = Path(shutil.copytree(home, tmp_path / "made"))
    with Store.open(folder) as store:
        run = store.begin_run("board", now="2026-03-03T21:00:00Z")
        for name in ("huge", "other"):
            title = huge if name == "huge" else TALKATIVE["title"]
            one = Listing("board", name, title, description="no invoice", price_amount="8000", price_currency="USD", seller_id="s99", location="Far off, " * (700 if name == "huge" else 1), observed_at="2026-03-03T21:00:00Z")
            store.record(one, run=run, evidence=None, now="2026-03-03T21:00:00Z")
        store.end_run(run, "ok", "2026-03-03T21:00:00Z", {"pages": 1, "listings": 2, "new": 2})
        detect(store, Config(folder), now="2026-03-03T21:00:00Z")
        key, other = handover.key(store, "huge"), handover.key(store, "other")
    opened = Opened(folder, tmp_path / "opened")
    try:
        ana = opened.person()
        for path in ("/", "/search?q=END", f"/alert/{other}", "/record", "/market/sale/nvidia-h100-pcie-80gb", "/tuning?medium=1&high=1"):
            text = ana.page(path).body.text()
            assert max(map(len, text.splitlines())) < 1200, path
        page = ana.page(f"/alert/{key}")
        assert page.css_first("h1").text().endswith("…") and len(page.css_first("h1").text()) <= 160
        assert page.body.text().count("END OF IT") == 1 and "END OF IT" in page.css_first(".said p").text()
    finally:
        opened.close()
    words = [sys.executable, "-m", "chipwatch.cli", "--home", str(folder), "alerts"]
    table = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert "quite a long title" in table and "…" in table and len(table) < 6000
    told = json.loads(subprocess.run([*words, "--json"], capture_output=True, text=True, check=True).stdout)
    assert huge in [row["title"] for row in told]


def test_a_step_that_moved_nothing_is_told_once_somebody_had_seen_the_alert(desk: Opened) -> None:
    key, seen = key_of(desk), alert(desk)["observation"]
    with sqlite3.connect(desk.home / "chipwatch.db") as db:
        db.execute("DELETE FROM alert_event WHERE listing = ?", [key])
        for kind, minute, why in (("opened", "00", "high"), ("updated", "30", NOTHING_MATERIAL), ("updated", "50", NOTHING_MATERIAL)):
            db.execute("INSERT INTO alert_event VALUES (?, ?, ?, ?, ?, 0.5, 'medium', 0, ?, '')", [kind + minute, key, f"2026-03-03T08:{minute}:00Z", kind, seen, why])
    ana = desk.person()
    record = '[aria-labelledby="record-title"] .times'
    assert "updated" not in ana.page(f"/alert/{key}").css_first(record).text()
    with Store.open(desk.home) as store:
        store.decide(key, "note", who="ana", now="2026-03-03T08:40:00Z", note="seen")
    told = [node.text().split()[0] for node in ana.page(f"/alert/{key}").css(f"{record} li > p:first-child")]
    assert told == ["updated", "note", "opened"]


def test_search_finds_two_chinese_characters_and_marks_them(desk: Opened) -> None:
    page = desk.person().page("/search?q=序列")
    assert [row.css_first("h2").text() for row in page.css(".alerts > li")] == [CHINESE["title"]]
    assert [node.text() for node in page.css(".alerts mark")] == ["序列"]
    assert "No listing holds every word" in desk.person().page("/search?q=没有").text()


def test_search_by_key_address_or_id_leads_to_the_listing(desk: Opened) -> None:
    ana, key = desk.person(), key_of(desk)
    for query in (key, key[:10], "board/1", "https://board.example/item/1"):
        answer = ana.get("/search", params={"q": query})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/alert/{key}"), query


def test_a_record_is_a_warc_file_of_its_own(desk: Opened) -> None:
    ref: EvidenceRef = ask(desk, lambda s: s.history(key_of(desk))[0].evidence)
    answer = desk.person().get(f"/evidence/{ref.id}/record")
    assert (
        answer.headers["content-type"] == "application/warc"
        and "attachment" in answer.headers["content-disposition"]
    )
    (record,) = [
        (r.rec_type, r.rec_headers["WARC-Target-URI"]) for r in ArchiveIterator(io.BytesIO(answer.content))
    ]
    assert record == ("response", ref.url) and gzip.decompress(answer.content).startswith(b"WARC/1.1")


def test_a_stored_page_that_was_changed_says_so(desk: Opened) -> None:
    ref: EvidenceRef = ask(desk, lambda s: s.history(key_of(desk))[0].evidence)
    path = desk.home / "evidence" / ref.file
    data = bytearray(path.read_bytes())
    data[ref.offset + ref.length // 2] ^= 0xFF
    path.write_bytes(bytes(data))
    page = desk.person().page(f"/evidence/{ref.id}")
    assert page.css_first("dd .problem") is not None and page.css_first("pre") is None


@pytest.mark.parametrize("damage", ["header", "body", "length", "gone", "erased"])
def test_a_record_that_is_not_what_was_written_is_not_given_out(desk: Opened, damage: str) -> None:
    ref: EvidenceRef = ask(desk, lambda s: s.history(key_of(desk))[0].evidence)
    path = desk.home / "evidence" / ref.file
    data = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    elif damage == "erased":
        with Store.open(desk.home) as store:
            store.erase_listing(key_of(desk), who="ana", why="asked by the person concerned", now="2026-03-04T00:00:00Z")
    else:
        # The fifth byte of a gzip header is of its time, which no reader looks at: nothing but the record's own digest tells.
        data[ref.offset + {"header": 4, "body": ref.length // 2}.get(damage, 0)] ^= 0xFF if damage != "length" else 0
        path.write_bytes(bytes(data[: ref.offset + 20] if damage == "length" else data))
    answer = desk.person().get(f"/evidence/{ref.id}/record")
    assert answer.status_code == 410 and "content-disposition" not in answer.headers
    said = {"gone": "the file is gone", "length": "cut short", "header": "SHA-256 differs", "body": "restore it from a backup", "erased": "was removed"}
    assert said[damage] in answer.text


def test_rows_lead_to_pages_and_pages_to_rows(desk: Opened) -> None:
    ana, key = desk.person(), key_of(desk)
    for path in (f"/chipwatch/alert/{key}", f"/chipwatch/listing/{key}", "/chipwatch/alert_view"):
        assert any(a.attributes["href"] == f"/alert/{key}" for a in ana.page(path).css("main a")), path
    rows = [a.attributes["href"] for a in ana.page(f"/alert/{key}").css('a[href^="/chipwatch/"]')]
    assert len(rows) >= 4 and all(ana.get(row or "").status_code == 200 for row in rows)


@pytest.mark.parametrize(("table", "leads"), [("site", "/sites/"), ("run", "/sites/"), ("evidence", "/evidence/"), ("market_reference", "/market/sale/"), ("mute", "/mutes")])
def test_a_row_of_data_leads_to_the_page_about_it(desk: Opened, table: str, leads: str) -> None:
    ana, key = desk.person(), key_of(desk)
    ana.post("/mutes", {**ana.form(f"/alert/{key}", "/mutes"), "what": f"listing:{key}", "reason": "own test", "until": "2026-03-20"})
    row = ana.page(f"/chipwatch/{table}?_size=1").css_first("td.type-pk a").attributes["href"]
    button = ana.page(row or "").css_first("main a.button")
    assert button is not None and button.attributes["href"].startswith(leads)
    assert ana.get(button.attributes["href"]).status_code == 200


# -- decisions


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"action": "confirm"}, "confirmed"), ({"action": "dismiss", "reason_dismiss": "papers-seen"}, "dismissed"), ({"action": "escalate", "note": "urgent"}, "escalated"),
        ({"action": "snooze", "until": "2026-03-20"}, "snoozed"),
    ],
)  # fmt: skip
def test_a_decision_carries_the_person_and_what_was_seen(
    desk: Opened, fields: dict[str, str], state: str
) -> None:
    before = alert(desk)
    ana = desk.person("Ana Ferreira")
    ana.decide(key_of(desk), **fields)
    after = alert(desk)
    (made,) = after["decisions"]
    assert (after["state"], made["who"], made["action"]) == (state, "Ana Ferreira", fields["action"])
    assert (made["observation"], made["score"], made["state_before"]) == (
        before["observation"],
        before["score"],
        "new",
    )
    assert made["reason"] == fields.get("reason_dismiss") and made["note"] == fields.get("note")


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "dismiss"}, {"action": "dismiss", "reason_dismiss": "made-up"}, {"action": "snooze"}, {"action": "snooze", "until": "2026-03-01"}, {"action": "snooze", "until": "soon"},
        {"action": ""}, {"action": "erase"}, {"action": "note", "note": "  "}, {"action": "undo"}, {"action": "confirm", "version": "999"},
    ],
)  # fmt: skip
def test_a_form_that_cannot_be_acted_on_changes_nothing(desk: Opened, fields: dict[str, str]) -> None:
    before = alert(desk)
    answer = desk.person().decide(key_of(desk), **fields)
    assert answer.status_code in (303, 409) and alert(desk) == before


def typed(person: Browser, path: str) -> list[str]:
    """The notes that stand in the forms of a page."""
    return [note for node in person.page(path).css('[name="note"]') if (note := node.attributes.get("value") or node.text())]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"action": "dismiss"}, "A dismissal needs its reason"), ({"action": "snooze", "until": "2026-03-01"}, "a day to come"), ({"action": "snooze", "until": "soon"}, "is no date"),
        ({"choose": "1"}, "Enter alone"), ({"form_key": "x", "action": "confirm"}, "sent before"), ({"action": "confirm", "note": "n" * 4001}, "4,001 characters"),
    ],
)  # fmt: skip
def test_what_was_typed_is_still_there_after_a_refusal(desk: Opened, fields: dict[str, str], said: str) -> None:
    ana, key = desk.person(), key_of(desk)
    here, note = f"/alert/{key}?state=new", fields.get("note", 'seen "by hand" <b>')
    form = {**ana.form(here, f"/alert/{key}/decide"), "until": "2031-05-06", "reason_dismiss": "", "note": note, **fields}
    assert ana.post(f"/alert/{key}/decide", form).headers["location"] == here
    assert ana.page(f"/alert/{key_of(desk, '2')}").css_first("#note").attributes["value"] == ""
    page = ana.page(here)
    assert page.css_first("#note").attributes["value"] == note and page.css_first("#until").attributes["value"] == form["until"]
    assert page.css_first("#only-note").text() == "" and typed(ana, here) == [], "shown again once"
    ana.post(f"/alert/{key}/decide", form)
    assert any(said in words for words in ana.notices())


def test_marks_and_words_are_still_there_after_a_bulk_decision_was_refused(desk: Opened) -> None:
    ana, ben = desk.person("ana"), desk.person("ben")
    rows = ask(desk, lambda s: s.alerts())[:2]
    marked = [f"{row['listing']}:{row['version']}" for row in rows]
    for path in ("/decide", "/packs"):
        wrong = {"action": "dismiss", "alert": marked} if path == "/decide" else {"alert": []}
        ana.post(path, {**ana.form("/", "/decide"), "note": "both alike", **wrong})
        assert ben.page("/").css("[checked]") == []
        page = ana.page("/")
        assert page.css_first("#note").attributes["value"] == "both alike"
        assert [box.attributes["value"] for box in page.css("[checked]")] == wrong["alert"]


def test_a_note_alone_and_a_mute_keep_their_words_too(desk: Opened) -> None:
    ana, key = desk.person(), key_of(desk)
    here = f"/alert/{key}"
    ana.post(f"{here}/decide", {**ana.form(here, f"{here}/decide"), "action": "note", "note": "x" * 4001})
    page = ana.page(here)
    assert page.css_first("#only-note").text() == "x" * 4001 and page.css_first("#note").attributes["value"] == ""
    ana.post("/mutes", {**ana.form(here, "/mutes"), "what": f"listing:{key}", "reason": "own test", "until": "2026-03-01"})
    page = ana.page(here)
    assert page.css_first("#mute-reason").attributes["value"] == "own test"
    assert any("open" in part.attributes for part in page.css("details.card"))


@pytest.mark.parametrize("path", ["decide", "mutes"])
def test_a_text_longer_than_its_field_is_refused(desk: Opened, path: str) -> None:
    ana, key = desk.person(), key_of(desk)
    here, before = f"/alert/{key}", alert(desk)
    if path == "decide":
        ana.decide(key, action="confirm", note="n" * 4001)
        assert alert(desk) == before
        # A browser counts a line end as one character and sends two.
        ana.decide(key, action="note", note="line\r\n" * 800)
        assert alert(desk)["decisions"][-1]["note"] == ("line\n" * 800).strip()
    else:
        ana.post("/mutes", {**ana.form(here, "/mutes"), "what": f"listing:{key}", "reason": "r" * 401, "until": "2026-03-20"})
        assert ask(desk, lambda s: s.mutes()) == []


def test_after_a_decision_comes_the_next_alert_of_the_same_list(desk: Opened) -> None:
    ana = desk.person()
    keys = [row["listing"] for row in ask(desk, lambda s: s.alerts())]
    assert ana.decide(keys[0], action="confirm").headers["location"] == f"/alert/{keys[1]}"
    page = ana.page(f"/alert/{keys[1]}")
    assert "confirmed" in page.css_first(".notice").text() and page.css_first("[data-prev]") is None


def test_two_people_at_once_do_not_overwrite_each_other(desk: Opened) -> None:
    ana, ben, key = desk.person("ana"), desk.person("ben"), key_of(desk)
    seen_by_ben = ben.form(f"/alert/{key}", f"/alert/{key}/decide")
    ana.decide(key, action="dismiss", reason_dismiss="misread", note="it says intact")
    before = alert(desk)
    answer = ben.post(f"/alert/{key}/decide", {**seen_by_ben, "action": "confirm", "note": "clear case"})
    assert answer.status_code == 409 and alert(desk) == before
    for words in ("ana", "it says intact", "misread", "confirm", "clear case", "Nothing was overwritten"):
        assert words in answer.text
    assert answer.text.count("by ana") == 1, "what stands is told once"
    from selectolax.lexbor import LexborHTMLParser

    page = LexborHTMLParser(answer.text)
    form = {
        f.attributes["name"]: f.attributes.get("value")
        for f in page.css(f'form[action="/alert/{key}/decide"] input')
    }
    assert ben.post(f"/alert/{key}/decide", form).status_code == 303
    after = alert(desk)
    assert after["state"] == "confirmed" and [d["who"] for d in after["decisions"]] == ["ana", "ben"]


def test_ones_own_other_tab_is_nobody_else(desk: Opened) -> None:
    ana, key = desk.person("ana"), key_of(desk)
    forms = [ana.form(f"/alert/{key}", f"/alert/{key}/decide") for _ in "12"]
    bulk = [f"{row['listing']}:{row['version']}" for row in ask(desk, lambda s: s.alerts())]
    ana.post(f"/alert/{key}/decide", {**forms[0], "action": "escalate"})
    told = ana.post(f"/alert/{key}/decide", {**forms[1], "action": "confirm"}).text
    assert "You decided on it meanwhile" in told and "another tab" in told and "Somebody else" not in told
    ana.post("/decide", {**ana.form("/", "/decide"), "alert": bulk, "action": "confirm"})
    assert any("(escalate by yourself at" in words for words in ana.notices())


@pytest.mark.parametrize("version", ["", "newest", "-1", "9" * 30])
def test_a_decision_that_does_not_say_what_was_seen_changes_nothing(desk: Opened, version: str) -> None:
    ana, key = desk.person(), key_of(desk)
    before = alert(desk)
    ana.decide(key, action="confirm", version=version)
    ana.post("/decide", {**ana.form("/", "/decide"), "alert": [f"{key}:{version}"], "action": "confirm"})
    assert alert(desk) == before and any("what was seen" in words for words in ana.notices())
    ana.decide(key, action="escalate")
    before = alert(desk)
    ana.post(f"/alert/{key}/undo", {**ana.form(f"/alert/{key}", f"/alert/{key}/undo"), "version": version})
    assert alert(desk) == before
    ana.decide(key, action="note", note="a note needs none", version=version)
    assert alert(desk)["decisions"][-1]["note"] == "a note needs none"


def test_of_one_moment_the_record_tells_the_later_first(desk: Opened) -> None:
    key, seen = key_of(desk), alert(desk)["observation"]
    with sqlite3.connect(desk.home / "chipwatch.db") as db:
        db.execute("DELETE FROM alert_event WHERE listing = ?", [key])
        for kind in ("opened", "updated", "closed"):
            db.execute("INSERT INTO alert_event VALUES (?, ?, '2026-03-03T08:00:00Z', ?, ?, 0.5, 'medium', 1, NULL, '')", [kind, key, kind, seen])
    told = [node.text().split()[0] for node in desk.person().page(f"/alert/{key}").css('[aria-labelledby="record-title"] .times p')]
    assert told == ["closed", "updated", "opened"]


def test_a_bulk_decision_does_what_it_can_and_tells_the_rest(desk: Opened) -> None:
    ana, ben = desk.person("ana"), desk.person("ben")
    rows = ask(desk, lambda s: s.alerts())
    form = ana.form("/", "/decide")
    marked = [f"{row['listing']}:{row['version']}" for row in rows]
    ben.decide(rows[0]["listing"], action="confirm")
    ana.post("/decide", {**form, "alert": marked, "action": "dismiss", "reason_dismiss": "duplicate"})
    states = {
        row["listing"]: row["state"]
        for row in ask(desk, lambda s: s.standing_alerts([r["listing"] for r in rows])).values()
    }
    assert states.pop(rows[0]["listing"]) == "confirmed" and set(states.values()) == {"dismissed"}
    told = " ".join(ana.notices())
    assert f"{len(rows) - 1} alert" in told and "confirm by ben" in told


def test_a_bulk_decision_that_meets_a_lock_midway_decides_nothing(desk: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = desk.person()
    rows = ask(desk, lambda s: s.alerts())
    before, decide = [alert(desk, n) for n in ("1", "2", "4")], Store.decide

    def locked(store: Store, listing: str, *words: Any, **named: Any) -> str:
        if listing == rows[2]["listing"]:
            raise LockedError("is locked by another process", "chipwatch.db")
        return decide(store, listing, *words, **named)

    monkeypatch.setattr(Store, "decide", locked)
    form = {**ana.form("/", "/decide"), "alert": [f"{row['listing']}:{row['version']}" for row in rows], "action": "confirm"}
    assert ana.post("/decide", form).status_code == 503 and [alert(desk, n) for n in ("1", "2", "4")] == before
    monkeypatch.setattr(Store, "decide", decide)
    ana.post("/decide", form)
    assert {alert(desk, n)["state"] for n in ("1", "2", "4")} == {"confirmed"}


def test_a_bulk_decision_needs_marks_and_a_reason(desk: Opened) -> None:
    ana = desk.person()
    rows = ask(desk, lambda s: s.alerts())
    before = [alert(desk, n) for n in ("1", "2", "4")]
    ana.post("/decide", {**ana.form("/", "/decide"), "action": "confirm"})
    ana.post(
        "/decide",
        {
            **ana.form("/", "/decide"),
            "alert": [f"{r['listing']}:{r['version']}" for r in rows],
            "action": "dismiss",
        },
    )
    ana.post(
        "/decide",
        {
            **ana.form("/", "/decide"),
            "alert": ["x:1", ":", "nonsense", f"{rows[0]['listing']}:-1"],
            "action": "confirm",
        },
    )
    assert [alert(desk, n) for n in ("1", "2", "4")] == before


def test_undo_takes_back_ones_own_and_never_anothers(desk: Opened) -> None:
    ana, ben, key = desk.person("ana"), desk.person("ben"), key_of(desk)
    ana.decide(key, action="confirm")
    offered = ana.form("/", "/undo")
    ben.decide(key, action="escalate")
    ana.post("/undo", offered)
    assert alert(desk)["state"] == "escalated" and any(
        "ben decided since" in words for words in ana.notices()
    )

    ben.post(f"/alert/{key}/undo", ben.form(f"/alert/{key}", f"/alert/{key}/undo"))
    assert alert(desk)["state"] == "confirmed"


def test_undo_from_the_notice_brings_the_alert_back(desk: Opened) -> None:
    ana, key = desk.person(), key_of(desk)
    ana.decide(key, action="dismiss", reason_dismiss="scam")
    ana.post("/undo", ana.form("/", "/undo"))
    after = alert(desk)
    assert after["state"] == "new" and [d["action"] for d in after["decisions"]] == ["dismiss", "undo"]
    assert any(told.startswith("1 decision taken back: “") and "H100" in told for told in ana.notices())


def test_undo_on_the_next_alert_leads_back_to_the_one_in_question(desk: Opened) -> None:
    ana, key, other = desk.person(), key_of(desk), key_of(desk, "2")
    for back, leads in ((f"/alert/{other}?state=new", f"/alert/{key}?state=new"), ("/?state=any", "/?state=any"), (f"/alert/{other}", f"/alert/{key}")):
        ana.decide(key, action="dismiss", reason_dismiss="scam")
        answer = ana.post("/undo", {**ana.form("/", "/undo"), "back": back})
        assert (answer.status_code, answer.headers["location"]) == (303, leads)


def test_a_mute_hides_counts_and_is_lifted(desk: Opened) -> None:
    ana, key = desk.person(), key_of(desk, "2")
    form = ana.form(f"/alert/{key}", "/mutes")
    total = len(ana.page("/").css(".alerts > li"))
    for wrong in (
        {"what": "listing:" + key, "until": "2026-03-20"},
        {"what": "listing:" + key, "reason": "x", "until": "2026-03-01"},
        {"what": "home:x", "reason": "x", "until": "2026-03-20"},
        *({"what": what, "reason": "x", "until": "2026-03-20"} for what in (
            "listing:nothing", "site:nothing", "seller:nothing", f"seller:listing:{key}", "chip:nothing", "signal:nothing", "listing:' OR 1=1 --",
        )),
    ):
        ana.post("/mutes", {**form, **wrong})
        form = ana.form(f"/alert/{key}", "/mutes")
    assert len(ana.page("/").css(".alerts > li")) == total and ask(desk, lambda s: s.mutes()) == []
    ana.post("/mutes", {**form, "what": f"listing:{key}", "reason": "own test", "until": "2026-03-20"})
    queue = ana.page("/")
    assert (
        len(queue.css(".alerts > li")) == total - 1
        and "1 more held back by mutes" in queue.css_first(".queue-head").text()
    )
    assert len(ana.page("/?muted=1").css(".alerts > li")) == 1
    (mute,) = ask(desk, lambda s: s.mutes())
    assert (mute["who"], mute["reason"], mute["scope"]) == ("ana", "own test", "listing")
    desk.clock.now += 20 * 86_400
    ana = desk.person()
    assert len(ana.page("/").css(".alerts > li")) == total, "over: it came back by itself"
    assert "a mute (own test) ended on 2026-03-20" in ana.page(f"/alert/{key}").body.text()
    assert "over" in ana.page("/mutes").css_first("tbody").text()
    named = ana.page("/mutes").css_first(f'tbody a[href="/alert/{key}"]')
    assert named is not None and "NVIDIA A100 80GB" in named.text()
    form = ana.form(f"/alert/{key}", "/mutes")
    ana.post("/mutes", {**form, "what": f"listing:{key}", "reason": "again", "until": "2026-04-20"})
    assert len(ana.page("/").css(".alerts > li")) == total - 1
    form = ana.form(f"/alert/{key}", "/mutes")
    ana.post("/mutes", {**form, "what": f"listing:{key}", "reason": "shorter", "until": "2026-04-10"})
    assert any("Muted until 2026-04-10, and by an earlier mute until 2026-04-20" in told for told in ana.notices())
    for reason in ("again", "shorter"):
        mute = next(row for row in ask(desk, lambda s: s.mutes()) if row["reason"] == reason)
        ana.post(f"/mutes/{mute['id']}/lift", ana.form("/mutes", f"/mutes/{mute['id']}/lift"))
    assert len(ana.page("/").css(".alerts > li")) == total


def test_the_record_tells_who_when_and_what_was_seen(desk: Opened) -> None:
    ana, ben = desk.person("ana"), desk.person("ben")
    ana.decide(key_of(desk, "1"), action="confirm", note="first")
    ben.decide(key_of(desk, "2"), action="dismiss", reason_dismiss="known-seller")
    rows = [row.text(separator=" ", strip=True) for row in ana.page("/record").css("tbody tr")]
    assert "ben" in rows[0] and "Known seller, ordinary business" in rows[0] and "ana" in rows[1] and "first" in rows[1]
    assert (
        len(ana.page("/record?who=ana").css("tbody tr")) == 1
        and len(ana.page("/record?action=dismiss").css("tbody tr")) == 1
    )


def test_a_writer_that_does_not_let_go_is_told_and_nothing_is_lost(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_app, "WRITER_WAIT_S", 0.2)
    desk = Opened(home, tmp_path / "home")
    try:
        ana, key = desk.person(), key_of(desk)
        with sqlite3.connect(desk.home / "chipwatch.db", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            sent = {**ana.form(f"/alert/{key}", f"/alert/{key}/decide"), "action": "confirm", "note": "seen by hand"}
            answer = ana.post(f"/alert/{key}/decide", sent)
            other.execute("ROLLBACK")
        assert (
            answer.status_code == 503
            and "Nothing was changed" in answer.text
            and alert(desk)["state"] == "new"
        )
        assert f'href="/alert/{key}"' in answer.text and typed(ana, f"/alert/{key}") == ["seen by hand"]
        # The form that the person was told to send again does what it says, once.
        ana.post(f"/alert/{key}/decide", sent)
        ana.post(f"/alert/{key}/decide", sent)
        assert alert(desk)["state"] == "confirmed" and [row["note"] for row in alert(desk)["decisions"]] == ["seen by hand"]
    finally:
        desk.close()


def test_the_queue_is_shown_while_another_writes_though_a_snooze_is_over(desk: Opened) -> None:
    ana, key = desk.person(), key_of(desk)
    ana.decide(key, action="snooze", until="2026-03-20")
    desk.clock.now += 20 * 86_400
    ana = desk.person()
    with sqlite3.connect(desk.home / "chipwatch.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert ana.get("/").status_code == 200 and alert(desk)["state"] == "snoozed"
        other.execute("ROLLBACK")
    other.close()
    ana.page("/")
    assert (
        alert(desk)["state"] == "new"
        and "Snoozed before by ana" in ana.page(f"/alert/{key}").css_first("#again").text()
    )


def test_a_broken_config_is_told_in_its_own_words(desk: Opened) -> None:
    folder = desk.home / "config"
    folder.mkdir(exist_ok=True)
    (folder / "decisions.toml").write_text("reason = 1")
    answer = desk.person().get("/")
    assert answer.status_code == 500 and "decisions.toml" in answer.text
    (folder / "decisions.toml").unlink()
    assert desk.person().get("/").status_code == 200


def test_pages_do_not_claim_each_others_addresses() -> None:
    claimed = [(page.method, page.path) for page in all_pages()]
    assert len(claimed) == len(set(claimed)) and {"Queue"} <= {page.nav for page in all_pages()}


def test_a_pack_is_written_noted_and_proves_itself(desk: Opened, tmp_path: Path) -> None:
    ana, keys = desk.person(), [key_of(desk, "1"), key_of(desk, "4")]
    form = {**ana.form("/", "/decide"), "alert": [f"{key}:1" for key in keys]}
    answer = ana.post("/packs", form)
    page = ana.page(answer.headers["location"])
    with zipfile.ZipFile(io.BytesIO(ana.get(f"{answer.headers['location']}/file").content)) as archive:
        archive.extractall(tmp_path / "out")
    (folder,) = (tmp_path / "out").iterdir()
    proved = subprocess.run(
        ["sha256sum", "-c", "MANIFEST.sha256"], cwd=folder, capture_output=True, text=True
    )
    assert proved.returncode == 0, proved.stdout + proved.stderr
    packed = json.loads((folder / "alerts.json").read_text())
    assert handover.CONTACT not in (folder / "report.html").read_text() and all(
        key in json.dumps(packed) for key in keys
    )
    manifest = hashlib.sha256((folder / "MANIFEST.sha256").read_bytes()).hexdigest()
    for key in keys:
        (note,) = ask(desk, lambda s, key=key: s.decisions_on(key))
        assert note["action"] == "note" and note["who"] == "ana" and manifest in note["note"]
    assert manifest in page.text() and alert(desk)["state"] == "new"


def test_two_packs_of_one_alert_in_one_second_are_two(desk: Opened) -> None:
    form = {"alert": [f"{key_of(desk, '1')}:1"]}
    made = [person.post("/packs", {**person.form("/", "/decide"), **form}).headers["location"] for person in map(desk.person, ("ana", "ben"))]
    assert len(set(made)) == 2 and all(path.startswith("/packs/") for path in made) and all(desk.person().get(f"{path}/file").status_code == 200 for path in made)


def test_under_a_lock_no_pack_stands_without_its_note(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_app, "WRITER_WAIT_S", 0.2)
    desk = Opened(home, tmp_path / "home")
    try:
        ana = desk.person()
        with closing(sqlite3.connect(desk.home / "chipwatch.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            answer = ana.post("/packs", {**ana.form("/", "/decide"), "alert": [f"{key_of(desk, '1')}:1"]})
        assert answer.status_code == 503 and "Nothing was changed" in answer.text
        assert not list((desk.home / "packs").iterdir())
    finally:
        desk.close()


@pytest.mark.parametrize(
    "name", ["x.zip", "..%2f..%2fkey", "20260301T000000Z-00000000.zip", "20260301T000000Z-0000000g.zip"]
)
def test_only_packs_of_the_desk_are_given_out(desk: Opened, name: str) -> None:
    assert desk.person().get(f"/packs/{name}/file").status_code == 404


@pytest.mark.parametrize("marked", [[], [""], ["nothing:1"], [f"{n:020x}:1" for n in range(60)]])
def test_what_cannot_be_packed_is_said(desk: Opened, marked: list[str]) -> None:
    ana = desk.person()
    ana.post("/packs", {**ana.form("/", "/decide"), "alert": marked})
    assert ana.notices() and not list((desk.home / "packs").glob("*"))


def test_an_alert_opened_again_says_who_dismissed_it_and_what_has_changed(desk: Opened) -> None:
    ana = desk.person()
    key = ask(desk, lambda s: handover.key(s, "1"))
    ana.decide(key, action="dismiss", reason_dismiss="papers-seen", note="invoice seen")
    assert "Dismissed before" not in ana.page(f"/alert/{key}").body.text()
    with Store.open(desk.home) as store:
        now = "2026-03-05T08:00:00Z"
        run = store.begin_run("board", now=now)
        offer = {**handover.OFFERS[0], "price_text": "US $4,000", "price_amount": "4000"}
        store.record(
            Listing(site="board", url="https://board.example/item/1", **offer),
            run=run,
            evidence=None,
            now=now,
        )
        store.end_run(run, "ok", now)
        detect(store, Config(desk.home), now=now)
    page = ana.page(f"/alert/{key}")
    words = page.css_first("#again").text(strip=True)
    assert "Dismissed before by ana on" in words and "(Papers seen: invoice, warranty or licence): “invoice seen”" in words
    assert "Opened again: unit price fell from $7,500 to $4,000" in words
    assert page.css_first(f'form[action="/alert/{key}/undo"]') is None, "what was overtaken is not undone"
    row = next(row for row in ana.page("/").css("[data-item]") if key in (row.attributes["data-href"] or ""))
    assert "dismissed before by ana" in row.text()


def test_alerts_opened_without_notice_have_a_filter_of_their_own(desk: Opened) -> None:
    ana = desk.person()
    key = ask(desk, lambda s: handover.key(s, "2"))
    assert "opened without notice" in ana.page("/").css_first("aside").text()
    with Store.open(desk.home) as store:
        store.db.write("UPDATE alert SET news_at=NULL WHERE listing=?", [key])
        store.decide(key, "note", who="x", now="2026-03-05T08:00:00Z", note="as a rescore leaves it")
    link = ana.page("/").css_first('aside a[href="/?silent=1"]')
    assert link.text(strip=True) == "opened without notice1"
    shown = ana.page("/?silent=1")
    assert [(row.attributes["data-href"] or "").split("?")[0] for row in shown.css("[data-item]")] == [
        f"/alert/{key}"
    ]
    assert shown.css_first('.chosen a[href="/"]') is not None
