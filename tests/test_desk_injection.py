"""Hostile words in every field of a listing, through the desk's pages: no element escapes, no script, no address leads astray."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from storage.alerts import RANKS
from storage.evidence import EvidenceWriter
from storage.listing import Listing
from storage.readings import Judged
from storage.store import Store
from tests import hostile
from tests.desking import Opened

NOW = "2026-03-02T08:00:00Z"
TEXTS = ("title", "description", "price_text", "condition", "category", "location", "ships_to")
VALUES = hostile.ALL

# What our templates are made of; a payload that became an element of another kind, or brought an attribute, stands out.
ELEMENTS = {
    "html", "head", "meta", "title", "link", "script", "body", "header", "nav", "ul", "ol", "li", "a", "form", "label", "input", "span", "button", "main", "section", "aside", "details",
    "summary", "h1", "h2", "h3", "p", "div", "q", "strong", "svg", "rect", "path", "circle", "line", "text", "kbd", "dl", "dt", "dd", "dialog", "footer", "select", "option", "fieldset",
    "legend", "mark", "sup", "table", "thead", "tbody", "tr", "th", "td", "code", "br", "textarea", "del", "ins", "pre", "g",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "name", "content", "rel", "href", "type", "src", "defer", "class", "aria-label", "aria-current", "aria-hidden", "aria-labelledby", "data-slash", "viewBox", "width", "height", "x", "y",
    "x1", "x2", "y1", "y2", "rx", "cx", "cy", "r", "d", "fill", "stroke", "stroke-width", "stroke-linecap", "for", "id", "placeholder", "maxlength", "autocomplete", "action", "method", "value",
    "title", "role", "tabindex", "data-key", "data-list", "data-item", "data-label", "data-href", "data-open-wide", "data-decide", "data-back", "data-next", "data-prev", "open", "start", "selected", "required",
    "rows", "dir", "download", "target", "hidden", "data-mark-all", "formaction", "formnovalidate", "data-choose", "checked", "text-anchor", "viewbox",
}  # fmt: skip


def listing(number: int, values: Iterator[str]) -> dict[str, Any]:
    said: dict[str, Any] = {name: next(values) for name in TEXTS}
    said |= {
        "seller_id": next(values),
        "seller_name": next(values),
        "country": "CN",
        "attributes": {next(values): next(values)},
    }
    return {
        "site": "board",
        "listing_id": next(values)[:60] or "x",
        "url": next(values),
        **said,
        "title": said["title"] or "x",
        "listing_number": number,
    }


def judged(observation: Any, said: dict[str, Any], values: Iterator[str]) -> Judged:
    """A reading that marks hostile words as signals, in hostile words."""
    signals = [
        {"signal": "serial_removed", "field": name, "start": at, "end": at + 9, "text": said[name][at : at + 9], "language": next(values)}
        for name in ("title", "description") for at in (0, 4)
    ]  # fmt: skip
    signals += [
        {
            "signal": "off_platform_contact",
            "field": "description",
            "start": 1,
            "end": 30,
            "text": said["description"][1:30],
            "language": "zh",
        }
    ]
    signals += [
        {"signal": "export_evasion", "detail": next(values)},
        {"signal": next(values), "value": 1.0, "expected": 2.0, "n": 3, "detail": next(values)},
    ]
    reasons = [{"evidence": "bias", "value": 1.0, "weight": -2.5, "contribution": -2.5}]
    reasons += [
        {"evidence": s["signal"], "value": 1.0, "weight": 3.0, "contribution": 3.0, "detail": next(values)}
        for s in signals[:2]
    ]
    reasons += [
        {"evidence": next(values), "value": 1.0, "weight": 1.0, "contribution": 1.0, "detail": next(values)}
    ]
    document = {
        "site": "board", "listing_id": said["listing_id"], "offer": "sale", "restricted": True, "condition": next(values), "quantity": 3, "score": 0.9, "severity": "high",
        "chips": [{"chip": next(values), "count": 1, "control": "3A090.a", "field": "title", "start": 0, "end": 3}], "signals": signals, "reasons": reasons,
        "price": {"kind": "asking", "amount": 5.0, "currency": next(values), "per": "unit", "unit_usd": 5.0, "rate": next(values)},
        "market": {"centre": 10.0, "low": 8.0, "high": 12.0, "n": 3, "days": 90, "segment": next(values), "seed": None}, "notes": {"price": next(values), "forest": next(values)},
        "versions": {"knowledge": "k", "model": None, "thresholds": "t"},
    }  # fmt: skip
    return Judged.from_document(observation, document)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    home = tmp_path_factory.mktemp("home") / "home"
    values = cycle(VALUES)
    with Store.open(home, keep_seller_names=True) as store:
        run = store.begin_run("board", now=NOW, site_name=hostile.HTML[0])
        writer = EvidenceWriter(store.home, run, NOW)
        said = [listing(n, values) for n in range(150)]
        for one in said:
            one.pop("listing_number")
        body = "\n".join(VALUES).encode("utf-8", "replace")
        ref = writer.write(
            "https://board.example/", 200, {"Content-Type": "text/html"}, body, NOW, {}, "192.0.2.1"
        )
        store.record_many([(Listing(**one), ref) for one in said], run=run, now=NOW)
        store.end_run(run, "ok", NOW, evidence=writer.close())
        seen = {o.listing.listing_id: o for o in store.iter_observations()}
        store.save_judgements(
            [judged(seen[one["listing_id"]], one, values) for one in said if one["listing_id"] in seen]
        )
        store.db.write(
            """INSERT INTO alert (listing, title, state, severity, rank, score, site, country, chip, unit_usd, seller, signals, observation, opened_at, news_at)
               SELECT l.id, l.title, 'new', 'high', ?, 0.9, l.site, l.country, r.chip, r.unit_usd, l.seller, 'serial_removed', r.observation, ?, ?
               FROM listing l JOIN reading r ON r.observation = l.observation""",
            [RANKS["high"], NOW, NOW],
        )  # fmt: skip
        keys = [row["listing"] for row in store.alerts(limit=500)]
        for key, words in zip(keys, values, strict=False):
            store.decide(key, "note", who=words[:60], now=NOW, reason=next(values)[:60], note=next(values))
        store.mute("listing", keys[-1], reason=next(values), who=next(values), now=NOW, until="2027-01-01")
        store.mute("chip", next(values), reason=next(values), who=next(values), now=NOW, until="2027-01-01")
        store.index_search()
    opened = Opened(home, tmp_path_factory.mktemp("copy") / "home")
    yield opened
    opened.close()


def words_of(document: Any) -> Iterator[str]:
    """Every text in a document, names of fields too."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        yield from document
        document = list(document.values())
    if isinstance(document, list | tuple):
        for part in document:
            yield from words_of(part)


def check(html: str, where: str) -> None:
    """The page holds nothing but what its templates are made of."""
    tree = LexborHTMLParser(html)
    root = tree.root
    assert root is not None
    for node in root.traverse(include_text=False):
        assert isinstance(node, LexborNode)
        if node.tag.startswith("-") or node.tag == "!doctype":
            assert node.tag != "-comment", (where, node.html)
            continue
        assert node.tag in ELEMENTS, (where, node.tag, (node.html or "")[:200])
        for name, value in node.attributes.items():
            assert name in ATTRIBUTES, (where, name, (node.html or "")[:200])
            if name in ("href", "action", "formaction", "src", "data-href"):
                assert re.match(r"(?:/(?![/\\])|#|https?://[^\s\"'<>]+$)", value or ""), (where, name, value)
    assert [s.attributes.get("src", "")[:20] for s in tree.css("script")] == ["/-/desk/static/desk."], where
    assert not tree.css("style"), where


def shown(html: str) -> str:
    """What a person reads."""
    body = LexborHTMLParser(html).body
    return body.text() if body else ""


def test_some_thousand_payloads_stay_words_in_queue_and_alert_pages(desk: Opened) -> None:
    ana = desk.person()
    with Store.open(desk.home, readonly=True) as store:
        keys = [row["listing"] for row in store.alerts(limit=500)]
        placed = {
            words
            for observation in store.iter_observations()
            for words in words_of(observation.listing.to_dict())
        }
        placed |= {words for row in store.iter_readings() for words in words_of(row["document"])}
    assert len(set(VALUES) & placed) > 4000
    for page in range(1, len(keys) // 50 + 2):
        answer = ana.get(f"/?page={page}")
        check(answer.text, f"queue {page}")
    for key in keys:
        answer = ana.get(f"/alert/{key}")
        assert answer.status_code == 200
        check(answer.text, key)


def test_payloads_are_shown_as_they_are_not_swallowed(desk: Opened) -> None:
    ana = desk.person()
    with Store.open(desk.home, readonly=True) as store:
        rows = [r for r in store.alerts(limit=500) if "<script>" in r["title"] or "{{7*7}}" in r["title"]]
    assert rows
    for row in rows:
        text = re.sub(r"\s+", "", shown(ana.get(f"/alert/{row['listing']}").text))
        assert "49PWN7" not in text
        for words in ("<script>", "{{7*7}}"):
            assert words not in row["title"] or words in text


@pytest.mark.parametrize("path", ["/record", "/mutes", "/?muted=1", "/?state=any"])
def test_lists_of_people_and_their_words(desk: Opened, path: str) -> None:
    answer = desk.person().get(path)
    assert answer.status_code == 200
    check(answer.text, path)


def test_the_stored_page_is_only_text(desk: Opened) -> None:
    with Store.open(desk.home, readonly=True) as store:
        (name,) = {store.history(row["listing"])[0].evidence.id for row in store.alerts(limit=5)}  # type: ignore[union-attr]
    answer = desk.person().get(f"/evidence/{name}")
    check(answer.text, "evidence")
    assert "<script>" in shown(answer.text)


def test_payloads_typed_by_a_person_or_followed_from_a_link(desk: Opened) -> None:
    ana = desk.person()
    for words in hostile.cut(hostile.SOME, 2):
        typed = words.encode("utf-8", "replace").decode()
        for path, params in (
            ("/search", {"q": typed}),
            (
                "/",
                {
                    "chip": typed,
                    "country": typed,
                    "seller": typed,
                    "state": typed,
                    "days": typed,
                    "page": typed,
                },
            ),
        ):
            answer = ana.get(path, params=params)
            if answer.status_code == 303:
                assert re.match(r"/alert/[0-9a-f]{20}$", answer.headers["location"])
                continue
            assert answer.status_code == 200, (path, typed)
            check(answer.text, f"{path} {typed!r}")


@pytest.mark.parametrize(
    "place",
    [
        "/alert/{}",
        "/evidence/{}",
        "/{}",
        "/sign-in?token={}",
        "/chipwatch?sql={}",
        "/chipwatch/{}",
        "/record?who={}&action={}&before={}",
    ],
)
def test_payloads_in_addresses(desk: Opened, place: str) -> None:
    from urllib.parse import quote

    ana = desk.person()
    for words in hostile.SOME[::6]:
        answer = ana.get(place.replace("{}", quote(words.encode("utf-8", "replace"), safe="")))
        assert answer.status_code < 500, (place, words, answer.text[:200])
        if "html" in answer.headers.get("content-type", "") and "chipwatch?" not in place:
            tree = LexborHTMLParser(answer.text)
            assert not tree.css("img, iframe, base, object, video, math, [onerror], [onload], [onclick]"), (
                place,
                words,
            )
            assert all((s.attributes.get("src") or "").startswith("/-/") for s in tree.css("script")), (
                place,
                words,
            )
        for value in answer.headers.get_list("location"):
            assert value.startswith("/") and not value.startswith("//")


def test_the_data_pages_show_the_payloads_as_words(desk: Opened) -> None:
    ana = desk.person()
    for path in (
        "/chipwatch/alert?_size=max",
        "/chipwatch/observation?_size=max",
        "/chipwatch/listing_view?_size=max",
        "/chipwatch/decision?_size=max",
        "/chipwatch/reading?_size=50",
    ):
        answer = ana.get(path)
        assert answer.status_code == 200
        tree = LexborHTMLParser(answer.text)
        assert not tree.css(
            "img, iframe, base, object, video, math, style, [onerror], [onload], [onclick], main script"
        ), path
        assert all((s.attributes.get("src") or "").startswith("/-/") for s in tree.css("script")), path
        for link in tree.css("main a"):
            assert re.match(r"(?:[/?#.]|https?://|/chipwatch|[\w-]+\?)", link.attributes.get("href") or ""), (
                path,
                link.html,
            )


def test_downloads_keep_their_names_plain(desk: Opened, tmp_path: Path) -> None:
    with Store.open(desk.home, readonly=True) as store:
        name = store.history(store.alerts(limit=1)[0]["listing"])[0].evidence.id  # type: ignore[union-attr]
    named = desk.person().get(f"/evidence/{name}/record").headers["content-disposition"]
    assert re.fullmatch(r'attachment; filename="[\w.-]+\.warc\.gz"', named)
