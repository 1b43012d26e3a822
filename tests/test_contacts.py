"""Contact details: one form for each, near misses beside every hit, and nothing but keyed hashes in the database."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest

from config.loader import Config
from detector.contacts import contacts
from detector.reading.read import Reader
from storage.listing import Listing

MADE_UP = [
    ("Message me on Telegram @gpu_trader9 for a better price.", [("account", "gpu_trader9")]),
    ("Telegram: https://t.me/GPU_trader9", [("account", "gpu_trader9")]),
    ("Telegram is down, use https://discord.gg/Chips77.", [("link", "discord.gg/chips77")]),
    ("Add WeChat h100-sz-77.", [("account", "h100-sz-77")]),
    ("加V：abc8812。不退不换", [("account", "abc8812")]),
    ("微信聊 gpu_shop88", [("account", "gpu_shop88")]),
    ("WhatsApp +86 138 1234 5678 is faster", [("phone", "13812345678")]),
    ("WhatsApp https://wa.me/8613812345678", [("phone", "13812345678")]),
    ("Write to Sales@Chips-Depot.example please", [("mail", "sales@chips-depot.example")]),
    ("加微信 ＡＢＣ＿7712 详谈", [("account", "abc_7712")]),
]
NEAR_MISSES = [
    "WhatsApp +00 000 000 is faster",  # a stand-in
    "加V，RTX-4090 现货",  # the goods again
    "加V：H100 八卡",
    "We do not use Telegram, please write here.",
    "Part number 900-21010-0000-000, serial 1320622044521",
    "加薇详谈，平台不常看。",
    "WhatsApp 138****0000",  # half a number ties nobody
]


@cache
def reader() -> Reader:
    return Reader(Config())


def details(text: str) -> list[tuple[str, str]]:
    listing = Listing(
        "shop", "1", "NVIDIA H100 80GB PCIe", description=text, observed_at="2026-03-02T08:00:00Z"
    )
    return list(contacts(listing, reader().read(listing, date(2026, 3, 2))))


@pytest.mark.parametrize(("text", "expected"), MADE_UP, ids=[text for text, _ in MADE_UP])
def test_contacts_are_found_in_one_form(text: str, expected: list[tuple[str, str]]) -> None:
    assert details(text) == expected


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_what_is_no_contact_ties_nobody(text: str) -> None:
    assert details(text) == []


def test_a_text_with_many_contacts_is_a_directory() -> None:
    assert details("Telegram " + " ".join(f"@trader_{n}" for n in range(9))) == []
