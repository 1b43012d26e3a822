"""The gathering commands as a person types them: quarantine and what is decided on it."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from chipwatch.demo.home import end_day, write_sites
from chipwatch.demo.server import serve as serve_demo
from config.loader import Config
from crawler.sites import reparse
from review import sites_view
from review.build import build
from storage.store import Store
from tests.commands import chipwatch
from tests.crawling import CARDS, add_site, card, crawl, new_home, page
from tests.servers.web import Answer, Web, serve

DAY = "2026-11-0{}T08:00:00+00:00"


def health(home: Path) -> dict[str, Any]:
    rows: list[dict[str, Any]] = json.loads(chipwatch(home, "sites", "--json").stdout)
    return {row["site"]: row for row in rows}


def new_layout(web: Web, home: Path) -> str:
    """A board that is read whole, and a day later under another layout; the name of the second run."""
    for day, tag in ((2, "h3"), (3, "h5")):
        # On the second day the title's tag is another one, and with it two cards that still look as before.
        cards = "".join(
            card(n, "NVIDIA H100 80GB", f"¥{day}5万").replace("h3>", f"{tag if n < 8 else 'h3'}>")
            for n in range(10)
        )
        web.route("/list", Answer(page(cards)))
        run = crawl(home, "board", DAY.format(day))
    assert run.outcome == "changed" and run.quarantined
    return run.run or ""


@pytest.fixture(scope="module")
def held_board(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home whose board changed its layout, judged as far as it is believed; and the run in quarantine."""
    home = new_home(tmp_path_factory.mktemp("held") / "board")
    with serve() as web:
        add_site(home, "board", web.url + "/list", more=CARDS + "[expect]\nlistings = 5\n")
        held = new_layout(web, home)
    assert json.loads(chipwatch(home, "detect", "--json").stdout)["judged"] == 10
    return home, held


def test_a_run_in_quarantine_is_shown(held_board: tuple[Path, str]) -> None:
    home, held = held_board
    assert health(home)["board"]["held"] == [held]
    shown = chipwatch(home, "sites")
    assert f"in quarantine: {held}" in shown.stderr and "sites reparse" in shown.stderr
    assert "quarantined" in chipwatch(home, "digest", "--form", "markdown").stdout


@pytest.mark.parametrize("verb", ["release", "discard"])
def test_a_person_decides_on_a_run_in_quarantine(held_board: tuple[Path, str], tmp_path: Path, verb: str) -> None:
    home, held = tmp_path / "home", held_board[1]
    shutil.copytree(held_board[0], home)
    assert "--why" in chipwatch(home, "sites", verb, held, expect=2).stderr
    assert held in chipwatch(home, "sites", verb, held, "--why", "two cards were read rightly").stderr
    assert health(home)["board"]["held"] == []
    with Store.open(home, readonly=True) as store:
        (decision,) = store.run_decisions(held)
        waiting = sum(1 for o in store.iter_observations() if o.run == held and not o.run_quarantined)
    assert (decision["action"], decision["why"]) == (verb, "two cards were read rightly") and decision["who"]
    assert waiting == (2 if verb == "release" else 0)
    assert json.loads(chipwatch(home, "detect", "--json").stdout)["judged"] == waiting
    if verb == "release":
        again = chipwatch(home, "sites", verb, held, "--why", "again", expect=3)
        assert "is not in quarantine: released by" in again.stderr


def test_a_run_whose_bytes_were_read_again_waits_no_more(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        add_site(home, "board", web.url + "/list", more=CARDS + "[expect]\nlistings = 5\n")
        held = new_layout(web, home)
        asked = len(web.log)
        add_site(
            home,
            "board",
            web.url + "/list",
            more=CARDS.replace('"h3"', '["h3", "h5"]') + "[expect]\nlistings = 5\n",
        )
        assert reparse(held, home, Config(home), DAY.format(4)).outcome == "ok"
        assert len(web.log) == asked
    assert health(home)["board"]["held"] == []
    with Store.open(home, readonly=True) as store:
        assert [row["id"] for row in store.held_runs(decided=True)] == [held]


def test_the_demo_board_changes_its_layout_and_is_read_again_once_its_site_file_is_mended(tmp_path: Path) -> None:
    home = new_home(tmp_path, settings="")
    with serve_demo(5, 1) as (demo, urls):
        write_sites(home, urls, 1)
        site_file = home / "config" / "sites" / "demo-board.toml"
        chipwatch(home, "crawl", "demo-board")
        demo.layout = 2
        (row,) = json.loads(chipwatch(home, "crawl", "demo-board", "--json", expect=1).stdout)
        assert (row["outcome"], row["listings"]) == ("changed", 0)
        assert json.loads(chipwatch(home, "detect", "--json").stdout)["judged"] == 230
        headline, _, rest = chipwatch(home, "digest", "--form", "markdown").stdout.replace("\\", "").partition("\n")
        assert "1 of 1 sites not read whole, in quarantine: demo-board" in headline and "changed (quarantined)" in rest
        (held,) = health(home)["demo-board"]["held"]

        site_file.write_text(site_file.read_text(encoding="utf-8").replace("a.title", "a.headline"), encoding="utf-8")
        asked = demo.requests.total()
        again = json.loads(chipwatch(home, "sites", "reparse", held).stdout)
        assert demo.requests.total() == asked
        assert (again["outcome"], again["pages"], again["listings"]) == ("ok", 10, 230)
        assert health(home)["demo-board"]["held"] == []
        assert "quarantine" not in chipwatch(home, "digest", "--form", "markdown").stdout


def doctor(home: Path, *words: str, expect: int = 0) -> list[tuple[str, str, str]]:
    rows = json.loads(chipwatch(home, "doctor", "--json", *words, expect=expect).stdout)
    return [(row["check"], row["ok"], row["found"]) for row in rows]


def test_the_doctor_asks_enabled_sites_for_robots_txt_on_request_alone(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/robots.txt", Answer("User-agent: *\nDisallow: /closed\n"))
        add_site(home, "open", web.url + "/list")
        add_site(home, "off", web.url + "/closed", top="enabled = false")
        assert not [row for row in doctor(home) if row[0] == "robots"] and web.log == []
        add_site(home, "closed", web.url + "/closed")
        said = {
            found.partition(":")[0]: (ok, found)
            for check, ok, found in doctor(home, "--robots", expect=1)
            if check == "robots"
        }
        assert said["open"][0] == "yes" and said["closed"][0] == "NO" and "forbids" in said["closed"][1]
        assert set(web.paths(robots=True)) == {"/robots.txt"}


KEYS = {
    "ebay": ["EBAY_CLIENT_ID", "EBAY_CLIENT_SECRET"], "yahoo-shopping-jp": ["YAHOO_JP_APPID"],
    "rakuten-ichiba": ["RAKUTEN_APPLICATION_ID", "RAKUTEN_ACCESS_KEY"],
}  # fmt: skip


def test_the_doctor_names_the_keys_that_a_crawl_would_miss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = new_home(tmp_path)
    for key, names in KEYS.items():
        (home / "config" / "sites" / f"{key}.toml").write_text("enabled = true\n", encoding="utf-8")
        for name in names:
            monkeypatch.delenv(name, raising=False)
    said = {row for row in doctor(home, expect=1) if row[0] == "keys"}
    assert said == {("keys", "NO", f"{key}: set {' and '.join(names)} in the environment") for key, names in KEYS.items()}
    for name in (name for names in KEYS.values() for name in names):
        monkeypatch.setenv(name, "x")
    assert {row for row in doctor(home, expect=1) if row[0] == "keys"} == {("keys", "yes", f"{key}: keys present") for key in KEYS}


@pytest.mark.parametrize("pattern", ["put down (first", "put down\\\\"])
def test_the_doctor_names_a_phrase_that_is_no_regular_expression(tmp_path: Path, pattern: str) -> None:
    home = new_home(tmp_path)
    (home / "config" / "money").mkdir()
    row = '[[phrase]]\nid = "own"\nwhy = "said by a dealer"\nsays = "deposit"\npatterns = ["' + pattern + '"]\n'
    (home / "config" / "money" / "own.toml").write_text(row, encoding="utf-8")
    told = [found for check, ok, found in doctor(home, expect=1) if check == "config" and ok == "NO"]
    assert len(told) == 1 and "own.toml: phrase 'own'" in told[0] and "regular expression" in told[0]


def test_the_doctor_names_each_site_file_that_is_wrong(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    for key in ("a", "b"):
        (home / "config" / "sites" / f"{key}.toml").write_text('title = "Wrong"\nfamily = "card"\n', encoding="utf-8")
    told = [found for check, ok, found in doctor(home, expect=1) if check == "sites" and ok == "NO"]
    assert ["a.toml" in told[0], "b.toml" in told[1]] == [True, True]


def test_imported_sites_are_told_once_and_a_failed_import_makes_none(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    (tmp_path / "de.csv").write_text("Titel;Preis\nH100;1\n", encoding="utf-8")
    (tmp_path / "myboard.csv").write_text("title,price,url\n" + "".join(f"H100 80GB,{n}00 EUR,https://a.example/{n}\n" for n in range(1, 6)), encoding="utf-8")
    lines = [json.dumps({"site": site, "listing_id": "1", "title": "A100 80GB", "observed_at": DAY.format(1)}) for site in ("one", "two")]
    (tmp_path / "mixed.jsonl").write_text("\n".join([*lines, "no json"]), encoding="utf-8")
    chipwatch(home, "import", str(tmp_path / "de.csv"), "--site", "meins", expect=1)
    chipwatch(home, "import", str(tmp_path / "myboard.csv"))
    chipwatch(home, "import", str(tmp_path / "mixed.jsonl"), expect=1)
    assert {key: (row["outcome"], row["listings"]) for key, row in health(home).items() if row["run"]} == {
        "myboard": ("imported", 5), "one": ("imported", 1), "two": ("imported", 1),
    }  # fmt: skip
    told = chipwatch(home, "sites").stdout
    assert "myboard" in told and "meins" not in told
    assert ("database", "yes", "opens and is up to date; 3 sites with runs or listings, 3 of them imported") in doctor(home)
    with Store.open(home, readonly=True) as store:
        coverage = {site.site: site for site in build(store, Config(home), now=DAY.format(2), since=None).coverage}
        assert coverage.keys() == {"myboard", "one", "two"} and all(site.healthy for site in coverage.values())
        rows = {row.key: row for row in sites_view.standing(store, Config(home), DAY.format(2)).sites}
    assert [rows[key].outcome for key in coverage] == ["imported"] * 3 and all(rows[key].brought for key in coverage)
    assert not rows.keys() & {"meins", "import"}


def test_wrong_settings_end_a_crawl_of_no_site_and_are_told_once_by_the_doctor(tmp_path: Path) -> None:
    home = new_home(tmp_path, settings='[politeness]\ndelay_s = "fast"\n')
    said = chipwatch(home, "crawl", expect=2).stderr
    assert "settings.toml: politeness.delay_s" in said and "no site to crawl" not in said
    wrong = [(check, found) for check, ok, found in doctor(home, expect=1) if ok == "NO"]
    assert wrong[0][0] == "config" and "settings.toml: politeness.delay_s" in wrong[0][1]
    assert wrong[1:] == [("delivery", "see config")]


def test_the_doctor_names_what_would_be_passed_over_in_silence(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    for name, text in {
        "treshold.toml": "", "site/board.toml": "", "sites/board.tml": "", "templates/notice.txt": "", "notes.md": "", ".thresholds.toml.swp": "",
        "schedule.toml": '[[job]]\nid = "late"\nrun = "crawl"\ncron = "99 6 * * *"\nsites = ["ebayy", "ebay"]\n',
    }.items():  # fmt: skip
        (home / "config" / name).parent.mkdir(exist_ok=True)
        (home / "config" / name).write_text(text, encoding="utf-8")
    found = [found.replace(f"{home}/config/", "") for check, ok, found in doctor(home, expect=1) if check in ("config", "schedule") and ok == "NO"]
    assert found == [
        "site/board.toml: nothing reads a file of this name; did you mean sites/board.toml?",
        "sites/board.tml: nothing reads a file of this name; see docs for the names",
        "treshold.toml: nothing reads a file of this name; did you mean thresholds.toml?",
        next(line for line in found if "'99 6 * * *'" in line and "job 'late'" in line),
        "schedule.toml: job 'late': no site 'ebayy'; did you mean 'ebay'?",
    ]


def test_sites_without_a_saved_page_are_not_checked_and_not_wrong(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    everything = chipwatch(home, "sites", "check")
    assert "NO" not in everything.stdout and "8 of 8 sites have no saved page" in everything.stderr
    assert "`chipwatch sites check SITE --live`" in everything.stderr
    # Who names a site wants it checked.
    assert "no saved page" in chipwatch(home, "sites", "check", "viperatech", expect=1).stdout


def test_extract_reads_a_page_that_was_packed(tmp_path: Path) -> None:
    page = b"<title>A100</title><h1>NVIDIA A100 80GB</h1><p class=price>$9,000.00</p><button>Add to cart</button>"
    whole = (
        b"Date: Mon, 02 Mar 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\n"
        b"Content-Type: text/html\r\nContent-Location: https://shop.test/p/1\r\n\r\n" + page + b"\r\n--x--\r\n"
    )
    files = {"a.html": page, "a.html.gz": gzip.compress(page), "b.html.gz": b"\x1f\x8b no gzip", "c.mhtml": whole, "d.mhtml": b"no parts"}
    for name, body in files.items():
        (tmp_path / name).write_bytes(body)
    done = chipwatch(tmp_path, "extract", *(str(tmp_path / name) for name in [*files, "e.html"]), expect=1)
    plain, packed, broken, saved, empty, missing = map(json.loads, done.stdout.splitlines())
    assert packed == plain | {"observed_at": packed["observed_at"]} and packed["price_amount"] == 9000
    assert broken["line"] == 3 and "b.html.gz: cannot be read" in broken["error"]
    assert (saved["site"], saved["url"], saved["observed_at"], saved["price_amount"]) == ("shop.test", "https://shop.test/p/1", "2026-03-02T09:00:00Z", 9000)
    assert "d.mhtml: holds no HTML part" in empty["error"] and "e.html: cannot be read" in missing["error"]


def test_hosts_are_let_be_asked_again_in_a_home_alone(tmp_path: Path) -> None:
    told = chipwatch(tmp_path / "nowhere", "sites", "resume", "ebay", expect=2).stderr
    assert "no home at" in told and "init" in told
    home = new_home(tmp_path)
    assert "no host is at rest" in chipwatch(home, "sites", "resume", "ebay").stderr


def test_a_crawl_of_all_sites_leaves_out_what_is_named(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/list", Answer(page(card(1))))
        for name in ("one", "other"):
            add_site(home, name, web.url + "/list")
        rows = json.loads(chipwatch(home, "crawl", "--without", "other", "--json").stdout)
        assert [(row["site"], row["outcome"]) for row in rows] == [("one", "ok")]
        assert "no site 'othe'; did you mean 'other'?" in chipwatch(home, "crawl", "--without", "othe", expect=2).stderr


def test_the_demo_s_sites_are_crawled_by_the_demo_alone(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with Store.open(home):
        pass
    write_sites(home, {"demo-board": "http://127.0.0.1:9"}, 1)
    end_day(home, 1)
    done = chipwatch(home, "crawl")
    assert "demo run" in done.stderr and "no site to crawl" in done.stderr and not done.stdout
    assert "demo run" in chipwatch(home, "crawl", "demo-board", expect=2).stderr
    assert health(home)["demo-board"]["last_run"] is None


def test_a_listing_is_erased_on_request(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/one", Answer(page(card("51423", "A100 of Ivan Petrov"))))
        web.route("/two", Answer(page(card("61423"))))
        add_site(home, "board", [web.url + "/one", web.url + "/two"])
        crawl(home, "board")
    assert "--why" in chipwatch(home, "evidence", "erase", "board/51423", expect=2).stderr
    words = ("evidence", "erase", "board/51423", "--why", "request of 1 May")
    told = chipwatch(home, *words, expect=2).stderr
    assert "nothing was erased yet" in told and "A100 of Ivan Petrov" in told and "--yes" in told
    assert "is empty" in chipwatch(home, *words[:4], " ", "--yes", expect=2).stderr
    assert "no listing has this key" in chipwatch(home, "evidence", "erase", "board/7", "--why", "x", "--yes", expect=2).stderr
    (home / "logs").mkdir(exist_ok=True)
    (home / "logs" / "note.log").write_text("item 51423", encoding="utf-8")
    done = chipwatch(home, *words, "--yes")
    assert json.loads(done.stdout)["observations"] == 1 and "delete it yourself" in done.stderr and "note.log" in done.stderr
    assert "all evidence proves" in chipwatch(home, "evidence", "verify").stderr
    assert not any(b"Petrov" in gzip.decompress(path.read_bytes()) for path in (home / "evidence").glob("*.gz"))
    assert any(b"Chipwatch-Removed: erasure" in gzip.decompress(path.read_bytes()) for path in (home / "evidence").glob("*.gz"))
    with Store.open(home, readonly=True) as store:
        assert [o.listing.title for o in store.iter_observations()] == ["A100 80GB 61423"]
    erased = json.loads(done.stdout)["listing"]
    assert "was erased before" in chipwatch(home, "evidence", "erase", erased, "--why", "again", "--yes").stderr
    for word in ("", "x", "100"):
        assert "too many pages" in chipwatch(home, "evidence", "erase", erased, "--why", "again", "--named", word, "--yes", expect=2).stderr
