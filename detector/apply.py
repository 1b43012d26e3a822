"""Reading the desk's history for tuning, and setting what was chosen: in the home's config, logged, to be undone.

Changes are `key=value` with dotted keys of thresholds.toml: `severity.medium=0.3`, `price.below=0.55`,
`weight.no_paperwork=2.2`, `pair.bulk_through_hub=3`. Comments in the home's file are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.loader import Config
from config.tables import ConfigError
from detector.errors import ChangeError, DetectError
from detector.judge import Judge
from detector.tune import Past
from storage.whole import write_whole

if TYPE_CHECKING:
    from storage.store import Store

FILE = Path("config") / "thresholds.toml"

WHY_BY_TUNE = "set by chipwatch tune"

STOOD = "as it stood before the first change"

FOUND = "found in the file: edited by hand, or by a change that was stopped before it was logged"

HEADER = "This desk's own thresholds; rows and keys here lay over the shipped thresholds.toml."


NOT_REPLAYED = {
    "forest": "it shows once a forest is fitted under it: set it, then look at `chipwatch detect --compare`",
    "repeats": "texts are compared anew by `chipwatch detect` alone: set it, run that, and undo it if need be",
    "counts": "it changes what is read in an offer, which `chipwatch detect` alone does: set it, run that, and undo it if need be",
    "screening": "names are compared when an offer is recorded: set it, and it holds for what comes",
    "alerts": "it changes what is told and when, not which offers are alerts",
}
"""Tables of thresholds.toml of which a stored judgement does not tell what they would change, and where it shows."""


def history(store: Store, config: Config) -> list[Past]:
    """Every current offer that was judged, by the thresholds in force, with the decision that stands on it.

    What was last judged under other thresholds is judged by these here: `detect` may not have run since they were set.
    """
    judge = Judge.from_config(config)
    decided = {row["listing"]: row for row in store.decisions(standing=True)}
    out = []
    for row in store.iter_readings():
        replay = (row["features"] or {}).get("replay")
        if replay is None:
            continue
        decision = decided.get(row["listing"])
        if row["thresholds"] == config.thresholds_version:
            score, severity = row["score"], row["severity"]
            terms = [(r["evidence"], r["contribution"]) for r in row["document"]["reasons"]]
        else:
            score, severity, reasons = judge.again(replay)
            terms = [(r.evidence, r.contribution) for r in reasons]
        evidence = tuple(sorted(name for name, contribution in terms if contribution > 0 and name != "bias"))
        out.append(
            Past(
                row["listing"], f"{row['site']}/{row['listing_id']}", row["site"], row["observed_at"][:10], score,
                severity, evidence, replay, decision["action"] if decision else None,
                decision["at"] if decision else None, bool(decision and decision["source"] == "sample"),
            )
        )  # fmt: skip
    return out


def as_shipped(config: Config) -> Judge:
    """The judge with the weights of the shipped cards and pairs: what was believed before anybody decided. All else is as in force."""
    shipped, own = Config(None), config.thresholds
    pairs = {pair.id: pair for pair in shipped.thresholds.pair}
    thresholds = own.model_copy(
        update={"weight": shipped.thresholds.weight, "pair": [pairs.get(pair.id, pair) for pair in own.pair]}
    )
    cards = {card.id: card.weight for known in (config, shipped) for card in known.signals.signal}
    return Judge(thresholds, cards, config.market)


def parse_changes(words: Sequence[str]) -> dict[str, Any]:
    """`key=value` words as a mapping; values are TOML. Raises ChangeError naming the wrong word."""
    import tomllib

    found: dict[str, Any] = {}
    for word in words:
        key, sign, value = word.partition("=")
        if not sign or "." not in key:
            raise ChangeError(f"{word!r}: write a change as key=value, e.g. severity.medium=0.3 or weight.no_paperwork=2")
        if key.strip() in found:
            raise ChangeError(f"{word!r}: {key.strip()} is given twice; give each key once")
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


def check_replayed(changes: Mapping[str, Any]) -> None:
    """Raises ChangeError if the history cannot be judged again under one of the changes; it says where the change would show."""
    for key in changes:
        if (why := NOT_REPLAYED.get(key.split(".", 1)[0])) is not None:
            raise ChangeError(f"{key}: cannot be tried on what was judged before; {why}")


def value_in_force(config: Config, key: str) -> Any:
    """What a key that `preview` took stands at, whether a file gives it or not."""
    table, name = key.split(".", 1)
    if table == "weight":
        return Judge.from_config(config).weights[name]
    if table == "pair":
        return next(pair.weight for pair in config.thresholds.pair if pair.id == name)
    return getattr(getattr(config.thresholds, table), name)


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
            blamed = [f"{key}={value}" for key, value in changes.items() if error.where and f"{key}.".startswith(f"{error.where}.")]
            if blamed and Path(error.file).is_relative_to(home):
                raise ChangeError(f"{', '.join(blamed)}: {error.problem}") from error
            # The copy is gone when this is read: name the file that it is a copy of.
            file = config.home / "config" / Path(error.file).name if config.home and Path(error.file).is_relative_to(home) else error.file
            raise ConfigError(file, error.where, error.problem) from error


def apply(store: Store, config: Config, changes: Mapping[str, Any], *, why: str, who: str, now: str) -> str:
    """Set changes in the home's thresholds.toml and log the version; the new thresholds version.

    Raises ChangeError without a reason or where all of it is in force already, ConfigError if a key or value is wrong, StorageError
    where the database cannot be written: nothing is changed then. The version before can be put back with `undo`.
    """
    _check_why(why)
    standing = Config(store.home)
    preview(standing, changes)
    if all(value_in_force(standing, key) == value for key, value in changes.items()):
        raise ChangeError(f"{', '.join(f'{key}={value}' for key, value in changes.items())}: in force already, nothing was changed")
    note_found(store, who=who, now=now)
    return _set(store, lambda: edited(_text(store.home), changes, why), why=why, who=who, now=now)


def _check_why(why: str) -> None:
    if not why.strip():
        raise ChangeError("the reason is empty: say why, it is kept with the version; nothing was changed")


def undo(store: Store, *, why: str, who: str, now: str, to: str | None = None) -> tuple[str, str]:
    """Put back the home's thresholds.toml as it was before the change in force; the version then in force, and why the undone one was set.

    Each undo goes one change further back. `to` is a version (the beginning of it will do) to put back instead, an undone one
    too; that is a change like any other. Raises DetectError, and what `apply` raises.
    """
    _check_why(why)
    if _logged(store):
        note_found(store, who=who, now=now)
    versions = _logged(store)
    standing = _stands(versions)
    if to is not None:
        target, back = _version(versions, to), None
    elif standing > 0:
        target, back = versions[standing - 1], versions[standing - 1]["id"]
    else:
        raise DetectError(f"no change of thresholds to undo: {'all are undone' if versions else 'none was logged in this home'}")
    version = _set(store, lambda: target["content"]["file"], why=why, who=who, now=now, back_to=back)
    return version, versions[standing]["why"]


def can_undo(store: Store) -> bool:
    """Whether there is a change that `undo` would take back."""
    versions = _logged(store)
    return _stands(versions) > 0 or bool(versions and found(store) is not None)


def _stands(versions: Sequence[Mapping[str, Any]]) -> int:
    """Where in the log the version stands whose content is in force: the last, or what undoing has gone back to. -1 in an empty log."""
    places = {row["id"]: at for at, row in enumerate(versions)}
    at = len(versions) - 1
    while at >= 0 and (back := places.get(versions[at]["content"].get("back_to"), at)) < at:
        at = back
    return at


def _version(versions: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    """The logged version of this hash, or of one that begins so. Raises ChangeError where there is none, several, or it is in force."""
    of = {row["hash"]: row for row in versions if name and row["hash"].startswith(name)}
    if len(of) != 1:
        what = f"{len(of)} versions begin so" if of else "no version of the thresholds is called so"
        raise ChangeError(f"{name!r}: {what}; `chipwatch tune versions` lists them")
    (row,) = of.values()
    if row["hash"] == versions[-1]["hash"]:
        raise ChangeError(f"{name}: in force already, nothing was changed")
    return row


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


def _set(store: Store, text: Callable[[], str], *, why: str, who: str, now: str, back_to: str | None = None) -> str:
    """Write the file and log its version: both or none. The file goes first, within the transaction: where a kill comes between,
    it differs from the log, which the next run finds (`found`); a log ahead of its file would look like an edit by hand."""
    before: str | None = None
    try:
        with store.transaction():
            before = _text(store.home)
            _write(store.home, text())
            return _log(store, why, who=who, now=now, back_to=back_to)
    except BaseException:
        if before is not None:
            _write(store.home, before)
        raise


def _log(store: Store, why: str, *, who: str, now: str, back_to: str | None = None) -> str:
    fresh = Config(store.home)
    fresh.thresholds  # noqa: B018  # raises ConfigError where the file cannot be used
    content = {"file": _text(store.home)} | ({"back_to": back_to} if back_to else {})
    store.log_version("thresholds", fresh.thresholds_version, who=who, now=now, why=why, content=content)
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
    return path.read_text(encoding="utf-8-sig") if path.exists() else ""


def _write(home: Path, text: str) -> None:
    """Put the file in place whole; no file where there is no text, as in a home whose thresholds were never set."""
    path = home / FILE
    if not text:
        path.unlink(missing_ok=True)
        return
    write_whole(path, text)
