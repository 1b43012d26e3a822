"""What kind of offer a listing is, before any chip is believed to be offered.

Order, since each step is only right if those before it said no: credit and talk, wanted, service, souvenir and
look-alike, accessory, rental, sale. The title names the article; the description only says that something else is true.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from detector.reading.cues import Hit, Hits
from detector.reading.offer_accessory import A_CHIP, CARD_NOUN, Verdict, accessory, is_whole_pc, trifle
from detector.reading.offer_vote import features, vote
from detector.reading.page import Page
from detector.reading.text import fold_pattern

NEVER_A_CHIP = 0.06
"""Share under which no working or dead chip is sold, bait apart."""
FAR_TOO_DEAR = 3
"""Share from which a figure in a text is no price of one chip: those of talk are of whole markets."""
ASKING = 140
"""Folded characters of a description in which a buyer has said that he buys."""
SOUGHT = 28
"""Characters behind a buyer's verb in which the goods are named."""
_NOTHING = re.compile(
    fold_pattern(
        r"\s?(?:nichts|keine?\w*|nada|ничего|rien|không|nothing|kein tausch|venta|buyers?|customers?|pembeli|pelanggan|покупател\w*|买家|客户|käufer|compradores|comprador|người mua|alıcı|مشتري|client|chủ|tuan|pemilik|nuevo due|novo don|новый? хозя|新主|neues zuhause|rumah baru|的(?:别|勿|免|绕|走开|滚|来|联系|进|私|滴|朋友|老板|人|话|可以|加|直接|上|看|[，,。!！]|$))"
    )
)
_INCLUDED = re.compile(
    fold_pattern(
        r"\s?(?:过|完|好了|済|완료|done|历史|记录|歴|이력|history|geçmişi|yapıldı|görmedi)|[^,.;。，；\n]{0,12}(?:可(?:$|[\s,，。])|可能|可加|込み|付き|無料|포함|가능|무료|included|available|possible|optional|extra|möglich|inkl|incluid|inclus|dahil|включен|входит|возможн|bao gồm|gratis|miễn phí|termasuk|percuma|مجانا|مجاني|milega|赠送|另算|另计|免费|支持|可选)"
    )
)
"""Work that goes with the goods: 'installation included', 設置サポート可."""
_INCLUDED_BEFORE = re.compile(
    fold_pattern(
        r"(?:支持|包|含|免费|赠送|可|附带|协助|可协助|with|incl\w*\.?|including|free|plus|\+|mit|inkl\.?|con|com|с|включая|kèm|hỗ trợ|dengan|termasuk|مع|saath|avec|付き|support (?:for|with))\s?$"
    )
)
_NEGATED = re.compile(
    fold_pattern(
        r"(?:not|n't|never|no|不|没|未|非|不是|唔係|唔系|ではな|안|не|nicht|kein\w*|no|não|không|tidak|bukan|değil|لا|ليس|nahi)\W{0,2}$"
    )
)
_HAVE_WANT = re.compile(
    r"\[h\](?P<have>.*?)\[w\](?P<want>.*)|\[w\](?P<want2>.*?)\[h\](?P<have2>.*)|\[w\](?P<want3>.*)"
)
_MONEY = re.compile(r"paypal|cash|zelle|venmo|wire|crypto|usdt|btc|escrow|money|\$\s?\d|local|bank")
_WORD = re.compile(r"[^\W\d_]{2,}")
_TALK_END = re.compile(r"[?？]\s*$")
_PLACE = re.compile(fold_pattern("回收站|回收成色"))
_MACHINE = re.compile(
    fold_pattern(r"dgx|hgx|server|服务器|八?8?卡|baseboard|サーバ|서버|сервер|servidor|sunucu|máy chủ|node")
)
GOODS = ("sale", "rental")
"""Kinds that offer a chip."""
NO_GOODS, NO_GOODS_PLAIN, SURE, GOODS_AFTER_ALL, NO_CHIP_AT_ALL = 0.5, 0.9, 0.6, 0.8, 0.95
"""Probability that no chip is offered from which the votes take goods for none, and that from which they do so where nothing says what
else they are; that from which they choose among kinds of either; and those from which they make goods of what the rules hold to be none:
a fan given a chip costs more than a card overlooked. Souvenirs and things for a card are named by plain words, and described like their chip."""
_SUM_BEHIND = re.compile(r"\W{0,2}(?:(?:nt|hk|us|s)?[$€£¥₩₹]|rmb|usd|eur|rp|rm)\s?\d|\W{0,2}\d[\d.,]*\s?(?:元|円|원|万|руб|₽|€|tl\b|zł|грн|บาท)")
FEW = 30
"""Letters of a description under which the votes know little of what is offered."""
OPENS = 2
"""A word that begins this far into a title opens it: the head noun, where heads come first."""
SERVICE_AT = 3
"""Points from which a listing is work; see `_service`."""
_QUALITIES = (
    "hardware", "hardware-weak", "brand", "memory-size", "new", "used", "refurbished", "sale", "counter-card", "counter-any",
    "counter-machine", "stock", "number", "had", "each", "lot", "with",
)  # fmt: skip
"""Cues that say something of a card itself."""
_SPEAKS_OF: dict[str, tuple[str, ...]] = {
    "accessory": ("accessory", "accessory-weak", "without-chip", "fits"),
    "wanted": ("wanted", "pay"),
    "service": ("service", "service-weak", "fee", "your-card", "not-selling"),
    "other": ("homonym", "news", "souvenir", "credit", "job", "question", "cloud"),
    "sale": (), "rental": (),
}  # fmt: skip
"""Cues in a title by the kind that they speak of."""


def read_offer(page: Page) -> Verdict:
    """The kind of offer. Never raises; a listing that names no chip is `other` unless it is plainly a thing for one."""
    spoken: dict[str, Verdict] = {step.__name__.strip("_"): said for step in _STEPS if (said := step(page))}
    ruled = next(iter(spoken.values()), Verdict("other", "no chip is named"))
    if page.votes is None or ruled.formal or (ruled.offer == "rental" and _priced_rent(page)):
        return ruled
    if ruled.offer in GOODS and not page.description.text.strip() and _only_names(page):
        return ruled  # a name and nothing else: no letters for a vote to go by
    chances = vote(page.votes, page, features(page, spoken))
    goods = sum(chances[of] for of in GOODS)
    return replace(_chosen(page, spoken, ruled, chances, goods), goods=goods)


def _chosen(page: Page, spoken: dict[str, Verdict], ruled: Verdict, chances: dict[str, float], goods: float) -> Verdict:
    """Of the rules' verdict and the votes' likeliest kind the one to believe. Between goods and no goods all kinds of either count together."""
    was, kind = ruled.offer in GOODS, max(chances, key=chances.__getitem__)
    plain = was and _plain_goods(page, spoken, kind)
    if was and not plain and 1 - goods >= NO_GOODS:
        kind = max((of for of in chances if of not in GOODS), key=chances.__getitem__)
    elif was and kind not in GOODS:
        if not plain or chances[kind] < NO_GOODS_PLAIN:
            return ruled
    elif kind in GOODS and not was:
        refused = any(ruled is spoken.get(step) for step in ("souvenir", "accessory"))
        if chances[kind] < (NO_CHIP_AT_ALL if refused else GOODS_AFTER_ALL) or page.title["without-chip"]:
            return ruled
    elif kind == ruled.offer or chances[kind] < SURE:
        return ruled
    return next(
        (said for said in spoken.values() if said.offer == kind),
        Verdict(kind, f"by all that it shows ({chances[kind]:.2f})"),
    )


def _plain_goods(page: Page, spoken: dict[str, Verdict], kind: str) -> bool:
    """Whether nothing of the listing says plainly what the votes hold it to be instead of a chip on sale."""
    title, text = page.title, page.description
    if (page.price_share or 0) > NEVER_A_CHIP and _only_names(page):
        return True  # a card's name and a price for one, whatever its text speaks of
    said = text.text.strip()
    if len(said) < FEW and not (said and any(title[cue] for cue in _SPEAKS_OF[kind])):
        return True  # few letters to go by, and nothing in the title of what else it may be
    if kind == "accessory":  # it says that it is a card, and names nothing for one
        return bool(CARD_NOUN.search(title.text)) and not any(title[cue] for cue in _SPEAKS_OF["accessory"])
    return kind == "wanted" and "wanted" not in spoken  # nobody says that he seeks, or where such a word stands it seeks nothing


def _priced_rent(page: Page) -> bool:
    """Whether a sum is said to be rent: a displayed one by the hour, or one right behind a word of rent in the title (月租 NT$72,000)."""
    title = page.title
    return bool(page.price["rental-price"]) or any(_SUM_BEHIND.match(title.text, hit.end) for hit in title["rental"])


def rules_that_speak(page: Page) -> dict[str, bool]:
    """Which rules speak, each asked by itself: what the second opinion is learned from."""
    return {step.__name__.strip("_"): True for step in _STEPS if step(page)}


def _credit(page: Page) -> Verdict | None:
    if word := page.title.first("credit"):
        return Verdict("other", word)
    if (
        (word := page.title.first("cloud"))
        and not page.price["rental-price"]
        and (page.description["credit"] or not page.title["rental"])
    ):
        return Verdict("other", word)
    return None


def _wanted(page: Page) -> Verdict | None:
    title = page.title.text
    if page.title["news"]:
        return None
    if (trade := _HAVE_WANT.search(title)) is not None:
        have = trade["have"] or trade["have2"] or ""
        want = trade["want"] or trade["want2"] or trade["want3"] or ""
        wants_goods = (
            bool(page.named and any(m.field == "title" and m.start >= title.find(want) for m in page.named))
            if want
            else False
        )
        start = trade.start("have") if trade["have"] is not None else -1
        has_goods = (
            any(m.field == "title" and start <= m.start < start + len(have) for m in page.named)
            if have
            else False
        )
        if not have and any(m.field == "title" and m.end <= trade.start() for m in page.named):
            return None  # '[FS] A100 [W] PayPal': what is had stands before
        if not have or (_MONEY.search(have) and wants_goods and not has_goods):
            return Verdict("wanted", "[w]", formal=True)
        return None
    hits = [
        h
        for h in page.title["wanted"]
        if not _PLACE.match(title, h.start) and not _NOTHING.match(title, h.end) and not _NEGATED.search(title, max(0, h.start - 8), h.start)
    ]
    if (
        hits
        and not _no_chip_said(page)
        and not (page.title["sale"] and page.title["sale"][0].start < hits[0].start)
    ):
        return Verdict("wanted", title[hits[0].start : hits[0].end])
    if (word := page.category.first("wanted")) is not None:
        return Verdict("wanted", word)
    text = page.description.text
    opening = [
        h
        for h in page.description["wanted"]
        if h.start < 45 and not _PLACE.match(text, h.start) and _seeks_goods(page, h)
    ]
    if opening and not page.title["sale"] and not page.description["sale"] and not _no_chip_said(page):
        return Verdict("wanted", text[opening[0].start : opening[0].end])
    return _asking(page)


def _seeks_goods(page: Page, hit: Hit) -> bool:
    """Whether what is looked for in a description is goods: 'Busco venta rápida' looks for none."""
    text, end = page.description, hit.end + SOUGHT
    if _NOTHING.match(text.text, hit.end):
        return False
    if any(m.field == "description" and hit.start <= m.start <= end for m in page.named):
        return True
    return (
        any(
            hit.end <= h.start <= end
            for cue in ("hardware", "hardware-weak", "counter-card", "memory-size")
            for h in text[cue]
        )
        or not page.named_in_title
    )


def _asking(page: Page) -> Verdict | None:
    """A buy request told by how it asks: one firm word of a buyer and one other, early on, and no seller's word."""
    firm = page.title["buyer-firm"] + [h for h in page.description["buyer-firm"] if h.start < ASKING]
    if not firm or page.title["sale"] or page.price["rental-price"] or any(m.system for m in page.mentions):
        return None
    theirs = [
        h
        for h in page.description["sale"]
        if not any(f.start <= h.start and h.end <= f.end for f in page.description["buyer-firm"])
    ]
    asks = {page.title.text[h.start : h.end] for h in page.title["buyer-firm"] + page.title["buyer"]}
    asks |= {
        page.description.text[h.start : h.end]
        for h in page.description["buyer-firm"] + page.description["buyer"]
        if h.start < ASKING
    }
    return Verdict("wanted", ", ".join(sorted(asks))) if len(asks) > 1 and not theirs else None


def _no_chip_said(page: Page) -> bool:
    return bool(page.title["without-chip"])


def _service(page: Page) -> Verdict | None:
    """Points for and against work that is offered on hardware.

    For: a verb or noun of work in the title (2, weak ones 1, 1 more where it comes before the chip, or two chips or none
    are named), its category (2), work in the text (1, 2 with its opening or several words), how work is paid (2), the customer's
    own card (2), said that no hardware is sold (3), a trifling price (1). Against: a seller's word (2), a chip's price (3,
    1 where the card is the customer's), a machine by name (1).
    """
    title, text = page.title, page.description
    own = [hit for hit in title["service"] if not _goes_along(title.text, hit)]
    words = own or title["service-weak"]
    theirs = len(title.words("your-card")) + len({text.text[hit.start : hit.end] for hit in _said(text, "your-card")})
    work = {text.text[hit.start : hit.end] for hit in _said(text, "service")}
    chips = [m for m in page.named if m.field == "title"]
    points = 2 * bool(own) or int(bool(title["service-weak"]))
    if own:
        points += len(chips) != 1 or own[0].start < chips[0].start
        points += own[0].start <= OPENS
    points += 2 * bool(page.category["service"])
    if words or page.category["service"] or theirs or text["not-selling"] or trifle(page):
        points += min(2, len(work) + (page.opening("service") if work else 0))
        points += bool(text["service-weak"]) and not text["service"]
        points += 2 * bool(text["fee"] or title["fee"])
    points += 2 * bool(theirs) + (theirs > 1)
    points += 3 * bool(text["not-selling"] or title["not-selling"]) + trifle(page)
    points -= 2 * bool(title["sale"] and page.mentions) + any(m.system for m in page.mentions)
    if (page.price_share or 0) > A_CHIP and not text["not-selling"]:
        points -= 1 if theirs else 3 + 2 * ((page.price_share or 0) > 2 * A_CHIP)
    if (
        not words
        and (page.price_share or 0) > A_CHIP
        and not text["not-selling"]
        and not page.category["service"]
    ):
        return None
    named = title.first("service", "service-weak") or text.first("not-selling", "service", "your-card", "fee") or page.category.first("service")
    if points < SERVICE_AT or named is None or (page.disguised and not own):
        return None
    if title["accessory"] and not own and not text["not-selling"] and theirs < 2:
        return None
    return Verdict("service", named)


def _goes_along(text: str, hit: Hit) -> bool:
    """Whether the work named comes with goods, or may be had besides."""
    return bool(
        _INCLUDED.match(text, hit.end) or _INCLUDED_BEFORE.search(text, max(0, hit.start - 12), hit.start)
    )


def _job(page: Page) -> Verdict | None:
    """A post that looks for people: its word in the title, with pay or an application beside it."""
    word = page.title.first("job")
    return (
        Verdict("other", word)
        if word and (page.description["pay"] or page.description["job"] or page.no_price)
        else None
    )


def _talk(page: Page) -> Verdict | None:
    """Talk about chips: its tag or words, a question, or no sign at all that anything is sold."""
    title, text = page.title, page.description
    word = title.first("news")
    if word and (page.no_price or word.startswith("[")):
        return Verdict("other", word)
    if (word or text["news"]) and (text["not-selling"] or title["not-selling"]) and not title["service"]:
        return Verdict("other", word or text.first("news") or "")  # its figure is what others ask
    unpriced = page.no_price and not (title["sale"] or title["service"] or page.category["service"])
    if unpriced and (denied := text.first("not-selling") or title.first("not-selling")):
        return Verdict("other", denied)  # a complaint or a question; its figure is what was paid
    if not page.no_price or _HAVE_WANT.search(title.text):
        return None
    asks = title["question"] or _TALK_END.search(title.text)
    if title["sale"] and not asks:
        return None
    # A bare name is how sellers title an offer with the price on request; talk has words, and no condition or stock of its own.
    listing = page.doc.listing
    offers = bool(page.category["market-category"] or listing.condition or listing.quantity)
    bare = (not text.text.strip() or offers or _only_names(page)) and not title["news"]
    if asks or text["news"] or (not bare and not _sells(text) and not _priced(page)):
        return Verdict(
            "other", title.first("question") or text.first("news") or "no price, and no word of selling"
        )
    return None


def _only_names(page: Page) -> bool:
    """Whether a title is a card's name and qualities and nothing else: '8x NVIDIA H100 SXM5 80GB', 'A100 80G PCIe 显卡'."""
    names = [(m.start, m.end) for m in page.mentions if m.field == "title"]
    return bool(page.mentions) and not _WORD.search(page.title.without(_QUALITIES, names))


def _priced(page: Page) -> bool:
    """Whether the text asks a price, of a size that the chip has."""
    return page.price_share is not None and NEVER_A_CHIP < page.price_share < FAR_TOO_DEAR


def _sells(text: Hits) -> bool:
    """Whether a seller's word stands without a 'not' before it."""
    return bool(_said(text, "sale"))


def _said(text: Hits, cue: str) -> list[Hit]:
    """The words of a cue that have no 'not' right before them: 没送修过, 'not repaired'."""
    return [hit for hit in text[cue] if not _NEGATED.search(text.text, max(0, hit.start - 8), hit.start)]


def _souvenir(page: Page) -> Verdict | None:
    if page.title["without-chip"] or (page.told and page.mentions):
        return None
    feigns = page.feigned and page.mentions and not trifle(page)  # a paperweight at the price of a chip
    if (word := page.title.first("souvenir")) and not feigns and not any(m.system or m.part for m in page.mentions):
        return Verdict("other", word)
    if (
        (word := page.description.first("souvenir"))
        and (trifle(page) or len(page.description["souvenir"]) > 1)
        and not page.title["accessory"]
    ):
        return Verdict("other", word)
    return None


def _look_alike(page: Page) -> Verdict | None:
    if page.mentions or (not page.named and not page.homonymous):
        return None
    families = {m.base for m in page.named if m.field == "title"}
    if (
        page.title["accessory"]
        and not page.title["homonym"]
        and (
            page.hardware
            or len(families) > 1
            or page.title["without-chip"]
            or page.title["fits"]
            or trifle(page)
        )
    ):
        return None
    return Verdict(
        "other",
        page.title.first("homonym") or page.category.first("homonym") or "a name without hardware around it",
    )


def _doubt(page: Page) -> Verdict | None:
    """A price far under any chip's, on a title that says more than a chip's name and qualities: not the chip itself.

    A bare name at such a price stays a sale, for that is how bait looks.
    """
    share = page.least_share
    dead = page.title["parts"] or (page.description["parts"] and not page.description["service"])
    if share is None or share >= NEVER_A_CHIP or dead or not _says_more(page):
        return None
    text = page.description
    if word := text.first("accessory", "without-chip") or page.title.first("accessory", "accessory-weak"):
        return Verdict("accessory", word)
    if word := page.title.first("service-weak", "fee") or text.first("service", "fee"):
        return Verdict("service", word)
    return Verdict(
        "accessory" if page.title["fits"] or text["accessory-weak"] else "other", "a price no chip has"
    )


def _says_more(page: Page) -> bool:
    """Whether words of the title are left that are neither a chip's name nor one of its qualities."""
    title = page.title
    covered = bytearray(len(title.text))
    spans = [(m.start, m.end) for m in page.named if m.field == "title"]
    spans += [(hit.start, hit.end) for cue in _QUALITIES for hit in title[cue]]
    for start, end in spans:
        covered[start:end] = b"\1" * (end - start)
    words = re.finditer(r"[^\W\d_]{3,}|[\u3040-\u9fff\uac00-\ud7af]{2,}", title.text)
    return any(not any(covered[m.start() : m.end()]) for m in words)


def _rental(page: Page) -> Verdict | None:
    if not page.mentions:
        return None
    if word := page.price.first("rental-price"):
        return Verdict("rental", word)
    hits = [
        h for h in page.title["rental"] if not re.search(r"(?:off|ex|post)[- ]$", page.title.text[: h.start])
    ]
    if hits and not page.title["sale"]:
        return Verdict("rental", page.title.text[hits[0].start : hits[0].end])
    if word := page.category.first("rental"):
        return Verdict("rental", word)
    return None


def _sale(page: Page) -> Verdict | None:
    if not page.mentions:
        return None
    title = page.title.text
    whole = (
        is_whole_pc(page) and not any(m.system for m in page.mentions) and not _MACHINE.search(title)
    )
    trade = _HAVE_WANT.search(title)
    have = trade.span("have") if trade is not None and trade["have"] and _MONEY.search(trade["want"] or "") else (0, 0)
    formal = any(m.field == "title" and have[0] <= m.start < have[1] for m in page.mentions)
    return Verdict("sale", "[h]" if formal else "a chip is named", whole, formal)


_STEPS: tuple[Callable[[Page], Verdict | None], ...] = (
    _credit, _job, _wanted, _talk, _service, _souvenir, _look_alike, accessory, _rental, _doubt, _sale,
)  # fmt: skip
