"""All signals that one listing gives by itself, in a fixed order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from detector.reading.clauses import Sentence, gap, sentences
from detector.reading.document import Document
from detector.reading.languages import languages
from detector.reading.model import Facts, Price, Signal
from detector.reading.signals.contact import off_platform_contact
from detector.reading.signals.disguise import disguised_goods
from detector.reading.signals.evasion import Way, export_evasion
from detector.reading.signals.gazetteer import PLACES, Found, Gazetteer
from detector.reading.signals.goods import engineering_sample, modified_hardware
from detector.reading.signals.learned import TOLD, TOLD_AGAINST, TOLD_IN_TITLE, marks, probabilities, told
from detector.reading.signals.papers import no_paperwork
from detector.reading.signals.relabelled import relabelled
from detector.reading.signals.route import Map, handed_over, restricted_destination, survey, transit_route
from detector.reading.signals.scope import Finding, Scope
from detector.reading.signals.serial import serial_removed
from detector.reading.signals.stock import bulk_inventory, enough
from detector.reading.signals.vocabulary import Hit, Terms, Vocabulary, compiled, longest, unspaced
from detector.reading.text import Folded, fold_pattern
from detector.reading.votes import Votes

if TYPE_CHECKING:
    from config.loader import Config

FIELDS = ("title", "description")
MOST_PLACES = 6
"""Places quoted for one signal."""
MOST_CLAUSES, LEAST_CLAUSE = 12, 6
"""Clauses of a sentence that are looked at, and letters of one that may say something."""
_COIN = re.compile(
    fold_pattern(
        r"\b(?:(?:the|one|a|der|ein|el|un|o|um|le|l') ?(?:dollar|pound|euro|rupee|ringgit|quid|buck|penny|cent|peso|real)\b|рубл[ьяе]\b|доллар\b|bir lira|satu ringgit|seribu perak|một đồng)"
        r"|[一1]\s?(?:块钱|块(?![一-鿿])|元钱|元(?![一-鿿])|蚊|円(?!\d))|(?:درهم|دينار|ريال) واحد"
    )
)
_SHOWN = re.compile(
    fold_pattern(
        r"\b(?:shown?|listed|displayed|list) price|price (?:shown|listed|displayed|here|in the ad|on here)\b|angezeigte\w* preis|preis in der anzeige|prix (?:affiché|de l'annonce)|"
        r"(?:precio|valor) (?:del anuncio|publicado|mostrado|aquí)|(?:preço|valor) (?:do anúncio|aqui|anunciado)|(?:цен[аы]|цифр[аы]) (?:в объявлении|на сайте|тут|здесь)|"
        r"ilandaki fiyat|fiyat (?:kısmı|alanı)|harga (?:di iklan|tertera|yang tertera|di sini)|giá (?:để|trên tin|hiển thị|trên app)|السعر (?:المعروض|هنا|في الاعلان)|"
        r"表示の(?:数字|価格|金額)|表示(?:価格|金額)|(?:価格|金額|値段)(?:欄|は.{0,8}数字)|(?:금액|가격) ?(?:칸|란)|표시 ?(?:가격|금액)|页面价|标价|挂价|显示价|展示价|[挂标写].{0,4}(?:块|元|蚊|万|888)"
        r"|[$£€¥₽₩₹]\s?1(?![\d.,])|(?<!\d)1\s?(?:円|원|₽|€|元)(?![\d])"
    )
)
"""A coin named without a sum, and the figure that is shown."""
BEARERS = ("label", "box", "outside", "plate", "outer", "relabel", "other_model", "as_other", "article", "contrast", "inside", "system", "declare", "paper", "pack")
DENIED = 12
"""Letters between a denial and the demand that it denies: `não precisa de licença`."""
VOTE = 0.8
"""Strength of what examples say where no rule does: alone it is a medium alert, not a high one."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A field, its sentences and the places it names."""

    name: str
    folded: Folded
    scopes: tuple[Scope, ...]
    places: tuple[Found, ...]


class SignalReader:
    """Compiles the knowledge of a config once; `find` is pure."""

    def __init__(self, config: Config) -> None:
        self.lexicons = config.lexicon
        self.gazetteer = Gazetteer(config.places)
        self.least = config.signals.settings.bulk_chips
        self.votes = Votes(config.learned("signals"))
        self._terms: dict[str, Terms] = {}
        self._compiled: dict[frozenset[str], Vocabulary] = {}

    def vocabulary(self, doc: Document) -> Vocabulary:
        """The places and the words of the languages that the listing may be written in, compiled when first met."""
        chosen = languages(doc).intersection(self.lexicons)
        if chosen not in self._compiled:
            self._terms |= {name: compiled(self.lexicons[name]) for name in chosen - self._terms.keys()}
            self._compiled[chosen] = Vocabulary([*(self._terms[name] for name in sorted(chosen)), self.gazetteer.terms])
        return self._compiled[chosen]

    def find(self, doc: Document, facts: Facts) -> tuple[Signal, ...]:
        """Signals of the listing; one that stands in no words is left out where words say the same."""
        texts, world = self._survey(doc)
        said = self._weighed(texts, facts, list(self._said(texts, facts, world)))
        return _kept([*said, *self._shown(doc, facts, world, texts)])

    def sentences(self, doc: Document, facts: Facts) -> Iterator[tuple[str, Sentence, frozenset[str]]]:
        """Field, sentence and the signals that rules find in it, of the sentences in which a concept or a place stands."""
        texts, world = self._survey(doc)
        said = list(self._said(texts, facts, world))
        for text in texts:
            for sentence, here in _by_sentence(text, said):
                yield text.name, sentence, frozenset(signal.signal for signal in here)

    def _survey(self, doc: Document) -> tuple[list[_Text], Map]:
        vocabulary = self.vocabulary(doc)
        texts = [self._text(doc, name, vocabulary) for name in FIELDS if name in doc.fields]
        return texts, survey(doc, self.gazetteer, {text.name: (text.scopes, text.places) for text in texts})

    def _weighed(self, texts: Sequence[_Text], facts: Facts, said: list[Signal]) -> list[Signal]:
        """What rules found, weighed sentence by sentence against what examples teach: a finding is as strong as they are sure of
        it, and may fall; a sentence that no rule reads may speak."""
        if facts.offer not in ("sale", "rental"):
            return said
        chances: dict[int, float] = {}
        voted: list[Signal] = []
        for text in texts:
            for sentence, here in _by_sentence(text, said):
                ruled = {signal.signal for signal in here}
                words = text.folded.text[sentence.start : sentence.end].strip()
                votes = probabilities(self.votes, words, marks(told(sentence), ruled))
                chances.update((id(found), votes[found.signal]) for found in here if found.signal in votes)
                voted += self._clauses(text, sentence, here)
                for signal, sure in votes.items():
                    if signal not in ruled and sure >= _enough_said(signal, text, sentence):
                        start, end = _trimmed(sentence)
                        voted += _quoted(signal, text, [Finding(start, end, "", round(VOTE * sure, 4))])
        weighed = [(found, chances.get(id(found))) for found in said]
        kept = [found if sure is None else replace(found, strength=round(sure, 4)) for found, sure in weighed if sure is None or sure >= TOLD]
        return [*kept, *voted]

    def _clauses(self, text: _Text, sentence: Sentence, here: Sequence[Signal]) -> Iterator[Signal]:
        """Clauses of a sentence that say, by the examples, what rules found in another of its clauses: one more place to quote."""
        ruled = {signal.signal for signal in here} & set(self.votes.labels)
        clauses = list(sentence.clauses()) if ruled and sentence.pauses else []
        for clause in clauses[:MOST_CLAUSES]:
            words = text.folded.text[clause.start : clause.end].strip()
            low, high = text.folded.span(clause.start, clause.end)
            silent = ruled - {s.signal for s in here if (s.start or 0) < high and low < (s.end or 0)}
            if len(words) < LEAST_CLAUSE or not silent:
                continue
            votes = probabilities(self.votes, words, marks({h.concept for h in sentence.hits if clause.start <= h.start and h.end <= clause.end}, ()))
            for signal in sorted(silent):
                if votes[signal] >= TOLD:
                    start = clause.start + len(text.folded.text[clause.start : clause.end]) - len(text.folded.text[clause.start : clause.end].lstrip())
                    yield from _quoted(signal, text, [Finding(start, start + len(words), "", round(VOTE * votes[signal], 4))])

    def _text(self, doc: Document, name: str, vocabulary: Vocabulary) -> _Text:
        folded = doc.fields[name]
        found = vocabulary.all(folded.text)
        words = longest(hit for hit in found if hit.concept not in PLACES)
        named = self.gazetteer.among(folded, [hit for hit in found if hit.concept in PLACES and not _cut(folded.text, hit, words)])
        places = tuple(self.gazetteer.with_own(doc.fields.get("location"), folded, named))
        hits = [*words, *(place.hit for place in places)]
        hits.sort(key=lambda hit: (hit.start, -hit.end))
        return _Text(name, folded, tuple(Scope(s) for s in sentences(folded.text, hits)), places)

    def _said(self, texts: Sequence[_Text], facts: Facts, world: Map) -> Iterator[Signal]:
        """Signals that the words state."""
        goods = facts.offer in ("sale", "rental")
        chips = [chip.chip for chip in facts.chips]
        way = Way(world.restricted_named, world.abroad, facts.offer == "rental", facts.restricted, tuple(chips))
        for text in texts:
            scopes, folded = text.scopes, text.folded
            yield from _quoted("export_evasion", text, export_evasion(scopes, way) if goods else ())
            yield from _quoted("off_platform_contact", text, off_platform_contact(scopes, folded.text))
            if facts.price is not None and facts.price.kind == "placeholder":
                yield from _quoted("placeholder_price", text, _stand_in(scopes, text.name, facts.price))
            if not goods:
                continue
            yield from _quoted("serial_removed", text, serial_removed(scopes))
            yield from _quoted("relabelled", text, relabelled(scopes, chips))
            yield from _quoted(
                "no_paperwork", text, no_paperwork(scopes, for_parts=facts.condition == "parts")
            )
            yield from _quoted("bulk_inventory", text, bulk_inventory(scopes, folded.text, facts, self.least, text.name))
            yield from _quoted("engineering_sample", text, engineering_sample(scopes, folded))
            yield from _quoted("modified_hardware", text, modified_hardware(scopes))

    def _shown(self, doc: Document, facts: Facts, world: Map, texts: Sequence[_Text]) -> Iterator[Signal]:
        """Signals that fields and figures show, with or without words."""
        if facts.price is not None and facts.price.kind == "placeholder":
            if not any(True for text in texts for _ in _stand_in(text.scopes, text.name, facts.price)):
                for text in texts:
                    yield from islice(_quoted("placeholder_price", text, _of_the_figure(text.scopes)), 2)
            yield Signal("placeholder_price", "price_text")
        if facts.offer not in ("sale", "rental"):
            return
        if enough(facts, self.least):
            yield Signal("bulk_inventory", "quantity", detail=facts.total_chips)
        by_name = {text.name: text for text in texts}
        for signal, found in (
            ("transit_route", transit_route(world, facts)), ("restricted_destination", restricted_destination(world, facts)),
        ):  # fmt: skip
            rows = list(found)
            for name, place in rows:
                if place is not None:
                    yield from _quoted(signal, by_name[name], [place])
            shown = [name for name, place in rows if place is None]
            if shown and len(shown) == len(rows) and signal == "restricted_destination":
                for text in texts:
                    yield from _quoted(signal, text, handed_over(text.scopes))
            if shown:
                yield Signal(signal, shown[0])
        disguised = disguised_goods(doc, facts, texts[0].scopes if texts else ())
        if disguised is not None:
            name, place = disguised
            yield from (
                _quoted("disguised_goods", by_name[name], [place])
                if place
                else [Signal("disguised_goods", name)]
            )


def _cut(text: str, place: Hit, words: Iterable[Hit]) -> bool:
    """Whether a place's short name is cut out of other words, in a script that does not set words apart: `国行` in `回国行李`."""
    if place.concept != "place_weak" or not unspaced(text[place.start]):
        return False
    return any(w.start < place.start < w.end < place.end or place.start < w.start < place.end < w.end for w in words)


def _by_sentence(text: _Text, said: Iterable[Signal]) -> Iterator[tuple[Sentence, list[Signal]]]:
    """Each sentence of a field with the findings that begin in it."""
    found = sorted(
        (s for s in said if s.field == text.name and s.start is not None), key=lambda s: s.start or 0
    )
    for scope in text.scopes:
        low, high = text.folded.span(scope.s.start, scope.s.end)
        yield scope.s, [signal for signal in found if low <= (signal.start or 0) < high]


def _enough_said(signal: str, text: _Text, sentence: Sentence) -> float:
    """The probability from which a sentence that no rule reads speaks; one that demands a licence or a check has to be sure, and
    so has one on another name that speaks of nothing that bears one."""
    denials = sentence.of("not", "none", "unasked", "dismiss")
    demands = signal == "export_evasion" and any(
        not any(n.start <= d.start and gap(n, d) <= DENIED for n in denials) for d in sentence.of("comply", "stops")
    )
    nameless = signal == "relabelled" and sentence.concepts.isdisjoint(BEARERS)
    return TOLD_AGAINST if demands or nameless else TOLD_IN_TITLE if text.name == "title" else TOLD


def _trimmed(sentence: Sentence) -> tuple[int, int]:
    """A sentence's place without the spaces around it."""
    text = sentence.text[sentence.start : sentence.end]
    return sentence.start + len(text) - len(text.lstrip()), sentence.end - len(text) + len(text.rstrip())


def _stand_in(scopes: Iterable[Scope], field: str, price: Price) -> Iterator[Finding]:
    """What says so in the lexicon's words, and where the price was read."""
    for scope in scopes:
        for hit in scope.s.of("stand_in"):
            yield Finding(hit.start, hit.end, hit.languages[0])
    for name, start, end in price.stands_in:
        if name == field:
            yield Finding(start, end, "")


def _of_the_figure(scopes: Iterable[Scope]) -> Iterator[Finding]:
    """Where no word that is known says so: clauses that speak of a coin without a sum, or of the figure that is shown."""
    for scope in scopes:
        for clause in scope.s.clauses():
            words = scope.s.text[clause.start : clause.end]
            if _COIN.search(words) or _SHOWN.search(words):
                start = clause.start + len(words) - len(words.lstrip())
                yield Finding(start, start + len(words.strip()), "", 0.6)


def _quoted(signal: str, text: _Text, findings: Iterable[Finding]) -> Iterator[Signal]:
    """The first findings, each place once, with their raw place and words."""
    seen: set[int] = set()
    for found in findings:
        start, end = text.folded.span(found.start, found.end)
        if start in seen:
            continue
        seen.add(start)
        yield Signal(
            signal, text.name, start, end, text.folded.raw[start:end], found.language or None,
            strength=found.strength, detail=found.detail,
        )  # fmt: skip
        if len(seen) == MOST_PLACES:
            return


def _kept(found: Iterable[Signal]) -> tuple[Signal, ...]:
    """Each place once, at most MOST_PLACES for a signal; a signal without a place only where it has none."""
    places: dict[str, dict[tuple[str | None, int | None], Signal]] = {}
    for signal in found:
        places.setdefault(signal.signal, {}).setdefault((signal.field, signal.start), signal)
    kept: list[Signal] = []
    for rows in places.values():
        said = [row for row in rows.values() if row.start is not None]
        kept += said[:MOST_PLACES] or list(rows.values())[:1]
    return tuple(kept)
