"""`chipwatch desk` as a person types it: links, people, ports, and being stopped."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from review.desk.people import FILE, People
from storage.store import Store

ROOT = Path(__file__).resolve().parents[1]


def command(home: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "chipwatch.cli", "--home", str(home), "desk", *words]


def chipwatch(home: Path, *words: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command(home, *words), capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == expect, done.stderr
    return done


@pytest.fixture
def home(tmp_path: Path) -> Path:
    Store.open(tmp_path / "home").close()
    return tmp_path / "home"


def test_people_are_invited_listed_and_removed(home: Path) -> None:
    link = chipwatch(home, "invite", "Ana Ferreira").stdout.strip()
    found = re.fullmatch(r"http://127\.0\.0\.1:8100/sign-in\?token=([\w-]{43})", link)
    assert found is not None and found[1] not in (home / FILE).read_text()
    assert People(home).by_token(found[1]) is not None
    assert [row["name"] for row in json.loads(chipwatch(home, "people", "--json").stdout)] == ["Ana Ferreira"]
    chipwatch(home, "remove", "Ana Ferreira")
    assert People(home).by_token(found[1]) is None
    assert "nobody of the name" in chipwatch(home, "remove", "Ana Ferreira", expect=2).stderr


def test_links_bear_the_port_of_the_settings(home: Path) -> None:
    (home / "config").mkdir(exist_ok=True)
    (home / "config" / "settings.toml").write_text('[desk]\nurl = "http://127.0.0.1:8123"\n')
    assert chipwatch(home, "invite", "ana").stdout.startswith("http://127.0.0.1:8123/")
    assert chipwatch(home, "invite", "ana", "--port", "9001").stdout.startswith("http://127.0.0.1:9001/")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("invite", " "), "is no name"),
        (("remove", "x"), "nobody of the name"),
        (("--port", "70000"), "65535"),
    ],
)
def test_wrong_use_is_one_line(home: Path, words: tuple[str, ...], told: str) -> None:
    done = chipwatch(home, *words, expect=2)
    assert told in done.stderr and len(done.stderr.strip().splitlines()) == 1


def test_without_a_home_it_says_how_to_make_one(tmp_path: Path) -> None:
    assert "init" in chipwatch(tmp_path / "none", expect=2).stderr


def test_a_taken_port_is_said_and_nobodys_token_is_lost(home: Path) -> None:
    token = People(home).invite("ana", "2026-03-01T00:00:00Z")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = chipwatch(home, "--person", "ana", "--port", str(other.getsockname()[1]), expect=3)
    assert "--port" in done.stderr and People(home).by_token(token) is not None


def test_it_serves_on_loopback_alone_for_the_printed_link_until_ctrl_c(home: Path) -> None:
    process = subprocess.Popen(command(home, "--port", "0"), stderr=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("starting the desk")
        link = re.search(r": (http://127\.0\.0\.1:(\d+)/sign-in\?token=\S+)", process.stderr.readline())
        assert link is not None
        with httpx.Client() as client:
            assert client.get(f"http://127.0.0.1:{link[2]}/").status_code == 401
            answer = client.get(link[1], follow_redirects=True)
        assert answer.status_code == 200 and "Queue" in answer.text and "server" not in answer.headers
        # Bound to every address it would answer here too.
        with socket.socket() as other, pytest.raises(ConnectionRefusedError):
            other.connect(("127.0.0.2", int(link[2])))
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


@pytest.mark.parametrize("later_s", [0.0, 0.1, 0.25])
def test_ctrl_c_ends_a_desk_that_has_not_begun_to_answer(home: Path, later_s: float) -> None:
    process = subprocess.Popen(command(home, "--person", "Ana", "--port", "0"), stderr=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stderr is not None
        while not process.stderr.readline().startswith("stop with"):
            assert process.poll() is None
        time.sleep(later_s)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    finally:
        process.kill()
