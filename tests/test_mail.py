"""Digests by mail: whole in both forms, sent once, again after a failure, and no seller's word becomes a header or an element."""

from __future__ import annotations

import dataclasses
import os
import ssl
import subprocess
import sys
from email.headerregistry import Address
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from chipwatch.digests import make
from config.loader import Config
from config.tables import ConfigError
from review.delivery import Told, deliver, outstanding
from review.digest import Digest, DigestAlert, Quote, SiteCoverage
from review.mail import compose
from review.mail_page import html
from review.outgoing import SendError, outgoing
from review.plain import text
from storage.store import Store
from tests import handover, hostile
from tests.servers.smtp import Inbox, certificate, smtp

NOW = "2026-03-03T09:00:00Z"
LATER = "2026-03-03T10:00:00Z"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return handover.build(tmp_path_factory.mktemp("mail") / "home")


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    import shutil

    shutil.copytree(made, tmp_path / "home")
    return tmp_path / "home"


def settings(home: Path, port: int, more: str = "", *, to: str = '["desk@example.org"]') -> Config:
    (home / "config").mkdir(exist_ok=True)
    (home / "config" / "settings.toml").write_text(
        f'[mail]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nsender = "Desk Watch <watch@desk.example>"\nto = {to}\ntimeout_s = 5.0\n{more}',
        encoding="utf-8",
    )
    return Config(home)


def morning(home: Path, config: Config, now: str = NOW, env: dict[str, str] | None = None) -> list[Told]:
    """What the digest command does: make, put on the record, send."""
    with Store.open(home) as store:
        make(store, config, now=now, send=True)
        return deliver(store, config.settings, clock=lambda: now, env=env or {}, sleep=lambda _: None)


def test_a_digest_arrives_whole_in_text_and_html(home: Path) -> None:
    with smtp() as inbox:
        assert [t.error for t in morning(home, settings(home, inbox.port))] == [None]
    (message,) = inbox.messages()
    assert inbox.mails[0][:2] == ("<watch@desk.example>", ("desk@example.org",))
    assert message["From"].addresses[0] == Address("Desk Watch", addr_spec="watch@desk.example")
    assert (
        message["Subject"].startswith("chipwatch 2026-03-03: ")
        and message["Auto-Submitted"] == "auto-generated"
    )
    assert message.get_content_type() == "multipart/alternative"
    plain, page = [part.get_content() for part in message.iter_parts()]
    for form in (plain, page):
        assert (
            "NVIDIA H100 80GB PCIe" in form
            and "7,500" in form
            and "serial number removed" in form
            and "board" in form
        )
        assert "http://127.0.0.1:8100/alert/" in form
        assert handover.CONTACT not in form
    assert b"\r\n" in inbox.mails[0][2] and max(map(len, inbox.mails[0][2].split(b"\r\n"))) <= 998


def test_it_is_sent_once_however_often_the_command_runs(home: Path) -> None:
    with smtp() as inbox:
        config = settings(home, inbox.port)
        for now in (NOW, NOW, LATER, "2026-03-03T18:00:00Z"):
            morning(home, config, now)
        assert len(inbox.mails) == 1
        # The next day without news still tells of coverage, once.
        morning(home, config, "2026-03-04T09:00:00Z")
        morning(home, config, "2026-03-04T10:00:00Z")
    assert [m["Subject"] for m in inbox.messages()][1] == "chipwatch 2026-03-04: 0 high and 0 medium severity"


@pytest.mark.parametrize("everything", [False, True])
def test_a_look_that_is_not_sent_takes_nothing_from_the_mail(home: Path, everything: bool) -> None:
    with smtp() as inbox:
        config = settings(home, inbox.port)
        with Store.open(home) as store:
            make(store, config, now="2026-03-03T08:30:00Z", everything=everything)
        morning(home, config)
    assert "NVIDIA H100 80GB PCIe" in inbox.messages()[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_a_desk_that_wants_no_empty_digests_gets_none(home: Path) -> None:
    with smtp() as inbox:
        config = settings(home, inbox.port, '[delivery]\nempty = "never"\n')
        morning(home, config)
        morning(home, config, "2026-03-04T09:00:00Z")
    assert len(inbox.mails) == 1


@pytest.mark.parametrize(
    "refuse",
    [
        {"MAIL": ["451 4.7.1 greylisted"]}, {"RCPT": ["450 4.2.1 busy"]}, {"DATA": ["452 4.3.1 no room"]}, {"BODY": ["451 4.3.0 try later"]}, {"BODY": [""]},
        {"EHLO": [""]}, {"MAIL": [""]},
    ],
)  # fmt: skip
def test_a_failed_sending_is_tried_again_within_the_run(home: Path, refuse: dict[str, list[str]]) -> None:
    with smtp(refuse={verb: list(answers) for verb, answers in refuse.items()}) as inbox:
        told = morning(home, settings(home, inbox.port))
    assert [bool(t.error) for t in told][-1] is False and 1 < len(told) <= 3
    assert len(inbox.mails) == 1


def test_what_stays_unsent_is_shown_and_sent_by_a_later_run_before_the_new_one(home: Path) -> None:
    config = settings(home, 1)
    told = morning(home, config)
    assert len(told) == 3 and all("127.0.0.1:1" in (t.error or "") for t in told)
    with Store.open(home) as store:
        (row,) = outstanding(store, config.settings)
        assert (row["channel"], row["tries"], row["given_up"]) == ("mail:desk@example.org", 3, False)
        digest, _ = make(store, config, now=LATER)
        assert any(
            "Not delivered: daily digest of 2026-03-03 to mail:desk@example.org" in note
            for note in digest.notes
        )
    with smtp() as inbox:
        config = settings(home, inbox.port)
        morning(home, config, "2026-03-04T09:00:00Z")
        with Store.open(home) as store:
            assert outstanding(store, config.settings) == []
    assert [m["Subject"][:20] for m in inbox.messages()] == ["chipwatch 2026-03-03", "chipwatch 2026-03-04"]


def test_it_is_given_up_after_the_configured_tries(home: Path) -> None:
    config = settings(home, 1, "[delivery]\nmax_tries = 2\n")
    assert len(morning(home, config)) == 2
    assert morning(home, config, LATER) == []
    with Store.open(home) as store:
        assert outstanding(store, config.settings)[0]["given_up"]


def test_what_was_given_up_is_sent_once_a_person_asks_and_then_named_no_more(home: Path) -> None:
    words = [sys.executable, "-m", "chipwatch.cli", "--home", str(home), "digest", "--retry"]
    config = settings(home, 1, "[delivery]\nmax_tries = 2\npauses_s = []\n")
    morning(home, config)
    morning(home, config, LATER)
    with Store.open(home) as store:
        note = next(note for note in make(store, config, now=LATER)[0].notes if "Not delivered" in note)
    assert "2 tries, given up until chipwatch digest --retry is asked: mail server" in note
    assert "tried again" not in note

    # Asked in vain: tried once, and given up as before.
    vain = subprocess.run(words, capture_output=True, text=True, check=False)
    assert vain.returncode == 1 and "3 tries, given up" in vain.stderr
    with smtp() as inbox:
        config = settings(home, inbox.port, "[delivery]\nmax_tries = 2\n")
        assert morning(home, config, "2026-03-03T11:00:00Z") == [] and not inbox.mails
        with Store.open(home) as store:
            due = deliver(store, config.settings, clock=lambda: LATER, env={}, sleep=lambda _: None)
            assert due == [] and outstanding(store, config.settings)
        sent = subprocess.run(words, capture_output=True, text=True, check=False)
        assert sent.returncode == 0 and "sent: daily digest to mail:desk@example.org" in sent.stderr
        assert [m["Subject"][:20] for m in inbox.messages()] == ["chipwatch 2026-03-03"]
    with Store.open(home) as store:
        assert outstanding(store, config.settings) == []
        assert not any(
            "Not delivered" in note for note in make(store, config, now="2026-03-04T09:00:00Z")[0].notes
        )


def test_a_listing_erased_while_its_mail_waits_is_not_in_the_mail(home: Path) -> None:
    config = settings(home, 1, "[delivery]\npauses_s = []\n")
    morning(home, config)
    with Store.open(home) as store:
        store.erase_listing(
            handover.key(store, "1"), who="ada", why="asked by the person concerned", now=LATER
        )
    with smtp() as inbox:
        config = settings(home, inbox.port)
        with Store.open(home) as store:
            deliver(store, config.settings, clock=lambda: LATER, env={}, sleep=lambda _: None)
    said = inbox.messages()[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "H100 80GB PCIe" not in said and "A100 80GB PCIe x 40" in said


def test_one_refused_receiver_does_not_hold_up_the_others(home: Path) -> None:
    with smtp(refuse={"RCPT": ["550 5.1.1 no such user"] * 3}) as inbox:
        # Receivers are tried in the order of their names: the first one is refused at each of its three tries, in turn.
        config = settings(home, inbox.port, to='["a@example.org", "b@example.org"]')
        with Store.open(home) as store:
            make(store, config, now=NOW, send=True)
        inbox.refuse["RCPT"] = ["550 5.1.1 no such user"]
        with Store.open(home) as store:
            told = deliver(store, config.settings, clock=lambda: NOW, env={}, sleep=lambda _: None)
    assert [(t.channel[-13:], bool(t.error)) for t in told] == [
        ("a@example.org", True),
        ("b@example.org", False),
        ("a@example.org", False),
    ]
    assert "550" in (told[0].error or "") and sorted(r for _, (r,), _ in inbox.mails) == [
        "a@example.org",
        "b@example.org",
    ]


def test_a_mail_sent_twice_after_a_crash_has_the_same_message_id(home: Path) -> None:
    with smtp() as inbox:
        config = settings(home, inbox.port)
        morning(home, config)
        with Store.open(home) as store:
            store.db.write("UPDATE delivery SET state='waiting'")
            deliver(store, config.settings, clock=lambda: NOW, env={}, sleep=lambda _: None)
    first, second = inbox.messages()
    assert first["Message-ID"] == second["Message-ID"] and inbox.mails[0][2].count(b"Message-ID") == 1


@pytest.mark.parametrize("waiting", [True, False])
def test_commands_at_once_send_one_mail(home: Path, waiting: bool) -> None:
    with smtp() as inbox:
        settings(home, inbox.port)
        if waiting:
            with Store.open(home) as store:
                make(store, Config(home), now=NOW, send=True)
        words = [
            sys.executable,
            "-m",
            "chipwatch.cli",
            "--home",
            str(home),
            "digest",
            *(["--retry"] if waiting else ["--form", "json"]),
        ]
        running = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
        for child in running:
            child.communicate(timeout=120)
    assert [child.returncode for child in running] == [0, 0, 0]
    assert [m["Subject"].split(": ")[1] for m in inbox.messages()] == ["2 high and 0 medium severity"]


def test_the_password_comes_from_the_environment_and_goes_through_tls(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, authority = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with smtp(context, user="watch", password="s3cret") as inbox:
        config = settings(home, inbox.port)
        path = home / "config" / "settings.toml"
        path.write_text(
            path.read_text().replace('security = "none"', 'security = "starttls"\nuser = "watch"')
        )
        config = Config(home)
        missing = morning(home, config)
        assert (
            len(missing) == 1
            and "set CHIPWATCH_SMTP_PASSWORD" in (missing[0].error or "")
            and inbox.connections == 0
        )
        wrong = morning(home, config, env={"CHIPWATCH_SMTP_PASSWORD": "wrong"})
        assert len(wrong) == 1 and "535" in (wrong[0].error or "") and "wrong" not in (wrong[0].error or "")
        right = morning(home, config, env={"CHIPWATCH_SMTP_PASSWORD": "s3cret"})
        assert [t.error for t in right] == [None]
    assert inbox.secured == 2 and inbox.logins[-1] == ("watch", "s3cret") and len(inbox.mails) == 1


def test_a_server_that_cannot_prove_itself_gets_nothing(home: Path, tmp_path: Path) -> None:
    context, _ = certificate(tmp_path)
    with smtp(context) as inbox:
        settings(home, inbox.port)
        path = home / "config" / "settings.toml"
        path.write_text(
            path.read_text().replace('security = "none"', 'security = "starttls"')
            + "[delivery]\npauses_s = []\n"
        )
        (told,) = morning(home, Config(home))
    assert "certificate verify failed" in (told.error or "") and not inbox.mails


def test_a_server_without_starttls_gets_nothing_in_the_clear(home: Path) -> None:
    with smtp() as inbox:
        settings(home, inbox.port)
        path = home / "config" / "settings.toml"
        path.write_text(path.read_text().replace('security = "none"', 'security = "starttls"'))
        (told,) = morning(home, Config(home))
    assert "STARTTLS" in (told.error or "") and not inbox.mails


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('to = ["a@x.example\\nBcc: evil@evil.example"]', "one line"), ('sender = "a@x.example\\r\\nBcc: b@x.example"', "one line"), ('to = ["desk"]', "is no mail address"),
        ('to = ["a@x.example, b@x.example"]', "is no mail address"), ('host = "mail.example"\nsecurity = "none"', "on this machine"), ('password = "x"', "password"), ('sender = ""', "sender"),
    ],
)  # fmt: skip
def test_settings_that_would_forge_or_leak_are_refused(home: Path, line: str, says: str) -> None:
    keys = {part.split(" = ")[0] for part in line.split("\n")}
    base = {
        "host": '"127.0.0.1"',
        "security": '"none"',
        "sender": '"w@desk.example"',
        "to": '["d@desk.example"]',
    }
    rows = [f"{key} = {value}" for key, value in base.items() if key not in keys]
    (home / "config").mkdir(exist_ok=True)
    (home / "config" / "settings.toml").write_text(
        "[mail]\n" + "\n".join([*rows, line]) + "\n", encoding="utf-8"
    )
    with pytest.raises(ConfigError, match=says):
        _ = Config(home).settings


def test_the_command_sends_tells_and_ends_with_1_where_it_failed(home: Path) -> None:
    words = [sys.executable, "-m", "chipwatch.cli", "--home", str(home)]
    settings(home, 1, "[delivery]\npauses_s = []\n")

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*words, *more], capture_output=True, text=True, check=False, env={**os.environ}
        )

    failed = run("digest", "--form", "json")
    assert failed.returncode == 1 and "Not delivered: daily digest" in failed.stderr
    looked = run("doctor")
    assert looked.returncode == 1 and "Not delivered" in " ".join(looked.stdout.split())
    with smtp() as inbox:
        settings(home, inbox.port)
        assert run("digest", "--no-send").returncode == 0 and not inbox.mails
        sent = run("digest", "--retry")
        assert sent.returncode == 0 and "sent: daily digest to mail:desk@example.org" in sent.stderr
        assert run("digest", "--all", "--form", "json").returncode == 0
    assert len(inbox.mails) == 1
    assert '"state": "sent"' in run("digest", "--sent", "--form", "json").stdout


class Page(HTMLParser):
    """What a mail program would act on."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def digest_of(words: str) -> Digest:
    """A digest whose every outside field holds these words."""
    alert = DigestAlert(
        "ab" * 10, "high", 0.9, words, words, "sale", words, words, words, words, 1, 9000.0, 24000.0, 12, NOW, "new",
        (words,), (Quote("relabelled", "title", words),), (), None,
    )  # fmt: skip
    site = SiteCoverage(words, NOW, "blocked", 0, 0, 0, 0, 1, True, words)
    return Digest(made=NOW, since=None, alerts=(alert,), more={}, counts={"high": 1}, listings=1, by_offer={}, coverage=(site,), unknown_accelerators={words: 1},
                  notes=(words,), desk="http://127.0.0.1:8100")  # fmt: skip


def mailed(digest: Digest) -> bytes:
    row = {"id": "d" * 20, "kind": "daily", "document": digest.to_dict()}
    return compose(
        outgoing(row, "home0"),
        Config().settings.mail.model_copy(update={"sender": "w@desk.example"}),
        "desk@example.org",
    ).as_bytes()


ALLOWED_TAGS = {
    "html",
    "head",
    "meta",
    "title",
    "body",
    "table",
    "tr",
    "td",
    "th",
    "h1",
    "h2",
    "p",
    "ul",
    "li",
    "span",
    "a",
    "br",
}


@hostile.PAYLOADS
def test_no_word_of_a_seller_becomes_header_element_or_link(payloads: tuple[str, ...]) -> None:
    from email import message_from_bytes, policy

    plain_names = [
        name for name, _ in message_from_bytes(mailed(digest_of("H100")), policy=policy.default).items()
    ]
    shape = Page()
    shape.feed(html(digest_of("H100")))
    for words in payloads:
        raw = mailed(digest_of(words))
        message: Any = message_from_bytes(raw, policy=policy.default)
        assert [name for name, _ in message.items()] == plain_names, words
        assert message["To"] == "desk@example.org" and len(message.get_all("Subject")) == 1, words
        page = Page()
        parts = list(message.iter_parts())
        page.feed(parts[1].get_content())
        assert [tag for tag, _ in page.tags if tag != "a"] == [
            tag for tag, _ in shape.tags if tag != "a"
        ] and {t for t, _ in page.tags} <= ALLOWED_TAGS, words
        for tag, attributes in page.tags:
            assert not any(name.startswith("on") for name in attributes), words
            assert tag != "a" or (attributes.get("href") or "").startswith(("http://", "https://")), words
        flat = parts[0].get_content().replace("\r\n", "\n")
        assert not any(ord(sign) < 32 and sign != "\n" for sign in flat) and "\u202e" not in flat
        # A listing's own address may be one line more.
        assert len(flat.splitlines()) <= len(text(digest_of("H100")).splitlines()) + 1, words


@pytest.mark.parametrize("length", range(60, 100, 3))
def test_a_subject_begins_on_the_line_of_its_name(length: int) -> None:
    words = ("seventy alerts or so " * 5)[:length].strip()
    row = {"id": "1", "kind": "daily", "document": digest_of("现货 " * 300).to_dict()}
    mail = Config().settings.mail.model_copy(update={"sender": "w@desk.example"})
    raw = compose(
        dataclasses.replace(outgoing(row, "h"), headline=words), mail, "desk@example.org"
    ).as_bytes()
    assert f"Subject: {words}\r\n".encode() in raw
    assert max(map(len, raw.split(b"\r\n"))) <= 500


@pytest.mark.parametrize("words", hostile.HEADERS[::9])
def test_the_subject_cannot_start_another_header(words: str) -> None:
    row = {"id": "1", "kind": "daily", "document": digest_of("x").to_dict()}
    out = dataclasses.replace(outgoing(row, "h"), headline=words)
    mail = Config().settings.mail.model_copy(update={"sender": "w@desk.example"})
    from email import message_from_bytes, policy

    message = message_from_bytes(compose(out, mail, "desk@example.org").as_bytes(), policy=policy.default)
    assert message["Bcc"] is None and message["X-PWN7"] is None and len(message.get_all("Subject") or ()) == 1
    assert message.get_content_type() == "multipart/alternative"
    with pytest.raises(SendError):
        compose(out, mail, words)


def test_a_stored_digest_is_read_back_as_it_was(home: Path) -> None:
    with Store.open(home) as store:
        digest, _ = make(store, Config(home), now=NOW)
        row = store.last_digest("daily")
    assert row is not None
    again = Digest.from_dict(row["document"])
    assert again.to_dict() == digest.to_dict() and html(again) == html(digest)
    assert dataclasses.replace(again, desk="") != again


def test_the_server_of_these_tests_asks_for_its_password() -> None:
    import smtplib

    with smtp(user="a", password="b") as inbox, smtplib.SMTP("127.0.0.1", inbox.port) as client:
        with pytest.raises(smtplib.SMTPSenderRefused):
            client.sendmail("a@x.example", ["b@x.example"], "x")
        assert isinstance(inbox, Inbox) and not inbox.mails and ssl.OPENSSL_VERSION
