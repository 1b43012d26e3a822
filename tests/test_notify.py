"""Notices through apprise: what is told, to whom, once; templates of the desk; no seller's word is markup, no secret is told."""

from __future__ import annotations

import json
import shutil
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from chipwatch.digests import make
from config.loader import Config
from config.schema.settings import Notice
from config.tables import ConfigError
from review.delivery import Told, deliver
from review.notify import message, send
from review.outgoing import SendError, outgoing
from storage.store import Store
from tests import handover, hostile
from tests.test_mail import digest_of

pytest.importorskip("apprise", reason="the extra `notify` is not installed")

NOW = "2026-03-03T09:00:00Z"
ROW = {"id": "chat", "url_env": "CHIPWATCH_NOTIFY_CHAT"}


class Hook:
    """A webhook on loopback: keeps what it is told; `status` is what it answers."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.status = 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(hook.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    @property
    def address(self) -> str:
        return f"json://user:s3cret@127.0.0.1:{self.server.server_address[1]}/hook"


@pytest.fixture
def hook() -> Iterator[Hook]:
    running = Hook()
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return handover.build(tmp_path_factory.mktemp("notify") / "home")


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "home")
    return tmp_path / "home"


def desk(home: Path, more: str = "") -> Config:
    (home / "config").mkdir(exist_ok=True)
    text = (
        f'[[notice]]\nid = "chat"\nurl_env = "CHIPWATCH_NOTIFY_CHAT"\n{more}\n[delivery]\npauses_s = [0.0]\n'
    )
    (home / "config" / "settings.toml").write_text(text, encoding="utf-8")
    return Config(home)


def morning(home: Path, config: Config, address: str = "", now: str = NOW) -> list[Told]:
    with Store.open(home) as store:
        make(store, config, now=now, send=True)
        env = {"CHIPWATCH_NOTIFY_CHAT": address} if address else {}
        return deliver(store, config.settings, clock=lambda: now, env=env, sleep=lambda _: None)


def test_a_chat_is_told_once_with_reasons_and_a_link_to_the_desk(home: Path, hook: Hook) -> None:
    config = desk(home)
    assert [t.error for t in morning(home, config, hook.address)] == [None]
    assert morning(home, config, hook.address, "2026-03-03T12:00:00Z") == []
    (told,) = hook.told
    assert (
        "NVIDIA H100 80GB PCIe" in told["message"]
        and "serial number removed" in told["message"]
        and handover.CONTACT not in told["message"]
    )
    assert "http://127.0.0.1:8100/alert/" in told["message"] and told["title"].startswith(
        "chipwatch 2026-03-03"
    )


def test_the_cap_is_honest(home: Path, hook: Hook) -> None:
    morning(home, desk(home, "cap = 1"), hook.address)
    assert hook.told[0]["message"].count("/alert/") == 1 and "and 1 more." in hook.told[0]["message"]


def test_nothing_is_told_below_the_severity_that_was_asked_for(home: Path, hook: Hook) -> None:
    config = desk(home)
    with Store.open(home) as store:
        store.db.write("UPDATE alert SET severity='medium', rank=2")
    assert morning(home, config, hook.address) == [] and hook.told == []
    with Store.open(home) as store:
        store.db.write("UPDATE alert SET news_at='2026-03-03T10:00:00Z'")
    assert [
        t.error
        for t in morning(home, desk(home, 'severity = "medium"'), hook.address, "2026-03-03T11:00:00Z")
    ] == [None]
    assert len(hook.told) == 1


def test_a_service_that_fails_is_asked_again_and_its_secret_stays_untold(home: Path, hook: Hook) -> None:
    hook.status = 500
    config = desk(home)
    told = morning(home, config, hook.address)
    assert len(told) == 2 and all(
        t.error and "s3cret" not in t.error and "notice chat" in t.error for t in told
    )
    hook.status = 200
    with Store.open(home) as store:
        again = deliver(
            store,
            config.settings,
            clock=lambda: NOW,
            env={"CHIPWATCH_NOTIFY_CHAT": hook.address},
            sleep=lambda _: None,
        )
    assert [t.error for t in again] == [None]


@pytest.mark.parametrize(
    ("address", "says"),
    [("", "set CHIPWATCH_NOTIFY_CHAT"), ("nosuch://s3cret@x", "does not know such an address")],
)
def test_a_missing_or_wrong_address_is_said_at_once(home: Path, address: str, says: str) -> None:
    (told,) = morning(home, desk(home), address)
    assert says in (told.error or "") and "s3cret" not in (told.error or "")


def test_without_apprise_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    out = outgoing({"id": "1", "kind": "daily", "document": digest_of("x").to_dict()}, "h")
    with pytest.raises(SendError, match=r"pip install 'chipwatch\[notify\]'"):
        send(out, Notice(**ROW), "json://127.0.0.1", tmp_path)


def test_a_template_of_the_desk_is_used_and_a_wrong_one_is_named(home: Path, hook: Hook) -> None:
    folder = home / "config" / "templates"
    folder.mkdir(parents=True)
    (folder / "short.txt").write_text(
        "{{ alerts | length }} to look at: {{ alerts[0].title }}", encoding="utf-8"
    )
    assert [t.error for t in morning(home, desk(home, 'template = "short.txt"'), hook.address)] == [None]
    assert hook.told[0]["message"].startswith("2 to look at: NVIDIA")
    out = outgoing({"id": "1", "kind": "daily", "document": digest_of("x").to_dict()}, "h")
    for name, text in (
        ("bad.txt", "{{ nosuch }}"),
        ("worse.txt", "{% for %}"),
        ("deep.txt", "{{ ''.__class__.__mro__ }}"),
    ):
        (folder / name).write_text(text, encoding="utf-8")
        with pytest.raises(SendError, match=name):
            message(out, Notice(**ROW, template=name), folder)
    with pytest.raises(SendError, match=r"gone\.txt"):
        message(out, Notice(**ROW, template="gone.txt"), folder)


@pytest.mark.parametrize(
    "line", ['template = "../secret"', 'url_env = "json://user:pw@host"', 'of = ["hourly"]']
)
def test_settings_that_leak_or_lead_outside_are_refused(home: Path, line: str) -> None:
    (home / "config").mkdir(exist_ok=True)
    base = "" if line.startswith("url_env") else 'url_env = "CHIPWATCH_X"\n'
    (home / "config" / "settings.toml").write_text(
        f'[[notice]]\nid = "chat"\n{base}{line}\n', encoding="utf-8"
    )
    with pytest.raises(ConfigError):
        _ = Config(home).settings


def _shape(text: str) -> list[str]:
    return [line[:2].strip() for line in text.splitlines()]


@hostile.PAYLOADS
@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_no_word_of_a_seller_is_markup(payloads: tuple[str, ...], form: Any, tmp_path: Path) -> None:
    notice = Notice(**ROW, format=form)

    def said(words: str) -> str:
        return message(
            outgoing({"id": "1", "kind": "daily", "document": digest_of(words).to_dict()}, "h"),
            notice,
            tmp_path,
        )

    lines = len(said("H100").splitlines())
    for words in payloads:
        text = said(words)
        assert len(text.splitlines()) == lines, words
        assert not any(ord(sign) < 32 and sign != "\n" for sign in text) and "\u202e" not in text, words
        own = text.replace("http://127.0.0.1:8100/alert/", "").replace(f"{'ab' * 10}", "")
        if form == "text":
            assert (
                not set(own) & set("<>[]`*~|\\&")
                and "://" not in own
                and "@everyone" not in own
                and "@U123" not in own
            ), words
        elif form == "markdown":
            bare = own.replace("[decide](<>)", "")
            for sign in "[]<>`*_@#":
                assert _unescaped(bare, sign) == (4 if sign == "*" else 0), (words, sign)
        else:
            assert own.count("<") == said("H100").count("<") and "://" not in own, words


def _unescaped(text: str, sign: str) -> int:
    """How often a sign stands in the text without a backslash before it."""
    count, at = 0, 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
            continue
        count += text[at] == sign
        at += 1
    return count
