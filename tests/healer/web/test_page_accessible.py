"""axe looks at every view, in both themes and on a phone: it must find nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.healer.web.canned import (
    DIFF,
    EVIDENCE,
    ON_GITHUB,
    REVERT,
    RUNNING,
    VERDICTS,
    CannedHealer,
    incident,
    release,
)
from tests.healer.web.canned_overview import statistics, summary

AXE = Path(__file__).parents[3] / ".venv" / "page" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async rules => {
    const quickly = {resultTypes: ["violations"], preload: false, ...(rules && {runOnly: rules})};
    const shown = ({html, failureSummary}) => `${html.slice(0, 120)} ${failureSummary}`;
    return (await axe.run(quickly)).violations.map(({id, nodes}) => `${id}: ${nodes.map(shown).join("; ")}`);
}"""
SCREEN: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
COLOURS = ["color-contrast"]  # all that another theme may change


@pytest.fixture
def page(browser: Browser, served: tuple[CannedHealer, str]) -> Iterator[Page]:
    """axe is put into the page, which its policy would not let it."""
    with browser.new_context(base_url=served[1], bypass_csp=True, reduced_motion="reduce") as context:
        context.add_cookies([{"name": "session", "value": "yes", "url": served[1]}])
        context.add_init_script(path=AXE)
        yield context.new_page()


def look(page: Page, path: str, mark: str, *, on_a_phone: bool = True) -> list[str]:
    page.goto(path)
    expect(page.locator(mark).first).to_be_visible()
    return wrong(page, path, on_a_phone=on_a_phone)


def wrong(page: Page, what: str, *, on_a_phone: bool = True) -> list[str]:
    found = [f"{what}: {one}" for one in page.evaluate(RUN)]
    page.emulate_media(color_scheme="dark")
    found += [f"{what}, dark: {one}" for one in page.evaluate(RUN, COLOURS)]
    page.emulate_media(color_scheme="light")
    if on_a_phone:
        page.set_viewport_size(PHONE)
        found += [f"{what}, on a phone: {one}" for one in page.evaluate(RUN)]
        page.set_viewport_size(SCREEN)
    return found


def test_axe_finds_nothing(page: Page, healer: CannedHealer) -> None:
    found: list[str] = []
    healer.others = [
        summary("k1", "repairing"),
        summary("k2", "declined", reason="No fix holds."),
        summary("k3", "rolled_back", proposal=8, origin="none-guard"),
        *(summary(f"h{number}", sparkline=[*[0] * 20, 1, 4, 0, 2]) for number in range(57)),
    ]
    healer.statistics = statistics()
    found += look(page, "/", ".statistics svg, button.more")
    found += look(page, "/?state=declined", "li.incident", on_a_phone=False)
    healer.emit("model.tokens", text="def total(order):")
    healer.emit("stage.finished", stage="diagnose", seconds=1.2)
    judged = EVIDENCE | {"regression": {**EVIDENCE["regression"], "diff": DIFF}}
    verdicts = [VERDICTS[0] | {"evidence": judged}, *VERDICTS[1:]]
    healer.incident = incident(proposal=ON_GITHUB, revert=REVERT, verdicts=verdicts)
    found += look(page, "/incidents/i1", ".lanes")
    page.get_by_role("button", name="Side by side").first.click()
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    expect(page.locator(".sides").first).to_be_visible()
    found += wrong(page, "side by side, all opened", on_a_phone=False)
    page.get_by_role("button", name="Request changes").click()
    found += wrong(page, "a dialog", on_a_phone=False)
    for state, changes in (
        ("repairing", {"actions": [], "proposal": None, "stages": [running()]}),
        ("declined", {"actions": ["retry"], "proposal": None, "reason": "No fix holds."}),
        ("resolved", {"actions": ["rollback"], "releases": [release(RUNNING, "soaking")]}),
        ("rolled_back", {"actions": ["retry"], "reason": "It answers slowly."}),
    ):
        healer.incident = incident(state=state, **changes)
        found += look(page, f"/incidents/i1?{state}", ".lanes", on_a_phone=False)
    found += look(page, "/services/shop", ".stack")
    healer.audit = {"whole": False, "flaw": {"kind": "changed", "event": 2, "detail": "event 2 was changed"}}
    page.goto("/audit")
    page.locator("tbody summary").first.click()
    expect(page.locator("tbody pre")).to_be_visible()
    found += wrong(page, "/audit")
    healer.examples = [{"service": "shop", "examples": [{"name": "return", "title": "A return"}]}]
    healer.played = {"request": "POST /returns", "status": 500, "body": "Internal error", "seconds": 0.1, "problem": ""}
    page.goto("/try")
    page.get_by_role("button", name="A return").click()
    expect(page.get_by_text("Waiting for its report…")).to_be_visible()
    found += wrong(page, "/try")
    healer.listed, healer.others = False, []
    found += look(page, "/", ".empty")
    page.context.clear_cookies()
    found += look(page, "/", ".signin")
    assert found == []


def running() -> dict[str, Any]:
    return {"stage": "repair", "started_at": "2026-11-20T12:00:00Z", "seconds": None, "state": "running"}
