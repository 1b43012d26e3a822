"""The desk's door: who is let in, from where, what is told to others, what a sent form may do, and that SQL only reads."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from review.desk.guard import HEADERS, MAX_FORM
from review.desk.people import FILE, People, PeopleError
from review.desk.sessions import SESSION_S
from review.desk.visit import local
from storage.store import Store
from tests import handover
from tests.desking import HERE, Opened

PRIVATE = (
    "/", "/?state=any", "/alert/{key}", "/search?q=H100", "/record", "/mutes", "/evidence/{evidence}", "/evidence/{evidence}/record", "/chipwatch", "/chipwatch.json",
    "/chipwatch/alert", "/chipwatch/alert.json", "/chipwatch/alert.csv", "/chipwatch/alert/{key}", "/chipwatch?sql=select+title+from+alert", "/chipwatch.json?sql=select+title+from+alert",
    "/chipwatch/listing_view", "/.json", "/-/databases.json", "/-/metadata", "/-/plugins.json", "/-/settings.json", "/-/versions.json", "/-/actor.json", "/-/permissions", "/-/threads.json",
    "/-/static/app.css", "/chipwatch.db", "/favicon.ico", "/nothing", "/_internal", "/-/desk/static/../../people.py", "//-/desk/static/desk.css", "/sign-in/x", "/-/desk/static",
)  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return handover.build(tmp_path_factory.mktemp("home") / "home")


@pytest.fixture
def desk(home: Path, tmp_path: Path) -> Iterator[Opened]:
    opened = Opened(home, tmp_path / "home")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def shared_desk(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    opened = Opened(home, tmp_path_factory.mktemp("shared") / "home")
    yield opened
    opened.close()


def key_of(desk: Opened, listing_id: str = "1") -> str:
    with Store.open(desk.home, readonly=True) as store:
        return handover.key(store, listing_id)


def address(desk: Opened, template: str) -> str:
    with Store.open(desk.home, readonly=True) as store:
        key = handover.key(store, "1")
        return template.format(
            key=key, evidence=store.listing(key)["evidence_file"] and store.history(key)[0].evidence.id
        )


def state(desk: Opened) -> list[Any]:
    """Everything that a decision could change."""
    with sqlite3.connect(f"file:{desk.home / 'chipwatch.db'}?mode=ro", uri=True) as connection:
        return [
            connection.execute(f"SELECT * FROM {table}").fetchall()
            for table in ("alert", "decision", "mute", "alert_event")
        ]


@pytest.mark.parametrize("path", PRIVATE)
def test_nothing_is_told_without_a_session(shared_desk: Opened, path: str) -> None:
    nobody = shared_desk.person(None)
    answer = nobody.get(address(shared_desk, path))
    assert answer.status_code == 401 and answer.text == "Sign in first, with the link that `chipwatch desk --person NAME` prints.\n"
    browser = nobody.get(address(shared_desk, path), headers={"accept": "text/html"})
    assert (
        browser.status_code == 303
        and browser.text == ""
        and browser.headers["location"].startswith("/sign-in?to=")
    )


def test_the_same_paths_exist_for_those_who_are_in(shared_desk: Opened) -> None:
    ana = shared_desk.person()
    seen = {path: ana.get(address(shared_desk, path)).status_code for path in PRIVATE}
    assert all(seen[path] == 200 for path in PRIVATE[:18]), seen
    assert seen["/chipwatch.db"] == 403 and seen["/nothing"] == 404 and seen["/_internal"] == 403


def test_what_is_told_to_anybody_holds_no_data(shared_desk: Opened) -> None:
    page = shared_desk.person(None).get("/sign-in")
    assert page.status_code == 200 and "H100" not in page.text and "board" not in page.text


@pytest.mark.parametrize(
    "cookie", ["", "x", "WyJhIiwiYW5hIiwiYiJd.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb", "é", 'a="b', "{valid}x"]
)
def test_a_forged_cookie_opens_nothing(shared_desk: Opened, cookie: str) -> None:
    valid = shared_desk.person().client.cookies[shared_desk.desk.cookie]
    nobody = shared_desk.person(None)
    header = f"{shared_desk.desk.cookie}={cookie.format(valid=valid)}".encode()
    assert nobody.get("/", headers={b"cookie": header}).status_code == 401


@pytest.mark.parametrize("token", ["x", "' OR 1=1 --", "\x00", "é" * 50, "a" * 100_000])
def test_a_wrong_token_opens_nothing(shared_desk: Opened, token: str) -> None:
    nobody = shared_desk.person(None)
    assert nobody.post("/sign-in", {"token": token}).status_code == 403
    assert not nobody.client.cookies and nobody.get("/").status_code == 401


def test_the_people_file_holds_no_token_and_is_the_owners_alone(desk: Opened) -> None:
    token = desk.desk.people.invite("ana", "2026-03-01T00:00:00Z")
    path = desk.home / FILE
    assert token not in path.read_text() and stat.S_IMODE(path.stat().st_mode) == 0o600
    found = desk.desk.people.by_token(token)
    assert found is not None and found.name == "ana"


def test_the_session_cookie_is_for_this_site_and_no_script(desk: Opened) -> None:
    token = desk.desk.people.invite("ana", "2026-03-01T00:00:00Z")
    answer = desk.person(None).get("/sign-in", params={"token": token, "to": "/record?who=ana"})
    told = answer.headers["set-cookie"]
    assert "HttpOnly" in told and "SameSite=lax" in told and answer.headers["location"] == "/record?who=ana"


def test_a_session_ends_by_time_sign_out_new_token_and_removal(desk: Opened) -> None:
    ana = desk.person("ana")
    desk.clock.now += SESSION_S - 1
    assert ana.get("/").status_code == 200
    desk.clock.now += 2
    assert ana.get("/").status_code == 401

    ana = desk.person("ana")
    stolen = ana.client.cookies[desk.desk.cookie]
    assert ana.post("/sign-out", ana.form("/", "/sign-out")).status_code == 303
    copy = desk.person(None)
    copy.client.cookies.set(desk.desk.cookie, stolen)
    assert copy.get("/").status_code == 401

    ana = desk.person("ana")
    desk.desk.people.invite("ana", "2026-03-02T00:00:00Z")
    assert ana.get("/").status_code == 401

    ben = desk.person("ben")
    People(desk.home).remove("ben")  # by another process
    assert ben.get("/").status_code == 401


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\nb", "a\x1b[31m"])
def test_names_that_cannot_stand_on_a_decision_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PeopleError):
        People(tmp_path).invite(name, "2026-03-01T00:00:00Z")


@pytest.mark.parametrize("content", ["{", "[]", '{"ana": 1}', '{"ana": {"token_sha256": 1, "since": ""}}'])
def test_a_damaged_people_file_lets_nobody_in(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(PeopleError):
        People(tmp_path).by_token("x")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8100",
        "127.0.0.1",
        "127.0.0.1:8101",
        "localhost.evil.example:8100",
        "[::1]:8100",
        "",
        "127.0.0.1:8100@evil.example",
    ],
)
def test_another_host_header_is_shown_nothing_even_with_a_session(shared_desk: Opened, host: str) -> None:
    ana = shared_desk.person()
    for path in ("/", "/sign-in", "/chipwatch.json", "/-/desk/static/desk.css"):
        answer = ana.get(path, headers={"host": host})
        assert answer.status_code == 421 and "H100" not in answer.text


def test_two_host_headers_are_shown_nothing(shared_desk: Opened) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    headers = [(b"host", b"127.0.0.1:8100"), (b"host", b"evil.example")]
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/sign-in",
        "raw_path": b"/sign-in",
        "query_string": b"",
        "headers": headers,
    }
    shared_desk.run(shared_desk.desk.app(scope, receive, send))
    assert sent[0]["status"] == 421


@pytest.mark.parametrize(
    ("origin", "site"),
    [
        ("http://evil.example", None), ("https://127.0.0.1:8100", None), ("http://127.0.0.1:9999", None), ("http://localhost:8100", None), ("http://127.0.0.1:8100.evil.example", None),
        (None, None), ("null", None), ("null", "cross-site"), ("null", "same-site"), ("null", "none"), (None, "cross-site"), ("http://evil.example", "same-origin"),
    ],
)  # fmt: skip
def test_a_form_from_elsewhere_changes_nothing(desk: Opened, origin: str | None, site: str | None) -> None:
    ana, key = desk.person(), key_of(desk)
    form = {**ana.form(f"/alert/{key}", f"/alert/{key}/decide"), "action": "confirm"}
    before = state(desk)
    told = {"sec-fetch-site": site} if site else {}
    assert ana.post(f"/alert/{key}/decide", form, origin=origin, **told).status_code == 403
    assert state(desk) == before


@pytest.mark.parametrize(("origin", "site"), [(HERE, None), ("null", "same-origin"), (None, "same-origin")])
def test_the_desks_own_form_is_taken(desk: Opened, origin: str | None, site: str | None) -> None:
    ana, key = desk.person(), key_of(desk)
    form = {**ana.form(f"/alert/{key}", f"/alert/{key}/decide"), "action": "confirm"}
    told = {"sec-fetch-site": site} if site else {}
    assert ana.post(f"/alert/{key}/decide", form, origin=origin, **told).status_code == 303
    with Store.open(desk.home, readonly=True) as store:
        assert store.alert(key)["state"] == "confirmed"


def test_a_replayed_form_changes_nothing_and_says_so(desk: Opened) -> None:
    ana, key = desk.person(), key_of(desk)
    form = {**ana.form(f"/alert/{key}", f"/alert/{key}/decide"), "action": "note", "note": "once"}
    assert ana.post(f"/alert/{key}/decide", form).status_code == 303
    before = state(desk)
    assert ana.post(f"/alert/{key}/decide", form).status_code == 303
    assert state(desk) == before
    assert any("sent before" in words for words in ana.notices())


@pytest.mark.parametrize("key", ["", "x", "a.b.c", "{other}"])
def test_a_form_without_its_own_key_changes_nothing(desk: Opened, key: str) -> None:
    ana, ben, listing = desk.person("ana"), desk.person("ben"), key_of(desk)
    other = ben.form(f"/alert/{listing}", f"/alert/{listing}/decide")["form_key"]
    before = state(desk)
    ana.decide(listing, action="confirm", form_key=key.format(other=other))
    assert state(desk) == before


def test_a_form_from_before_the_desk_was_started_changes_nothing(desk: Opened, tmp_path: Path) -> None:
    ana, key = desk.person(), key_of(desk)
    old = {**ana.form(f"/alert/{key}", f"/alert/{key}/decide"), "action": "confirm"}
    again = Opened(desk.home, tmp_path / "again")
    try:
        before = state(again)
        again.person("ana").post(f"/alert/{key}/decide", old)
        assert state(again) == before
    finally:
        again.close()


def test_reading_never_changes_anything(desk: Opened) -> None:
    ana, before = desk.person(), state(desk)
    key = key_of(desk)
    for path in (*PRIVATE, f"/alert/{key}/decide?action=confirm", "/decide", "/undo", "/sign-out"):
        ana.get(address(desk, path))
    assert state(desk) == before and ana.get("/").status_code == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(shared_desk: Opened, method: str) -> None:
    assert shared_desk.person().send(method, "/", headers={"origin": HERE}).status_code == 405


def test_a_huge_or_endless_form_is_refused(shared_desk: Opened) -> None:
    ana = shared_desk.person()
    assert ana.post("/decide", {"note": "x" * (MAX_FORM + 1)}).status_code == 413
    assert (
        ana.send("POST", "/decide", headers={"origin": HERE, "transfer-encoding": "chunked"}).status_code
        == 413
    )


@pytest.mark.parametrize(
    "path", ["/chipwatch", "/chipwatch/alert", "/-/messages", "/-/permissions", "/-/logout"]
)
def test_datasette_takes_no_form(desk: Opened, path: str) -> None:
    ana, before = desk.person(), state(desk)
    assert (
        ana.post(
            path,
            {"sql": "delete from alert", "message": "x", "form_key": ana.form("/", "/sign-out")["form_key"]},
        ).status_code
        >= 400
    )
    assert state(desk) == before


def test_every_answer_bears_the_policy(shared_desk: Opened) -> None:
    ana, nobody = shared_desk.person(), shared_desk.person(None)
    answers = [ana.get(address(shared_desk, path)) for path in PRIVATE] + [
        nobody.get(path) for path in ("/", "/sign-in")
    ]
    answers += [
        nobody.get("/", headers={"host": "evil.example"}),
        ana.post("/decide", {}, origin="http://evil.example"),
        ana.get("/-/static/table.js"),
        ana.get("/-/desk/static/desk.js"),
    ]
    for answer in answers:
        for name, value in HEADERS:
            assert answer.headers.get_list(name.decode()) == [value.decode()], (answer.url, name)
        assert "*" not in answer.headers.get("access-control-allow-origin", "")
    private = [
        a for a in answers[: len(PRIVATE)] if "static" not in str(a.url) and "favicon" not in str(a.url)
    ]
    assert all("no-store" in a.headers.get("cache-control", "") for a in private)


WRITES = (
    "delete from alert", "update alert set state='confirmed'", "insert into mute values (1)", "drop table decision", "pragma query_only=off", "pragma journal_mode=delete",
    "attach database '/tmp/x.db' as x", "vacuum into '/tmp/x.db'", "with x as (select 1) delete from alert", "select 1; delete from alert", "replace into alert select * from alert",
    "explain delete from alert; delete from alert", "select load_extension('x')", "select writefile('/tmp/x', 'x')", "create table x (y)", "begin immediate", "/* */ delete from alert",
)  # fmt: skip


@pytest.mark.parametrize("sql", WRITES)
def test_sql_only_reads(desk: Opened, sql: str) -> None:
    before = state(desk)
    assert desk.person().get("/chipwatch.json", params={"sql": sql}).status_code in (400, 403)
    assert state(desk) == before


@pytest.mark.parametrize(
    "sql",
    [
        "delete from alert",
        "create table x (y)",
        "create temp table x (y)",
        "attach database ':memory:' as x",
        "pragma user_version=9",
    ],
)
def test_even_datasettes_own_connection_cannot_write(desk: Opened, sql: str) -> None:
    served = desk.desk.datasette
    desk.run(served.invoke_startup())
    with pytest.raises(sqlite3.Error):
        desk.run(served.get_database("chipwatch").execute_fn(lambda connection: connection.execute(sql)))


def test_an_error_tells_no_secret_to_the_log(
    shared_desk: Opened, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    ana = shared_desk.person()
    ana.get("/nothing"), ana.get("/chipwatch?sql=delete+from+alert")
    told = "".join(capfd.readouterr()) + caplog.text
    assert ana.client.cookies[shared_desk.desk.cookie] not in told and "locals" not in told


@pytest.mark.parametrize(
    ("path", "kept"),
    [("/alert/x?state=any", True), ("//evil.example", False), ("/\\evil.example", False), ("https://evil.example", False), ("", False), ("/a\r\nSet-Cookie: x", False), ("javascript:x", False), ("/é", False)],
)  # fmt: skip
def test_an_address_from_a_form_never_leads_away(path: str, kept: bool) -> None:
    assert local(path) == (path if kept else "/")
