"""What every command shares: the home, exit statuses, errors in one line, rows as a table or JSON, progress."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from config.loader import Config
    from storage.store import Store

EXIT_DONE = 0
EXIT_PROBLEMS = 1
EXIT_WRONG_USE = 2
EXIT_NOT_DONE = 3

WIDE = 220
"""Characters of a table that no terminal shows."""

T = TypeVar("T")


class UseError(Exception):
    """Raised if a command is used wrongly: a file that is not there, a home that is missing, a value out of range."""


def usual_home() -> Path:
    """The home that is meant where none is named: in the user's data folder."""
    base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser() / "chipwatch"


def command_of(home: Path) -> str:
    """`chipwatch`, with the home where it is not the usual one, as a person types it anywhere."""
    import shlex

    return "chipwatch" if home == usual_home() else f"chipwatch --home {shlex.quote(str(home.absolute()))}"


@dataclass
class State:
    """The options that stand before the command."""

    home: Path | None
    debug: bool = False

    @cached_property
    def folder(self) -> Path:
        """The home's folder: --home, else CHIPWATCH_HOME, else the user's data folder."""
        return usual_home() if self.home is None else self.home.expanduser().absolute()

    @property
    def exists(self) -> bool:
        """Whether the home has been made by `init`."""
        return (self.folder / "chipwatch.db").exists()

    @property
    def demo(self) -> bool:
        """Whether the home is the demo's, with days of its own."""
        return (self.folder / "demo" / "state.json").exists()

    @cached_property
    def config(self) -> Config:
        """Shipped config with the home's rows laid over it."""
        from config.loader import Config
        from config.tables import SHIPPED

        # The program's own folder is no home: what is shipped would be laid over itself.
        own = self.folder / "config" == SHIPPED
        return Config(self.folder if self.folder.is_dir() and not own else None)

    def store(self, *, readonly: bool = False) -> Store:
        """The home's database. Raises UseError if there is no home yet."""
        from storage.store import Store

        if not self.exists:
            here = " (the demo's is in this folder: `chipwatch --home home ...`)" if Path("home/demo/state.json").exists() else ""
            raise UseError(f"no home at {self.folder}: make one with `chipwatch --home {self.folder} init`{here}")
        return Store.open(self.folder, create=False, readonly=readonly)


def need_file(path: Path) -> None:
    """Raises UseError if there is no such file, or it is a folder."""
    if not path.is_file():
        raise UseError(f"{path}: {'a folder; name the files in it' if path.is_dir() else 'no such file'}")


def now_utc() -> str:
    """This moment as ISO 8601 UTC, whole seconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def user() -> str:
    """Who runs this, by the system's account: what stands in the record where no name is given."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def person(who: str | None) -> str:
    """The name that a record bears: the one given, else the system's account, which is then said."""
    if who:
        return who
    note(f"recorded as {user()!r}, the system's user; your name is given with --who or CHIPWATCH_WHO")
    return user()


def need_new(path: Path, what: str) -> None:
    """Raises UseError if `path` is there already, or the folder that it would stand in is not; `what` says how to go on where it is there."""
    if path.exists():
        raise UseError(f"{path} is there already: {what}")
    if not path.parent.is_dir():
        raise UseError(f"{path.parent}: no such folder; make it, or name another with --out")


def day_to_come(state: State, until: str) -> str:
    """A day as ISO 8601. Raises UseError if it is none, or not to come; the demo's days are no measure for it."""
    from datetime import date

    try:
        day = date.fromisoformat(until).isoformat()
    except ValueError as error:
        raise UseError(f"--until {until}: write a day, such as 2030-01-31") from error
    if day <= now_utc()[:10]:
        own = "; the demo has days of its own, from 2 March 2026 on, but what you decide bears today's date" if state.demo else ""
        raise UseError(f"--until {until}: is past; write a day to come, such as 2030-01-31{own}")
    return day


def note(message: str) -> None:
    """A line for the person, on standard error."""
    print(message, file=sys.stderr, flush=True)


def clean(text: Any) -> str:
    """Text from outside made safe for a terminal: control and direction-changing characters become visible."""
    return "".join(
        c if c.isprintable() or c in "\u200d\ufe0f" else {"\n": " ", "\t": " "}.get(c, f"\\x{ord(c):02x}") for c in str(text)
    )


def write_json(value: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def write_jsonl(rows: Iterable[Any]) -> None:
    """JSON Lines on standard output."""
    for row in rows:
        sys.stdout.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")


def write_rows(rows: Sequence[dict[str, Any]], columns: Sequence[str], *, as_json: bool, title: str = "") -> None:
    """Rows as a table for a person, or as a JSON list; text from outside is cleaned for the terminal, long titles are shortened."""
    if as_json:
        write_json(list(rows))
        return
    from rich.console import Console
    from rich.table import Table

    from review.wording import shortened

    table = Table(title=title or None, header_style="bold", box=None, pad_edge=False, title_justify="left")
    for column in columns:
        numeric = all(isinstance(row.get(column), (int, float, type(None))) for row in rows)
        # An id is there to be copied: it never breaks over lines.
        table.add_column(
            column.replace("_", " "), justify="right" if numeric and rows else "left", overflow="fold",
            no_wrap=column in ("id", "listing", "run", "severity", "site"),
        )  # fmt: skip
    for row in rows:
        table.add_row(*("" if row.get(c) is None else _cell(shortened(row[c]) if c == "title" else row[c]) for c in columns))
    # Into a pipe or a file a row is one line, however narrow the terminal was.
    if sys.stdout.isatty():
        Console(highlight=False, markup=False).print(table)
        return
    console = Console(highlight=False, markup=False, width=WIDE)
    with console.capture() as told:
        console.print(table)
    print("\n".join(line.rstrip() for line in told.get().splitlines()))


def _cell(value: Any) -> str:
    if not isinstance(value, float):
        return clean(value)
    # What is nearly one, as a score is, is not shown as one; large figures are written out.
    digits = 5 if 0.99 < value < 1 else 3
    if 0.999995 <= value < 1:
        return ">.99999"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.{digits}g}"


def progress(items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
    """Yield `items`, showing progress: a bar on a terminal, a plain line every few seconds elsewhere."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import track

        yield from track(items, description=label, total=total, console=Console(stderr=True), transient=True)
        return
    last, count = time.monotonic(), 0
    for count, item in enumerate(items, 1):
        yield item
        if time.monotonic() - last > 5:
            last = time.monotonic()
            note(f"{label}: {count}" + (f" of {total}" if total else ""))
    if count:
        note(f"{label}: {count} done")


def failure(error: BaseException) -> int:
    """Print an error as one line on standard error; the exit status that belongs to it."""
    import typer

    if isinstance(error, (typer.Exit,)):
        return int(error.exit_code)
    name = type(error).__name__
    if isinstance(error, (KeyboardInterrupt, typer.Abort)):
        note("interrupted: what was stored is kept; run the command again to go on")
        return EXIT_NOT_DONE
    if isinstance(error, BrokenPipeError):
        return EXIT_DONE
    if name == "Stopped":
        note(f"{error}: what was stored is kept; run the command again to go on")
        return EXIT_NOT_DONE
    if name == "NoArgsIsHelpError":
        note(error.format_message())  # type: ignore[attr-defined]  # click's: the help of a command of which only a part was named
        return EXIT_WRONG_USE
    if hasattr(error, "exit_code") and hasattr(error, "format_message"):
        context = getattr(error, "ctx", None)
        hint = f" (see `{context.command_path} --help`)" if context else ""
        note(f"error: {error.format_message()}{hint}")
        return EXIT_WRONG_USE
    root = {base.__name__ for base in type(error).__mro__}
    if root & {"UseError", "ConfigError", "ListingError", "FileRefused", "ProposeError", "ReparseError", "PlanError",
               "MissingError", "ChangeError"}:  # fmt: skip
        note(f"error: {error}")
        return EXIT_WRONG_USE
    if root & {"StorageError", "DetectError", "ScheduleError", "ClusterError", "SnapshotError"}:
        note(f"error: {error}")
        return EXIT_NOT_DONE
    if isinstance(error, OSError):
        note(f"error: {error.filename or 'system'}: {error.strerror or error}")
        return EXIT_NOT_DONE
    note(f"error: unexpected {name}: {error}; run again with --debug for the traceback and report it")
    return EXIT_NOT_DONE


def many(number: int, one: str) -> str:
    """A number with its noun: `1 listing`, `2 listings`."""
    return f"{number} {one}" + ("s" if number != 1 else "")


def one_of(option: str, value: str | None, known: Sequence[str]) -> None:
    """Raises UseError if a filter can match nothing: an empty list would read as "no alerts"."""
    if value is None or value in known:
        return
    near = nearest(value, known)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(known[:12])}"
    raise UseError(f"{option} {value!r} is none that is known; {hint}")


def nearest(value: str, known: Sequence[str]) -> list[str]:
    """The names that a person may have meant, at most five; none where none is like it."""
    import difflib

    return difflib.get_close_matches(value, known, 3) or [name for name in known if value.lower() in name][:5]


def find_listing(state: State, store: Store, text: str) -> str:
    """The key of the one listing that `text` names (`Lookup.find_listing`). Raises UseError where its site is misspelt, MissingError, StorageError."""
    from storage.errors import MissingError

    try:
        return store.find_listing(text)
    except MissingError:
        site, slash, _ = text.partition("/")
        known = sorted(known_sites(state))
        if slash and site and nearest(site, known):
            one_of("site", site, known)
        raise


def known_sites(state: State) -> set[str]:
    """Sites that have a file or were ever read."""
    with state.store(readonly=True) as store:
        return {row["site"] for row in store.coverage()} | state.config.sound_sites.keys() | state.config.broken_sites.keys()
