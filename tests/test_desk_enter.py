"""Enter in a field of a form that decides: it decides nothing, with and without script, and what was typed is kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.loader import Config
from detector import apply
from review.desk.people import People
from storage.store import Store
from tests import handover
from tests.desking import serving
from tests.test_desk_pages import NOW, home

__all__ = ["home"]

pytestmark = pytest.mark.browser

FIELDS = {
    "/alert/{alert}": ["until", "note", "mute-until", "mute-reason"],
    "/": ["alert", "until", "note"],
    "/sites": ["why-{run}"],
    "/sites/board": ["why-{run}"],
    "/tuning?medium=0.5&high=0.95": ["why", "undo-why"],
    "/sellers/{seller}": ["why-1"],
}
"""Every field that Enter can send a deciding form from, by page; each is found there, and no other."""

TABLES = ("decision", "mute", "run_decision", "link_decision", "version", "alert_event")


@pytest.fixture(scope="module")
def served(home: Path, chromium: Any) -> Iterator[tuple[Path, str, dict[str, str]]]:
    """A home whose thresholds were set, a desk on it, and what its pages are about."""
    with Store.open(home) as store:
        apply.apply(store, Config(home), {"severity.medium": 0.3}, why="fewer", who="ben", now=NOW)
        key = handover.key(store, "1")
        seller = store.listing(store.find_listing("board/7"))["seller"]
        names = {"alert": key, "run": str(store.held_runs()[0]["id"]), "seller": str(seller)}
    with serving(home, "Ana") as (address, _):
        yield home, address, names


def state(home: Path) -> list[Any]:
    """All that a decision could change."""
    with sqlite3.connect(f"file:{home / 'chipwatch.db'}?mode=ro", uri=True) as db:
        known = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
        rows = [db.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES if table in known]
    return [*rows, (home / "config" / "thresholds.toml").read_text(), sorted((home / "packs").glob("*"))]


def fields(page: Any) -> list[Any]:
    return page.locator("main form[method=post] input:not([type=hidden]), main form[method=post] select").all()


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("path", FIELDS)
def test_enter_in_a_field_decides_nothing(
    chromium: Any, served: tuple[Path, str, dict[str, str]], path: str, script: bool
) -> None:
    home, address, names = served
    context = chromium.new_context(java_script_enabled=script)
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto(f"{address}/sign-in?token={People(home).invite('Eva', NOW)}")
    where = address + path.format(**names)
    page.goto(where)
    found = {field.get_attribute("id") or field.get_attribute("name") for field in fields(page)}
    ours = [name.format(**names) for name in FIELDS[path]]
    assert found - {"reason_dismiss", "scope", "seen"} == set(ours)
    before = state(home)
    for name in ours:
        page.goto(where)
        for part in page.locator("main details").all():
            # Without script nothing but a click opens one.
            if part.get_attribute("open") is None and part.locator("form").count():
                part.locator("summary").first.click()
        field = page.locator(f"main [id='{name}'], main [name='{name}']").first
        form = field.locator("xpath=ancestor::form")
        if form.locator("#reason_dismiss").count():
            form.locator("#reason_dismiss").select_option("scam")
        for box in form.locator("[name=alert][type=checkbox]").all()[:2]:
            box.check()
        for words in form.locator("input[name=note], input[name=why], input[name=reason]").all():
            words.fill("what Eva typed")
        for day in form.locator("input[type=date]").all():
            day.fill("2031-05-06")
        field.focus()
        if script:
            page.evaluate("window.stayed = true")
            page.keyboard.press("Enter")
            page.wait_for_timeout(60)
            assert page.evaluate("window.stayed"), name
        else:
            with page.expect_navigation():
                page.keyboard.press("Enter")
            told = page.locator(".notice.problem", has_text="Nothing was")
            assert page.url == where and told.count() == 1 and "ress " in told.inner_text(), name
        shown = page.locator(f"main [id='{name}'], main [name='{name}']").first.locator("xpath=ancestor::form")
        for words in shown.locator("input[name=note], input[name=why], input[name=reason]").all():
            assert words.input_value() == "what Eva typed" and words.is_visible()
        for day in shown.locator("input[type=date]").all():
            assert day.input_value() == "2031-05-06"
        if shown.locator("#reason_dismiss").count():
            assert shown.locator("#reason_dismiss").input_value() == "scam"
        assert shown.locator("[name=alert]:checked").count() == (2 if path == "/" else 0)
        assert state(home) == before, name
    page.goto(where)
    assert page.locator("input[value='what Eva typed']").count() == 0, "shown again once"
    context.close()
