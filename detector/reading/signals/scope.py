"""What governs a finding: negation, condition, question, picture, return clause, somebody else's goods."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

from detector.reading.clauses import Sentence, gap
from detector.reading.signals.vocabulary import Hit
from detector.reading.text import fold_pattern

_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")

# A word of a script without spaces is two or three characters where another has six.
_DENSE, _KOREAN = 2.6, 1.8

# Turkish denies inside the verb: `silinmemiş`, `sökülmedi`, `kazınmamıştır`, `çıkarılmadan`.
_DENIED_WITHIN = re.compile(fold_pattern(r"m[ea](?:mi[sş]|mı[sş]|d[iı]|z(?:$|l|d|m|s)|y[ea][nc]|mekte|makta)"))

# What goes on is another thought: `I have no receipt and PNY won't touch it`.
_AND_THEN = re.compile(fold_pattern(r"\b(?:and|but|und|aber|y|pero|e|mas|et|mais|и|но|а|ve|ama|dan|tapi|và|nhưng)\b"))

_NO = re.compile(fold_pattern(r"(?:no|nope|nein|non|nem|não|нет|не|hayır|không|bukan|tidak|nahi|لا|不|没|没有|否|いいえ|아니)(?=\W|$|[一-鿿])"))

_NO_SUCH = re.compile(
    fold_pattern(
        r"(?:\s?(?:이나|나|및|또는|·)\s?[가-힣]{2,4})?(?:된|한|흔적|자국|이력)?\s?(?:부품|이력|흔적|자국|곳|데|부분|일|것)?\s?(?:은|는|이|도|가)?\s?(?:전혀|하나도|일절|아예)?\s?(?:없|아닙)"
        r"|(?:(?:・|や|、?および|及び)[^・、。]{1,6}?)*(?:跡|痕|た跡|た形跡|箇所|等|など|歴)?(?:は|も|が)?(?:一切|全く|まったく|ひとつも)?(?:ありません|なし|無し|ない|ございません)"
        r"|\s?(?:izi|hasarı|yeri)?\s?(?:hiç )?(?:yok|yoktur)\b"
    )
)
_GIVEN = re.compile(r"[가-힣](?:서|니까|지만|는데|므로)\s|(?:ので|けれど|けど|から)、?")
"""Ends what a denial before it denies, where the verb comes last: `알림이 안 와서 카톡으로 연락`."""
_ABSENT = re.compile(fold_pattern(r"(?:なし|無し|ナシ|없음|없는|yok|nahi)$"))
VERB_LAST = frozenset({"ja", "ko", "hi", "tr"})
OBJECTS = ("paper", "warranty", "licence", "licence_weak", "screening", "end_user", "customs", "required", "other_part")
"""What a denial may be of."""

PER_SENTENCE = 3
"""Findings of one signal in one sentence: a reader wants the words, not all of them."""

MOST_FOUND = 40
"""Findings of one signal in one sentence that are looked at."""

NEAR = 36
"""Letters between a noun and its verb inside a clause; more is another thought."""
TIGHT = 12
"""Letters between a negation and what it negates: `not at all removed`."""
BESIDE = 5
"""Letters between words that lean on each other: `SN: none`."""


@dataclass(frozen=True)
class Scope:
    """A sentence and the measure of its script. `endings`: whether a denial inside a word counts: a verb's ending, the `no` of `no serial`."""

    s: Sentence
    endings: bool = True

    @cached_property
    def density(self) -> float:
        text = self.s.text[self.s.start : self.s.end]
        if text.isascii():
            return 1.0
        if len(_CJK.findall(text)) * 4 >= len(text):
            return _DENSE
        return _KOREAN if len(_HANGUL.findall(text)) * 4 >= len(text) else 1.0

    @property
    def dense(self) -> bool:
        """Whether the script has no capitals and no spaces: Latin words in it are names and are mostly written large."""
        return self.density == _DENSE

    def near(self, a: Hit, b: Hit, reach: int = NEAR) -> bool:
        """Whether two hits lie within `reach` Latin letters of each other, or what counts the same."""
        return gap(a, b) * self.density <= reach

    def apart(self, a: Hit, b: Hit) -> float:
        return gap(a, b) * self.density

    def negated(self, hit: Hit, *, none: bool = True, refuse: bool = True) -> bool:
        """A negation close before, or right after, in the same clause."""
        before = ("not", *(("none",) if none else ()), *(("refuse",) if refuse else ()))
        for n in self.s.of(*before):
            if n.end <= hit.start and self.near(n, hit, TIGHT) and not self.s.pauses_between(n, hit) and not _GIVEN.search(self.s.text, n.end, hit.start):
                return True
        for n in self.s.of("not_after"):
            if n.end > hit.end and n.start >= hit.start and n.start - hit.end <= 2:
                return True
        return self.endings and "tr" in hit.languages and _DENIED_WITHIN.search(self.s.text, hit.start, hit.end) is not None

    def taken_back(self, hit: Hit, *own: str) -> bool:
        """Denied by the verb at the clause's end, in languages that set it there: `bina KYC account chalu nahi hota`,
        `審査なしの試用はございません`. A denial inside a word of the concepts `own` is none, nor one of another thing that stands between."""
        if VERB_LAST.isdisjoint(hit.languages):
            return False
        clause = self.s.clause(hit)
        return any(
            no.start > hit.end
            and self.near(no, hit, NEAR)
            and not any(o.start <= no.start and no.end <= o.end for o in self.s.of(*own))
            and not self.s.between(hit, no, *OBJECTS)
            and "・" not in self.s.text[hit.end : no.start]
            for no in self.s.within(clause, "none_after", "not_after")
        )

    def none_such(self, deed: Hit) -> bool:
        """`시리얼 훼손된 부품 하나도 없어요`, `剥がし跡なし`: where the verb comes last, no such thing was done. `シリアルなし` is no deed."""
        if _ABSENT.search(self.s.text, deed.start, deed.end):
            return False
        return not VERB_LAST.isdisjoint(deed.languages) and _NO_SUCH.match(self.s.text, deed.end) is not None

    def supposed(self, hit: Hit) -> bool:
        """A condition, a question or an appeal to the buyer: it is not said to be so."""
        clause = self.s.clause(hit)
        if self.s.question:
            return True
        for h in self.s.within(clause, "if", "ask"):
            if h.end <= hit.start and (h.concept == "if" or self.near(h, hit, 20)):
                return True
        return any(
            h.start >= hit.start and h.end > hit.end and self.near(h, hit, 8)
            for h in self.s.within(clause, "if_after")
        )

    def elsewhere(self, hit: Hit, no: Hit | None = None) -> bool:
        """Somebody else's goods or wish, or goods that the seller does not deal in. A denial `no` of the hit itself is no refusal."""
        wished = any(w.end <= hit.start and self.near(w, hit) and not self.s.pauses_between(w, hit) for w in self.s.of("asked"))
        return wished or any(
            self.shuns(h, hit) for h in self.s.of("others", "refuse") if no is None or (h.start, h.end) != (no.start, no.end)
        )

    def shuns(self, word: Hit, hit: Hit) -> bool:
        """Whether a word of refusal or of other people governs a hit."""
        if word.end <= hit.start and self.s.pauses_between(word, hit) <= 1:
            return True
        behind = word.start >= hit.end and self.near(word, hit, 20) and not self.s.pauses_between(word, hit)
        return behind and not _AND_THEN.search(self.s.text, hit.end, word.start)

    def service(self) -> bool:
        """A service on offer or a thing the buyer may do."""
        return bool(self.s.of("repair_shop"))

    def hollow(self, hit: Hit) -> bool:
        """Not said of the goods at all."""
        return self.supposed(hit) or self.elsewhere(hit)

    def pictured(self, hit: Hit) -> bool:
        """Done to the picture, not to the thing."""
        if self.s.of("blur"):
            return True
        clause = self.s.clause(hit)
        return bool(self.s.within(clause, "photo")) and not self.s.of("see")

    def refused_return(self, hit: Hit) -> bool:
        """`No return if the label is torn`: a rule, not a state. `撕标，无票，不保` is a list."""
        voids = [v for v in self.s.of("void") if not self.s.between(v, hit, "grey", "bulk")]
        return bool(voids) and not any(h for h in self.s.of("done") if self.near(h, hit, 10))


@dataclass(frozen=True, slots=True)
class Finding:
    """Words of one sentence that carry a signal, at folded positions."""

    start: int
    end: int
    language: str
    strength: float = 1.0
    detail: str | None = None


def answered_no(scopes: Sequence[Scope], at: int) -> bool:
    """`Does it come from Hong Kong? No, ...`: a question that the next sentence denies."""
    if not scopes[at].s.question or at + 1 == len(scopes):
        return False
    answer = scopes[at + 1].s
    first = answer.hits[0]
    words = answer.text[answer.start : answer.end]
    return first.concept in ("not", "none") and not answer.text[answer.start : first.start].strip() and _NO.match(words.lstrip()) is not None


def apart(scope: Scope, findings: Iterable[Finding]) -> list[Finding]:
    """Findings with those that overlap, or stand beside each other in a clause, made one; in order of the first that was found."""
    kept: list[Finding] = []
    for found in islice(findings, MOST_FOUND):
        touching = [other for other in kept if _together(scope, found, other)]
        first = touching[0] if touching else found
        whole = replace(
            first, start=min(f.start for f in (found, *touching)), end=max(f.end for f in (found, *touching)),
            strength=max(f.strength for f in (found, *touching)),
        )  # fmt: skip
        kept = [whole if other is first else other for other in kept if other is first or other not in touching] if touching else [*kept, found]
    return kept


def _together(scope: Scope, a: Finding, b: Finding) -> bool:
    low, high = min(a.end, b.end), max(a.start, b.start)
    return high <= low or ((high - low) * scope.density <= TIGHT and not any(low <= pause < high for pause in scope.s.pauses))


def finding(*hits: Hit, strength: float = 1.0, detail: str | None = None) -> Finding:
    """The stretch from the first to the last of some hits, in the language that all or most of them share."""
    shared = set(hits[0].languages).intersection(*(h.languages for h in hits[1:]))
    language = next((name for name in hits[0].languages if name in shared), hits[0].languages[0])
    return Finding(min(h.start for h in hits), max(h.end for h in hits), language, strength, detail)
