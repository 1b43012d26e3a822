"""Reading the desk's history for tuning, and setting what was chosen: in the home's config, logged, to be undone.

Changes are `key=value` with dotted keys of thresholds.toml: `severity.medium=0.3`, `price.below=0.55`,
`weight.no_paperwork=2.2`, `pair.bulk_through_hub=3`. Comments in the home's file are kept.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.loader import Config
from config.tables import ConfigError
from detector.errors import ChangeError, DetectError
from detector.judge import Judge
from detector.tune import Past

if TYPE_CHECKING:
    from storage.store import Store

FILE = Path("config") / "thresholds.toml"

WHY_BY_TUNE = "set by chipwatch tune"

STOOD = "as it stood before the first change"

FOUND = "found in the file: edited by hand, or by a change that was stopped before it was logged"

HEADER = "This desk's own thresholds; rows and keys here lay over the shipped thresholds.toml."


def history(store: Store) -> list[Past]:
    """Every current offer that was judged, with the decision that stands on it."""
    decided = {row["listing"]: row for row in store.decisions(standing=True)}
    out = []
    for row in store.iter_readings():
        replay = (row["features"] or {}).get("replay")
        if replay is None:
            continue
        decision = decided.get(row["listing"])
        evidence = tuple(
            sorted(r["evidence"] for r in row["document"]["reasons"] if r["contribution"] > 0 and r["evidence"] != "bias")
        )
        out.append(
            Past(
                row["listing"], f"{row['site']}/{row['listing_id']}", row["site"], row["observed_at"][:10], row["score"],
                row["severity"], evidence, replay, decision["action"] if decision else None,
                decision["at"] if decision else None,
            )
        )  # fmt: skip
    return out


def parse_changes(words: Sequence[str]) -> dict[str, Any]:
    """`key=value` words as a mapping; values are TOML. Raises ChangeError naming the wrong word."""
    import tomllib

    found: dict[str, Any] = {}
    for word in words:
        key, sign, value = word.partition("=")
        if not sign or "." not in key:
            raise ChangeError(f"{word!r}: write a change as key=value, e.g. severity.medium=0.3 or weight.no_paperwork=2")
        try:
            found[key.strip()] = tomllib.loads(f"x = {value}")["x"]
        except tomllib.TOMLDecodeError as error:
            raise ChangeError(f"{word!r}: {value!r} is no value (a number, true, or a quoted text)") from error
    return found


def check_names(config: Config, changes: Mapping[str, Any]) -> None:
    """Raises ChangeError if a weight or pair is changed that no evidence bears; the nearest name is told."""
    import difflib

    known = {
        "weight": [*(card.id for card in config.signals.signal), *(row.id for row in config.thresholds.weight)],
        "pair": [pair.id for pair in config.thresholds.pair],
    }
    for key in changes:
        table, name = key.split(".", 1)
        if table in known and name not in known[table]:
            near = difflib.get_close_matches(name, known[table], 1)
            hint = f"did you mean {table}.{near[0]}?" if near else f"known are: {', '.join(sorted(set(known[table])))}"
            raise ChangeError(f"{key}: there is no {table} of this name; {hint}")


def preview(config: Config, changes: Mapping[str, Any]) -> Judge:
    """The judge as it would be with the changes, for `tune.replay`; nothing is written. Raises ConfigError, ChangeError."""
    import tempfile

    check_names(config, changes)

    with tempfile.TemporaryDirectory(prefix="chipwatch-try-") as folder:
        home = Path(folder)
        for path in sorted((config.home / "config").glob("*.toml")) if config.home else ():
            (home / "config").mkdir(exist_ok=True)
            (home / "config" / path.name).write_bytes(path.read_bytes())
        _write(home, edited(_text(home), changes, WHY_BY_TUNE))
        try:
            return Judge.from_config(Config(home))
        except ConfigError as error:
            # The copy is gone when this is read: name the file that it is a copy of.
            file = config.home / "config" / Path(error.file).name if config.home and Path(error.file).is_relative_to(home) else error.file
            raise ConfigError(file, error.where, error.problem) from error


def apply(store: Store, config: Config, changes: Mapping[str, Any], *, why: str, who: str, now: str) -> str:
    """Set changes in the home's thresholds.toml and log the version; the new thresholds version.

    Raises ConfigError if a key or value is wrong, StorageError where the database cannot be written: nothing is changed then.
    The version before can be put back with `undo`.
    """
    preview(Config(store.home), changes)
    note_found(store, who=who, now=now)
    return _set(store, lambda: edited(_text(store.home), changes, why), why=why, who=who, now=now)


def undo(store: Store, *, why: str, who: str, now: str) -> tuple[str, str]:
    """Put back the home's thresholds.toml as it was before the last change; the version then in force, and why the undone one was set.

    An undo is a change too: undoing it sets the change again. Raises DetectError, and what `apply` raises.
    """
    if _logged(store):
        note_found(store, who=who, now=now)
    versions = _logged(store)
    if len(versions) < 2:
        raise DetectError("no change of thresholds to undo: none was logged in this home")
    version = _set(store, lambda: versions[-2]["content"]["file"], why=why, who=who, now=now)
    return version, versions[-1]["why"]


def found(store: Store) -> str | None:
    """The home's thresholds.toml where it says something else than the version logged last, or None: edited by hand, or by a
    change that was killed after it wrote the file and before its version was stored."""
    import tomllib

    logged, text = _logged(store), _text(store.home)
    try:
        same = not logged or tomllib.loads(text) == tomllib.loads(logged[-1]["content"]["file"])
    except tomllib.TOMLDecodeError:  # what is wrong in it is told by whoever loads the config
        return None
    return None if same else text


def note_found(store: Store, *, who: str, now: str) -> bool:
    """Log what stands in the file and was never logged, so that it can be put back and taken back; whether it differed from the log."""
    with store.transaction():
        differs = found(store) is not None
        if differs or not _logged(store):
            _log(store, FOUND if differs else STOOD, who=who, now=now)
    return differs


def _set(store: Store, text: Callable[[], str], *, why: str, who: str, now: str) -> str:
    """Write the file and log its version: both or none. The file goes first, within the transaction: where a kill comes between,
    it differs from the log, which the next run finds (`found`); a log ahead of its file would look like an edit by hand."""
    before: str | None = None
    try:
        with store.transaction():
            before = _text(store.home)
            _write(store.home, text())
            return _log(store, why, who=who, now=now)
    except BaseException:
        if before is not None:
            _write(store.home, before)
        raise


def _log(store: Store, why: str, *, who: str, now: str) -> str:
    fresh = Config(store.home)
    fresh.thresholds  # noqa: B018  # raises ConfigError where the file cannot be used
    store.log_version("thresholds", fresh.thresholds_version, who=who, now=now, why=why, content={"file": _text(store.home)})
    return fresh.thresholds_version


def _logged(store: Store) -> list[dict[str, Any]]:
    return [row for row in store.versions("thresholds") if row["content"]]


def edited(text: str, changes: Mapping[str, Any], why: str) -> str:
    """The file's text with the changes made; everything else, comments too, as it was."""
    import tomlkit

    document = tomlkit.parse(text)
    if not text.strip():
        document.add(tomlkit.comment(HEADER))
    for key, value in changes.items():
        table, name = key.split(".", 1)
        if table in ("weight", "pair"):
            _set_row(document, table, name, value, why)
        else:
            if table not in document:
                document.add(table, tomlkit.table())
            document[table][name] = value
    return tomlkit.dumps(document)


def _set_row(document: Any, table: str, name: str, value: Any, why: str) -> None:
    import tomlkit

    rows = document.get(table)
    if rows is None:
        rows = tomlkit.aot()
        document.add(table, rows)
    row = next((row for row in rows if row.get("id") == name), None)
    if row is None:
        row = tomlkit.table()
        row["id"] = name
        rows.append(row)
        row = rows[-1]
    row["weight"] = value
    if table == "weight":
        row["why"] = why


def _text(home: Path) -> str:
    path = home / FILE
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _write(home: Path, text: str) -> None:
    """Put the file in place whole; no file where there is no text, as in a home whose thresholds were never set."""
    path = home / FILE
    if not text:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part")
    with half.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    os.replace(half, path)


__all__ = ["ConfigError", "apply", "edited", "found", "history", "note_found", "parse_changes", "preview", "undo"]
