"""The rules of the house that a machine can hold: imports go one way, help is light, nothing of the workplace leaks."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chipwatch.cli import COMMANDS, module_commands

ROOT = Path(__file__).resolve().parents[1]
LEVEL = {"config": 0, "storage": 1, "crawler": 2, "detector": 2, "review": 3, "chipwatch": 4}
HEAVY = {
    "pandas",
    "numpy",
    "sklearn",
    "scipy",
    "scrapy",
    "twisted",
    "sqlite_utils",
    "datasette",
    "rich",
    "pydantic",
    "jinja2",
    "apscheduler",
    "lxml",
}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("room", sorted(LEVEL))
def test_imports_go_one_way(room: str) -> None:
    against = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in (ROOT / room).rglob("*.py")
        for name in imports(path)
        if (top := name.split(".")[0]) in LEVEL and top != room and LEVEL[top] >= LEVEL[room]
    ]
    assert not against


def test_help_loads_nothing_heavy() -> None:
    code = "import sys; sys.argv = ['chipwatch', '--help']\ntry:\n    from chipwatch.cli import main; main()\nexcept SystemExit: pass\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert "Usage: chipwatch" in done.stdout
    loaded = {name.split(".")[0] for name in done.stderr.split()}
    assert not loaded & HEAVY


def test_the_help_lists_what_the_modules_register() -> None:
    for module in sorted(path.stem for path in (ROOT / "chipwatch" / "commands").glob("[a-z]*.py")):
        told = {name: line for name, (of, line) in COMMANDS.items() if of == module}
        assert told == {
            name: (command.help or "").strip().splitlines()[0]
            for name, command in module_commands(module).items()
        }


def test_the_help_of_a_command_tells_its_parts_in_whole_sentences() -> None:
    groups = {
        name: command
        for module in {module for module, _ in COMMANDS.values()}
        for name, command in module_commands(module).items()
        if hasattr(command, "commands")
    }
    assert {"sites", "alerts", "tune", "evidence", "schedule", "desk", "demo"} <= groups.keys()
    for name, group in groups.items():
        told = group.get_help(group.make_context(name, [], resilient_parsing=True, terminal_width=80))
        assert "..." not in told.partition("Commands:")[2], told


@pytest.mark.parametrize(("words", "near"), [(["digset"], "digest"), (["alerts", "shwo"], "show"), (["sites", "resum"], "resume")])
def test_an_unknown_command_is_answered_with_the_nearest(words: list[str], near: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chipwatch.cli", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    assert done.returncode == 2
    assert f"Did you mean '{near}'" in done.stderr


INTERRUPTED = """
import os, signal, sys
class WhileLoading:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, WhileLoading())
signal.signal(signal.SIGINT, signal.{handler})
from chipwatch.__main__ import main
sys.argv = ["chipwatch", "--version"]
main()
"""


@pytest.mark.parametrize(
    ("handler", "ended"),
    [("default_int_handler", (3, "", "interrupted: nothing was begun\n")), ("SIG_IGN", (0, "chipwatch", ""))],
)
def test_an_interrupt_while_the_program_loads_is_one_line(handler: str, ended: tuple[int, str, str]) -> None:
    """And where interrupts are ignored, as behind nohup, they stay so."""
    code = INTERRUPTED.format(handler=handler)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert (done.returncode, done.stdout.partition(" ")[0], done.stderr) == ended


def test_no_path_of_a_machine_stands_in_the_project() -> None:
    told = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT)
    if told.returncode:
        pytest.skip("not a git checkout")
    found = []
    for name in told.stdout.splitlines():
        path = ROOT / name
        if path.is_file() and not name.endswith((".lock", ".jsonl")):
            text = path.read_text(encoding="utf-8", errors="replace")
            found += [f"{name}: {hit}" for hit in re.findall(r"/(?:wor[k]|roo[t]|hom[e]/\w+)/\S*", text)]
    assert not found


MOST = 250_000
"""Bytes of a kept picture: a clone stays small, a page of the documents loads at once."""


def test_links_and_pictures_of_the_documents_lead_somewhere() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    shown = set()
    for document in documents:
        for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
            path, _, _ = link.partition("#")
            if path and "://" not in path:
                target = (document.parent / path).resolve()
                assert target.exists(), f"{document.name} leads to {link}, which is not there"
                shown.add(target)
    kept = {ROOT / name.removeprefix("!/") for name in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines() if name.startswith("!/docs/screenshots/")}
    assert kept and kept == {path for path in shown if path.suffix == ".png"}
    assert not [path.name for path in kept if path.stat().st_size > MOST]
