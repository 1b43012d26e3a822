"""The pieces that charts are drawn from: escaped SVG elements, axes, and the frame that names the chart."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from markupsafe import Markup, escape

from review import axes

WIDTH = 560
"""Units across; letters of 12 units stay readable on a phone with the larger letters its style gives."""

LEFT, RIGHT, TOP, BOTTOM = 62, 14, 12, 30


def x_axis(x: axes.Scale, floor: float, ticks: Iterable[tuple[float, str]]) -> str:
    """The lower axis with ticks (place, words); every second label may be left out on a narrow screen."""
    out = [tag("line", x1=x.start, x2=x.end, y1=floor, y2=floor, cls="c-axis")]
    for at, (value, words) in enumerate(ticks):
        place = x(value)
        out.append(tag("line", x1=place, x2=place, y1=floor, y2=floor + 4, cls="c-axis"))
        anchor = "end" if place > x.end - 16 else "middle"
        out.append(text(words, place, floor + 17, "c-label" + (" c-second" if at % 2 else ""), anchor))
    return "".join(out)


def y_axis(y: axes.Scale, ticks: Iterable[tuple[float, str]], end: float) -> str:
    """Level lines up to `end` with their figures on the left."""
    out = []
    for value, words in ticks:
        out.append(tag("line", x1=LEFT, x2=end, y1=y(value), y2=y(value), cls="c-grid"))
        out.append(text(words, LEFT - 6, y(value) + 4, "c-label", "end"))
    return "".join(out)


def svg(
    title: str,
    words: str,
    height: float,
    parts: Iterable[str],
    cls: str,
    *,
    width: float = WIDTH,
    fixed: bool = False,
) -> Markup:
    """The whole drawing. A screen reader hears `title` and `words`; `fixed` keeps its size on any screen."""
    size = f' width="{number(width)}" height="{number(height)}"' if fixed else ""
    return Markup(  # noqa: S704 - every text inside went through escape
        f'<svg class="chart {cls}" viewBox="0 0 {number(width)} {number(height)}"{size} role="img" aria-label="{escape(f"{title}. {words}")}">'
        f"{''.join(parts)}</svg>"
    )


def tag(name: str, inside: str = "", *, cls: str, **attributes: float | str) -> str:
    """An element. Attribute names with _ become names with -; `inside` is markup already."""
    told = "".join(
        f' {key.replace("_", "-")}="{number(v) if isinstance(v, (int, float)) else escape(v)}"'
        for key, v in attributes.items()
    )
    return f'<{name} class="{cls}"{told}>{inside}</{name}>'


def text(words: str, x: float, y: float, cls: str, anchor: str) -> str:
    """Escaped words at a place; `anchor` is start, middle or end."""
    return (
        f'<text class="{cls}" x="{number(x)}" y="{number(y)}" text-anchor="{anchor}">{escape(words)}</text>'
    )


def title_of(words: str) -> str:
    """What a browser shows on pointing at the element around."""
    return f"<title>{escape(words)}</title>"


def number(value: float) -> str:
    """A coordinate to a tenth of a unit."""
    return f"{value:.1f}".removesuffix(".0")


def path_of(places: Iterable[tuple[float, float]]) -> str:
    """Places as the lines of a path, without its beginning."""
    return "L".join(f"{number(x)} {number(y)}" for x, y in places)


def diamond(x: float, y: float, size: float = 7) -> str:
    """The path of a diamond around a place."""
    return f"M{path_of([(x, y - size), (x + size, y), (x, y + size), (x - size, y)])}Z"


def wrapped(words: str, most: int) -> list[str]:
    """Words in lines of about `most` characters, two at the most; what is longer is cut."""
    lines = textwrap.wrap(words, most, max_lines=2, placeholder="…", break_on_hyphens=False)
    return lines or [""]
