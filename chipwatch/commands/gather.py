"""Commands that gather: crawl, import, extract, sites, evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from chipwatch.app import (
    EXIT_NOT_DONE,
    EXIT_PROBLEMS,
    State,
    UseError,
    note,
    now_utc,
    write_json,
    write_jsonl,
    write_rows,
)

RUN_COLUMNS = ["site", "outcome", "pages", "listings", "new", "changed", "seen", "detail"]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(crawl)
    app.command("import")(import_files)
    app.command()(extract)
    sites = typer.Typer(help="The sites: health at a glance; new, check, reparse, release.", invoke_without_command=True)
    sites.callback()(sites_list)
    app.add_typer(sites, name="sites")
    evidence = typer.Typer(help="The stored pages: prove them.", no_args_is_help=True)
    evidence.command("verify")(verify)
    app.add_typer(evidence, name="evidence")


def crawl(
    ctx: typer.Context,
    sites: Annotated[list[str] | None, typer.Argument(help="Sites to crawl; none means all that are enabled.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Rows as JSON.")] = False,
) -> None:
    """Crawl the enabled sites, or the named ones, politely; exit 1 if a run was not whole."""
    from crawler.run import Stopped, crawl_sites

    state: State = ctx.obj
    with state.store():
        pass
    known = state.config.sites
    for name in sites or ():
        if name not in known:
            import difflib

            near = difflib.get_close_matches(name, known, 1)
            raise UseError(f"no site {name!r}" + (f"; did you mean {near[0]!r}?" if near else "; `chipwatch sites` lists them"))
    try:
        results = crawl_sites(sites or None, state.folder, state.config, on_result=lambda r: note(f"{r.site}: {r.outcome}, {r.listings} listings"))
    except Stopped as stopped:
        note(f"{stopped}: what was stored is kept")
        raise typer.Exit(EXIT_NOT_DONE) from stopped
    if not results:
        note("no site is enabled: `chipwatch sites` lists them")
    write_rows([_run_row(r) for r in results], RUN_COLUMNS, as_json=json)
    if any(not r.healthy or r.quarantined for r in results):
        raise typer.Exit(EXIT_PROBLEMS)


def _run_row(result: Any) -> dict[str, Any]:
    return {name: getattr(result, name) for name in RUN_COLUMNS}


def import_files(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Listings (.jsonl, .csv), saved pages (.html, .mhtml), .har, .warc[.gz].")],
    site: Annotated[str | None, typer.Option(help="Site of listings that name none, or the site file whose column map a CSV uses.")] = None,
) -> None:
    """Import what others recorded, with evidence; the same file twice adds nothing."""
    import dataclasses

    from crawler.importing import import_files as import_files_

    state: State = ctx.obj
    for path in files:
        if not path.is_file():
            raise UseError(f"{path}: no such file")
    with state.store():
        pass
    done = import_files_(files, state.folder, state.config, now_utc(), site=site, on_error=_tell_error)
    for result in done:
        write_json(dataclasses.asdict(result))
    problems = sum(result.errors for result in done)
    if problems:
        raise typer.Exit(EXIT_PROBLEMS)


def _tell_error(error: dict[str, Any]) -> None:
    import json

    note(json.dumps(error, ensure_ascii=False))


def extract(
    files: Annotated[list[Path], typer.Argument(help="Saved product or listing pages.")],
    url: Annotated[str | None, typer.Option(help="Address of the page, where the file does not tell.")] = None,
) -> None:
    """Read saved pages as listings, one line a file; stores nothing."""
    from crawler.extraction.extract import extract_page

    def rows() -> Any:
        for number, path in enumerate(files, 1):
            try:
                yield extract_page(path.read_bytes(), url=url).to_line(now_utc())
            except (OSError, ValueError) as error:
                failed.append(number)
                yield {"error": str(error), "line": number}

    failed: list[int] = []
    write_jsonl(rows())
    if failed:
        raise typer.Exit(EXIT_PROBLEMS)


def sites_list(ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="Rows as JSON.")] = False) -> None:
    """List the sites with their last run; a site without a reviewed access does not run."""
    if ctx.invoked_subcommand:
        return
    state: State = ctx.obj
    last = {}
    if state.exists:
        with state.store(readonly=True) as store:
            last = {row["site"]: row for row in store.coverage()}
    rows = []
    for key, site in state.config.sites.items():
        run = last.get(key, {})
        reviewed = site.access.reviewed_on if site.access else None
        rows.append(
            {"site": key, "family": site.family, "enabled": "yes" if site.enabled else "no", "reviewed": str(reviewed or "never"),
             "last_run": run.get("started_at"), "outcome": run.get("outcome"), "listings": run.get("listings"), "detail": run.get("detail")}
        )  # fmt: skip
    write_rows(rows, ["site", "family", "enabled", "reviewed", "last_run", "outcome", "listings", "detail"], as_json=json)


def verify(ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="Rows as JSON.")] = False) -> None:
    """Prove every stored record against its digest and chain; exit 1 and name what is broken."""
    import dataclasses

    from storage.verify import verify as check

    state: State = ctx.obj
    with state.store(readonly=True) as store:
        problems = [dataclasses.asdict(p) for p in check(state.folder, store)]
    if problems or json:
        write_rows(problems, list(problems[0]) if problems else [], as_json=json)
    note(f"{len(problems)} problems" if problems else "all evidence proves")
    if problems:
        raise typer.Exit(EXIT_PROBLEMS)
