"""What leaves the house as HTML (digest, mail, week, feed) with hostile words in every field, in a real browser: nothing runs,
nothing is asked for, no element is added. The pages' own content policy is taken out first, so that escaping alone has to hold."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from review import mail_page, render, weekly_forms
from review.digest import Digest
from review.feed import ATOM, feed
from tests import hostile
from tests.test_mail import digest_of
from tests.test_weekly import week_of

pytestmark = pytest.mark.browser

SCRIPT = "</title></style>'\"><script>window.PWN7=1;fetch('//evil.example/PWN7')</script><img src=//evil.example/PWN7 onerror=window.PWN7=1><svg onload=window.PWN7=1>"
WORDS = (SCRIPT, *hostile.SOME)
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')


def everything(words: tuple[str, ...]) -> Digest:
    """One digest with an alert, a site and a note for each of the words."""
    parts = [digest_of(word) for word in words]
    return dataclasses.replace(
        parts[0], alerts=tuple(part.alerts[0] for part in parts), coverage=tuple(part.coverage[0] for part in parts), notes=words,
        unknown_accelerators=dict.fromkeys(words, 1), samples=tuple({"title": w, "site": w, "listing_id": w, "listing": w} for w in words),
    )  # fmt: skip


def in_feed(digest: Digest) -> str:
    row = {"id": "d" * 20, "kind": "daily", "created_at": digest.made, "document": digest.to_dict()}
    root = etree.fromstring(feed([row], "h", updated=digest.made))
    return f"<!doctype html><body>{root.findtext(f'{{{ATOM}}}entry/{{{ATOM}}}content')}</body>"


def look(chromium: Any, path: Path, html: str) -> tuple[list[str], list[str], set[str], set[str]]:
    """Open a page without its content policy: what it asked for, what ran, which elements and attributes it is made of."""
    path.write_text(POLICY.sub("", html), encoding="utf-8")
    context = chromium.new_context()
    page = context.new_page()
    asked: list[str] = []
    ran: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: ran.append(str(error)))
    page.goto(path.as_uri(), wait_until="load")
    page.mouse.move(200, 200)
    page.wait_for_timeout(200)
    if page.evaluate("window.PWN7"):
        ran.append("PWN7")
    names = page.evaluate("[...new Set([...document.querySelectorAll('*')].map(e => e.localName))]")
    attributes = page.evaluate(
        "[...new Set([...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()))]"
    )
    context.close()
    return [url for url in asked if url != path.as_uri()], ran, set(names), set(attributes)


def test_these_words_do_run_where_nothing_stops_them(chromium: Any, tmp_path: Path) -> None:
    asked, ran, names, _ = look(
        chromium, tmp_path / "raw.html", f"<!doctype html><title>x</title><p>{SCRIPT}</p>"
    )
    assert any("evil.example" in url for url in asked) and "PWN7" in ran and "script" in names
    assert look(chromium, tmp_path / "raw.html", f"<!doctype html><p>{hostile.HTML[0]}")[1] == ["PWN7"]


@pytest.mark.parametrize("kind", ["digest", "mail", "feed", "week"])
def test_nothing_runs_leaves_or_escapes(chromium: Any, tmp_path: Path, kind: str) -> None:
    made = {
        "digest": lambda words: render.html(everything(words)), "mail": lambda words: mail_page.html(everything(words)), "feed": lambda words: in_feed(everything(words)),
        "week": lambda words: "".join(weekly_forms.html(week_of(word)) for word in words[::4] or words),
    }[kind]  # fmt: skip
    *_, plain_names, plain_attributes = look(chromium, tmp_path / "plain.html", made(("H100",)))
    asked, ran, names, attributes = look(chromium, tmp_path / "hostile.html", made(WORDS))
    assert asked == [] and ran == []
    assert names - plain_names <= {"a", "br", "mark", "q", "del", "ins"}  # a listing's own link; marked words
    assert attributes - plain_attributes <= {"href", "rel", "title"}
