"""Near-copies in every script, relists told from copies, nothing compared with what came later."""

from __future__ import annotations

import random

import pytest

from config.schema.thresholds import Repeats
from detector.neighbours import (
    BANDS,
    LOOKED_AT,
    Shelf,
    Text,
    canonical,
    is_foreign,
    is_relist,
    may_be_one,
    ngrams,
    similarity,
    sketch,
)
from detector.others import MOST_RECENT

OPTIONS = Repeats()
TEXTS = [
    (
        "NVIDIA A100 80GB PCIe pulled from working server",
        "Tested with nvidia-smi, no ECC errors. Ships in antistatic bag from Ohio.",
    ),
    (
        "英伟达 A100 80G PCIE 拆机卡 现货",
        "机房退役，成色新，包测试三天。可开机验货，支持平台交易，顺丰到付。",
    ),
    (
        "NVIDIA A100 80GB PCIe 動作確認済み",
        "サーバーから取り外した品です。動作確認済み、簡易梱包で発送します。返品はご遠慮ください。",
    ),
    (
        "Видеокарта NVIDIA A100 80GB б/у",
        "Снята с рабочего сервера, проверена под нагрузкой. Отправлю транспортной компанией, торг уместен.",
    ),
]


def text(
    name: str, words: tuple[str, str], site: str = "ebay", seller: str | None = "s", day: int = 100
) -> Text:
    return Text(name, f"l-{name}", site, seller, day, sketch(canonical(*words), OPTIONS))


def _looked_at(texts: list[Text], here: int) -> list[Text]:
    """The plain way to what `Shelf.put` gives."""
    own = texts[here]
    parts = [slice(4 * band, 4 * band + 4) for band in range(BANDS)]
    near = [
        at
        for at in range(here - 1, -1, -1)
        if any((texts[at].bands or b"")[part] == (own.bands or b"")[part] for part in parts)
        and texts[at].listing != own.listing
        and abs(texts[at].day - own.day) <= OPTIONS.window_days
    ]
    found: list[int] = []
    for sort, among in (
        (is_foreign, near[:LOOKED_AT]),
        (may_be_one, near[:LOOKED_AT]),
        (is_relist, near),
    ):
        latest: dict[str, int] = {}
        for at in among:
            if sort(own, texts[at]):
                latest.setdefault(texts[at].listing, at)
        found += list(latest.values())[:MOST_RECENT]
    return [texts[at] for at in sorted(found, reverse=True)]


@pytest.mark.parametrize("words", TEXTS, ids=[words[0] for words in TEXTS])
def test_a_copy_with_a_few_words_changed_is_met_and_others_are_not(words: tuple[str, str]) -> None:
    copy = (words[0] + "!", words[1][:-4])
    shelf = Shelf(OPTIONS)
    others = [text(str(at), other) for at, other in enumerate(TEXTS) if other != words]
    assert shelf.put([*others, text("a", words)])[-1] == []
    (met,) = shelf.put([text("b", copy)])
    assert [other.listing for other in met] == ["l-a"]
    assert similarity(ngrams(canonical(*words), 3), ngrams(canonical(*copy), 3)) >= OPTIONS.similar


def test_layout_invisible_and_full_width_characters_do_not_hide_a_copy() -> None:
    assert canonical("Ａ１００ 80G", "新\u200b品\n\n现货") == canonical("A100  80g", "新品 现货")


@pytest.mark.parametrize(
    ("title", "description", "compared"),
    [
        ("NVIDIA A100", None, False),
        ("H100 PCIE", "tested, ok", False),
        ("H100 80G", "自用", False),
        ("出 H100 80G", None, False),
        ("H100 PCIE 自用", "微信联系可小刀", True),
        ("H100 PCIE", "動作確認済みです、即発送", True),
        ("H100 PCIE", "직접 사용, 상태 좋음 직거래", True),
        ("NVIDIA H100 80GB", "tested, ships tomorrow", True),
    ],
)
def test_short_texts_are_not_compared(title: str, description: str | None, compared: bool) -> None:
    """A character of Chinese, kana or Hangul says as much as two letters."""
    assert (sketch(canonical(title, description), OPTIONS) is not None) is compared


def test_a_short_chinese_post_of_two_sellers_is_a_copy() -> None:
    words = ("H100 PCIE 自用", "微信联系可小刀")
    shelf = Shelf(OPTIONS)
    assert shelf.put([text("a", words, seller="wang"), text("b", words, seller="li")])[1][0].listing == "l-a"


def test_recall_at_the_edge_of_likeness() -> None:
    rng = random.Random(3)
    met = 0
    for at in range(200):
        base = "".join(rng.choice("abcdefghij") for _ in range(200))
        edited = list(base)
        for place in rng.sample(range(200), 7):  # about 0.8 of the trigrams stay
            edited[place] = "z"
        shelf = Shelf(OPTIONS)
        shelf.put([text(f"{at}a", (base, ""))])
        met += bool(shelf.put([text(f"{at}b", ("".join(edited), ""))])[0])
    assert met >= 195


def test_one_at_a_time_meets_what_a_batch_meets() -> None:
    texts = [text(str(at), TEXTS[at % 4], seller=f"s{at % 3}") for at in range(12)]
    whole = Shelf(OPTIONS).put(texts)
    shelf = Shelf(OPTIONS)
    assert [shelf.put([one])[0] for one in texts] == whole
    assert whole[0] == [] and len(whole[11]) == 2


def test_what_is_met_is_what_a_look_at_every_earlier_text_finds() -> None:
    """Texts put in pieces of any size, whose bands are often shared: of one hand and of others the most recent and no others."""
    chance = random.Random(8)
    texts = [
        Text(
            str(n),
            f"l-{chance.randrange(n + 1)}",
            chance.choice(["ebay", "xianyu"]),
            chance.choice(["s", "t", "u", "v", None]),
            chance.choice([100, 100, 100, 400]),
            bytes(x for _ in range(BANDS) for x in (chance.randrange(9), 0, 0, n % 25)),
        )
        for n in range(1500)
    ]
    shelf, met, at = Shelf(OPTIONS), [], 0
    while at < len(texts):
        size = chance.choice([1, 2, 7, 40])
        met += shelf.put(texts[at : at + size])
        at += size
    assert met == [_looked_at(texts, here) for here in range(len(texts))]


def test_strangers_copies_neither_hide_a_relist_nor_what_is_inside_the_window() -> None:
    shelf = Shelf(OPTIONS)
    shelf.put([text("own", TEXTS[0]), text("a", TEXTS[0], seller="a")])
    shelf.put([text(f"o{n}", TEXTS[0], seller=f"o{n}", day=100 - OPTIONS.window_days - n) for n in range(1, 15)])
    (met,) = shelf.put([text("new", TEXTS[0])])
    assert [other.listing for other in met] == ["l-a", "l-own"]
    shelf.put([text(f"c{n}", TEXTS[0], seller=f"c{n}") for n in range(LOOKED_AT + 300)])
    (met,) = shelf.put([text("newer", TEXTS[0])])
    assert [other.listing for other in met if is_relist(text("newer", TEXTS[0]), other)] == ["l-new", "l-own"]
    assert len(met) == 2 + MOST_RECENT


def test_similarity_is_jaccards() -> None:
    assert similarity(ngrams("abcd", 3), ngrams("abce", 3)) == 1 / 3
    assert (
        similarity(ngrams("abcd", 3), ngrams("abcd", 3)) == 1
        and similarity(ngrams("ab", 3), ngrams("abcd", 3)) == 0
    )


def test_a_text_out_of_the_window_is_not_met() -> None:
    shelf = Shelf(OPTIONS)
    shelf.put([text("a", TEXTS[0], day=100)])
    assert shelf.put([text("b", TEXTS[0], day=100 + OPTIONS.window_days + 1)]) == [[]]


@pytest.mark.parametrize(
    ("a", "b", "relist", "foreign"),
    [
        (("ebay", "s"), ("ebay", "s"), True, False),
        (("ebay", "s"), ("ebay", "t"), False, True),
        (("ebay", "s"), ("xianyu", "s"), False, True),
        (("ebay", None), ("ebay", None), False, False),  # nobody can tell
        (("ebay", None), ("xianyu", None), False, True),
    ],
)
def test_relists_and_copies(
    a: tuple[str, str | None], b: tuple[str, str | None], relist: bool, foreign: bool
) -> None:
    own, other = text("a", TEXTS[0], *a), text("b", TEXTS[0], *b)
    assert (is_relist(own, other), is_foreign(own, other)) == (relist, foreign)
