"""Signing out."""

from __future__ import annotations

from review.desk.visit import Answer, Page, Visit


def sign_out(visit: Visit) -> Answer:
    """End this session, here and wherever its cookie was copied to."""
    visit.desk.sessions.end(visit.session)
    dead = f"{visit.desk.cookie}=; Path=/; Max-Age=0; HttpOnly; SameSite=lax"
    return Answer(b"", 303, headers=(("Location", "/sign-in"), ("Set-Cookie", dead)))


PAGES = (Page("/sign-out", sign_out, method="POST"),)
