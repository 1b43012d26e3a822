"""What the desk says that marked words mean, and that one signal's marks are not cut to pieces."""

from __future__ import annotations

import pytest

from config.loader import Config
from config.schema.signals import Card
from review.desk.cards import Names
from review.desk.case import _quotes, _signs
from review.desk.glossary import Glossary
from review.marks import joined, pieces
from storage.listing import Listing
from storage.observation import Observation

CONFIG = Config()
GLOSSARY = Glossary(CONFIG)
CARDS = {card.id: card for card in CONFIG.signals.signal}


@pytest.mark.parametrize(
    ("signal", "words", "meaning"),
    [
        ("export_evasion", "不查最终用户", "end user not checked"),
        ("no_paperwork", "不开票", "no invoice"),
        ("no_paperwork", "保固無", "warranty"),
        ("bulk_inventory", "批发", "wholesale"),
        ("bulk_inventory", "大量現貨", "large quantity in stock"),
        ("off_platform_contact", "加V", "add on WeChat"),
        ("off_platform_contact", "加薇", "add on WeChat"),
        ("off_platform_contact", "微信聊", "talk on WeChat"),
        ("serial_removed", "ＳＮ码磨掉", "serial number"),
    ],
)
def test_words_are_glossed_as_the_signal_means_them(signal: str, words: str, meaning: str) -> None:
    told = GLOSSARY.words(words, "zh", signal)
    assert told[0][1] == meaning
    assert told[0][0] and words.startswith(told[0][0])  # as the seller wrote it


@pytest.mark.parametrize("words", ["还有120", "有 120", "还有"])
def test_words_of_another_concept_give_way_to_the_signals_own_name(words: str) -> None:
    assert GLOSSARY.words(words, "zh", "bulk_inventory") == [("", CARDS["bulk_inventory"].title)]


def test_a_term_of_two_groups_is_told_by_the_one_the_signal_uses() -> None:
    lexicon = CONFIG.lexicon["zh"]
    concepts = [group.concept for group in lexicon.groups if "批发" in group.terms]
    assert set(concepts) == {"from", "bulk"}
    bare = lexicon.model_copy(update={"glosses": {}})
    config = Config()
    config.__dict__["lexicon"] = {"zh": bare}
    glossary = Glossary(config)
    for signal, concept in (("bulk_inventory", "bulk"), ("transit_route", "from")):
        assert glossary.words("批发", "zh", signal) == [("批发", CARDS[signal].words[concept])]
    assert glossary.words("批发", "zh", "serial_removed") == [("", CARDS["serial_removed"].title)]


def test_a_word_inside_another_word_is_not_meant() -> None:
    told = CARDS["no_paperwork"].words["paper"]
    assert GLOSSARY.words("Bonn", "de", "no_paperwork") == [("", CARDS["no_paperwork"].title)]
    assert GLOSSARY.words("Bon", "de", "no_paperwork") == [("Bon", told)]
    assert GLOSSARY.words("Rechnungen", "de", "no_paperwork") == [("Rechnungen", told)]  # an open end
    assert GLOSSARY.words("카톡 주세요", "ko", "off_platform_contact")[0][0] == "카톡"


def test_a_mark_of_another_kind_keeps_its_label() -> None:
    assert ("标签", "label") not in GLOSSARY.words("资产标签", "zh", "serial_removed")


def test_english_and_unknown_languages_need_no_lexicon() -> None:
    assert GLOSSARY.words("no invoice", "en", "no_paperwork") == []
    assert (
        GLOSSARY.words("120 pcs", None, "bulk_inventory") == GLOSSARY.words("120", "", "bulk_inventory") == []
    )
    assert GLOSSARY.words("ei kuittia", "fi", "no_paperwork") == [("", CARDS["no_paperwork"].title)]


@pytest.mark.parametrize("card", [card for card in CARDS.values() if card.words], ids=lambda card: card.id)
def test_what_a_card_finds_is_told_in_its_own_words(card: Card) -> None:
    allowed = {
        *card.words.values(),
        *(g for lexicon in CONFIG.lexicon.values() for g in lexicon.glosses.values()),
    }
    foreign = [example for example in card.hits if example.language != "en"]
    told = [GLOSSARY.words(example.text, example.language, card.id) for example in foreign]
    known = [words for words in told if words != [("", card.title)]]
    assert all(meaning in allowed for words in known for _, meaning in words)
    assert len(known) >= 0.8 * len(foreign) or card.id in ("placeholder_price", "disguised_goods")


def test_every_text_signal_says_what_its_words_mean() -> None:
    assert {card.id for card in CARDS.values() if card.kind == "text"} <= {
        c.id for c in CARDS.values() if c.words
    }


def test_chinese_glosses_are_of_terms_that_are_read() -> None:
    lexicon = CONFIG.lexicon["zh"]
    terms = {term for group in lexicon.groups for term in group.terms}
    assert len(lexicon.glosses) > 60
    assert not lexicon.glosses.keys() - terms


def test_marks_of_one_signal_that_overlap_or_touch_are_one() -> None:
    text = "现货 还有120片 A100"
    places = [(3, 8), (4, 8), (5, 9)]
    rows = [{"signal": "bulk_inventory", "field": "title", "start": a, "end": b} for a, b in places]
    assert [(p.text, p.signals) for p in pieces(text, rows, "title")] == [
        ("现货 ", ()),
        ("还有120片", ("bulk_inventory",)),
        (" A100", ()),
    ]
    assert joined("a b, c", [(4, 6), (2, 3), (0, 1)]) == [(0, 3), (4, 6)]


def test_marks_of_two_signals_keep_their_own_borders() -> None:
    rows = [
        {"signal": name, "field": "title", "start": a, "end": b}
        for name, a, b in [("x", 0, 3), ("y", 2, 5), ("y", 9, 3), ("x", -4, 2)]
    ]
    assert [(p.text, p.signals) for p in pieces("abcdefg", rows, "title")] == [
        ("ab", ("x",)),
        ("c", ("x", "y")),
        ("de", ("y",)),
        ("fg", ()),
    ]


def test_quotes_of_one_mark_are_one_quote() -> None:
    """The page tells `还有120片` once, though reading found it in three pieces."""
    text = "现货，还有120片，批发"
    at = "2026-03-01T00:00:00Z"
    seen = Observation("o1", "l1", Listing("board", "1", "A100", description=text), at, at, "r1", None, None)
    rows = [
        {"field": "description", "start": a, "end": b, "text": text[a:b], "language": language}
        for a, b, language in [(3, 8, "zh"), (4, 8, "zh"), (5, 9, ""), (10, 12, "zh")]
    ]
    assert list(_quotes(seen, rows)) == [("还有120片", "zh"), ("批发", "zh")]
    assert list(_quotes(None, rows[:1])) == [("还有120", "zh")]


def test_what_a_quote_shows_is_not_said_again_beside_it() -> None:
    rows = [
        {"signal": "restricted_destination", "text": "China", "field": None, "start": None, "end": None, "detail": "China"},
        {"signal": "new_seller", "value": 3, "expected": 30, "n": 1, "detail": "account 3 days old"},
    ]
    quoted, told = _signs(None, {"signals": rows}, CONFIG, Names(CONFIG), GLOSSARY)
    assert ([text for text, *_ in quoted.texts], quoted.detail, told.detail) == (["China"], "", "account 3 days old")
