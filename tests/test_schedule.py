"""The schedule: next runs, daylight saving, missed runs once, one supervisor, honest ledger."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chipwatch import schedule
from chipwatch.app import State
from chipwatch.doctor import run as run_doctor
from chipwatch.schedule import Entry
from config.loader import Config
from config.schema.schedule import Job, Schedule
from config.tables import ConfigError
from crawler.run import crawl_site
from storage.store import Store
from tests.crawling import add_site, card, new_home, page
from tests.servers.web import Answer, serve


def job(**changes: object) -> Job:
    return Job.model_validate({"id": "j", "run": "detect", "cron": "30 6 * * *", **changes})


def test_next_run_keeps_the_local_hour_over_daylight_saving() -> None:
    plan = Schedule(job=[job(timezone="Europe/Berlin")])
    winter = schedule.next_runs(plan, datetime(2026, 3, 27, 12, tzinfo=UTC))[0][1]
    summer = schedule.next_runs(plan, datetime(2026, 3, 29, 12, tzinfo=UTC))[0][1]
    assert (winter.astimezone(UTC).hour, summer.astimezone(UTC).hour) == (5, 4)


CLOCKS = [
    # A named hour is had once: the first of a repeated one, and of a missing one as long after midnight as ever.
    ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", ["25 00:30", "26 01:30", "27 01:30"]),
    ("0 */2 * * *", "Europe/Berlin", "2026-10-24T22:30", ["25 00:00", "25 03:00", "25 05:00"]),
    ("30 1 * * *", "Europe/London", "2026-10-24T12:00", ["25 00:30", "26 01:30"]),
    ("30 1 * * *", "America/New_York", "2026-10-31T12:00", ["01 05:30", "02 06:30"]),
    ("30 2 * * *", "Europe/Berlin", "2027-03-27T12:00", ["28 01:30", "29 00:30"]),
    ("0 0 * * *", "Africa/Cairo", "2026-04-23T12:00", ["23 22:00", "24 21:00"]),
    # Half an hour is put back or on there.
    ("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00", ["04 14:45", "05 15:15"]),
    ("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00", ["03 15:45", "04 15:15"]),
    # Every hour is every hour that passes.
    ("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:00", ["25 00:00", "25 00:30", "25 01:00", "25 01:30", "25 02:00"]),
    ("0 * * * *", "Europe/Berlin", "2027-03-28T00:00", ["28 00:00", "28 01:00", "28 02:00"]),
]


@pytest.mark.parametrize(("cron", "zone", "since", "due"), CLOCKS, ids=[f"{cron} {zone} {since}" for cron, zone, since, _ in CLOCKS])
def test_no_start_is_lost_or_doubled_when_the_clocks_change(cron: str, zone: str, since: str, due: list[str]) -> None:
    plan = Schedule(job=[job(cron=cron, timezone=zone)])
    assert starts(plan, "j", f"{since}:00+00:00", len(due)) == due
    # A supervisor that comes back, and a run's line in the ledger, look from behind.
    for shown in due:
        moment = datetime.strptime(f"{since[:7]}-{shown}+0000", "%Y-%m-%d %H:%M%z")
        moment = moment if moment >= datetime.fromisoformat(f"{since}:00+00:00") else moment.replace(month=moment.month + 1)
        assert schedule.due_at(plan.job[0], moment + timedelta(minutes=7)).astimezone(UTC) == moment


@pytest.mark.parametrize(
    ("hours", "cron", "since", "due"),
    [
        ((1, 2, 3), "30 2 * * *", "2026-10-24T12:00", ["25 00:30", "26 01:30"]),
        ((2,), "0 12 * * *", "2026-10-24T12:30", ["25 00:00", "26 01:00"]),
        # The only hour is left out that night.
        ((2,), "0 12 * * *", "2027-03-26T12:30", ["27 01:00", "29 00:00", "30 00:00"]),
    ],
)
def test_a_sites_hours_hold_when_the_clocks_change(hours: tuple[int, ...], cron: str, since: str, due: list[str]) -> None:
    own = schedule.OwnStart(id="j", run="crawl", cron=cron, timezone="Europe/Berlin", hours=hours, hours_zone="Europe/Berlin")
    assert starts(Schedule(job=[own]), "j", f"{since}:00+00:00", len(due)) == due


WEEKDAYS = [
    ("0", "Sun"), ("7", "Sun"), ("1", "Mon"), ("sun", "Sun"), ("SAT", "Sat"), ("1-5", "Mon Tue Wed Thu Fri"), ("5-7", "Fri Sat Sun"),
    ("0-1", "Mon Sun"), ("fri-mon", "Mon Fri Sat Sun"), ("6,0", "Sat Sun"), ("1-5/2", "Mon Wed Fri"), ("*/2", "Tue Thu Sat Sun"), ("4/2", "Thu Sat"),
    ("*", "Mon Tue Wed Thu Fri Sat Sun"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "days"), WEEKDAYS, ids=[field for field, _ in WEEKDAYS])
def test_weekdays_are_those_of_cron(field: str, days: str) -> None:
    times, due = schedule.trigger(job(cron=f"0 2 * * {field}")), datetime(2026, 11, 1, 23, tzinfo=UTC)
    found = set()
    for _ in range(7):
        due = times.get_next_fire_time(None, due + timedelta(seconds=1))
        found.add(due.strftime("%a"))
    assert found == set(days.split())


@pytest.mark.parametrize("field", ["8", "x", "1-", "", "1/0", "-1", "10", "mo"])
def test_a_weekday_that_is_none_is_refused_with_the_job_named(field: str) -> None:
    with pytest.raises(schedule.ScheduleError, match="job 'j'"):
        schedule.trigger(job(cron=f"0 2 * * {field or ','}"))


@pytest.mark.parametrize("line", ["catch_up_h = 0", "catch_up_h = -1", "catch_up_h = 99999999", "stop_wait_s = -5"])
def test_a_supervisor_that_could_not_run_is_refused_when_it_is_read(tmp_path: Path, line: str) -> None:
    with pytest.raises(ConfigError, match=line.split()[0]):
        _ = with_hours(tmp_path, schedule_toml=f"[supervisor]\n{line}\n").schedule


def with_hours(tmp_path: Path, *, schedule_toml: str = "", **hours: str) -> Config:
    """A home whose sites begin in hours of their own; values as TOML."""
    home = new_home(tmp_path)
    for key, value in {"plain": "", **hours}.items():
        pace = f"hours = {value}\n" if value else ""
        (home / "config" / "sites" / f"{key}.toml").write_text(
            f'title = "{key}"\nfamily = "feed"\nstart = "http://127.0.0.1:9/{key}"\nloopback = true\n[access]\nbasis = "demo"\n[pace]\n{pace}', encoding="utf-8"
        )
    (home / "config" / "schedule.toml").write_text(schedule_toml, encoding="utf-8")
    return Config(home)


def starts(plan: Schedule, name: str, now: str, count: int) -> list[str]:
    """The next starts of a job without its jitter, in UTC."""
    [chosen] = [job.model_copy(update={"jitter_s": 0}) for job in plan.job if job.id == name]
    times, due, moment = schedule.trigger(chosen), None, datetime.fromisoformat(now)
    found = []
    for _ in range(count):
        due = times.get_next_fire_time(due, moment)
        assert due is not None
        found.append(due.astimezone(UTC).strftime("%d %H:%M"))
        moment = due + timedelta(seconds=1)
    return found


def test_a_site_starts_in_its_own_hours_and_the_job_leaves_it_out(tmp_path: Path) -> None:
    plan = schedule.planned(with_hours(tmp_path, berlin='[22, 23]\ntimezone = "Europe/Berlin"', wide="[1, 2, 3]"))
    night = {job.id: job for job in plan.job if job.run == "crawl"}
    assert sorted(night) == ["night-crawl", "night-crawl-berlin", "night-crawl-wide"]
    assert schedule.command(night["night-crawl"], tmp_path)[-5:] == ["crawl", "--without", "berlin", "--without", "wide"]
    assert schedule.command(night["night-crawl-berlin"], tmp_path)[-2:] == ["crawl", "berlin"]
    # Once a day as the job: at its own time where that is allowed, else when the hours begin.
    assert starts(plan, "night-crawl", "2026-05-01T00:00:00+00:00", 2) == ["01 02:10", "02 02:10"]
    assert starts(plan, "night-crawl-wide", "2026-05-01T00:00:00+00:00", 2) == ["01 02:10", "02 02:10"]
    assert starts(plan, "night-crawl-berlin", "2026-05-01T00:00:00+00:00", 2) == ["01 20:00", "02 20:00"]
    # Clocks change on 25 October.
    assert starts(plan, "night-crawl-berlin", "2026-10-24T00:00:00+00:00", 2) == ["24 20:00", "25 21:00"]


def test_a_job_that_comes_often_starts_a_site_once_an_hour_of_its_own(tmp_path: Path) -> None:
    rows = '[[job]]\nid = "often"\nrun = "crawl"\ncron = "15 * * * *"\nsites = ["asia", "plain"]\n'
    plan = schedule.planned(with_hours(tmp_path, schedule_toml=rows, asia='[8, 18]\ntimezone = "Asia/Tokyo"'))
    assert starts(plan, "often-asia", "2026-05-01T00:20:00+00:00", 3) == ["01 09:00", "01 09:15", "01 23:00"]
    assert [job.sites for job in plan.job if job.id == "often"] == [("plain",)]
    # A job of such sites alone has no start but theirs: without a name it would crawl all.
    alone = schedule.planned(with_hours(tmp_path / "alone", schedule_toml=rows.replace(', "plain"', ""), asia="[8]"))
    assert [job.id for job in alone.job if job.id.startswith("often")] == ["often-asia"]


@pytest.mark.parametrize(("hour", "made_up"), [(21, 1), (23, 0)])
def test_a_start_missed_is_made_up_within_the_hours_alone(tmp_path: Path, hour: int, made_up: int) -> None:
    plan = schedule.planned(with_hours(tmp_path, late="[20, 21, 22]"))
    last = "2026-05-01T20:00:00+00:00"
    now = datetime(2026, 5, 2, hour, 30, tzinfo=UTC)
    late = schedule.missed(plan, [Entry("night-crawl-late", last, last, last, "done")], now)
    assert [job.id for job, _ in late] == ["night-crawl-late"] * made_up


def test_jitter_does_not_carry_a_start_out_of_its_hour(tmp_path: Path) -> None:
    plan = schedule.planned(with_hours(tmp_path, schedule_toml='[[job]]\nid = "night-crawl"\ncron = "50 2 * * *"\n', tight="[2]"))
    [tight] = [job for job in plan.job if job.id.endswith("tight")]
    now = datetime(2026, 5, 1, tzinfo=UTC)
    found = {schedule.trigger(tight).get_next_fire_time(None, now) for _ in range(50)}
    assert len(found) > 1 and all(due is not None and due.hour == 2 and due.minute >= 50 for due in found)


def test_a_crawl_outside_the_hours_of_its_site_is_skipped_and_says_when(tmp_path: Path) -> None:
    config = with_hours(tmp_path, late="[20, 21]")
    assert config.home is not None
    closed = crawl_site("late", config.home, config, "2026-05-01T12:00:00Z")
    assert (closed.outcome, closed.detail) == ("skipped", "begins in its own hours only: 20, 21 o'clock, UTC (pace.hours)")
    assert crawl_site("late", config.home, config, "2026-05-01T20:59:00Z").outcome != "skipped"


def test_hours_that_no_job_keeps_are_named_by_doctor(tmp_path: Path) -> None:
    def found(config: Config) -> list[str]:
        assert config.home is not None
        checks = run_doctor(State(config.home), "2026-05-01T12:00:00Z")
        return [check.found for check in checks if check.name == "schedule" and not check.ok]

    assert found(with_hours(tmp_path / "kept", late="[20]")) == []
    off = with_hours(tmp_path / "off", schedule_toml='[[job]]\nid = "night-crawl"\nenabled = false\n', late="[20]")
    assert any("late" in text and "pace.hours" in text for text in found(off))
    with pytest.raises(ConfigError, match="Nowhere"):
        _ = with_hours(tmp_path / "wrong", late='[20]\ntimezone = "Nowhere"').sites


def test_a_disabled_job_has_no_next_run() -> None:
    assert schedule.next_runs(Schedule(job=[job(enabled=False)]), datetime(2026, 1, 1, tzinfo=UTC)) == []


@pytest.mark.parametrize(
    ("last", "now", "made_up"),
    [
        ("2026-05-01T06:30:00+00:00", "2026-05-01T20:00:00+00:00", None),
        ("2026-05-01T06:30:00+00:00", "2026-05-02T07:00:00+00:00", "2026-05-02T06:30:00+00:00"),
        ("2026-04-20T06:30:00+00:00", "2026-05-02T07:00:00+00:00", "2026-05-02T06:30:00+00:00"),
        (None, "2026-05-02T07:00:00+00:00", None),
    ],
)
def test_what_was_missed_is_made_up_once(last: str | None, now: str, made_up: str | None) -> None:
    ledger = [Entry("j", last, last, last, "done")] if last else []
    late = schedule.missed(Schedule(job=[job()]), ledger, datetime.fromisoformat(now))
    assert [due.isoformat() for _, due in late] == ([made_up] if made_up else [])


def test_a_skipped_run_does_not_count_as_done() -> None:
    at = "2026-05-01T06:30:00+00:00"
    ledger = [Entry("j", "2026-04-30T06:30:00+00:00", at, at, "done"), Entry("j", at, at, at, "skipped")]
    assert schedule.missed(Schedule(job=[job()]), ledger, datetime(2026, 5, 1, 8, tzinfo=UTC))


def test_a_run_stopped_half_way_is_made_up() -> None:
    at = "2026-05-01T06:30:00+00:00"
    ledger = [Entry("j", "2026-04-30T06:30:00+00:00", at, at, "done"), Entry("j", at, at, at, "killed")]
    for known in (ledger, ledger[1:]):  # ... be it the job's first
        late = schedule.missed(Schedule(job=[job()]), known, datetime(2026, 5, 1, 8, tzinfo=UTC))
        assert [due.isoformat() for _, due in late] == [at]
    assert not schedule.missed(Schedule(job=[job()]), [*ledger, Entry("j", at, at, at, "done")], datetime(2026, 5, 1, 8, tzinfo=UTC))


@pytest.mark.parametrize(
    ("started", "due"),
    [
        ("2026-05-01T06:41:00+00:00", "2026-05-01T06:30:00+00:00"),
        ("2026-05-01T06:22:00+00:00", "2026-04-30T06:30:00+00:00"),
    ],
)
def test_a_start_moved_by_jitter_counts_for_the_time_it_was_due(started: str, due: str) -> None:
    assert schedule.due_at(job(jitter_s=900), datetime.fromisoformat(started)).isoformat() == due


def test_what_is_made_up_keeps_its_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import sys, time; time.sleep(0.2); open(sys.argv[1], 'a').write(sys.argv[2] + ' ')"
    monkeypatch.setattr(
        schedule, "command", lambda job, home: [sys.executable, "-c", code, str(tmp_path / "told"), job.run]
    )
    late = [(job(id=run, run=run), datetime(2026, 5, 1, tzinfo=UTC)) for run in ("digest", "refit", "detect")]
    asyncio.run(schedule.Supervisor(tmp_path, Schedule())._make_up(late))
    assert (tmp_path / "told").read_text().split() == ["detect", "refit", "digest"]


def test_what_came_due_meanwhile_is_not_made_up_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The digest of its own time ends while the missed detection still runs.
    monkeypatch.setattr(schedule, "command", lambda job, home: [sys.executable, "-c", f"import time; time.sleep({5 if job.run == 'detect' else 0})"])
    supervisor = schedule.Supervisor(tmp_path, Schedule())
    missed = datetime(2026, 5, 1, tzinfo=UTC)
    late = [(job(id=run, run=run), missed) for run in ("digest", "detect")]

    async def both() -> None:
        await asyncio.gather(supervisor._make_up(late), supervisor.run_job(late[0][0], missed + timedelta(days=1)))

    asyncio.run(both())
    assert [(entry.job, _day(entry.due)) for entry in schedule.read_ledger(tmp_path) if entry.job == "digest"] == [("digest", 2)]


def _day(due: str) -> int:
    return datetime.fromisoformat(due).day


def test_a_crawl_is_judged_by_the_outcomes_it_recorded(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    crawl = job(run="crawl")
    with serve() as web:
        web.route("/list", Answer(page(card(1))))
        add_site(home, "board", web.url + "/list")
        asyncio.run(schedule.Supervisor(home, Schedule()).run_job(crawl))
        add_site(home, "gone", web.url + "/nowhere")
        asyncio.run(schedule.Supervisor(home, Schedule()).run_job(crawl))
    (home / "config" / "sites" / "gone.toml").write_text("family =", encoding="utf-8")
    asyncio.run(schedule.Supervisor(home, Schedule()).run_job(crawl))
    (home / "config" / "settings.toml").write_text("politeness =", encoding="utf-8")
    asyncio.run(schedule.Supervisor(home, Schedule()).run_job(crawl))
    good, mixed, wrong_site, broken = schedule.read_ledger(home)
    assert (good.status, good.detail) == ("done", "board ok")
    assert (mixed.status, mixed.detail) == ("problems", "board ok, gone failed")
    assert (wrong_site.status, wrong_site.detail) == ("problems", "board failed, gone skipped")  # its server is gone by now, and robots.txt with it
    assert broken.status == "failed" and "j.log" in broken.detail


def test_a_crawl_is_not_judged_by_another_one_of_the_same_second(tmp_path: Path) -> None:
    """A run that was killed a moment before, and the run of another job that goes on beside it."""
    home, moment = new_home(tmp_path), datetime.now().astimezone().replace(microsecond=0)
    stamp = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def record(site: str, outcome: str) -> None:
        with Store.open(home) as store:
            store.end_run(store.begin_run(site, "crawl", now=stamp, site_name=site, country="CN"), outcome, stamp)

    record("board", "killed")
    known = {row["id"] for row in schedule.crawls(home, moment)}
    for site, outcome in (("board", "ok"), ("other", "blocked")):
        record(site, outcome)
    assert schedule.outcomes(home, moment, known) == [("board", "ok", True), ("other", "blocked", False)]
    supervisor = schedule.Supervisor(home, Schedule())
    assert supervisor._judge(job(run="crawl", sites=("board",)), moment, 0, known) == ("done", "board ok")
    assert supervisor._judge(job(run="crawl"), moment, 0, known)[0] == "problems"


def test_status_tells_the_supervisor_the_jobs_and_the_last_runs(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    ask = [sys.executable, "-m", "chipwatch.cli", "--home", str(home), "schedule", "status", "--json"]
    schedule.write_ledger(
        home,
        Entry(
            "night-crawl",
            "2026-05-01T02:10:00+00:00",
            "s",
            "2026-05-01T02:20:00+00:00",
            "problems",
            "board blocked",
        ),
    )
    with schedule.only_one(home):
        told = json.loads(subprocess.run(ask, capture_output=True, check=True).stdout)
    assert told["supervisor"] == os.getpid()
    jobs = {row["job"]: row for row in told["jobs"]}
    assert jobs["night-crawl"]["status"] == "problems" and jobs["night-crawl"]["next"]
    assert jobs["morning-digest"]["status"] == "never"
    assert told["runs"][-1]["detail"] == "board blocked"
    assert json.loads(subprocess.run(ask, capture_output=True, check=True).stdout)["supervisor"] is None


def test_a_second_supervisor_is_refused(tmp_path: Path) -> None:
    with (
        schedule.only_one(tmp_path),
        pytest.raises(schedule.ScheduleError, match="already runs"),
        schedule.only_one(tmp_path),
    ):
        pass


def test_a_torn_ledger_line_is_passed_over(tmp_path: Path) -> None:
    schedule.write_ledger(tmp_path, Entry("j", "d", "s", "e", "done"))
    with (tmp_path / "logs" / schedule.LEDGER).open("a") as file:
        file.write('{"job": "j", "du')
    assert [e.status for e in schedule.read_ledger(tmp_path)] == ["done"]
    # What is written behind it stands on a line of its own.
    for status in ("problems", "failed"):
        schedule.write_ledger(tmp_path, Entry("j", "d", "s", "e", status))
    assert [e.status for e in schedule.read_ledger(tmp_path)] == ["done", "problems", "failed"]


@pytest.mark.parametrize(
    ("code", "status"),
    [("pass", "done"), ("raise SystemExit(1)", "problems"), ("raise SystemExit(3)", "failed")],
)
def test_a_child_is_judged_and_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, status: str
) -> None:
    monkeypatch.setattr(schedule, "command", lambda job, home: [sys.executable, "-c", code])
    asyncio.run(schedule.Supervisor(tmp_path, Schedule()).run_job(job()))
    assert [(e.job, e.status) for e in schedule.read_ledger(tmp_path)] == [("j", status)]


def test_stopping_passes_sigterm_on_and_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "told"
    child = (
        "import signal, sys, time, pathlib\n"
        f"def stop(*_):\n    pathlib.Path({str(told)!r}).write_text('stopped'); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, stop)\n"
        f"pathlib.Path({str(tmp_path / 'ready')!r}).write_text('x')\ntime.sleep(60)\n"
    )
    monkeypatch.setattr(schedule, "command", lambda job, home: [sys.executable, "-c", child])

    async def story() -> None:
        supervisor = schedule.Supervisor(tmp_path, Schedule())
        running = asyncio.create_task(supervisor.run_job(job()))
        while not (tmp_path / "ready").exists():
            await asyncio.sleep(0.02)
        await supervisor.run_job(job())  # an overlap
        await supervisor.stop()
        await running

    asyncio.run(story())
    assert told.read_text() == "stopped"
    assert [e.status for e in schedule.read_ledger(tmp_path)] == ["skipped", "done"]


def test_a_supervisor_held_up_by_a_fault_ends_all_the_same_when_asked(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "from chipwatch import schedule\n"
        "from config.schema.schedule import Schedule\n"
        "schedule.DEAF_S = 1\n"
        "home = pathlib.Path(sys.argv[1])\n"
        "def held(*_):\n    (home / 'held').touch()\n    while True: pass\n"
        "schedule.missed = held\n"
        "schedule.run(home, Schedule(), once=False)\n"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)])
    try:
        while not (tmp_path / "held").exists():
            time.sleep(0.05)
        supervisor.terminate()
        assert supervisor.wait(20) == 143
    finally:
        supervisor.kill()


@pytest.mark.parametrize(
    ("run", "words"),
    [("weekly", ["digest", "--weekly"]), ("deliver", ["digest", "--retry", "--due"]), ("crawl", ["crawl", "board"])],
)
def test_each_kind_of_job_is_a_command(tmp_path: Path, run: str, words: list[str]) -> None:
    job = Job(id="x", run=run, cron="0 6 * * *", sites=("board",))  # type: ignore[arg-type]
    assert schedule.command(job, tmp_path)[-len(words) :] == words


def test_every_kind_of_job_has_its_place_in_a_single_round() -> None:
    from typing import get_args

    assert set(schedule.ORDER) == set(get_args(Job.model_fields["run"].annotation))
