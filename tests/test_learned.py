"""Sentence votes: the weights belong to the examples, are scored as they were fitted, and weigh what the grammar found."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from config.loader import Config
from detector.learn import Sample, compounds, design, examples, examples_version, fit, seen
from detector.reading.document import Document
from detector.reading.model import Facts
from detector.reading.read import Reader
from detector.reading.signals import SignalReader
from detector.reading.signals.learned import TOLD, VOTED, probabilities, told
from detector.reading.votes import Votes
from storage.listing import Listing


def listing(text: str, **change: str) -> Listing:
    plain = {
        "site": "s",
        "listing_id": "1",
        "title": "NVIDIA H100 80GB PCIe",
        "country": "US",
        "price_text": "$24,000",
    }
    return Listing.from_dict({**plain, "description": text, **change})


@pytest.fixture(scope="module")
def reader() -> SignalReader:
    return SignalReader(Config())


def test_the_weights_were_made_from_the_examples_as_they_stand() -> None:
    with np.load(Config().learned("signals"), allow_pickle=False) as stored:
        assert str(stored["made_from"]) == examples_version(), "the examples were changed: make learn"
        assert tuple(stored["labels"]) == VOTED


def test_votes_score_a_sentence_as_the_fit_does(reader: SignalReader, tmp_path: Path) -> None:
    """On one signal: our few lines for scoring give what scikit-learn's pipeline gives."""
    samples = list(examples(reader, "e[ns]"))[::5]
    ways = design(samples)
    y = np.array(["export_evasion" in sample.says for sample in samples])
    model = fit(ways.matrix(*seen(samples)), y)
    path = tmp_path / "learned.npz"
    ways.save(path, coef=model.coef_, bias=model.intercept_, labels=["export_evasion"], made_from="")
    votes, met = Votes(path), 0
    for text in (
        "no end user statement, customs is our problem",
        "goes via dubai and on to moscow",
        "used card with invoice",
    ):
        doc = Document(listing(text), date(2025, 6, 1))
        for field, sentence, ruled in reader.sentences(doc, Facts("sale", restricted=True)):
            if field == "title":
                continue
            plain = sentence.text[sentence.start : sentence.end].strip()
            row = Sample(plain, told(sentence), ruled, frozenset(), "en")
            ours = probabilities(votes, row.text, row.marks)["export_evasion"]
            theirs = model.predict_proba(ways.matrix(*seen([row])))[0, 1]
            assert ours == pytest.approx(theirs, abs=2e-3)  # weights are kept in half precision
            met += 1
    assert met == 3


def test_a_vote_stands_for_its_sentence_and_a_rule_for_its_words() -> None:
    reader = Reader(Config())
    read = reader.read(listing("Serial number label removed. Works."), date(2025, 6, 1)).signals
    said = [s for s in read if s.signal == "serial_removed"]
    assert said[0].text == "Serial number label removed"
    assert all(0.9 < s.strength < 1 for s in said), "as strong as the examples are sure, and sure enough for a high alert"
    text = "Nice card. We know a way to get it past the ban, the waybill will show kitchen goods for a firm in Hanoi. Thanks."
    voted = [s for s in reader.read(listing(text), date(2025, 6, 1)).signals if s.signal == "export_evasion"]
    assert voted and all(text[s.start : s.end] == s.text for s in voted)


def test_what_examples_contradict_falls(tmp_path: Path) -> None:
    """Weights that know the finding for a wrong one take it back; those of another signal leave it. What is said bluntly stands."""
    config, text = Config(), "The serial number label was removed by whoever had the rack before the last audit. Works."
    with np.load(config.learned("signals"), allow_pickle=False) as stored:
        kept = {name: stored[name] for name in stored.files}
    reader = Reader(config)
    for signal, falls in (("serial_removed", True), ("relabelled", False)):
        bias = kept["bias"].copy()
        bias[VOTED.index(signal)] = -50
        np.savez_compressed(tmp_path / f"{signal}.npz", **{**kept, "bias": bias})
        reader.signals.votes = Votes(tmp_path / f"{signal}.npz")
        found = {s.signal for s in reader.read(listing(text), date(2025, 6, 1)).signals}
        assert ("serial_removed" not in found) == falls
        for blunt in ("Serial number label removed. Works.", "Serial number label removed, no invoice, works."):
            assert "serial_removed" in {s.signal for s in reader.read(listing(blunt), date(2025, 6, 1)).signals}


def test_compounds_carry_what_both_halves_say() -> None:
    halves = [
        Sample(
            "no bill", frozenset({"paper"}), frozenset({"no_paperwork"}), frozenset({"no_paperwork"}), "en"
        ),
        Sample("label cut", frozenset({"label"}), frozenset(), frozenset({"serial_removed"}), "en"),
        Sample("ohne rechnung", frozenset({"paper"}), frozenset(), frozenset({"no_paperwork"}), "de"),
    ]
    made = compounds(halves)
    assert len(made) == len(halves) and made == compounds(halves)
    for sample in made:
        parts = [half for half in halves if half.text in sample.text]
        assert {half.language for half in parts} == {sample.language}
        assert sample.says == frozenset().union(*(half.says for half in parts))
        assert sample.ruled == frozenset().union(*(half.ruled for half in parts))


def test_votes_are_of_goods_only() -> None:
    wanted = listing(
        "Wanted: H100. No end user questions, no licence, customs included into Shenzhen.",
        title="WTB NVIDIA H100",
    )
    assert not {s.signal for s in Reader(Config()).read(wanted, date(2025, 6, 1)).signals} & {
        "serial_removed",
        "relabelled",
    }


def test_of_the_examples_few_are_told_wrongly(reader: SignalReader) -> None:
    samples = [s for at, s in enumerate(examples(reader, "[ek][nso]")) if at % 5 == 0]
    votes = Votes(Config().learned("signals"))
    right, wrong, carriers = 0, 0, 0
    for sample in samples:
        sure = probabilities(votes, sample.text, sample.marks)
        said = {name for name, chance in sure.items() if chance >= TOLD}
        right += len(said & sample.says)
        wrong += len(said - sample.says - sample.untold)
        carriers += len(sample.says.intersection(VOTED))
    # A third of the examples only hint, alone and out of their listing: weights that told them all would tell too much elsewhere.
    assert right >= 0.7 * carriers
    assert wrong <= 0.03 * carriers
