"""Contact details are masked wherever quotes leave the raw text: digest, desk, mail, exports."""

from __future__ import annotations

import re
from collections.abc import Iterable

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_HANDLE = re.compile(r"(?<![\w.])@[A-Za-z0-9_.-]{3,}")
_LINK = re.compile(r"\b(?:t\.me|wa\.me|line\.me|discord\.gg|vk\.com)/\S{2,}", re.IGNORECASE)
# +86 138..., 0171 ..., 138****0000, a Chinese mobile number; a part number (900-21010-...) or a price is none of these.
_PHONE = re.compile(r"(?<![\d-])(?:\+\d|0\d|1[3-9]\d)(?:[\s().·-]{0,2}[\d*]){6,12}(?![\d-])")
_DIGITS = re.compile(r"\d(?:[\s().·-]{0,2}[\d*]){6,}")
# An account name in a contact quote: a run of letters, digits, _ or - that holds a digit or an underscore.
_ACCOUNT = re.compile(r"(?=[A-Za-z0-9_-]*[0-9_])[A-Za-z][A-Za-z0-9_-]{3,}")

# What follows "add WeChat" or "加V：" is an account: any word after a colon, else one with a digit, a hyphen or an underscore.
_FOLLOWING = re.compile(
    r"[\s,，]{0,3}[:：@][\s@]{0,3}[\w.+-]{3,}|\W{0,4}(?=[A-Za-z_.+-]*[0-9_-])[A-Za-z0-9_.+-]{4,}", re.ASCII
)
_REACH = 40


def masked(text: str, *, contact: bool = False, same_length: bool = False) -> str:
    """`text` with mail addresses, telephone numbers and handles shortened to their first two characters and dots.

    `contact`: the text is a quote of a contact signal, where any account-like word is masked too. `same_length`: a dot for
    each character, so that places in the raw text stay true.
    """
    for pattern in (_EMAIL, _LINK, _HANDLE, _PHONE, *((_DIGITS, _ACCOUNT) if contact else ())):
        text = pattern.sub(lambda found: found[0][:2] + "•" * (len(found[0]) - 2 if same_length else 3), text)
    return text


def masked_text(text: str, contacts: Iterable[tuple[int, int]] = ()) -> str:
    """A whole field with contact details as dots, every other character in its place.

    `contacts`: places (code points) of the quotes that carry a contact signal; they and the account after them are masked too.
    """
    out = masked(text, same_length=True)
    for start, end in contacts:
        quote = masked(out[start:end], contact=True, same_length=True)
        account = _FOLLOWING.match(out[end : end + _REACH])
        reach = end + (account.end() if account else 0)
        out = (
            out[:start]
            + quote
            + "".join("•" if sign.isalnum() or sign in "_@" else sign for sign in out[end:reach])
            + out[reach:]
        )
    return out
