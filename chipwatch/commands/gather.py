"""Commands that gather: crawl, import, extract, sites, evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from chipwatch.app import (
    EXIT_PROBLEMS,
    State,
    UseError,
    clean,
    find_listing,
    many,
    need_file,
    note,
    now_utc,
    user,
    write_json,
    write_jsonl,
    write_rows,
)
from chipwatch.group import Group

RUN_COLUMNS = ["site", "outcome", "pages", "listings", "new", "changed", "seen", "detail"]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(crawl)
    app.command("import")(import_files)
    app.command()(extract)
    sites = typer.Typer(cls=Group, help="The sites: health at a glance; new, check, reparse, release, discard, resume.", invoke_without_command=True)
    sites.callback()(sites_list)
    sites.command("new")(sites_new)
    sites.command("check")(sites_check)
    sites.command("reparse")(sites_reparse)
    sites.command("release")(sites_release)
    sites.command("discard")(sites_discard)
    sites.command("resume")(sites_resume)
    app.add_typer(sites, name="sites")
    evidence = typer.Typer(cls=Group, help="The stored pages: prove them, keep them no longer than configured, erase a listing on request.", no_args_is_help=True)
    evidence.command("verify")(verify)
    evidence.command("retain")(retain)
    evidence.command("erase")(erase)
    app.add_typer(evidence, name="evidence")


def crawl(
    ctx: typer.Context,
    sites: Annotated[list[str] | None, typer.Argument(help="Sites to crawl; none means all that are enabled.")] = None,
    without: Annotated[list[str] | None, typer.Option(help="A site that a crawl of all leaves out; may be given often.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Rows as JSON.")] = False,
) -> None:
    """Crawl the enabled sites, or the named ones, politely; exit 1 if a run was not whole."""
    from crawler.run import all_crawled, crawl_sites

    state: State = ctx.obj
    with state.store():
        pass
    _ = state.config.settings  # wrong settings are an error even where there is no site to crawl
    for name in (*(sites or ()), *(without or ())):
        _site(state, name)
    absent = _demo_sites(state)
    if gone := sorted(absent.intersection(sites or ())):
        raise UseError(f"{', '.join(gone)}: the demo's market runs only while `chipwatch --home {state.folder} demo run` reads it, on days of its own")
    chosen = [name for name in sites or all_crawled(state.config) if name not in absent.union(without or ())]
    if absent and not sites:
        note(f"left out: the demo's sites, which `chipwatch --home {state.folder} demo run` reads on days of its own")
    results = crawl_sites(chosen, state.folder, state.config, on_result=lambda r: note(f"{r.site}: {r.outcome}, {r.listings} listings"))
    if not results:
        note("no site to crawl: `chipwatch sites` lists them, and which are enabled")
    if results or json:
        write_rows([_run_row(r) for r in results], RUN_COLUMNS, as_json=json)
    if any(not r.healthy or r.quarantined for r in results):
        raise typer.Exit(EXIT_PROBLEMS)


def _demo_sites(state: State) -> frozenset[str]:
    """Sites of a demo's home whose servers are not there now."""
    if not state.demo:
        return frozenset()
    from chipwatch.demo.run import SITES

    return frozenset(SITES)


def _site(state: State, name: str) -> Any:
    """The site file of a key. Raises UseError with the nearest key."""
    known = state.config.sound_sites
    if name in state.config.broken_sites:
        raise state.config.broken_sites[name]
    if name not in known:
        import difflib

        near = difflib.get_close_matches(name, known, 1)
        raise UseError(f"no site {name!r}" + (f"; did you mean {near[0]!r}?" if near else "; `chipwatch sites` lists them"))
    return known[name]


def _run_row(result: Any) -> dict[str, Any]:
    return {name: getattr(result, name) for name in RUN_COLUMNS}


def import_files(
    ctx: typer.Context,
    files: Annotated[list[Path] | None, typer.Argument(help="Listings (.jsonl, .csv), saved pages (.html, .mhtml), .har, .warc[.gz].")] = None,
    site: Annotated[str | None, typer.Option(help="Site of listings that name none, or the site file whose column map a CSV uses.")] = None,
    url: Annotated[str | None, typer.Option(help="Address of a saved page that does not tell its own.")] = None,
    screening: Annotated[
        list[Path] | None,
        typer.Option(help="The Consolidated Screening List (CSV, TSV) or the Denied Persons List (TSV); given often, files of one kind make one list, in the place of the one before. From now on sellers' names are held against it."),
    ] = None,
) -> None:
    """Import what others recorded, with evidence, or a screening list; the same file twice adds nothing."""
    import dataclasses

    from crawler.importing import import_files as import_files_
    from crawler.screening import load

    state: State = ctx.obj
    if not files and not screening:
        raise UseError("name the files to import, or a list with --screening")
    if url is not None and (not url.startswith(("http://", "https://")) or len(files or ()) != 1):
        raise UseError(f"--url {url}: is the http(s) address of one saved page; import that page by itself")
    for path in (*(files or ()), *(screening or ())):
        need_file(path)
    with state.store() as store:
        for loaded in load(screening or (), store, now_utc()):
            write_json(dataclasses.asdict(loaded))
    done = import_files_(files or (), state.folder, state.config, now_utc(), site=site, url=url, on_error=_tell_error)
    for result in done:
        write_json(dataclasses.asdict(result))
        for line in result.told:
            note(f"{result.file}: {line}")
        if result.erased:
            note(f"{result.file}: {result.erased} erased on request passed over; no word of them was stored")
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
    """Read saved pages (.html, .mhtml, packed or not) as listings, one line a file; stores nothing."""
    from crawler.extraction.extract import extract_page
    from crawler.importing.captured import FileRefused
    from crawler.importing.pages import saved_page

    def rows() -> Any:
        for number, path in enumerate(files, 1):
            try:
                page = saved_page(path, now_utc())
                known = url or (page.url if page.url.startswith("http") else None)
                yield extract_page(page.body, url=known, content_type=page.headers["content-type"]).to_line(page.fetched_at)
            except (FileRefused, ValueError) as error:
                failed.append(number)
                yield {"error": str(error), "line": number}

    failed: list[int] = []
    write_jsonl(rows())
    if failed:
        raise typer.Exit(EXIT_PROBLEMS)


def sites_list(ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="Rows as JSON.")] = False) -> None:
    """List the sites with their last run, those with no site file too that listings were imported of; a site without a reviewed access does not run."""
    if ctx.invoked_subcommand:
        return
    state: State = ctx.obj
    last: dict[str, Any] = {}
    held: list[dict[str, Any]] = []
    more = 0
    if state.exists:
        from review.sites_view import BROUGHT

        with state.store(readonly=True) as store:
            read, more = store.sites_read(limit=BROUGHT)
            last = {row["site"]: row for row in read}
            held = store.held_runs()
    rows = []
    for key, site in state.config.sound_sites.items():
        run = last.get(key, {})
        reviewed = site.access.reviewed_on if site.access else None
        rows.append(
            {"site": key, "family": site.family, "enabled": "yes" if site.enabled else "no", "reviewed": str(reviewed or "never"),
             "last_run": run.get("started_at"), "run": run.get("run"), "outcome": run.get("outcome"), "listings": run.get("listings"),
             "detail": run.get("detail"), "held": [row["id"] for row in held if row["site"] == key]}
        )  # fmt: skip
    rows += [
        {"site": key, "family": None, "enabled": None, "reviewed": None, "last_run": run["started_at"], "run": run["run"], "outcome": run["outcome"],
         "listings": run["listings"], "detail": run["detail"], "held": [row["id"] for row in held if row["site"] == key]}
        for key, run in last.items() if key not in state.config.sound_sites and key not in state.config.broken_sites
    ]  # fmt: skip
    write_rows(rows, ["site", "family", "enabled", "reviewed", "last_run", "outcome", "listings", "detail"], as_json=json)
    if more:
        note(f"{many(more, 'more site')} came in with files of several sites; the digest and the desk know them too")
    for row in held:
        note(
            f"in quarantine: {row['id']} ({row['observations']} observations): {row['detail'] or row['quarantine_note']}; mend the site file and"
            f" `chipwatch sites reparse`, or `sites release` or `sites discard` it with --why"
        )
    for key, error in state.config.broken_sites.items():
        note(f"{key}: not crawled until its file is mended: {error}")
    if state.config.broken_sites:
        raise typer.Exit(EXIT_PROBLEMS)


def sites_new(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(help="A list or product page of the site.")],
    key: Annotated[str | None, typer.Option(help="Name of the site file; the host's name if not given.")] = None,
) -> None:
    """Look at a site, propose its file in the home (disabled, access to be reviewed), save a page and its listings."""
    from crawler.sites import propose

    state: State = ctx.obj
    with state.store():
        pass
    try:
        made = propose(url, state.folder, state.config, now_utc(), key=key)
    except FileExistsError as error:
        raise UseError(f"{error}: is there already; remove it or give another --key") from error
    print(made.text)
    note(f"written: {made.path}; {many(made.listings, 'listing')} on the saved page")
    for line in made.notes:
        note(line)


def sites_check(
    ctx: typer.Context,
    sites: Annotated[list[str] | None, typer.Argument(help="Sites to check; none means all.")] = None,
    live: Annotated[bool, typer.Option("--live", help="Ask the site for its first page too, and save it where it is another than those saved.")] = False,
    accept: Annotated[bool, typer.Option("--accept", help="Take what the named sites' saved pages give now as expected, after you looked at it.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Everything as JSON.")] = False,
) -> None:
    """Run each site's parser on its saved pages; exit 1 where it gives other listings than expected, or a named site has no saved page."""
    import dataclasses

    from crawler.sites import accept as take
    from crawler.sites import check

    state: State = ctx.obj
    if accept:
        if not sites:
            raise UseError("--accept takes what a site gives now as right: name the sites that you looked at")
        for name in sites:
            for sample in take(_site(state, name), state.folder):
                note(f"{name}: {sample.listings} listings are expected of {sample.folder} from now on")
    done = [check(_site(state, name), state.folder, state.config, live=live) for name in sites or state.config.sites]
    if json:
        write_json([dataclasses.asdict(c) | {"ok": c.ok} for c in done])
    else:
        rows = [{"site": c.site, "ok": {True: "yes", False: "NO", None: "-"}[c.ok], "pages": c.samples, "listings": c.listings, "found": _findings(c)} for c in done]
        write_rows(rows, ["site", "ok", "pages", "listings", "found"], as_json=False)
    unchecked = sum(c.ok is None for c in done)
    if differing := [c.site for c in done if c.differences]:
        note(f"are these right, for instance because you changed the site file? `chipwatch sites check {' '.join(differing)} --accept` takes them as expected")
    if unchecked:
        note(f"{unchecked} of {len(done)} sites have no saved page to check against; `chipwatch sites check SITE --live` looks at a site and saves one")
    if any(c.ok is False or (sites and c.ok is None) for c in done):
        raise typer.Exit(EXIT_PROBLEMS)


def _findings(checked: Any) -> str:
    """What a check found, in words; the first differences only."""
    wrong = [f"{d.listing_id} {d.field or 'listing'}: {d.found!r}, expected {d.expected!r}" for d in checked.differences[:5]]
    if more := len(checked.differences) - len(wrong):
        wrong.append(f"and {more} more")
    now = f"now: {checked.live}" if checked.live else None
    return "; ".join(filter(None, (checked.problem, *wrong, now)))


def sites_reparse(ctx: typer.Context, run: Annotated[str, typer.Argument(help="Run to read again, as `sites --json` names it.")]) -> None:
    """Read a run's stored bytes again after its site file was mended; nothing is fetched."""
    import dataclasses

    from crawler.sites import reparse

    state: State = ctx.obj
    with state.store():
        pass
    write_json(dataclasses.asdict(reparse(run, state.folder, state.config, now_utc())))


HeldRun = Annotated[str, typer.Argument(help="Run in quarantine, as `chipwatch sites` names it.")]
Why = Annotated[str, typer.Option(help="Your reason, kept with the decision.")]


def sites_release(ctx: typer.Context, run: HeldRun, why: Why) -> None:
    """Let a quarantined run count after all, after a person looked at it; the next detect judges it."""
    state: State = ctx.obj
    with state.store() as store:
        store.release_run(run, who=user(), now=now_utc(), why=why)
    note(f"{run}: released; `chipwatch detect` judges what it saw")


def sites_discard(ctx: typer.Context, run: HeldRun, why: Why) -> None:
    """Leave a quarantined run out for good; its rows and stored pages stay, and say so."""
    state: State = ctx.obj
    with state.store() as store:
        store.discard_run(run, who=user(), now=now_utc(), why=why)
    note(f"{run}: discarded; what it saw is not judged")


def sites_resume(ctx: typer.Context, site: Annotated[str, typer.Argument(help="Site whose hosts may be asked again, or a host.")]) -> None:
    """Let a site that showed us the door be asked again, after a person has looked why."""
    from crawler.sites import resume

    state: State = ctx.obj
    with state.store(readonly=True):  # without a home nothing was ever asked, and "no host is at rest" would mislead
        # A host that was only looked at (`sites new`) belongs to no site yet.
        host = site not in state.config.sites and "." in site
        hosts = resume(site if host else _site(state, site), state.folder)
    note(f"no longer at rest: {', '.join(hosts)}" if hosts else f"{site}: no host is at rest")


def retain(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how much would go.")] = False,
) -> None:
    """Remove evidence older than settings.toml keeps it; confirmed alerts keep theirs, observations stay."""
    import dataclasses

    from storage.retention import Retention

    state: State = ctx.obj
    kept = state.config.settings.retention
    policy = Retention(confirmed_days=None, flagged_days=kept.alert_days, other_days=kept.other_days)
    with state.store() as store:
        write_json(dataclasses.asdict(store.expire_evidence(policy, now=now_utc(), who=user(), dry_run=dry_run)))


def erase(
    ctx: typer.Context,
    listing: Annotated[str, typer.Argument(help="Alert id, site/listing_id, or address of the listing.")],
    why: Annotated[str, typer.Option(help="Who asked for it and on what ground; kept with the erasure.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this only what would be erased is told.")] = False,
    named: Annotated[
        list[str] | None, typer.Option(help="More that stored pages name it by: a title, a name, an address; may be given often. Of a listing erased before, nothing else is known.")
    ] = None,
) -> None:
    """Erase a listing on request, for good: its texts, readings and stored pages; a tombstone stays, and the chain proves as before."""
    import dataclasses

    from storage.named import says_enough

    state: State = ctx.obj
    if not why.strip():
        raise UseError("--why is empty: say who asked for the erasure, it is kept with it")
    with state.store() as store:
        key = find_listing(state, store, listing)
        row = store.listing(key)
        for word in named or ():
            if not says_enough(word):
                raise UseError(f"--named {clean(word)!r}: stands on too many pages; give a longer word, or an address")
        told = f"{key} ({row['site']}: {clean(row['title'])}, seen {row['first_seen'][:10]} to {row['last_seen'][:10]})"
        if not yes:
            raise UseError(f"nothing was erased yet: {told} would go for good, with every stored page that names it; add --yes to do it")
        done = store.erase_listing(key, who=user(), why=why.strip(), now=now_utc(), named=named or ())
    write_json(dataclasses.asdict(done) | {"listing": key})
    if done.id is None:
        note(f"{key}: was erased before; nothing was left to do. If a stored page still names it, say by what with --named")
        return
    note(f"{key}: erased; backups and mails that were sent are yours to see to")
    for name in done.mentions:
        note(f"still names it, delete it yourself: {state.folder / name}")


def verify(ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="Rows as JSON.")] = False) -> None:
    """Prove every stored record against its digest and chain; exit 1 and name what is broken."""
    import dataclasses

    from storage.verify import verify as check

    state: State = ctx.obj
    with state.store(readonly=True) as store:
        problems = [dataclasses.asdict(p) for p in check(state.folder, store)]
    if json:
        write_rows(problems, [], as_json=True)
    elif problems:
        rows = [p | {"observations": ", ".join(p["observations"]), "serious": "yes" if p["serious"] else "no"} for p in problems]
        write_rows(rows, list(rows[0]), as_json=False)
    note(f"{len(problems)} problems" if problems else "all evidence proves")
    if problems:
        raise typer.Exit(EXIT_PROBLEMS)
