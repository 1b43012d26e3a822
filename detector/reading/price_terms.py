"""What a price is for: one article or a lot, a chip or a machine by the hour or month."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from detector.reading.amounts import Amount, scan
from detector.reading.document import Document
from detector.reading.money_book import Locale, MoneyBook
from detector.reading.price_words import PriceWords
from detector.reading.text import fold, fold_pattern

_FIELDS = ("title", "description")
_SENTENCE = re.compile(r"[。!?；;\n]|\.(?=\s|$)")
_MACHINE = re.compile(
    r"(?<![\d.])(\d{1,2})[\s-]?(?:卡|枚|장|张|gpus?\b|karten|карт|[x×х*](?=\W?\s?[a-zа-я]))|(?<![a-z\d])[x×х*]\s?(\d{1,2})\b|([八四双]|十六)卡"
)
_CHARACTERS = {"八": 8, "四": 4, "双": 2, "十六": 16}
_LEADING = re.compile(r"^(?:[\[(【][^\])】]{0,24}[\])】]\s?|\W|new |nvidia |\bwts\b:? ?|\bfs\b:? ?){0,6}(\d{1,2}|two|four|eight)\s?(?:x|×|х|pcs|pieces|stk|шт\.?)\s")
_TRAILING = re.compile(r"(?<![a-z\d])[x×]\s?(\d{1,2})(?:\W*$|\s?[,)|/-])")
_THREE_FANS = re.compile(r"inno3d|ichill|\btwin x[23]\b")
"""Makers whose editions are called by their fans: Inno3D X3."""
_EAST_ASIAN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_SYSTEM = re.compile(
    r"server|node|baseboard|workstation|dgx|hgx|chassis|\brig\b|\bsystem\b|desktop|\bpc\b|cluster|服务器|整机|模组|底板|主机|工作站|机柜|サーバ|筐体|ワークステーション|서버|워크스테이션|сервер|станци|стойк|sunucu|máy chủ|servidor|خادم|rechner|8u\b|xe9680|821ge|\b\d{4}g[pqrt]\b|\bwith \d{1,2}\s?x\s|sxm.{0,12}组"
)  # fmt: skip
_NOT_SYSTEM = re.compile(
    r"(?:服务器|工作站|主机)\s?(?=拆|卡|显卡|gpu|用|级|退)|server[ -](?=pull|gpu|card|graphics|accelerator|grade|room)|(?:from|out of|aus|ex)\s[^,]{0,14}server|workstation (?=gpu|card|graphics|edition)|\brig (?=pull|card|gpu)|server(?=r[üu]ckbau|aufl[öo]s|abbau)|サーバー?(?=用|撤去|取り?外|より|から)|ワークステーション(?=用)|서버(?=용|에서|급)|сервер(?=ов|н)|из серверов|workstation$"
)
"""Words of a machine that say where a card comes from or belongs."""
_PAIR = re.compile(r"\bpair\b|一对|ペア|ein paar|das paar|cặp|sepasang|\bpaar\b|пар[аыу]\b|\bçift\b|\bel par\b|\bboth\b|\bbeide\b|обе|оба|\bдве\b|\bikisi\b|\bdono\b|한 ?쌍")
_CONDITION = re.compile(
    fold_pattern(
        r"(?:\b(?:if|when|once|wenn|falls|bei abnahme|если|при|si|se|nếu|jika|kalau|agar|eğer|wer|whoever|anyone who|trades?|trading|swap|instead of|rather than|looking for)\b|如果|若|要是|假如|إذا|اذا|لو )[^,;。，]{0,24}$"
    )
)
_CONDITION_AFTER = re.compile(
    fold_pattern(
        r"(?:走|拿|买|要|收|带走)?(?:的话?)?(?:送|可(?:以)?(?:再)?(?:小?刀|议|便宜|优惠|谈)|优惠|便宜|减|更|再(?:减|少|让))|(?:ご?購入|お?買い上げ|買い)?(?:の(?:場合|方)|で(?:割引|値引|お安く)|なら|いただける)|(?:로|으로)? ?(?:사|구매|가져가)(?:하)?시(?:면|는)|하시면| and i.ll| and (?:get|save)| (?:gets|get|saves?) (?:a |you )?(?:discount|\$)"
    )
)
"""Opens a condition: what is said behind it is another offer than the price shown."""
_DENIED_BEFORE = re.compile(
    fold_pattern(
        r"(?:\b(?:not|isn.?t|is no|never|rather than|instead of|nicht|keine?n?|statt|не|вместо|no es|no|não|nao|pas|non|không phải|bukan|ليس|ليست|مش|مو|nahi)(?: (?:just|only|the|a|an|price|priced|rate|rent|charged|billed|pro|per|by|für|for|si|цена|стоимость|giá|harga|السعر|el|o|le))*|不是|并非|而非|不按|别按|別按|非)\W{0,2}$"
    )
)
_DENIED_AFTER = re.compile(
    fold_pattern(r"(?:の)?(?:価格|単価|料金|金額|値段)?(?:では(?:あり|な|ご)|じゃな|でなく)|(?: ?(?:가격|요금))?(?:이|가)? ?아니|(?: fiyat\w*)? değil|\s(?:ka |ke )?(?:rate )?nahi")
)
"""Around words of a unit that the rent is said not to be for: 'not per card', 1枚あたりではありません."""
_MOST_HEADED = 8
"""`4x` may head a lot; `14x` is stock."""
_NEAR = 25
"""Characters between a word such as `each` and the figure it speaks of."""
_CLOSED_TERMS = ("day", "week", "year")


@dataclass(frozen=True, slots=True)
class Term:
    """What a price is for. `articles`: how many a lot holds, where known. `reason`: why no term of the contract fits."""

    per: str
    articles: int | None = None
    reason: str | None = None


class Terms:
    """Reads terms with the words of one config."""

    def __init__(self, book: MoneyBook, words: PriceWords) -> None:
        self.book, self.words = book, words

    # -- rent ---------------------------------------------------------------------------------------------------

    def rent(self, doc: Document, near: str, value: Decimal | None, currency: str | None, machine: int | None) -> Term:
        """Term of a rent. `near`: the shown price, or the words around the figure. `machine`: chips in the machine the
        listing names, if known. Rent by the day, week or year has the nearest term, and a reason."""
        time, closed = self._time(doc, near, value, currency)
        who = "server" if self._whole_machine(doc, near, value, machine) else "gpu"
        reason = f"rented by the {closed}: neither an hour nor a month" if closed else None
        return Term(f"{who}_{time}", reason=reason)

    def _time(self, doc: Document, near: str, value: Decimal | None, currency: str | None) -> tuple[str, str | None]:
        for text in (near, doc.text("title"), doc.text("description")):
            found = {}
            for says in ("hour", "month", *_CLOSED_TERMS):
                if match := self.words.find(says, text):
                    found[says] = match.start()
            if "hour" in found or "month" in found:
                return min((s for s in ("hour", "month") if s in found), key=found.__getitem__), None
            if found:
                closed = min(found, key=found.__getitem__)
                return ("hour" if closed == "day" else "month"), closed
        row = self.book.currencies.get(currency or "")
        # A chip-hour costs a tenth of what `least` stands for, a chip-month ten times it.
        return ("month" if row and value and value >= row.least * 2 else "hour"), None

    def _whole_machine(self, doc: Document, near: str, value: Decimal | None, machine: int | None) -> bool:
        title, description = doc.text("title"), doc.text("description")
        windows = [(near, 0, len(near)), *self._around(title, value), *self._around(description, value)]
        for text, low, high in windows:
            gpu, server = self._said("gpu", text, low, high), self._said("server", text, low, high)
            if server or gpu is not None:
                return not gpu
        per_gpu, per_server = (self._said_anywhere(says, title, description) for says in ("per_gpu", "per_server"))
        if per_gpu is False or per_server is False:
            return not per_gpu and per_server is not False
        if per_gpu != per_server:
            return bool(per_server)
        if self.words.find("gpu", title):
            return False
        if self.words.find("dedicated", title):
            return True
        if (machine or _count(title) or 1) > 1:
            return True
        if self.words.find("gpu", description):
            return False
        return bool(self.words.find("server", f"{title}\n{description}") and _count(description[:300]))

    def _said(self, says: str, text: str, low: int = 0, high: int | None = None) -> bool | None:
        """Whether a stretch says it; False where it says no more than that it is not so: 'for the box, not per card'."""
        found = self.words.all(says, text[low:high])
        denied = [bool(_DENIED_BEFORE.search(text, 0, low + m.start()) or _DENIED_AFTER.match(text, low + m.end())) for m in found]
        return not all(denied) if found else None

    def _said_anywhere(self, says: str, *texts: str) -> bool | None:
        told = [self._said(says, text) for text in texts]
        return True if True in told else False if False in told else None

    @staticmethod
    def _around(text: str, value: Decimal | None) -> Iterator[tuple[str, int, int]]:
        """Windows around the figure as digits: what it is for stands within a few words."""
        if value is None:
            return
        plain = f"{value.normalize():f}"
        shapes = {plain, f"{value:,.0f}", f"{value:,.2f}", f"{value / 10000:f}".rstrip("0").rstrip(".")}
        for shape in sorted(shapes):
            for match in re.finditer(rf"(?<![\d.,]){re.escape(shape)}(?![\d.,]\d)", text):
                yield text, max(0, match.start() - 18), match.end() + 18

    # -- sale ---------------------------------------------------------------------------------------------------

    def sale(self, doc: Document, offer: str, shown: str, value: Decimal | None, locale: Locale) -> Term:
        """One article or a lot. What stands beside the price counts before the text; a word that stands beside
        another figure speaks of that figure."""
        if self.words.find("each", shown):
            return Term("unit")
        title = doc.text("title")
        machine = offer == "sale" and _is_machine(title)
        beside = self._lot_size(shown)
        if beside or (self.words.find("lot", shown) and not machine):
            return Term("lot", beside or (2 if _PAIR.search(shown) else self._any_count(doc)))
        each = any(self._speaks(doc, name, "each", value, locale) for name in _FIELDS)
        sizes = [n for name in _FIELDS for n in self._sizes(doc, name, value, locale)]
        if sizes and not each and not (machine and (sizes[0] in (4, 8, 16) or not self.words.find("lot_of", title))):
            return Term("lot", sizes[0])
        if each or machine:
            return Term("unit")
        if any(self._speaks(doc, name, "lot", value, locale) for name in _FIELDS):
            return Term("lot", self._any_count(doc))
        count = self._leading(doc)
        return Term("lot", count) if count else Term("unit")

    def _lot_size(self, text: str) -> int | None:
        match = self.words.find("lot_of", text)
        size = self.words.count(match) if match else None
        return size if size and 2 <= size <= 500 else None

    def _sizes(self, doc: Document, name: str, value: Decimal | None, locale: Locale) -> Iterator[int]:
        text = doc.text(name)
        for match in self.words.all("lot_of", text):
            size = self.words.count(match)
            if size and 2 <= size <= 500 and self._means(doc, name, match.start(), match.end(), value, locale):
                yield size

    def _speaks(self, doc: Document, name: str, says: str, value: Decimal | None, locale: Locale) -> bool:
        matches = self.words.all(says, doc.text(name))
        return any(self._means(doc, name, m.start(), m.end(), value, locale) for m in matches)

    def _means(self, doc: Document, name: str, start: int, end: int, value: Decimal | None, locale: Locale) -> bool:
        """Whether words at a place speak of the price: no other figure of money stands beside them, and they are no condition."""
        text = doc.text(name)
        low, high = max(0, start - _NEAR), min(len(text), end + _NEAR)
        cuts = [m.end() for m in _SENTENCE.finditer(text, low, start)]
        low = max(cuts, default=low)
        high = next((m.start() for m in _SENTENCE.finditer(text, end, high)), high)
        sums = [a for a in scan(fold(text[low:high]), self.book, locale) if _is_money(a)]
        if value is None or not sums:
            return not (_CONDITION.search(text, low, start) or _CONDITION_AFTER.match(text, end))
        return any(a.value == value for a in sums)

    def _any_count(self, doc: Document) -> int | None:
        """Articles of a lot whose size is said elsewhere: 4x in the title, a stock of 4."""
        title = doc.text("title")
        if found := self._lot_size(title) or self._lot_size(doc.text("description")):
            return found
        if _PAIR.search(f"{title}\n{doc.text('description')[:600]}"):
            return 2
        count = _count(title)
        return count if count and not _is_machine(title) else None

    def _leading(self, doc: Document) -> int | None:
        """`4x A100 80GB` heads a lot where no stock of several says otherwise; East Asian counts are stock."""
        if (doc.listing.quantity or 1) > 1:
            return None
        title = doc.text("title")
        trailing = None if _EAST_ASIAN.search(title) or _THREE_FANS.search(title) else _TRAILING.search(title)
        found = _LEADING.match(title) or trailing
        if not found:
            return None
        number = {"two": 2, "four": 4, "eight": 8}.get(found[1]) or int(found[1])
        return number if 1 < number <= _MOST_HEADED else None


def _is_machine(title: str) -> bool:
    return bool(_SYSTEM.search(_NOT_SYSTEM.sub(" ", title)))


def _is_money(amount: Amount) -> bool:
    return amount.value is not None and (amount.mark is not None or (amount.scale > 1 and not amount.doubtful))


def _count(text: str) -> int | None:
    """Chips or articles a heading counts: 8卡, 4x, x8."""
    match = _MACHINE.search(text)
    if not match:
        return None
    number = match[1] or match[2]
    value = int(number) if number else _CHARACTERS[match[3]]
    return value if value > 1 else None
