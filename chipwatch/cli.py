"""The command line: few words that a person can guess. Heavy libraries load inside the commands, never here."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from chipwatch import __version__
from chipwatch.app import State, failure

app = typer.Typer(
    name="chipwatch",
    help="Watch public marketplaces for offers of export-restricted AI chips, and explain which ones look odd.\n\n"
    "Daily work: crawl, detect, digest; then alerts decide, tune. Start with: chipwatch init",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    # Plain help loads in half the time of rich help, and pipes cleanly.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"chipwatch {__version__}")
        raise typer.Exit


@app.callback()
def common(
    ctx: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(envvar="CHIPWATCH_HOME", help="Folder of the database, evidence and own config.", show_default=False),
    ] = None,
    debug: Annotated[bool, typer.Option(help="Show tracebacks instead of one-line errors.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Common options come before the command."""
    ctx.obj = State(home=home, debug=debug)


for _module in ("gather", "judge", "review", "tune", "demo", "upkeep"):
    import_module(f"chipwatch.commands.{_module}").register(app)


def main() -> None:
    """Entry point: runs a command and turns every expected error into one line and an exit status."""
    import os

    try:
        code = app(standalone_mode=False)
    except SystemExit:
        raise
    except BaseException as error:
        if "--debug" in sys.argv and not isinstance(error, (KeyboardInterrupt, typer.Exit)):
            raise
        code = failure(error)
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(code)
    # Outside standalone mode an Exit comes back as its status.
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
