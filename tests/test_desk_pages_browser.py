"""The overview pages in a real browser: the slider answers as it moves, lists are walked by keys, and all works without script."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.test_desk_browser import page, served

__all__ = ["page", "served"]

pytestmark = pytest.mark.browser


def tile(page: Any) -> str:
    return str(page.inner_text("#tried .tile >> nth=0"))


def test_the_slider_answers_as_it_moves_and_keeps_the_focus(page: Any, served: tuple[Path, str, str]) -> None:
    page.goto(f"{served[1]}/tuning")
    page.evaluate("window.unbroken = true")
    before = tile(page)
    assert "→" not in before and page.is_hidden("[data-plain]")
    page.focus("#medium")
    page.keyboard.press("End")
    assert page.text_content('output[for="medium"]') == "1" and page.input_value("#high") == "1"
    page.wait_for_selector("#t-change")
    assert "→" in tile(page) and "would go" in page.inner_text("#t-change")
    assert page.url.endswith("/tuning?medium=1&high=1")
    assert page.evaluate("document.activeElement.id") == "medium" and page.evaluate("window.unbroken")
    page.keyboard.press("Home")
    page.locator("#t-change", has_text="would go").wait_for(state="detached")
    assert "medium=1&" not in page.url


def test_a_threshold_is_set_and_undone_by_keyboard(page: Any, served: tuple[Path, str, str]) -> None:
    home, address, _ = served
    page.goto(f"{address}/tuning")
    page.keyboard.press("t")
    assert page.evaluate("document.activeElement.id") == "medium"
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_selector("#why:focus")
    page.keyboard.type("three weak ones a day")
    if page.query_selector("#seen"):
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "Set: alerts from" in page.inner_text(".notice") and "three weak ones" in page.inner_text(".log")
    assert (home / "config" / "thresholds.toml").exists()
    page.focus("#undo-why")
    page.keyboard.type("second thoughts")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "Put back" in page.inner_text(".notice")


def test_lists_are_walked_and_opened_by_keys(page: Any, served: tuple[Path, str, str]) -> None:
    page.goto(f"{served[1]}/market")
    page.keyboard.press("j")
    wanted = page.get_attribute("[data-item].here", "data-href")
    assert wanted and page.evaluate("document.activeElement.getAttribute('href')") == wanted
    with page.expect_navigation():
        page.keyboard.press("o")
    assert page.url.endswith(wanted)


def test_few_tabs_lie_between_the_slider_and_why(page: Any, served: tuple[Path, str, str]) -> None:
    page.goto(f"{served[1]}/tuning?medium=0.9&high=0.95")
    page.keyboard.press("t")
    tabs = 0
    while page.evaluate("document.activeElement.id") != "why":
        page.keyboard.press("Tab")
        tabs += 1
        assert tabs <= 6


def test_the_threshold_is_tried_without_script(chromium: Any, served: tuple[Path, str, str]) -> None:
    context = chromium.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(served[2])
    plain.goto(f"{served[1]}/tuning")
    assert plain.is_visible("[data-plain]")
    plain.focus("#medium")
    plain.keyboard.press("End")
    plain.focus("#high")
    plain.keyboard.press("End")
    with plain.expect_navigation():
        plain.keyboard.press("Enter")
    assert plain.evaluate("document.activeElement.id") == "why"
    assert "medium=1" in plain.url and "→" in tile(plain)
    context.close()


def test_a_list_that_goes_on_ends_within_a_row_and_the_slider_reaches_its_figure(page: Any, served: tuple[Path, str, str]) -> None:
    page.goto(f"{served[1]}/tuning?medium=1&high=1")
    track, figure = page.locator("#medium").bounding_box(), page.locator('output[for="medium"]').bounding_box()
    assert figure["x"] - track["x"] - track["width"] < 20 and figure["width"] < 70
    frame = page.locator("#tried .tall").last
    assert "/" in page.get_attribute("#find", "placeholder")
    box = frame.bounding_box()
    if frame.evaluate("node => node.scrollHeight > node.clientHeight"):
        rows = [row.bounding_box() for row in frame.locator("tbody tr").all()]
        assert any(row["y"] + 3 < box["y"] + box["height"] < row["y"] + row["height"] - 3 for row in rows)


def test_on_a_phone_evidence_stacks_and_no_key_is_hinted_at(chromium: Any, served: tuple[Path, str, str]) -> None:
    _, address, link = served
    context = chromium.new_context(viewport={"width": 820, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(link)
    assert page.evaluate("matchMedia('(hover: none)').matches") and page.get_attribute("#find", "placeholder") == "Search all texts"
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address + page.get_attribute(".alerts > li", "data-href"))
    cells = [cell.bounding_box() for cell in page.locator('[aria-labelledby="evidence-title"] tbody tr >> nth=0').locator("td").all()]
    assert len({cell["x"] for cell in cells}) == 1 and min(cell["width"] for cell in cells) > 300
    assert cells[0]["height"] < 30, "a date is one line"
    context.close()
