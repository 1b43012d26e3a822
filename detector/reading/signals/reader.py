"""All signals that one listing gives by itself, in a fixed order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from detector.reading.clauses import Sentence, sentences
from detector.reading.document import Document
from detector.reading.languages import languages
from detector.reading.model import Facts, Price, Signal
from detector.reading.signals.disguise import disguised_goods
from detector.reading.signals.gazetteer import PLACES, Gazetteer
from detector.reading.signals.route import Map, handed_over, restricted_destination, survey, transit_route
from detector.reading.signals.rules import MOST_PLACES, Rule, Text, by_sentence, quoted, rules_of
from detector.reading.signals.scope import Finding, Scope
from detector.reading.signals.stock import bulk_inventory, enough
from detector.reading.signals.vocabulary import Hit, Terms, Vocabulary, compiled, longest, unspaced
from detector.reading.signals.weighed import VOTE, weighed
from detector.reading.text import fold_pattern
from detector.reading.votes import Votes

if TYPE_CHECKING:
    from config.loader import Config
    from detector.reading.chips import Mention

FIELDS = ("title", "description")
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


_PAUSE = re.compile(r"[,;.!?。，；！？、\n]")


class SignalReader:
    """Compiles the knowledge of a config once; `find` is pure."""

    def __init__(self, config: Config) -> None:
        self.lexicons = config.lexicon
        self.gazetteer = Gazetteer(config.places)
        self.least = config.signals.settings.bulk_chips
        self.votes = Votes(config.learned("signals"))
        self.own_memory = {
            ident: frozenset(sizes) for chip in config.catalogue.chip if chip.market == "datacentre"
            for ident, sizes in ((chip.id, chip.memory_gb), *((variant.id, variant.memory_gb) for variant in chip.variants))
        }  # fmt: skip
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
        rules = rules_of(facts, world, self.own_memory)
        said = list(self._said(texts, facts, rules))
        if facts.offer in ("sale", "rental"):
            said = list(weighed(self.votes, texts, rules, said))
            if facts.outside is not None and not any(signal.signal == "relabelled" for signal in said):
                said += _borne(texts, facts.outside)
        return _kept([*said, *self._shown(doc, facts, world, texts)])

    def sentences(self, doc: Document, facts: Facts) -> Iterator[tuple[str, Sentence, frozenset[str]]]:
        """Field, sentence and the signals that rules find in it, of the sentences in which a concept or a place stands."""
        texts, world = self._survey(doc)
        said = list(self._said(texts, facts, rules_of(facts, world, self.own_memory)))
        for text in texts:
            for sentence, here in by_sentence(text, said):
                yield text.name, sentence, frozenset(signal.signal for signal in here)

    def _survey(self, doc: Document) -> tuple[list[Text], Map]:
        vocabulary = self.vocabulary(doc)
        texts = [self._text(doc, name, vocabulary) for name in FIELDS if name in doc.fields]
        return texts, survey(doc, self.gazetteer, {text.name: (text.scopes, text.places) for text in texts})

    def _text(self, doc: Document, name: str, vocabulary: Vocabulary) -> Text:
        folded = doc.fields[name]
        found = vocabulary.all(folded.text)
        words = longest(hit for hit in found if hit.concept not in PLACES)
        named = self.gazetteer.among(folded, [hit for hit in found if hit.concept in PLACES and not _cut(folded.text, hit, words)])
        places = tuple(self.gazetteer.with_own(doc.fields.get("location"), folded, named, (doc.listing.country or "").upper()))
        hits = [*words, *(place.hit for place in places)]
        hits.sort(key=lambda hit: (hit.start, -hit.end))
        return Text(name, folded, tuple(Scope(s) for s in sentences(folded.text, hits)), places)

    def _said(self, texts: Sequence[Text], facts: Facts, rules: Mapping[str, Rule]) -> Iterator[Signal]:
        """Signals that the words state."""
        goods = facts.offer in ("sale", "rental")
        for text in texts:
            scopes, folded = text.scopes, text.folded
            for signal, rule in rules.items():
                if goods or signal == "off_platform_contact":
                    yield from quoted(signal, text, rule(scopes, folded))
            if facts.price is not None and facts.price.kind == "placeholder":
                yield from quoted("placeholder_price", text, _stand_in(scopes, text.name, facts.price))
            if goods:
                yield from quoted("bulk_inventory", text, bulk_inventory(scopes, folded.text, facts, self.least, text.name))

    def _shown(self, doc: Document, facts: Facts, world: Map, texts: Sequence[Text]) -> Iterator[Signal]:
        """Signals that fields and figures show, with or without words."""
        if facts.price is not None and facts.price.kind == "placeholder":
            if not any(True for text in texts for _ in _stand_in(text.scopes, text.name, facts.price)):
                for text in texts:
                    yield from islice(quoted("placeholder_price", text, _of_the_figure(text.scopes)), 2)
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
                    yield from quoted(signal, by_name[name], [place])
            shown = [name for name, place in rows if place is None]
            if shown and len(shown) == len(rows) and signal == "restricted_destination":
                for text in texts:
                    yield from quoted(signal, text, handed_over(text.scopes))
            if shown:
                land = self.gazetteer.by_id.get((world.goes if shown[0] == "ships_to" else world.here) or "")
                yield Signal(signal, shown[0], detail=land and f"{land.name}, by the listing's {shown[0].replace('_', ' ')}")
        disguised = disguised_goods(doc, facts, texts[0].scopes if texts else ())
        if disguised is not None:
            name, place = disguised
            yield from (
                quoted("disguised_goods", by_name[name], [place])
                if place
                else [Signal("disguised_goods", name)]
            )


def _cut(text: str, place: Hit, words: Iterable[Hit]) -> bool:
    """Whether a place's short name is cut out of other words, in a script that does not set words apart: `国行` in `回国行李`."""
    if place.concept != "place_weak" or not unspaced(text[place.start]):
        return False
    return any(w.start < place.start < w.end < place.end or place.start < w.start < place.end < w.end for w in words)


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


def _borne(texts: Sequence[Text], outside: Mention) -> Iterator[Signal]:
    """relabelled, by the clause that says what another chip's name stands on."""
    for text in texts:
        if text.name == outside.field:
            written = text.folded.text
            start = max((pause.end() for pause in _PAUSE.finditer(written, 0, outside.start)), default=0)
            end = pause.start() if (pause := _PAUSE.search(written, outside.end)) else len(written)
            yield from quoted("relabelled", text, [Finding(start + (written[start:end][:1] == " "), end, "", VOTE)])
