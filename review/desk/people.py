"""Who may use the desk: one token a named person, kept as a hash in HOME/desk-people.json that only its owner can read."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.whole import write_whole

FILE = "desk-people.json"

MAX_NAME = 60
"""A name stands on every decision and in every list of them."""


class PeopleError(ValueError):
    """Raised if a name cannot be used, or the people file cannot be read."""


@dataclass(frozen=True, slots=True)
class Person:
    """A named person. `mark` changes with the token, so that a new token ends the sessions of the old one."""

    name: str
    mark: str
    since: str


class People:
    """The people of one home. The file is read anew whenever it changed, so a running desk learns of new ones."""

    def __init__(self, home: Path) -> None:
        self.path = home / FILE
        self._stamp: tuple[int, int] | None = None
        self._known: dict[str, Any] = {}

    def all(self) -> list[Person]:
        """Everybody who has a token, by name."""
        return [
            Person(name, row["token_sha256"][:16], row["since"]) for name, row in sorted(self._read().items())
        ]

    def named(self, name: str) -> Person | None:
        """The person of this name, if there is one."""
        return next((person for person in self.all() if person.name == name), None)

    def by_token(self, token: str) -> Person | None:
        """Whose token this is. Takes as long for a wrong token as for a right one."""
        digest, found = _digest(token), None
        for name, row in self._read().items():
            if hmac.compare_digest(digest, row["token_sha256"]):
                found = name
        return self.named(found) if found else None

    def invite(self, name: str, now: str) -> str:
        """Give a person a token, a new one where there was one; the token, which is kept nowhere. Raises PeopleError."""
        name = name.strip()
        if not name or len(name) > MAX_NAME or not name.isprintable():
            raise PeopleError(f"{name[:MAX_NAME]!r} is no name: 1 to {MAX_NAME} printable characters")
        token = secrets.token_urlsafe(32)
        with self._changed() as people:
            people[name] = {"token_sha256": _digest(token), "since": now}
        return token

    def remove(self, name: str) -> bool:
        """Let a person in no more; whether there was one. Open sessions end at once."""
        with self._changed() as people:
            return people.pop(name, None) is not None

    def _read(self) -> dict[str, Any]:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return {}
        if (stamp := (found.st_mtime_ns, found.st_size)) != self._stamp:
            try:
                known = json.loads(self.path.read_text(encoding="utf-8"))
                assert all(
                    isinstance(row["token_sha256"], str) and isinstance(row["since"], str)
                    for row in known.values()
                )
            except (ValueError, AssertionError, AttributeError, KeyError, TypeError) as error:
                raise PeopleError(
                    f"{self.path}: is no people file; move it away and invite everybody anew"
                ) from error
            self._known, self._stamp = known, stamp
        return self._known

    @contextlib.contextmanager
    def _changed(self) -> Iterator[dict[str, Any]]:
        """The people to be changed, written back as a whole; one change at a time."""
        with open(self.path.with_suffix(".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            people = dict(self._read())
            yield people
            write_whole(self.path, json.dumps(people, ensure_ascii=False, indent=1, sort_keys=True), mode=0o600)


def _digest(token: str) -> str:
    # A token is 256 random bits: a plain digest cannot be searched, and a slow one would only slow the desk.
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
