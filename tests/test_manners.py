"""Manners, proved by the log of a server on loopback; and a hostile server, each of whose tricks ends in a named outcome."""

from __future__ import annotations

import contextlib
import gzip
import resource
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from scrapy.exceptions import CannotResolveHostError, DownloadConnectionRefusedError, DownloadFailedError
from scrapy.http import Response

from config.loader import Config
from config.schema.settings import Settings
from config.schema.sites import Access, Site
from crawler import archiving
from crawler.access import refusal
from crawler.decoding import decode
from crawler.families import family_of
from crawler.middlewares import plain_headers
from crawler.outcome import Facts, decide
from crawler.page import Page
from crawler.plan import day_count
from crawler.politeness import causes, challenge, hosts, rest, robots
from crawler.politeness.last import LastAsked
from crawler.politeness.pause import Pause, retry_after
from crawler.sites import at_rest
from storage.errors import StorageError
from storage.ids import listing_key
from storage.store import Store
from storage.verify import verify
from tests.crawling import (
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

JITTER = 0.01
"""Seconds by which the machine may hand over one request later than the next."""


def board(web: Web, pages: int, cards: int = 2, first: str = "/list") -> None:
    """A list of several pages."""

    def answer(asked: Asked) -> Answer:
        number = int(asked.query.get("page", 1))
        body = "".join(card(f"{number}-{n}") for n in range(cards))
        more = f'<a class=next href="{first}?page={number + 1}">next</a>' if number < pages else ""
        return Answer(page(body, more))

    web.route(first, answer)


# -- the server's log


def test_one_in_flight_and_the_configured_pause(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        board(web, 6)
        for route in list(web.routes):
            plain = web.routes[route]
            web.route(route, lambda asked, plain=plain: _slow(plain(asked)))
        add_site(home, "board", web.url + "/list", delay=0.15)
        result = crawl(home, "board")
    assert (result.outcome, result.listings) == ("ok", 12)
    assert web.most_in_flight() == 1
    # Measured where requests arrive: one that was handed over late and one in time lie some milliseconds closer.
    assert min(web.pauses()) >= 0.15 - JITTER
    agents = {asked.headers["user-agent"] for asked in web.log}
    assert len(agents) == 1 and agents.pop().startswith("chipwatch/")
    assert not any(name in asked.headers for asked in web.log for name in ("cookie", "referer"))
    assert all("text/html" in asked.headers["accept"] for asked in web.log)


def _slow(answer: Any) -> Any:
    answer.delay = 0.05
    return answer


def test_a_longer_crawl_delay_wins(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/robots.txt", Answer("User-agent: *\nCrawl-delay: 0.4\n"))
        board(web, 3)
        add_site(home, "board", web.url + "/list")
        result = crawl(home, "board")
    assert result.outcome == "ok", result
    assert min(web.pauses()) >= 0.4 - JITTER
    assert web.paths(robots=True).count("/robots.txt") == 1


def test_the_pause_is_kept_after_a_redirect_that_came_late(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/list", Answer("", 302, {"Location": "/moved"}, delay=0.6))
        web.route("/moved", Answer("", 301, {"Location": "/here"}))
        board(web, 2, first="/here")
        add_site(home, "board", web.url + "/list", delay=0.4)
        result = crawl(home, "board")
    assert (result.outcome, result.listings) == ("ok", 4), result
    assert web.paths() == ["/list", "/moved", "/here", "/here"]
    assert min(web.pauses()) >= 0.4 - JITTER


def test_the_first_request_of_a_run_keeps_the_pause_from_the_last_one_of_another(tmp_path: Path) -> None:
    home, delay = new_home(tmp_path), 2.5
    with serve() as web:
        web.route("/list", Answer(page(card(1))))
        add_site(home, "board", web.url + "/list", delay=delay)
        host = urlsplit(web.url).netloc
        assert LastAsked(home).ago(host) is None
        LastAsked(home).note(host)
        noted = time.monotonic()
        assert crawl(home, "board").outcome == "ok"
        assert web.log[0].began - noted >= delay - JITTER
        assert min(web.pauses()) >= delay - JITTER
        assert 0 <= (LastAsked(home).ago(host) or 0) < time.monotonic() - web.log[-1].ended + JITTER + 1


def test_a_host_that_asks_for_an_hour_between_pages_is_left_alone(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/robots.txt", Answer("User-agent: *\nCrawl-delay: 3600\n"))
        board(web, 3)
        add_site(home, "board", web.url + "/list")
        result = crawl(home, "board")
    assert result.outcome == "blocked" and "a pause of 3600 s" in (result.detail or "")
    assert web.paths() == []


def test_robots_rules_are_obeyed_and_what_they_forbid_is_told(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/robots.txt", Answer("User-agent: *\nDisallow: /list\nAllow: /list?page=1$\n\nUser-agent: chipwatch\nDisallow: /secret\n"))
        board(web, 2)
        web.route("/secret", Answer(page(card(1))))
        add_site(home, "board", [web.url + "/list", web.url + "/secret"])
        add_site(home, "closed", web.url + "/secret")
        results = crawl_all(home, ["board", "closed"])
    assert "/secret" not in web.paths()
    assert results["board"].outcome == "partial" and "robots.txt" in (results["board"].detail or "")
    assert results["closed"].outcome == "blocked" and "robots.txt" in (results["closed"].detail or "")


def broken(handler: Any) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


UNREACHABLE = [("500", Answer("no", 500)), ("503", Answer("no", 503)), ("429", Answer("no", 429)), ("broken", lambda asked: broken)]


@pytest.mark.parametrize("answer", [a for _, a in UNREACHABLE], ids=[name for name, _ in UNREACHABLE])
def test_a_robots_txt_that_cannot_be_had_forbids_everything(tmp_path: Path, answer: Any) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/robots.txt", answer)
        board(web, 2)
        add_site(home, "board", web.url + "/list")
        result = crawl(home, "board")
    assert web.paths() == []
    assert result.outcome == "blocked" and "robots.txt cannot be had" in (result.detail or "")


def silent(handler: Any) -> None:
    time.sleep(2)


def test_a_server_that_takes_the_connection_and_says_nothing_keeps_out(tmp_path: Path) -> None:
    home = new_home(tmp_path, settings="[politeness]\ntimeout_s = 1.0\n")
    with serve() as web:
        web.route("/robots.txt", lambda asked: silent)
        board(web, 2)
        add_site(home, "board", web.url + "/list")
        result = crawl(home, "board")
    assert web.paths() == []
    assert result.outcome == "blocked" and "no complete answer in time" in (result.detail or "")


def test_what_no_answer_came_for_is_told_in_words_and_what_was_begun_was_reached() -> None:
    refused, lost, unknown = DownloadConnectionRefusedError("x"), DownloadFailedError("x"), KeyError("x")
    assert [causes.in_words(error) for error in (refused, lost, unknown)] == ["connection refused", "connection broken", "KeyError"]
    assert [causes.not_reached(error, answered=False) for error in (refused, CannotResolveHostError("x"), lost, unknown)] == [True, True, False, False]
    assert not causes.not_reached(refused, answered=True)


def test_retry_after_is_waited_for_and_a_long_one_ends_the_run(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        answers = [Answer("slow down", 429, {"Retry-After": "1"}), Answer(page(card(1)))]
        web.route("/list", lambda asked: answers.pop(0))
        web.route("/busy", Answer("later", 503, {"Retry-After": "86400"}))
        web.route("/busy2", Answer(page(card(2))))
        add_site(home, "board", web.url + "/list")
        add_site(home, "busy", [web.url + "/busy", web.url + "/busy2"])
        results = crawl_all(home, ["board", "busy"])
    asked = [entry for entry in web.log if entry.path == "/list"]
    assert len(asked) == 2 and asked[1].began - asked[0].ended >= 1.0
    assert results["board"].outcome == "ok"
    assert results["busy"].outcome == "blocked" and "86400" in (results["busy"].detail or "")
    assert web.paths().count("/busy2") == 0


@pytest.mark.parametrize("status", [503, 429, 403, 301])
def test_a_pause_asked_for_holds_for_whatever_is_asked_next(tmp_path: Path, status: int) -> None:
    home = new_home(tmp_path, settings="[politeness]\nretries = 0\nretry_after_max_s = 4.0\n")
    with serve() as web:
        web.route("/busy", Answer("later", status, {"Retry-After": "1", "Location": "/list"}))
        web.route("/list", Answer(page(card(1))))
        add_site(home, "board", [web.url + "/busy", web.url + "/list"])
        crawl(home, "board")
    assert web.paths() == ["/busy", "/list"]
    assert web.pauses()[1] >= 1.0 - JITTER


def test_a_pause_asked_for_holds_for_the_next_run_and_not_for_ever(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/list", Answer(page(card(1))))
        add_site(home, "board", web.url + "/list")
        host = urlsplit(web.url).netloc
        LastAsked(home).note(host, 4.0)
        noted = time.monotonic()
        assert crawl(home, "board").outcome == "ok"
        assert web.log[0].began - noted >= 4.0 - JITTER
        # Noted by a clock that ran a year ahead.
        LastAsked(home).note(host, 365 * 86400.0)
        assert LastAsked(home).ago(host, 4.0) == 0.0
        assert crawl(home, "board", "2026-11-03T08:00:00+00:00").outcome == "ok"


def test_a_server_that_says_unchanged_to_whatever_is_asked_is_asked_once(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/list", Answer("", 304, {"ETag": '"1"'}))
        add_site(home, "board", web.url + "/list")
        result = crawl(home, "board")
    assert web.paths() == ["/list"]
    assert (result.outcome, result.detail) == ("failed", "1 × status 304 to a request that set no condition")


def test_tries_are_few_and_the_pause_between_them_doubles(tmp_path: Path) -> None:
    home = new_home(tmp_path, settings="[politeness]\nretries = 3\n")
    with serve() as web:
        web.route("/list", Answer("broken", 502))
        add_site(home, "board", web.url + "/list", delay=0.1)
        result = crawl(home, "board")
    assert result.outcome == "failed" and "status 502" in (result.detail or "")
    waits = [b.began - a.ended for a, b in zip(web.log[1:], web.log[2:], strict=False)]
    assert len(waits) == 3
    assert all(wait >= least for wait, least in zip(waits, (0.2, 0.4, 0.8), strict=True)), waits


def test_a_server_whose_certificate_nobody_vouches_for_is_not_read(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web, serve_tls(tmp_path, web) as secure:
        board(web, 1)
        add_site(home, "board", secure + "/list")
        result = crawl(home, "board")
        assert result.outcome == "blocked" and "robots.txt cannot be had" in (result.detail or "")
        assert web.log == []


@contextmanager
def serve_tls(folder: Path, web: Web) -> Iterator[str]:
    """The server behind TLS with a certificate that it signed itself."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    _self_signed(key, certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    target = urlsplit(web.url)

    class Relay(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            behind = (target.hostname or "", target.port or 0)
            with (
                contextlib.suppress(OSError),
                context.wrap_socket(self.request, server_side=True) as client,
                socket.create_connection(behind) as inner,
            ):
                inner.sendall(client.recv(65536))
                while data := inner.recv(65536):
                    client.sendall(data)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Relay) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def _self_signed(key_path: Path, certificate_path: Path) -> None:
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    plain = serialization.NoEncryption()
    key_path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    certificate_path.write_bytes(made.public_bytes(serialization.Encoding.PEM))


CHALLENGE = "<html><head><title>Just a moment...</title></head><body></body></html>"


def test_no_request_after_a_challenge(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/list", Answer(page(card(1), '<a class=next href="/2">next</a>')))
        web.route("/2", Answer(CHALLENGE + "x" * 100))
        for number in range(3, 9):
            web.route(f"/{number}", Answer(page(card(number))))
        add_site(home, "board", [web.url + "/list", *(f"{web.url}/{n}" for n in range(3, 9))])
        result = crawl(home, "board")
    assert result.outcome == "blocked" and "challenge" in (result.detail or "")
    assert web.paths()[-1] == "/2"
    assert result.listings >= 1


def test_a_streak_of_refusals_ends_the_run_and_a_single_one_does_not(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        for number in range(8):
            web.route(f"/no/{number}", Answer("no", 403))
            web.route(f"/mixed/{number}", Answer("no", 403) if number % 2 else Answer(page(card(number))))
        add_site(home, "refused", [f"{web.url}/no/{n}" for n in range(8)])
        add_site(home, "mixed", [f"{web.url}/mixed/{n}" for n in range(8)])
        results = crawl_all(home, ["refused", "mixed"])
    assert results["refused"].outcome == "blocked"
    assert sum(path.startswith("/no/") for path in web.paths()) == 3
    assert results["mixed"].outcome == "partial" and "status 403" in (results["mixed"].detail or "")
    assert sum(path.startswith("/mixed/") for path in web.paths()) == 8


def test_a_login_page_is_blocked(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/list", Answer("", 302, {"Location": "/account/login?next=/list"}))
        web.route("/account/login", Answer("<title>Welcome</title><form></form>"))
        add_site(home, "board", web.url + "/list")
        result = crawl(home, "board")
    assert result.outcome == "blocked" and "login" in (result.detail or "")


def test_noarchive_keeps_digest_and_words_only(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/list", Answer(page(card(1), "<p>not to be kept</p>"), headers={"X-Robots-Tag": "noarchive"}))
        web.route("/meta", Answer("<meta name=robots content='index, noarchive'>" + page(card(2), "<p>not to be kept</p>")))
        web.route("/other", Answer(page(card(3), "<p>kept</p>"), headers={"X-Robots-Tag": "otherbot: noarchive"}))
        add_site(home, "board", [web.url + "/list", web.url + "/meta", web.url + "/other"])
        result = crawl(home, "board")
    assert result.outcome == "ok", result
    kept = {o.listing.listing_id: (o.evidence.kind, evidence_bytes(home, o)) for o in observations(home)}
    for number in ("1", "2"):
        kind, body = kept[number]
        assert kind == "metadata" and b"not to be kept" not in body
        assert b"A100 80GB" in body and b"payload-sha256" in body
    assert b"<p>kept</p>" in kept["3"][1]


NOARCHIVE: list[tuple[list[str], str, bool]] = [
    ([], '<meta content="noarchive" name="robots">', True),
    ([], "<META NAME=ROBOTS CONTENT='NOARCHIVE'>", True),
    ([], '<meta name="robots" content="none">', True),
    ([], '<meta data-x="1" content="index,noarchive" id=r name="chipwatch"/>', True),
    ([], '<meta name="robots" content="index, follow"><meta name="description" content="noarchive, none">', False),
    ([], f'<style>{".a{}" * 30_000}</style><meta name="robots" content="noarchive">', True),
    ([], '<meta name="otherbot" content="noarchive">', False),
    ([], '<meta name="description" content="robots: none">', False),
    (["noindex; noarchive"], "", True),
    (["otherbot: noindex", "noarchive"], "", True),
    (["otherbot: noindex, noarchive"], "", False),
    (["otherbot: noindex", "nofollow"], "", False),
    (["unavailable_after: Fri, 25 Jun 2010 15:00:00 PST, noarchive"], "", True),
    (["otherbot: none", "chipwatch: noarchive"], "", True),
]


@pytest.mark.parametrize(("headers", "head", "asks"), NOARCHIVE, ids=[f"{'|'.join(h)}{t[-90:]}" for h, t, _ in NOARCHIVE])
def test_who_asks_not_to_be_archived(headers: list[str], head: str, asks: bool) -> None:
    sent = plain_headers(Response("http://x.example/", headers={"X-Robots-Tag": headers}))
    assert archiving.not_to_be_kept(Page("http://x.example/", f"<html><head>{head}</head>".encode(), NOW, headers=sent)) is asks


# -- a hostile server


def drip(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    for _ in range(200):
        handler.wfile.write(b"<p>")
        handler.wfile.flush()
        time.sleep(0.1)


def endless(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    while True:
        handler.wfile.write(b"<p>more</p>" * 1000)


def too_long(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5000\r\n\r\nshort")


def half_closed(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n")
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_WR)
    time.sleep(0.5)


def headers_without_end(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        handler.wfile.write(b"".join(b"X-%d: %s\r\n" % (n, b"a" * 1000) for n in range(200)))


def interim_without_end(handler: Any) -> None:
    while True:
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def raw(answer: bytes) -> Callable[[Asked], Callable[[Any], None]]:
    return lambda asked: lambda handler: handler.wfile.write(answer)


OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


def bomb(layers: int) -> Answer:
    body = b"<p>" + b"\0" * 30_000_000
    for _ in range(layers):
        body = gzip.compress(body, 6)
    return Answer(body, headers={"Content-Encoding": ", ".join(["gzip"] * layers)})


HOSTILE: dict[str, tuple[Any, str]] = {
    "drip": (lambda asked: drip, "no complete answer in time"),
    "endless": (lambda asked: endless, "answer too large"),
    "long": (Answer(b"x" * 3_000_000), "answer too large"),
    "bomb": (bomb(1), "answer too large after decompression"),
    "nested": (bomb(2), "answer too large after decompression"),
    "short": (lambda asked: too_long, "answer cut short"),
    "half": (lambda asked: half_closed, "connection broken"),
    "headers": (lambda asked: headers_without_end, "headers too large"),
    "interim": (lambda asked: interim_without_end, "headers too large"),
    "one-header": (raw(OK + b"X: " + b"a" * 1_000_000), "connection broken"),
    "minus": (raw(OK + b"Content-Length: -5\r\n\r\nx"), "connection broken"),
    "two-lengths": (raw(OK + b"Content-Length: 5\r\nContent-Length: 500\r\n\r\nx"), "connection broken"),
    "no-http": (raw(b"\x00\xff nothing like it\r\n\r\n"), "connection broken"),
    "chunk": (raw(OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc"), "answer cut short"),
    "no-gzip": (Answer(b"plain", headers={"Content-Encoding": "gzip"}), "answer cannot be decompressed"),
    "loop": (Answer("", 302, {"Location": "/loop"}), "redirect loop"),
    "chain": (lambda asked: Answer("", 302, {"Location": f"/chain?n={int(asked.query.get('n', 0)) + 1}"}), "max redirections"),
    "file": (Answer("", 302, {"Location": "file:///etc/hostname"}), "redirect refused"),
    "inside": (Answer("", 302, {"Location": "http://127.0.0.2/"}), "redirect refused"),
    "metadata": (Answer("", 301, {"Location": "http://169.254.169.254/latest/"}), "redirect refused"),
    "elsewhere": (Answer("", 301, {"Location": "https://other.example/"}), "redirect refused"),
}


def cpu_of_children() -> float:
    """Seconds of work of the crawls so far: other than the clock's, they do not depend on what else the machine does."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_every_trick_ends_in_a_named_cause_and_the_next_site_is_crawled(tmp_path: Path) -> None:
    """One site that is nothing but tricks, then an honest one. Bounded: 20 s of work, 250 MB in the crawl's process."""
    home = new_home(tmp_path)
    began = cpu_of_children()
    with serve() as web:
        for name, (answer, _) in HOSTILE.items():
            web.route(f"/{name}", answer)
        board(web, 2)
        add_site(home, "tricks", [f"{web.url}/{name}" for name in HOSTILE])
        add_site(home, "honest", web.url + "/list")
        results = crawl_all(home, ["tricks", "honest"])
    found = stats(home, results["tricks"])
    assert results["tricks"].outcome == "failed"
    for name, (_, cause) in HOSTILE.items():
        assert any(cause in text for text in found["failed"]), f"{name}: {found['failed']}"
    assert sum(found["failed"].values()) == len(HOSTILE)
    assert (found["failed"]["headers too large"], found["failed"]["connection broken"]) == (2, 5)
    assert found["peak_mb"] < 250
    assert cpu_of_children() - began < 20
    assert (results["honest"].outcome, results["honest"].listings) == ("ok", 4)


DEEP = "<div>" * 1_000_000 + "<li class=item><h3>x</h3>"
DEEP_JSON = '<script type="application/ld+json">' + "[" * 100_000 + "</script>"
ENTITIES = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
LAUGHS = f'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY l0 "ha">{ENTITIES}]>'
SITEMAP = LAUGHS + "<urlset><url><loc>{url}/p/&l9;</loc></url></urlset>"
FEED = LAUGHS + "<rss version='2.0'><channel><title>&l9;</title><item><title>A100 &l9;</title><link>{url}/p/1</link></item></channel></rss>"
DEEP_FEED = "<rss version='2.0'><channel><item><title>A100</title>" + "<a>" * 500_000 + "</item></channel></rss>"
NAMES_FEED = "<rss version='2.0'><channel>" + "".join(f"<a{n}:b xmlns:a{n}='u{n}'/>" for n in range(100_000)) + "</channel></rss>"
BREAKING: dict[str, tuple[Any, str, str]] = {
    "deep": (Answer(DEEP), "cards", "changed"),
    "deep-page": (Answer(DEEP), "jsonld", "changed"),
    "deep-json": (Answer(DEEP_JSON), "jsonld", "changed"),
    "deep-feed": (Answer(DEEP_FEED, headers={"Content-Type": "application/rss+xml"}), "feed", "changed"),
    "laughing-feed": (lambda asked: Answer(FEED.format(url="http://127.0.0.1"), headers={"Content-Type": "application/rss+xml"}), "feed", "changed"),
    "names-feed": (Answer(NAMES_FEED), "feed", "changed"),
    "cut-feed": (Answer("<rss version='2.0'><channel><title>cut"), "feed", "changed"),
    "deep-forum": (Answer('{"kind":"Listing","data":' + "[" * 1_000_000, headers={"Content-Type": "application/json"}), "feed", "changed"),
}  # fmt: skip
"""Answer, family, outcome."""


@pytest.mark.parametrize("name", BREAKING)
def test_a_page_made_to_break_a_parser_is_not_recognised(name: str) -> None:
    answer, family, _ = BREAKING[name]
    made = answer(None) if callable(answer) else answer
    body = made.body.encode() if isinstance(made.body, str) else made.body
    lists = {"list": {"card": "li.item", "fields": {"title": "h3"}}} if family == "cards" else {}
    site = Site(key="s", title="S", family=family, start=("http://127.0.0.1/list",), **lists)
    began = time.process_time()
    for role in ("list", "detail"):
        found = family_of(site).read(Page("http://127.0.0.1/list", body, NOW, 200, {k.lower(): v for k, v in made.headers.items()}, role), site)
        assert not found.recognised and not found.listings and found.problems
    assert time.process_time() - began < 10


@pytest.mark.parametrize("names", [("deep", "deep-json", "laughing-feed"), pytest.param(tuple(BREAKING), marks=pytest.mark.soak)], ids=["some", "all"])
def test_pages_made_to_break_parsers(tmp_path: Path, names: tuple[str, ...]) -> None:
    home = new_home(tmp_path, settings='[politeness]\ntimeout_s = 5.0\nmax_body_mb = 8.0\nretries = 0\n')
    with serve() as web:
        for name in names:
            answer, family, _ = BREAKING[name]
            web.route(f"/{name}", answer)
            add_site(home, name, f"{web.url}/{name}", family=family, **({} if family == "cards" else {"more": ""}))
        web.route("/laughs.xml", Answer(SITEMAP.format(url=web.url)))
        web.route("/bomb.xml.gz", Answer(gzip.compress(b"<urlset>" + b" " * 60_000_000, 6)))
        web.route("/p/*", Answer(page(card(1))))
        for name in ("laughs.xml", "bomb.xml.gz"):
            add_site(home, name[:4], f"{web.url}/deep-json", family="jsonld", more="", top=f'sitemap = ["{web.url}/{name}"]')
        board(web, 2)
        add_site(home, "honest", web.url + "/list")
        began = cpu_of_children()
        results = crawl_all(home, [*names, "laug", "bomb", "honest"])
    for name in names:
        assert results[name].outcome == BREAKING[name][2], results[name]
    assert {results[name].outcome for name in ("laug", "bomb")} <= {"changed", "partial"}
    assert results["honest"].outcome == "ok"
    assert not any(len(o.listing.title) > 1000 for o in observations(home))
    assert max(stats(home, result)["peak_mb"] for result in results.values()) < 250
    assert cpu_of_children() - began < 60


def drip_robots(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    for _ in range(100):
        handler.wfile.write(b"#")
        time.sleep(0.1)


BIG_ROBOTS = "User-agent: *\nDisallow: /secret\n# " + "x" * 10_000_000 + "\nUser-agent: *\nDisallow: /\n"
ROBOTS_TRICKS: dict[str, tuple[Any, str]] = {
    "10 MB": (Answer(BIG_ROBOTS, headers={"Content-Type": "text/plain"}), "ok"),
    "60 MB packed": (Answer(gzip.compress(b"# x\n" * 15_000_000, 6), headers={"Content-Encoding": "gzip"}), "blocked"),
    "drip": (lambda asked: drip_robots, "blocked"),
    "endless": (lambda asked: endless, "blocked"),
    "loop": (Answer("", 302, {"Location": "/robots.txt"}), "blocked"),
    "elsewhere": (Answer("", 302, {"Location": "http://127.0.0.2/robots.txt"}), "blocked"),
    "no text": (Answer(bytes(range(256)) * 400), "ok"),
}


@pytest.mark.parametrize("name", ROBOTS_TRICKS)
def test_a_robots_txt_made_to_break_crawlers(tmp_path: Path, name: str) -> None:
    """Of 10 MB the first 512 KB count; what cannot be had forbids everything."""
    home = new_home(tmp_path)
    answer, outcome = ROBOTS_TRICKS[name]
    with serve() as web:
        web.route("/robots.txt", answer)
        board(web, 2)
        add_site(home, "board", web.url + "/list")
        began = cpu_of_children()
        result = crawl(home, "board")
    assert result.outcome == outcome, result
    assert (web.paths() == []) is (outcome == "blocked")
    assert stats(home, result)["peak_mb"] < 300 and cpu_of_children() - began < 15


LARGE_STARTER = """import resource, sys
from pathlib import Path
from config.loader import Config
from crawler.run import crawl_site
held = bytearray(300_000_000)
held[::4096] = b"x" * len(held[::4096])
assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 250_000
home = Path(sys.argv[1])
print(crawl_site("board", home, Config(home), sys.argv[2]).outcome)
"""
SMALL_LIMIT = """import sys
from datetime import datetime
from pathlib import Path
from config.loader import Config
from crawler import worker
plan_run = worker.plan_run
def with_limit(*given, **more):
    plan = plan_run(*given, **more)
    plan.memory_mb = 20
    return plan
worker.plan_run = with_limit
home = Path(sys.argv[1])
print(worker.crawl(Config(home).sites["board"], home, Config(home), datetime.fromisoformat(sys.argv[2]))["outcome"])
"""


@pytest.mark.parametrize(("code", "outcome"), [(LARGE_STARTER, "ok"), (SMALL_LIMIT, "partial")], ids=["large starter", "small limit"])
def test_a_crawl_answers_for_its_own_memory_alone(tmp_path: Path, code: str, outcome: str) -> None:
    home = new_home(tmp_path, settings=QUICK + "memory_mb = 200\n")
    with serve() as web:
        board(web, 12)
        add_site(home, "board", web.url + "/list", delay=0.2)
        done = subprocess.run([sys.executable, "-c", code, str(home), NOW], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1:] == [outcome], done.stderr
    with Store.open(home, readonly=True) as store:
        (run,) = store.runs()
    assert (run["detail"] is None) if outcome == "ok" else ("20 MB of memory" in run["detail"] and run["pages"] < 12), dict(run)


def test_endless_pagination_ends(tmp_path: Path) -> None:
    """New listings for ever: the depth limit. The same page for ever: nothing new, so it ends by itself."""
    home = new_home(tmp_path)
    with serve() as web:
        board(web, 10**9)
        same = page(card("s"), '<a class=next href="/same?page={}">next</a>')
        web.route("/same", lambda asked: Answer(same.format(int(asked.query.get("page", 1)) + 1)))
        add_site(home, "endless", web.url + "/list", pace="max_depth = 7")
        add_site(home, "counted", web.url + "/list", pace="max_pages = 5")
        add_site(home, "same", web.url + "/same")
        results = crawl_all(home, ["endless", "counted", "same"])
    assert results["endless"].outcome == "partial" and "page 7" in (results["endless"].detail or "")
    assert results["endless"].pages == 7
    assert results["counted"].outcome == "partial" and results["counted"].requests <= 5
    assert results["same"].outcome == "ok" and results["same"].pages == 2


def test_the_requests_of_a_day_are_counted_over_all_its_runs(tmp_path: Path) -> None:
    """Every run is a process of its own; what they ask together on a UTC day is bounded, robots.txt included."""
    home = new_home(tmp_path)
    with serve() as web:
        board(web, 10**9)
        add_site(home, "board", web.url + "/list", pace="max_pages = 4\ndaily_requests = 6")
        late = [crawl(home, "board", f"2026-11-02T{hour}:00+00:00") for hour in ("08:00", "21:00", "23:59")]
        # By the clock of Tokyo it is the next day already, by UTC's not yet.
        late.append(crawl(home, "board", "2026-11-03T08:30:00+09:00"))
        assert [(run.outcome, run.requests) for run in late] == [("partial", 4), ("partial", 2), ("skipped", 0), ("skipped", 0)]
        assert len(web.log) == 6
    assert "the 6 requests of the day 2026-11-02 (UTC)" in str(late[1].detail) and "pace.daily_requests" in str(late[2].detail)
    count = day_count(Config(home).sites["board"], Config(home))
    assert count and count.reached(date(2026, 11, 3)) is None
    count.add(date(2026, 11, 12))
    assert [count.spent(date(2026, 11, day)) for day in (2, 12)] == [0, 1]


def test_a_killed_run_leaves_no_request_uncounted(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        web.route("/list", Answer(page(card(1)), delay=5.0))
        add_site(home, "board", web.url + "/list", pace="daily_requests = 2")
        worker = subprocess.Popen([sys.executable, "-m", "crawler.worker", "--home", str(home), "--site", "board", "--now", NOW], stdout=subprocess.DEVNULL)
        try:
            until = time.monotonic() + 20
            while len(web.log) < 2 and worker.poll() is None and time.monotonic() < until:
                time.sleep(0.02)
        finally:
            worker.kill()
            worker.wait()
        assert web.paths() == ["/list"]
        assert crawl(home, "board").outcome == "skipped" and len(web.log) == 2


SCRIPTS = {
    "gb18030": "英伟达 A100 显卡 全新未拆封 现货", "big5": "英偉達 A100 顯示卡 全新未拆封 現貨供應", "shift_jis": "NVIDIA A100 グラフィックボード 新品未開封",
    "euc-kr": "엔비디아 A100 그래픽카드 미개봉 새제품", "windows-1251": "Видеокарта А100 новая, в наличии",
}  # fmt: skip
LANGUAGES = {"gb18030": "zh", "big5": "zh-TW", "shift_jis": "ja", "euc-kr": "ko", "windows-1251": "ru"}


def test_mislabelled_encodings_are_read(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    with serve() as web:
        for name, text in SCRIPTS.items():
            web.route(f"/{name}", Answer(page(card(name, text, "65000")).encode(name), headers={"Content-Type": "text/html; charset=utf-8"}))
        add_site(home, "board", [f"{web.url}/{name}" for name in SCRIPTS], language="")
        result = crawl(home, "board")
    assert result.outcome == "ok", result
    assert {o.listing.listing_id: o.listing.title for o in observations(home)} == {n: f"{t} {n}" for n, t in SCRIPTS.items()}


@pytest.mark.parametrize("label", ["", "utf-8", "iso-8859-1", "gb2312", "windows-1251", "euc-kr"])
@pytest.mark.parametrize("name", SCRIPTS)
def test_decode_whatever_the_label(name: str, label: str) -> None:
    body = page(card(1, SCRIPTS[name], "65000")).encode(name)
    assert SCRIPTS[name] in decode(body, f"text/html; charset={label}", LANGUAGES[name])[0]


@pytest.mark.parametrize("label", ["", "utf-8", "iso-8859-1", "gb2312", "windows-1251", "euc-kr"])
@pytest.mark.parametrize("name", [*SCRIPTS, "utf-16", "utf-16-le"])
def test_feeds_are_read_whatever_their_label(name: str, label: str) -> None:
    text = SCRIPTS.get(name, SCRIPTS["gb18030"])
    declared = f' encoding="{label}"' if label else ""
    body = f'<?xml version="1.0"{declared}?>\n<rss version="2.0"><channel><title>x</title><item><guid>1</guid><title>{text}</title></item></channel></rss>'
    site = Site(key="s", title="S", family="feed", start=("http://127.0.0.1/f",), language=LANGUAGES.get(name, "zh"))
    for kind in ("application/rss+xml", f"text/xml; charset={label or 'utf-8'}"):
        found = family_of(site).read(Page("http://127.0.0.1/f", body.encode(name), NOW, 200, {"content-type": kind}), site)
        assert [entry.title for entry in found.listings] == [text], (kind, found.problems)


# -- deciders


def test_addresses() -> None:
    listed = frozenset(("shop.example", "127.0.0.1"))
    refused: list[tuple[str, bool]] = [
        ("https://shop.example/x", False), ("https://SHOP.example./x", False), ("https://evil.example/", True),
        ("https://shop.example.evil.example/", True), ("file:///etc/passwd", True), ("ftp://shop.example/", True),
        ("https://user:pass@shop.example/", True), ("http://127.0.0.1/", True), ("http://[::1]/", True), ("https://shop.example:99999/", True),
        (f"https://shop.example/{'x' * 2062}", False), (f"https://shop.example/{'x' * 2063}", True),
    ]  # fmt: skip
    for url, no in refused:
        assert (hosts.refused(url, listed, loopback=False) is not None) is no, url
    assert hosts.refused("http://127.0.0.1:8000/", listed, loopback=True) is None
    # Letters beyond ASCII are written out in requests; listed hosts are copied from a browser.
    site = Site(title="s", family="feed", start=("https://Müller.example/feed",), hosts=("https://cdn.example/", "img.example:8443", "Bücher.example."))
    named = hosts.hosts_of(site)
    assert named == {"xn--mller-kva.example", "cdn.example", "img.example", "xn--bcher-kva.example"}
    for url in ("https://xn--mller-kva.example/x", "https://müller.example/x", "https://cdn.example/x", "https://img.example/x"):
        assert hosts.refused(url, named, loopback=False) is None, url
    assert hosts.refused("https://shop.example/", listed, loopback=True) is not None


@pytest.mark.parametrize(
    ("address", "public"),
    [("93.184.216.34", True), ("10.0.0.1", False), ("127.0.0.1", False), ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False),
     ("192.168.1.1", False), ("224.0.0.1", False), ("::1", False), ("fe80::1", False), ("fc00::1", False), ("::ffff:127.0.0.1", False),
     ("2606:2800:220:1::1", True)],
)  # fmt: skip
def test_only_public_addresses(address: str, public: bool) -> None:
    assert (hosts.address_refused(address, loopback=False) is None) is public


def test_names_that_point_inside_are_refused_at_resolution() -> None:
    from twisted.internet.error import DNSLookupError

    from crawler.politeness.resolver import PublicResolver

    resolver = PublicResolver.__new__(PublicResolver)
    resolver.loopback = False
    assert resolver._checked("93.184.216.34", "shop.example") == "93.184.216.34"
    with pytest.raises(DNSLookupError, match="no public address"):
        resolver._checked("127.0.0.1", "rebound.example")


ROBOTS: list[tuple[int | None, str, str, bool]] = [
    (200, "User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
    (200, "User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/c", False),
    (200, "User-agent: *\nDisallow: /\n\nUser-agent: chipwatch\nDisallow: /x", "/y", True),
    (200, "User-agent: *\nDisallow: /*.pdf$", "/q.pdf", False),
    (200, "", "/x", True), (404, "", "/x", True), (401, "", "/x", True), (403, "", "/x", True),
    (429, "", "/x", False), (500, "", "/x", False), (503, "", "/x", False), (None, "", "/x", False),
    (200, "<html>not robots</html>", "/x", True),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "path", "may"), ROBOTS)
def test_robots_by_rfc_9309(status: int | None, body: str, path: str, may: bool) -> None:
    found = robots.judge("https://shop.example/robots.txt", status, body.encode(), "chipwatch")
    assert found.allows("https://shop.example" + path) is may


def test_a_robots_txt_cut_at_the_limit_does_not_end_in_half_a_line() -> None:
    body = b"User-agent: *\nDisallow: /secret\n" + b"#" * (500 * 1024 - 50) + b"\nDisallow: /half-of-this-is-cut\n"
    found = robots.judge("https://shop.example/robots.txt", 200, body, "chipwatch", max_kb=500)
    assert found.allows("https://shop.example/half") and not found.allows("https://shop.example/secret")


def test_pause_and_retry_after() -> None:
    pause = Pause(2.0)
    assert pause.before("a", 100.0) == 0.0
    pause.asked("a", 100.0)
    pause.asked("a", 103.0)
    assert pause.before("a", 103.5) == 1.5
    assert pause.before("b", 103.5) == 0.0
    pause.at_least("a", 1.0)
    assert pause.of("a") == 2.0
    pause.at_least("a", 9.0)
    assert pause.before("a", 103.5) == 8.5
    pause.asked("a", 110.0)
    assert pause.before("a", 110.0) == 9.0
    now = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
    assert retry_after("120", now) == 120.0
    assert retry_after("Mon, 02 Nov 2026 08:01:00 GMT", now) == 60.0
    assert retry_after("Mon, 02 Nov 2026 07:00:00 GMT", now) == 0.0
    assert retry_after("soon", now) is None and retry_after(None, now) is None
    # Made to break a reader: no digits of ours, days without end, a zone that no clock has.
    assert retry_after("\xb2", now) is None and retry_after("9" * 12, now) == float("9" * 12)
    assert retry_after(f"Mon, {'9' * 30} Nov 2026 08:01:00 GMT", now) is None
    assert retry_after(f"Mon, 02 Nov 2026 08:01:00 +{'9' * 20}", now) is None
    with pytest.raises(ValueError, match="pause of 0"):
        Pause(0.0)


MARKS: list[tuple[str, int, dict[str, str], str, str | None]] = [
    ("https://s.example/x", 200, {}, "<title>A100 80GB - Shop</title>" + "p" * 500, None),
    ("https://s.example/x", 403, {"cf-mitigated": "challenge"}, "", "cloudflare-header"),
    ("https://s.example/x", 403, {}, "<script src=/cdn-cgi/challenge-platform/h/b.js></script>", "cloudflare-script"),
    ("https://s.example/x", 200, {}, "<script src=/cdn-cgi/challenge-platform/h/b.js></script>" + "p" * 90_000, None),
    ("https://s.example/x", 200, {}, "<title>Just a moment...</title>", "just-a-moment"),
    ("https://s.example/x", 405, {"x-amzn-waf-action": "captcha"}, "", "aws-waf"),
    ("https://s.example/x", 200, {"x-datadome": "protected"}, "<title>Shop</title>", None),
    ("https://s.example/punish?x5=1", 200, {}, "", "alibaba-punish"),
    ("https://s.example/x", 200, {}, "<title>安全验证</title>", "verify-zh"),
    ("https://login.taobao.example/member/login.jhtml", 200, {}, "", "login-path"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "status", "headers", "body", "mark"), MARKS)
def test_challenges_are_told_from_pages(url: str, status: int, headers: dict[str, str], body: str, mark: str | None) -> None:
    found = challenge.recognise(Config().challenges.mark, "https://s.example/x", url, status, headers, body.encode())
    assert (found.id if found else None) == mark


def site(**access: Any) -> Site:
    table = {"basis": "robots_and_terms", "reviewed_by": "A. Analyst", "reviewed_on": date(2026, 10, 1), **access}
    return Site(key="shop", title="Shop", family="feed", start=("https://shop.example/feed",), access=Access(**table))


REFUSALS: list[tuple[Callable[[], Site], str]] = [
    (lambda: site().model_copy(update={"access": None}), "no access table"),
    (lambda: site().model_copy(update={"enabled": False}), "disabled"),
    (lambda: site(reviewed_by=None), "never reviewed"),
    (lambda: site(reviewed_on=None), "never reviewed"),
    (lambda: site(reviewed_on=date(2026, 1, 1)), "older than 180 days"),
    (lambda: site(reviewed_on=date(2027, 1, 1)), "future"),
    (lambda: site(basis="own_capture"), "chipwatch import"),
    (lambda: site(basis="demo"), "loopback"),
]


@pytest.mark.parametrize(("made", "says"), REFUSALS, ids=[says for _, says in REFUSALS])
def test_a_site_without_a_fresh_review_does_not_run(made: Callable[[], Site], says: str) -> None:
    settings = Settings.model_validate({"identity": {"contact": "desk@example.org"}})
    assert says in (refusal(made(), settings, date(2026, 11, 2)) or "")
    assert refusal(site(), settings, date(2026, 11, 2)) is None
    assert "contact" in (refusal(site(), Settings(), date(2026, 11, 2)) or "")


def test_a_host_that_showed_the_door_rests_until_a_person_acts(tmp_path: Path) -> None:
    now = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
    names = frozenset(("shop.example",))
    rest.remember(tmp_path, [("shop.example", "challenge", "challenge page")], now)
    state = rest.read(tmp_path)
    later = datetime(2027, 11, 2, tzinfo=UTC)
    assert "left alone" in (rest.resting(site(), names, state, later, 24) or "")
    assert rest.resting(site(), frozenset(("other.example",)), state, later, 24) is None
    assert rest.resting(site(reviewed_on=date(2026, 11, 3)), names, state, later, 24) is None
    assert rest.forget(tmp_path, names) == ["shop.example"]
    assert rest.resting(site(), names, rest.read(tmp_path), later, 24) is None
    rest.remember(tmp_path, [("shop.example", "retry_after", "busy")], now)
    assert "rests until" in (rest.resting(site(), names, rest.read(tmp_path), datetime(2026, 11, 2, 20, tzinfo=UTC), 24) or "")
    assert rest.resting(site(), names, rest.read(tmp_path), datetime(2026, 11, 3, 9, tzinfo=UTC), 24) is None


STOPPER = """import os, signal, sys
from datetime import UTC, date, datetime
from pathlib import Path
from config.loader import Config
from config.schema.sites import Access, Site
from crawler.plan import plan_run
access = Access(basis="robots_and_terms", reviewed_by="A", reviewed_on=date(2026, 10, 1))
for host in sys.argv[2].split(","):
    site = Site(key="s", title="S", family="feed", start=(f"https://{host}/f",), access=access)
    plan_run(site, Config(Path(sys.argv[1])), datetime(2026, 11, 2, tzinfo=UTC)).leave_alone(host, "challenge", "a challenge page")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_stop_is_remembered_at_once_by_many_crawls_at_a_time(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    names = [[f"shop{n}-{m}.example" for m in range(20)] for n in range(3)]
    running = [subprocess.Popen([sys.executable, "-c", STOPPER, str(home), ",".join(some)]) for some in names]
    assert {child.wait(60) for child in running} == {-9}
    assert rest.read(home).keys() == {name for some in names for name in some}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"shop.example": {}}', '{"shop.example": {"since": "x", "kind": "challenge", "why": "y"}}'])
def test_while_nobody_can_read_who_is_left_alone_nobody_is_asked(tmp_path: Path, text: str) -> None:
    path = tmp_path / "state" / "resting.json"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    now = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
    assert "resting.json" in (at_rest(site(), tmp_path, now, 24) or "") and "cannot be read" in (at_rest(site(), tmp_path, now, 24) or "")
    for change in (lambda: rest.remember(tmp_path, [("other.example", "challenge", "x")], now), lambda: rest.forget(tmp_path, frozenset(("shop.example",)))):
        with pytest.raises(StorageError, match=r"resting\.json"):
            change()
    assert path.read_text(encoding="utf-8") == text


def facts(**more: Any) -> Facts:
    found = Facts(pages=10, lists=10, listings=100)
    for name, value in more.items():
        if name == "failed":
            found.failed.update(value)
        elif name == "filled":
            found.filled.update(value)
        else:
            setattr(found, name, value)
    return found


OUTCOMES: list[tuple[Facts, tuple[int, ...], str]] = [
    (facts(), (), "ok"),
    (facts(signal="SIGTERM"), (), "killed"),
    (facts(stops=["host: challenge"]), (), "blocked"),
    (facts(stops=["host: challenge"], absent=["other: not reachable"]), (), "blocked"),
    (facts(pages=0, lists=0, listings=0, absent=["host: not reachable"]), (), "failed"),
    (facts(absent=["other: not reachable"]), (300, 310, 290), "partial"),
    (facts(pages=0, lists=0, listings=0, robots=4), (), "blocked"),
    (facts(pages=0, lists=0, listings=0, failed={"status 500": 3}), (), "failed"),
    (facts(pages=0, lists=0, listings=0), (), "failed"),
    (facts(listings=0), (), "changed"),
    (facts(listings=0), (0, 0, 1), "changed"),
    (facts(pages=0, lists=0, listings=0, unrecognised=3), (), "changed"),
    (facts(pages=1, lists=0, listings=0), (), "changed"),
    (facts(limits=["stopped at the limit"]), (), "partial"),
    (facts(pages=0, lists=0, listings=0, limits=["stopped at the limit"]), (), "partial"),
    (facts(failed={"status 500": 3}), (), "partial"),
    (facts(pages=200, failed={"status 500": 3}), (), "ok"),
    (facts(errors=["KeyError while reading a page"]), (), "partial"),
    (facts(), (300, 310, 290), "changed"),
    (facts(), (150, 160, 140), "ok"),
    (facts(limits=["stopped"]), (150, 160, 140), "partial"),
    (facts(limits=["stopped"]), (300, 310, 290), "changed"),
    (facts(limits=["stopped"], failed={"status 500": 3}), (300, 310, 290), "partial"),
    (facts(limits=["stopped"], listings=3), (), "partial"),
    (facts(listings=0, failed={"status 500": 3}), (300, 310, 290), "partial"),
    (facts(entries=100, set_aside=20), (), "ok"),
    (facts(entries=100, set_aside=50), (), "changed"),
    (facts(entries=100, set_aside=50, limits=["stopped"]), (), "changed"),
    (facts(listings=4), (), "changed"),
    (facts(filled={"price": 20}), (), "changed"),
]


@pytest.mark.parametrize(("counted", "history", "name"), OUTCOMES)
def test_outcomes(counted: Facts, history: tuple[int, ...], name: str) -> None:
    expect = {"listings": 5, "fill": {"price": 0.5}} if counted.listings == 4 or counted.filled else {"listings": 5}
    shop = Site(key="s", title="S", family="feed", start=("https://s.example/f",), expect=expect)
    found = decide(counted, shop, history)
    assert found.name == name
    assert found.quarantine is (name == "changed")
    assert found.detail or name == "ok"


@pytest.mark.parametrize(("listings", "history", "name"), [
    (0, (), "empty"), (0, (2, 0, 0, 1, 0), "empty"), (0, (0, 0, 20, 20, 20), "changed"), (4, (0, 0, 20, 20, 20), "changed"),
])  # fmt: skip
def test_a_site_may_be_empty_where_neither_expectation_nor_history_says_otherwise(listings: int, history: tuple[int, ...], name: str) -> None:
    plain = Site(key="s", title="S", family="feed", start=("https://s.example/f",))
    assert decide(facts(listings=listings), plain, history).name == name


def test_a_crawl_stores_no_word_of_a_listing_that_was_erased(tmp_path: Path) -> None:
    """Links are relative and escaped, ids of one figure; a list keeps the words of the others, a page of its own nothing."""
    home = new_home(tmp_path)
    with serve() as web:
        cards = "".join(
            f'<li class=item data-id={n}><h3>Zorb{n} A100 80GB</h3><span class=price>¥6万</span><a class=more href="item.php?c=3&amp;id={n}">x</a></li>' for n in (1, 2)
        )
        web.route("/list", Answer(page(cards)))
        web.route("/related", Answer(page(card(9), '<p>Also: <a href="item.php?c=3&amp;id=1">the first</a></p>')))
        add_site(home, "board", [web.url + "/list", web.url + "/related"])
        crawl(home, "board")
        with Store.open(home) as store:
            assert store.erase_listing(listing_key("board", "1"), who="ann", why="request", now=NOW).records
        assert b"Zorb1" not in archived(home) and b"id=1" not in archived(home)
        web.route("/list", Answer(page(cards, "<p>another day</p>")))
        web.route("/related", Answer(page(card(9))))
        result = crawl(home, "board", "2026-11-03T08:00:00+00:00")
        assert (result.outcome, result.listings, result.detail) == ("ok", 2, "1 erased on request passed over")
        assert b"Zorb1" not in archived(home) and b"quote: Zorb2 A100 80GB" in archived(home)
        # The word of a person, where a page names it all the same.
        with Store.open(home) as store:
            assert store.erase_listing(listing_key("board", "1"), who="ann", why="again", now=NOW, named=["Zorb2 A100 80GB"]).records == 1
            assert verify(home, store) == []


def archived(home: Path) -> bytes:
    """All that the evidence holds, unpacked."""
    return b"".join(gzip.decompress(path.read_bytes()) for path in sorted((home / "evidence").glob("*.gz")))
