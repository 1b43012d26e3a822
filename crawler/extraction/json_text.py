"""JSON as pages hold it. Texts that a script cut off by length end in half an emoji, which strict readers refuse with all the rest."""

from __future__ import annotations

import re
from typing import Any

import orjson

_ESCAPE = re.compile(r"\\(?:ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|(ud[89a-f][0-9a-f]{2})|.)", re.I | re.S)
"""A pair, half of one, another escape: so that an escaped backslash begins none."""


def loads(text: str) -> Any:
    """The value; half an escaped character is read as the sign for what cannot be read. Raises ValueError."""
    try:
        return orjson.loads(text)
    except ValueError:
        whole = _ESCAPE.sub(lambda found: r"\ufffd" if found[1] else found[0], text) if r"\ud" in text or r"\uD" in text else text
        if whole == text:
            raise
        return orjson.loads(whole)
