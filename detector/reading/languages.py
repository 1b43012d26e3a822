"""Which languages a listing may be written in, so that `can` is not read as Vietnamese in an English text."""

from __future__ import annotations

import re

from detector.reading.document import Document

# Languages that sellers of a country use beside English. Countries whose language shows in its script are left out.
_BY_COUNTRY = {
    "DE": "de", "AT": "de", "CH": "de", "VN": "vi", "MY": "ms", "ID": "ms", "SG": "ms", "TR": "tr", "ES": "es",
    "MX": "es", "AR": "es", "CO": "es", "CL": "es", "PE": "es", "BR": "pt", "PT": "pt", "FR": "fr", "BE": "fr",
    "CA": "fr", "IN": "hi",
}  # fmt: skip

_SCRIPTS = (
    (re.compile("[\u3040-\u30ff]"), "ja"),
    (re.compile("[\u3400-\u9fff]"), "zh"),
    (re.compile("[\uac00-\ud7af]"), "ko"),
    (re.compile("[\u0400-\u04ff]{2}"), "ru"),
    (re.compile("[\u0600-\u06ff]"), "ar"),
    (re.compile("[\u1ea0-\u1ef9\u01b0\u01a1]"), "vi"),
    (re.compile("[\u0900-\u097f]"), "hi"),
)

_ALIKE = {"id": "ms", "in": "ms", "hinglish": "hi", "yue": "zh"}


def languages(doc: Document) -> frozenset[str]:
    """Primary tags: English, the listing's own, its country's, those of the scripts in its text.

    Han letters beside kana are Japanese; Chinese is then read only where the listing says so.
    """
    tag = (doc.listing.language or "").split("-")[0].lower()
    found = {"en", _ALIKE.get(tag, tag) or "en"}
    if home := _BY_COUNTRY.get(doc.listing.country or ""):
        found.add(home)
    text = f"{doc.text('title')} {doc.text('description')}"
    if not text.isascii():
        found.update(name for pattern, name in _SCRIPTS if pattern.search(text))
    if "ja" in found and tag != "zh" and doc.listing.country not in ("CN", "TW", "HK"):
        found.discard("zh")
    return frozenset(found)
