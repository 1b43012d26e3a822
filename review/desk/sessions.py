"""Sessions, one-time form keys and notices: what the desk remembers between two requests, in memory alone."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from itsdangerous import BadSignature, TimestampSigner
from itsdangerous.url_safe import URLSafeTimedSerializer

from review.desk.people import People, Person

SESSION_S = 12 * 3600
"""A working day."""

SHOWN_NOTICES = 20


@dataclass(frozen=True, slots=True)
class Notice:
    """One line at the top of the next page. `undo`: decisions that the person may take back from there, as `listing:decision`."""

    text: str
    kind: str = "done"
    undo: tuple[str, ...] = ()


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

    def tell(self, session: Session, notice: Notice) -> None:
        """Keep a notice for the next page of this session."""
        with self._lock:
            self._notices.setdefault(session.id, []).append(notice)
            del self._notices[session.id][:-SHOWN_NOTICES]

    def told(self, session: Session) -> list[Notice]:
        """The notices waiting for this session; they are shown once."""
        with self._lock:
            return self._notices.pop(session.id, [])
