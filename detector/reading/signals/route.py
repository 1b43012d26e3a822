"""transit_route and restricted_destination: where goods lie, through what they go, to whom."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from detector.reading.clauses import gap
from detector.reading.document import Document
from detector.reading.model import Facts
from detector.reading.signals.gazetteer import PLACES, Found, Gazetteer
from detector.reading.signals.scope import BESIDE, NEAR, TIGHT, Finding, Scope, answered_no
from detector.reading.signals.vocabulary import Hit
from detector.reading.text import fold_pattern

if TYPE_CHECKING:
    from config.schema.places import Place

HERE = ("from", "store")
THERE = ("to", "users", "open_to")
THROUGH = ("via", "onward")
MAKERS = frozenset({"CN", "HK"})
"""Places that are also named as the maker's or the workshop's: `China modded`."""
ROLES = (*HERE, *THERE, *THROUGH, "came")
OFFERS = ("unasked", "dismiss", "evade", "evade_weak")
"""Words that hold a negation and deny nothing of the way."""
LEFT_OUT = ("no_ship", "except_for", "refuse", "comply")
REFUSALS = ("refuse", "no_ship", "except_for", "stops", "no_channel")
DENIALS = ("not", "none", "not_after", "none_after")
STAYS = "stays"
"""Role of a place that goods do not leave."""
MOST_STOPS = 200
"""Places of one text that are looked at; a long real one names a dozen."""
_TOLD_NO = re.compile(
    fold_pattern(
        r"[:：,，–—-]\s?(?:que |sorry,? |die antwort ist |ответ )?(?:nein|nie|niemals|no|nope|never|non|nem|não|нет|никогда|hayır|olmaz|không|tidak|tak boleh|一律不|没门|免谈|お断り|안 됩니다|لا)(?=\W|$)(?:[^,:，：]{0,12}$|\s?[,，.;–—])"
    )
)
# `To Russians, sorry, I do not send`: people of a place set before what is denied them.
_TOPIC = re.compile(
    fold_pattern(
        r"\s?[,，:：—–-]?\s?(?:sorry|apologies|leider|sorry aber|désolée?|lo siento|desculpem?|извините|извиняюсь|простите|увы|к сожалению|kusura bakmayın|üzgünüm|maalesef|maaf|xin lỗi|thông cảm|抱歉|不好意思|对不起|申し訳ありませんが|すみませんが|恐れ入りますが|죄송하지만|죄송합니다만|عذرا|للأسف|maaf karein)?\s?[,，:：—–-]?\s?"
    )
)
OF_IT = 2
"""Letters from a refusal to the place that it is of."""
MEETING = 24
"""Letters behind a word of handing over that tell where."""
_MEETING_WORDS = re.compile(
    fold_pattern(
        r"[验看测试]货|验[机卡]|自提|优先|为主|最好|也行|(?:均|都|皆)?可以?|支持|仅限?|只限?|同城|当面|见面|面交|或者?|邮寄|包邮|快递|顺丰|交易|测试|不寄|手渡し|引き取り|のみ|希望|歓迎|可能|직거래|우선|가능|만|only|preferred|welcome|possible|please"
    )
)
AWAY, AWAY_PAUSES, FROM_THERE = 70, 2, 40
"""Letters and pauses between a place and what becomes of who orders from there (`Buyers in Russia, sorry, we are not allowed to sell to you`),
and letters before the place in which such people or orders are named."""
_FROM_THERE = re.compile(
    fold_pattern(
        r"\b(?:orders?|requests?|inquir\w+|enquir\w+|offers?|bids?|address\w*|any(?:one|body)|those|guys?|friends?|cousins?|people|folks|users?|customers?|buyers?|clients?|consignees?|forwarders?)\b|"
        r"買家|买家|客户|客戶|用户|用戶|订单|訂單|地址在|注文|お客|方から|구매자|고객|주문|покупател\w*|клиент\w*|заказ\w*|запрос\w*|адрес\w*|anfragen|bestellungen|käufer\w*|kunden|"
        r"compradores|clientes|pedidos|người mua|khách|đơn hàng|alıcı\w*|müşteri\w*|sipariş\w*|pembeli|pelanggan|pesanan|المشترين|العملاء|الطلبات|acheteurs|clients|commandes|grahak"
    )
)
_THEIRS = re.compile(
    fold_pattern(
        r"\s?(?:的)?(?:地区|地區|境内)?(?:主体|主體|买家|買家|客户|客戶|用户|用戶|朋友|同胞|订单|訂單|地址|の方|のお客|からのお?問|からの注文|からの依頼|업자|분들|고객|구매자|바이어)|"
        r"\s(?:buyers?|customers?|clients?|orders?|addresses|friends|users|bidders|traders|alıcılar|müşteriler|kunden|käufer)\b"
    )
)
_WELCOME = re.compile(fold_pattern(r"welcome|\bok\b|\bfine\b|no problem|欢迎|可以|没问题|歓迎|환영|가능|приветству|можно|willkommen|bienvenid|bem-vind|hoan nghênh|hoş ?geld|selamat|أهلا|مرحبا"))
_LIST = re.compile(
    fold_pattern(
        r"\s?(?:[,，、/;；]|\bor\b|\band\b|\bnor\b|\boder\b|\bund\b|\bnoch\b|или|и|ни|\by\b|\bo\b|\be\b|\bni\b|\bou\b|\bnem\b|及|和|或|跟|与|または|や|と|및|이나|나|와|과|\batau\b|\bdan\b|\bve\b|\bveya\b|\bhoặc\b|\bvà\b|أو|و)\s?"
        r"(?:(?:or|and|nor|und|oder|или|и|y|o|ou|e|ve|dan|atau|và|the|to|in|mainland|nach|в|на|a|para|к|إلى|الى|ke|sang)\s?){0,3}"
    )
)
"""What joins two places of one list."""
BESIDE_PLACE, CAME_BEFORE = 18, 28
"""Letters between a place and the word that says what it is to the goods; a verb of coming may have its manner between: `came by air from`."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A place of a text with its roles: `from`, `to`, `via` and their kin. `way` is the place with the words that send goods
    there."""

    field: str
    found: Found
    roles: frozenset[str]
    way: tuple[int, int]

    @property
    def place_id(self) -> str:
        return self.found.place.id

    def finding(self) -> Finding:
        hit = self.found.hit
        return Finding(hit.start, hit.end, "", detail=self.place_id)

    def sending(self) -> Finding:
        """The place and the words that send goods there."""
        return Finding(*self.way, "", detail=self.place_id)


@dataclass(frozen=True, slots=True)
class Map:
    """All that a listing says about places. `home` is the marketplace's country, `here` where the goods are."""

    stops: tuple[Stop, ...]
    home: str | None
    place: Place | None
    goes: str | None

    @property
    def here(self) -> str | None:
        return self.place.id if self.place else self.home

    @property
    def here_restricted(self) -> bool:
        return self.place is not None and self.place.restricted

    @property
    def abroad(self) -> bool:
        """Whether goods cross a border on a way that controls are about: a hub or a restricted place that is not home."""
        elsewhere = (
            self.place is not None
            and self.place.id != self.home
            and (self.place.hub or self.place.restricted)
        )
        named = (s.found.place for s in self.stops if s.place_id != self.home)
        return (
            elsewhere
            or (self.goes or self.home) != self.home
            or any(place.hub or place.restricted for place in named)
        )

    @property
    def restricted_named(self) -> bool:
        return (
            self.here_restricted or self.goes is not None or any(s.found.place.restricted for s in self.stops)
        )


def survey(
    doc: Document, gazetteer: Gazetteer, texts: Mapping[str, tuple[Sequence[Scope], Sequence[Found]]]
) -> Map:
    """Places of title, description, location, country and ships_to."""
    home = doc.listing.country.upper() if doc.listing.country else None
    place = gazetteer.located(doc.fields.get("location"), home) or gazetteer.by_id.get(home or "")
    here = {home, place.id if place else None}
    named = (stop for name, (scopes, found) in texts.items() for stop in _stops(name, scopes, found))
    # Handed over in another country than the seller's own: goods go there.
    stops = tuple(
        replace(stop, roles=frozenset({"to"})) if STAYS in stop.roles and stop.place_id not in here else stop for stop in named
    )
    found = gazetteer.find(doc.fields["ships_to"]) if "ships_to" in doc.fields else []
    goes = next((f.place.id for f in found if f.place.restricted), None)
    return Map(stops, home, place, goes)


def _stops(field: str, scopes: Sequence[Scope], places: Sequence[Found]) -> Iterator[Stop]:
    starts = [s.s.start for s in scopes]
    placed = ((found, bisect_right(starts, found.hit.start) - 1) for found in places[:MOST_STOPS])
    rows = [
        (found, at, _left_out(scopes[at], found) or answered_no(scopes, at))
        for found, at in placed
        if at >= 0 and found.hit.start < scopes[at].s.end
    ]
    rows = _whole_lists(scopes, rows)
    barred = {(at, found.place.id) for found, at, out in rows if out}
    for found, at, out in rows:
        leaning = [] if out else list(_leaning(scopes[at], found))
        # `Russians: I do not send to Russia` leaves out both.
        if out or (not leaning and (at, found.place.id) in barred):
            continue
        roles = frozenset([STAYS] if _beside(scopes[at], found, ("local_only",)) else (hit.concept for hit in leaning))
        sent = [found.hit, *(hit for hit in leaning if hit.concept in (*THERE, *THROUGH))]
        if not found.weak or any(_touches(scopes[at], h, found.hit) for h in scopes[at].s.of(*ROLES)):
            yield Stop(field, found, roles, (min(h.start for h in sent), max(h.end for h in sent)))


def _whole_lists(scopes: Sequence[Scope], rows: Sequence[tuple[Found, int, bool]]) -> list[tuple[Found, int, bool]]:
    """What denies the first place of a list denies all of them: `not for China, Russia or Iran`."""
    found: list[tuple[Found, int, bool]] = []
    for row in rows:
        joined = bool(found) and found[-1][1] == row[1] and (
            row[0].hit.start <= found[-1][0].hit.end or _LIST.fullmatch(scopes[row[1]].s.text, found[-1][0].hit.end, row[0].hit.start) is not None
        )
        found.append((*row[:2], row[2] or (joined and found[-1][2])))
    return found


def _leaning(scope: Scope, found: Found) -> Iterator[Hit]:
    """Words of the route that lean on the place, on the same side of a pause; `到马尾(福州)` is one name in two."""
    s, place = scope.s, found.hit
    came = s.of("came")
    glossed = place.start > s.start and s.text[place.start - 1] in "(（["
    for hit in s.of(*ROLES):
        if any(c is not hit and c.start <= hit.start and hit.end <= c.end for c in came):
            continue  # `过` of `过嚟`
        touching = gap(hit, place) * scope.density <= (CAME_BEFORE if hit.concept == "came" else BESIDE_PLACE)
        if touching and s.pauses_between(hit, place) <= (glossed and hit.end <= place.start):
            yield hit


def _touches(scope: Scope, hit: Hit, place: Hit) -> bool:
    return 0 <= gap(hit, place) * scope.density <= BESIDE and scope.s.pauses_between(hit, place) == 0


def _beside(scope: Scope, found: Found, concepts: Sequence[str]) -> bool:
    """Whether such a word governs the place, directly or at the head of a list of places."""
    s, place = scope.s, found.hit
    for hit in s.of(*concepts):
        if hit.start <= place.start and place.end <= hit.end:
            return True
        pauses = s.pauses_between(hit, place)
        if (
            hit.end <= place.start
            and scope.near(hit, place, 26)
            and pauses <= (1 + _listed(scope, hit, place) if concepts is LEFT_OUT else 1)
        ):
            return pauses == 0 or concepts is not LEFT_OUT or bool(_listed(scope, hit, place))
        if any(e.start <= hit.start and hit.end <= e.end for e in s.of("except_for")):
            continue
        if hit.start >= place.end and pauses == 0 and scope.near(hit, place, NEAR if concepts is LEFT_OUT else 16):
            return True
    return False


def _listed(scope: Scope, first: Hit, last: Hit) -> int:
    """How many places stand between a word and a place: `no shipping to Russia, Iran or China`."""
    return len(scope.s.between(first, last, *PLACES))


def _left_out(scope: Scope, found: Found) -> bool:
    """Named only to be left out: `no shipping to Russia`, `made in China`, `not a single one goes to Moscow`, and whoever
    asks for Minsk is told: `no, never`."""
    s, place = scope.s, found.hit
    if _beside(scope, found, LEFT_OUT) or _TOLD_NO.search(s.text, place.end, s.end) or _asked_and_refused(scope, place):
        return True
    if _turned_away(scope, place):
        return True
    # `Buyers in China: please do not ask`: only of people does that send anybody away.
    people = any(u.end <= place.start and scope.near(u, place, TIGHT) and not s.pauses_between(u, place) for u in s.of("users"))
    sent_off = s.of("no_ship", *(("secret", "elsewhere", "refuse", "no_channel") if people else ()))
    if any(
        _TOPIC.fullmatch(s.text, place.end, h.start) and not any(0 <= p.start - h.end <= OF_IT for p in s.of(*PLACES))
        for h in sent_off if h.start >= place.end
    ):  # not `发深圳，不发伊朗`
        return True
    reach = NEAR if scope.density == 1 else 14 - BESIDE
    denials = (
        n
        for n in s.of("not", "none", "stops")
        if not any(o.start <= n.start and n.end <= o.end for o in s.of(*OFFERS, "handled", "grey", "evade"))
    )
    return any(
        n.end <= place.start and scope.near(n, place, reach) and not s.pauses_between(n, place)
        for n in denials
    )


def _turned_away(scope: Scope, place: Hit) -> bool:
    """`Orders going to Shenzhen get cancelled`, `大陆、俄罗斯买家勿扰`: who comes from there, or what is ordered there, is not wanted. Without
    such a word it is hagglers that are sent away: `可送深圳，非诚勿扰`."""
    s = scope.s
    away = any(
        h.start >= place.end
        and scope.near(h, place, AWAY)
        and s.pauses_between(h, place) <= AWAY_PAUSES + _listed(scope, place, h)
        and not scope.negated(h)
        and not _WELCOME.search(s.text, place.end, h.start)
        for h in s.of("turned_away")
    )
    if not away:
        return False
    if _FROM_THERE.search(s.text, max(s.start, place.start - int(FROM_THERE / scope.density)), place.start):
        return True
    listed = (p.end for p in s.of(*PLACES) if p.start >= place.start and _LIST.fullmatch(s.text, place.end, p.start))
    return _THEIRS.match(s.text, max([place.end, *listed])) is not None


def _asked_and_refused(scope: Scope, place: Hit) -> bool:
    """`To those who ask me to send it to Shanghai: I don't`: somebody else's wish, denied behind it."""
    s = scope.s
    wishes = [w for w in s.of("asked", "others") if w.end <= place.start and scope.near(w, place) and s.pauses_between(w, place) <= 1]
    denials = REFUSALS if all(w.concept == "others" for w in wishes) else (*REFUSALS, *DENIALS)
    return bool(wishes) and any(
        n.start >= place.end and not any(o.start <= n.start and n.end <= o.end for o in s.of(*OFFERS)) for n in s.of(*denials)
    )


def restricted_destination(world: Map, facts: Facts) -> Iterator[tuple[str, Finding | None]]:
    """(field, finding) for each place that shows it; None where the field itself does."""
    if not facts.restricted:
        return
    named = [s for s in world.stops if s.found.place.restricted]
    # A town, or a country that makes no chips, is named for no other reason than that goods are or go there.
    sure = (s for s in named if s.found.town or s.place_id not in MAKERS)
    if (
        world.here_restricted
        or any(s.roles - ({STAYS, "came", *HERE} if "came" in s.roles else {STAYS}) for s in named)
        or any(s.roles.isdisjoint({STAYS, "came"}) for s in sure)
    ):
        yield from ((stop.field, stop.finding()) for stop in named)
    if world.here_restricted:
        yield "location" if world.here != world.home else "country", None
    if world.goes:
        yield "ships_to", None


def handed_over(scopes: Sequence[Scope]) -> Iterator[Finding]:
    """Where the text says that buyer and seller meet: a part of a town that no list of places has (`Entrega en Chacao`), behind the
    word or, where nothing is, before it (`大悦城面交`)."""
    for scope in scopes:
        for hit in scope.s.of("handover"):
            clause, reach = scope.s.clause(hit), int(MEETING / scope.density)
            start, end = max(clause.start, hit.start - reach), max(min(clause.end, hit.end + reach), hit.end)
            if _names_something(scope.s.text[hit.end : end]):
                yield Finding(hit.start, end, hit.languages[0])
            elif _names_something(scope.s.text[start : hit.start]):
                yield Finding(start, hit.end, hit.languages[0])


def _names_something(words: str) -> bool:
    """Whether letters are left when the words of meeting and looking are gone."""
    return sum(map(str.isalpha, _MEETING_WORDS.sub("", words))) > 1


def transit_route(world: Map, facts: Facts) -> Iterator[tuple[str, Finding | None]]:
    """(field, finding); the marketplace's own home is no transit unless goods are sent on from it, which the place they go to
    shows as well."""
    if facts.offer != "sale":
        return
    sent_on = [stop for stop in world.stops if _goes_there(world, stop)]
    by_location = world.place is not None and world.place.hub and (world.place.id != world.home or bool(sent_on))
    hubs = {world.here} if by_location else set()
    for stop in world.stops:
        at_home = stop.place_id in (world.home, world.here)
        # A hub's town abroad is a stage of goods that go on, whatever is said of it: `our people at Mersin put it together`.
        staged = bool(sent_on) and stop.found.town and not at_home and not stop.roles
        if stop.found.place.hub and (staged or (stop.roles - {STAYS} and (not at_home or sent_on or (stop.roles & {"onward"})))):
            hubs.add(stop.place_id)
    yield from ((stop.field, stop.finding()) for stop in world.stops if stop.place_id in hubs)
    if by_location:
        yield from ((stop.field, stop.sending()) for stop in sent_on)
        yield "location", None


def _goes_there(world: Map, stop: Stop) -> bool:
    """Whether goods go on to a restricted place that is not the seller's own."""
    if not stop.found.place.restricted or stop.place_id in (world.home, world.here):
        return False
    return bool(stop.roles & {*THERE, *THROUGH}) or (stop.found.town and stop.roles.isdisjoint({STAYS, "came"}))
