"""What shows that a number counts no stock: minima, rates, prices, things for the article, articles that are none."""

from __future__ import annotations

import re

from detector.reading.counts import Count
from detector.reading.cues import Hit
from detector.reading.page import Page
from detector.reading.text import fold_pattern

TIERS_AFTER = re.compile(
    fold_pattern(
        r"\s?(?:(?:张|片|块|颗|台|枚|장|대|개|pcs|pieces|units|cards|шт\w*|con|unit|keping|adet|stück|stk)?\s?(?:以上|往上|朝上|及更多|or more|and up|up(?=\s?(?:[:：]|us|\$|€|£|¥|\W*$))|and above|or above|upwards|и более|и выше|или больше|aufwärts|oder mehr|o más|ou mais|trở lên|ke atas|dan ke atas|ve üzeri|فأكثر|فما فوق|이상)|起(?![订批拍售]量?\s?\d{1,4}(?!\d))|及以上|\+?\s?[:：]?\s?[¥$]|\d*\s?(?:张|片)?以上|(?:张|片|块|颗|台|枚)?\s?(?:另谈|另议|详谈|再谈|单独谈|单聊|要見積|お見積|別途|별도|협의)|\s?\d{5,6}(?!\d))"
    )
)
PER_AFTER = re.compile(
    fold_pattern(
        r"\s?(?:가격|단가|값|の値段|の価格|の金額|的价|价格|(?:pcs|units|pieces|cards|片|张|台)\s?(?:per|/|a) |/|目|月|年|日|天|周|小时|多?月|g(?![a-z])|位|人|号|核|per|每|a (?:week|month)|every |each (?:week|month|trip|run|time)|at a time|a trip|за (?:раз|рейс)|auf einmal|pro fahrt|mỗi chuyến|sekali (?:jalan|angkut)|her seferde|por viaje|pro |por |/月|в месяц|sebulan|(?:张|台|片|块)?都?(?:是|系)?(?:这|同)个?价)"
    )
)
_OWN_NUMBER = re.compile(r"\W{0,2}\d{1,4}(?!\d)")
_BOUND = r"(?:at least|以上|至少|最少|이상|최소|mindestens|от|не менее|al menos|pelo menos|ít nhất|setidaknya|sekurang-kurangnya|en az|على الأقل)"
"""What makes a number the least of something: of an order, or of what there is."""
_STOCK_BEFORE = re.compile(
    fold_pattern(
        r"(?:在庫(?:数)?(?:は|が|あり)?|库存|现货|常备|常年备|备有|备着|手里有?|手头有?|手上有?|재고(?:는|가)?|в наличии|на складе|in stock|stock|auf lager|en stock|existencias?|estoque|còn|có sẵn|stok(?:ta)?|tersedia|mevcut"
        rf"|\b(?:we|i)(?:'ve| have| got)(?: got)?|\bhave|\bhaben|\bhabe|\btenemos|\btemos|متوفر|عندنا)\W{{0,3}}(?:{_BOUND}\W{{0,2}})?$"
    )
)
_STOCK_BEHIND = re.compile(
    fold_pattern(
        rf"\W?(?:(?:张|片|块|颗|台|枚|장|대|개|pcs|pieces|units|cards|шт\w*|con|unit|keping|adet|stück|stk)\W?)?(?:{_BOUND}|or more|and up|и более|oder mehr|o más|ou mais|trở lên|ke atas|ve üzeri|فأكثر)?\W{{0,2}}(?:の)?"
        r"(?:在庫|あり(?!がと)|有り|ござ|保有|있|보유|재고|in (?:stock|the warehouse|our warehouse)|on (?:hand|the shelf)|ready|available|auf lager|verfügbar|vorrätig|en (?:stock|existencia)|disponib|em estoque|в наличии|на складе|есть|stokta|mevcut|tersedia|sẵn|có sẵn|متوفر|موجود|现货|在库|在手|库存|有货)"
    )
)
"""What says that a least number is there: `在庫50枚以上`, `at least 40 units ready`."""
_IS_BOUND = re.compile(fold_pattern(_BOUND))
MEASURE = re.compile(
    fold_pattern(
        r"\s?(?:gb?\b|гб|%|t\b|w\b|v\b|mm|cm|m\b|h\b|hz|fps|°|days?|weeks?|months?|years?|hours?|hrs?|tage?|monate?|jahre?|stunden|semesters?|wochenenden?|wochen?|weekends?|seasons?|дн|мес|год|лет|час|天|个月|月|年|日|小时|号|楼|人|晚|夜|周|样(?!品|机|卡)|般|直|些|切|起"
        r"|ヶ月|か月|時間|階|개월|일\b|년|월|시간|층|días|meses|años|horas|dias|anos|gün|ay\b|yıl|saat|ngày|tháng|năm|giờ|hari|bulan|tahun|jam\b|يوم|شهر|سنة|سنوات|ساعة|din\b|mahin|saal|ghante)"
    )
)
"""A unit behind a number: it measures."""
_OTHER_COUNTED = re.compile(
    fold_pattern(
        r"\s?(?:网卡|硬盘|电源|图|照片|固态|内存|口|接口|槽|插槽|孔|热管|行李|包裹|快递|衣服|屏|显示器|dp|hdmi|cpu|ssd|nvme|ib|cx|风扇|月|小时|点|朋友|人|问题|版本|世代|代)"
    )
)
_OTHER_BEHIND = {"块": re.compile(r"\s?(?:钱|一(?:个)?(?:小时|钟头|天|月|张|本|份|斤|米|根|次|页)|/|每)"), "个": re.compile(r"(?:一口价|不?含[票税]|票另)"), "개": re.compile("월")}
"""What shows that a counter counts another thing: 七块钱 money, 6개월 months."""
_COUNTED_GOODS = re.compile(
    fold_pattern(
        r"\s?(?:$|[^\w]|です|あり|ござい|ある|在|限り|のみ|だけ|残|现货|显卡|卡|gpu|全新|左右|可|在|都|出|起|整|模组|库存|打包|一起|每|价|有|，)"
    )
)
_NOT_ONE = re.compile(fold_pattern(r"(?:万|元|块|钱|占|订|预留|留|报|\d|k|锁|拍|先|价|每|再|另|第|同|单価は|単価は|価格は|値段は|金額は|金额是|价格是|价钱系|가격은|挂了|废了|坏了|掉了|少了|缺了|虚焊了|[凑配攒][^，。,]{0,3}[张片块颗枚]|/)\s?$"))
_YUAN_BEFORE = re.compile(
    fold_pattern(
        r"(?:书|书籍|教材|课本|本子|贴纸|成本|费|邮|保价|票点|加|补|付|贵|便宜|优惠|减|省|让|降|抹|花|红包|差价|返|赔|赚|挣)(?:了|价|个|上|再|你|您|到付)?\s?$"
    )
)
"""Before 十块 where it is ten yuan: a price of what the listing feigns (书十块), or of what is added or taken off."""
_MONEY_BEFORE = re.compile(fold_pattern(r"(?:[单整\d一两二三四五六七八十](?:颗|张|片|块)|打包|价|报|整机|总|售|卖|出价|只要|仅要|收)\s?$"))
RATE_BEFORE = re.compile(
    fold_pattern(
        r"(?:/(?!\s)|每|第|单|\d인 |인당 |up to |要|拿|拿满|满|≥|>=|per |ab |bis |bis zu |hasta |até |đến |sampai |hingga |до |хоть |даже |any |max |at least |kadar |حتى |لغاية |最多|最高|上限|从|几|塞|插|(?<!以)前|acima de |(?:카드당|장당|per card|each card(?: has| holds)?|je karte|1枚に|1枚あたり|每卡|每张)\s?(?:gpu|chips?|コア|芯片|코어)?|(?:月|周|日|年)(?:出货|出|销|产|供货|供|发货)(?:量|能)?(?:约|大概|可达|达)?|for |of (?:my|our|their) |(?<!party )(?<!batch )(?<!stock )(?<!parcel )(?<!pallet )(?<!lot )(?<!group )(?<!total )(?<!set )(?<!pack )(?<!box )(?<!bundle )of |(?:(?:每|一)(?:周|月|个月|天|年|趟|车|回)|每批)[^，。,\s\d]{0,4}|每(?:次|单|人|位)[^，。,\s\d]{0,4}|(?:毎回|一回に|一度に|한 번에|한번에|回あたり)|(?:each|every|one|per) (?:trip|run|time|parcel|flight)[^.,\d]{0,12})\s?$"
    )
)
_SOLD = re.compile(fold_pattern(r"sold|verkauft|прода|卖|已|出|售|走|đã|terjual|laku|vend|satt|satıl|팔|판매|بعنا|بيع|انباع"))
_PART_REACH = 6
_IN_IT = re.compile(fold_pattern(r"(?:の|に)?(?:まま|付き?|入り|込み|装)"))
PAUSES = "\n。；;!！?？,，、،؛|"
_PAUSE = re.compile(f"[{PAUSES}]")
_MONEY_AROUND = re.compile(
    fold_pattern(
        r"\s?(?:k\b|w(?![a-z])|万|千|百|元|块|円|원|만|руб|₽|тыс|usd|eur|€|\$|£|tr\b|triệu|củ|rb\b|jt\b|juta|ribu|lakh|tl\b|bin\b|درهم|ريال|الف|mil\b|reais)"
    )
)
_MONEY_SIGN = re.compile(r"[$€£¥₽₹]\s?$")


def is_money(text: str, count: Count) -> bool:
    return bool(_MONEY_AROUND.match(text, count.end)) or bool(
        _MONEY_SIGN.search(text[max(0, count.start - 3) : count.start])
    )


def of_another(page: Page, name: str, text: str, hit: Hit) -> bool:
    """两张网卡, 2颗8358, 4个DP口: a counter of another thing. The general 个 needs goods or a pause after it."""
    word, after = text[hit.start : hit.end], text[hit.end : hit.end + 6]
    behind = _OTHER_BEHIND.get(word)
    if _OTHER_COUNTED.match(after) or (behind and behind.match(after)):
        return True
    if word in ("张", "块", "片", "颗", "台", "个"):
        begins = re.match(r"\s?[a-z0-9]", after)
        if (
            begins
            and not any(m.field == name and hit.end <= m.start <= hit.end + 10 for m in page.named)
            and not re.match(r"\s?gpu", after)
        ):
            return True
        return word == "个" and not _COUNTED_GOODS.match(after)
    return False


def not_one(page: Page, name: str, text: str, start: int) -> bool:
    """Whether a 'one' is the unit of a price or of a rule (16.5万一张, 每一张); a chip's name before it is no figure."""
    before = _NOT_ONE.search(text[max(0, start - 6) : start])
    return before is not None and not any(m.field == name and 0 <= start - m.end <= 2 for m in page.named)


def plain_one(text: str, end: int) -> bool:
    """'一张', 'one card': stock only where it closes a clause, not '一张图'."""
    return bool(
        re.match(
            fold_pattern(
                r"\s?(?:$|[。.,，、！!\n；;)）(（]|です|팝니다|팔아|판매|예요|이에요|입니다|뿐|出|转|可|限)|\s(?=[\u3040-\u9fff\uac00-\ud7af]|$)"
            ),
            text[end : end + 4],
        )
    )


def excluded(page: Page, name: str, start: int, end: int) -> bool:
    """Whether a number is a minimum, a rate, room, a measure, a price in ten thousands, or counts things for the article."""
    hits = page.hits(name)
    text = hits.text
    after, before = text[end : end + 16], text[max(0, start - 12) : start]
    there = bool(_STOCK_BEFORE.search(text, max(0, start - 24), start) or _STOCK_BEHIND.match(text, end))
    if (TIERS_AFTER.match(after) and not there) or PER_AFTER.match(after):
        return True
    if (rate := RATE_BEFORE.search(before)) and not (there and _IS_BOUND.fullmatch(rate[0].strip())):
        return True
    if text[start:end].endswith("个") and _MONEY_BEFORE.search(before):
        return True
    if text[start:end].endswith("块") and _YUAN_BEFORE.search(before):
        return True
    low, _ = clause(text, start, end, 16)
    for hit in hits["not-stock"]:
        if hit.start >= end and _OWN_NUMBER.match(text, hit.end):
            continue  # 现货50 起订5: it speaks of the next number
        if there and _IS_BOUND.fullmatch(text[hit.start : hit.end].strip()):
            continue
        if (end <= hit.start <= end + 2 and not _PAUSE.search(text, end, hit.start)) or (
            low < hit.end <= start and not re.search(r"\d", text[hit.end : start])
        ):
            return True
    for hit in hits["gone"]:
        sold = 0 <= start - hit.end <= 1 and _SOLD.match(text, hit.start)  # 'keeping 30' has them
        if (end <= hit.start <= end + 1 or sold) and not _PAUSE.search(text, min(end, hit.end), max(start, hit.start)):
            return True
    # vCPU 20개, 显存正反各贴十二颗: parts inside a card or a machine.
    for hit in hits["inner-part"]:
        led = low <= hit.start and hit.end <= start and start - hit.end <= _PART_REACH
        if (led and not re.search(r"\d", text[hit.end : start])) or (
            end <= hit.start <= end + 2 and not _PAUSE.search(text, end, hit.start)
        ):
            return True
    # 风扇三只, 2 fans: things that belong to the card; 木箱のまま2台 are articles in one.
    return any(
        (low <= hit.start and hit.end <= start and start - hit.end <= 4 and not _IN_IT.match(text, hit.end))
        or (end <= hit.start <= end + 1 and not _PAUSE.search(text, end, hit.start))
        for hit in hits["accessory"]
    )


def clause(text: str, start: int, end: int, reach: int = 18, pauses: str = PAUSES) -> tuple[int, int]:
    """The words around a span up to the next of `pauses`, at most `reach` away."""
    low, high = max(0, start - reach), min(len(text), end + reach)
    before = max((text.rfind(mark, low, start) for mark in pauses), default=-1)
    after = min((at for mark in pauses if (at := text.find(mark, end, high)) >= 0), default=high)
    return max(low, before + 1), after


def named(page: Page, name: str, at: int) -> bool:
    """Whether a position lies in a chip's name."""
    return any(m.field == name and m.start <= at < m.end for m in page.named)
