"""The digest's forms: everything shown, nothing alive."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest

from review import render
from review.digest import Digest, DigestAlert, Quote, SiteCoverage
from review.masking import masked

HOSTILE = '<img src=x onerror=alert(1)> [x](javascript:alert(1)) `b` {{7*7}} \x1b[31m'


def alert(**changes: object) -> DigestAlert:
    base: dict = dict(
        alert=7, severity="high", score=0.93, title="H100 80GB", chip="nvidia-h100-pcie-80gb", offer="sale", site="demo", listing_id="1",
        url="https://shop.example/1", place="Hong Kong", quantity=4, unit_usd=9800.0, market_usd=24000.0, market_n=23,
        opened="2026-03-02T08:00:00Z", why_now="new", reasons=("unit price $9,800, 41 % of the market",),
        quotes=(Quote("serial_removed", "title", "labels peeled off"),), innocent=("asset tags of a recycler",),
        evidence={"file": "a.warc.gz", "offset": 0, "length": 10, "sha256": "ab" * 32},
    )  # fmt: skip
    return DigestAlert(**{**base, **changes})


def digest(*alerts: DigestAlert) -> Digest:
    site = SiteCoverage("demo", "2026-03-02T08:00:00Z", "ok", 3, 40, 40, 0, 0, False, None)
    gate = SiteCoverage("gate", "2026-03-02T08:00:00Z", "blocked", 1, 0, 0, 0, 1, False, "challenge page")
    return Digest(
        made="2026-03-02T09:00:00Z", since=None, alerts=alerts, more={"medium": 3}, counts={"high": len(alerts), "medium": 3},
        listings=40, by_offer={"sale": 30, "accessory": 10}, coverage=(site, gate),
    )  # fmt: skip


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_every_form_names_the_alert_its_market_and_the_blocked_site(capsys: pytest.CaptureFixture[str]) -> None:
    made = digest(alert())
    render.terminal(made)
    for text in (render.html(made), render.markdown(made).replace("\\", ""), capsys.readouterr().out):
        flat = " ".join(text.split())
        assert "H100 80GB" in flat
        assert "41 % of the market's $24,000 (23 peers)" in flat.replace("&#39;", "'")
        assert "labels peeled off" in flat
        assert "blocked" in flat and "challenge page" in flat
        assert "and 3 more" in flat


@pytest.mark.parametrize("place", ["title", "chip", "place", "listing_id", "url"])
def test_hostile_text_stays_text(place: str) -> None:
    made = digest(alert(**{place: HOSTILE, "reasons": (HOSTILE,), "quotes": (Quote("relabelled", "title", HOSTILE),)}))
    page = Tags()
    page.feed(render.html(made))
    assert "img" not in {tag for tag, _ in page.seen} and "script" not in {tag for tag, _ in page.seen}
    assert all((attrs.get("href") or "https:").startswith("https:") for _, attrs in page.seen)
    assert not any(name.startswith("on") for _, attrs in page.seen for name in attrs)
    text = render.markdown(made)
    assert "<img" not in text.replace("\\<", "") and "\x1b" not in text and "](javascript" not in text


def test_json_form_is_plain_data() -> None:
    assert json.loads(json.dumps(digest(alert()).to_dict()))["alerts"][0]["market_n"] == 23


@pytest.mark.parametrize(
    ("text", "contact", "gone"),
    [
        ("ping on t.me/example_gpu0", False, "example_gpu0"), ("call +86 138 0013 8000 now", False, "0013"),
        ("mail a.b@shop.example", False, "shop.example"), ("加V：ka_d0000", True, "d0000"), ("telegram @creds_example0", False, "creds"),
    ],
)  # fmt: skip
def test_contacts_are_masked(text: str, contact: bool, gone: str) -> None:
    assert gone not in masked(text, contact=contact)


@pytest.mark.parametrize("text", ["H100 80GB 900-21010-0000-000", "price 168000", "8x A100 SXM4 80G"])
def test_part_numbers_and_prices_are_no_contacts(text: str) -> None:
    assert masked(text) == text
