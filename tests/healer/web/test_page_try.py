"""Try it in a real browser: what is offered, what came back, and the way to the incident."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.healer.web.canned import CannedHealer, incident

HOSTILE = "<img src=x onerror='window.owned=1'>\u202e" + "x" * 5000
ANSWER = {"request": "POST /orders/7/returns", "status": 500, "body": HOSTILE, "seconds": 0.12, "problem": ""}
OFFERED = [
    {"service": "shop", "examples": [{"name": "return", "title": "A return"}, {"name": "cart", "title": HOSTILE}]}
]


def test_a_request_is_sent_and_leads_to_its_incident(page: Page, healer: CannedHealer) -> None:
    healer.examples, healer.played = OFFERED, ANSWER
    page.goto("/")
    page.get_by_role("navigation").get_by_role("link", name="Try it").click()
    expect(page.get_by_role("heading", name="Try it")).to_be_visible()
    expect(page.get_by_role("region", name="shop").get_by_role("button")).to_have_count(2)
    assert page.evaluate("window.owned") is None

    healer.may_answer.clear()
    page.get_by_role("button", name="A return").click()
    expect(page.get_by_text("Sending…")).to_be_visible()
    expect(page.get_by_role("button", name="A return")).to_be_disabled()
    healer.may_answer.set()
    expect(page.get_by_text("POST /orders/7/returns 500 after 120 ms")).to_be_visible()
    expect(page.get_by_text("Waiting for its report…")).to_be_visible()
    assert healer.posts == [("shop/examples/return", {})]

    noise = incident(id="i3", title="Something else", route="GET /slow")
    healer.others = [noise]
    healer.emit("incident.opened", "i3", service="shop", exception="ValueError", message="y")
    expect(page.get_by_role("link", name="Watch it heal: Something else")).to_be_visible()
    own = incident(id="i2", state="diagnosing", title="KeyError in read", route="POST /orders/12/returns")
    healer.others = [noise | {"count": 9, "last_seen": "2026-11-20T12:00:09Z"}, own]
    healer.emit("incident.opened", "i2", service="shop", exception="KeyError", message="x")
    found = page.get_by_role("link", name="Watch it heal: KeyError in read")
    expect(found).to_have_attribute("href", "/incidents/i2")
    expect(page.locator(".outcome .badge")).to_have_text("diagnosing")
    assert page.evaluate("window.owned") is None

    healer.played = ANSWER | {"status": 409, "body": "no policy"}
    page.get_by_role("button", name="A return").click()
    expect(page.get_by_text("did not crash, so there is nothing to heal")).to_be_visible()
    healer.refusal = "an example of shop is being sent already"
    page.get_by_role("button", name="A return").click()
    expect(page.get_by_role("alert")).to_have_text("an example of shop is being sent already")


def test_a_viewer_sees_what_is_offered_and_no_button(page: Page, healer: CannedHealer) -> None:
    healer.examples, healer.role = OFFERED, "viewer"
    page.goto("/try")
    expect(page.get_by_text("A return")).to_be_visible()
    expect(page.get_by_text("Only the operator can send them.")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("button")).to_have_count(0)


def test_without_examples_there_is_no_way_to_them(page: Page) -> None:
    page.goto("/try")
    expect(page.get_by_text("There is nothing to try")).to_be_visible()
    expect(page.get_by_role("link", name="Try it")).to_have_count(0)
