"""How many chips one priced article holds: machines and boards with several, told by name or by count."""

from __future__ import annotations

import re

from detector.reading import counts
from detector.reading.anchored import Anchored
from detector.reading.beside import FROM_NAME, TO_NAME, of_bus
from detector.reading.chips import Mention
from detector.reading.counts import Count
from detector.reading.page import Page
from detector.reading.text import fold_pattern

_MACHINE = Anchored(
    fold_pattern(
        r"server|serwer|szerver|palvelin|เซิร์ฟเวอร์|שרת|سرور|(?:独立|专用|专属|物理|实体)主机|服务器|伺服器|整机|卡机|模组|裸金属|baseboard|base board|ベースボード|サーバ|서버|сервер|servidor|sunucu|máy chủ|\bmáy\b|node\b|nodes\b|\bnod[oy]s?\b|\bnós?\b|\bноды?\b|knoten|düğüm|\bmesin\b|pelayan|节点|\bsystems?\b|platform|chassis|sled|机柜|supermicro|супермикро|poweredge|xe9680|超微|浪潮|h3c|新华三|超聚变|fusionserver|泰安|dgx|hgx|8卡|八卡|سيرفر|خادم|جهاز|máy trạm|dàn máy|\bkhối\b|equipo|máquina|maschine|gerät|rechner|станци|установк|узел|\bubb\b|枚組|枚搭載|[\d八四]\s?[基枚連]ボード|枚[挿差刺]し|工作站整|一体机|\bmachine|\brack\b|компл|bare metal|anakart|ベアメタル|베어메탈|工作站|\bworkstation(?! (?:ed|card|gpu|graphic|grade|class|pull|use))|ワークステーション|워크스테이션|рабоч\w+ станци|\bdàn\b|底板|整板|\br7[0-9]0xa?\b|\bxe\d{4}l?\b|\bdl380|\bg[245]\d{2}-|\besc\d{4}|\b(?:sys|as)-\d{3,4}|\b4029gp|\b7049gp|\b4124gs|nf5\d{3}|g5500|\bsr6\d\d|\brig\b(?! pull)|threadripper|\d[\s-]?(?:card|gpu) modules?\b|\bepyc\b|\bxeon\b|\bcluster\b|\bkasa\b|станци"
    )
)
_CARDS_AFTER = re.compile(
    fold_pattern(
        r"\s?(?:(?P<ka>(?:张)?卡(?!片|时|/))|-?\s?(?:x\s?)?(?P<word>gpus?|way|card|枚搭載|枚組|枚[挿差刺]し|枚(?!目)|基搭載|基|장|gpu搭載|карт\w*|كروت|كرت|cards?|con card|kart|karten|tarjetas|placas|cartes|видеокарт\w*|шт\.? |颗|张|oams?|(?:sxm\d? |oam )?(?:modules?|modulen?|модул\w*|モジュール|모듈)|accelerators?|ускорител\w*|acelerador\w*|beschleuniger|hızlandırıcı|معالجات)(?![a-z]))"
    )
)
_CARD_FOR_MACHINE = re.compile(
    fold_pattern(
        r"(?:ai |gpu )?(?:server|workstation|rack|服务器|サーバー?|서버용?|серверн\w+)\s?(?:用|向け|용)?\s?(?:gpus?|graphics|video|cards?|accelerators?|pulls?|parts?|显卡|计算卡|加速卡|卡(?!机)|グラボ|gpu|글카|grade)"
    )
)
"""'server graphics card': the machine is only what the card is for."""
_ORIGIN = re.compile(
    fold_pattern(
        r"(?:\b(?:aus|from|out of|ex|из|с|со|de|del|do|da|dari|từ|من)\W{1,2}(?:[^\s,.;]+\s){0,2})[^\s,.;]*(?:server|cluster|node|rack|dgx|сервер|стойк|кластер|servid|cl[uú]ster|sunucu|máy chủ|rechner|سيرفر)[^\s,.;]*"
        r"|(?:tháo|rã|gỡ|bóc) (?:ra )?(?:từ )?(?:dàn |cụm )?(?:máy|server)(?: chủ)?|(?:copotan|cabutan|lepasan|bekas|ex) (?:dari )?(?:server|pelayan|rack|mesin)\b"
        r"|(?:服务器|整机|机器|\d卡机|八卡机|机柜)\s?(?:上)?(?:拆|退|下架)|(?:サーバー?|筐体|ワークステーション|ボード|基板|ノード|hgx|dgx)\s?(?:から|より|撤去|取り?外|抜き)|(?:서버|장비)(?:에서|철거)|sunucudan|sunucu çıkma|\b(?:server|rig|cluster|node) pulls?\b|server(?:rückbau|auflös|abbau)\w*"
    )
)
"""Where a loose card came from: 'pulled from an 8-GPU server' is no server."""
_TAKEN_FROM = re.compile(
    fold_pattern(
        r"(?:\b(?:modul\w*|karten?|cards?|gpus?|boards?|pulled|pulls?|removed|taken|came|salvaged|ausgebaut|stamm\w+|plac\w+|tarjetas?|retirad\w*|sacad\w*|extraíd\w*|tháo|gỡ|copotan|cabutan|çıkma)|модул\w*|карт\w*|снят\w*|вынут\w*)\W"
        r"(?:from|out of|off|ex|aus|von|из|с|со|de|del|do|da|dari|từ)\W(?:[\w-]+\s){0,3}$|[,;(]\s?(?:out of|ex)\W(?:[\w-]+\s){0,3}$|(?:拆自|拆于|来自|出自)$"
    )
)
"""Before a machine that loose goods were taken out of."""
_TAKEN_BEHIND = re.compile(
    fold_pattern(
        r"\W?(?:服务器|机器|主机|准系统|工作站)?(?:(?:里面?|上面?|中|内)(?:直接|刚|新|原装|自己)?(?:拆|退|抽|取|卸|扒)|(?:直接|刚|新|自己)?拆(?:(?:下|出)来?|来|的|机(?=件|卡|模|颗|的)))|\W?(?:サーバー?|本体|筐体)?(?:から|より)(?:の)?(?:取り?外|抜|外し|撤去)|\W?(?:서버|장비)?에서 (?:분리|적출|뽑|뺀|빼|나온|탈거)|.?(?:dan|den|tan|ten) (?:sök|çık)"
    )
)
"""Behind a machine that goods were taken out of, where the verb stands last: 从NF5688M6里拆的."""
_PULLED = re.compile(
    fold_pattern(
        r"(?:\b(?:pulled|pulls?|removed|taken|salvaged|harvested|ausgebaut\w*|gebraucht aus|retirad\w*|sacad\w*|extraíd\w*|tháo|gỡ|copotan|cabutan)|\bснят\w*|\bвынут\w*)\W(?:from|out of|off|aus|von|из|с|со|de|del|do|da|dari|từ)\W(?:[\w-]+\s){0,3}$|(?:拆自|拆于)\s?$"
    )
)
"""The same before it, in a title, where a bare `from` may tell a maker's line."""
_BOARD_NAMED = re.compile(fold_pattern(r"board|tray|\bubb\b|底板|整机|整板|服务器整|ボード|보드|\bплат[аы]\b|placa base|server\b(?!.{0,3}pull)"))
_TAKEN_OUT = re.compile(r"\W?pulls?\b")
_LOOSE_BEFORE = re.compile(r"\b(?:module|card|oam|gpu only)\b(?!.*\b(?:server|system|complete)\b)")
"""Behind such a machine, and before it where loose goods are sold: 'A100 SXM4 module, HGX Delta pull'."""
_NO_MACHINE_BEFORE = re.compile(
    fold_pattern(
        r"(?:(?:装满|塞满|插满|凑满|凑齐|够装|配齐)(?:[一二两1-4])?(?:整?台)?|支持|可上|能插|可插|能上|兼容|最多|最大|插|up to |supports? |fits |for |/|双|单|每|tested in |test(?:ed)? on |上"
        r"|拆自|拆于|来自|出自|从|原装在|(?:pulled |removed |taken |came |pull )?(?:from|out of) (?:an? |our |the )?|снят\w* (?:с|из) |\bиз |\bс |aus (?:einem |unserem )?|(?:retirad\w+|sacad\w+) de (?:un |una )?|(?:tháo|rã|gỡ) (?:từ |ra từ )?|(?:cabut|copotan|bekas)\w* (?:dari )?|\bdari |\btừ |من )\W{0,3}$"
    )
)
_ROOM_AFTER = re.compile(r"\s?(?:也|都|均|全)?(?:可|能|可以)(?:插|装(?!机|箱|好)|塞|上(?!架|门|机|电|线|手|海))")
"""Behind a number of cards that a machine has room for: 4U服务器8卡可插."""
_LOOSE_NOUNS = ("card", "颗", "张", "oam", "oams", "module", "modules", "modul", "モジュール", "모듈", "accelerators")
"""Nouns that count loose goods as well: a machine's only right beside it."""
_EACH_OF = re.compile("[台套部]$")
"""四十台八卡: machines and their cards, whatever the title says."""
_HOLDS = re.compile(
    fold_pattern(
        r"(?:board|ubb|hgx|底板|ボード|보드|плат\w*|server|node|system|сервер|узел|anakart|placa base)\W{0,2}(?:with|mit|on|for|с|на|con|com|avec|w/|带|帶|搭載|里有|có|dengan|üzerinde)?\W{0,2}(?:all |alle |все )?$"
    )
)
"""A machine right before the number of what it holds: 'Baseboard mit 8 OAM', 'HGX-Board H100, acht Module'."""
_CALLED = Anchored(
    fold_pattern(
        r"(?P<e>восьм[её]рк\w*|восьмикарточн\w*|восьмиголов\w*|\b8er\b|\bachter-?(?:board|server|system)|\bocto?[- ]gpu|八发|八連|(?<!\d)[八8]联(?!系|络|动|网|想|保|合|邦|通|盟|运))|(?P<q>\bчетв[её]рк\w*|четыр[её]хкарточн\w*|\b4er\b|\bquad[- ]gpu)|(?P<d>\bдвухкарточн\w*|\bdual[- ]gpu)"
    )
)
"""A machine that is called by its chips: восьмёрка."""
_CHIPS = re.compile(r"\s?(?:blackwell|hopper|ampere|chips?\b|[abhl]\d)")
_PER_MACHINE = re.compile(r"[^.,;\n]{0,24}(?:\b(?:per|in each|in every) (?:node|server|system|board|baseboard|tray)\b|/ ?(?:node|server|台))")
"""Behind a counted name: 'eight H200 141GB per node'."""
_SOME = {"dual": 2, "twin": 2, "triple": 3, "quad": 4, "듀얼": 2, "쿼드": 4, "デュアル": 2}
_SOME_BEFORE = re.compile(r"(?<![a-z])(dual|twin|triple|quad|듀얼|쿼드|デュアル)[\s-]?(?:x )?(?:nvidia |geforce |tesla |rtx )*$")
_EACH_HOLDS = re.compile(
    fold_pattern(
        r"(?:\b(?:each|every) (?:\w+ )?(?:compute tray|tray|board|node|server|system|machine|baseboard|chassis)s?\W{1,2}(?:has|holds|with|carries|contains|packs|comes with|houses)\W|每(?:台|套|块板|块底板|个节点|节点|机)(?:里|上|都|各)?(?:装|带|插|有|配|是)?(?:了|着|满)?|(?:на|в) кажд\w+ (?:\w+ )?по |(?:je|pro) (?:board|knoten|server|system)\W{1,2}|(?:1|一)(?:台|ノード|枚のボード)(?:に|あたり|につき)|(?:노드|서버|보드|대)당 |mỗi (?:máy|node|server|khối|dàn) |(?:setiap|tiap) (?:node|server|mesin) |her (?:sunucu|düğüm|kart)da |cada (?:nodo|servidor|placa|nó) (?:tiene|lleva|trae|tem|com|con) |في كل (?:سيرفر|لوحة) )$"
    )
)
"""Before the number that each of several machines holds."""
_LOOSE_ONE = Anchored(fold_pattern(r"单(?:颗|枚)(?!价|报价|的价|售价|卡机)|\bsingle (?:sxm\d? |oam )?module\b|散颗|拆散|単品モジュール|낱개 모듈"))
"""A title that offers one loose module, whatever it was meant for: 单颗 自己组四卡底板剩的."""
_ONLY_ON_BOARDS = frozenset({
    "nvidia-h20", "nvidia-h200", "nvidia-b200", "nvidia-b300", "amd-mi300x", "amd-mi308x", "amd-mi325x", "amd-mi355x",
})  # fmt: skip
"""Chips that machines hold by eight: a server of them with no number said is one of eight."""
_WHOLE = re.compile(
    fold_pattern(
        r"\b(?:server|servers|node|nodes|systems?|baseboards?|platform|chassis|ubb|hgx|(?:hgx|base|oam|sxm|ubb) ?-?boards?)\b|hgx|服务器|伺服器|整机|八卡|底板|サーバー?|ベースボード|서버|베이스 ?보드|сервер|узел|плат[аы] hgx|servidor|sunucu|máy chủ|سيرفر|خادم"
    )
)
_FOR_MACHINE = re.compile(
    fold_pattern(
        r"\b(?:for|fits?|suits?|compatible with|from|pulled from|out of|ex|für|passend|aus|для|из|с|para|de|do|pour|cho|từ|untuk|dari|için|one|single|1|per|without|w/o|no|less|minus|ohne|kein\w*|sin|sem|sans|без|нет|không kèm|không có|tanpa|bila|بدون|بلا)\W{1,2}(?:[\w-]+\W){0,2}$|(?:适用|兼容|支持|用于|拆自|来自|单|不带|没带|不含|不包|没有|无|缺|去掉)\W?$"
    )
)
_AFTER_MACHINE = re.compile(fold_pattern(r"\W?(?:(?:は|が)?なし|無し|は付|別売|없|미포함|제외|별도|olmadan|hariç|yok|取り?外|から|撤去|用|向け|拆|退役卡|下架|pulls?\b|pulled|gpus?\b|cards?\b|grade|room|parts?\b|에서|용\b|ов\b)"))
_HGX_BEFORE = re.compile(r"\bhgx\W?(?:boards?|baseboards?)?\W{0,2}$")
_HGX_AFTER = re.compile(r"(?:\W?(?:sxm\d?|\d{2,3}\s?gb?))*\W{0,2}hgx\b")
_CARD_FORM = re.compile(r"nvl|pci-?e")
_BOARD = Anchored(r"\bnvl\W?(?P<n>8|16)(?![\w.])")
"""NVIDIA's own names of boards by the chips they join; NVL4 and NVL72 are catalogue rows of their own."""
_TIMES_MEMORY = re.compile(fold_pattern(r"hgx[^\n]*?(?<![\d.,])(?P<n>\d{1,2})\s?[x×*]\s?(?:64|80|94|96|141|180|192|288)\s?g(?!\w*\W{0,2}(?:ddr|ram\b|rdimm|dimm|ecc|内存|メモリ|램|озу))"))
"""A board told by the memory of its chips: 'HGX H100 4x94GB'."""
_USUAL = frozenset({2, 4, 6, 8, 10, 16})
"""Chips that machines hold."""
_FEW = frozenset({2, 6, 10})
"""No board holds so many: beside 模组, which means one module as well as a board of them, they are loose."""
_WORDS_ONLY = re.compile(r"\s?(?:[^\W\d]+\.?\s?){0,2}")
_LOOSE_AFTER = re.compile(
    fold_pattern(
        r"[^\d\n,.;]{0,3}(?:\d{2,3}\s?(?:gb?|гб)\W{0,3})?(?:pcie|sxm\d?)?\W{0,3}(?P<n>\d{1,2})\s?(?:шт|cái|con|card|كرت|كروت|adet|枚|장|units?|gpus?|x\b|piezas|unidades|stück)"
    )
)


def is_machine(page: Page) -> bool:
    """Whether the article is a machine or a board with several chips."""
    if "machine" not in page.memo:
        page.memo["machine"] = chips_in_machine(page, None) > 1
    return bool(page.memo["machine"])


def chips_in_machine(
    page: Page, chip: Mention | None, machine: Mention | None = None, *, whole: bool = False
) -> int:
    """Chips in the machine that is offered; 1 where it is none. What the text counts wins over the machine's usual."""
    parts = [m.count for m in page.mentions if m.part and m.count > 1]
    loose = _LOOSE_ONE.search(page.title.text) is not None and not page.disguised
    others = [m.count for m in page.mentions if m.system and not came_from(page, m) and not (loose and m.field == "description")]
    host = None if machine and loose and machine.field == "description" else machine
    usual = max(parts) if parts else host.count if host else max(others, default=1)
    key = f"chips in machine {whole or usual > 1}"
    if key not in page.memo:
        page.memo[key] = _counted(page, whole or usual > 1)
    number: int = page.memo[key]
    return number if number > 1 else usual


def came_from(page: Page, system: Mention) -> bool:
    """Whether a machine is named only as what the goods were taken from: `HGX Delta pull`, `Module aus einem Delta-Board`."""
    text = page.doc.fields[system.field].text
    if _TAKEN_OUT.match(text, system.end) and _LOOSE_BEFORE.search(text, 0, system.start):
        return True
    before = text[max(0, system.start - 48) : system.start]
    if system.field == "title":
        return bool(_PULLED.search(before) or _TAKEN_BEHIND.match(text, system.end)) and not _BOARD_NAMED.search(text, 0, system.start)
    return bool(_TAKEN_FROM.search(before) or _TAKEN_BEHIND.match(text, system.end))


_CHINESE = {"双": 2, "两": 2, "三": 3, "四": 4, "八": 8, "十": 10}
_CARDS_MACHINE = Anchored(fold_pattern(r"(?<!支持)(?<!可上)(?P<n>双|两|三|四|八|十)卡(?:整?机|主机|服务器|工作站|节点)"))
"""A machine that is called by its cards: 双卡机."""


def _counted(page: Page, known: bool) -> int:
    title = page.description.text if page.disguised else page.title.text
    if _LOOSE_ONE.search(title):
        return 1
    # 'Alquiler de servidor' lets the machine; no card comes from it.
    loose = title if page.title["rental"] else _ORIGIN.sub(" ", title)
    plain = _CARD_FOR_MACHINE.sub(" ", loose) if _MACHINE.search(title) else title
    known = known or bool(_MACHINE.search(plain))
    modules = "模组" in plain and not _MACHINE.search(plain.replace("模组", " "))
    for name in ("title", "description"):
        if name not in page.doc.fields:
            continue
        text = page.hits(name).text
        if cards := _CARDS_MACHINE.search(text):
            return _CHINESE[cards["n"]]
        if known and (board := _BOARD.search(text)):
            return int(board["n"])
        if number := _each_holds(page, name):
            return number
        if (number := _counted_in(page, name, known)) > 1 and not (number in _FEW and modules):
            return number
    if called := _CALLED.search(title):
        return {"e": 8, "q": 4, "d": 2}[str(called.lastgroup)]
    if known and (times := _TIMES_MEMORY.search(title)) and int(times["n"]) in _USUAL:
        return int(times["n"])
    told = any(m.part and m.count > 1 for m in page.mentions)  # a board's number says how many
    return 1 if told else _by_eight(page, plain)


def _each_holds(page: Page, name: str) -> int:
    """What each of several machines is said to hold: 'each tray has four Blackwells', 'eight H200 per node'."""
    text, found = page.hits(name).text, counts.counts(page, name)
    for count in found:
        chips = _CARDS_AFTER.match(text, count.end) or _CHIPS.match(text, count.end)
        if chips and count.value in _USUAL and _EACH_HOLDS.search(text[max(0, count.start - 40) : count.start]):
            return count.value
    for mention in (m for m in page.mentions if m.field == name):
        before = counts.before(found, mention.start, text, TO_NAME, 40)
        if before and before.value in _USUAL and _PER_MACHINE.match(text, mention.end):
            return before.value
    return 0


def _by_eight(page: Page, title: str) -> int:
    """Eight for a whole machine of chips that are only sold on boards of eight, where no number is said."""
    bases = {m.base for m in page.mentions if m.base}
    if not bases or not (bases <= _ONLY_ON_BOARDS or any(_on_hgx(title, m) for m in page.mentions if m.field == "title")):
        return 1
    for found in _WHOLE.finditer(title):
        before = title[max(0, found.start() - 32) : found.start()]
        if not _FOR_MACHINE.search(before) and not _AFTER_MACHINE.match(title, found.end()):
            return 1 if _CARD_FORM.search(title) else 8
    return 1


def _on_hgx(title: str, mention: Mention) -> bool:
    return bool(_HGX_BEFORE.search(title[: mention.start]) or _HGX_AFTER.match(title, mention.end))


def _counted_in(page: Page, name: str, title_machine: bool) -> int:
    text = page.hits(name).text
    if name == "description" and not title_machine and not _MACHINE.search(text):
        return 1
    for count in counts.counts(page, name):
        if number := _cards_in(text, count, name == "title" or title_machine, name == "description"):
            return number
    if not title_machine:
        return 1
    found = counts.counts(page, name)
    for mention in (m for m in page.mentions if m.field == name and not m.part and not m.system):
        if number := _beside(text, mention, found):
            return number
    return 1


def _cards_in(text: str, count: Count, told: bool, below: bool) -> int:
    """The number where it counts a machine's cards: '8卡', '8-GPU', '8枚搭載'. `below`: the title names the machine."""
    if count.value not in _USUAL or not (told or _EACH_OF.search(text[max(0, count.start - 2) : count.start])):
        return 0
    noun = _CARDS_AFTER.match(text, count.end)
    if noun is None or _ROOM_AFTER.match(text, noun.end()) or _NO_MACHINE_BEFORE.search(text[max(0, count.start - 24) : count.start]):
        return 0
    near = bool(_MACHINE.search(text[max(0, count.start - 4) : noun.end() + 12]) or _HOLDS.search(text[max(0, count.start - 24) : count.start]))
    if noun["ka"] and (count.value in (4, 8, 10, 16) or near):
        return count.value
    if near or (
        not noun["ka"] and noun["word"] not in _LOOSE_NOUNS and (below or _MACHINE.search(text))
    ):
        return count.value
    return count.value if not count.digits and noun["word"] in ("gpu", "gpus") else 0


def _beside(text: str, mention: Mention, found: list[Count]) -> int:
    """A count beside the chip's name, in the title of a machine: '8x H200', 'H200 x8'."""
    count = counts.before(found, mention.start, text, TO_NAME, 40)
    if count and count.value in _USUAL and not count.doubtful:
        return count.value
    times = FROM_NAME.match(text, mention.end)
    if times and times["x"]:
        at = times.start("x")
        if int(times["x"]) in _USUAL and not of_bus(text, at - 1, times.end("x")):
            return int(times["x"])
    if some := _SOME_BEFORE.search(text[max(0, mention.start - 30) : mention.start]):
        return _SOME[some[1]]
    loose = counts.before(found, mention.start, text, _WORDS_ONLY, 26)
    if loose and loose.value in _USUAL and loose.digits:
        return loose.value
    after = _LOOSE_AFTER.match(text, mention.end)
    return int(after["n"]) if after and int(after["n"]) in _USUAL else 0
