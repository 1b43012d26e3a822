"""The desk's overview pages: what they show, what their forms change, and that words from outside stay words."""

from __future__ import annotations

import shutil
import sqlite3
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from chipwatch.app import command_of
from chipwatch.digests import make
from config.loader import Config
from detector.run import detect
from review import plain, tuning_view
from review.desk.cards import Names
from storage.listing import Listing
from storage.store import Store
from tests import handover
from tests.desking import Browser, Opened

NOW = "2026-03-03T20:00:00Z"
SCRIPT = '"><script>alert(1)</script><img src=x onerror=alert(2)> {{7*7}} \u202e'
COPIED = (
    "Decommissioned from our data centre in spring, tested for a day each, sold as seen, serial numbers removed, no invoice, ask for"
    " pictures. The cards ran in a cool room at half load for two years; the fans of the chassis were changed once, the paste never."
    " Packed in foam of our own making, four to a box, each box strapped to a pallet. We answer within a day, also on Sundays, and"
    " show the stock by video to those who come with a serious wish. Smaller numbers are possible but cost a little more each."
)
CONTACT = "gpu_trader9"
HOSTILE = (
    {"listing_id": "7", "title": f"H100 80GB PCIe {SCRIPT}", "description": f"{COPIED} Telegram @{CONTACT}", "price_amount": "9100", "price_currency": "USD", "price_text": SCRIPT,
     "country": "CN", "seller_id": f"hostile {SCRIPT}", "location": SCRIPT},
    {"listing_id": "8", "title": f"NVIDIA H100 80GB PCIe, Telegram @{CONTACT}", "description": f"{COPIED} Unit two.", "price_amount": "9200", "price_currency": "USD",
     "country": "US", "seller_id": "other"},
)  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = handover.build(tmp_path_factory.mktemp("home") / "home", (*handover.OFFERS, *HOSTILE))
    with Store.open(folder) as store:
        run = store.begin_run("board", now=NOW)
        store.record(
            Listing("board", "odd", f"Product page {SCRIPT}", observed_at=NOW),
            run=run,
            evidence=None,
            now=NOW,
        )
        store.end_run(
            run, "changed", NOW, {"pages": 1, "listings": 1, "new": 1}, detail=f"price filled in 0% {SCRIPT}"
        )
        detect(store, Config(folder), now=NOW)
    return folder


@pytest.fixture
def desk(home: Path, tmp_path: Path) -> Iterator[Opened]:
    opened = Opened(home, tmp_path / "home")
    yield opened
    opened.close()


@pytest.fixture
def ana(desk: Opened) -> Browser:
    return desk.person()


def ask(desk: Opened, question: Any) -> Any:
    with Store.open(desk.home, readonly=True) as store:
        return question(store)


def words(page: LexborHTMLParser, css: str = "main") -> str:
    node = page.css_first(css)
    assert node is not None, f"nothing is {css}"
    return " ".join(node.text(separator=" ").split())


def seller_of(desk: Opened, listing: str) -> str:
    return str(ask(desk, lambda store: store.listing(store.find_listing(f"board/{listing}"))["seller"]))


def paths(desk: Opened) -> list[str]:
    return [
        "/market", "/market/sale/nvidia-h100-pcie-80gb", "/market/rental/nvidia-h100-sxm5-80gb", "/tuning", "/tuning?medium=0.99&high=0.99", "/tuning?budget=1",
        "/sites", "/sites/board", "/sellers", "/sellers?q=seller+abcd", f"/sellers/{seller_of(desk, '7')}", f"/sellers/{seller_of(desk, '8')}",
    ]  # fmt: skip


def test_words_from_outside_stay_words_and_contacts_are_masked(desk: Opened, ana: Browser) -> None:
    shown = 0
    for path in paths(desk):
        answer = ana.get(path)
        assert answer.status_code == 200, path
        page = LexborHTMLParser(answer.text)
        assert not page.css("img"), path
        scripts = [node.attributes.get("src") for node in page.css("script")]
        assert all(src and src.startswith("/-/desk/static/") for src in scripts), path
        assert not [
            n for n in page.css("*") if any(k.startswith("on") or k == "style" for k in n.attributes)
        ], path
        assert CONTACT not in answer.text and "\u202e" not in answer.text and "hostile" not in answer.text, (
            path
        )
        shown += "alert(1)" in answer.text
    assert shown >= 3


def test_every_page_names_itself_and_its_fields(desk: Opened, ana: Browser) -> None:
    for path in paths(desk):
        page = ana.page(path)
        assert len(page.css("h1")) == 1 and page.css_first("title"), path
        ids = [node.attributes["id"] for node in page.css("[id]")]
        assert len(ids) == len(set(ids)), path
        for field in page.css("input:not([type=hidden]), select, textarea"):
            assert page.css_first(f'label[for="{field.attributes.get("id")}"]'), (path, field.html)
        for chart in page.css("svg.chart"):
            assert chart.attributes.get("role") == "img" and chart.attributes.get("aria-label"), path


def test_a_signed_out_person_sees_none_of_them(desk: Opened) -> None:
    assert {desk.person(None).get(path).status_code for path in paths(desk)} == {401}


@pytest.mark.parametrize(
    "path",
    [
        "/market/sale/no-such-chip",
        "/market/barter/nvidia-t4",
        "/sites/nowhere",
        "/sellers/0000",
        "/seller/0000",
        "/no/such/page",
        "/sellers/listing:0",
        "/sellers/%27%20OR%201=1",
    ],
)
def test_what_is_not_there_is_said(ana: Browser, path: str) -> None:
    answer = ana.get(path)
    assert answer.status_code == 404 and "Not here" in answer.text and "Database" not in answer.text
    assert "no such seller" in answer.text.lower() or "seller" not in path


def test_a_seller_is_found_by_the_misspelt_address_too(desk: Opened, ana: Browser) -> None:
    party = seller_of(desk, "7")
    assert ana.get(f"/seller/{party}").headers["location"] == f"/sellers/{party}"


def test_the_curves_mark_both_thresholds(ana: Browser) -> None:
    marks = [node.attributes["data-mark"] for node in ana.page("/tuning?medium=0.5&high=0.9").css("#tried svg.c-line-chart:first-of-type [data-mark]")][:4]
    assert marks == ["alerts in force: 0.2", "alerts tried: 0.5", "high severity in force: 0.88", "high severity tried: 0.9"]


def test_a_list_longer_than_its_frame_says_so(ana: Browser) -> None:
    change = '[aria-labelledby="t-change"]'
    page = ana.page("/tuning?medium=1&high=1")
    rows = len(page.css(f"{change} tbody tr"))
    assert rows and (f"{rows} in this list" in words(page, change)) == (rows > 8)


@pytest.mark.parametrize(
    "query",
    [
        "medium=x",
        "medium=nan",
        "medium=-1",
        "medium=9e99",
        "medium=0.5&high=0.1",
        "budget=0",
        "budget=-5",
        "budget=1e999",
        "medium=%00",
        "medium=0,5",
    ],
)
def test_an_odd_query_is_answered_all_the_same(ana: Browser, query: str) -> None:
    assert ana.get(f"/tuning?{query}").status_code == 200


@pytest.mark.parametrize("query", ["days=7", "days=x", "days=99999999999999999999", "days=90"])
def test_an_odd_span_is_answered_all_the_same(ana: Browser, query: str) -> None:
    assert ana.get(f"/market/sale/nvidia-h100-pcie-80gb?{query}").status_code == 200


# -- tuning


def thresholds(desk: Opened) -> dict[str, Any]:
    file = desk.home / "config" / "thresholds.toml"
    return tomllib.loads(file.read_text()) if file.exists() else {}


def test_a_threshold_is_tried_set_with_its_reason_and_undone(desk: Opened, ana: Browser) -> None:
    tried = ana.form("/tuning?medium=0.5&high=0.9", "/tuning/set")
    assert thresholds(desk) == {}
    assert ana.post("/tuning/set", {**tried, "why": "too many weak ones"}).headers["location"] == "/tuning"
    assert "alerts from 0.5 and high severity from 0.9" in ana.notices("/tuning")[0]
    assert thresholds(desk) == {"severity": {"medium": 0.5, "high": 0.9}}
    last = ask(desk, lambda store: store.version_in_force("thresholds"))
    assert (last["who"], last["why"], last["hash"]) == (
        "ana",
        "too many weak ones",
        Config(desk.home).thresholds_version,
    )
    assert "alert from score: as shipped → 0.5" in words(ana.page("/tuning"), ".log")
    back = ana.form("/tuning", "/tuning/undo")
    ana.post("/tuning/undo", back)
    assert "Give the reason to undo" in ana.notices("/tuning")[0] and thresholds(desk)
    back = ana.form("/tuning", "/tuning/undo")
    ana.post("/tuning/undo", {**back, "why": "second thoughts"})
    assert thresholds(desk) == {} and Config(desk.home).thresholds.severity == Config().thresholds.severity
    assert "second thoughts" in words(ana.page("/tuning"), ".log")


def test_a_locked_database_changes_no_threshold_and_a_file_edited_by_hand_is_on_the_page(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("review.desk.app.WRITER_WAIT_S", 0.2)
    desk = Opened(home, tmp_path / "home")
    try:
        ana, path = desk.person(), "/tuning?medium=0.5&high=0.9"
        with closing(sqlite3.connect(desk.home / "chipwatch.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            answer = ana.post("/tuning/set", {**ana.form(path, "/tuning/set"), "why": "x"})
            assert answer.status_code == 503 and "Nothing was changed" in answer.text and thresholds(desk) == {}
            other.execute("ROLLBACK")
            ana.post("/tuning/set", {**ana.form(path, "/tuning/set"), "why": "x"})
            other.execute("BEGIN IMMEDIATE")
            answer = ana.post("/tuning/undo", {**ana.form("/tuning", "/tuning/undo"), "why": "y"})
            assert answer.status_code == 503 and thresholds(desk) == {"severity": {"medium": 0.5, "high": 0.9}}
            other.execute("ROLLBACK")
        (desk.home / "config" / "thresholds.toml").write_text("[severity]\nmedium = 0.4\n")
        assert "0.5 → 0.4" in words(ana.page("/tuning"), ".log") and "not logged yet" in words(ana.page("/tuning"), ".log")
    finally:
        desk.close()


def test_the_rest_of_a_list_is_a_link_away(
    desk: Opened, ana: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning_view, "SHOWN", 1)
    change = '[aria-labelledby="t-change"]'
    short = ana.page("/tuning?medium=1&high=1")
    assert len(short.css(f"{change} tbody tr")) == 1 and "more: show them" in words(short, change)
    whole = ana.page(short.css(f"{change} a")[-1].attributes["href"] or "")
    rows = len(whole.css(f"{change} tbody tr"))
    assert rows > 1 and f"{rows} alerts would go" in words(whole, change)
    assert "more: show" not in words(whole, change)


def test_confirmed_alerts_that_would_be_lost_are_shown_first_and_must_be_seen(
    desk: Opened, ana: Browser
) -> None:
    with Store.open(desk.home) as store:
        key = handover.key(store, "1")
        store.decide(key, "confirm", who="ben", now=NOW)
        score = store.alert(key)["score"]
    path = f"/tuning?medium={min(score + 0.01, 1):.3f}&high=1"
    page = ana.page(path)
    assert words(page, "#t-lost") == "1 confirmed alert would be lost"
    assert page.css_first(f'.lost a[href="/alert/{key}"]') is not None
    form = {**ana.form(path, "/tuning/set"), "why": "x"}
    assert page.css_first("#seen").attributes["value"] == "1"
    ana.post("/tuning/set", form)
    assert thresholds(desk) == {} and "tick that you have seen them" in ana.notices("/tuning")[0]
    ana.post("/tuning/set", {**form, "form_key": ana.form(path, "/tuning/set")["form_key"], "seen": "1"})
    assert thresholds(desk)["severity"]["high"] == 1


def test_what_is_lost_is_counted_when_it_is_set_not_when_it_was_looked_at(desk: Opened, ana: Browser) -> None:
    path = "/tuning?medium=1&high=1"
    form = {**ana.form(path, "/tuning/set"), "why": "x"}
    assert ana.page(path).css_first("#seen") is None
    first, second = [row["listing"] for row in ask(desk, lambda store: store.alerts()) if row["score"] < 1][:2]
    with Store.open(desk.home) as store:
        store.decide(first, "confirm", who="ben", now=NOW)
    assert ana.post("/tuning/set", form).headers["location"] == path and thresholds(desk) == {}
    assert "1 confirmed alert would be lost" in ana.notices(path)[0]
    form = {**ana.form(path, "/tuning/set"), "why": "x", "seen": "1"}
    with Store.open(desk.home) as store:
        store.decide(second, "escalate", who="ben", now=NOW)
    for seen in ("1", "many", "9" * 12):
        ana.post("/tuning/set", {**form, "seen": seen})
        assert thresholds(desk) == {} and "2 confirmed alerts would be lost" in ana.notices(path)[0]
    ana.post("/tuning/set", {**form, "seen": "2"})
    assert thresholds(desk)["severity"]["medium"] == 1


@pytest.mark.parametrize(("asked", "said"), [("-3", "“-3” is no number"), ("abc", "“abc” is no number"), ("nan", "“nan” is no number"), ("<b>", "“<b>” is no number")])
def test_a_budget_that_is_none_is_said(ana: Browser, asked: str, said: str) -> None:
    page = ana.page(f"/tuning?budget={asked}")
    told = words(page, 'form[action="/tuning"]')
    assert said in told and "A threshold of" not in told and page.css_first("#budget").attributes["value"] == asked
    assert "A threshold of" in words(ana.page("/tuning?budget=15"), 'form[action="/tuning"]')


def test_a_threshold_between_two_steps_of_its_slider_stays(desk: Opened, ana: Browser) -> None:
    (desk.home / "config").mkdir(exist_ok=True)
    (desk.home / "config" / "thresholds.toml").write_text("[severity]\nmedium = 0.5\nhigh = 0.99999\n")
    fields = {f.attributes["name"]: f.attributes["value"] for f in ana.page("/tuning").css("#try input")}
    assert fields == {"medium": "0.500", "high": "1.000", "high_exact": "0.99999", "high_shown": "1.000"}
    query = "&".join(f"{name}={value}" for name, value in (fields | {"medium": "0.55", "high": "1"}).items())
    form = ana.form(f"/tuning?{query}", "/tuning/set")
    assert (form["medium"], form["high"]) == ("0.55", "0.99999")
    form = ana.form(f"/tuning?{query.replace('high=1&', 'high=0.995&')}", "/tuning/set")
    assert (form["medium"], form["high"]) == ("0.55", "0.995")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"why": " "}, "Give the reason"),
        ({"medium": "-3"}, "figure between 0 and 1"),
        ({"high": "7"}, "figure between 0 and 1"),
        ({"why": "w" * 301}, "301 characters"),
        ({"medium": "much"}, "figure between 0 and 1"),
        ({"medium": "0.01"}, "must hold"),
        ({"base": "0"}, "set anew while you looked"),
        ({"medium": "0.2", "high": "0.88"}, "in force already"),
    ],
)
def test_a_threshold_that_cannot_be_set_changes_nothing(
    desk: Opened, ana: Browser, changed: dict[str, str], said: str
) -> None:
    form = {**ana.form("/tuning?medium=0.5&high=0.9", "/tuning/set"), "why": "x", **changed}
    ana.post("/tuning/set", form)
    assert said in ana.notices("/tuning")[0] and thresholds(desk) == {}
    assert ask(desk, lambda store: [v for v in store.versions("thresholds") if v["content"]]) == []


def test_every_country_has_its_name() -> None:
    names = Names(Config())
    assert [names.country(code) for code in ("CA", "JP", "US", None, "??")] == [
        "Canada",
        "Japan",
        "United States",
        "",
        "??",
    ]


def test_offers_drawn_at_random_lead_from_the_digest_and_tuning_to_their_decision(
    desk: Opened, ana: Browser
) -> None:
    assert "drawn at random" not in ana.page("/tuning").body.text()
    with Store.open(desk.home) as store:
        run = store.begin_run("board", now=NOW)
        for n in "45":
            plain_offer = Listing(
                "board",
                f"plain-{n}",
                f"RTX 4090 24GB Founders Edition, number {n}",
                price_text="US $1,900",
                price_amount="1900",
                price_currency="USD",
                country="US",
                observed_at=NOW,
            )
            store.record(plain_offer, run=run, evidence=None, now=NOW)
        store.end_run(run, "ok", NOW, {"pages": 1, "listings": 2, "new": 2})
        detect(store, Config(desk.home), now=NOW)
        made, file = make(store, Config(desk.home), now=NOW)
    drawn = {str(sample["listing"]): sample for sample in made.samples}
    assert len(drawn) >= 2
    links = {link.attributes["href"] for link in LexborHTMLParser(file.read_text()).css("main a")}
    markdown = file.with_suffix(".md").read_text()
    for key, sample in drawn.items():
        assert f"{made.desk}/alert/{key}" in links and f"(<{made.desk}/alert/{key}>)" in markdown
        assert f"{command_of(desk.home)} alerts show {key}" in markdown and key in plain.text(made)
        # As it is printed, and as it once was.
        for sign in "/ ":
            told = ana.get("/search", params={"q": f"{sample['site']}{sign}{sample['listing_id']}"})
            assert told.headers["location"] == f"/alert/{key}"
    listed = ana.page("/tuning").css("#drawn [data-item]")
    assert {row.attributes["data-href"] for row in listed} == {f"/alert/{key}" for key in drawn}
    left = list(drawn)
    while left:
        page = ana.page(f"/alert/{left[0]}")
        assert f"{len(left)} offer" in page.css_first("#drawn").text()
        answer = ana.decide(left[0], action="dismiss", reason_dismiss="rightly-not")
        del left[0]
        onward = answer.headers["location"]
        assert onward in [f"/alert/{key}" for key in left] if left else onward == "/tuning"
    page = ana.page("/tuning")
    assert not page.css("#drawn") and ana.page(f"/alert/{key}").css_first("#drawn") is None
    with Store.open(desk.home, readonly=True) as store:
        assert {row["action"] for row in store.samples()} == {"dismiss"}


def test_two_people_do_not_set_over_each_other(desk: Opened, ana: Browser) -> None:
    ben = desk.person("ben")
    mine, his = ana.form("/tuning?medium=0.5", "/tuning/set"), ben.form("/tuning?medium=0.4", "/tuning/set")
    ben.post("/tuning/set", {**his, "why": "his"})
    ana.post("/tuning/set", {**mine, "why": "mine"})
    assert thresholds(desk)["severity"]["medium"] == 0.4
    assert "set anew while you looked" in ana.notices("/tuning")[0]


# -- sites


def held(desk: Opened) -> list[str]:
    return [row["id"] for row in ask(desk, lambda store: store.held_runs())]


@pytest.mark.parametrize(("action", "waits"), [("release", True), ("discard", False)])
def test_a_held_run_is_decided_with_a_reason(desk: Opened, ana: Browser, action: str, waits: bool) -> None:
    form = ana.form("/sites", "/sites/run/decide")
    (run,) = held(desk)
    assert form["run"] == run
    ana.post("/sites/run/decide", {**form, "action": action, "why": "seen by hand"})
    assert held(desk) == []
    (said,) = ask(desk, lambda store: store.run_decisions(run))
    assert (said["who"], said["action"], said["why"]) == ("ana", action, "seen by hand")
    assert "seen by hand" in words(ana.page("/sites/board"), ".log")
    with Store.open(desk.home) as store:
        assert bool(detect(store, Config(desk.home), now=NOW).fresh) is waits


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"why": ""}, "Give the reason"),
        ({"why": "w" * 301}, "301 characters"),
        ({"action": "burn"}, "release or to discard"),
        ({"run": "none"}, "there is no such run"),
    ],
)
def test_a_run_decision_that_says_nothing_changes_nothing(
    desk: Opened, ana: Browser, changed: dict[str, str], said: str
) -> None:
    form = {**ana.form("/sites", "/sites/run/decide"), "action": "release", "why": "x", **changed}
    ana.post("/sites/run/decide", form)
    assert said in ana.notices("/sites")[0] and len(held(desk)) == 1


def test_a_run_is_decided_once(desk: Opened, ana: Browser) -> None:
    ben = desk.person("ben")
    mine, his = ana.form("/sites", "/sites/run/decide"), ben.form("/sites", "/sites/run/decide")
    ben.post("/sites/run/decide", {**his, "action": "release", "why": "his"})
    ana.post("/sites/run/decide", {**mine, "action": "discard", "why": "mine"})
    assert "not in quarantine" in ana.notices("/sites")[0]
    assert [d["who"] for d in ask(desk, lambda store: store.run_decisions())] == ["ben"]


def test_sites_tell_what_was_not_read_whole(ana: Browser) -> None:
    page = ana.page("/sites")
    assert "1 site not read whole" in words(page)
    assert "price filled in 0%" in words(page, ".lost")


# -- sellers


def test_a_seller_is_shown_with_its_ties_and_a_tie_is_undone_and_done_again(
    desk: Opened, ana: Browser
) -> None:
    own, other = seller_of(desk, "7"), seller_of(desk, "8")
    path = f"/sellers/{own}"
    said = words(ana.page(path), ".ties")
    assert "same messenger account" in said and "near-copy of a text" in said and "strong" in said
    form = ana.form(path, "/sellers/tie/decide")
    assert (form["other"], form["action"]) == (other, "unlink")
    ana.post("/sellers/tie/decide", {**form, "why": "a forwarder"})
    page = ana.page(path)
    assert page.css_first(".ties") is None and "a forwarder" in words(page, ".parted")
    assert ana.page(f"/sellers/{other}").css_first(".ties") is None
    (kept,) = ask(desk, lambda store: store.link_decisions(own))
    assert kept["who"] == "ana" and kept["seen"]["confidence"] > 0.9 and len(kept["seen"]["signs"]) == 2
    again = ana.form(path, "/sellers/tie/decide")
    assert again["action"] == "link"
    ana.post("/sellers/tie/decide", {**again, "why": "same telephone after all"})
    assert ana.page(path).css_first(".ties") is not None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"why": ""}, "Give the reason"),
        ({"why": "w" * 301}, "301 characters"),
        ({"action": "burn"}, "unlink or to link"),
        ({"action": "link"}, "decided already"),
    ],
)
def test_a_tie_decision_that_says_nothing_changes_nothing(
    desk: Opened, ana: Browser, changed: dict[str, str], said: str
) -> None:
    path = f"/sellers/{seller_of(desk, '7')}"
    ana.post("/sellers/tie/decide", {**ana.form(path, "/sellers/tie/decide"), "why": "x", **changed})
    assert said in ana.notices(path)[0] and ask(desk, lambda store: store.link_decisions()) == []


def test_a_seller_like_a_listed_party_is_told_with_lists_and_ended_orders(desk: Opened, ana: Browser) -> None:
    own = seller_of(desk, "7")
    detail = '{"party": "ROE LTD", "lists": [["Denied", "2020-10-13"], ["Entity List", null]]}'
    with Store.open(desk.home) as store:
        # The second is of a home that kept nothing but the list.
        rows = [(own, "a", "Roe & Doe", 91.0, NOW, detail), (own, "b", "Row Inc", 88.0, NOW, "Unverified")]
        with store.transaction():
            store.db.write_many("INSERT INTO screening_candidate (seller, entry, name, score, at, detail) VALUES (?,?,?,?,?,?)", rows)
    (said,) = ana.notices(f"/sellers/{own}")
    assert "2 listed parties" in said and "91 % like “Roe & Doe”, a name of “ROE LTD” (Denied, order ended 2020-10-13; Entity List)" in said
    assert "88 % like “Row Inc” (Unverified)" in said


def test_an_unlinked_seller_that_stays_tied_through_another_is_told(desk: Opened, ana: Browser) -> None:
    third = Listing("board", "9", f"NVIDIA H100 80GB PCIe, Telegram @{CONTACT}", description=f"{COPIED} Unit three.", price_amount="9300", price_currency="USD", seller_id="third", observed_at=NOW)
    with Store.open(desk.home) as store:
        run = store.begin_run("board", now=NOW)
        store.record(third, run=run, evidence=None, now=NOW)
        store.end_run(run, "ok", NOW, {"pages": 1, "listings": 1, "new": 1})
        detect(store, Config(desk.home), now="2026-03-03T21:00:00Z")
    own, other, via = (seller_of(desk, name) for name in ("7", "8", "9"))
    path = f"/sellers/{own}"
    form = {**ana.form(path, "/sellers/tie/decide"), "other": other, "action": "unlink"}
    ana.post("/sellers/tie/decide", {**form, "why": "x"})
    (said,) = ana.notices(path)
    assert said.startswith("Unlinked: ") and "stays under “Tied to”, through " in said and via[:4] in said
    ana.post("/sellers/tie/decide", {**ana.form(path, "/sellers/tie/decide"), "other": via, "action": "unlink", "why": "x"})
    assert "stays under" not in ana.notices(path)[0] and ana.page(path).css_first(".ties") is None


@pytest.mark.parametrize("page", ["9" * 23, "9" * 5000, "²", "-1", "x"])
def test_a_page_of_sellers_that_cannot_be_is_an_empty_or_the_first_one(ana: Browser, page: str) -> None:
    assert ana.get("/sellers", params={"page": page}).status_code == 200


def test_a_home_in_which_nothing_ran_does_not_say_that_all_was_read(tmp_path: Path) -> None:
    Store.open(tmp_path / "made").close()
    desk = Opened(tmp_path / "made", tmp_path / "home")
    try:
        said = words(desk.person().page("/sites"))
        assert "No site has been read yet" in said and "read whole" not in said
    finally:
        desk.close()


def test_sites_that_were_imported_are_told_as_such_and_a_failed_import_is_none(tmp_path: Path) -> None:
    with Store.open(tmp_path / "made") as store:
        for label, sites, outcome in (("import", ("mine",), "ok"), ("own", ("own",), "ok"), ("meins", (), "failed"), ("own", (), "failed")):
            run = store.begin_run(label, "import", now=NOW)
            for site in sites:
                store.record(Listing(site, "1", "H100 80GB", observed_at=NOW), run=run, evidence=None, now=NOW)
            store.end_run(run, outcome, NOW, {"listings": len(sites)})
    desk = Opened(tmp_path / "made", tmp_path / "home")
    try:
        ana = desk.person()
        page = ana.page("/sites")
        told = [item.text() for item in page.css("ul.sites > li") if item.css_first(".tag.good") is not None]
        assert len(told) == 2 and all("imported" in text and "days whole" not in text and "not enabled" not in text for text in told)
        assert "not read whole" not in words(page) and "meins" not in words(page)
        mine, own = words(ana.page("/sites/mine")), words(ana.page("/sites/own"))
        assert "1 listing of it came with a file of several sites" in mine and "never ran" not in mine and "days whole" not in mine
        assert own.count("failed") == 1 and "days whole" not in own
        assert ana.get("/sites/meins").status_code == 404
    finally:
        desk.close()


def test_sellers_are_found_by_key_and_listed_by_alerts(desk: Opened, ana: Browser) -> None:
    own = seller_of(desk, "7")
    for query in (own[:6], f"seller {own[:8]}"):
        assert ana.page(f"/sellers?q={query}").css_first(f'a[href="/sellers/{own}"]') is not None
        found = ana.page(f"/sellers?q={query}").css_first("tbody tr")
        listed = next(row for row in ana.page("/sellers").css("tbody tr") if row.css_first(f'a[href="/sellers/{own}"]'))
        assert found is not None and found.text() == listed.text()
    assert "four characters" in words(ana.page("/sellers?q=a"))


def test_a_form_works_once_and_from_this_desk_alone(desk: Opened, ana: Browser) -> None:
    form = {**ana.form("/sites", "/sites/run/decide"), "action": "discard", "why": "x"}
    assert ana.post("/sites/run/decide", form, origin="http://elsewhere.example").status_code == 403
    assert len(held(desk)) == 1
    ana.post("/sites/run/decide", form)
    ana.post("/sites/run/decide", form)
    assert len(ask(desk, lambda store: store.run_decisions())) == 1
    assert any("sent before" in told for told in ana.notices("/sites"))


def test_an_empty_home_says_what_to_do(tmp_path: Path) -> None:
    with Store.open(tmp_path / "empty"):
        pass
    opened = Opened(tmp_path / "empty", tmp_path / "copy")
    try:
        ana = opened.person()
        assert "chipwatch crawl" in words(ana.page("/market"))
        assert "Nothing was confirmed" in words(ana.page("/tuning"))
        assert "not enabled" in words(ana.page("/sites"))
        assert "No seller has an alert" in words(ana.page("/sellers"))
    finally:
        opened.close()
        shutil.rmtree(tmp_path / "copy")


def test_who_is_not_named_has_a_page_too(desk: Opened, ana: Browser) -> None:
    now = "2026-03-04T08:00:00Z"
    with Store.open(desk.home) as store:
        run = store.begin_run("shop", now=now)
        text = f"Telegram @{CONTACT}, cash only"
        store.record(
            Listing("shop", "u1", "A100 80GB PCIe", description=text, observed_at=now),
            run=run,
            evidence=None,
            now=now,
        )
        store.end_run(run, "ok", now)
        detect(store, Config(desk.home), now=now)
        key = store.find_listing("shop/u1")
    own, path = seller_of(desk, "7"), f"/sellers/listing:{key}"
    page = ana.page(path)
    assert page.css_first(f'.ties a[href="/sellers/{own}"]') is not None
    sites = [" ".join(th.text().split()) for th in page.css("th:first-child")]
    assert (
        "Offer on shop" in sites
        and "Offer on board" in sites
        and sites.index("Offer on shop") < sites.index("Offer on board")
    )
    assert f"unnamed seller of listing {key[:8]}" in words(page, "h1")
    assert page.css_first('a[href^="/?seller="]') is None
    form = ana.form(path, "/sellers/tie/decide")
    assert (
        ana.post("/sellers/tie/decide", {**form, "why": "x"}).headers["location"]
        == f"/sellers/listing%3A{key}"
    )
    assert ana.get(f"/sellers/listing%3A{key}").status_code == 200


def test_what_is_kept_follows_every_decision(desk: Opened, ana: Browser) -> None:
    own, other = seller_of(desk, "7"), seller_of(desk, "8")
    row = f'tr[data-href="/sellers/{own}"]'
    assert "0 reviewed offers" in words(ana.page("/tuning"))
    assert "1 other" in words(ana.page("/sellers"), row)
    with Store.open(desk.home) as store:
        store.decide(handover.key(store, "1"), "confirm", who="ben", now=NOW)
        store.decide_link(own, other, "unlink", who="ben", now=NOW, why="x")
    assert "1 reviewed offer " in words(ana.page("/tuning"))
    assert "1 other" not in words(ana.page("/sellers"), row)
