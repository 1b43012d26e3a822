"""Sentence votes: the weights belong to the examples, are scored as they were fitted, and speak only where the grammar is silent."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from config.loader import Config
from detector.learn import Sample, design, examples, examples_version, fit
from detector.reading.document import Document
from detector.reading.read import Reader
from detector.reading.signals import SignalReader
from detector.reading.signals.learned import SURE, Learned, concepts
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
    with np.load(Config().learned, allow_pickle=False) as stored:
        assert str(stored["made_from"]) == examples_version(), "the examples were changed: make learn"
        assert tuple(stored["signals"]) == tuple(SURE)


def test_votes_score_a_sentence_as_the_fit_does(reader: SignalReader, tmp_path: Path) -> None:
    """On one signal: our few lines for scoring give what scikit-learn's pipeline gives."""
    samples = list(examples(reader))[::12]
    X, (letters, words) = design(samples)
    y = np.array(["export_evasion" in sample.says for sample in samples])
    model = fit(X, y)
    path = tmp_path / "learned.npz"
    names = [*letters.get_feature_names_out(), *words.get_feature_names_out()]
    np.savez_compressed(
        path, features=np.frombuffer("\n".join(names).encode(), dtype=np.uint8), signals=np.array(["export_evasion"]),
        idf=np.concatenate([letters.idf_, np.ones(len(words.get_feature_names_out()))]), weights=model.coef_.T, bias=model.intercept_,
    )  # fmt: skip
    votes, seen = Learned(path), 0
    for text in (
        "no end user statement, customs is our problem",
        "goes via dubai and on to moscow",
        "used card with invoice",
    ):
        for sentence in reader.sentences(Document(listing(text), date(2025, 6, 1)), "description"):
            row = Sample(
                sentence.text[sentence.start : sentence.end].strip(), tuple(concepts(sentence)), frozenset()
            )
            ours = votes.probabilities(row.text, row.concepts)["export_evasion"]
            theirs = model.predict_proba(design([row], (letters, words))[0])[0, 1]
            assert ours == pytest.approx(theirs, abs=1e-5)
            seen += 1
    assert seen == 3


def test_a_vote_stands_for_its_sentence_and_yields_to_the_grammar() -> None:
    reader = Reader(Config())
    said = [
        s
        for s in reader.read(listing("Serial number label removed. Works."), date(2025, 6, 1)).signals
        if s.signal == "serial_removed"
    ]
    assert {s.strength for s in said} == {1.0}, "where the grammar sees it, the votes are not asked"
    text = "Nice card. We know a way to get it past the ban, the waybill will show kitchen goods for a firm in Hanoi. Thanks."
    voted = [s for s in reader.read(listing(text), date(2025, 6, 1)).signals if s.signal == "export_evasion"]
    assert voted and all(text[s.start : s.end] == s.text for s in voted)


def test_votes_are_of_goods_only() -> None:
    wanted = listing(
        "Wanted: H100. No end user questions, no licence, customs included into Shenzhen.",
        title="WTB NVIDIA H100",
    )
    assert not {s.signal for s in Reader(Config()).read(wanted, date(2025, 6, 1)).signals} & {
        "serial_removed",
        "relabelled",
    }


def test_of_the_examples_hardly_one_is_told_wrongly(reader: SignalReader) -> None:
    samples = [s for at, s in enumerate(examples(reader)) if at % 5 == 0]
    votes = Learned(Config().learned)
    wrong = found = carriers = 0
    for sample in samples:
        told = {
            name
            for name, sure in votes.probabilities(sample.text, sample.concepts).items()
            if sure >= SURE[name]
        }
        wrong += bool(told - sample.says)
        carriers += bool(sample.says & SURE.keys())
        found += bool(told & sample.says)
    assert wrong <= 0.01 * len(samples)
    assert found >= 0.4 * carriers
