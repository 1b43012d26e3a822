"""Markdown of digest and week through a real Markdown reader with raw HTML allowed: a seller's words stay plain text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from markdown_it import MarkdownIt

from config.schema.settings import Notice
from review import render, weekly_forms
from review.notify import message
from review.outgoing import outgoing
from tests import hostile
from tests.test_mail import digest_of
from tests.test_weekly import week_of

READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
NOTICE = Notice(id="chat", url_env="CHIPWATCH_X", format="markdown")


def tokens(text: str) -> Iterator[Any]:
    for token in READER.parse(text):
        yield token
        yield from token.children or ()


def notice(words: str, tmp: Any) -> str:
    return message(
        outgoing({"id": "1", "kind": "daily", "document": digest_of(words).to_dict()}, "h"), NOTICE, tmp
    )


@hostile.PAYLOADS
@pytest.mark.parametrize("kind", ["digest", "week", "notice"])
def test_no_word_becomes_an_element(payloads: tuple[str, ...], kind: str, tmp_path: Any) -> None:
    def of(words: str) -> str:
        return {
            "digest": lambda: render.markdown(digest_of(words)),
            "week": lambda: weekly_forms.markdown(week_of(words)),
            "notice": lambda: notice(words, tmp_path),
        }[kind]()

    # Whatever the words, the page is built of the same parts; only a listing's own http address adds a link.
    shape = Counter(token.type for token in tokens(of("H100")))
    for words in payloads:
        found = list(tokens(of(words)))
        parts = Counter(token.type for token in found)
        assert not {
            "html_block",
            "html_inline",
            "image",
            "fence",
            "code_block",
            "softbreak",
            "hardbreak",
        } & set(parts) - set(shape), words
        extra = {
            name: parts[name] - shape[name]
            for name in parts | shape
            if parts[name] != shape[name] and name != "text"
        }
        assert set(extra) <= {"link_open", "link_close"} and all(count in (1,) for count in extra.values()), (
            words,
            extra,
        )
        links = [str(token.attrGet("href")) for token in found if token.type == "link_open"]
        assert all(link.startswith(("http://", "https://")) for link in links), (words, links)


def test_the_reader_of_these_tests_does_see_elements() -> None:
    seen = {token.type for word in hostile.MARKDOWN for token in tokens(word)}
    assert {
        "html_inline",
        "image",
        "link_open",
        "fence",
        "heading_open",
        "strong_open",
        "table_open",
        "s_open",
    } <= seen
