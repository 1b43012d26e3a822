"""Learn sentence votes from the examples: `python -m detector.learn [--labelled FILE...]` writes `config/learned.npz`.

Every example sentence is read as a listing's description in its language; `says` carry their signal, all others carry it
not. Labelled listings (`--labelled`, their training part) add the sentences in which their spans stand, and all their other
sentences. What the votes find there is told from folds that the weights have not seen.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from config.loader import SHIPPED, Config
from detector.evaluate import load
from detector.reading.document import Document
from detector.reading.signals import SignalReader
from detector.reading.signals.learned import CONCEPT_WEIGHT, SURE, concepts, ngrams
from detector.reading.signals.reader import FIELDS
from detector.reading.text import fold
from storage.listing import Listing

EXAMPLES = SHIPPED / "examples"
FOLDS = 5
RARE = 3
"""N-grams in fewer sentences teach nothing."""
_HOME = {
    "en": "US", "zh": "CN", "ja": "JP", "ko": "KR", "ru": "RU", "de": "DE", "vi": "VN", "es": "ES", "pt": "BR", "tr": "TR", "ar": "AE",
    "id": "ID", "hi": "IN",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sample:
    """A sentence as the votes see it. `group` is its listing (examples have none), `says` the signals it carries."""

    text: str
    concepts: tuple[str, ...]
    says: frozenset[str]
    group: str = ""


def examples_version() -> str:
    """Digest (12 hex digits) of the examples, kept with what was learnt from them."""
    digest = hashlib.sha256()
    for path in sorted(EXAMPLES.glob("*.toml")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def examples(reader: SignalReader) -> Iterator[Sample]:
    """The sentences of `config/examples/`."""
    for path in sorted(EXAMPLES.glob("*.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        language = data.pop("language")
        for signal, rows in data.items():
            for kind in ("says", "near"):
                for text in rows[kind]:
                    plain = {"site": "examples", "listing_id": "1", "title": "NVIDIA H100", "language": language, "country": _HOME[language]}
                    doc = Document(Listing.from_dict({**plain, "description": text}), date(2025, 6, 1))
                    says = frozenset({signal} if kind == "says" else ())
                    yield from _samples(reader, doc, ("description",), {"description": lambda *_, says=says: says}, "")


def labelled(reader: SignalReader, files: Iterable[Path]) -> Iterator[Sample]:
    """The sentences of labelled listings' training parts."""
    for case in load(list(files), "train"):
        doc = Document(Listing.from_dict(case.listing), date(2025, 6, 1))
        names = tuple(name for name in FIELDS if name in doc.fields)
        spans = {name: _carriers(doc.fields[name].text, case.gold.get("spans", {})) for name in names}
        yield from _samples(reader, doc, names, spans, f"{case.file}:{case.line}")


def _carriers(text: str, spans: dict[str, str]) -> Any:
    places = {}
    for signal, words in spans.items():
        folded = fold(words).text
        if (at := text.find(folded)) >= 0:
            places[signal] = (at, at + len(folded))
    return lambda start, end: frozenset(s for s, (a, b) in places.items() if a < end and start < b)


def _samples(reader: SignalReader, doc: Document, names: Sequence[str], says: dict[str, Any], group: str) -> Iterator[Sample]:
    for name in names:
        for sentence in reader.sentences(doc, name):
            text = sentence.text[sentence.start : sentence.end].strip()
            yield Sample(text, tuple(concepts(sentence)), says[name](sentence.start, sentence.end), group)


def design(samples: Sequence[Sample], vocabulary: Any = None) -> tuple[Any, Any]:
    """The matrix (n_samples, n_features) and what made it."""
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

    if vocabulary is None:
        letters = TfidfVectorizer(analyzer=ngrams, sublinear_tf=True, min_df=RARE).fit(s.text for s in samples)
        words = CountVectorizer(analyzer=lambda s: s, min_df=RARE, binary=True).fit(s.concepts for s in samples)
        vocabulary = letters, words
    letters, words = vocabulary
    blocks = [letters.transform(s.text for s in samples), words.transform(s.concepts for s in samples) * CONCEPT_WEIGHT]
    return hstack(blocks).tocsr(), vocabulary


def fit(X: Any, y: Any) -> Any:
    """One signal's logistic regression."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=3.0, class_weight="balanced", max_iter=1000, solver="liblinear", random_state=0).fit(X, y)


def out_of_fold(samples: Sequence[Sample], X: Any, y: Any, sure: float) -> tuple[int, int, int]:
    """Of labelled listings' sentences, judged by weights that have not seen them: told and right, told, carriers."""
    import numpy as np
    from sklearn.model_selection import GroupKFold

    groups = np.array([sample.group or f"example {at}" for at, sample in enumerate(samples)])
    told = np.zeros(len(samples), dtype=bool)
    for train, test in GroupKFold(FOLDS).split(X, y, groups):
        told[test] = fit(X[train], y[train]).predict_proba(X[test])[:, 1] >= sure
    real = np.array([bool(sample.group) for sample in samples])
    return int((told & y & real).sum()), int((told & real).sum()), int((y & real).sum())


def learn(samples: Sequence[Sample], target: Path) -> None:
    """Fit, choose, write, and tell."""
    import numpy as np

    X, (letters, words) = design(samples)
    columns, bias = [], []
    for signal, sure in SURE.items():
        y = np.array([signal in sample.says for sample in samples])
        model = fit(X, y)
        right, told, carriers = out_of_fold(samples, X, y, sure)
        print(f"{signal:16} {int(y.sum()):5} carriers; in labelled listings, out of fold: {right} of {carriers} told, and {told - right} wrongly")
        columns.append(model.coef_[0])
        bias.append(model.intercept_[0])
    names = [*letters.get_feature_names_out(), *words.get_feature_names_out()]
    idf = np.concatenate([letters.idf_, np.ones(len(words.get_feature_names_out()))])
    np.savez_compressed(
        target, features=np.frombuffer("\n".join(names).encode(), dtype=np.uint8), idf=idf.astype("f2"),
        weights=np.stack(columns, axis=1).astype("f2"), bias=np.array(bias, "f4"), signals=np.array(list(SURE)), made_from=np.array(examples_version()),
    )  # fmt: skip
    print(f"{len(samples)} sentences, {len(names)} features, {target.stat().st_size / 1e6:.2f} MB in {target}")


def main(argv: Sequence[str] | None = None) -> int:
    """Learn from the examples and from the labelled files that are named."""
    parser = argparse.ArgumentParser(prog="python -m detector.learn", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--labelled", nargs="*", type=Path, default=[], help="labelled files, of which the training part is used")
    parser.add_argument("--out", type=Path, default=SHIPPED / "learned.npz")
    args = parser.parse_args(argv)
    reader = SignalReader(Config())
    learn([*examples(reader), *labelled(reader, args.labelled)], args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
