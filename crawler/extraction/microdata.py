"""Microdata and RDFa-lite as schema.org nodes, in one reading of the elements that carry a property."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawler.extraction import schema_org
from crawler.extraction.claims import Claim
from crawler.extraction.dom import short_text

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_MOST = 5_000
"""Elements with a property that are read."""
_DEEPEST = 60
"""Ancestors that are climbed to find the scope of a property."""
_LONG = 5_000
_ELEMENT = "@element"
"""Where a node keeps the address in memory of its element."""
_SOURCE = {
    "a": "href",
    "link": "href",
    "area": "href",
    "img": "src",
    "source": "src",
    "object": "data",
    "data": "value",
    "meter": "value",
    "time": "datetime",
}


class _Syntax:
    """Attribute names of one of the two syntaxes."""

    def __init__(self, origin: str, scope: str, kind: str, name: str) -> None:
        self.origin, self.scope, self.kind, self.name = origin, scope, kind, name


MICRODATA = _Syntax("microdata", "itemscope", "itemtype", "itemprop")
RDFA = _Syntax("rdfa", "typeof", "typeof", "property")


def claims(tree: LexborHTMLParser, syntax: _Syntax) -> list[Claim]:
    """Product claims of the page in order; offers and loose properties outside any article come last."""
    nodes, loose = _read(tree, syntax)
    taken: set[int] = set()
    for node in nodes:
        _take(node, taken)
    found = []
    for node in nodes:
        if schema_org.is_product(node):
            claim = schema_org.product_claim(node, syntax.origin)
            claim.scope = node.get(_ELEMENT)
            found.append(claim)
    for node in nodes:
        if id(node) not in taken and schema_org.kinds(node) & schema_org.OFFERS:
            found.append(schema_org.offer_claim(node, syntax.origin))
    if loose.keys() & {"price", "sku", "offers"}:
        found.append(schema_org.product_claim(loose, syntax.origin))
    return found


def _take(node: dict[str, Any], taken: set[int]) -> None:
    """Note the nodes that stand inside another."""
    for value in node.values():
        for row in value if isinstance(value, list) else (value,):
            if isinstance(row, dict):
                taken.add(id(row))


def _read(tree: LexborHTMLParser, syntax: _Syntax) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    by_element: dict[int, dict[str, Any]] = {}
    scopes: dict[int, int | None] = {}
    order: list[dict[str, Any]] = []
    done: set[int] = set()
    loose: dict[str, Any] = {"@type": "Product"}
    root = tree.root
    for element in root.css(f"[{syntax.scope}], [{syntax.name}]")[:_MOST] if root is not None else ():
        key = element.mem_id
        if key in done:
            # An element that matches both selectors is found twice.
            continue
        done.add(key)
        attributes = element.attributes
        own = None
        if syntax.scope in attributes:
            own = by_element[key] = {"@type": (attributes.get(syntax.kind) or "").split(), _ELEMENT: key}
            order.append(own)
        names = (attributes.get(syntax.name) or "").split()
        if not names:
            continue
        scope = _scope(element, syntax, scopes)
        home = by_element.get(scope) if scope is not None else None
        target = loose if home is None else home
        value = own if own is not None else _value(element, attributes)
        if own is not None and attributes.get("content"):
            own.setdefault("name", attributes["content"])
        for name in names:
            _add(target, name.rsplit(":", 1)[-1], value)
    return order, loose


def _add(target: dict[str, Any], name: str, value: Any) -> None:
    if value == "" and name != "offers":
        return
    old = target.get(name)
    if old is None:
        target[name] = value
    elif isinstance(old, list):
        if len(old) < 50:
            old.append(value)
    else:
        target[name] = [old, value]


def _scope(element: LexborNode, syntax: _Syntax, known: dict[int, int | None]) -> int | None:
    """The element that opens the item around this one, by its address in memory."""
    path = []
    parent = element.parent
    answer: int | None = None
    for _ in range(_DEEPEST):
        if parent is None or parent.tag in ("-document", "html"):
            break
        key = parent.mem_id
        if key in known:
            answer = known[key]
            break
        path.append(key)
        if syntax.scope in parent.attributes:
            answer = key
            break
        parent = parent.parent
    known.update(dict.fromkeys(path, answer))
    return answer


def _value(element: LexborNode, attributes: dict[str, str | None]) -> str:
    content = attributes.get("content")
    if content is not None and content.strip():
        return content.strip()[:_LONG]
    source = _SOURCE.get(element.tag or "")
    if source and attributes.get(source):
        # A link around a brand's name is named by its text, a link to a value (availability) by its address.
        if element.tag != "a":
            return (attributes[source] or "").strip()[:_LONG]
        shown = short_text(element, _LONG)
        return shown or (attributes[source] or "").strip()[:_LONG]
    return short_text(element, _LONG)
