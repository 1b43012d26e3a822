"""thresholds.toml: what the desk has chosen. Every figure here can be tried on history before it is set."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from config.schema.signals import Settings
from config.tables import Row, Table

Probability = Annotated[float, Field(ge=0, le=1)]


class Severity(Table):
    """Scores from which an offer is listed (low) or alerted (medium, high)."""

    low: Probability = 0.12
    medium: Probability = 0.2
    high: Probability = 0.88

    @model_validator(mode="after")
    def _ordered(self) -> Severity:
        if not self.low <= self.medium <= self.high:
            raise ValueError(f"low {self.low} <= medium {self.medium} <= high {self.high} must hold")
        return self


class Score(Table):
    """How evidence becomes log-odds."""

    bias: Annotated[float, Field(ge=-12, le=12)] = -2.5
    strong_from: Annotated[float, Field(gt=0, le=12)] = 3.0
    """A contribution this large stands by itself; smaller ones are weak signs."""
    again: Probability = 0.3
    """Weak signs come together: the heaviest counts in full, every other one at this share."""
    forest: Annotated[float, Field(ge=0, le=5)] = 0.9
    """Weight of the forest's strangeness, a figure between 0 and `forest_cap`."""
    forest_from: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Tail probability from which strangeness counts; ten times rarer adds 1."""
    forest_cap: Annotated[float, Field(gt=0, le=10)] = 2.0
    sure_offer: Annotated[float, Field(gt=0, lt=1)] = 0.9
    """Probability that a chip is offered at all under which `doubtful_offer` speaks against an alert."""
    default_weight: Annotated[float, Field(ge=-8, le=8)] = 0.6
    """For a signal without a card."""


class PriceCuts(Table):
    """Unit price over the market's reference."""

    below: Probability = 0.60
    """At or under: far below the market."""
    somewhat_below: Probability = 0.75
    somewhat_strength: Probability = 0.35
    """Strength of a price between the two."""
    above: Annotated[float, Field(ge=1)] = 1.50
    scam: Probability = 0.15
    """Under: no real one is sold for this."""
    scam_strength: Probability = 0.5
    """Strength of such a price: a misread article or a swindle is likelier than a bargain."""
    depth: Annotated[float, Field(ge=0, le=5)] = 0.25
    """Strength gained for each factor e under `below`: far cheaper is listed first."""

    @model_validator(mode="after")
    def _ordered(self) -> PriceCuts:
        if not self.scam <= self.below <= self.somewhat_below:
            raise ValueError(f"scam {self.scam} <= below {self.below} <= somewhat_below {self.somewhat_below} must hold")
        return self


class Weight(Row):
    """The desk's own weight of a piece of evidence, in log-odds; lays over the card."""

    id: str
    weight: Annotated[float, Field(ge=-8, le=8)]
    why: str


class Pair(Row):
    """Signals that together are evidence of their own."""

    id: str
    signals: tuple[str, ...]
    weight: Annotated[float, Field(ge=-8, le=8)]
    title: str
    why: str
    innocent: tuple[str, ...] = ()


class Modelling(Table):
    """The forest's fit and when it may speak."""

    trees: Annotated[int, Field(ge=10)] = 200
    max_samples: Annotated[int, Field(ge=16)] = 2048
    tail_weight: Annotated[float, Field(ge=0)] = 2.0
    """Weight of single figures far out against the density of their mix."""
    min_rows: Annotated[int, Field(ge=10)] = 200
    """Offers below which there is no forest: cold start, rules and price alone judge."""
    drift: Annotated[float, Field(gt=0)] = 0.25
    """Population stability index of a feature from which `detect` asks for a refit; `min_rows` offers are needed to say so."""


class Repeats(Table):
    """Near-copies of text."""

    ngram: Annotated[int, Field(ge=1)] = 3
    similar: Probability = 0.8
    """Jaccard similarity of code-point n-grams from which two texts are copies."""
    min_chars: Annotated[int, Field(ge=1)] = 24
    """Shorter texts repeat by chance ("NVIDIA A100 80GB PCIe"), counted in letters of an alphabet."""
    wide: Annotated[int, Field(ge=1)] = 2
    """Letters that a Chinese character, a kana or a Korean syllable counts for."""
    window_days: Annotated[int, Field(ge=1)] = 180


class Screening(Table):
    """Candidates for `listed_party`."""

    candidate: Annotated[float, Field(ge=0, le=100)] = 88.0
    """Name similarity (0 to 100) from which a listed name is shown as a candidate; never a verdict."""


class Alerts(Table):
    """When an alert opens again and how many are shown."""

    material_score: Probability = 0.15
    """Rise of score that re-opens a decided alert after a change of the listing."""
    sample_per_digest: Annotated[int, Field(ge=0)] = 3
    """Unflagged listings drawn at random for a decision, so that what is missed can be estimated."""
    strange_per_digest: Annotated[int, Field(ge=0)] = 5
    """Offers among the strangest twentieth, without evidence but the forest's, that a digest lists, each once."""
    first_run_cap: Annotated[int, Field(ge=1)] = 10
    """Alerts of a site that is new to the desk which its first digest writes out; the queue has them all."""


class Thresholds(Table):
    """thresholds.toml"""

    severity: Severity = Severity()
    score: Score = Score()
    price: PriceCuts = PriceCuts()
    weight: list[Weight] = []
    pair: list[Pair] = []
    forest: Modelling = Modelling()
    repeats: Repeats = Repeats()
    screening: Screening = Screening()
    alerts: Alerts = Alerts()
    counts: Settings = Settings()
