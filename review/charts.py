"""Charts drawn on the server as SVG: readable without script, by a screen reader too, coloured by the page's style sheet.

Each function gives one `<svg>` as markup that is safe to put into a page: every text is escaped, and no style or script is
inside, so that a strict content policy holds. Colours and sizes of letters come from classes (`desk.css`, `c-*`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from markupsafe import Markup

from review import axes
from review.svg import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    diamond,
    path_of,
    svg,
    tag,
    text,
    title_of,
    wrapped,
    x_axis,
    y_axis,
)

LEGEND_ROW = 20

APART = 8.0
"""Units between the middles of two dots in a row."""


@dataclass(frozen=True, slots=True)
class Dot:
    """One offer of a strip plot. `usd` for one chip or chip-hour; `own` is the offer the chart is about."""

    usd: float
    label: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """A place on a line. `x` is a figure or an ordinal day; `low` and `high` are its band; `label` is shown on pointing."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """A named line. `tone` 1 to 6 chooses its colour and its dashes, so that colour is never the only sign."""

    name: str
    points: tuple[Point, ...]
    tone: int = 1
    steps: bool = False
    """What holds from one point to the next, as a count over thresholds does."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A signed figure with its name; `note` stands after the figure."""

    name: str
    value: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of a strip of days. `tone` names its class (good, warn, bad, none, ...), `level` 0 to 4 its strength."""

    tone: str
    label: str
    level: int = 4
    sign: str = ""


def strip(
    dots: Sequence[Dot], *, title: str, low: float | None = None, high: float | None = None, n: int | None = None,
    usual: tuple[float, float] | None = None, height: int = 96, width: int = WIDTH,
) -> Markup:  # fmt: skip
    """Prices of a market on a log scale with the reference `low`..`high` and the offer in question marked.

    `usual` is where most asking prices lie, drawn behind. Dots that would cover each other are laid in rows. Prices that
    are not positive have no place and are passed over.
    """
    shown = [dot for dot in dots if dot.usd > 0]
    ends = [v for v in (low, high, *(usual or ())) if v]
    scale = axes.around([*(d.usd for d in shown), *ends], 16, width - 16, log=True)
    floor = height - BOTTOM
    out = [x_axis(scale, floor, axes.labels(scale.ticks(5), axes.short_money))]
    if usual:
        left, right = scale(usual[0]), scale(usual[1])
        words = title_of(f"most ask {axes.money(usual[0])} to {axes.money(usual[1])}")
        out.append(
            tag("rect", words, x=left, y=TOP, width=max(right - left, 1), height=floor - TOP, cls="c-usual")
        )
    if low and high:
        left, right = sorted((scale(low), scale(high)))
        wide = max(right - left, 3.0)
        words = f"reference {axes.money(low)}" + (f" to {axes.money(high)}" if high > low * 1.001 else "")
        words += f", {n} sellers" if n else ""
        out.append(
            tag(
                "rect",
                title_of(words),
                x=left - (wide - right + left) / 2,
                y=TOP,
                width=wide,
                height=floor - TOP,
                cls="c-band",
            )
        )
    own = [scale(dot.usd) for dot in shown if dot.own]
    last: list[float] = []
    """Where the last dot of each row stands; dots come from left to right."""
    for dot in sorted(shown, key=lambda d: (not d.own, d.usd)):
        x = scale(dot.usd)
        row = 0 if dot.own else _free_row(x, last, own)
        y = max(floor - 9 - row * 9, TOP + 4)
        words = title_of(f"{dot.label}: {axes.money(dot.usd)}" if dot.label else axes.money(dot.usd))
        if dot.own:
            out.append(tag("line", x1=x, x2=x, y1=TOP + 6, y2=y, cls="c-own-line"))
            out.append(tag("path", words, d=diamond(x, y), cls="c-own"))
            # Over the line, where no dot comes; at the edge it stays inside.
            side = "start" if x < 60 else "end" if x > width - 60 else "middle"
            out.append(text(axes.money(dot.usd), x, TOP, "c-own-label", side))
        else:
            out.append(tag("circle", words, cx=x, cy=y, r=3.6, cls="c-dot"))
    return svg(title, _strip_words(shown, low, high, n), height, out, "c-strip", width=width)


def _free_row(x: float, ends: list[float], own: Sequence[float]) -> int:
    """The lowest row in which a dot at `x` covers no other, and not the offer in question, which stands in the lowest."""
    row = next((r for r, end in enumerate(ends) if x - end >= APART), len(ends))
    if row == 0 and any(abs(x - place) < APART for place in own):
        row = next((r for r, end in enumerate(ends) if r and x - end >= APART), max(len(ends), 1))
    while len(ends) <= row:
        ends.append(-APART)
    ends[row] = x
    return row


def _strip_words(dots: Sequence[Dot], low: float | None, high: float | None, n: int | None) -> str:
    others = sum(not d.own for d in dots)
    parts = [f"{others} other offer{'' if others == 1 else 's'}"]
    parts += [f"this offer {axes.money(d.usd)}" for d in dots if d.own]
    if low and high:
        parts.append(
            f"reference {axes.money(low)} to {axes.money(high)}" + (f" from {n} sellers" if n else "")
        )
    return "; ".join(parts)


def line(
    series: Sequence[Series], *, title: str, days: bool = False, log: bool = False, y_words: str = "number", x_words: str = "",
    marks: Sequence[tuple[float, str]] = (), height: int = 220, width: int = WIDTH,
    y_high: float | None = None,
) -> Markup:  # fmt: skip
    """Lines over figures or days (`days`: x is an ordinal day) with their bands, and upright `marks` (x, name).

    `y_words`: number, money or percent. `log` is for money; `y_high` fixes the top of a linear scale, from 0.
    """
    points = [p for s in series for p in s.points]
    held = [v for p in points for v in (p.y, p.low, p.high) if v is not None]
    legend, rows = _legend(series, width) if len(series) > 1 else ("", 0)
    height += LEGEND_ROW * rows
    floor, top = height - BOTTOM - (14 if x_words else 0), TOP + LEGEND_ROW * rows
    y = axes.Scale(0, y_high, floor, top) if y_high else axes.around(held, floor, top, log=log)
    xs = [p.x for p in points] + [x for x, _ in marks]
    x = axes.Scale(min(xs, default=0), max(xs, default=1), LEFT, width - RIGHT)
    words = {"money": axes.short_money, "percent": axes.percent, "number": axes.short}[y_words]
    out = [
        y_axis(y, axes.labels(y.ticks(4), words), width - RIGHT),
        x_axis(x, floor, _x_ticks(x, days) if xs else []),
    ]
    if x_words:
        out.append(text(x_words, (LEFT + width - RIGHT) / 2, height - 4, "c-label", "middle"))
    for s in series:
        out += [
            _band(s, x, y),
            _path(s, x, y),
            *(_point(s, p, x, y) for p in s.points if len(s.points) < 60 and not s.steps),
        ]
    for place, name in marks:
        out.append(
            tag(
                "line",
                title_of(name),
                x1=x(place),
                x2=x(place),
                y1=top - 4,
                y2=floor,
                cls="c-mark",
                data_mark=name,
            )
        )
    out.append(legend)
    return svg(title, _line_words(series, days, y_words), height, out, "c-line-chart", width=width)


def _x_ticks(x: axes.Scale, days: bool) -> list[tuple[float, str]]:
    if not days:
        return [(v, f"{v:g}") for v in x.ticks(6)]
    return [(v, axes.day_words(date.fromordinal(v))) for v in axes.day_ticks(int(x.low), int(x.high))]


def _line_words(series: Sequence[Series], days: bool, y_words: str) -> str:
    ways: dict[str, Callable[[float], str]] = {"money": axes.money, "percent": axes.percent, "number": axes.short}
    words = ways[y_words]
    out = []
    for s in series:
        if s.points:
            ends = [s.points[0], s.points[-1]] if len(s.points) > 1 else [s.points[0]]
            told = (
                f"{words(p.y)} at {date.fromordinal(int(p.x)).isoformat() if days else format(p.x, 'g')}"
                for p in ends
            )
            out.append(f"{s.name}: {' to '.join(told)}")
    return "; ".join(out) or "nothing to show yet"


def _band(s: Series, x: axes.Scale, y: axes.Scale) -> str:
    held = [(p, p.low, p.high) for p in s.points if p.low is not None and p.high is not None]
    if len(held) < 2:
        return "".join(
            tag("line", x1=x(p.x), x2=x(p.x), y1=y(low), y2=y(high), cls=f"c-whisker c-tone{s.tone}")
            for p, low, high in held
        )
    upper = [(x(p.x), y(high)) for p, _, high in held]
    lower = [(x(p.x), y(low)) for p, low, _ in held]
    if s.steps:
        upper, lower = _stepped(upper), _stepped(lower)
    return tag("path", d=f"M{path_of(upper)}L{path_of(reversed(lower))}Z", cls=f"c-area c-tone{s.tone}")


def _path(s: Series, x: axes.Scale, y: axes.Scale) -> str:
    places = [(x(p.x), y(p.y)) for p in s.points]
    if len(places) < 2:
        return ""
    return tag("path", d=f"M{path_of(_stepped(places) if s.steps else places)}", cls=f"c-line c-tone{s.tone}")


def _point(s: Series, p: Point, x: axes.Scale, y: axes.Scale) -> str:
    return tag(
        "circle",
        title_of(p.label) if p.label else "",
        cx=x(p.x),
        cy=y(p.y),
        r=3,
        cls=f"c-point c-tone{s.tone}",
    )


def _stepped(places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    out = [places[0]]
    for (_, y0), (x1, y1) in pairwise(places):
        out += [(x1, y0), (x1, y1)]
    return out


def _legend(series: Sequence[Series], width: int) -> tuple[str, int]:
    """The names of the lines and how many rows they take; 10 units a letter leave room for the larger letters of a narrow screen."""
    out, at, row = [], float(LEFT), 0
    for s in series:
        wide = 40 + 10 * len(s.name)
        if at > LEFT and at + wide > width:
            at, row = float(LEFT), row + 1
        y = TOP + row * LEGEND_ROW
        out.append(tag("line", x1=at, x2=at + 18, y1=y, y2=y, cls=f"c-line c-tone{s.tone}"))
        out.append(text(s.name, at + 23, y + 4, "c-label", "start"))
        at += wide
    return "".join(out), row + 1


def bars(rows: Sequence[Bar], *, title: str, total: str = "", unit: str = "") -> Markup:
    """Signed figures as bars left and right of nought, each beginning where the one before ended, so that they add up.

    `total` names a last bar from nought to the sum; without it each bar begins at nought.
    """
    spans, at = [], 0.0
    for row in rows:
        start = at if total else 0.0
        spans.append((row, start, start + row.value))
        at += row.value
    if total:
        spans.append((Bar(total, at), 0.0, at))
    name_end, high, further = 200, 24, 15
    names = [wrapped(row.name, 24) for row, *_ in spans]
    scale = axes.around(
        [0.0, *(end for _, *ends in spans for end in ends)], name_end + 14, WIDTH - 64, room=0.02
    )
    height = TOP + high * len(spans) + further * sum(len(name) - 1 for name in names) + 6
    zero = scale(0)
    out = [tag("line", x1=zero, x2=zero, y1=TOP - 4, y2=height - 4, cls="c-axis")]
    y = float(TOP)
    for number, (row, start, end) in enumerate(spans):
        last = bool(total) and number == len(spans) - 1
        left, right = sorted((scale(start), scale(end)))
        tone = "c-sum" if last else "c-plus" if row.value >= 0 else "c-minus"
        figure = f"{row.value:+.2f}{unit}"
        bold = " c-strong" if last else ""
        out += [text(part, name_end, y + 13 + further * at, "c-bar-name" + bold, "end") for at, part in enumerate(names[number])]
        out.append(
            tag(
                "rect",
                title_of(f"{row.name}: {figure} {row.note}".strip()),
                x=left,
                y=y + 2,
                width=max(right - left, 1.5),
                height=high - 8,
                rx=2,
                cls=tone,
            )
        )
        out.append(text(figure, right + 5, y + 13, "c-figure" + bold, "start"))
        y += high + further * (len(names[number]) - 1)
    words = "; ".join(f"{row.name} {row.value:+.2f}" for row, *_ in spans)
    return svg(title, words, height, out, "c-bars")


def heat(cells: Sequence[Cell], *, title: str, size: int = 14) -> Markup:
    """A row of days as small squares; a `sign` inside says the same without colour."""
    out = []
    for number, cell in enumerate(cells):
        x = number * (size + 2)
        out.append(
            tag(
                "rect",
                title_of(cell.label),
                x=x,
                y=0,
                width=size,
                height=size,
                rx=2,
                cls=f"c-cell c-{cell.tone} c-level{cell.level}",
            )
        )
        if cell.sign:
            out.append(text(cell.sign, x + size / 2, size - 3.5, "c-sign", "middle"))
    words = "; ".join(cell.label for cell in cells if cell.tone != "none") or "nothing yet"
    return svg(title, words, size, out, "c-heat", width=max(len(cells) * (size + 2) - 2, size), fixed=True)
