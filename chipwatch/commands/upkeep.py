"""Commands that keep the house: init, schedule, doctor, backup."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from chipwatch.app import EXIT_PROBLEMS, State, UseError, note, now_utc, write_json, write_rows
from chipwatch.group import Group

HOME_NOTES = {
    "README.txt": "Files here override chipwatch's shipped rows, key by key. Copy the row you want to change and keep its id.\n"
    "`chipwatch doctor` names mistakes with file, row and key.\n",
    "settings.toml": "# Who you are to the sites you read, how politely, how long things are kept, whom the digest goes to.\n"
    "# Sites outside this machine are only read once a contact is given.\n"
    '# [identity]\n# contact = "https://your-desk.example/crawler"\n\n'
    "# The digest by mail; the password of `user` is taken from CHIPWATCH_SMTP_PASSWORD alone.\n"
    '# [mail]\n# host = "mail.your-desk.example"\n# user = "chipwatch"\n# sender = "Chip desk <chipwatch@your-desk.example>"\n'
    '# to = ["you@your-desk.example"]\n',
    "schedule.toml": "# When crawls, detection and digest run by themselves (chipwatch schedule).\n"
    '# [[job]]\n# id = "morning-digest"\n# cron = "30 6 * * *"\n# timezone = "Europe/Berlin"\n',
    "thresholds.toml": "# Severity cuts, price cuts and weights. `chipwatch tune apply --why ...` writes here and keeps your comments.\n",
}


BESIDE = ("config", "models", "digests", "samples", "state", "demo")
"""Folders of a home that a backup holds besides database, key and evidence: what cannot be made again. Packs can."""


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(init)
    app.command()(doctor)
    app.command()(backup)
    schedule = typer.Typer(cls=Group, help="Run crawls, detection and digest by the clock.", invoke_without_command=True)
    schedule.callback()(schedule_run)
    schedule.command("status")(schedule_status)
    app.add_typer(schedule, name="schedule")


def init(ctx: typer.Context) -> None:
    """Make a home: database, evidence folder, and a commented config of your own."""
    from storage.store import Store

    state: State = ctx.obj
    fresh = not state.exists
    with Store.open(state.folder):
        pass
    for folder in ("config", "config/sites", "evidence", "digests", "logs", "models"):
        (state.folder / folder).mkdir(parents=True, exist_ok=True)
    for name, text in HOME_NOTES.items():
        path = state.folder / "config" / name
        if not path.exists():
            path.write_text(text, encoding="utf-8")
    note(f"{'made' if fresh else 'there already:'} {state.folder}")
    note("next: edit config/settings.toml (your contact), look at `chipwatch sites`, then `chipwatch crawl`")


def schedule_run(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Run every enabled job once, in order, and end.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the next run times and end.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Rows as JSON.")] = False,
) -> None:
    """Run the schedule until stopped; SIGTERM is passed on to running crawls and waited for."""
    if ctx.invoked_subcommand:
        return
    from datetime import UTC, datetime

    from chipwatch import schedule

    state: State = ctx.obj
    plan = schedule.planned(state.config)
    if dry_run:
        rows = [
            {"job": job.id, "run": job.run, "next": due.isoformat(timespec="minutes"), "cron": job.cron, "sites": ", ".join(job.sites) or "all"}
            for job, due in schedule.next_runs(plan, datetime.now(UTC))
        ]
        write_rows(rows, ["job", "run", "next", "cron", "sites"], as_json=json, title="Next runs")
        return
    if not state.exists:
        raise UseError(f"no home at {state.folder}: make one with `chipwatch --home {state.folder} init`")
    for job in plan.job:
        schedule.trigger(job)
    note(f"schedule: {sum(job.enabled for job in plan.job)} jobs; logs in {state.folder / 'logs'}")
    entries = schedule.run(state.folder, plan, once=once)
    if once:
        write_rows([_entry(e) for e in entries], ["job", "status", "started", "ended", "detail"], as_json=json)
        if any(e.status != "done" for e in entries):
            raise typer.Exit(EXIT_PROBLEMS)


def schedule_status(
    ctx: typer.Context,
    last: Annotated[int, typer.Option(min=1, help="How many runs to show.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Rows as JSON.")] = False,
) -> None:
    """Show whether the supervisor runs, each job with its last and next run, and the last runs, skipped and killed ones included."""
    from datetime import UTC, datetime

    from chipwatch import schedule

    state: State = ctx.obj
    plan, ledger, process = schedule.planned(state.config), schedule.read_ledger(state.folder), schedule.holder(state.folder)
    due = {job.id: at.isoformat(timespec="minutes") for job, at in schedule.next_runs(plan, datetime.now(UTC))}
    latest = {entry.job: entry for entry in ledger if entry.status != "skipped"}
    jobs: list[dict[str, Any]] = [
        {"job": job.id, "run": job.run, "enabled": "yes" if job.enabled else "no", "last": latest[job.id].ended if job.id in latest else None,
         "status": latest[job.id].status if job.id in latest else "never", "next": due.get(job.id)}
        for job in plan.job
    ]  # fmt: skip
    runs = [_entry(e) for e in ledger[-last:]]
    if json:
        write_json({"supervisor": process, "jobs": jobs, "runs": runs})
        return
    print(f"supervisor: process {process or 'unknown'}" if process is not None else "supervisor: none runs; start one with `chipwatch schedule`")
    write_rows(jobs, ["job", "run", "enabled", "last", "status", "next"], as_json=False, title="Jobs")
    write_rows(runs, ["job", "status", "due", "started", "ended", "detail"], as_json=False, title="Last runs")


def _entry(entry: object) -> dict[str, str | None]:
    return {name: getattr(entry, name) for name in ("job", "status", "due", "started", "ended", "detail")}


def doctor(
    ctx: typer.Context,
    robots: Annotated[bool, typer.Option("--robots", help="Ask each enabled site for its robots.txt too.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Rows as JSON.")] = False,
) -> None:
    """Check environment, config, database, disk, sites and keys; exit 1 if something is wrong."""
    from chipwatch import doctor as checks

    rows = [{"check": c.name, "ok": "yes" if c.ok else "NO", "found": c.found} for c in checks.run(ctx.obj, now_utc(), robots=robots)]
    write_rows(rows, ["check", "ok", "found"], as_json=json)
    if any(row["ok"] == "NO" for row in rows):
        raise typer.Exit(EXIT_PROBLEMS)


def backup(ctx: typer.Context, target: Annotated[Path, typer.Argument(help="A new folder for the copy.")]) -> None:
    """Copy the home (all but logs and locks) while it may be in use; whole, or not at all."""
    import shutil

    state: State = ctx.obj
    if target.exists():
        raise UseError(f"{target} is there already: name a new folder")
    # Nobody takes half a copy for a backup: it gets its name when all is there.
    part = target.with_name(target.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        with state.store() as store:
            beside = store.backup(part / "chipwatch.db")
        for path in beside:
            copy = part / path.relative_to(state.folder)
            copy.parent.mkdir(exist_ok=True)
            shutil.copy2(path, copy)
        for name in BESIDE:
            if (state.folder / name).is_dir():
                # Validators may be newer than the copied database: a page would be "not modified" that it has not seen.
                shutil.copytree(state.folder / name, part / name, ignore=shutil.ignore_patterns("validators"))
        part.rename(target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    write_json({"backup": str(target), "restore": f"chipwatch --home {target} doctor, then use it as the home"})
