"""How soon the overview of thousands of incidents is on the screen: a real browser, a real healer, on this machine.

python -m tests.benchmarks.page_overview [--incidents 10000]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page, StorageState, expect
from rich.console import Console

from tests.benchmarks.page import serving
from tests.benchmarks.table import Row, machine, show, within
from tests.browser import chromium

CONTENT_MS = 300.0
TIMES = 9
REST_MS = 1000.0  # nobody comes again while the numbers are drawn and the stream begins
ROW = "li.incident"
# The page itself says when the first row was painted: what is asked from outside, and what Playwright puts into a page
# to wait for something there, takes the page's own time.
SAYS = "content after "
SAYING = f"""new MutationObserver((_, observer) => {{
    if (!document.querySelector("{ROW}")) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => console.debug("{SAYS}" + performance.now())));
}}).observe(document, {{ childList: true, subtree: true }})"""
# Milliseconds since the navigation began, when what is described now has been painted.
PAINTED = "new Promise(done => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))"


def until_content(page: Page) -> float:
    with page.expect_console_message(lambda said: said.text.startswith(SAYS)) as said:
        page.goto("/", wait_until="commit")
    page.wait_for_timeout(REST_MS)
    return float(said.value.text.removeprefix(SAYS))


def first_visits(browser: Browser, url: str, signed_in: StorageState) -> list[float]:
    """With nothing in the browser's cache."""
    found = []
    for _ in range(TIMES):
        context = browser.new_context(base_url=url, storage_state=signed_in)
        context.add_init_script(SAYING)
        found.append(until_content(context.new_page()))
        context.close()
    return found


def further_visits(page: Page) -> list[float]:
    return [until_content(page) for _ in range(TIMES)]


def until(page: Page, act: Callable[[], None], shown: str) -> float:
    """From an act of the reader to a row that was not there before."""
    begun = float(page.evaluate("performance.now()"))
    act()
    page.wait_for_selector(shown)
    return float(page.evaluate(PAINTED)) - begun


def acts(page: Page) -> list[tuple[str, float]]:
    expect(page.locator("#connection")).to_have_text("live")
    more = page.get_by_role("button", name="Show more")
    search = page.get_by_role("searchbox")
    return [
        ("show 50 more", until(page, more.click, f"{ROW}:nth-child(51)")),
        ("show 50 more of 200", _many_more(page)),
        ("search, with the pause of 250 ms after typing", until(page, lambda: search.fill("Zero"), _has("Zero"))),
    ]


def _many_more(page: Page) -> float:
    more = page.get_by_role("button", name="Show more")
    for shown in (101, 151):
        until(page, more.click, f"{ROW}:nth-child({shown})")
    return until(page, more.click, f"{ROW}:nth-child(201)")


def _has(text: str) -> str:
    return f"ul:not(:has({ROW}:not(:has-text('{text}')))) > {ROW}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--incidents", type=int, default=10_000)
    wanted = parser.parse_args()
    console = Console()
    console.print(machine(), soft_wrap=True)
    rows: list[Row] = []
    folder = tempfile.TemporaryDirectory(prefix="page-")
    with folder as name, serving(Path(name), wanted.incidents) as (url, token), chromium() as browser:
        context = browser.new_context(base_url=url)
        context.add_init_script(SAYING)
        page = context.new_page()
        page.goto(f"/signin?token={token}")
        page.wait_for_selector(ROW)
        again = further_visits(page)
        found = acts(page)
        first = first_visits(browser, url, context.storage_state())
        for what, milliseconds in (("first visit", first), ("further visit", again)):
            rows.append(within(f"{what}, from navigation to content, median", median(milliseconds), CONTENT_MS, "ms"))
        rows += [within(what, milliseconds, CONTENT_MS + 250 * ("pause" in what), "ms") for what, milliseconds in found]
    return 0 if show(console, rows) else 1


if __name__ == "__main__":
    sys.exit(main())
