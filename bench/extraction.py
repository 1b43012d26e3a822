"""The generic extraction's speed beside parsel and extruct on the same pages; `python -m bench.extraction [FOLDER]`.

The rivals run in turn on every page, pages in memory and warm, CPU time of one core, median of rounds. parsel selects the
same fields (JSON-LD product, microdata, OpenGraph, title, shown texts with prices, labels and buttons) by CSS and XPath, as a
spider would; it weighs nothing.
"""

from __future__ import annotations

import gzip
import itertools
import json
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from parsel import Selector
from selectolax.lexbor import LexborHTMLParser

from crawler.extraction.evaluate import FOLDER
from crawler.extraction.extract import extract_page

ROUNDS = 3
_PRICE = re.compile(r"(?:[$£€¥₹]|EUR|USD|CHF|R\$|Rs\.?)\s?\d[\d.,]*|\d[\d.,]*\s?(?:€|EUR|kr|zł|Kč)")
_LABEL = re.compile(r"^(?:sku|brand|marke|marque|marca|mpn|ean|gtin|model)\b", re.I)


def parsel_fields(body: str) -> dict[str, Any]:
    """The same sources read with parsel."""
    page = Selector(body)
    scripts = page.css('script[type="application/ld+json"]::text').getall()
    found: dict[str, Any] = {"json": [_json(script) for script in scripts]}
    for name in (
        "name",
        "price",
        "priceCurrency",
        "availability",
        "sku",
        "brand",
        "gtin13",
        "mpn",
        "image",
        "description",
        "itemCondition",
        "seller",
        "category",
        "productID",
    ):
        rows = page.css(f'[itemprop="{name}"]')
        found[name] = [
            row.attrib.get("content") or " ".join(row.css("::text").getall()).strip() for row in rows
        ]
    for name in (
        "og:title",
        "og:image",
        "og:description",
        "product:price:amount",
        "product:price:currency",
        "product:availability",
        "product:brand",
    ):
        found[name] = page.css(f'meta[property="{name}"]::attr(content)').get()
    found["title"] = " ".join(page.css("h1 ::text").getall()).strip()
    texts = page.xpath(
        "//body//text()[not(ancestor::script or ancestor::style or ancestor::noscript)]"
    ).getall()
    shown = [text for text in (text.strip() for text in texts) if text]
    found["prices"] = [text for text in shown if len(text) <= 120 and _PRICE.search(text)]
    found["labels"] = [pair for pair in itertools.pairwise(shown) if _LABEL.match(pair[0])]
    found["facts"] = [
        (
            " ".join(row.css("th ::text, dt ::text").getall()),
            " ".join(row.css("td ::text, dd ::text").getall()),
        )
        for row in page.css("tr, dl")[:200]
    ]
    found["stock"] = page.css('[class*="stock"] ::text, [class*="availab"] ::text').getall()
    found["trail"] = page.css('[class*="breadcrumb"] ::text').getall()
    found["tags"] = page.css('[class*="price"]::text, [id*="price"]::text').getall()
    found["buttons"] = page.css("button::text, input[type=submit]::attr(value)").getall()
    return found


def _json(script: str) -> Any:
    try:
        return json.loads(script)
    except ValueError:
        return None


def extruct_fields(body: str) -> Any:
    """Markup alone, where extruct is installed."""
    import extruct

    return extruct.extract(
        body, syntaxes=["json-ld", "microdata", "opengraph"], uniform=True, errors="ignore"
    )


def measure(tools: dict[str, Callable[[str], Any]], pages: list[str]) -> dict[str, float]:
    """CPU milliseconds a page by tool."""
    spent: dict[str, list[float]] = {name: [] for name in tools}
    for _ in range(ROUNDS):
        totals = dict.fromkeys(tools, 0.0)
        for page in pages:
            for name, tool in tools.items():
                begun = time.process_time()
                tool(page)
                totals[name] += time.process_time() - begun
        for name, total in totals.items():
            spent[name].append(total / len(pages) * 1000)
    return {name: statistics.median(rows) for name, rows in spent.items()}


def main(arguments: list[str]) -> int:
    """Print the table; 1 if the pages are not there."""
    folder = Path(arguments[0]) if arguments else FOLDER
    files = sorted((folder / "html").glob("*.html.gz"))
    if not files:
        print(f"{folder}: holds no html/*.html.gz", file=sys.stderr)
        return 1
    pages = [gzip.decompress(file.read_bytes()).decode("utf-8", "replace") for file in files]
    tools: dict[str, Callable[[str], Any]] = {
        "chipwatch": extract_page,
        "parsel": parsel_fields,
        "lexbor parse only": LexborHTMLParser,
    }
    try:
        import extruct  # noqa: F401

        tools["extruct json-ld+microdata+opengraph"] = extruct_fields
    except ImportError:
        pass
    for tool in tools.values():
        tool(pages[0])
    found = measure(tools, pages)
    print(f"{len(pages)} pages, mean {sum(map(len, pages)) / len(pages) / 1e6:.2f} M characters")
    for name, spent in found.items():
        print(f"  {name:<38}{spent:8.1f} ms a page{spent / found['chipwatch']:8.2f} x chipwatch")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
