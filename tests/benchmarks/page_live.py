"""How soon an event is on the screen, and whether the page keeps up: `python -m tests.benchmarks.page_live`.

A real browser looks at the page; canned answers and a live stream stand for the healer, on the same machine and clock.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

from playwright.sync_api import BrowserContext, Page, expect
from rich.console import Console

from tests.benchmarks.changeover import percentile
from tests.benchmarks.table import Row, machine, show, within
from tests.browser import chromium
from tests.healer.web import canned_overview
from tests.healer.web.canned import CannedHealer, incident
from tests.healer.web.serving import serving

EVENTS = 100
PAUSE_SECONDS = 0.1
LINES = 2000  # a second
FLOOD_SECONDS = 10
SCREEN_MS = 50.0
STATES = (
    "diagnosing",
    "repairing",
    "merged",
    "releasing",
    "soaking",
    "declined",
)  # which the page calls by these names
BEHIND_MS = 500.0
FIRST_MS = 300.0
LISTED = 50

# Notes what a selector's last element says each time it says something else, and when that was painted.
WATCH = """selector => {
    window.seen = [];
    const look = () => {
        const text = [...document.querySelectorAll(selector)].at(-1)?.textContent;
        if (text === window.said) return;
        window.said = text;
        const painted = new MessageChannel();
        painted.port1.onmessage = () => window.seen.push([text, Date.now()]);
        painted.port2.postMessage(null);
    };
    look();
    const all = {subtree: true, childList: true, characterData: true};
    new MutationObserver(look).observe(document.querySelector("main"), all);
}"""
CONTENT = """() => new MutationObserver((_, watching) => {
    if (!document.querySelector("li.incident")) return;
    watching.disconnect();
    requestAnimationFrame(() => setTimeout(() => { window.content = performance.now(); }));
}).observe(document, {subtree: true, childList: true})"""
LONG = """() => {
    window.long = [];
    const note = list => window.long.push(...list.getEntries().map(one => one.duration));
    new PerformanceObserver(note).observe({type: "longtask"});
}"""


def opened(context: BrowserContext, path: str) -> Page:
    page = context.new_page()
    page.goto(path)
    expect(page.locator("#connection")).to_have_text("live", timeout=20_000)
    page.wait_for_timeout(500)
    return page


def delays(page: Page, sent: list[float]) -> list[float]:
    """Milliseconds from sending each line to seeing it, or a later one: of many in a frame the last is noted."""
    seen = {int(text.rsplit(" ", 1)[1]): at for text, at in page.evaluate("window.seen") if text.startswith("line ")}
    found, soonest = [], seen[len(sent) - 1]
    for number in reversed(range(len(sent))):
        soonest = seen.get(number, soonest)
        found.append(soonest - sent[number])
    return found[::-1]


def steadily(send: Callable[[int], None]) -> None:
    for number in range(EVENTS):
        send(number)
        time.sleep(PAUSE_SECONDS)


def lines_of_an_incident(context: BrowserContext, healer: CannedHealer) -> Row:
    page = opened(context, "/incidents/i1")
    page.evaluate(WATCH, "#log .told")
    sent: list[float] = []
    in_background(page, lambda: steadily(lambda number: say(healer, sent)))
    found = delays(page, sent)
    page.close()
    return of("a line of an incident", found)


def say(healer: CannedHealer, sent: list[float]) -> None:
    sent.append(time.time() * 1000)
    healer.emit("log", message=f"line {len(sent) - 1}")


def states_on_the_overview(context: BrowserContext, healer: CannedHealer) -> Row:
    healer.incident = incident(state="open")
    page = opened(context, "/")
    page.evaluate(WATCH, "li.incident .badge")
    sent: list[tuple[str, float]] = []

    def send(number: int) -> None:
        state = STATES[number % len(STATES)]
        healer.incident = incident(state=state)
        sent.append((state, time.time() * 1000))
        healer.emit("incident.state", **{"from": "", "to": state, "reason": ""})

    in_background(page, lambda: steadily(send))
    seen = page.evaluate("window.seen")
    page.close()
    again = PAUSE_SECONDS * len(STATES) * 1000  # until the same state comes once more
    found = [
        min((at - since for word, at in seen if word == state and at >= since), default=again) for state, since in sent
    ]
    return of("a state on the overview", found)


def of(name: str, found: list[float]) -> Row:
    return within(f"{name}, from sending to screen, p95", percentile(sorted(found), 0.95), SCREEN_MS, "ms")


def flood(context: BrowserContext, healer: CannedHealer) -> list[Row]:
    page = opened(context, "/incidents/i1")
    page.evaluate(LONG)
    page.evaluate(WATCH, "#log .told")
    sent: list[float] = []

    def send() -> None:
        begun = time.monotonic()
        while len(sent) < LINES * FLOOD_SECONDS:
            say(healer, sent)
            ahead = len(sent) / LINES - (time.monotonic() - begun)
            if len(sent) % 20 == 0 and ahead > 0:
                time.sleep(ahead)

    took = in_background(page, send)
    page.wait_for_function("last => window.said === last", arg=f"line {len(sent) - 1}")
    page.wait_for_timeout(100)
    found = delays(page, sent)
    long = page.evaluate("window.long")
    page.close()
    rate = LINES * FLOOD_SECONDS / took
    return [
        (f"lines sent a second, for {took:.0f} s", f"{rate:.0f}", f"{LINES}", rate > 0.9 * LINES),
        within("the last line, from sending to screen", found[-1], BEHIND_MS, "ms"),
        within("any line, from sending to screen, p95", percentile(sorted(found), 0.95), BEHIND_MS, "ms"),
        within(f"longest of {len(long)} tasks over 50 ms", max(long, default=0), 200.0, "ms"),
        within("share of the time in such tasks", sum(long) / took / 10, 10.0, "%"),
    ]


def first_content(context: BrowserContext, healer: CannedHealer) -> Row:
    healer.others = [canned_overview.summary(f"k{number}") for number in range(LISTED - 1)]
    page = context.new_page()
    page.add_init_script(f"({CONTENT})()")
    found = []
    for _ in range(5):
        page.goto("about:blank")
        page.goto("/")
        page.wait_for_selector("li.incident")
        page.wait_for_timeout(200)
        found.append(page.evaluate("window.content"))
    page.close()
    return within(
        f"overview with {LISTED} incidents, from navigation to content, median", sorted(found)[2], FIRST_MS, "ms"
    )


def in_background(page: Page, work: Callable[[], None]) -> float:
    """Seconds that the work took, which is done while the browser is listened to."""
    thread = threading.Thread(target=work)
    begun = time.monotonic()
    thread.start()
    while thread.is_alive():
        page.wait_for_timeout(50)
    took = time.monotonic() - begun
    page.wait_for_timeout(300)
    return took


def main() -> bool:
    console = Console()
    console.print(machine())
    with ExitStack() as stack:
        healer, address = stack.enter_context(serving())
        context = stack.enter_context(chromium()).new_context(base_url=address)
        context.add_cookies([{"name": "session", "value": "yes", "url": address}])
        rows = [first_content(context, healer)]
        healer.reset()
        rows += [lines_of_an_incident(context, healer), states_on_the_overview(context, healer)]
        healer.reset()
        rows += flood(context, healer)
    return show(console, rows)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
