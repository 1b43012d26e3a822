"""The desk in the browser, and who may use it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from chipwatch.app import State, UseError, note, now_utc, user, write_rows
from chipwatch.group import Group

PORT = 8100
"""Where the settings name no other."""


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    desk = typer.Typer(cls=Group, help="The desk in the browser: read, decide, tune.", invoke_without_command=True)
    desk.callback()(serve)
    desk.command("invite")(invite)
    desk.command("people")(people)
    desk.command("remove")(remove)
    app.add_typer(desk, name="desk")


def serve(
    ctx: typer.Context,
    person: Annotated[
        list[str] | None,
        typer.Option(help="Give this person a new token and print the link; may be repeated."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="On 127.0.0.1; 0 takes a free one. Else as settings.toml says, desk.url."
        ),
    ] = None,
    open_: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the first link in a browser.")
    ] = False,
) -> None:
    """Serve the desk on this machine alone, until Ctrl-C. Without people yet, you are given a token under your own name."""
    if ctx.invoked_subcommand:
        return
    state: State = ctx.obj
    # Loading takes seconds on a busy machine; nobody should wonder meanwhile.
    note("starting the desk …")
    with state.store():
        pass
    from review.desk.serve import serve as run

    chosen = _port(state) if port is None else port
    with _told():
        run(
            state.folder,
            port=chosen,
            names=person or [],
            fallback=user(),
            now=now_utc(),
            say=note,
            browse=open_,
        )


def _port(state: State) -> int:
    """The port that digests link to, so that their links lead here."""
    from urllib.parse import urlsplit

    return urlsplit(state.config.settings.desk.url).port or PORT


@contextmanager
def _told() -> Iterator[None]:
    """A name or people file that cannot be used, as wrong use."""
    from review.desk.people import PeopleError

    try:
        yield
    except PeopleError as error:
        raise UseError(str(error)) from error


def invite(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The name that stands on the person's decisions.")],
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Where the desk runs, if not as settings.toml says.")
    ] = None,
) -> None:
    """Give a person a token and print the link once; an earlier token of the same name ends."""
    from review.desk.people import People

    state: State = ctx.obj
    with state.store(readonly=True), _told():
        token = People(state.folder).invite(name, now_utc())
    print(f"http://127.0.0.1:{port or _port(state)}/sign-in?token={token}")


def people(
    ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="Rows as JSON.")] = False
) -> None:
    """Who has a token, since when."""
    from review.desk.people import People

    state: State = ctx.obj
    with state.store(readonly=True), _told():
        rows = [{"name": person.name, "since": person.since} for person in People(state.folder).all()]
    write_rows(rows, ["name", "since"], as_json=json)


def remove(
    ctx: typer.Context, name: Annotated[str, typer.Argument(help="As `desk people` lists it.")]
) -> None:
    """Let a person in no more; what they decided stays."""
    from review.desk.people import People

    state: State = ctx.obj
    with state.store(readonly=True), _told():
        if not People(state.folder).remove(name):
            raise UseError(f"nobody of the name {name!r} has a token: `chipwatch desk people` lists them")
    note(f"{name} is let in no more")
