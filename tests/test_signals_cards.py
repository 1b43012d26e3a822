"""Each card of config/signals.toml keeps its word: its hits are found, its near misses left alone, in every language it claims."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import pytest

from config.loader import Config
from config.schema.lexicon import CONCEPTS
from config.schema.signals import Card, Example
from detector.reading.model import Reading
from detector.reading.read import Reader
from storage.listing import Listing

TODAY = date(2026, 1, 1)

TITLES = {
    "zh": "出 NVIDIA A100 80GB PCIe 显卡", "ja": "NVIDIA A100 80GB PCIe 出品", "ko": "NVIDIA A100 80GB PCIe 판매",
    "ru": "Видеокарта NVIDIA A100 80GB PCIe", "de": "Verkaufe NVIDIA A100 80GB PCIe", "ar": "كرت NVIDIA A100 80GB PCIe للبيع",
}  # fmt: skip

HOME = {
    "en": "US", "zh": "CN", "ja": "JP", "ko": "KR", "ru": "RU", "de": "DE", "vi": "VN", "ms": "MY", "tr": "TR", "ar": "AE",
    "es": "MX", "pt": "BR", "hi": "IN", "fr": "FR",
}  # fmt: skip

# Signals that a field of the listing shows, not its description alone.
ELSEWHERE = {"disguised_goods", "placeholder_price"}

# Signals that every language of the lexicon must know.
EVERYWHERE = {
    "serial_removed", "relabelled", "no_paperwork", "export_evasion", "off_platform_contact", "engineering_sample",
    "modified_hardware", "bulk_inventory",
}  # fmt: skip

CARDS = Config().signals.signal


@cache
def reader() -> Reader:
    return Reader(Config())


def read(example: Example) -> Reading:
    language = example.language
    fields = {
        "site": "card", "listing_id": "1", "title": TITLES.get(language, "NVIDIA A100 80GB PCIe"), "description": example.text,
        "price_text": "$7,500", "country": HOME[language], "language": language, **example.listing,
    }  # fmt: skip
    return reader().read(Listing.from_dict(fields), TODAY)


def found(card: Card, example: Example) -> list[str | None]:
    """Words that the reading quotes for the card's signal out of the example's own text."""
    signals = [s for s in read(example).signals if s.signal == card.id]
    return [s.text for s in signals if s.field == "description" or card.id in ELSEWHERE]


@pytest.mark.parametrize(
    ("card", "example"),
    [pytest.param(card, example, id=f"{card.id}-{example.text}") for card in CARDS for example in card.hits],
)
def test_a_hit_is_found(card: Card, example: Example) -> None:
    assert read(example).offer == example.offer
    assert found(card, example)


@pytest.mark.parametrize(
    ("card", "example"),
    [
        pytest.param(card, example, id=f"{card.id}-{example.text}")
        for card in CARDS
        for example in card.near_misses
    ],
)
def test_a_near_miss_is_left_alone(card: Card, example: Example) -> None:
    assert read(example).offer == example.offer
    assert not found(card, example)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
def test_a_card_shows_what_it_claims(card: Card) -> None:
    assert {example.language for example in card.hits} == set(card.languages)
    assert {example.language for example in card.near_misses} == set(card.languages)
    glossed = [example for example in (*card.hits, *card.near_misses) if example.language != "en"]
    assert all(example.english for example in glossed)


@pytest.mark.parametrize(
    "card",
    [card for card in CARDS if card.kind in ("text", "context") and card.id != "new_seller"],
    ids=lambda c: c.id,
)
def test_a_signal_of_words_has_examples(card: Card) -> None:
    assert "en" in card.languages


def test_every_language_of_the_lexicon_is_claimed() -> None:
    claims = {card.id: set(card.languages) for card in CARDS}
    for signal in EVERYWHERE:
        assert claims[signal] == set(Config().lexicon), signal


def test_the_words_quoted_are_those_of_the_text() -> None:
    for card in CARDS:
        for example in card.hits:
            for signal in read(example).signals:
                if signal.field == "description" and signal.start is not None:
                    assert example.text[signal.start : signal.end] == signal.text


def test_every_concept_is_explained_to_the_person_who_adds_a_term() -> None:
    page = (Path(__file__).parent.parent / "docs" / "lexicon.md").read_text(encoding="utf-8")
    for concept, meaning in CONCEPTS.items():
        assert f"| `{concept}` | {meaning} |" in page, (
            f"docs/lexicon.md: the table lacks {concept}, or says something else of it"
        )
