"""The desk in the browser, and who may use it."""

from __future__ import annotations

from typing import Annotated

import typer

from chipwatch.app import State, UseError, note, now_utc, user, write_rows

PORT = 8100


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    desk = typer.Typer(help="The desk in the browser: read, decide, tune.", invoke_without_command=True)
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
        int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")
    ] = PORT,
    open_: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the first link in a browser.")
    ] = False,
) -> None:
    """Serve the desk on this machine alone, until Ctrl-C. Without people yet, you are given a token under your own name."""
    if ctx.invoked_subcommand:
        return
    state: State = ctx.obj
    with state.store():
        pass
    from review.desk.serve import serve as run

    run(state.folder, port=port, names=person or [], fallback=user(), now=now_utc(), say=note, browse=open_)


def invite(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The name that stands on the person's decisions.")],
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port the desk runs on.")] = PORT,
) -> None:
    """Give a person a token and print the link once; an earlier token of the same name ends."""
    from review.desk.people import People

    state: State = ctx.obj
    with state.store(readonly=True):
        token = People(state.folder).invite(name, now_utc())
    print(f"http://127.0.0.1:{port}/sign-in?token={token}")


def people(
    ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="Rows as JSON.")] = False
) -> None:
    """Who has a token, since when."""
    from review.desk.people import People

    state: State = ctx.obj
    with state.store(readonly=True):
        rows = [{"name": person.name, "since": person.since} for person in People(state.folder).all()]
    write_rows(rows, ["name", "since"], as_json=json)


def remove(
    ctx: typer.Context, name: Annotated[str, typer.Argument(help="As `desk people` lists it.")]
) -> None:
    """Let a person in no more; what they decided stays."""
    from review.desk.people import People

    state: State = ctx.obj
    with state.store(readonly=True):
        if not People(state.folder).remove(name):
            raise UseError(f"nobody of the name {name!r} has a token: `chipwatch desk people` lists them")
    note(f"{name} is let in no more")
