"""Site files: proposed for a new address, checked against saved pages, robots.txt told, and the shipped ones."""

from __future__ import annotations

import json
import re
import threading
import time
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from chipwatch.demo.server import serve as serve_demo
from config.loader import Config
from config.schema.sites import Site
from config.tables import SHIPPED
from crawler import dom
from crawler.families import family_of
from crawler.page import Page
from crawler.politeness import rest
from crawler.sites import check, propose, robots_status
from crawler.sites.checking import check_sample, save_sample
from crawler.sites.guessing import guess_cards, price_signs
from crawler.sites.probe import look
from crawler.sites.proposing import Proposal, ProposeError
from crawler.terms import candidate_test, search_terms
from storage.store import Store
from tests.commands import chipwatch
from tests.crawling import NOW, QUICK, add_site, card, crawl, new_home, page
from tests.servers.web import Answer, serve
from tests.test_crawl import product

PAGES = Path(__file__).parent / "sites"


def enable(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("enabled = false", "enabled = true"), encoding="utf-8")


def test_a_board_of_cards_is_proposed_checked_and_crawled(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        cards = "".join(card(n) for n in range(6))
        side = "".join(f'<li class="menu"><a href="/m/{n}">Menu {n}</a></li>' for n in range(12))
        body = page(cards, '<a class=next href="/list?page=2">2</a>').replace("<html>", '<html lang="zh-CN">').replace("<ul>", f"<ul>{side}</ul><ul>", 1)
        web.route("/list", Answer(body))
        made = propose(web.url + "/list", home, Config(home), NOW, key="found")
        assert (made.listings, made.path) == (6, home / "config" / "sites" / "found.toml")
        table = tomllib.loads(made.text)
        assert (table["family"], table["list"]["card"], table["enabled"], table["language"]) == ("cards", "li.item", False, "zh-CN")
        assert table["list"]["fields"]["title"] == "h3" and table["list"]["fields"]["price"] == "span.price"
        assert any(note.startswith("no description is read") and "[detail.fields]" in note for note in made.notes) and "detail" not in table
        # The lines to fill in are right as they stand.
        filled = re.sub(r"^# (?=\[detail|follow|description|seller_name|location|condition)", "", made.text, flags=re.M)
        assert tomllib.loads(filled)["detail"]["follow"] == "all" and Site.model_validate(tomllib.loads(filled)).detail.fields.description == ("div.description",)
        checked = check(Config(home).sites["found"], home, Config(home))
        assert (checked.ok, checked.samples, checked.listings) == (True, 1, 6)
        assert crawl(home, "found").outcome == "skipped"
        enable(made.path)
        assert crawl(home, "found").listings == 6
        with pytest.raises(FileExistsError):
            propose(web.url + "/list", home, Config(home), NOW, key="found")
        made.path.write_text(made.text.replace("span.price", "span.cost"), encoding="utf-8")
        broken = check(Config(home).sites["found"], home, Config(home))
        assert not broken.ok and {d.field for d in broken.differences} == {"price_text"}


def crawled(home: Path, made: Proposal) -> tuple[str, int]:
    """Crawl a site as it was proposed."""
    made.path.write_text(made.text.replace("enabled = false", "enabled = true"), encoding="utf-8")
    result = crawl(home, made.key)
    return result.outcome, result.listings


def test_a_listing_page_proposes_its_folder_and_the_sitemap(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/robots.txt", Answer(f"User-agent: *\nDisallow: /admin\nSitemap: {web.url}/map.xml\n"))
        web.route("/products/*", Answer(product(7)))
        made = propose(web.url + "/products/h100-7", home, Config(home), NOW, key="dealer")
        table = tomllib.loads(made.text)
        assert (table["family"], table["detail"]["only"], table["sitemap"]) == ("jsonld", ["/products/"], [web.url + "/map.xml"])
        assert made.listings == 1
        # The page given is one of the five, whether a sitemap leads to them or nothing does.
        found = [f"{web.url}/products/h100-{n}" for n in range(5, 10)]
        web.route("/map.xml", Answer(f"<urlset>{''.join(f'<url><loc>{url}</loc></url>' for url in found)}</urlset>", headers={"Content-Type": "application/xml"}))
        web.route("/products/*", lambda asked: Answer(product(int(asked.path.rsplit("-", 1)[-1]))))
        assert "start" not in table and crawled(home, made) == ("ok", 5)
        web.route("/robots.txt", Answer("User-agent: *\nDisallow: /admin\n"))
        alone = propose(web.url + "/products/h100-7", home, Config(home), NOW, key="alone")
        assert crawled(home, alone) == ("ok", 1)
        with pytest.raises(ProposeError, match="404"):
            propose(web.url + "/nowhere", home, Config(home), NOW, key="x")
        web.route("/blank", Answer("<p>Turn on JavaScript</p>"))
        with pytest.raises(ProposeError, match="browser"):
            propose(web.url + "/blank", home, Config(home), NOW, key="x")


def test_the_demo_sites_are_proposed_each_by_its_family(tmp_path: Path) -> None:
    """A shop whose lists only link, a board of cards, and a forum that offers a feed; the saved pages give their listings."""
    home = new_home(tmp_path)
    with serve_demo(5, 1) as (_, urls), serve() as web:
        feed = "".join(f"<item><title>[FS] H100 {n}</title><link>{web.url}/t/{n}</link></item>" for n in range(5))
        web.route("/feed.xml", Answer(f"<rss version='2.0'><channel><title>Trade</title>{feed}</channel></rss>", headers={"Content-Type": "application/rss+xml"}))
        web.route("/forum", Answer("<title>Forum</title><link rel=alternate type='application/rss+xml' href='/feed.xml'><h1>For sale</h1>"))
        starts = {"shop": urls["demo-dealer"] + "/", "cards": urls["demo-board"] + "/list", "forum": web.url + "/forum"}
        made = {key: propose(url, home, Config(home), NOW, key=key) for key, url in starts.items()}
    tables = {key: tomllib.loads(proposal.text) for key, proposal in made.items()}
    assert {key: table["family"] for key, table in tables.items()} == {"shop": "jsonld", "cards": "cards", "forum": "feed"}
    assert tables["shop"]["list"] == {"links": 'a[href*="/product/"]::attr(href)', "next": "a[rel=next]::attr(href)"}
    assert tables["cards"]["list"]["fields"]["id"] == "::attr(data-id)" and tables["cards"]["expect"]["listings"] == 12
    assert tables["forum"]["start"].endswith("/feed.xml")
    checked = {key: check(Config(home).sites[key], home, Config(home)) for key in made}
    assert all(found.ok for found in checked.values())
    assert {key: (found.samples, found.listings) for key, found in checked.items()} == {"shop": (2, 1), "cards": (1, 25), "forum": (1, 5)}


def test_saved_pages_that_give_no_listing_check_nothing(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/list", Answer(page("".join(card(n) for n in range(6)))))
        made = propose(web.url + "/list", home, Config(home), NOW, key="board")
    (made.samples[0] / "expected.jsonl").write_text("", encoding="utf-8")
    made.path.write_text(made.text.replace("li.item", "li.other"), encoding="utf-8")
    found = check(Config(home).sites["board"], home, Config(home))
    assert not found.ok and found.problem == "no saved page gives a listing"


@pytest.mark.parametrize("broken", ["page.json", "page.body", "expected.jsonl", "{}"])
def test_a_half_written_saved_page_costs_itself_alone(tmp_path: Path, broken: str) -> None:
    home = new_home(tmp_path)
    add_site(home, "board", "http://127.0.0.1/list")
    site = Config(home).sites["board"]
    whole = save_sample(home, site, Page("http://127.0.0.1/list", page(card(1)).encode(), NOW, role="list"), NOW)
    torn = save_sample(home, site, Page("http://127.0.0.1/list?page=2", page(card(2)).encode(), NOW, role="list"), "2026-11-03T08:00:00+00:00")
    if broken == "{}":
        (torn.folder / "page.json").write_text("{}", encoding="utf-8")
    else:
        (torn.folder / broken).write_bytes(b"{" if broken != "page.body" else b"")
    checked = check(site, home, Config(home))
    assert (checked.samples, checked.listings, checked.ok) == (2, 1, False)
    assert str(torn.folder) in str(checked.problem or checked.differences) or broken == "page.body"
    assert str(whole.folder) not in str(checked.problem)


@pytest.mark.parametrize(
    ("url", "key"),
    [("http://127.0.0.1/", "../evil"), ("http://127.0.0.1/", "a/b"), ("http://127.0.0.1/", ".hidden"), ("http://127.0.0.1/", "ключ"), ("http://[bad/", None), ("http://127.0.0.1:99999/", None)],
)  # fmt: skip
def test_what_names_no_site_is_refused_before_it_is_asked(tmp_path: Path, url: str, key: str | None) -> None:
    home = new_home(tmp_path)
    with pytest.raises(ProposeError, match="is no "):
        propose(url, home, Config(home), NOW, key=key)


def test_a_changed_site_file_is_accepted_once_a_person_looked(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/list", Answer(page("".join(card(n) for n in range(6)))))
        made = propose(web.url + "/list", home, Config(home), NOW, key="board")
        assert "there is no robots.txt (status 404), so nothing is forbidden" in made.text and "half of the 6" in made.text
        made.path.write_text(made.text.replace('# country = "US"', 'country = "AE"'), encoding="utf-8")
        told = chipwatch(home, "sites", "check", "board", "--live", expect=1)
        found = " ".join(told.stdout.split())
        assert "country: 'AE', expected None" in found and "and 1 more" in found and "now: 6 listings" in found
        assert "sites check board --accept" in told.stderr and len(list((home / "samples" / "board").iterdir())) == 1
        assert "--accept" in chipwatch(home, "sites", "check", "--accept", expect=2).stderr
        assert "6 listings are expected" in chipwatch(home, "sites", "check", "board", "--accept").stderr
        assert check(Config(home).sites["board"], home, Config(home)).ok


def test_robots_are_told_for_the_doctor(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/robots.txt", Answer("User-agent: *\nDisallow: /closed\nCrawl-delay: 0.1\n"))
        add_site(home, "open", web.url + "/list")
        add_site(home, "closed", web.url + "/closed")
        sites = Config(home).sites
        (said,) = robots_status(sites["open"], home, Config(home))
        assert said.allowed and "allows" in said.words and "0.1 s" in said.words
        (said,) = robots_status(sites["closed"], home, Config(home))
        assert not said.allowed and "forbids" in said.words
        web.route("/robots.txt", Answer("", 503))
        (said,) = robots_status(sites["open"], home, Config(home))
        assert not said.allowed and "nothing may be fetched" in said.words
        assert set(web.paths()) <= {"/robots.txt"}


def test_a_look_at_a_site_waits_for_no_crawl_and_disturbs_none(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/list", Answer(page(card(1), "<a class=next href=/two>2</a>"), delay=1.0))
        web.route("/two", Answer(page(card(2)), delay=1.0))
        add_site(home, "board", web.url + "/list", delay=0.3)
        crawling = threading.Thread(target=lambda: crawl(home, "board"))
        crawling.start()
        while len(web.log) < 2:
            time.sleep(0.02)
        config = Config(home)
        assert "a crawl of" in (check(config.sites["board"], home, config, live=True).live or "")
        (said,) = robots_status(config.sites["board"], home, config)
        assert said.allowed and "not asked: a crawl of" in said.words
        with pytest.raises(ProposeError, match="a crawl of"):
            propose(web.url + "/list", home, config, NOW, key="found")
        crawling.join()
        asked = len(web.log)
        assert "1 listing, " in (check(config.sites["board"], home, config, live=True).live or "")
    assert (asked, web.most_in_flight()) == (3, 1) and min(web.pauses()) >= 0.29


def test_a_host_that_is_left_alone_is_not_looked_at(tmp_path: Path) -> None:
    home = new_home(tmp_path, settings='[identity]\ncontact = "desk@example.org"\n')
    rest.remember(home, [("shop.example", "challenge", "a challenge page")], datetime(2026, 11, 2, tzinfo=UTC))
    config, access = Config(home), {"basis": "robots_and_terms", "reviewed_by": "A", "reviewed_on": date(2026, 11, 1)}
    site = Site(key="s", title="S", family="feed", start=("https://shop.example/f",), access=access)
    found = look(site, ["https://shop.example/f"], home, config)
    assert found.refused and "left alone" in found.failures["https://shop.example/f"]
    (said,) = robots_status(site, home, config)
    assert not said.allowed and "left alone" in said.words
    with pytest.raises(ProposeError, match="left alone"):
        propose("https://shop.example/f", home, config, NOW)


    # There is no site file yet: the host itself is named, and the command knows it.
    with pytest.raises(ProposeError, match=r"chipwatch sites resume shop\.example`"):
        propose("https://shop.example/f", home, config, NOW)
    with Store.open(home):
        pass
    assert "no longer at rest: shop.example" in chipwatch(home, "sites", "resume", "shop.example").stderr


def grid(price: str, count: int = 9) -> str:
    cards = "".join(f'<div class="col"><a href="/products/h100-{n}"><h4>NVIDIA H100 {n}</h4></a><span class="price">{price.format(9000 + n)}</span></div>' for n in range(count))
    return f'<html><body><div class="grid">{cards}</div></body></html>'


@pytest.mark.parametrize("price", ["{} zł", "{},00 Kč", "{} kr", "{} TL", "₺{}", "{}.000 ₫", "฿{}", "Rp {}.000", "AED {}", "R$ {}", "{} Ft", "{} lei", "₴{}", "${}"])
def test_cards_are_seen_in_any_currency(price: str) -> None:
    found = guess_cards(dom.parse(grid(price)), price_signs(Config(None).money))
    assert found is not None and (found.card, found.title, found.price, found.cards) == ("div.col", "h4", "span.price", 9)


def test_a_menu_with_prices_is_no_row_of_goods() -> None:
    for menu in ('<ul class="menu">{}</ul>', "<nav>{}</nav>", "<ul>{}</ul>"):
        entries = "".join(f'<li class="m"><a href="/c{n}">Category {n} from $9</a></li>' for n in range(14))
        text = grid("${}").replace("<body>", f"<body>{menu.format(entries)}")
        found = guess_cards(dom.parse(text), price_signs(Config(None).money))
        assert found is not None and found.card == "div.col", menu


def test_a_shop_without_folders_is_proposed_by_its_links_and_one_that_shows_none_by_its_sitemap(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        links = "".join(f'<div class="p"><a href="/gpu-h100-{n}.html">NVIDIA H100 80GB number {n}</a></div>' for n in range(5, 10))
        menu = "".join(f'<li><a href="/page-of-our-shop-{n}.html">Something about our shop {n}</a></li>' for n in range(20))
        web.route("/list", Answer(f'<html><body><ul id="nav">{menu}</ul>{links}</body></html>'))
        web.route("/gpu-*", lambda asked: Answer(product(int(asked.path.rsplit("-", 1)[-1].split(".")[0]))))
        flat = propose(web.url + "/list", home, Config(home), NOW, key="flat")
        assert tomllib.loads(flat.text)["list"]["links"] == "div.p a[href]::attr(href)"
        assert crawled(home, flat) == ("ok", 5)
        web.route("/blank", Answer("<html><body><div id=root></div></body></html>"))
        web.route("/robots.txt", Answer(f"User-agent: *\nDisallow:\nSitemap: {web.url}/map.xml\n"))
        urls = [f"{web.url}/gpu-h100-{n}.html" for n in range(5, 10)]
        web.route("/map.xml", Answer(f"<urlset>{''.join(f'<url><loc>{url}</loc></url>' for url in urls)}</urlset>", headers={"Content-Type": "application/xml"}))
        mapped = propose(web.url + "/blank", home, Config(home), NOW, key="mapped")
        assert crawled(home, mapped) == ("ok", 5)


FEEDS = {
    "begins late": '<?xml version="1.0"?><!-- c --><?xml-stylesheet href="x"?>' + " " * 600
    + "<rss version='2.0'><channel><title>f</title><item><title>H100</title><link>http://x.example/1</link></item></channel></rss>",
    "RSS 1.0": '<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
    "<channel><title>f</title></channel><item rdf:about='x'><title>H100</title><link>http://x.example/1</link></item></rdf:RDF>",
    "JSON Feed": json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "url": "/p/1", "title": "H100", "content_text": "x"}]}),
}  # fmt: skip


@pytest.mark.parametrize("kind", FEEDS)
def test_a_feed_is_known_by_its_root(tmp_path: Path, kind: str) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/feed", Answer(FEEDS[kind], headers={"Content-Type": "application/xml"}))
        made = propose(web.url + "/feed", home, Config(home), NOW, key="feed")
        assert (tomllib.loads(made.text)["family"], made.listings) == ("feed", 1)
        web.route("/answer", Answer('{"version": 3, "rows": []}', headers={"Content-Type": "application/json"}))
        with pytest.raises(ProposeError, match="no forum listing"):
            propose(web.url + "/answer", home, Config(home), NOW, key="answer")


def test_a_page_that_asks_not_to_be_kept_is_no_saved_page(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/products/*", Answer(product(7), headers={"X-Robots-Tag": "noarchive"}))
        made = propose(web.url + "/products/h100-7", home, Config(home), NOW, key="dealer")
        assert made.samples == () and any("noarchive" in note for note in made.notes)
        said = check(Config(home).sites["dealer"], home, Config(home), live=True).live
        assert "noarchive" in str(said)
    assert not list((home / "samples").rglob("page.body"))


SHIPPED_SITES = sorted(path.stem for path in (SHIPPED / "sites").glob("*.toml"))


@pytest.mark.parametrize("key", SHIPPED_SITES)
def test_a_shipped_site_is_disabled_reviewed_by_nobody_and_has_a_page_with_its_listings(key: str) -> None:
    site = Config().sites[key]
    assert not site.enabled
    assert site.access is not None and site.access.reviewed_by is None and site.access.reviewed_on is None and site.access.notes
    assert not site.loopback
    samples = sorted((PAGES / key).iterdir())
    assert samples, f"tests/sites/{key} has no page"
    for sample in samples:
        found, differences = check_sample(site, sample)
        assert differences == [] and found >= 2 - (site.family == "jsonld")


@pytest.mark.parametrize("key", SHIPPED_SITES)
def test_a_page_without_its_mandatory_part_is_not_recognised(key: str) -> None:
    """A challenge, an error page or another layout is never a list."""
    site = Config().sites[key]
    for body in (b"<html><title>x</title><p>hello</p></html>", b"{}", b"[]", b"null", b"", b"\xff\xfe\x00", b'{"hits": 3, "Items": 3, "itemSummaries": 3}'):
        for role in ("list", "detail"):
            reading = family_of(site).read(Page("https://x.example/y", body, "2026-11-02T08:00:00Z", role=role), site)
            assert not reading.recognised and not reading.listings, (body, role)


def test_search_terms_and_candidates_come_from_the_catalogue() -> None:
    config = Config()
    site = Site(key="s", title="S", family="feed", start=("https://s.example/?q={term}",), search={"terms": ["own term"], "catalogue": "datacentre"})
    terms = search_terms(site, config)
    assert terms[0] == "own term" and len(terms) > 20 and len(set(terms)) == len(terms)
    addresses = [follow.url for follow in family_of(site).start(site, terms)]
    assert addresses[0] == "https://s.example/?q=own+term"
    names = candidate_test(site, config)
    for title in ("NVIDIA Tesla A100 80GB", "nvidia h100 pcie", "ＮＶＩＤＩＡ Ａ１００", "全新 A100 显卡", "RTX 4090 24G"):
        assert names(title), title
    for title in ("Desk lamp", "Samsung A1000 phone", "Sofa H1000"):
        assert not names(title), title


def test_quick_settings_are_what_the_tests_think(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    assert Config(home).settings.politeness.timeout_s == 3.0 and "timeout_s = 3.0" in QUICK
    assert json.loads("1") == 1
