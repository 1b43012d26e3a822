"""What the crawl tests share: a home with quick settings, site files for loopback servers, and a look into the store."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path
from typing import Any

from config.loader import Config
from crawler.run import RunResult, crawl_site, crawl_sites
from storage.evidence import read
from storage.store import Store

NOW = "2026-11-02T08:00:00+00:00"
QUICK = """[politeness]
timeout_s = 3.0
max_body_mb = 1.0
retries = 1
retry_after_max_s = 4.0
refusals_in_a_row = 3
"""
DEMO = """loopback = true
country = "CN"
currency = "CNY"
"""
REST = """
[pace]
delay_s = {delay}
{pace}
[access]
basis = "demo"
"""
CARDS = """[list]
card = "li.item"
next = "a.next::attr(href)"
empty = "p.none"
[list.fields]
id = "::attr(data-id)"
title = "h3"
price = ".price"
url = "a.more::attr(href)"
"""


@cache
def _template(folder: Path) -> Path:
    home = folder / "template"
    with Store.open(home):
        pass
    return home


def new_home(tmp_path: Path, factory: Any = None, settings: str = QUICK) -> Path:
    """A home with its database made and quick settings."""
    home = tmp_path / "home"
    shutil.copytree(_template(tmp_path.parent), home)
    (home / "config" / "sites").mkdir(parents=True)
    (home / "config" / "settings.toml").write_text(settings, encoding="utf-8")
    return home


def add_site(
    home: Path, key: str, start: str | list[str], *, family: str = "cards", more: str = CARDS, top: str = "", delay: float = 0.01, pace: str = "", language: str = "zh"
) -> None:
    """Write a site file for a server on loopback."""
    starts = json.dumps([start] if isinstance(start, str) else start)
    says = f'language = "{language}"\n' if language else ""
    text = f'title = "{key}"\nfamily = "{family}"\nstart = {starts}\n{DEMO}{says}{top}\n{more}{REST.format(delay=delay, pace=pace)}'
    (home / "config" / "sites" / f"{key}.toml").write_text(text, encoding="utf-8")


def crawl(home: Path, key: str, now: str = NOW) -> RunResult:
    """Crawl one site."""
    return crawl_site(key, home, Config(home), now)


def crawl_all(home: Path, keys: list[str], now: str = NOW) -> dict[str, RunResult]:
    """Crawl sites in a row."""
    return {result.site: result for result in crawl_sites(keys, home, Config(home), now)}


def observations(home: Path) -> list[Any]:
    """All observations, oldest first."""
    with Store.open(home, readonly=True) as store:
        return list(store.iter_observations())


def stats(home: Path, result: RunResult) -> dict[str, Any]:
    """What the run noted besides its counts."""
    with Store.open(home, readonly=True) as store:
        found: dict[str, Any] = json.loads(store.run(result.run or "")["stats"])
        return found


def evidence_bytes(home: Path, observation: Any) -> bytes:
    """The stored bytes of an observation."""
    return read(home, observation.evidence)


def card(number: int | str, title: str = "A100 80GB", price: str = "¥6.5万") -> str:
    """One card of a list, in the shape that CARDS reads."""
    return f'<li class=item data-id="{number}"><h3>{title} {number}</h3><span class=price>{price}</span><a class=more href="/i/{number}">more</a></li>'


def page(cards: str, rest: str = "") -> str:
    """A list page."""
    return f"<!DOCTYPE html><html><head><title>List</title></head><body><ul>{cards}</ul>{rest}</body></html>"
