"""The command line: few words that a person can guess. Heavy libraries load inside the commands, never here."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from chipwatch import __version__
from chipwatch.app import State, failure

# Each command's module and its line in the help: reading the modules would double the time of `--help`.
# tests/test_house.py holds this table against what the modules register.
COMMANDS = {
    "init": ("upkeep", "Make a home: database, evidence folder, and a commented config of your own."),
    "sites": ("gather", "The sites: health at a glance; new, check, reparse, release, discard, resume."),
    "crawl": (
        "gather",
        "Crawl the enabled sites, or the named ones, politely; exit 1 if a run was not whole.",
    ),
    "import": ("gather", "Import what others recorded, with evidence, or a screening list; the same file twice adds nothing."),
    "detect": ("judge", "Read and judge what is new, and open alerts."),
    "digest": (
        "review",
        "Write what is new since the last digest, and which sites were not read whole; kept under HOME/digests.",
    ),
    "alerts": ("review", "The alerts: list, show, decide, mute, pack."),
    "desk": ("desk", "The desk in the browser: read, decide, tune."),
    "tune": ("tune", "See what a threshold would do before it is set; set it with a reason; undo it."),
    "schedule": ("upkeep", "Run crawls, detection and digest by the clock."),
    "inspect": (
        "judge",
        "Read and judge listings without storing anything: JSON Lines in, JSON Lines out, order kept.",
    ),
    "extract": ("gather", "Read saved pages (.html, .mhtml, packed or not) as listings, one line a file; stores nothing."),
    "export": ("export", "Write readings as JSON Lines, alerts as a spreadsheet, or alerts as STIX for case tools."),
    "evidence": ("gather", "The stored pages: prove them, keep them no longer than configured, erase a listing on request."),
    "evaluate": ("judge", "Compare readings and judgements of labelled listings with their labels."),
    "doctor": (
        "upkeep",
        "Check environment, config, database, disk, sites and keys; exit 1 if something is wrong.",
    ),
    "backup": ("upkeep", "Copy the home (all but logs and locks) while it may be in use; whole, or not at all."),
    "merge": (
        "scale",
        "Take other homes into this one: in any order, twice or in part gives the same; a home not there yet is made.",
    ),
    "scan": (
        "scale",
        "Scan web archives for offers of chips, on all cores or a cluster; stopped anywhere, it goes on where it was.",
    ),
    "demo": ("demo", "A made-up marketplace on this machine: run its next day, score it, serve it."),
}


class LazyGroup(TyperGroup):
    """Loads a command's module when the command is asked for, and lists all of them without loading any."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command, its module loaded now; None if there is no such command."""
        if cmd_name in COMMANDS and cmd_name not in self.commands:
            self.commands.update(module_commands(COMMANDS[cmd_name][0]))
        return self.commands.get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As Typer does; an unknown name is compared with all names, so that the nearest is told."""
        if args and args[0] not in COMMANDS:
            for module in {module for module, _ in COMMANDS.values()}:
                self.commands.update(module_commands(module))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The list of commands, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


def module_commands(module: str) -> dict[str, Any]:
    """The commands that a module of chipwatch.commands registers, by name."""
    part = typer.Typer(rich_markup_mode=None, add_completion=False)
    part.callback()(lambda: None)
    import_module(f"chipwatch.commands.{module}").register(part)
    return dict(get_group(part).commands)


app = typer.Typer(
    name="chipwatch",
    cls=LazyGroup,
    help="Watch public marketplaces for offers of export-restricted AI chips, and explain which ones look odd.\n\n"
    "Daily work: crawl, detect, digest; then alerts decide, tune. Start with: chipwatch init",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    # Plain help loads in half the time of rich help, and pipes cleanly.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
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
        typer.Option(
            envvar="CHIPWATCH_HOME",
            help="Folder of the database, evidence and own config.",
            show_default=False,
        ),
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks instead of one-line errors.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Common options come before the command."""
    ctx.obj = State(home=home, debug=debug)


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
    # Outside standalone mode an Exit comes back as its status; an interrupt inside a command as the shells' 128 + SIGINT.
    sys.exit(failure(KeyboardInterrupt()) if code == 130 else code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
