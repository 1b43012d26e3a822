"""Tables of TOML files, shipped and of a home, laid over each other and checked.

A family of files is described by a pydantic model: a list field whose row type has a `KEY` is a row table, any other field is
merged as a mapping. Nothing here writes.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

SHIPPED = Path(__file__).resolve().parent

M = TypeVar("M", bound="Table")


class ConfigError(Exception):
    """Raised if a config file cannot be used: unreadable, unknown or missing key, wrong type, disagreeing rows.

    `file` is the path, `where` the row and key inside it, `problem` what is wrong and what would be valid.
    """

    def __init__(self, file: Path | str, where: str, problem: str) -> None:
        self.file, self.where, self.problem = str(file), where, problem
        super().__init__(f"{file}: {where + ': ' if where else ''}{problem}")

    def __reduce__(self) -> tuple[type[ConfigError], tuple[str, str, str]]:
        """As it travels between processes."""
        return ConfigError, (self.file, self.where, self.problem)


class Table(BaseModel):
    """A table of a TOML file: unknown keys are refused, and so are figures without an end; values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    KEY: ClassVar[str | None] = None


class Row(Table):
    """One row of an array of tables; `KEY` names the field that tells rows apart."""

    KEY: ClassVar[str | None] = "id"


@lru_cache(maxsize=256)
def _parsed(text: str) -> dict[str, Any]:
    """A text's content, parsed once for the tables and for their digests; nobody changes it."""
    return tomllib.loads(text)


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a file. Raises ConfigError if it cannot be read."""
    try:
        return _parsed(path.read_text(encoding="utf-8-sig"))  # some editors begin a file with a mark of its encoding
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, "", f"not valid TOML: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(path, "", f"cannot be read: {error}") from error


def _row_type(model: type[BaseModel], field: str) -> type[Table] | None:
    info = model.model_fields.get(field)
    for arg in get_args(info.annotation) if info else ():
        if isinstance(arg, type) and issubclass(arg, Table) and arg.KEY:
            return arg
    return None


def _differ(old: Any, new: Any) -> bool:
    if isinstance(old, dict) and isinstance(new, dict):
        return any(old[key] != new[key] for key in old.keys() & new.keys())
    return bool(old != new)


class _Merger:
    """Lays files over each other and remembers which file each row came from.

    A home's file may override what is shipped, and no file another one of its own kind: the last would win by its name.
    """

    def __init__(self, model: type[Table]) -> None:
        self.model = model
        self.data: dict[str, Any] = {}
        self.origin: dict[tuple[str, str], Path] = {}
        self.files: list[Path] = []
        self.home: set[Path] = set()

    def add(self, path: Path, *, override: bool) -> None:
        self.files.append(path)
        if override:
            self.home.add(path)
        for field, value in read_toml(path).items():
            row_type = _row_type(self.model, field)
            if row_type is not None and isinstance(value, list):
                self._add_rows(path, field, value, row_type.KEY or "")
            elif isinstance(value, dict) and isinstance(self.data.get(field), dict):
                self.data[field] = self._merge(path, field, self.data[field], value)
                self.origin.update({(field, key): path for key in value})
            else:
                if field in self.data and self._fixed(path, (field, "")) and self.data[field] != value:
                    raise ConfigError(path, field, f"disagrees with {self.origin[field, '']}")
                self.data[field] = value
                self.origin[field, ""] = path
                if isinstance(value, dict):
                    self.origin.update({(field, key): path for key in value})

    def _fixed(self, path: Path, key: tuple[str, str]) -> bool:
        """Whether what stands there came from a file of the same kind as `path`: shipped, or the home's."""
        return (self.origin.get(key) in self.home) == (path in self.home)

    def _merge(self, path: Path, field: str, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
        for key in old.keys() & new.keys():
            if self._fixed(path, (field, key)) and _differ(old[key], new[key]):
                raise ConfigError(path, f"{field}.{key}", f"disagrees with {self.origin[field, key]}")
        merged = dict(old)
        for key, value in new.items():
            if isinstance(value, dict) and isinstance(old.get(key), dict):
                merged[key] = {**old[key], **value}
            else:
                merged[key] = value
        return merged

    def _add_rows(self, path: Path, field: str, rows: list[Any], key_name: str) -> None:
        table: dict[str, Any] = self.data.setdefault(field, {})
        seen: set[str] = set()
        for number, row in enumerate(rows, 1):
            key = str(row.get(key_name)) if isinstance(row, dict) and key_name in row else None
            if key is None:
                raise ConfigError(path, f"{field} row {number}", f"needs the key {key_name!r}")
            if key in seen or (key in table and self._fixed(path, (field, key))):
                where = path if key in seen else self.origin[field, key]
                raise ConfigError(path, f"{field} {key!r}", f"is also given in {where}")
            seen.add(key)
            table[key] = {**table.get(key, {}), **row}
            self.origin[field, key] = path

    def build(self) -> Any:
        plain = {k: list(v.values()) if _row_type(self.model, k) and isinstance(v, dict) else v for k, v in self.data.items()}
        try:
            return self.model.model_validate(plain)
        except ValidationError as error:
            raise self._explain(error, plain) from error

    def _explain(self, error: ValidationError, plain: dict[str, Any]) -> ConfigError:
        first = error.errors()[0]
        loc = [str(part) for part in first["loc"]]
        field, where = loc[0] if loc else "", ".".join(loc)
        # What is wrong between rows of a table is the doing of whoever laid a row over it.
        own = [path for (name, _), path in self.origin.items() if name == field and path in self.home]
        file = own[-1] if own else self.origin.get((field, ""), self.files[-1] if self.files else SHIPPED)
        if len(loc) > 1:
            row_type = _row_type(self.model, field)
            if row_type is not None and loc[1].isdigit():
                key = str(plain[field][int(loc[1])].get(row_type.KEY))
                file, where = (self.origin.get((field, key), file), f"{field} {key!r}, key {'.'.join(loc[2:])!r}")
            else:
                file = self.origin.get((field, loc[1]), file)
        problem = first["msg"].removeprefix("Value error, ").replace("Input should be", "must be", 1)
        if first["type"] == "extra_forbidden":
            near = difflib.get_close_matches(loc[-1], _valid_names(self.model, first["loc"]), 1, 0.5)
            problem = "unknown key" + (f"; did you mean {near[0]!r}?" if near else "")
        elif first["type"] == "missing":
            problem = "is missing"
        return ConfigError(file, where, problem)


def _valid_names(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Names allowed where the unknown key `loc` stands."""
    for part in loc[:-1]:
        if isinstance(part, int):
            continue
        info = model.model_fields.get(part)
        for kind in [info.annotation, *get_args(info.annotation)] if info else []:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                model = kind
                break
    return list(model.model_fields)


def load_merged(model: type[M], pattern: str, home: Path | None) -> M:
    """All shipped files matching `pattern` as one table, with the home's files laid over them.

    Raises ConfigError if a file, row or key is wrong, or two shipped files disagree.
    """
    merger = _Merger(model)
    for path in sorted(SHIPPED.glob(pattern)):
        merger.add(path, override=False)
    for path in home_files(pattern, home):
        merger.add(path, override=True)
    result: M = merger.build()
    return result


def load_each(model: type[M], pattern: str, home: Path | None, broken: dict[str, ConfigError] | None = None) -> dict[str, M]:
    """One table per file, by the file's stem; a home file with the same stem is laid over the shipped one.

    A file that is wrong raises ConfigError; where `broken` is given its error goes there, by its stem, and the others are loaded.
    """
    layers: dict[str, list[tuple[Path, bool]]] = {}
    for path in sorted(SHIPPED.glob(pattern)):
        layers.setdefault(path.stem, []).append((path, False))
    for path in home_files(pattern, home):
        layers.setdefault(path.stem, []).append((path, True))
    found: dict[str, M] = {}
    for stem, files in sorted(layers.items()):
        merger = _Merger(model)
        try:
            for path, override in files:
                merger.add(path, override=override)
            found[stem] = merger.build()
        except ConfigError as error:
            if broken is None:
                raise
            broken[stem] = error
    return found


def home_files(pattern: str, home: Path | None) -> Iterator[Path]:
    """The home's own config files of a family, in order."""
    if home is not None:
        yield from sorted((home / "config").glob(pattern))


def unread(home: Path) -> Iterator[tuple[Path, str | None]]:
    """Files in the home's `config/` that no family reads, such as a misspelt name, each with the nearest name that is read.

    Hidden files, editors' backups and notes are passed over, and so are templates, which are no config.
    """
    names = [str(path.relative_to(SHIPPED)) for path in SHIPPED.glob("*.toml")]
    folders = {path.parent.name for path in SHIPPED.glob("*/*.toml")} - {"examples"}
    for path in sorted((home / "config").rglob("*")):
        place = path.relative_to(home / "config")
        if not path.is_file() or place.parts[0] == "templates" or path.name.startswith(".") or path.name.endswith(("~", ".txt", ".md")):
            continue
        if str(place) not in names and not (str(place.parent) in folders and path.suffix == ".toml"):
            near = difflib.get_close_matches(place.parts[0], [*names, *folders], 1)
            yield path, str(Path(near[0], *place.parts[1:])) if near and near[0] != place.parts[0] else None
