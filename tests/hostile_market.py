"""A marketplace on loopback whose every seller writes hostile words: an API in the shape of eBay Browse, and a board of cards."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

from tests import hostile
from tests.servers.web import Answer, Asked, Web

FIELDS = (
    "title",
    "description",
    "seller",
    "location",
    "value",
    "name",
    "condition",
    "category",
    "ships_to",
)
"""Where the API's items bear the words; `name` and `value` are those of an attribute. Its address is cut at a question mark, so it bears one of ADDRESSES."""
BOARD_FIELDS = ("title", "description", "seller", "location", "condition")
A_PAGE = 50
REST = '[pace]\ndelay_s = 0.01\n[access]\nbasis = "demo"\n'
API = 'title = "{title}"\nfamily = "api"\ndialect = "ebay_browse"\nloopback = true\nbase_url = "{url}"\ncountry = "CN"\ncurrency = "USD"\nlanguage = "en"\n[search]\nterms = ["H100"]\nmarkets = ["EBAY_US"]\n'
BOARD = """title = {title}
family = "cards"
loopback = true
start = ["{url}/list?page=1"]
country = "CN"
currency = "CNY"
language = "zh-Hans"
[list]
card = "div.card"
next = "a.next::attr(href)"
[list.fields]
id = "::attr(data-id)"
url = "a.title::attr(href)"
title = "a.title"
description = "div.desc"
price = "span.price"
quantity = "span.stock"
condition = "div.condition"
location = "div.location"
seller_name = "div.seller"
"""


def item(number: int, said: dict[str, str]) -> dict[str, Any]:
    """An item of the API; its description is HTML, in which a seller's words stand escaped."""
    return {
        "itemId": f"v1|{number}|0", "title": f"NVIDIA H100 80GB PCIe {said['title']}", "description": html.escape(f"Serial numbers removed, no invoice. {said['description']}"),
        "price": {"value": f"{9000 + number}.00", "currency": "USD"}, "seller": {"username": f"s{number} {said['seller']}"}, "condition": said["condition"],
        "categories": [{"categoryName": said["category"]}], "itemLocation": {"city": said["location"], "country": "CN"}, "shipToLocations": {"regionIncluded": [{"regionName": said["ships_to"]}]},
        "estimatedAvailabilities": [{"estimatedAvailableQuantity": 20}], "localizedAspects": [{"name": said["name"] or "x", "value": said["value"]}], "itemWebUrl": hostile.ADDRESSES[number % len(hostile.ADDRESSES)], "buyingOptions": ["FIXED_PRICE"],
    }  # fmt: skip


def card(number: int, said: dict[str, str]) -> str:
    """A card of the board, whose own page escapes as it must."""
    q = {name: html.escape(words) for name, words in said.items()}
    return (
        f'<div class=card data-id="b{number}"><a class=title href="/item/b{number}">NVIDIA H100 80GB PCIe {q["title"]}</a><span class=price>¥{50_000 + number}</span><span class=stock>20</span>'
        f"<div class=desc>序列号标签已经撕了。不开票，不保修。 {q['description']}</div><div class=condition>{q['condition']}</div><div class=location>上海 {q['location']}</div><div class=seller>卖家{number} {q['seller']}</div></div>"
    )  # fmt: skip


class Market:
    """Serves the items and the cards, and whatever pages a test adds."""

    def __init__(self, web: Web, items: list[dict[str, str]], cards: list[dict[str, str]]) -> None:
        self.web = web
        self.items = [item(n, said) for n, said in enumerate(items)]
        self.cards = [card(n, said) for n, said in enumerate(cards)]
        web.route(
            "/identity/v1/oauth2/token",
            Answer(
                '{"access_token":"t0ken","expires_in":7200}', headers={"Content-Type": "application/json"}
            ),
        )
        web.route("/buy/browse/v1/item_summary/search", self.search)
        web.route("/list", self.board)

    def search(self, asked: Asked) -> Answer:
        offset, limit = int(asked.query["offset"]), int(asked.query["limit"])
        answer = {"total": len(self.items), "itemSummaries": self.items[offset : offset + limit]}
        return Answer(json.dumps(answer), headers={"Content-Type": "application/json"})

    def board(self, asked: Asked) -> Answer:
        page = int(asked.query["page"])
        after = (
            f'<a class=next href="/list?page={page + 1}">next</a>' if page * A_PAGE < len(self.cards) else ""
        )
        body = f"<!doctype html><html lang=zh-Hans><head><meta charset=utf-8><title>x</title></head><body>{''.join(self.cards[(page - 1) * A_PAGE : page * A_PAGE])}{after}</body></html>"
        return Answer(body.encode("utf-8", "replace"), headers={"Content-Type": "text/html; charset=utf-8"})

    def describe(self, home: Path) -> None:
        """Write the site files; the board's own title is hostile too."""
        sites = home / "config" / "sites"
        (sites / "api.toml").write_text(API.format(url=self.web.url, title="API") + REST, encoding="utf-8")
        (sites / "board.toml").write_text(
            BOARD.format(url=self.web.url, title=json.dumps(hostile.ELEMENT[4])) + REST, encoding="utf-8"
        )
