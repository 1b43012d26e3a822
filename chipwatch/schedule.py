"""The schedule: one supervisor under APScheduler, every run a process of its own.

The supervisor decides from the schedule and from the ledger of its own runs; the children do the work and are judged
by what they recorded, never by their exit code alone. Order of a start: lock, make up for what was missed, schedule.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from config.schema.schedule import Job, Schedule

if TYPE_CHECKING:
    from chipwatch.hours import InHours
    from chipwatch.times import Times
    from config.loader import Config
    from config.schema.sites import Site

LEDGER = "schedule.jsonl"
LOCK = "schedule.lock"
DEAF_S = 10
"""Seconds after which a supervisor that was asked to stop, and did not come to it, ends at once."""
NOT_DONE = 3
"""Exit status of a command that was stopped before its end (chipwatch.app.EXIT_NOT_DONE)."""

WORDS = {
    "refit": ["detect", "--refit"],
    "weekly": ["digest", "--weekly"],
    "deliver": ["digest", "--retry", "--due"],
    "retention": ["evidence", "retain"],
}
"""Commands of the kinds of job that are not named as their command."""

ORDER = ("crawl", "detect", "refit", "digest", "weekly", "deliver", "retention")
"""In which all jobs are run once: each needs what the ones before it made."""


class ScheduleError(Exception):
    """Raised if the supervisor cannot run: another one holds the home, or a job's times make no sense."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger: a job that ran, was skipped or was killed."""

    job: str
    due: str
    started: str
    ended: str | None
    status: str
    """done, problems, failed, skipped, killed"""
    detail: str = ""


class OwnStart(Job):
    """A job's crawl of one site that has hours of its own (pace.hours of its file)."""

    hours: tuple[int, ...] = ()
    hours_zone: str = "UTC"


def planned(config: Config) -> Schedule:
    """The schedule with a start of its own for each site that has hours: in the job's stead, at the job's times moved into them."""
    from crawler.run import crawled

    own = {key: site for key, site in config.sound_sites.items() if site.pace.hours and crawled(site)}
    return config.schedule.model_copy(update={"job": [part for job in config.schedule.job for part in _divided(job, own)]})


def _divided(job: Job, own: dict[str, Site]) -> list[Job]:
    apart = [key for key in own if job.run == "crawl" and (not job.sites or key in job.sites) and key not in job.without]
    starts: list[Job] = []
    for key in apart:
        facts = job.model_dump() | {"id": f"{job.id}-{key}", "sites": (key,), "without": ()}
        starts.append(OwnStart(**facts, hours=own[key].pace.hours, hours_zone=own[key].pace.timezone))
    left = tuple(key for key in job.sites if key not in apart)
    rest = [job.model_copy(update={"sites": left, "without": job.without if left else (*job.without, *apart)})]
    return (rest if left or not job.sites else []) + starts


def trigger(job: Job) -> Times | InHours:
    """The job's times as an APScheduler trigger. Raises ScheduleError if cron is no valid expression."""
    from apscheduler.triggers.cron import CronTrigger

    from chipwatch.hours import InHours
    from chipwatch.times import Times
    from chipwatch.weekdays import weekdays

    minute, hour, day, month, weekday = job.cron.split()
    try:
        line = CronTrigger(minute=minute, hour=hour, day=day, month=month, day_of_week=weekdays(weekday), timezone="UTC")
    except ValueError as error:
        raise ScheduleError(f"schedule.toml: job {job.id!r}, cron {job.cron!r}: {error}") from error
    if isinstance(job, OwnStart):
        return InHours(Times(line, job.timezone, hour), job.hours, job.hours_zone, job.jitter_s)
    return Times(line, job.timezone, hour, job.jitter_s)


def next_runs(schedule: Schedule, now: datetime) -> list[tuple[Job, datetime]]:
    """Each enabled job with its next start from `now` on, in its own time zone, soonest first; jitter is not in it."""
    starts = ((job, next(trigger(job).starts(now), None)) for job in schedule.job if job.enabled)
    # Sorted in UTC: two times of one zone are compared by what its clock shows.
    runs = sorted(((job, due) for job, due in starts if due is not None), key=lambda pair: pair[1])
    return [(job, due.astimezone(ZoneInfo(job.timezone))) for job, due in runs]


def missed(schedule: Schedule, ledger: Sequence[Entry], now: datetime) -> list[tuple[Job, datetime]]:
    """Jobs whose last due time passed without a run since, each once, if no older than `catch_up_h`.

    A job never seen in the ledger is not missed: a fresh home starts with its next due time.
    """
    last: dict[str, datetime] = {}
    for entry in ledger:
        # What was skipped or stopped half-way is still to be done, be it the job's first run.
        done = _time(entry.due) if _done(entry) else _time(entry.due) - timedelta(seconds=1)
        last[entry.job] = max(last.get(entry.job, done), done) if _done(entry) else last.get(entry.job, done)
    out = []
    for job in schedule.job:
        if not job.enabled or job.id not in last or not _open(job, now):
            continue
        due = _last_due(job, max(last[job.id], now - timedelta(hours=schedule.supervisor.catch_up_h)), now)
        if due is not None:
            out.append((job, due))
    return out


def _done(entry: Entry) -> bool:
    return entry.status not in ("skipped", "killed")


def _open(job: Job, now: datetime) -> bool:
    """A site's own hours hold for what is made up as well: outside them it waits for its next start."""
    return not isinstance(job, OwnStart) or now.astimezone(ZoneInfo(job.hours_zone)).hour in job.hours


def due_at(job: Job, started: datetime) -> datetime:
    """The time that a run begun at `started` was due: jitter moves a start behind it, a sleeping machine far behind."""
    late = timedelta(hours=24)
    return _last_due(job, started - late, started) or started


def _last_due(job: Job, after: datetime, now: datetime) -> datetime | None:
    latest = None
    for due in trigger(job).starts(after + timedelta(seconds=1)):
        if due > now:
            break
        latest = due
    return latest and latest.astimezone(ZoneInfo(job.timezone))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def read_ledger(home: Path) -> list[Entry]:
    """Every recorded run of the schedule, oldest first; a torn last line is passed over."""
    path = home / "logs" / LEDGER
    entries = []
    if path.exists():
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(ValueError, TypeError):
                entries.append(Entry(**json.loads(line)))
    return entries


def write_ledger(home: Path, entry: Entry) -> None:
    """Append one run to the ledger, on the disk before returning."""
    path = home / "logs" / LEDGER
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps({name: getattr(entry, name) for name in Entry.__slots__}, ensure_ascii=False).encode("utf-8") + b"\n"
    with path.open("ab+") as file:
        if file.seek(0, os.SEEK_END) and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n":
            line = b"\n" + line  # what a kill or a full disk tore must not take this line with it
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def only_one(home: Path) -> Iterator[IO[str]]:
    """Hold the home's supervisor lock. Raises ScheduleError, naming the process, if another supervisor has it."""
    import fcntl

    path = home / LOCK
    file = path.open("a+", encoding="utf-8")
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            raise ScheduleError(
                f"{path}: a supervisor already runs (process {file.read().strip() or 'unknown'}); stop it first"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield file
    finally:
        file.close()


def holder(home: Path) -> int | None:
    """The process of the supervisor that holds the home, or None where none does."""
    import fcntl

    with contextlib.suppress(OSError), (home / LOCK).open("r+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            text = file.read().strip()
            return int(text) if text.isdigit() else 0
    return None


def crawls(home: Path, since: datetime) -> list[dict[str, Any]]:
    """Rows of the crawls recorded since a moment, to the second, in order; none where there is no home yet."""
    from storage.database import FILE
    from storage.store import Store

    if not (home / FILE).exists():
        return []
    stamp = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with Store.open(home, create=False, readonly=True) as store:
        rows = [dict(row) for row in store.runs(limit=1000)]
    return [row for row in reversed(rows) if row["kind"] == "crawl" and row["started_at"] >= stamp]


def outcomes(home: Path, since: datetime, before: Collection[str] = ()) -> list[tuple[str, str, bool]]:
    """Site, outcome and whether it saw all it went for, of each crawl recorded since a moment, in order.

    `before` names runs that were there already: one that was killed in the same second is not the next one's.
    """
    return [
        (row["site"], row["outcome"] or "running", row["outcome"] in ("ok", "empty") and not row["quarantined"])
        for row in crawls(home, since)
        if row["id"] not in before
    ]


def command(job: Job, home: Path) -> list[str]:
    """The child's command line."""
    words = WORDS.get(job.run, [job.run])
    if job.run == "crawl":
        words = [*words, *job.sites, *(word for site in job.without for word in ("--without", site))]
    return [sys.executable, "-m", "chipwatch.cli", "--home", str(home), *words]


class Supervisor:
    """Runs jobs as child processes, one instance of a job at a time; an overlap is recorded as skipped."""

    def __init__(self, home: Path, schedule: Schedule) -> None:
        self.home, self.schedule = home, schedule
        self.children: dict[str, asyncio.subprocess.Process] = {}
        self.running: set[asyncio.Task[Any]] = set()
        self.stopping = asyncio.Event()

    async def run_job(self, job: Job, due: datetime | None = None) -> None:
        """Run one job to its end and write the ledger."""
        task = asyncio.current_task()
        if task is not None:
            self.running.add(task)
            task.add_done_callback(self.running.discard)
        started = datetime.now().astimezone()
        stamp, due_text = started.isoformat(timespec="seconds"), (due or due_at(job, started)).isoformat(timespec="seconds")
        if self.stopping.is_set() or job.id in self.children:
            why = "the supervisor is stopping" if self.stopping.is_set() else "the run before is still going on"
            write_ledger(self.home, Entry(job.id, due_text, stamp, stamp, "skipped", why))
            return
        before: set[str] = set()
        if job.run == "crawl":
            # What cannot be read now is told by the child, and again when it is judged.
            with contextlib.suppress(Exception):
                before = {row["id"] for row in crawls(self.home, started)}
        log = self.home / "logs" / f"{job.id}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as out:
            # A session of its own: Ctrl-C reaches the supervisor alone, which passes on SIGTERM and waits.
            child = await asyncio.create_subprocess_exec(
                *command(job, self.home), stdout=out, stderr=out, stdin=asyncio.subprocess.DEVNULL, start_new_session=True
            )
            self.children[job.id] = child
            try:
                code = await child.wait()
            finally:
                self.children.pop(job.id, None)
        ended = datetime.now().astimezone().isoformat(timespec="seconds")
        status, detail = self._judge(job, started, code, before)
        write_ledger(self.home, Entry(job.id, due_text, stamp, ended, status, detail))

    def _judge(self, job: Job, started: datetime, code: int, before: Collection[str] = ()) -> tuple[str, str]:
        """What became of a job, and the same in words: a crawl is judged by the outcomes it recorded, not by its exit status."""
        told = f"exit status {code}; see {job.id}.log" if code else ""
        if code < 0 or (code == NOT_DONE and self.stopping.is_set()):
            return "killed", f"stopped half-way; {told}"
        if job.run != "crawl":
            return {0: "done", 1: "problems"}.get(code, "failed"), told
        try:
            found = [row for row in outcomes(self.home, started, before) if row[0] in (job.sites or (row[0],)) and row[0] not in job.without]
        except Exception as error:
            return "failed", f"{error}; {told}"
        if not found:
            return ("done", "no site to crawl") if code == 0 else ("failed", told)
        words = ", ".join(f"{site} {outcome}" for site, outcome, _ in found)
        if code not in (0, 1):
            return "failed", f"{words}; {told}"
        return ("done" if all(whole for *_, whole in found) else "problems"), words

    async def stop(self) -> None:
        """Pass SIGTERM on once, wait, and only then kill."""
        self.stopping.set()
        waiting = list(self.children.values())
        for child in waiting:
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
        if waiting:
            _, late = await asyncio.wait(
                [asyncio.create_task(child.wait()) for child in waiting], timeout=self.schedule.supervisor.stop_wait_s
            )
            if late:
                for child in waiting:
                    with contextlib.suppress(ProcessLookupError):
                        child.kill()

    async def once(self) -> list[Entry]:
        """Every enabled job once, in ORDER; the ledger lines they left."""
        before = len(read_ledger(self.home))
        for job in sorted((j for j in self.schedule.job if j.enabled), key=lambda j: ORDER.index(j.run)):
            await self.run_job(job)
        return read_ledger(self.home)[before:]

    async def forever(self) -> None:
        """Make up for missed runs, then keep the schedule until SIGTERM or Ctrl-C. Raises SystemExit if it could not end in order."""
        with self._listening(asyncio.get_running_loop()):
            await self._keep()

    async def _keep(self) -> None:
        from apscheduler.events import EVENT_JOB_MAX_INSTANCES
        from apscheduler.schedulers.asyncio import AsyncIOScheduler

        scheduler = AsyncIOScheduler(timezone="UTC")
        grace = self.schedule.supervisor.catch_up_h * 3600
        jobs = {job.id: job for job in self.schedule.job if job.enabled}
        for job in jobs.values():
            scheduler.add_job(
                self.run_job, trigger(job), args=[job], id=job.id, coalesce=True, max_instances=1, misfire_grace_time=grace
            )

        def overlapped(event: Any) -> None:
            stamp = datetime.now().astimezone().isoformat(timespec="seconds")
            write_ledger(self.home, Entry(event.job_id, stamp, stamp, stamp, "skipped", "the run before is still going on"))

        scheduler.add_listener(overlapped, EVENT_JOB_MAX_INSTANCES)
        late = missed(self.schedule, read_ledger(self.home), datetime.now().astimezone())
        made_up = asyncio.create_task(self._make_up(late))
        scheduler.start()
        await self.stopping.wait()
        scheduler.pause()
        await self.stop()
        # Each run under way still writes its line into the ledger.
        await asyncio.gather(made_up, *self.running, return_exceptions=True)
        scheduler.shutdown(wait=False)

    @contextlib.contextmanager
    def _listening(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        """Stop when asked to. Not by the loop's own handler: a loop that is held up by a fault would hear nothing, for ever."""

        def asked(number: int, frame: object) -> None:
            signal.alarm(DEAF_S)
            loop.call_soon_threadsafe(heard)

        def heard() -> None:
            signal.alarm(0)
            self.stopping.set()

        def deaf(number: int, frame: object) -> None:
            for child in self.children.values():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGTERM)
            raise SystemExit(128 + signal.SIGTERM)

        before = [(number, signal.signal(number, handler)) for number, handler in
                  ((signal.SIGALRM, deaf), (signal.SIGTERM, asked), (signal.SIGINT, asked))]  # fmt: skip
        try:
            yield
        finally:
            signal.alarm(0)
            for number, handler in before:
                signal.signal(number, handler)

    async def _make_up(self, late: Sequence[tuple[Job, datetime]]) -> None:
        """Missed jobs one after the other: what a late crawl brings is to be judged, and then told."""
        for job, due in sorted(late, key=lambda pair: ORDER.index(pair[0].run)):
            # While those before were made up, its own time may have come.
            done = any(entry.job == job.id and _done(entry) and _time(entry.due) >= due for entry in read_ledger(self.home))
            if not self.stopping.is_set() and not done:
                await self.run_job(job, due)


def run(home: Path, schedule: Schedule, *, once: bool) -> list[Entry]:
    """Run the supervisor in this process. Raises ScheduleError if another one holds the home."""
    with only_one(home):

        async def main() -> list[Entry]:
            supervisor = Supervisor(home, schedule)
            if once:
                return await supervisor.once()
            await supervisor.forever()
            return []

        return asyncio.run(main())
