"""How a text changed, word by word; in scripts without spaces, character by character."""

from __future__ import annotations

import re

from rapidfuzz.distance import Indel

# A run of Latin, Cyrillic, digits ... is one piece; a character of a script without spaces is one; a run of blanks is one.
_PIECES = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\w+|\s+|[^\w\s]")

MOST = 8000
"""Pieces compared; longer texts are compared by lines, since the time grows with the square (8000 take 50 ms)."""

KEEP = 40
"""Characters of unchanged text kept beside a change."""


def changes(before: str, after: str) -> list[tuple[str, str]]:
    """(kind, text) pieces: `same`, `del`, `ins`; long unchanged stretches are cut to their ends with ` … ` between."""
    old, new = _PIECES.findall(before), _PIECES.findall(after)
    if len(old) + len(new) > MOST:
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if len(old) + len(new) > MOST:
        return [("del", before), ("ins", after)]
    out: list[tuple[str, str]] = []
    for op in Indel.opcodes(old, new):
        if op.tag == "equal":
            out.append(("same", "".join(old[op.src_start : op.src_end])))
        elif op.tag == "delete":
            out.append(("del", "".join(old[op.src_start : op.src_end])))
        else:
            out.append(("ins", "".join(new[op.dest_start : op.dest_end])))
        if len(out) > 1 and out[-2][0] == "ins" and out[-1][0] == "del":
            out[-2:] = [out[-1], out[-2]]  # What stood there is read first.
    return [
        (kind, _cut(text, at, len(out)) if kind == "same" else text) for at, (kind, text) in enumerate(out)
    ]


def _cut(text: str, at: int, total: int) -> str:
    if len(text) <= 2 * KEEP + 5:
        return text
    head, tail = text[:KEEP], text[-KEEP:]
    if at == 0:
        return f"… {tail}"
    return f"{head} …" if at == total - 1 else f"{head} … {tail}"
