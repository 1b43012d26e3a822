"""Some thousands of hostile words the whole way: marketplace, crawl, database, judging, and then everything that a person opens.

In every run each word goes the way once and a browser opens a spread sample; the soak deals each to every field and opens every alert.
The content policies are taken out for one of two looks, so that escaping alone has to hold.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from lxml import etree

import review.desk
from review.feed import ATOM
from storage.store import Store
from tests import hostile
from tests.commands import chipwatch
from tests.conftest import started_chromium
from tests.desking import serving
from tests.hostile_market import BOARD_FIELDS, FIELDS, Market
from tests.servers.smtp import smtp
from tests.servers.web import Answer, serve
from tests.test_desk_injection import ATTRIBUTES, ELEMENTS
from tests.test_mail import digest_of, mailed
from tests.test_outputs_browser import SCRIPT
from tests.test_spreadsheet import FORMULA, NUMBER, cells, sheets
from tests.test_stix import check as check_stix

CONTROL = "control.example"
"""What a page without any escaping asks for: it must be in the network log, or the log proves nothing."""

OWN = re.compile(r"(?:^|\.)(?:google|googleapis|gstatic)\.com$|^~notfound$")
"""What Chromium itself would ask for (its updates, accounts, autofill), whatever the page; and where the names of these tests lead."""


@dataclass
class Carried:
    """A home that was crawled and judged, and what left it."""

    home: Path
    whole: bool
    alerts: list[str]
    mail: EmailMessage
    pages: dict[str, str] = field(default_factory=dict)
    """HTML that left the house, by what it is."""


def bare(words: str) -> str:
    """Words without blanks and control characters, which pages and parsers may change."""
    return "".join(
        sign for sign in words if not sign.isspace() and sign > " " and sign not in "\ufffd\x7f\x85"
    )


@pytest.fixture(
    scope="module",
    params=[pytest.param(False, id="cut"), pytest.param(True, id="whole", marks=pytest.mark.soak)],
)
def carried(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Carried]:
    home = tmp_path_factory.mktemp("hostile") / "home"
    with Store.open(home):
        (home / "config" / "sites").mkdir(parents=True, exist_ok=True)
    items, cards = hostile.cards(hostile.ALL, FIELDS, 12), hostile.cards(hostile.SOME, BOARD_FIELDS, 6)
    if request.param:
        items = [one for turn in range(len(FIELDS)) for one in hostile.cards(hostile.ALL, FIELDS, 12, turn)]
        cards = [
            one
            for turn in range(len(BOARD_FIELDS))
            for one in hostile.cards(hostile.ALL, BOARD_FIELDS, 16, turn)
        ]
    with pytest.MonkeyPatch.context() as env, serve() as web, smtp() as inbox:
        env.setenv("EBAY_CLIENT_ID", "demo")
        env.setenv("EBAY_CLIENT_SECRET", "demo")
        Market(web, items, cards).describe(home)
        (home / "config" / "settings.toml").write_text(
            f'[privacy]\nhash_sellers = false\n[mail]\nhost = "127.0.0.1"\nport = {inbox.port}\nsecurity = "none"\nsender = "Desk <desk@desk.example>"\nto = ["desk@example.org"]\n',
            encoding="utf-8",
        )
        told = chipwatch(home, "crawl", "api", "board").stderr
        assert f"api: ok, {len(items)} listings" in told and f"board: ok, {len(cards)} listings" in told
        chipwatch(home, "detect")
        chipwatch(home, "digest", "--cap", "1000")
        (mail,) = inbox.messages()
    with Store.open(home, readonly=True) as store:
        alerts = [row["listing"] for row in store.alerts(limit=5000)]
    assert len(alerts) > (len(items) + len(cards)) * 0.7
    with Store.open(home) as store:
        store.decide(alerts[0], "confirm", who=SCRIPT, now="2026-03-04T10:00:00Z", reason=SCRIPT, note=SCRIPT)
    made = Carried(home, request.param, alerts, mail)
    made.pages["digest"] = (home / "digests" / "latest.html").read_text(encoding="utf-8")
    made.pages["mail"] = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    (content,) = etree.parse(home / "digests" / "feed.xml").iterfind(f".//{{{ATOM}}}content")
    made.pages["feed"] = f"<!doctype html><meta charset=utf-8><body>{content.text}</body>"
    chipwatch(
        home,
        "alerts",
        "pack",
        *(alerts if request.param else alerts[::8]),
        "--out",
        str(home / "pack"),
        "--who",
        SCRIPT,
    )
    made.pages["pack"] = (home / "pack" / "report.html").read_text(encoding="utf-8")
    yield made


def test_the_words_are_thousands_and_the_cut_has_every_row() -> None:
    assert len(set(hostile.ALL)) == len(hostile.ALL) > 4000 and set(hostile.SOME) <= set(hostile.ALL)
    bare_elements = [hostile._filled(e, a) for e, a in product(hostile.ELEMENTS, hostile.ACTIONS)]
    some = set(hostile.SOME)
    for leave in hostile.BREAKS:
        assert some & {leave + element for element in bare_elements}, leave
    for shape in hostile.ELEMENTS:
        assert some & {
            leave + hostile._filled(shape, action)
            for leave, action in product(hostile.BREAKS, hostile.ACTIONS)
        }, shape
    for name, trick in hostile.TRICKS.items():
        assert some & set(map(trick, bare_elements)), name
    for name, table in hostile.TABLES.items():
        assert len(some & set(table)) >= len(table) // 12, name


def test_every_word_came_by_crawl_and_most_stand_on_alerts(carried: Carried) -> None:
    everywhere: dict[str, list[str]] = {
        name: []
        for name in ("all", "alerts", "title", "description", "seller_name", "location", "attributes")
    }
    alerts = set(carried.alerts)
    with Store.open(carried.home, readonly=True) as store:
        for observation in store.iter_observations():
            said = observation.listing.to_dict()
            flat = {
                name: bare(json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value))
                for name, value in said.items()
            }
            flat["attributes"] = bare(
                "\x1f".join(f"{name} {value}" for name, value in said.get("attributes", {}).items())
            )
            everywhere["all"] += flat.values()
            if observation.listing_key in alerts:
                everywhere["alerts"] += flat.values()
            for name in everywhere.keys() & flat.keys():
                everywhere[name].append(flat[name])
    joined = {name: "\n".join(texts) for name, texts in everywhere.items()}
    words = [bare(word) for word in hostile.ALL]
    assert [word for word in words if word not in joined["all"]] == []
    found = {name: sum(word in text for word in words) for name, text in joined.items()}
    assert found["alerts"] > (4000 if carried.whole else 3400), found
    # Every field has its share; in the soak every field has all.
    fields = ("title", "description", "seller_name", "location", "attributes")
    assert all(found[name] > (4000 if carried.whole else 400) for name in fields), found


def test_no_header_of_the_digests_mail_came_from_a_seller(carried: Carried) -> None:
    plain = message_from_bytes(mailed(digest_of("H100")))
    assert [name for name, _ in carried.mail.items()] == [name for name, _ in plain.items()]
    assert carried.mail["To"] == "desk@example.org" and hostile.HOST not in str(carried.mail["From"])
    assert [part.get_content_type() for part in carried.mail.iter_parts()] == ["text/plain", "text/html"]


def test_no_formula_lives_in_the_spreadsheets(carried: Carried, tmp_path: Path) -> None:
    chipwatch(carried.home, "export", "alerts", "--out", str(tmp_path / "a.csv"))
    chipwatch(carried.home, "export", "alerts", "--out", str(tmp_path / "a.xlsx"))
    text = (tmp_path / "a.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert len(rows) == len(carried.alerts) + 1 and hostile.MARK in text
    assert not [
        cell for line in sheets(text) for cell in line if FORMULA.match(cell) and not NUMBER.match(cell)
    ]
    kinds = {kind for number in (1, 2, 3) for line in cells(tmp_path / "a.xlsx", number) for kind, _ in line}
    assert kinds <= {"n", "s", "inlineStr"}
    with zipfile.ZipFile(tmp_path / "a.xlsx") as book:
        parts = b"".join(book.read(name) for name in book.namelist() if name.endswith((".xml", ".rels")))
    assert hostile.MARK.encode() in parts
    assert not [
        element
        for element in (b"<f>", b"<f ", b"<hyperlink", b"ddeLink", b"oleLink", b'TargetMode="External"')
        if element in parts
    ]


def test_the_bundle_for_case_tools_is_sound(carried: Carried, tmp_path: Path) -> None:
    chosen = () if carried.whole else ("--site", "board")
    chipwatch(carried.home, "export", "stix", *chosen, "--out", str(tmp_path / "s.json"))
    bundle = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    check_stix(bundle)
    notes = [thing.get("content", "") for thing in bundle["objects"]]
    assert any(hostile.MARK in note for note in notes)
    assert not [note for note in notes if set(note) & set("<>[]`*|\\")]


LOOK = """() => {
  const odd = [], elements = new Set(), attributes = new Set(), hostile = /PWN7|evil\\.example/;
  for (const node of document.querySelectorAll('*')) {
    elements.add(node.localName);
    let bad = ['img', 'iframe', 'object', 'embed', 'base', 'video', 'audio', 'source', 'math', 'animate', 'use', 'template', 'noscript', 'xss'].includes(node.localName)
      || (['script', 'style', 'link', 'meta'].includes(node.localName) && !node.matches('link[rel=alternate]') && hostile.test(node.outerHTML));
    for (const { name, value } of node.attributes) {
      attributes.add(name);
      const address = ['href', 'src', 'action', 'formaction', 'xlink:href', 'data', 'poster', 'srcdoc', 'background'].includes(name);
      bad ||= /^on/i.test(name) || name === 'srcdoc' || (name === 'style' && hostile.test(value)) || /pwn|evil/i.test(name)
        || (address && /^[\\s\\u0000-\\u0020]*(?!https?:|file:)[a-z-]+\\s*:/i.test(value)) || (address && !['href', 'action'].includes(name) && hostile.test(value));
    }
    if (bad) odd.push(node.outerHTML.slice(0, 200));
  }
  return { ran: window.PWN7 ?? null, odd, elements: [...elements], attributes: [...attributes], words: document.body.innerText.includes('PWN7') };
}"""
"""What a page is made of, and what no page of ours is made of."""
DESK = Path(review.desk.__file__).parent


def made_of() -> tuple[set[str], set[str]]:
    """Elements and attributes that the desk's templates, drawings and script write, by their source."""
    files = [
        *DESK.glob("templates/**/*.html"),
        *DESK.glob("static/*.js"),
        *DESK.glob("pages/*.py"),
        *DESK.glob("*.py"),
        DESK.parent / "charts.py",
    ]
    source = "\n".join(path.read_text(encoding="utf-8") for path in files)
    elements = set(re.findall(r"<([a-z][a-z0-9]*)\b", source)) | set(
        re.findall(r"createElement\(['\"](\w+)", source)
    )
    attributes = set(re.findall(r"(?<=[\s\"'}])([a-z][\w-]*)=[\"'{]", source)) | set(
        re.findall(r"setAttribute\(['\"]([\w-]+)", source)
    )
    attributes |= {name.replace("_", "-") for name in re.findall(r"\bdata[_-][a-z_-]+", source)} | {
        f"data-{name.lower()}" for name in re.findall(r"\bdataset\.(\w+)", source)
    }
    return elements | ELEMENTS, attributes | ATTRIBUTES | {"style"}


@dataclass
class Eye:
    """A browser's page, and whatever it did that a page of ours does not do."""

    page: Any
    ours: tuple[str, ...]
    seen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(60_000)
        self.page.context.on(
            "request",
            lambda asked: (
                asked.url.startswith((*self.ours, "data:")) or self.seen.append(f"asked {asked.url}")
            ),
        )
        self.page.on(
            "dialog", lambda dialog: (self.seen.append(f"dialog {dialog.message}"), dialog.dismiss())
        )
        self.page.on("pageerror", lambda error: self.seen.append(f"error {error}"))
        self.page.on("popup", lambda opened: self.seen.append(f"opened {opened.url}"))

    def look(self, address: str) -> dict[str, Any]:
        self.page.goto(address)
        found: dict[str, Any] = self.page.evaluate(LOOK)
        if found["ran"] or found["odd"]:
            self.seen.append(f"{address}: ran {found['ran']}, odd {found['odd'][:3]}")
        return found


def desk_paths(carried: Carried) -> tuple[list[str], list[str]]:
    """Pages of the desk, and those that are Datasette's."""
    keys = carried.alerts if carried.whole else carried.alerts[::12]
    with Store.open(carried.home, readonly=True) as store:
        shown = [store.history(key)[0] for key in keys[:2]]
        sellers = [row["seller"] for row in store.alerts(limit=5000) if row["seller"]]
        evidence = sorted({store.history(key)[0].evidence.id for key in carried.alerts})  # type: ignore[union-attr]
    queue = [f"/?page={page}" for page in range(1, len(carried.alerts) // 50 + 2)]
    own = [*queue, "/?state=any&muted=1", *(f"/alert/{key}" for key in keys), *(f"/evidence/{name}" for name in evidence[: 20 if carried.whole else 1]), f"/search?q={hostile.MARK}",
           f"/search?q={quote(SCRIPT)}", f"/?chip={quote(SCRIPT)}&seller={quote(SCRIPT)}", "/record", "/mutes", "/market", "/market/sale/nvidia-h100-pcie-80gb", "/sellers",
           *(f"/sellers/{name}" for name in sellers[:: 10 if carried.whole else 40]), "/sites", "/sites/board", "/sites/api", "/tuning?medium=0.3&high=1"]  # fmt: skip
    theirs = ["/chipwatch/alert?_size=50", "/chipwatch/alert?_facet=title&_facet=seller&_size=20", "/chipwatch/observation?_size=50", "/chipwatch/listing?_size=50", "/chipwatch/reading?_size=20",
              *(f"/chipwatch/alert/{key}" for key in keys[:: 5 if carried.whole else 4]), *(f"/chipwatch/observation/{one.id}" for one in shown), f"/chipwatch/listing/{keys[0]}",
              f"/chipwatch?sql={quote('select title, location from listing limit 50')}", f"/chipwatch/alert?title__contains={quote(SCRIPT)}"]  # fmt: skip
    return own, theirs


def reached(log: Path) -> set[str]:
    """Hosts of every address and every name in Chromium's own network log."""
    hosts = set()
    with log.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            for name in re.findall(
                r'"(?:url|host|origin|original_url|location|destination)":"([^"]*)"', line
            ):
                parts = urlsplit(name if "//" in name else f"//{name}")
                if parts.scheme in ("", "http", "https", "ws", "wss", "ftp") and parts.hostname:
                    hosts.add(parts.hostname)
    return hosts


@pytest.mark.browser
def test_nothing_runs_escapes_or_leaves_in_a_browser(carried: Carried, tmp_path: Path) -> None:
    log = tmp_path / "net.json"
    names: dict[str, set[str]] = {"elements": set(), "attributes": set()}
    with serve() as web, serving(carried.home, "Eve") as (desk, link):
        web.route(
            "/control",
            Answer(
                f"<!doctype html><p>{SCRIPT.replace(hostile.HOST, CONTROL)}",
                headers={"Content-Type": "text/html"},
            ),
        )
        for name, text in carried.pages.items():
            web.route(f"/{name}", Answer(text.encode(), headers={"Content-Type": "text/html; charset=utf-8"}))
        # No name is looked up outside: what is asked for stands in the log all the same.
        with started_chromium(
            f"--log-net-log={log}", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        ) as chromium:
            control = Eye(chromium.new_page(), (web.url,))
            assert control.look(f"{web.url}/control")["ran"] == 1 and any(
                CONTROL in asked for asked in control.seen
            )
            for bypassed in (True, False):
                context = chromium.new_context(bypass_csp=bypassed)
                eye = Eye(context.new_page(), (desk, web.url))
                eye.look(link)
                own, theirs = desk_paths(carried)
                # With the policy in force less can happen: fewer pages are enough. The soak opens every page.
                step = (1 if carried.whole else 8) if bypassed else 12 if carried.whole else 40
                for path in own[::step]:
                    found = eye.look(desk + path)
                    for kind, into in names.items():
                        into.update(found[kind])
                    assert found["words"] or not path.startswith("/alert/"), path
                for path in theirs[:: 1 if carried.whole else 3] if bypassed else theirs[:1]:
                    eye.look(desk + path)
                for name in carried.pages:
                    assert eye.look(f"{web.url}/{name}")["words"]
                assert eye.seen == []
                context.close()
    for kind, ours in zip(("elements", "attributes"), made_of(), strict=True):
        assert names[kind] <= ours, names[kind] - ours
    hosts = reached(log)
    assert CONTROL in hosts and "127.0.0.1" in hosts
    assert not {name for name in hosts if not OWN.search(name)} - {CONTROL, "127.0.0.1"}, hosts
