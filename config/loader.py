"""One typed loader for everything in `config/`.

Shipped files are knowledge and defaults. A home's `config/` holds files of the same form; their rows override the
shipped rows key by key and field by field.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from config.tables import SHIPPED, ConfigError, home_files, load_each, load_merged, read_toml

if TYPE_CHECKING:
    from config.schema.catalogue import Catalogue
    from config.schema.challenges import Challenges
    from config.schema.controls import Controls
    from config.schema.decisions import Decisions
    from config.schema.extraction import Extraction
    from config.schema.lexicon import Lexicon
    from config.schema.market import Market
    from config.schema.money import Money
    from config.schema.offers import Offers
    from config.schema.places import Places
    from config.schema.schedule import Schedule
    from config.schema.settings import Settings
    from config.schema.signals import Signals
    from config.schema.sites import Site
    from config.schema.thresholds import Thresholds


def _check_phrases(path: Path) -> None:
    """Raises ConfigError for a pattern of a home's own phrases that is no regular expression: they are compiled when a text first needs them."""
    rows = read_toml(path).get("phrase")
    for row in rows if isinstance(rows, list) else ():
        patterns = row.get("patterns") if isinstance(row, dict) else None
        for pattern in (told for told in (patterns if isinstance(patterns, list) else ()) if isinstance(told, str)):
            try:
                re.compile(pattern.replace("{n}", r"\d").replace("{p}", r"\d"))
            except re.error as error:
                raise ConfigError(path, f"phrase {row.get('id')!r}", f"{pattern!r} is no regular expression: {error}") from error


class Config:
    """What the house knows and what this desk has chosen; families load when first asked for.

    `home` is the folder whose `config/` is laid over the shipped rows, or None for the shipped rows alone.
    """

    def __init__(self, home: Path | None = None) -> None:
        self.home = home

    # Families are added here, one line each; the models live in config/schema/.

    @cached_property
    def schedule(self) -> Schedule:
        """When work runs by itself."""
        from config.schema.schedule import Schedule

        return load_merged(Schedule, "schedule.toml", self.home)

    @cached_property
    def decisions(self) -> Decisions:
        """The reasons a person may give for a decision."""
        from config.schema.decisions import Decisions

        return load_merged(Decisions, "decisions.toml", self.home)

    @cached_property
    def lexicon(self) -> dict[str, Lexicon]:
        """What sellers' words mean, by file stem (one file a language)."""
        from config.schema.lexicon import Lexicon

        return load_each(Lexicon, "lexicon/*.toml", self.home)

    @cached_property
    def signals(self) -> Signals:
        """A card for each signal, and the figures they use."""
        from config.schema.signals import Signals

        found = load_merged(Signals, "signals.toml", self.home)
        return found.model_copy(update={"settings": self.thresholds.counts})

    @cached_property
    def places(self) -> Places:
        """Countries, their towns, hubs and restricted destinations."""
        from config.schema.places import Places

        return load_merged(Places, "places.toml", self.home)

    @cached_property
    def catalogue(self) -> Catalogue:
        """Chips, systems and part numbers."""
        from config.schema.catalogue import Catalogue

        return load_merged(Catalogue, "chips/*.toml", self.home)

    @cached_property
    def controls(self) -> Controls:
        """Export-control rules by date."""
        from config.schema.controls import Controls

        return load_merged(Controls, "controls.toml", self.home)

    @cached_property
    def money(self) -> Money:
        """Currencies, figures, and what sellers say about a price."""
        from config.schema.money import Money

        for path in home_files("money/*.toml", self.home):
            _check_phrases(path)
        return load_merged(Money, "money/*.toml", self.home)

    @cached_property
    def offers(self) -> Offers:
        """Words that tell what kind of thing is offered, how many and in what condition."""
        from config.schema.offers import Offers

        return load_merged(Offers, "offers/*.toml", self.home)

    @property
    def sites(self) -> dict[str, Site]:
        """Every marketplace by its key, the file's name. Raises ConfigError if one of the files is wrong."""
        for error in self.broken_sites.values():
            raise error
        return self._sites[0]

    @property
    def sound_sites(self) -> dict[str, Site]:
        """The same without those whose file is wrong: a crawl of the others goes on."""
        return self._sites[0]

    @property
    def broken_sites(self) -> dict[str, ConfigError]:
        """What is wrong with a site's file, by its key."""
        return self._sites[1]

    @cached_property
    def _sites(self) -> tuple[dict[str, Site], dict[str, ConfigError]]:
        from config.schema.sites import Site

        broken: dict[str, ConfigError] = {}
        found = load_each(Site, "sites/*.toml", self.home, broken)
        return {key: site.model_copy(update={"key": key}) for key, site in found.items()}, broken

    @cached_property
    def settings(self) -> Settings:
        """Identity, politeness, retention, privacy."""
        from config.schema.settings import Settings

        return load_merged(Settings, "settings.toml", self.home)

    @cached_property
    def market(self) -> Market:
        """Price seeds, regions and exchange rates."""
        from config.schema.market import Market

        return load_merged(Market, "market.toml", self.home)

    @cached_property
    def thresholds(self) -> Thresholds:
        """The desk's choices: severity cuts, price cuts, counts, weights of its own."""
        from config.schema.thresholds import Thresholds

        return load_merged(Thresholds, "thresholds.toml", self.home)

    @cached_property
    def extraction(self) -> Extraction:
        """Words by which the parts of a shop's page are known."""
        from config.schema.extraction import Extraction

        return load_merged(Extraction, "extraction.toml", self.home)

    @cached_property
    def challenges(self) -> Challenges:
        """Signs of challenge and login pages."""
        from config.schema.challenges import Challenges

        return load_merged(Challenges, "challenges.toml", self.home)

    def learned(self, name: str) -> Path:
        """The file of learned votes: `signals` of sentences, `offers` of listings."""
        return SHIPPED / "learned" / f"{name}.npz"

    @cached_property
    def knowledge_version(self) -> str:
        """Digest (12 hex digits) of all that a reading depends on: chips, controls, offers, lexicon, money, signals, places, market, votes;
        the counts that signals use are the desk's choice and in `thresholds_version`."""
        return self._digest(
            "chips/*.toml", "controls.toml", "offers/*.toml", "lexicon/*.toml", "money/*.toml", "signals.toml", "places.toml", "market.toml",
            "learned/*.npz",
        )  # fmt: skip

    @cached_property
    def thresholds_version(self) -> str:
        """Digest (12 hex digits) of the desk's choices: thresholds and weights."""
        return self._digest("thresholds.toml")

    def _digest(self, *patterns: str) -> str:
        parts = []
        for pattern in patterns:
            for path in [*sorted(SHIPPED.glob(pattern)), *home_files(pattern, self.home)]:
                parts.append([path.name, read_toml(path) if path.suffix == ".toml" else hashlib.sha256(path.read_bytes()).hexdigest()])
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:12]
