"""Crawls as others start them: each in a process of its own, one of a site at a time, with a named outcome."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.access import closed, refusal

if TYPE_CHECKING:
    from config.loader import Config
    from config.schema.sites import Site

KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(64 << 20), "MALLOC_MMAP_THRESHOLD_": str(16 << 20)}
"""glibc gives memory back to the system after every page and takes it anew for the next, 140 page faults a page of 50 KB: a third of
what its tree costs. A crawl keeps up to so many bytes; other C libraries do not read these."""

Progress = Callable[[str, dict[str, Any]], None]
"""Called with the site and {"pages", "listings", "requests"} about once a second."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """How one crawl ended. `outcome` is one of ok partial blocked changed empty failed killed skipped."""

    site: str
    run: str | None
    outcome: str
    detail: str | None = None
    quarantined: bool = False
    pages: int = 0
    listings: int = 0
    new: int = 0
    changed: int = 0
    seen: int = 0
    requests: int = 0
    vanished: int = 0

    @property
    def healthy(self) -> bool:
        """Did it see all that it went for?"""
        return self.outcome in ("ok", "empty")


class Stopped(Exception):
    """Raised if a signal came while crawls went on; the crawl under way has ended and is in `results`."""

    def __init__(self, number: int, results: list[RunResult]) -> None:
        self.number, self.results = number, results
        super().__init__(f"stopped by {signal.Signals(number).name}")


def crawl_site(
    site: str,
    home: Path,
    config: Config,
    now: datetime | str | None = None,
    *,
    on_progress: Progress | None = None,
) -> RunResult:
    """Crawl one site and return its outcome; what keeps it from starting is the outcome `skipped`, recorded as a run.

    `now` is the moment that all of the run bears; without it the clock runs. Raises KeyError for an unknown site, Stopped, and StorageError of the store.
    """
    return crawl_sites([site], home, config, now, on_progress=on_progress)[0]


def crawl_sites(
    sites: Iterable[str] | None, home: Path, config: Config, now: datetime | str | None = None, *,
    on_progress: Progress | None = None, on_result: Callable[[RunResult], None] | None = None,
) -> list[RunResult]:  # fmt: skip
    """Crawl sites one after the other, whatever becomes of each; None = all that are enabled, and those whose file is wrong.
    Raises as `crawl_site`."""
    keys = list(sites) if sites is not None else all_crawled(config)
    chosen = {key: config.sound_sites[key] for key in keys if key not in config.broken_sites}
    results: list[RunResult] = []
    with _Signals() as signals:
        for key in keys:
            if key in chosen:
                results.append(_one(chosen[key], home, config, now, on_progress, signals))
            else:
                results.append(_skipped(key, home, config, _moment(now), str(config.broken_sites[key])))
            if on_result:
                on_result(results[-1])
            if signals.caught:
                raise Stopped(signals.caught, results)
    return results


def crawled(site: Site) -> bool:
    """Is it a site that a crawl of all sites takes in?"""
    return site.enabled and site.family not in ("archive", "files")


def all_crawled(config: Config) -> list[str]:
    """The keys of the sites that a crawl of all takes in. Whether a site is enabled whose file is wrong nobody knows: it is told as skipped."""
    return [key for key, site in config.sound_sites.items() if crawled(site)] + list(config.broken_sites)


def _moment(now: datetime | str | None) -> datetime:
    moment = datetime.fromisoformat(now) if isinstance(now, str) else now or datetime.now(UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _one(
    site: Site, home: Path, config: Config, given: datetime | str | None, on_progress: Progress | None, signals: _Signals
) -> RunResult:
    now = _moment(given)
    why = refusal(site, config.settings, now.date()) or closed(site, now) or _at_rest(site, home, config, now) or _used_up(site, config, now)
    if why:
        return _skipped(site, home, config, now, why)
    with only_crawl(site, home) as held:
        if held.busy:
            return _skipped(site, home, config, now, f"another crawl of {held.busy} is still running")
        return _child(site, home, config, now, given is not None, on_progress, signals, held)


def _at_rest(site: Site, home: Path, config: Config, now: datetime) -> str | None:
    from crawler.sites import at_rest

    return at_rest(site, home, now, config.settings.politeness.rest_hours)


def _used_up(site: Site, config: Config, now: datetime) -> str | None:
    from crawler.plan import day_count

    count = day_count(site, config)
    why = count.reached(now.astimezone(UTC).date()) if count else None
    return f"{why} (pace.daily_requests)" if why else None


def _skipped(site: Site | str, home: Path, config: Config, now: datetime, why: str) -> RunResult:
    """Record that a run was due and did not start; of a site whose file is wrong, nothing but its key is known."""
    from storage.store import Store

    stamp = _stamp(now)
    key, told = (site, {}) if isinstance(site, str) else (site.key, {"site_name": site.title, "country": site.country})
    with Store.open(home, timeout=config.settings.health.writer_wait_s) as store:
        store.recover_runs(stamp)
        run = store.begin_run(key, "crawl", now=stamp, **told)
        store.end_run(run, "skipped", stamp, {"pages": 0, "listings": 0}, {}, why)
    return RunResult(key, run, "skipped", why)


def _stamp(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Held:
    """The locks of a site and its hosts, or the name of one that another crawl or look has: `busy`.

    `locks` are open files, to be handed to the process that asks the hosts: it may outlive its starter by the answer it is waiting for.
    """

    locks: tuple[int, ...] = ()
    busy: str | None = None


@contextlib.contextmanager
def only_crawl(site: Site, home: Path) -> Iterator[Held]:
    """Hold the locks of the site and of its hosts, which two sites may share, within the block.

    The system lets go of them when the last process that holds them has died.
    """
    import fcntl

    folder = home / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {"this site": f"site-{site.key}"} | {host: f"host-{host.replace(':', '_')}" for host in _places(site)}
    with contextlib.ExitStack() as held:
        locks = []
        for what, name in wanted.items():
            locks.append(held.enter_context(open(folder / name, "w")).fileno())
            try:
                fcntl.flock(locks[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield Held(busy=what)
                return
        yield Held(tuple(locks))


def _places(site: Site) -> list[str]:
    """The hosts of a site, in order; on loopback with their ports, which tell one server from another."""
    from urllib.parse import urlsplit

    from crawler.sites import hosts

    if not site.loopback:
        return sorted(hosts(site))
    urls = (*site.start, *site.sitemap, *([site.base_url] if site.base_url else ()))
    return sorted({urlsplit(url).netloc for url in urls})


def _child(
    site: Site, home: Path, config: Config, now: datetime, frozen: bool, on_progress: Progress | None, signals: _Signals, held: Held
) -> RunResult:
    """Run the worker, pass signals on, and read its result; if it died, say so in the database."""
    log = home / "logs" / f"crawl-{site.key}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "crawler.worker", "--home", str(home), "--site", site.key]
    command += ["--now", now.isoformat()] if frozen else []
    with open(log, "w", encoding="utf-8") as errors:
        # Its own process group: Ctrl-C reaches us alone, and we pass it on once.
        child = subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True, pass_fds=held.locks,
            env={**KEEP_MEMORY, **os.environ, "CHIPWATCH_WATCH_STDIN": "1"},
        )  # fmt: skip
        try:
            with signals.watching(child, config.settings.health.crawl_stop_s):
                found = _listen(child, site.key, on_progress)
        finally:
            if child.poll() is None:
                child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
    return found or _died(site, home, config, now, frozen, child.returncode, log)


def _listen(child: subprocess.Popen[str], site: str, on_progress: Progress | None) -> RunResult | None:
    assert child.stdout is not None
    known = {entry.name for entry in fields(RunResult)}
    found = None
    for line in child.stdout:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if record.pop("result", False):
            found = RunResult(
                **{name: value for name, value in record.items() if name in known and value is not None}
            )
        elif on_progress:
            on_progress(site, record)
    child.wait()
    return found


def _died(site: Site, home: Path, config: Config, now: datetime, frozen: bool, code: int, log: Path) -> RunResult:
    """The worker ended without a result: end its run as `killed`, or as `failed` if it died of a mistake of its own."""
    from storage.store import Store

    why = (
        f"killed by {signal.Signals(-code).name}"
        if code < 0
        else f"ended with status {code}; see {log}: {_last_line(log)}"
    )
    stamp = _stamp(now if frozen else datetime.now(UTC))
    with Store.open(home, timeout=config.settings.health.writer_wait_s) as store:
        killed = [entry for entry in store.recover_runs(stamp) if entry.site == site.key]
        if killed:
            row = store.run(killed[-1].run)
            return RunResult(
                site.key,
                killed[-1].run,
                "killed",
                why,
                listings=row["listings"] or 0,
                new=row["new"] or 0,
                changed=row["changed"] or 0,
            )
        run = store.begin_run(site.key, "crawl", now=stamp, site_name=site.title, country=site.country)
        outcome = "killed" if code < 0 else "failed"
        store.end_run(run, outcome, stamp, {"pages": 0, "listings": 0}, {}, why)
    return RunResult(site.key, run, outcome, why)


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else "nothing was logged"


class _Signals:
    """Takes SIGTERM and SIGINT while crawls go on and hands them to the crawl under way, once; then waits, then kills."""

    def __init__(self) -> None:
        self.caught = 0
        self._child: subprocess.Popen[str] | None = None
        self._patience = 0.0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> _Signals:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(self, *exc: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, _frame: Any) -> None:
        first, self.caught = not self.caught, self.caught or number
        child = self._child
        if child is None or not first:
            return
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        threading.Thread(target=self._insist, args=(child,), daemon=True).start()

    def _insist(self, child: subprocess.Popen[str]) -> None:
        try:
            child.wait(self._patience)
        except subprocess.TimeoutExpired:
            child.kill()

    @contextlib.contextmanager
    def watching(self, child: subprocess.Popen[str], patience: float) -> Iterator[None]:
        """Signals go to this child until the end of the block."""
        self._child, self._patience = child, patience
        try:
            yield
        finally:
            self._child = None
