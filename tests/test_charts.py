"""Charts: figures land where they should, nothing from outside becomes markup, and no chart needs style or script."""

from __future__ import annotations

import random
import re
from xml.etree import ElementTree

import pytest

from review import axes, charts
from review.charts import Bar, Cell, Dot, Point, Series

HOSTILE = "\"><script>alert(1)</script>' onload=x &amp; {{7*7}} \u202e"

CHARTS = {
    "strip": charts.strip(
        [Dot(100, HOSTILE), Dot(250, HOSTILE, own=True)], title=HOSTILE, low=90, high=110, n=3
    ),
    "line": charts.line(
        [Series(HOSTILE, (Point(1, 2, 1, 3, HOSTILE), Point(2, 3, 2, 4))), Series("b", (Point(1, 1),), 2)],
        title=HOSTILE,
        x_words=HOSTILE,
        marks=[(1.5, HOSTILE)],
    ),
    "bars": charts.bars([Bar(HOSTILE, 1.5, HOSTILE), Bar("b", -2)], title=HOSTILE, total=HOSTILE),
    "heat": charts.heat([Cell("good", HOSTILE, 2, "x")], title=HOSTILE),
}


@pytest.mark.parametrize("name", CHARTS)
def test_text_from_outside_stays_text(name: str) -> None:
    tree = ElementTree.fromstring(CHARTS[name])
    assert {element.tag for element in tree.iter()} <= {
        "svg",
        "rect",
        "line",
        "path",
        "circle",
        "text",
        "title",
    }
    assert not [a for element in tree.iter() for a in element.attrib if a == "style" or a.startswith("on")]
    assert HOSTILE in tree.attrib["aria-label"]


EMPTY = {
    "strip": lambda: charts.strip([], title="t"),
    "strip of worthless prices": lambda: charts.strip([Dot(0), Dot(-3)], title="t", low=0, high=0),
    "line": lambda: charts.line([], title="t"),
    "no days": lambda: charts.line([], title="t", days=True, log=True, y_words="money"),
    "one day": lambda: charts.line([Series("a", (Point(739677, 5, 4, 6),))], title="t", days=True, log=True),
    "same price": lambda: charts.line([Series("a", (Point(1, 5), Point(2, 5)))], title="t", log=True),
    "bars": lambda: charts.bars([], title="t", total="sum"),
    "noughts": lambda: charts.bars([Bar("a", 0.0)], title="t"),
    "heat": lambda: charts.heat([], title="t"),
}


@pytest.mark.parametrize("name", EMPTY)
def test_little_or_nothing_to_show_still_makes_a_chart(name: str) -> None:
    drawn = EMPTY[name]()
    assert ElementTree.fromstring(drawn).tag == "svg"
    assert "nan" not in drawn and "inf" not in drawn


def test_bars_begin_where_the_one_before_ended_and_reach_the_sum() -> None:
    tree = ElementTree.fromstring(
        charts.bars([Bar("a", 2.0), Bar("b", -0.5), Bar("c", 1.0)], title="t", total="sum")
    )
    spans = [
        (float(r.attrib["x"]), float(r.attrib["x"]) + float(r.attrib["width"])) for r in tree.iter("rect")
    ]
    a, b, c, total = spans
    assert b[1] == pytest.approx(a[1], abs=0.2)
    assert c[0] == pytest.approx(b[0], abs=0.2)
    assert total == (pytest.approx(a[0], abs=0.2), pytest.approx(c[1], abs=0.2))
    assert "sum +2.50" in tree.attrib["aria-label"]


def test_dots_of_a_strip_do_not_cover_each_other() -> None:
    chance = random.Random(7)
    dots = [Dot(chance.lognormvariate(9, 0.4)) for _ in range(40)] + [Dot(1000 + i) for i in range(5)]
    tree = ElementTree.fromstring(charts.strip([*dots, Dot(1002, own=True)], title="t", height=400))
    (own,) = (e for e in tree.iter("path") if e.attrib["class"] == "c-own")
    tip = [float(v) for v in own.attrib["d"].strip("MZ").split("L")[0].split()]
    places = [(float(c.attrib["cx"]), float(c.attrib["cy"])) for c in tree.iter("circle")]
    assert len(places) == 45
    places.append((tip[0], tip[1] + 7))
    assert all(
        abs(x - u) >= 7.9 or abs(y - v) >= 8.9 for i, (x, y) in enumerate(places) for u, v in places[i + 1 :]
    )


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 7, [0, 2, 4, 6]),
        (12, 13, [12, 12.2, 12.4, 12.6, 12.8, 13]),
        (5, 5, [5]),
    ],
)
def test_ticks_are_round(low: float, high: float, ticks: list[float]) -> None:
    assert axes.linear_ticks(low, high, 5) == pytest.approx(ticks)


def test_no_label_of_an_axis_stands_twice() -> None:
    assert [words for _, words in axes.labels([10_200, 10_250, 10_300], axes.short_money)] == ["$10.2k", "$10.25k", "$10.3k"]
    assert [words for _, words in axes.labels([10_000, 20_000], axes.short_money)] == ["$10k", "$20k"]
    assert [words for _, words in axes.labels([0.5, 0.501], axes.percent)] == ["50.0 %", "50.1 %"]
    assert axes.labels([], axes.short) == []


@pytest.mark.parametrize(("low", "high"), [(0.4, 3), (900, 1100), (8000, 45000), (1, 1e6), (23000, 23100)])
def test_log_ticks_lie_inside_and_are_few(low: float, high: float) -> None:
    ticks = axes.log_ticks(low, high, 5)
    assert 1 <= len(ticks) <= 8
    assert all(low * 0.998 <= tick <= high * 1.002 for tick in ticks)


@pytest.mark.parametrize(
    ("usd", "words"),
    [(0.4, "$0.40"), (99.5, "$99.50"), (950, "$950"), (16900, "$16,900"), (1e6, "$1,000,000")],
)
def test_money_in_words(usd: float, words: str) -> None:
    assert axes.money(usd) == words


def test_every_class_of_a_chart_is_in_the_style_sheet() -> None:
    from importlib import resources

    css = resources.files("review").joinpath("desk/static/charts.css").read_text(encoding="utf-8")
    used = {
        name
        for drawn in CHARTS.values()
        for names in re.findall(r'class="([^"]*)"', drawn)
        for name in names.split()
        if name.startswith("c-")
    }
    plain = {"c-label", "c-strip", "c-line-chart", "c-bars", "c-level4", "c-level2"}
    assert used - plain <= set(re.findall(r"\.(c-[\w-]+)", css))
