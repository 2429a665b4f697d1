"""The page against the real healer, in a real browser: a crash is seen, read, merged and gone back on by clicking."""

from pathlib import Path

import httpx
import pytest
from healer.cli import samples, stack
from playwright.sync_api import expect

from tests.browser import chromium

ROOT = Path(__file__).resolve().parents[2]
BUG = "return-without-policy"


@pytest.fixture
def page():
    with chromium() as browser:
        yield browser.new_page()


def test_a_crash_is_healed_by_clicking(page):
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    with stack.running(ROOT) as running:
        token = running.settings.operator_token.get_secret_value()
        page.goto(f"{running.healer_url}/signin?token={token}")
        assert token not in page.url
        page.get_by_role("link", name="Try it").click()
        sample = samples.load(ROOT / "tests" / "samples", BUG, running.admin_token)
        button = page.get_by_role("button", name=sample.title)
        button.click()
        outcome = page.get_by_role("listitem").filter(has=button)
        expect(outcome).to_contain_text("500")
        outcome.get_by_role("link", name="Watch it heal").click(timeout=20_000)
        expect(page.get_by_text("needs you", exact=True)).to_be_visible(timeout=60_000)
        expect(page.get_by_text("HTTP 500").first).to_be_visible()
        page.get_by_role("button", name="Approve and merge").click()
        page.get_by_role("dialog").get_by_role("button", name="Approve and merge").click()
        expect(page.get_by_text("is live after").first).to_be_visible(timeout=60_000)
        expect(page.get_by_role("button", name="Roll back")).to_be_visible(timeout=60_000)
        page.get_by_role("link", name="Try it").click()
        button.click()
        expect(outcome).to_contain_text(f" {sample.wanted['status']} after")
        expect(outcome).to_contain_text("did not crash")
        page.go_back()
        _go_back(page)
        with httpx.Client(base_url=running.shop_url, timeout=20, trust_env=False) as shop:
            assert samples.play(shop, sample).answer.status_code == 500
    assert complaints == []


def _go_back(page) -> None:
    """To the release before the fix, from the list of the service's releases."""
    page.get_by_role("link", name="All releases of shop").click()
    rows = page.locator(".stack .release")
    expect(rows.first).to_contain_text("its incident")
    expect(rows).to_have_count(2)
    expect(page.get_by_role("table", name="Traffic")).to_be_visible()
    rows.nth(1).get_by_role("button", name="Serve this again").click()
    page.get_by_role("dialog").get_by_role("button", name="Serve it").click()
    gone = rows.filter(has=page.get_by_text("rolled back", exact=True))
    expect(gone).to_contain_text("Rolled back by operator", timeout=30_000)
    expect(rows.filter(has_text="the first one")).to_contain_text("serving")
    gone.get_by_role("link", name="its incident").click()
    expect(page.get_by_text("rolled back", exact=True).first).to_be_visible()
