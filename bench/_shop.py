"""A shop on loopback for the crawl's bench: `python -m bench._shop PAGES` prints its port and the size of a page of each kind.

`/list/KIND` leads to PAGES pages `/KIND/N`. Kinds: `shop` is as the recorded shop pages are in the middle (9 tags a KB, packed
to a fifth: scripts, styles, a menu, related goods, some facts); `dense` is the same size of nothing but small cells (68 tags
a KB), more than nine in ten of the recorded pages have.
"""

from __future__ import annotations

import asyncio
import json
import random
import string
import sys

KINDS = ("shop", "dense")
_CHANCE = random.Random(7)
_WORDS = ["".join(_CHANCE.choices(string.ascii_lowercase, k=_CHANCE.randint(2, 9))) for _ in range(160)]


def _prose(words: int) -> str:
    return " ".join(_CHANCE.choices(_WORDS, k=words))


def _markup(n: int, description: str) -> str:
    offer = {"@type": "Offer", "price": f"{9000 + n}.00", "priceCurrency": "USD", "availability": "https://schema.org/InStock"}
    data = {"@context": "https://schema.org", "@type": "Product", "name": f"NVIDIA A100 80GB PCIe {n}", "sku": f"S{n}"}
    return json.dumps(data | {"description": description, "brand": {"@type": "Brand", "name": "NVIDIA"}, "offers": offer})


def shop(n: int) -> str:
    """A page as most are: more script and style than text."""
    styles = "".join(f".{_CHANCE.choice(_WORDS)}-{i}{{margin:{i % 13}px;color:#{i * 7919 % 4096:03x}}}" for i in range(380))
    script = json.dumps([{"id": 51000 + i, "key": _CHANCE.choice(_WORDS), "on": i % 3 == 0} for i in range(620)])
    menu = "".join(f'<li><a href="/c/{_CHANCE.choice(_WORDS)}">{_prose(2)}</a></li>' for _ in range(40))
    facts = "".join(f"<tr><th>{_prose(1)}</th><td>{_prose(3)}</td></tr>" for _ in range(25))
    goods = "".join(
        f'<li class="related-item"><a href="/r/{i}"><img src="/i/{i}.jpg" alt="{_prose(3)}"></a><span class="price">${i}9.99</span></li>'
        for i in range(12)
    )
    text = "".join(f"<p>{_prose(70)}</p>" for _ in range(10))
    return (
        f'<!DOCTYPE html><html lang="en"><head><title>A100 {n}</title><style>{styles}</style><script type="application/ld+json">{_markup(n, _prose(40))}</script>'
        f'<script>var page = {script};</script></head><body><nav><ul>{menu}</ul></nav><main><h1>NVIDIA A100 80GB PCIe {n}</h1><p class="price">${9000 + n}.00</p>'
        f'<button>Add to cart</button><div class="description">{text}</div><table>{facts}</table></main><h2>Related products</h2><ul>{goods}</ul>'
        f"<script>{''.join(f'var {_CHANCE.choice(_WORDS)}{i}={i % 7};' for i in range(480))}</script></body></html>"
    )


def dense(n: int) -> str:
    """A page of 420 rows and 150 related goods."""
    rows = "".join(f"<tr><td>Property {i}</td><td>Value {i * n % 997} of some kind</td></tr>" for i in range(420))
    side = "".join(f'<li class="rel"><a href="/r/{i}">Related {i}</a><span class="price">${i}.99</span></li>' for i in range(150))
    return (
        f'<!DOCTYPE html><html><head><title>A100 {n}</title><script type="application/ld+json">{_markup(n, "Tested for a week. " * 5)}</script></head><body>'
        f'<h1>NVIDIA A100 80GB PCIe {n}</h1><p class="price">${9000 + n}.00</p><button>Add to cart</button><div class="description"><table>{rows}</table></div>'
        f"<ul>{side}</ul></body></html><!-- {'x' * 12000} -->"
    )


def pages(count: int) -> dict[str, bytes]:
    """All that is served, by path."""
    made = {f"/{kind}/{n}": globals()[kind](n).encode() for kind in KINDS for n in range(count)}
    return made | {f"/list/{kind}": "".join(f'<a class="p" href="/{kind}/{n}">{n}</a>' for n in range(count)).encode() for kind in KINDS}


async def _serve(served: dict[str, bytes]) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = served.get(head.split(b" ", 2)[1].decode())
                status = b"200 OK" if body is not None else b"404 Not Found"
                length = b"Content-Length: %d" % len(body or b"")
                writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Type: text/html; charset=utf-8\r\n" + length + b"\r\n\r\n" + (body or b""))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], *(len(served[f"/{kind}/1"]) for kind in KINDS), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(pages(int(sys.argv[1]))))
