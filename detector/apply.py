"""Reading the desk's history for tuning, and setting what was chosen: in the home's config, logged, to be undone.

Changes are `key=value` with dotted keys of thresholds.toml: `severity.medium=0.3`, `price.below=0.55`,
`weight.no_paperwork=2.2`, `pair.bulk_through_hub=3`. Comments in the home's file are kept.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.loader import Config
from config.tables import ConfigError
from detector.errors import ChangeError, DetectError
from detector.judge import Judge
from detector.tune import Drawn, Past

if TYPE_CHECKING:
    from storage.store import Store

FILE = Path("config") / "thresholds.toml"

WHY_BY_TUNE = "set by chipwatch tune"

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


def drawn(store: Store) -> list[Drawn]:
    """All draws of earlier digests with what was decided on them."""
    return [Drawn(row["digest"], row["stratum"], row["probability"], row["action"]) for row in store.samples()]


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

    Raises ConfigError (nothing is written) if a key or value is wrong. The version before can be put back with `undo`.
    """
    home = store.home
    preview(Config(home), changes)
    _log_standing(store, Config(home), who=who, now=now)
    _write(home, edited(_text(home), changes, why))
    fresh = Config(home)
    store.log_version("thresholds", fresh.thresholds_version, who=who, now=now, why=why, content={"file": _text(home)})
    return fresh.thresholds_version


def undo(store: Store, *, why: str, who: str, now: str) -> tuple[str, str]:
    """Put back the home's thresholds.toml as it was before the last change; the version then in force, and why the undone one was set.

    An undo is a change too: undoing it sets the change again.
    """
    versions = [row for row in store.versions("thresholds") if row["content"]]
    if len(versions) < 2:
        raise DetectError("no change of thresholds to undo: none was logged in this home")
    before = versions[-2]
    _write(store.home, before["content"]["file"])
    fresh = Config(store.home)
    store.log_version("thresholds", fresh.thresholds_version, who=who, now=now, why=why, content=before["content"])
    return fresh.thresholds_version, versions[-1]["why"]


def _log_standing(store: Store, config: Config, *, who: str, now: str) -> None:
    """Before the first change: what stood, so that it can come back."""
    if not [row for row in store.versions("thresholds") if row["content"]]:
        store.log_version(
            "thresholds", config.thresholds_version, who=who, now=now, why="as it stood before the first change",
            content={"file": _text(store.home)},
        )  # fmt: skip


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
    path = home / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part")
    half.write_text(text, encoding="utf-8")
    os.replace(half, path)


__all__ = ["ConfigError", "apply", "drawn", "edited", "history", "parse_changes", "preview", "undo"]
