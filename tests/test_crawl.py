"""Crawls from end to end on loopback: families, outcomes, what is stored, and what a killed run leaves."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from config.loader import Config
from config.tables import ConfigError
from crawler.conditional import Validators
from crawler.outcome import Facts
from crawler.recorder import BATCH, Recorder
from crawler.run import Stopped, crawl_sites
from crawler.sites import reparse
from crawler.sites.rereading import pages_of
from review.build import build
from storage.database import FILE
from storage.errors import EvidenceError
from storage.evidence import EvidenceWriter
from storage.listing import Listing
from storage.store import Store
from storage.verify import verify
from tests.crawling import (
    CARDS,
    NOW,
    QUICK,
    add_site,
    card,
    crawl,
    crawl_all,
    evidence_bytes,
    new_home,
    observations,
    page,
    stats,
)
from tests.servers.web import Answer, Asked, Web, serve


def problems(home: Path) -> list[Any]:
    with Store.open(home, readonly=True) as store:
        return verify(home, store)


RELATED = '<aside class=rec><div><h3>H800 of a neighbour</h3><span class=price>¥9.9万</span><div class=desc>neighbour</div><b class=place>Nowhere</b><a class=more href="/i/999">more</a></div></aside>'
"""A neighbour's card, which is none of the list's."""


def board(web: Web, pages: int, cards: int = 5, delay: float = 0.0, shape: str = "h3") -> None:
    """A list of several pages; every card has its own title and price. `shape` is the tag of the title."""

    def answer(asked: Asked) -> Answer:
        number = int(asked.query.get("page", 1))
        body = "".join(card(100 * number + n, price=f"¥{number}.{n}万") for n in range(cards)).replace("h3>", f"{shape}>")
        more = f'<a class=next href="/list?page={number + 1}">next</a>' if number < pages else ""
        return Answer(page(body, RELATED + more), delay=delay)

    web.route("/list", answer)


def test_cards_with_pages_and_their_own_pages(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        board(web, 2)
        web.route("/i/*", lambda asked: Answer(page("", f'<div class=desc>Serial of {asked.path} removed</div><b class=place>Shenzhen</b>' + RELATED)))
        web.route("/i/203", Answer("gone", 410))
        web.route("/i/204", Answer("broken", 500))
        detail = CARDS + '[detail]\nfollow = "all"\n[detail.fields]\ndescription = "div.desc"\nlocation = "b.place"\n'
        add_site(home, "board", web.url + "/list", more=detail)
        result = crawl(home, "board")
    found = {o.listing.listing_id: o for o in observations(home)}
    first = found["100"].listing
    assert (first.title, first.price_text, first.description, first.location) == ("A100 80GB 100", "¥1.0万", "Serial of /i/100 removed", "Shenzhen")
    assert b"Serial of /i/100 removed" in evidence_bytes(home, found["100"])
    assert (first.country, first.language) == ("CN", "zh")
    assert sorted(found) == ["100", "101", "102", "103", "104", "200", "201", "202", "204"]
    assert found["204"].listing.description is None
    assert result.outcome == "partial" and "status 500" in (result.detail or "")
    assert problems(home) == []


def product(number: int, **offer: Any) -> str:
    data = {
        "@context": "https://schema.org", "@graph": [{"@type": "BreadcrumbList"}, {
            "@type": "Product", "name": f"NVIDIA H100 {number}", "sku": f"H-{number}", "description": "New &amp; sealed",
            "offers": [{"@type": "Offer", "price": f"{number}000.50", "priceCurrency": "USD", "itemCondition": "https://schema.org/NewCondition",
                        "seller": {"@type": "Organization", "name": "Dealer"}, **offer}]}]}  # fmt: skip
    return f'<html><head><script type="application/ld+json">{json.dumps(data)}</script></head><body><h1>NVIDIA H100 {number}</h1></body></html>'


def test_jsonld_from_result_pages_sitemaps_and_item_lists(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/search", Answer('<a class=p href="/product/1">1</a><a class=p href="/about">about</a><a class=p href="/product/2?ref=x">2</a>'))
        items = {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "url": f"{web.url}/product/{n}"} for n in (3, 4)]}
        web.route("/brand", Answer(f'<script type="application/ld+json">{json.dumps(items)}</script>'))
        index = f"<?xml version='1.0'?><sitemapindex><sitemap><loc>{web.url}/map.xml</loc></sitemap></sitemapindex>"
        web.route("/sitemap.xml", Answer(index, headers={"Content-Type": "application/xml"}))
        locs = "".join(f"<url><loc>{web.url}/product/{n}</loc></url>" for n in (4, 5)) + f"<url><loc>{web.url}/help</loc></url>"
        web.route("/map.xml", Answer(f"<urlset>{locs}</urlset>", headers={"Content-Type": "application/xml"}))
        for number in range(1, 6):
            web.route(f"/product/{number}", Answer(product(number)))
        add_site(home, "dealer", web.url + "/search", family="jsonld", top=f'sitemap = "{web.url}/sitemap.xml"',
                 more='[list]\nlinks = "a.p::attr(href)"\n[detail]\nonly = ["/product/"]')  # fmt: skip
        add_site(home, "brand", web.url + "/brand", family="jsonld", more="")
        results = crawl_all(home, ["dealer", "brand"])
    assert {name: (r.outcome, r.listings) for name, r in results.items()} == {"dealer": ("ok", 4), "brand": ("ok", 2)}
    found = {o.listing.listing_id: o.listing for o in observations(home) if o.listing.site == "dealer"}
    assert sorted(found) == ["H-1", "H-2", "H-4", "H-5"]
    assert (found["H-1"].price_amount, found["H-1"].price_currency, found["H-1"].title) == ("1000.5", "USD", "NVIDIA H100 1")
    origins = found["H-1"].attributes["origins"]
    assert origins["sku"] == "json-ld" and {"title", "price_amount", "price_currency"} <= origins.keys()
    assert "/help" not in web.paths() and "/about" not in web.paths()


RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>For sale</title>
<item><guid>t-1</guid><title>WTS 4x A100 80GB</title><link>/t/1</link><description>&lt;p&gt;8500 each&lt;/p&gt;</description>
<author>someone</author><pubDate>Sun, 01 Nov 2026 10:00:00 GMT</pubDate></item>
<item><title>no address</title></item></channel></rss>"""


def test_feeds(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/feed", Answer(RSS, headers={"Content-Type": "application/rss+xml"}))
        web.route("/page", Answer("<html>no feed any more</html>"))
        add_site(home, "forum", web.url + "/feed", family="feed", more="")
        add_site(home, "lost", web.url + "/page", family="feed", more="")
        results = crawl_all(home, ["forum", "lost"])
    [found] = observations(home)
    assert (found.listing.listing_id, found.listing.title, found.listing.description) == ("t-1", "WTS 4x A100 80GB", "8500 each")
    assert found.listing.posted_at == "2026-11-01T10:00:00Z"
    assert {name: r.outcome for name, r in results.items()} == {"forum": "ok", "lost": "changed"}
    assert stats(home, results["forum"])["problem_texts"]


def test_the_next_day_adds_only_what_changed(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        board(web, 2)
        add_site(home, "board", web.url + "/list")
        crawl(home, "board")
        plain = web.routes["/list"]
        web.route("/list", lambda asked: _cheaper(plain(asked)))
        second = crawl(home, "board", "2026-11-03T08:00:00+00:00")
    assert (second.outcome, second.new, second.changed, second.seen) == ("ok", 0, 1, 9)
    changed = [o for o in observations(home) if o.changed]
    assert [(o.listing.listing_id, o.changed, o.listing.price_text) for o in changed] == [("202", ("price",), "¥1万")]


def _cheaper(answer: Any) -> Any:
    return Answer(answer.body.replace("¥2.2万", "¥1万"))


def test_an_unchanged_page_is_not_sent_again_but_counts_as_seen(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        current = {"tag": '"one"', "price": "¥6万"}

        def answer(asked: Asked) -> Answer:
            if asked.headers.get("if-none-match") == current["tag"]:
                return Answer("", 304, {"ETag": current["tag"]})
            return Answer(page(card(1, price=current["price"]) + card(2)), headers={"ETag": current["tag"]})

        web.route("/list", answer)
        add_site(home, "board", web.url + "/list")
        first = crawl(home, "board", "2026-11-02T08:00:00+00:00")
        second = crawl(home, "board", "2026-11-03T08:00:00+00:00")
        current.update(tag='"two"', price="¥5万")
        third = crawl(home, "board", "2026-11-04T08:00:00+00:00")
        _says_not_modified(home, second.run or "")
        for path in (home / "evidence").iterdir():
            if path.name.startswith((first.run or "", third.run or "")):
                path.unlink()
        fourth = crawl(home, "board", "2026-11-05T08:00:00+00:00")
    assert [(r.outcome, r.new, r.changed, r.seen) for r in (first, second, third)] == [("ok", 2, 0, 0), ("ok", 0, 0, 2), ("ok", 0, 1, 1)]
    asked = [entry for entry in web.log if entry.path == "/list"]
    assert [entry.headers.get("if-none-match") for entry in asked] == [None, '"one"', '"one"', '"two"', None]
    assert (fourth.outcome, fourth.listings) == ("ok", 2)
    with Store.open(home, readonly=True) as store:
        assert json.loads(store.run(second.run or "")["counts"])["unchanged"] == 1


def _says_not_modified(home: Path, run: str) -> None:
    """The archive of a run that was told 304 says so, holds no header that the server did not send, and reads as the page it meant."""
    path = home / "evidence" / f"{run}.warc.gz"
    assert subprocess.run([sys.executable, "-m", "warcio.cli", "check", str(path)], check=False).returncode == 0
    assert problems(home) == []
    with open(path, "rb") as file:
        (record,) = [record for record in ArchiveIterator(file) if record.rec_type in ("response", "revisit")]
    sent = {name.lower(): value for name, value in record.http_headers.headers}
    assert record.http_headers.get_statuscode() == "304" and sent["etag"] == '"one"' and "content-length" not in sent
    assert record.rec_headers.get_header("WARC-Profile").endswith("/revisit/server-not-modified")
    [(stored, ref)] = pages_of(home, [run])
    assert (stored.status, ref.status, stored.body.count(b"<li")) == (200, 304, 2) and "text/html" in stored.headers["content-type"]
    again = reparse(run, home, Config(home), "2026-11-04T09:00:00+00:00")
    assert (again.outcome, again.listings) == ("ok", 2)


def test_a_changed_layout_is_quarantined_and_read_again_without_a_fetch(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        board(web, 3)
        add_site(home, "board", web.url + "/list")
        assert crawl(home, "board").outcome == "ok"
        board(web, 1, cards=15, shape="h5")
        changed = crawl(home, "board", "2026-11-03T08:00:00+00:00")
        assert (changed.outcome, changed.quarantined) == ("changed", True)
        asked = len(web.log)
        add_site(home, "board", web.url + "/list", more=CARDS.replace('"h3"', '["h3", "h5"]'))
        again = reparse(changed.run or "", home, Config(home), "2026-11-03T09:00:00+00:00")
        assert len(web.log) == asked
    assert (again.outcome, again.listings) == ("ok", 15)
    fresh = [o for o in observations(home) if o.run == again.run]
    assert {o.listing.listing_id for o in fresh} == {str(n) for n in range(105, 115)}
    assert all(o.observed_at.startswith("2026-11-03T08:00") for o in fresh)
    assert problems(home) == []


def test_half_filled_cards_break_an_expectation_and_both_readings_live_side_by_side(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        body = "".join(card(n) for n in range(4)) + "".join(card(n).replace("class=price", "class=cost") for n in range(4, 10))
        web.route("/list", Answer(page(body)))
        expect = "[expect]\nfill = { price = 0.9 }\n"
        add_site(home, "board", web.url + "/list", more=CARDS + expect)
        first = crawl(home, "board")
        add_site(home, "board", web.url + "/list", more=CARDS.replace('".price"', '[".price", ".cost"]') + expect)
        again = reparse(first.run or "", home, Config(home), "2026-11-02T10:00:00+00:00")
    assert first.outcome == "changed" and "price filled in 40%" in (first.detail or "")
    assert (again.outcome, again.listings) == ("ok", 10)
    good = [o.listing for o in observations(home) if not o.run_quarantined]
    assert len({entry.listing_id for entry in good if entry.price_text}) == 10


def test_empty_is_told_from_changed(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/none", Answer(page("", "<p class=none>No results</p>")))
        web.route("/odd", Answer(page("", "<p>Welcome to our new shop</p>")))
        add_site(home, "none", web.url + "/none")
        add_site(home, "odd", web.url + "/odd")
        results = crawl_all(home, ["none", "odd"])
    assert {name: r.outcome for name, r in results.items()} == {"none": "empty", "odd": "changed"}


def test_what_cannot_start_is_skipped_on_the_record(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    add_site(home, "off", "http://127.0.0.1:9/list", top="enabled = false")
    text = f'title = "Shop"\nfamily = "cards"\nstart = "https://shop.example/"\n{CARDS}'
    (home / "config" / "sites" / "bare.toml").write_text(text, encoding="utf-8")
    results = crawl_all(home, ["off", "bare"])
    assert {r.outcome for r in results.values()} == {"skipped"}
    assert "enabled" in (results["off"].detail or "") and "access" in (results["bare"].detail or "")
    with Store.open(home, readonly=True) as store:
        assert {row["site"]: row["outcome"] for row in store.runs()} == {"off": "skipped", "bare": "skipped"}


def test_a_site_file_that_is_wrong_stops_no_crawl_of_the_others(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    (home / "config" / "sites" / "wrong.toml").write_text('title = "Wrong"\nfamily = "card"\n', encoding="utf-8")
    with serve() as web:
        board(web, 1)
        add_site(home, "board", f"{web.url}/list")
        results = {result.site: result for result in crawl_sites(None, home, Config(home), NOW)}
    assert {key: result.outcome for key, result in results.items()} == {"board": "ok", "wrong": "skipped"}
    assert "wrong.toml: family" in (results["wrong"].detail or "")
    with Store.open(home, readonly=True) as store:
        assert {row["site"]: row["outcome"] for row in store.runs()} == {"board": "ok", "wrong": "skipped"}
        # What a site's file says goes into reading: nothing is judged without it, and the digest tells why.
        assert any("wrong.toml: family" in note for note in build(store, Config(home), now=NOW, since=None).notes)
    with pytest.raises(ConfigError, match=r"wrong\.toml: family"):
        _ = Config(home).sites


def test_missing_keys_and_dead_servers_fail_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EBAY_CLIENT_ID", raising=False)
    home = new_home(tmp_path, settings='[identity]\ncontact = "desk@example.org"\n[politeness]\nretries = 0\ntimeout_s = 3.0\n')
    api = 'title = "eBay"\nfamily = "api"\ndialect = "ebay_browse"\nenabled = true\n[access]\nbasis = "official_api"\nreviewed_by = "A"\nreviewed_on = 2026-10-01\n'
    (home / "config" / "sites" / "ebay.toml").write_text(api, encoding="utf-8")
    add_site(home, "dead", "http://127.0.0.1:9/list")
    results = crawl_all(home, ["ebay", "dead"])
    assert results["ebay"].outcome == "failed" and "EBAY_CLIENT_ID" in (results["ebay"].detail or "")
    assert results["dead"].outcome == "failed" and (results["dead"].detail or "").startswith("127.0.0.1:9: not reachable: connection refused; ")


@pytest.mark.parametrize("second", ["board", "same-host"])
def test_two_crawls_of_a_site_or_of_a_host_at_once(tmp_path: Path, second: str) -> None:
    home = new_home(tmp_path)
    results: list[Any] = []
    with serve() as web:
        board(web, 6, delay=0.5)
        add_site(home, "board", web.url + "/list")
        add_site(home, "same-host", web.url + "/list?sort=new")
        threads = [threading.Thread(target=lambda key=key: results.append(crawl(home, key))) for key in ("board", second)]
        threads[0].start()
        while not web.log:
            time.sleep(0.02)
        threads[1].start()
        for thread in threads:
            thread.join()
    assert sorted(result.outcome for result in results) == ["ok", "skipped"]
    assert web.most_in_flight() == 1
    assert "another crawl of" in next(r.detail for r in results if r.outcome == "skipped")


CHILD = """import sys
from pathlib import Path
from config.loader import Config
from crawler.run import Stopped, crawl_sites
home = Path(sys.argv[1])
try:
    for result in crawl_sites(["board", "second"], home, Config(home), sys.argv[2]):
        print(result.site, result.outcome, flush=True)
except Stopped as stop:
    print("stopped", *[f"{r.site}={r.outcome}" for r in stop.results], flush=True)
"""


def test_sigterm_is_passed_on_and_the_run_says_so(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        board(web, 40, delay=0.1)
        add_site(home, "board", web.url + "/list")
        add_site(home, "second", web.url + "/list")
        process = subprocess.Popen([sys.executable, "-c", CHILD, str(home), NOW], stdout=subprocess.PIPE, text=True)
        while len(web.log) < 6:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=30)
    assert out.split() == ["stopped", "board=killed"]
    with Store.open(home, readonly=True) as store:
        [run] = store.runs()
    assert run["outcome"] == "killed" and "SIGTERM" in run["detail"] and run["listings"] > 0
    assert problems(home) == []


def state(home: Path) -> dict[str, Any]:
    """Everything that a run must leave alike: listings and what was observed of them."""
    found = observations(home)
    with Store.open(home, readonly=True) as store:
        listings = store.db.value("SELECT count(*) FROM listing")
    return {
        "listings": listings,
        "observations": sorted((o.listing.listing_id, o.listing.title, o.listing.price_text, o.changed) for o in found),
    }


@pytest.mark.parametrize("kills", [2, pytest.param(12, marks=pytest.mark.soak)])
def test_kill_9_at_any_moment_then_a_normal_run_gives_the_undisturbed_state(tmp_path: Path, kills: int) -> None:
    """The worker is killed at random moments, then a run is left alone."""
    seed = int(os.environ.get("CHIPWATCH_SEED", random.SystemRandom().randrange(10**6)))
    chance = random.Random(seed)
    calm = new_home(tmp_path / "calm")
    (tmp_path / "hurt").mkdir()
    hurt = new_home(tmp_path / "hurt")
    with serve() as web:
        board(web, 30, delay=0.03)
        for home in (calm, hurt):
            add_site(home, "board", web.url + "/list")
        assert crawl(calm, "board").listings == 150
        for _ in range(kills):
            wanted = len(web.log) + chance.randint(1, 28)
            worker = subprocess.Popen(
                [sys.executable, "-m", "crawler.worker", "--home", str(hurt), "--site", "board", "--now", NOW], stdout=subprocess.DEVNULL
            )
            while len(web.log) < wanted and worker.poll() is None:
                time.sleep(0.005)
            time.sleep(chance.random() * 0.05)
            worker.kill()
            worker.wait()
        with Store.open(hurt, readonly=True) as store:
            assert all(run["outcome"] in (None, "killed", "ok") for run in store.runs())
        result = crawl(hurt, "board")
    assert result.outcome == "ok", result
    assert state(hurt) == state(calm), f"CHIPWATCH_SEED={seed}"
    assert problems(hurt) == []
    with Store.open(hurt, readonly=True) as store:
        assert [run["outcome"] for run in store.runs()].count("killed") >= 1


@pytest.mark.parametrize("way", ["SIGKILL", "SIGTERM"])
def test_a_crawl_stopped_half_way_goes_on_where_it_was(tmp_path: Path, way: str) -> None:
    """Twice stopped, then left alone: no page that was stored is asked for again, and the run is whole."""
    home = new_home(tmp_path)
    with serve() as web:
        board(web, 30, delay=0.03)
        add_site(home, "board", web.url + "/list")
        for least in (8, 18):
            worker = subprocess.Popen(
                [sys.executable, "-m", "crawler.worker", "--home", str(home), "--site", "board", "--now", NOW], stdout=subprocess.DEVNULL
            )
            while len(web.log) < least:
                time.sleep(0.01)
            worker.send_signal(signal.Signals[way])
            worker.wait()
        result = crawl(home, "board", "2026-11-02T09:00:00+00:00")
        asked = Counter(entry.query.get("page", "1") for entry in web.log if entry.path == "/list")
    assert (result.outcome, result.pages, result.listings) == ("ok", 30, 150)
    # The page whose answer was under way at each stop may come twice.
    assert set(asked) == {str(n) for n in range(1, 31)} and asked.total() <= 32, asked
    assert problems(home) == []
    with Store.open(home, readonly=True) as store:
        runs = store.runs()
        assert [run["outcome"] for run in runs] == ["ok", "killed", "killed"]
        assert json.loads(runs[0]["facts"])["goes_on_with"] == [run["id"] for run in runs[1:]]
        assert json.loads(runs[0]["counts"])["kept"] >= 14
        assert store.db.value("SELECT count(*) FROM listing WHERE last_run=?", [result.run]) == 150
    found = observations(home)
    assert len(found) == len({o.listing.listing_id for o in found}) == 150
    assert all(b"<li" in evidence_bytes(home, o) for o in found)
    assert {o.observed_at for o in found} == {"2026-11-02T08:00:00Z", "2026-11-02T09:00:00Z"}


def test_a_crawl_that_went_on_after_a_stop_is_read_again_whole(tmp_path: Path) -> None:
    """The layout had changed before the first half: what the stopped run stored is read again with what the second added."""
    home = new_home(tmp_path)
    with serve() as web:
        board(web, 8, cards=2, delay=0.03)
        add_site(home, "board", web.url + "/list", more=CARDS.replace("li.item", "li.old"))
        for least in (3, 5):
            worker = subprocess.Popen(
                [sys.executable, "-m", "crawler.worker", "--home", str(home), "--site", "board", "--now", NOW], stdout=subprocess.DEVNULL
            )
            while len(web.log) < least:
                time.sleep(0.01)
            worker.kill()
            worker.wait()
        changed = crawl(home, "board", "2026-11-02T09:00:00+00:00")
        assert (changed.outcome, changed.listings) == ("changed", 0) and len(web.log) <= 13
        add_site(home, "board", web.url + "/list")
        asked = len(web.log)
        again = reparse(changed.run or "", home, Config(home), "2026-11-02T10:00:00+00:00")
        assert len(web.log) == asked
    assert (again.outcome, again.pages, again.listings) == ("ok", 8, 16)
    assert len({o.listing.listing_id for o in observations(home)}) == 16 and problems(home) == []


AT_ONCE = """
import os, signal, sys
from crawler import worker
install = worker._stop_on_signal
def at_once(*given):
    install(*given)
    os.kill(os.getpid(), signal.SIGINT)
worker._stop_on_signal = at_once
sys.exit(worker.main(sys.argv[1:]))
"""


def test_a_crawl_stopped_while_it_starts_ends(tmp_path: Path) -> None:
    """Before its engine runs Scrapy does not keep that it was asked to stop."""
    home = new_home(tmp_path)
    with serve() as web:
        board(web, 30, delay=0.03)
        add_site(home, "board", web.url + "/list")
        done = subprocess.run(
            [sys.executable, "-c", AT_ONCE, "--home", str(home), "--site", "board", "--now", NOW], capture_output=True, text=True, timeout=60
        )
        assert len(web.log) < 15
    told = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, told["outcome"]) == (0, "killed") and "SIGINT" in told["detail"]


def test_damaged_evidence_of_a_killed_run_is_named_and_stops_no_crawl(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        board(web, 3)
        add_site(home, "board", web.url + "/list")
        assert crawl(home, "board").outcome == "ok"
        with Store.open(home) as store:
            [run] = store.runs()
            store.db.write("UPDATE run SET outcome = 'killed'")
        path = home / "evidence" / f"{run['id']}.warc.gz"
        whole = path.read_bytes()
        path.write_bytes(whole[:600] + bytes(40) + whole[640:])
        with pytest.raises(EvidenceError, match="evidence verify"):
            reparse(run["id"], home, Config(home), "2026-11-02T09:00:00+00:00")
        # What a run before remembered of a page may be damaged too.
        (home / "state" / "validators").mkdir(exist_ok=True)
        (home / "state" / "validators" / "board.json").write_text(json.dumps({f"{web.url}/list": 5, f"{web.url}/list?page=2": {"etag": [1]}}), encoding="utf-8")
        assert crawl(home, "board", "2026-11-02T09:10:00+00:00").outcome == "ok"


def test_a_crawl_killed_long_ago_begins_anew(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        board(web, 12, delay=0.03)
        add_site(home, "board", web.url + "/list")
        worker = subprocess.Popen(
            [sys.executable, "-m", "crawler.worker", "--home", str(home), "--site", "board", "--now", NOW], stdout=subprocess.DEVNULL
        )
        while len(web.log) < 6:
            time.sleep(0.01)
        worker.kill()
        worker.wait()
        before = len(web.log)
        result = crawl(home, "board", "2026-11-02T20:30:00+00:00")
        assert len(web.log) - before == 13
    assert (result.outcome, result.listings) == ("ok", 60)


def test_no_crawl_outlives_whoever_started_it(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        board(web, 400, delay=0.05)
        add_site(home, "board", web.url + "/list")
        add_site(home, "second", web.url + "/list")
        process = subprocess.Popen([sys.executable, "-c", CHILD, str(home), NOW], stdout=subprocess.DEVNULL)
        while len(web.log) < 5:
            time.sleep(0.05)
        process.kill()
        process.wait()
        deadline = time.monotonic() + 20
        asked = -1
        while asked != len(web.log) and time.monotonic() < deadline:
            asked = len(web.log)
            time.sleep(1.0)
        assert asked < 300
    with Store.open(home) as store:
        store.recover_runs("2026-11-02T09:00:00Z")
        [run] = store.runs()
    assert run["outcome"] == "killed"


def test_a_crawl_whose_starter_died_holds_its_hosts_until_its_answer_is_there(tmp_path: Path) -> None:
    home = new_home(tmp_path, settings=QUICK.replace("timeout_s = 3.0", "timeout_s = 60.0"))
    with serve() as web:
        let_go = threading.Event()

        def slow(asked: Asked) -> Answer:
            let_go.wait(60)
            return Answer(page(card(1)))

        web.route("/list", slow)
        add_site(home, "board", web.url + "/list")
        add_site(home, "second", web.url + "/list")
        process = subprocess.Popen([sys.executable, "-c", CHILD, str(home), NOW], stdout=subprocess.DEVNULL)
        while "/list" not in web.paths():
            assert process.poll() is None
            time.sleep(0.05)
        process.kill()
        process.wait()
        second = crawl(home, "board", "2026-11-02T08:10:00+00:00")
        assert (second.outcome, second.detail) == ("skipped", "another crawl of this site is still running")
        let_go.set()
        for minute in range(11, 40):
            if crawl(home, "board", f"2026-11-02T08:{minute}:00+00:00").outcome == "ok":
                break
            time.sleep(0.2)
    assert web.most_in_flight() == 1


def test_a_batch_that_a_locked_database_refused_waits_for_the_next_page(tmp_path: Path) -> None:
    with Store.open(tmp_path, timeout=0.05) as store:
        run = store.begin_run("board", now=NOW)
        writer, facts = EvidenceWriter(tmp_path, run, NOW), Facts()
        recorder = Recorder(store, run, writer, facts, Validators.load(tmp_path, "board"))
        other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        first = [Listing("board", str(n), "H100", observed_at=NOW) for n in range(BATCH)]
        assert recorder.take(first, None) == BATCH
        other.rollback()
        other.close()
        recorder.take([Listing("board", "last", "H100", observed_at=NOW)], None)
        recorder.close()
        assert (facts.new, store.counts()["observation"]) == (BATCH + 1, BATCH + 1)


def test_unknown_sites_and_wrong_site_files_say_what_is_wrong(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with pytest.raises(KeyError):
        crawl(home, "nowhere")
    wrong = {
        'family = "cards"\nstart = "https://x.example/"\n[list]\ncard = "li["\n[list.fields]\ntitle = "h3"': "CSS",
        'family = "cards"\nstart = "https://x.example/"': "list.card",
        'family = "api"': "dialect",
        'family = "feed"\nstart = "file:///etc/passwd"': "http",
        'family = "feed"\nstart = "https://x.example/"\nid_pattern = "(a)(b)"': "one group",
        'family = "feed"\nstart = "https://x.example/"\nloopback = true': "demo",
        'family = "feed"\nstart = "https://x.example/"\nstrat = "x"': "did you mean 'start'",
    }
    for text, says in wrong.items():
        (home / "config" / "sites" / "wrong.toml").write_text(f'title = "W"\n{text}\n', encoding="utf-8")
        with pytest.raises(ConfigError, match=says):
            _ = Config(home).sites
    assert issubclass(Stopped, Exception) and crawl_sites([], home, Config()) == []
