"""The demo marketplace over HTTP on loopback: three sites of different make, and a fourth that answers with a challenge.

Each site has a port of its own, since robots.txt speaks for a whole host. Misbehaving corners are part of it: a 429 with
Retry-After, a page that never ends, a page in a broken encoding, paths that robots.txt forbids.
"""

from __future__ import annotations

import base64
import html
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from chipwatch.demo.world import Goods, world

PAGE = 25
ENDLESS_S = 20.0
"""How long the page without an end goes on before the demo itself gives up on its reader."""


@dataclass
class Demo:
    """A day of the demo marketplace and what was asked of it."""

    seed: int
    day: int
    layout: int = 1
    """2 shows the board's cards as they are after a change of its layout."""
    requests: Counter[str] = field(default_factory=Counter)
    throttled: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.goods: dict[str, list[Goods]] = {}
        for goods in world(self.seed, self.day):
            self.goods.setdefault(goods.site, []).append(goods)


class _Site(BaseHTTPRequestHandler):
    """What all sites share: quiet logs, robots.txt, plain answers."""

    protocol_version = "HTTP/1.1"
    demo: Demo
    site = ""
    robots = "User-agent: *\nDisallow: /private/\n"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed for a request; the counter knows."""

    def send(self, body: str | bytes, kind: str = "text/html; charset=utf-8", status: int = 200, **headers: str) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.demo.requests[f"{self.site} {parts.path}"] += 1
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path == "/robots.txt":
            self.send(self.robots, "text/plain")
        elif not self.answer(parts.path, query):
            self.send("<h1>Not found</h1>", status=404)

    def answer(self, path: str, query: dict[str, str]) -> bool:
        """Send the page of `path`; False where there is none."""
        raise NotImplementedError

    def page(self, query: dict[str, str]) -> tuple[list[Goods], int, int]:
        """(goods of the asked page, page number, number of pages)."""
        goods = self.demo.goods[self.site]
        number = max(int(query.get("page", "1") or 1), 1) if query.get("page", "1").isdigit() else 1
        return goods[(number - 1) * PAGE : number * PAGE], number, -(-len(goods) // PAGE)


def _document(title: str, body: str, head: str = "", language: str = "en") -> str:
    return f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{html.escape(title)}</title>{head}</head><body>{body}</body></html>'


class Dealer(_Site):
    """An English dealer shop: category pages that link to product pages with JSON-LD."""

    site = "demo-dealer"

    def answer(self, path: str, query: dict[str, str]) -> bool:
        if path == "/" or path == "/search":
            self.category(query)
        elif path.startswith("/product/endless"):
            self.endless()
        elif path.startswith("/product/"):
            return self.product(path.rsplit("/", 1)[1])
        elif path.startswith("/private/"):
            self.send("members only")
        else:
            return False
        return True

    def category(self, query: dict[str, str]) -> None:
        goods, number, pages = self.page(query)
        links = "".join(f'<li><a class="product" href="/product/{g.listing_id}">{html.escape(g.title)}</a></li>' for g in goods)
        if number == 1:
            links += '<li><a class="product" href="/product/endless">Clearance catalogue</a></li>'
            links += '<li><a class="product" href="/private/offers">Members</a></li>'
        after = f'<a class="next" rel="next" href="/search?page={number + 1}">Next</a>' if number < pages else ""
        self.send(_document("Accelerators", f"<h1>Accelerators</h1><ul>{links}</ul>{after}"))

    def product(self, listing_id: str) -> bool:
        goods = {g.listing_id: g for g in self.demo.goods[self.site]}
        g = goods.get(listing_id)
        if g is None:
            return False
        related = [x for x in goods.values() if x.listing_id != listing_id][:3]
        cards = "".join(
            f'<div class="related"><a href="/product/{x.listing_id}">{html.escape(x.title)}</a> <span class="price">${x.price:,.2f}</span></div>'
            for x in related
        )
        body = (
            f'<h1>{html.escape(g.title)}</h1><p class="price">${g.price:,.2f}{g.price_suffix}</p>'
            f"<div class=description>{html.escape(g.description).replace(chr(10), '<br>')}</div><h2>Related items</h2>{cards}"
        )
        data = json.dumps(_product_markup(g), ensure_ascii=False).replace("</", "<\\/")
        self.send(_document(g.title, body, f'<script type="application/ld+json">{data}</script>'))
        return True

    def endless(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        stop = time.monotonic() + ENDLESS_S
        try:
            while time.monotonic() < stop:
                self.wfile.write(b"<p>and one more card</p>\n" * 4000)
        except OSError:
            return


def _product_markup(g: Goods) -> dict[str, Any]:
    offer: dict[str, Any] = {
        "@type": "Offer", "price": f"{g.price:.2f}", "priceCurrency": g.currency, "availability": "https://schema.org/InStock",
        "itemCondition": "https://schema.org/" + {"New": "NewCondition", "Seller refurbished": "RefurbishedCondition"}.get(g.condition, "UsedCondition"),
        "seller": {"@type": "Organization", "name": g.seller}, "availableAtOrFrom": {"@type": "Place", "address": g.location},
    }  # fmt: skip
    if g.quantity is not None:
        offer["inventoryLevel"] = {"@type": "QuantitativeValue", "value": g.quantity}
    return {
        "@context": "https://schema.org", "@type": "Product", "sku": g.listing_id, "name": g.title,
        "description": g.description, "offers": offer,
    }  # fmt: skip


class Board(_Site):
    """A Chinese second-hand board: plain cards, twenty-five a page, no structured data."""

    site = "demo-board"

    def answer(self, path: str, query: dict[str, str]) -> bool:
        if path == "/list":
            self.cards(query)
            return True
        if path == "/notice":  # says GB18030, is cut in the middle of a character
            self.send("公告：本站迁移".encode("gb18030")[:-1], "text/html; charset=gb18030")
            return True
        return False

    def cards(self, query: dict[str, str]) -> None:
        goods, number, pages = self.page(query)
        cards = "".join(map(self.card, goods))
        after = f'<a class="next" href="/list?page={number + 1}">下一页</a>' if number < pages else ""
        notice = '<p><a href="/notice">公告</a></p>' if number == 1 else ""
        self.send(_document("二手显卡", f"<h1>二手显卡</h1>{notice}<div class=list>{cards}</div>{after}", language="zh-Hans"))

    def card(self, g: Goods) -> str:
        stock = f'<span class="stock">{g.quantity}</span>' if g.quantity is not None else ""
        fields = {
            "desc": g.description, "cond": g.condition, "loc": g.location, "seller": g.seller, "since": g.seller_since,
            "ratings": str(g.seller_ratings), "time": g.posted_at,
        }  # fmt: skip
        spans = "".join(f'<div class="{name}">{html.escape(value)}</div>' for name, value in fields.items())
        title = "title" if self.demo.layout == 1 else "headline"
        return (
            f'<div class="card" data-id="{g.listing_id}"><a class="{title}" href="/item/{g.listing_id}">{html.escape(g.title)}</a>'
            f'<span class="price">¥{g.price:g}{g.price_suffix}</span>{stock}{spans}</div>'
        )


class Api(_Site):
    """A JSON API in the shape of eBay Browse: client credentials, item_summary/search, pages by offset."""

    site = "demo-api"
    robots = "User-agent: *\nAllow: /\n"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0") or 0))
        wanted = "Basic " + base64.b64encode(b"demo:demo").decode()
        if self.path == "/identity/v1/oauth2/token" and self.headers.get("Authorization") == wanted:
            answer = {"access_token": "demo-token", "expires_in": 7200, "token_type": "Application Access Token"}
            self.send(json.dumps(answer), "application/json")
        else:
            self.send(json.dumps({"error": "invalid_client"}), "application/json", 401)

    def answer(self, path: str, query: dict[str, str]) -> bool:
        if self.headers.get("Authorization") != "Bearer demo-token":
            self.send(json.dumps({"errors": [{"errorId": 1001, "message": "Invalid access token"}]}), "application/json", 401)
            return True
        if path == "/buy/browse/v1/item_summary/search":
            self.search(query)
            return True
        if path.startswith("/buy/browse/v1/item/"):
            return self.item(path.rsplit("/", 1)[1])
        return False

    def search(self, query: dict[str, str]) -> None:
        words = query.get("q", "").lower().split()
        found = [g for g in self.demo.goods[self.site] if all(w in f"{g.title} {g.description}".lower() for w in words)]
        offset, limit = int(query.get("offset", 0)), min(int(query.get("limit", 50)), 200)
        key = f"{query.get('q')}"
        if len(found) > limit and not self.demo.throttled:  # once a day the API asks for a pause
            self.demo.throttled.add(key)
            self.send("{}", "application/json", 429, Retry_After="2")
            return
        answer: dict[str, Any] = {"total": len(found), "offset": offset, "limit": limit}
        answer["itemSummaries"] = [self.summary(g) for g in found[offset : offset + limit]]
        if offset + limit < len(found):
            host = self.headers.get("Host", "127.0.0.1")
            answer["next"] = f"http://{host}/buy/browse/v1/item_summary/search?q={query.get('q', '')}&limit={limit}&offset={offset + limit}"
        self.send(json.dumps(answer, ensure_ascii=False), "application/json")

    def item(self, item_id: str) -> bool:
        for g in self.demo.goods[self.site]:
            if item_id in (f"v1|{g.listing_id}|0", f"v1%7C{g.listing_id}%7C0"):
                self.send(json.dumps({**self.summary(g), "description": g.description}, ensure_ascii=False), "application/json")
                return True
        return False

    def summary(self, g: Goods) -> dict[str, Any]:
        host = self.headers.get("Host", "127.0.0.1")
        out = {
            "itemId": f"v1|{g.listing_id}|0", "title": g.title, "shortDescription": g.description,
            "price": {"value": f"{g.price:.2f}", "currency": g.currency}, "condition": g.condition or "Used",
            "seller": {"username": g.seller, "feedbackPercentage": "99.1", "feedbackScore": g.seller_ratings},
            "itemLocation": {"city": g.location, "country": g.country}, "buyingOptions": ["FIXED_PRICE"],
            "itemWebUrl": f"http://{host}/itm/{g.listing_id}", "itemCreationDate": g.posted_at,
            "categories": [{"categoryId": "27386", "categoryName": "Graphics/Video Cards"}],
        }  # fmt: skip
        if g.price_suffix:
            out["priceDisplay"] = f"${g.price:.2f}{g.price_suffix}"
        if g.quantity is not None:
            out["estimatedAvailabilities"] = [{"estimatedAvailableQuantity": g.quantity}]
        return out


class Gate(_Site):
    """A site that shows every visitor a challenge: its run must be `blocked`, never `0 offers`."""

    site = "demo-gate"

    def answer(self, path: str, query: dict[str, str]) -> bool:
        self.send(_document("Just a moment...", "<h1>Verify you are human</h1><form id=challenge-form></form>"), status=403)
        return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A crawl that was stopped hangs up in the middle of an answer; that is its right and no error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


HANDLERS = (Dealer, Board, Api, Gate)


@contextmanager
def serve(seed: int, day: int, ports: dict[str, int] | None = None) -> Iterator[tuple[Demo, dict[str, str]]]:
    """Serve a day of the demo on loopback; gives (demo, {site: base URL}). Ports are free ones unless named.

    Raises OSError if a named port is taken.
    """
    demo = Demo(seed, day)
    servers = []
    try:
        for kind in HANDLERS:
            handler = type(kind.__name__, (kind,), {"demo": demo})
            server = _Server(("127.0.0.1", (ports or {}).get(kind.site, 0)), handler)
            servers.append((kind.site, server))
        for _, server in servers:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield demo, {site: f"http://127.0.0.1:{server.server_address[1]}" for site, server in servers}
    finally:
        for _, server in servers:
            server.shutdown()
            server.server_close()
