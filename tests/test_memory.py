"""What judging remembers of a seller: the sum at hand is the sum counted, whatever comes late."""

from __future__ import annotations

from random import Random

import pytest

from detector import memory
from detector.memory import _Goods, _Offer


@pytest.mark.parametrize("seed", range(20))
def test_a_sellers_other_goods_are_those_that_were_observed_up_to_the_moment(seed: int) -> None:
    dice, goods, said = Random(seed), _Goods(), dict[tuple[str, str], bool]()
    for _ in range(200):
        listing, moment = dice.choice("abcdef"), f"2026-01-{dice.randint(1, 28):02d}"
        latest: dict[str, bool] = {}
        for (key, when), chip in sorted(said.items(), key=lambda one: one[0][1]):
            if key != listing and when <= moment:
                latest[key] = chip
        assert goods.others(listing, moment) == (len(latest), sum(not chip for chip in latest.values()))
        if (listing, moment) not in said:
            said[listing, moment] = dice.random() < 0.5
            goods.add(listing, _Offer(moment, said[listing, moment]))


def test_a_shops_latest_page_is_not_held_against_each_of_its_others(monkeypatch: pytest.MonkeyPatch) -> None:
    goods = _Goods()
    monkeypatch.setattr(memory, "_last_of", None)
    for number in range(100):
        moment = f"2026-01-01T00:{number // 60:02d}:{number % 60:02d}Z"
        assert goods.others(str(number), moment) == (number, (number + 1) // 2)
        goods.add(str(number), _Offer(moment, number % 2 == 1))
