"""Sessions, one-time form keys and notices: what the desk remembers between two requests, in memory alone."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from itsdangerous import BadSignature, TimestampSigner
from itsdangerous.url_safe import URLSafeTimedSerializer

from review.desk.people import People, Person

SESSION_S = 12 * 3600
"""A working day."""

SHOWN_NOTICES = 20

KEPT_FORMS = 20
"""Forms of one session whose words wait to be shown again; a form is no larger than `guard.MAX_FORM`."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One line at the top of the next page. `undo`: decisions that the person may take back from there, as `listing:decision`."""

    text: str
    kind: str = "done"
    undo: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Typed:
    """What stood in a form that was sent but not acted on, so that the page shows it again; false where there is none."""

    fields: Mapping[str, list[str]]

    def __bool__(self) -> bool:
        return bool(self.fields)

    def value(self, name: str, default: str = "") -> str:
        """What stood in a field, or `default` where the form did not have it."""
        return self.values(name)[0] if self.values(name) else default

    def values(self, name: str) -> list[str]:
        """All that the form said under a name."""
        return self.fields.get(name) or []


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in person. `id` tells two browsers of one person apart."""

    id: str
    person: Person


@dataclass
class Sessions:
    """Keys are random and die with the process: a restart ends all sessions and makes every open form stale."""

    people: People
    clock: Callable[[], float] = time.time
    _signer: URLSafeTimedSerializer = field(init=False)
    _forms: TimestampSigner = field(init=False)
    _used: dict[str, float] = field(default_factory=dict)
    _tidy_at: int = 1000
    _notices: dict[str, list[Notice]] = field(default_factory=dict)
    _typed: dict[str, dict[str, Mapping[str, list[str]]]] = field(default_factory=dict)
    _ended: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        clock = self.clock

        class Signer(TimestampSigner):
            def get_timestamp(self) -> int:
                return int(clock())

        secret = secrets.token_bytes(32)
        self._signer = URLSafeTimedSerializer(secret, salt="session", signer=Signer)
        self._forms = Signer(secret, salt="form")

    def open(self, person: Person) -> str:
        """A new session's cookie."""
        return str(self._signer.dumps([secrets.token_urlsafe(12), person.name, person.mark]))

    def read(self, cookie: str | None) -> Session | None:
        """The session of a cookie; None if it is forged, too old, or its person was removed or has a new token."""
        if not cookie:
            return None
        try:
            session, name, mark = self._signer.loads(cookie, max_age=SESSION_S)
        except (BadSignature, ValueError, TypeError):
            return None
        if session in self._ended:
            return None
        person = self.people.named(name)
        return Session(session, person) if person and person.mark == mark else None

    def end(self, session: Session) -> None:
        """Sign out: the cookie is worth nothing from now on, whoever holds a copy."""
        with self._lock:
            self._ended[session.id] = self.clock()
            self._notices.pop(session.id, None)
            self._typed.pop(session.id, None)

    def form_key(self, session: Session) -> str:
        """A key for one sending of one form."""
        return self._forms.sign(f"{session.id}.{secrets.token_urlsafe(12)}").decode()

    def spend(self, session: Session, key: str) -> bool:
        """Use a form's key up; False if it is not this session's, too old, or was used before."""
        try:
            value = self._forms.unsign(key, max_age=SESSION_S).decode()
        except BadSignature:
            return False
        if not value.startswith(session.id + "."):
            return False
        now = self.clock()
        with self._lock:
            if value in self._used:
                return False
            if len(self._used) >= self._tidy_at:
                self._used = {used: at for used, at in self._used.items() if at > now - SESSION_S}
                self._tidy_at = 2 * len(self._used) + 1000
            self._used[value] = now
        return True

    def give_back(self, key: str) -> None:
        """Let a spent key be used again: what its form asked for was not done."""
        with contextlib.suppress(BadSignature), self._lock:
            self._used.pop(self._forms.unsign(key).decode(), None)

    def keep_typed(self, session: Session, form: str, fields: Mapping[str, list[str]]) -> None:
        """Keep what was typed into a form (its address) for the next page of this session that has it."""
        with self._lock:
            kept = self._typed.setdefault(session.id, {})
            kept.pop(form, None)
            kept[form] = {name: values for name, values in fields.items() if name != "form_key"}
            while len(kept) > KEPT_FORMS:
                del kept[next(iter(kept))]

    def typed(self, session: Session, form: str) -> Typed:
        """What was typed into a form that was not acted on; it is given once."""
        with self._lock:
            return Typed(self._typed.get(session.id, {}).pop(form, {}))

    def tell(self, session: Session, notice: Notice) -> None:
        """Keep a notice for the next page of this session."""
        with self._lock:
            self._notices.setdefault(session.id, []).append(notice)
            del self._notices[session.id][:-SHOWN_NOTICES]

    def told(self, session: Session) -> list[Notice]:
        """The notices waiting for this session; they are shown once."""
        with self._lock:
            return self._notices.pop(session.id, [])
