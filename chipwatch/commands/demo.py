"""The demo: a made-up marketplace on this machine, crawled and judged for real."""

from __future__ import annotations

from typing import Annotated

import typer

from chipwatch.app import EXIT_PROBLEMS, State, UseError, note, write_json, write_rows
from chipwatch.group import Group


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    demo = typer.Typer(cls=Group, help="A made-up marketplace on this machine: run its next day, score it, serve it.", no_args_is_help=True)
    demo.command("run")(demo_run)
    demo.command("score")(demo_score)
    demo.command("serve")(demo_serve)
    app.add_typer(demo, name="demo")


def demo_run(ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="The account as JSON.")] = False) -> None:
    """Run the demo's next day: crawl, detect, digest, and a short account of it."""
    import dataclasses

    from chipwatch.demo.run import run_day

    state: State = ctx.obj
    account = run_day(state.folder, note)
    if json:
        write_json(dataclasses.asdict(account))
        return
    write_rows(account.sites, ["site", "outcome", "pages", "listings", "new", "changed", "detail"], as_json=False, title=f"Demo day {account.day}")
    print(f"\n{account.listings} listings known: " + ", ".join(f"{n} {kind}" for kind, n in account.offers.items()))
    print(f"new alerts: {account.alerts['high']} high, {account.alerts['medium']} medium; {account.seconds} s")
    print(f"digest:   {account.digest}\ndatabase: {account.database}")
    home = f"chipwatch --home {state.folder}"
    print(f"\nnext: open the digest in a browser; {home} desk; {home} alerts; {home} alerts show ID; {home} demo score; make run again for day {account.day + 1}")


def demo_score(ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="Everything as JSON.")] = False) -> None:
    """Recall and precision of the planted suspicious listings at the thresholds in force, with the misses."""
    import dataclasses

    from chipwatch.demo import home
    from chipwatch.demo.run import score

    state: State = ctx.obj
    if not home.read_truth(state.folder):
        raise UseError(f"no demo has run in {state.folder}: chipwatch --home {state.folder} demo run")
    found = score(state.folder)
    if json:
        write_json(dataclasses.asdict(found))
    else:
        share = {name: f"{100 * n / max(of, 1):.1f} %" for name, n, of in (
            ("recall", found.caught, found.planted), ("precision", found.right, found.alerts), ("worth", found.worth_a_look, found.alerts),
        )}  # fmt: skip
        print(f"recall: {found.caught} of {found.planted} planted red flags caught ({share['recall']})")
        print(f"precision: of {found.alerts} alerts (medium and high) {found.right} are red flags ({share['precision']}),"
              f" {found.worth_a_look} worth a look ({share['worth']})")  # fmt: skip
        columns = ["site", "listing_id", "chip", "grade", "score", "signals"]
        for title, rows in (("missed", found.misses), ("alerts that are no red flag", found.extras)):
            if rows:
                write_rows([{**r, "signals": " ".join(r["signals"])} for r in rows], columns, as_json=False, title=title)
    if found.misses:
        raise typer.Exit(EXIT_PROBLEMS)


def demo_serve(day: Annotated[int, typer.Option(min=1, help="Which day to serve.")] = 1) -> None:
    """Serve the demo marketplace on loopback until interrupted, to look at it in a browser."""
    import contextlib
    import threading

    from chipwatch.demo.home import SEED
    from chipwatch.demo.server import serve

    with serve(SEED, day) as (_, urls), contextlib.suppress(KeyboardInterrupt):
        for site, url in urls.items():
            print(f"{site}: {url}")
        threading.Event().wait()
