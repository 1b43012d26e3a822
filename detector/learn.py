"""Learn sentence votes from the examples: `python -m detector.learn [--labelled FILE...]` writes `config/learned/signals.npz`.

Every example sentence is read as a listing's description in its language; `says` carry their signal, all others carry it
not. Labelled listings (`--labelled`, their training part) add the sentences in which their spans stand, and all their other
sentences. What the votes find there is told from folds that the weights have not seen.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

from config.loader import Config
from config.tables import SHIPPED
from detector.evaluate import Case, load
from detector.learning import Design
from detector.reading.document import Document
from detector.reading.model import ChipOffer, Facts
from detector.reading.signals import SignalReader
from detector.reading.signals.learned import CONCEPT, RULE, TOLD, VOTED, marks, told
from detector.reading.text import fold
from storage.listing import Listing

EXAMPLES = SHIPPED / "examples"
FOLDS = 5
RESERVE = {"export_evasion": 0.44}
"""What is taken from a signal's log-odds: ways round control have more examples, and more oblique ones, than listings have of them.
Chosen on held-out lists, where it asks 0.7 of what asked 0.6."""
SURELY, HARDLY = 0.9, 0.6
"""Probabilities from which, and under which, what rules find in an example of another signal is taken for said, or for not said,
by weights that were learned without it; what lies between teaches nothing."""
CONCEPT_WEIGHT, RULE_WEIGHT = 0.15, 0.5
"""What a concept, and what a finding of the grammar, counts beside a text of unit length."""
_HOME = {
    "en": "US", "zh": "CN", "ja": "JP", "ko": "KR", "ru": "RU", "de": "DE", "vi": "VN", "es": "ES", "pt": "BR", "tr": "TR", "ar": "AE",
    "id": "ID", "ms": "MY", "hi": "IN", "fr": "FR",
}  # fmt: skip


Says = Callable[[str, int, int, frozenset[str]], frozenset[str]]
"""Signals that a sentence carries, of its text, start, end and the rules' findings."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A sentence as the votes see it: folded text, concepts and what rules found; `says` are the signals it carries, `untold` those
    that it may carry too, `group` is its listing (examples have none)."""

    text: str
    concepts: frozenset[str]
    ruled: frozenset[str]
    says: frozenset[str]
    language: str
    group: str = ""
    untold: frozenset[str] = frozenset()

    @property
    def marks(self) -> list[str]:
        return marks(self.concepts, self.ruled)


def examples_version() -> str:
    """Digest (12 hex digits) of the examples, kept with what was learnt from them."""
    digest = hashlib.sha256()
    for path in sorted(EXAMPLES.glob("*.toml")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def examples(reader: SignalReader, languages: str = "*") -> Iterator[Sample]:
    """The sentences of `config/examples/`, of all languages or of those that a pattern names."""
    for path in sorted(EXAMPLES.glob(f"{languages}.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        language = data.pop("language")
        for signal, rows in data.items():
            for kind in ("says", "near"):
                for text in rows[kind]:
                    listing = {**_PLAIN, "language": language, "country": _HOME[language], "description": text}
                    says = frozenset({signal} if kind == "says" else ())
                    for sample in _samples(reader, listing, _GOODS, lambda *_, says=says: says):
                        # An example tells of its own signal; what rules find of others in it nobody has looked at.
                        yield replace(sample, untold=sample.ruled - {signal} if signal != "ordinary" else frozenset())


def labelled(reader: SignalReader, files: Iterable[Path]) -> Iterator[Sample]:
    """The sentences of labelled offers' training parts."""
    for case in load(list(files), "train"):
        gold = case.gold
        if gold["offer"] not in ("sale", "rental"):
            continue
        chips = tuple(_chip(row["chip"], row["count"]) for row in gold["chips"])
        facts = Facts(gold["offer"], chips, gold["restricted"], quantity=gold["quantity"], condition=gold["condition"])
        yield from _samples(reader, case.listing, facts, _carriers(case), f"{case.file}:{case.line}")


def _chip(ident: str, count: int = 1) -> ChipOffer:
    return ChipOffer(ident, count, "title", 0, 0)


_PLAIN = {"site": "examples", "listing_id": "1", "title": "NVIDIA H100"}
_GOODS = Facts("sale", (_chip("nvidia-h100"),), restricted=True)


def _carriers(case: Case) -> Says:
    """Which signals' labelled words stand between two places of a field."""
    spans = {signal: fold(words).text for signal, words in case.gold.get("spans", {}).items()}

    def says(text: str, start: int, end: int, ruled: frozenset[str]) -> frozenset[str]:
        places = {signal: (text.find(words), len(words)) for signal, words in spans.items()}
        carried = frozenset(s for s, (at, size) in places.items() if at >= 0 and at < end and start < at + size)
        return carried | (ruled & spans.keys())  # one place is labelled, the seller may say it twice

    return says


def _samples(reader: SignalReader, listing: dict[str, Any], facts: Facts, says: Says, group: str = "") -> Iterator[Sample]:
    doc = Document(Listing.from_dict(listing), date(2025, 6, 1))
    for _, sentence, ruled in reader.sentences(doc, facts):
        text = sentence.text[sentence.start : sentence.end].strip()
        carried = says(sentence.text, sentence.start, sentence.end, ruled)
        yield Sample(text, told(sentence), ruled, carried, str(listing.get("language", "en"))[:2], group)


def cards(reader: SignalReader, config: Config) -> Iterator[Sample]:
    """The hits and near misses of the signals' cards."""
    for card in config.signals.signal:
        for says, rows in ((frozenset({card.id}), card.hits), (frozenset(), card.near_misses)):
            for row in rows:
                listing = {**_PLAIN, "language": row.language, "country": _HOME[row.language], "description": row.text, **row.listing}
                yield from _samples(reader, listing, replace(_GOODS, offer=row.offer), lambda *_, says=says: says)


def compounds(samples: Sequence[Sample]) -> list[Sample]:
    """As many sentences of two, joined from two of one language: sellers say several things in a breath, examples one."""
    chance = Random(0)  # noqa: S311 - the same pairs every time
    by_language: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_language[sample.language].append(sample)
    joined = []
    for language, rows in sorted(by_language.items()):
        for a, b in ((chance.choice(rows), chance.choice(rows)) for _ in rows):
            comma = "\uff0c" if language in ("zh", "ja") else ", "
            says = a.says | b.says
            text = f"{a.text}{comma}{b.text}"
            joined.append(Sample(text, a.concepts | b.concepts, a.ruled | b.ruled, says, language, untold=(a.untold | b.untold) - says))
    return joined


def design(samples: Sequence[Sample]) -> Design:
    """The vocabulary of the samples."""
    return Design.of(*seen(samples), text_weight=1.0, fact_weights={CONCEPT: CONCEPT_WEIGHT, RULE: RULE_WEIGHT})


def seen(samples: Sequence[Sample]) -> tuple[list[dict[str, str]], list[dict[str, float]]]:
    """Samples as texts and facts."""
    return [{"": s.text} for s in samples], [dict.fromkeys(s.marks, 1.0) for s in samples]


def fit(X: Any, y: Any) -> Any:
    """One signal's logistic regression."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=6.0, max_iter=1000, solver="liblinear", random_state=0).fit(X, y)


def out_of_fold(samples: Sequence[Sample], X: Any, y: Any) -> tuple[int, int, int]:
    """Of labelled listings' sentences, judged by weights that have not seen them, without compounds: told and right, told, carriers."""
    import numpy as np
    from sklearn.model_selection import GroupKFold

    groups = np.array([sample.group or f"example {at}" for at, sample in enumerate(samples)])
    told = np.zeros(len(samples), dtype=bool)
    for train, test in GroupKFold(FOLDS).split(X, y, groups):
        told[test] = fit(X[train], y[train]).predict_proba(X[test])[:, 1] >= TOLD
    real = np.array([bool(sample.group) for sample in samples])
    return int((told & y & real).sum()), int((told & real).sum()), int((y & real).sum())


def learn(samples: Sequence[Sample], target: Path) -> None:
    """Fit, write, and tell."""
    import numpy as np
    from scipy.sparse import vstack

    ways, joined = design(samples), compounds(samples)
    X = ways.matrix(*seen(samples))
    both = vstack([X, ways.matrix(*seen(joined))])
    columns, bias = [], []
    for signal in VOTED:
        y = np.array([signal in sample.says for sample in samples])
        told = np.concatenate([y, [signal in sample.says for sample in joined]])
        untold = np.array([signal in sample.untold for sample in (*samples, *joined)])
        first = fit(both[~untold], told[~untold]).predict_proba(both)[:, 1]
        told |= untold & (first >= SURELY)
        known = ~untold | (first >= SURELY) | (first < HARDLY)
        model = fit(both[known], told[known])
        right, said, carriers = out_of_fold(samples, X, y)
        print(f"{signal:22} {int(y.sum()):5} carriers; in labelled listings, out of fold: {right} of {carriers} told, and {said - right} wrongly")
        columns.append(model.coef_[0])
        bias.append(model.intercept_[0] - RESERVE.get(signal, 0.0))
    ways.save(target, coef=np.stack(columns), bias=bias, labels=VOTED, made_from=examples_version())
    print(f"{len(samples)} sentences, {X.shape[1]} features, {target.stat().st_size / 1e6:.2f} MB in {target}")


def main(argv: Sequence[str] | None = None) -> int:
    """Learn from the examples and from the labelled files that are named."""
    parser = argparse.ArgumentParser(prog="python -m detector.learn", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--labelled", nargs="*", type=Path, default=[], help="labelled files, of which the training part is used")
    parser.add_argument("--out", type=Path, default=SHIPPED / "learned" / "signals.npz")
    args = parser.parse_args(argv)
    config = Config()
    reader = SignalReader(config)
    learn([*examples(reader), *cards(reader, config), *labelled(reader, args.labelled)], args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
