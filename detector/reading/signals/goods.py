"""engineering_sample and modified_hardware: what the goods are by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from detector.reading.signals.scope import NEAR, PER_SENTENCE, TIGHT, Finding, Scope, finding
from detector.reading.signals.vocabulary import Hit
from detector.reading.text import Folded, fold_pattern

# What memory is raised to.
_SIZE = re.compile(r"(?<!\d)(?:16|20|22|24|32|36|40|48|64|80|96|128|160)\s?(?:g|gb|go|гб|гиг|기가|ギガ|जीबी|جيجا)")
_EDITION = re.compile(fold_pattern(r"\s?(?:版|(?:edition|version|model|ausführung|версия)\b|モデル|バージョン|버전|에디션)"))
# `ES` beside a letter of another word is that word; `es` in small letters is German or Spanish.
_CAPITALS = re.compile(r"(?<![A-Za-z0-9])(?:ES|QS)[1-3]?(?![A-Za-z0-9])")


def engineering_sample(scopes: Sequence[Scope], folded: Folded) -> Iterator[Finding]:
    """Findings of each sentence. The raw text tells `ES` from `es`."""
    for scope in scopes:
        yield from islice(_samples(scope, folded), PER_SENTENCE)


def _samples(scope: Scope, folded: Folded) -> Iterator[Finding]:
    for hit in scope.s.of("sample"):
        if not scope.negated(hit) and not scope.hollow(hit) and not _asked_for(scope, hit):
            yield finding(hit)
    yield from _initials(scope, folded)


def _initials(scope: Scope, folded: Folded) -> Iterator[Finding]:
    for hit in scope.s.of("sample_weak"):
        typed = folded.quote(max(0, hit.start - 1), min(len(folded.text), hit.end + 1))
        shouted = folded.quote(scope.s.start, scope.s.end).isupper() and not scope.dense
        if (
            _CAPITALS.search(typed)
            and not shouted
            and not scope.negated(hit)
            and not scope.hollow(hit)
            and not scope.s.of("production")
        ):
            yield finding(hit, strength=0.8)
            return


def _asked_for(scope: Scope, hit: Hit) -> bool:
    """A free sample, a sample order, `not an engineering sample`."""
    return any(o.start < hit.end and hit.start < o.end for o in scope.s.of("production"))


def modified_hardware(scopes: Sequence[Scope], sizes: frozenset[int] = frozenset()) -> Iterator[Finding]:
    """The first findings of each sentence. `sizes`: GB of memory that the offered chips have from their makers."""
    for scope in scopes:
        yield from islice(_altered(scope, sizes), PER_SENTENCE)


def _altered(scope: Scope, sizes: frozenset[int]) -> Iterator[Finding]:
    s = scope.s
    for hit in s.of("modded"):
        if _done(scope, hit) and not _edition(scope, hit, sizes):
            yield finding(hit)
    for what in s.of("alterable"):
        for deed in s.of("alter"):
            if (
                what is not deed
                and scope.near(what, deed, NEAR if _raised(s.text, what, deed) else TIGHT)
                and not s.pauses_between(what, deed)
                and _done(scope, deed)
            ):
                yield finding(what, deed, strength=0.8)


def _edition(scope: Scope, hit: Hit, sizes: frozenset[int]) -> bool:
    """`H20 141G升级显存版`: the maker's own model with more memory."""
    stated = {int(size[0]) for size in re.finditer(r"(?<!\d)\d{2,3}(?=\s?g)", scope.s.text[scope.s.start : scope.s.end])}
    return bool(stated) and stated <= sizes and _EDITION.match(scope.s.text, hit.end) is not None


def _raised(text: str, what: Hit, deed: Hit) -> bool:
    """Whether between memory and deed stands what it was raised to: `belleği sonradan 48 gigabayta çıkarıldı`."""
    low, high = (what.end, deed.start) if what.end <= deed.start else (deed.end, what.start)
    return _SIZE.search(text, low, high) is not None


def _done(scope: Scope, hit: Hit) -> bool:
    """Done to these goods: not denied, not a service, not a thing the buyer may do."""
    later = any(
        n.start >= hit.end and scope.near(n, hit, 6) and not scope.s.pauses_between(n, hit)
        for n in scope.s.of("none_after", "gone")
    )
    listed = scope.dense and scope.none_such(hit)  # `改造・分解歴なし`
    return not scope.negated(hit) and not later and not listed and not scope.taken_back(hit) and not scope.hollow(hit) and not scope.service()
