"""The patch log while somebody reads it: what is read stays where it is, and the end is followed again."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.healer.web.canned import CannedHealer

FIRST_SEEN = """log => {
    const { top } = log.getBoundingClientRect();
    return [...log.querySelectorAll(".told")].find((line) => line.getBoundingClientRect().top >= top).textContent;
}"""
AT_ITS_END = "log => log.scrollHeight - log.scrollTop - log.clientHeight < 2"


def filled(page: Page, healer: CannedHealer) -> Locator:
    page.goto("/incidents/i1")
    expect(page.locator("#connection")).to_have_text("live")
    tell(healer, 0, 400)
    expect(page.get_by_text("line 399", exact=True)).to_have_count(1)
    log = page.locator("#log")
    log.scroll_into_view_if_needed()
    return log


def tell(healer: CannedHealer, first: int, end: int) -> None:
    for number in range(first, end):
        healer.emit("log", message=f"line {number}")


def select(page: Page, text: str) -> None:
    page.get_by_text(text, exact=True).evaluate("line => getSelection().selectAllChildren(line)")


def test_lines_that_are_read_stay_until_the_reader_goes_to_the_end(page: Page, healer: CannedHealer) -> None:
    log = filled(page, healer)
    log.evaluate("log => { log.scrollTop = 40; }")
    select(page, "line 3")
    first = log.evaluate(FIRST_SEEN)
    tell(healer, 400, 3000)  # more than are kept
    newer = log.get_by_role("button", name="newer line")
    expect(newer).to_have_text("More than 2,000 newer lines")
    assert log.evaluate(FIRST_SEEN) == first
    assert page.evaluate("getSelection().toString()") == "line 3"
    newer.click()
    expect(page.get_by_text("line 2999", exact=True)).to_be_in_viewport()
    expect(newer).to_have_count(0)
    expect(log).to_be_focused()
    tell(healer, 3000, 3001)
    expect(page.get_by_text("line 3000", exact=True)).to_be_in_viewport()
    assert log.evaluate(AT_ITS_END)


def test_who_scrolls_to_the_end_follows_it_again(page: Page, healer: CannedHealer) -> None:
    log = filled(page, healer)
    log.focus()
    page.keyboard.press("Home")
    expect(page.get_by_text("line 0", exact=True)).to_be_in_viewport()
    tell(healer, 400, 402)
    expect(log.get_by_role("button")).to_have_text("2 newer lines")
    page.keyboard.press("End")
    expect(page.get_by_text("line 401", exact=True)).to_be_in_viewport()
    expect(log.get_by_role("button")).to_have_count(0)
