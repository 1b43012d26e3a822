"""off_platform_contact: moves the talk to a messenger or the telephone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from detector.reading.signals.scope import PER_SENTENCE, Finding, Scope, finding
from detector.reading.signals.vocabulary import Hit

# A telephone number, whole or masked: starts like one, or has masked digits. Part numbers (900-21001-...) have neither.
_NUMBER = re.compile(r"(?<![\w.,/-])(?:(?=\(?[2-9]\d{2}\)?[-. ][\dx*•]{3}[-. ](?:\d{2}[x*•]{2}|0000|[x*•]{4}))\(?[2-9]|\+\d|0\d|1[3-9]\d|\(\+?\d{1,4}\))[\dx*•.\- ()]{5,18}[\dx*•](?![\w,-]|\.\d)")
_DIGIT = re.compile(r"\d")
# Right behind a word for the telephone any long number is one.
_DIALLED = re.compile(r"\W{0,3}(?:me|us|on|at|no|number)?\W{0,3}(?:[\d零〇幺一二三四五六七八九两洞拐][\d零〇幺一二三四五六七八九两洞拐x*•.\- ()]{5,15}[\d零〇幺一二三四五六七八九两洞拐x*•])(?![\w])")
_MASKED = re.compile(r"[x*•]{2}|0{3}")
_ADDRESS = re.compile(r"(?<!\S)[\w.+-]{2,40}(?:@|\[at\]|\(at\))[\w-]{2,40}(?:\.|\[dot\])[a-z]{2,10}")
# Spelled out, digit by digit, to be missed by filters: `null eins sechs null`. In Chinese one run.
_DIGITS = (
    "zero|oh|one|two|three|four|five|six|seven|eight|nine|null|eins|zwei|zwo|drei|vier|fünf|sechs|sieben|acht|neun|zéro|un|deux|trois|quatre|"
    "cinq|sept|huit|neuf|cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|um|dois|três|quatro|sete|oito|nove|ноль|нуль|один|два|три|"
    "четыре|пять|шесть|семь|восемь|девять|sifir|sıfır|bir|iki|üç|dört|beş|alti|altı|yedi|sekiz|dokuz|không|một|hai|ba|bốn|năm|sáu|bảy|tám|chín|"
    "nol|kosong|satu|dua|tiga|empat|lima|enam|tujuh|delapan|lapan|sembilan|shunya|ek|do|teen|chaar|char|paanch|panch|chhe|saat|aath|nau|"
    "صفر|واحد|اثنين|ثلاثة|اربعة|خمسة|ستة|سبعة|ثمانية|تسعة"
)
_ZERO_WORDS = ("zero", "oh", "null", "zéro", "cero", "ноль", "нуль", "sıfır", "sıfir", "sifır", "sifir", "không", "nol", "kosong", "shunya", "صفر")
_ZERO_SIGNS = "零〇洞영공"
_ZERO = re.compile(rf"\b(?:{'|'.join(_ZERO_WORDS)})\b|[{_ZERO_SIGNS}]")
_SPELLED = re.compile(
    rf"(?<!\w)(?:(?:{_DIGITS})[\s,.\-–]{{1,3}}){{3,}}(?:(?:{_DIGITS})(?!\w)|\d[\dx*•]+)(?:[\s\-][\dx*•]{{2,}})*|[零〇幺一二三四五六七八九两洞拐]{{8,}}|(?:공일공|영일영)[공일이삼사오육칠팔구영\s\-]{{6,}}"
)
# A messenger's name with something set between its letters.
_SET_APART = re.compile(
    r"(?<![^\W_])(?:" + "|".join(r"[\W_]{0,2}".join(name) for name in ("telegram", "whatsapp", "weixin", "discord", "kakaotalk", "телеграм", "телега", "телеге", "телегу", "вотсап", "ватсап", "вайбер")) + r")(?![^\W_])"
)
LINK = re.compile(r"\b(?:t\.me|telegram\.me|wa\.me|line\.me|discord\.gg|vk\.com)/\+?([\w.-]{3,40})")
"""An address that is nothing but a way to reach somebody elsewhere, and the account in it."""
REFUSED = 28
"""Letters between a channel and its refusal."""
_ID = re.compile(r"\s*(?:id|号|handle|only)?\s*[:：@]\s*@?[a-z0-9_.\-]{3,}|\s+@[a-z0-9_]{3,}")


def off_platform_contact(scopes: Sequence[Scope], text: str) -> Iterator[Finding]:
    """Findings of the sentences, then addresses and numbers that stand in no sentence with words for them."""
    for scope in scopes:
        yield from islice(_in_sentence(scope), PER_SENTENCE)
    if "@" in text or "at]" in text or "at)" in text:
        for match in _ADDRESS.finditer(text):
            yield Finding(match.start(), match.end(), "en", 0.8)
    if any(zero in text for zero in (*_ZERO_WORDS, *_ZERO_SIGNS)) and _ZERO.search(text):
        for match in _SPELLED.finditer(text):
            if _ZERO.search(match.group()):
                yield Finding(match.start(), match.end(), "en", 0.8)


def _in_sentence(scope: Scope) -> Iterator[Finding]:
    s = scope.s
    for match in _SET_APART.finditer(s.text, s.start, s.end):
        if not match.group().isalpha() and _meant(scope, Hit("messenger", match.start(), match.end(), ("en",), "contact.apart")):
            yield Finding(match.start(), match.end(), "en", 0.9)
    for hit in s.of("messenger"):
        if _meant(scope, hit):
            yield finding(hit)
    for hit in s.of("messenger_weak"):
        named = _ID.match(s.text, hit.end)
        if _meant(scope, hit) and (
            named or any(scope.near(r, hit, 5) and not s.pauses_between(r, hit) for r in s.of("reach"))
        ):
            yield Finding(hit.start, named.end() if named else hit.end, hit.languages[0], 0.8)
    number = None
    if _DIGIT.search(s.text, s.start, s.end):
        number = next((m for m in _NUMBER.finditer(s.text, s.start, s.end) if _like_a_number(m.group())), None)
    for phone in s.of("phone"):
        if not _meant(scope, phone):
            continue
        for reach in s.of("reach"):
            if reach is not phone and scope.near(reach, phone, 12):
                yield finding(reach, phone)
        digits = _DIALLED.match(s.text, phone.end)
        if digits:
            yield Finding(phone.start, digits.end(), phone.languages[0])
        elif number:
            yield Finding(min(phone.start, number.start()), max(phone.end, number.end()), phone.languages[0])
    if number and not s.of("courier", "not_mark", "serial", "paper"):
        yield Finding(number.start(), number.end(), "en", 0.9)


def _like_a_number(text: str) -> bool:
    figures = sum(c.isdigit() or c in "x*•" for c in text)
    return 8 <= figures <= 15 and (text.startswith("+") or bool(_MASKED.search(text)))


def _refused(scope: Scope, hit: Hit) -> bool:
    """`WhatsApp'tan yazmayın`: a way that the seller does not use, or those who ask for it are sent away."""
    return any(scope.near(o, hit, REFUSED) and not scope.s.pauses_between(o, hit) for o in scope.s.of("no_channel"))


def _meant(scope: Scope, hit: Hit) -> bool:
    """Offered as a way to reach the seller, not refused and not asked of the buyer for the courier."""
    s = scope.s
    clause = s.clause(hit)
    if s.within(clause, "courier") or any(
        o.start <= hit.start and hit.end <= o.end for o in s.of("courier", "own_channel", "not_mark")
    ):
        return False
    if any(scope.near(o, hit, 14) for o in s.of("courier")) or _refused(scope, hit):
        return False
    return not scope.negated(hit) and not s.of("others") and not (s.question and not s.of("reach"))
