"""Contact details are masked wherever quotes leave the raw text: digest, desk, mail, exports."""

from __future__ import annotations

import re

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_HANDLE = re.compile(r"(?<![\w.])@[A-Za-z0-9_.-]{3,}")
_LINK = re.compile(r"\b(?:t\.me|wa\.me|line\.me|discord\.gg|vk\.com)/\S{2,}", re.IGNORECASE)
# +86 138..., 0171 ..., 138****0000, a Chinese mobile number; a part number (900-21010-...) or a price is none of these.
_PHONE = re.compile(r"(?<![\d-])(?:\+\d|0\d|1[3-9]\d)(?:[\s().·-]{0,2}[\d*]){6,12}(?![\d-])")
_DIGITS = re.compile(r"\d(?:[\s().·-]{0,2}[\d*]){6,}")
# An account name in a contact quote: a run of letters, digits, _ or - that holds a digit or an underscore.
_ACCOUNT = re.compile(r"(?=[A-Za-z0-9_-]*[0-9_])[A-Za-z][A-Za-z0-9_-]{3,}")


def masked(text: str, *, contact: bool = False, same_length: bool = False) -> str:
    """`text` with mail addresses, telephone numbers and handles shortened to their first two characters and dots.

    `contact`: the text is a quote of a contact signal, where any account-like word is masked too. `same_length`: a dot for
    each character, so that places in the raw text stay true.
    """
    for pattern in (_EMAIL, _LINK, _HANDLE, _PHONE, *((_DIGITS, _ACCOUNT) if contact else ())):
        text = pattern.sub(lambda found: found[0][:2] + "•" * (len(found[0]) - 2 if same_length else 3), text)
    return text
